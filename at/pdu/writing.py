"""Choose how a text is written: GSM 7-bit, a national shift table, or UCS-2; the choice tells why."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial

from kentongan.at.pdu import gsm7
from kentongan.at.pdu.dcs import Alphabet
from kentongan.at.pdu.grapheme import clusters
from kentongan.at.pdu.national import Language, has_locking
from kentongan.at.pdu.transliterate import Change, transliterate
from kentongan.at.pdu.udh import LockingShift, SingleShift
from kentongan.at.pdu.user_data import MAX_OCTETS, encode_ucs2

Shifts = tuple[LockingShift | SingleShift, ...]
SHIFT_OCTETS = 3
"""IEI, IEDL and the language."""


@dataclass(frozen=True, slots=True)
class Writing:
    """A text as it will be sent: its alphabet, the shift tables to announce, what was changed for it, and why."""

    text: str
    alphabet: Alphabet
    why: str
    changes: tuple[Change, ...] = ()
    shifts: Shifts = ()

    def split(self, concat_octets: int) -> tuple[str, ...]:
        """Cut the text into what each part holds behind a concatenation element of that many octets.

        Never inside an escape pair, a surrogate pair or a grapheme cluster that fits a part.
        """
        price = self._price()
        shift_octets = SHIFT_OCTETS * len(self.shifts)
        if price(self.text) <= self._room(shift_octets):
            return (self.text,)
        return tuple(_fill(self.text, price, self._room(shift_octets + concat_octets)))

    def _price(self) -> Callable[[str], int]:
        """Give the function that counts what a text costs: septets or UTF-16 units."""
        if self.alphabet is Alphabet.UCS2:
            return _utf16_units
        return partial(_septets, tables_of(self.shifts))

    def _room(self, element_octets: int) -> int:
        """Count the septets or UTF-16 units behind information elements of that many octets."""
        left = MAX_OCTETS - element_octets - (1 if element_octets else 0)
        return left // 2 if self.alphabet is Alphabet.UCS2 else left * 8 // 7


def _utf16_units(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _septets(tables: gsm7.Tables, text: str) -> int:
    return sum(len(tables.septets[character]) for character in text)


def _fill(text: str, price: Callable[[str], int], room: int) -> Iterator[str]:
    """Fill parts from the left; a cluster that no part can hold is cut between its characters."""
    part, used = "", 0
    for cluster in clusters(text):
        for piece in [cluster] if price(cluster) <= room else cluster:
            cost = price(piece)
            if used + cost > room:
                yield part
                part, used = "", 0
            part += piece
            used += cost
    yield part


def tables_of(shifts: Shifts) -> gsm7.Tables:
    """Give the tables that the shifts put in force."""
    locking = next((shift.language for shift in shifts if isinstance(shift, LockingShift)), 0)
    single = next((shift.language for shift in shifts if isinstance(shift, SingleShift)), 0)
    return gsm7.tables(locking, single)


def choose_writing(text: str, languages: Collection[Language] = (), *, emoji_names: bool = False) -> Writing:
    """Choose the cheapest way that keeps the text; raise `NotEncodable` for a lone surrogate.

    GSM 7-bit as it is; else a shift table of `languages` if that takes fewer parts than UCS-2; else GSM 7-bit with
    known spellings; else UCS-2 unchanged.
    """
    strange = _first_strange(text)
    if strange is None:
        return Writing(text, Alphabet.GSM7, "every character is in the GSM 7-bit alphabet")
    shifted = _choose_shifts(text, languages)
    if shifted is not None:
        return shifted
    spelled, changes = transliterate(text, emoji_names=emoji_names)
    left = _first_strange(spelled)
    if left is None:
        count = len(changes)
        why = f"in the GSM 7-bit alphabet after {count} change{'s' * (count > 1)}"
        return Writing(spelled, Alphabet.GSM7, why, changes)
    return _ucs2(text, text.index(spelled[left]))


def _ucs2(text: str, index: int) -> Writing:
    """Write in UCS-2 because of the character at `index`; a leading U+FEFF would be taken for a byte order mark."""
    encode_ucs2(text)
    why = f"{text[index]!r} (U+{ord(text[index]):04X}) at {index} is not in the GSM 7-bit alphabet"
    if text.startswith("\ufeff"):
        bare = text.lstrip("\ufeff")
        return Writing(bare, Alphabet.UCS2, why, (Change(0, text[: len(text) - len(bare)], ""),))
    return Writing(text, Alphabet.UCS2, why)


def _choose_shifts(text: str, languages: Collection[Language]) -> Writing | None:
    """Choose the shifts that need the fewest parts, if that is fewer than UCS-2 needs."""
    candidates = [
        Writing(text, Alphabet.GSM7, f"every character is in the {language.name.capitalize()} tables", (), shifts)
        for language in languages
        for shifts in _shifts_of(language)
        if tables_of(shifts).septets.keys() >= set(text)
    ]
    concat_octets = 5
    best = min(candidates, key=lambda writing: len(writing.split(concat_octets)), default=None)
    ucs2 = Writing(text, Alphabet.UCS2, "")
    return best if best is not None and len(best.split(concat_octets)) < len(ucs2.split(concat_octets)) else None


def _shifts_of(language: Language) -> Iterator[Shifts]:
    """Give the combinations worth trying, the shorter headers first."""
    yield (SingleShift(language),)
    if has_locking(language):
        yield (LockingShift(language),)
        yield (LockingShift(language), SingleShift(language))


def _first_strange(text: str) -> int | None:
    return next((index for index, character in enumerate(text) if character not in gsm7.DEFAULT.septets), None)
