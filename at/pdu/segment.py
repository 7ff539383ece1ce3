"""Cut a text into SUBMITs (3GPP TS 23.040 §9.2.3.24.1) in the cheapest alphabet; never cuts inside a character."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from unicodedata import category

from kentongan.at.errors import TooLong
from kentongan.at.pdu import dcs, gsm7
from kentongan.at.pdu.address import Address, address_of
from kentongan.at.pdu.codec import encode
from kentongan.at.pdu.dcs import Alphabet, Dcs
from kentongan.at.pdu.tpdu import Submit
from kentongan.at.pdu.transliterate import Change, transliterate
from kentongan.at.pdu.udh import Concat, Element, Width
from kentongan.at.pdu.user_data import MAX_OCTETS, encode_ucs2, write_text
from kentongan.at.pdu.validity import RelativeValidity, relative

MAX_PARTS = 255
"""The total is one octet."""
MAX_TEXT = 65_536
"""Characters; longer than 255 parts in any alphabet, and a bound on work."""


@dataclass(frozen=True, slots=True)
class SubmitPdu:
    """One part ready for `+CMGS=<tpdu_octets>`; `text` is what it carries."""

    tpdu_octets: int
    pdu_hex: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text as parts; `changes` were needed for the alphabet and `why` tells how it was chosen."""

    encoding: str
    parts: tuple[SubmitPdu, ...]
    changes: tuple[Change, ...]
    why: str


def segment(  # noqa: PLR0913 - the whole order of one message
    text: str, recipient: str, *, reference: int, report: bool, validity_min: int, max_parts: int = MAX_PARTS
) -> Segmented:
    """Write a text to a recipient as one SUBMIT or several with a concatenation header.

    A `reference` above 255 uses the 16-bit element. Raises `NotEncodable`, `TooLong`, or another `PduError` for a
    recipient, reference or validity that cannot be written.
    """
    if len(text) > MAX_TEXT:
        raise TooLong(-(-len(text) // 153), max_parts, "gsm7")
    order = _Order(address_of(recipient), reference, report, relative(validity_min))
    written, changes, alphabet, why = choose_alphabet(text)
    coding = dcs.GSM7 if alphabet is Alphabet.GSM7 else dcs.UCS2
    texts = split(written, alphabet, width=order.width)
    if len(texts) > min(max_parts, MAX_PARTS):
        raise TooLong(len(texts), max_parts, alphabet.value)
    parts = tuple(_part(order, coding, texts, index) for index in range(len(texts)))
    return Segmented(alphabet.value, parts, changes, why)


@dataclass(frozen=True, slots=True)
class _Order:
    """What all parts of a message share."""

    destination: Address
    reference: int
    report: bool
    validity: RelativeValidity

    @property
    def width(self) -> Width:
        """Choose the shorter concatenation element that holds the reference."""
        return 8 if self.reference <= 0xFF else 16


def _part(order: _Order, coding: Dcs, texts: Sequence[str], index: int) -> SubmitPdu:
    elements: tuple[Element, ...] = ()
    if len(texts) > 1:
        elements = (Concat(order.reference, order.width, len(texts), index + 1),)
    user_data = write_text(texts[index], coding.alphabet, elements)
    submit = Submit(order.destination, coding, user_data, validity=order.validity, report_request=order.report)
    encoded = encode(submit)
    return SubmitPdu(encoded.tpdu_octets, encoded.pdu_hex, texts[index])


def choose_alphabet(text: str) -> tuple[str, tuple[Change, ...], Alphabet, str]:
    """Choose GSM 7-bit where the text can be written in it, with known spellings if need be, else UCS-2 unchanged."""
    strange = _first_strange(text)
    if strange is None:
        return text, (), Alphabet.GSM7, "every character is in the GSM 7-bit alphabet"
    spelled, changes = transliterate(text)
    left = _first_strange(spelled)
    if left is None:
        count = len(changes)
        return spelled, changes, Alphabet.GSM7, f"in the GSM 7-bit alphabet after {count} change{'s' * (count > 1)}"
    encode_ucs2(text)
    index = text.index(spelled[left])
    why = f"{text[index]!r} (U+{ord(text[index]):04X}) at {index} is not in the GSM 7-bit alphabet"
    if text.startswith("\ufeff"):  # receivers take it for a byte order mark and drop it
        return text[1:], (Change(0, "\ufeff", ""),), Alphabet.UCS2, why
    return text, (), Alphabet.UCS2, why


def _first_strange(text: str) -> int | None:
    return next((index for index, character in enumerate(text) if character not in gsm7.DEFAULT.septets), None)


def split(text: str, alphabet: Alphabet, *, width: Width = 8) -> tuple[str, ...]:
    """Cut a text into what fits each part; the whole text where it fits one message."""
    if cost(text, alphabet) <= _capacity(alphabet, 0):
        return (text,)
    capacity = _capacity(alphabet, 6 if width == 8 else 7)
    parts, part, used = [], "", 0
    for cluster in _affordable(clusters(text), alphabet, capacity):
        price = cost(cluster, alphabet)
        if used + price > capacity:
            parts.append(part)
            part, used = "", 0
        part += cluster
        used += price
    return (*parts, part)


def cost(text: str, alphabet: Alphabet) -> int:
    """Count the septets or UTF-16 units of a text."""
    if alphabet is Alphabet.GSM7:
        return len(gsm7.DEFAULT.encode(text))
    return len(text) + sum(character > "\uffff" for character in text)


def _capacity(alphabet: Alphabet, header_octets: int) -> int:
    """Count the septets or UTF-16 units that fit behind a header."""
    left = MAX_OCTETS - header_octets
    return left * 8 // 7 if alphabet is Alphabet.GSM7 else left // 2


def _affordable(pieces: list[str], alphabet: Alphabet, capacity: int) -> list[str]:
    """Fall back to single characters for a cluster that no part can hold."""
    return [
        affordable for piece in pieces for affordable in ([piece] if cost(piece, alphabet) <= capacity else list(piece))
    ]


def clusters(text: str) -> list[str]:
    """Cut a text into what people see as characters, the common part of Unicode's UAX #29."""
    pieces = [text[:1]] if text else []
    for before, character in pairwise(text):
        if _joins(pieces[-1], before, character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _joins(cluster: str, before: str, character: str) -> bool:
    """Tell whether a character continues the cluster that ends in `before`."""
    if character.isascii():
        return before == "\r" and character == "\n"
    if _is_flag(character):
        return _is_flag(before) and len(cluster) % 2 == 1
    return (
        before == "\u200d"
        or category(character) in ("Mn", "Me", "Mc", "Cf")
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
    )


def _is_flag(character: str) -> bool:
    """Tell whether the character is a regional indicator, two of which make a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"
