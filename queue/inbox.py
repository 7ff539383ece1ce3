"""Receiving, as rules: which parts belong together, what their text is, when a slot may be freed (decisions.md 5).

Pure. Refuses to guess: parts whose headers differ in any member of the key are different messages.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kentongan.queue.records import Concat, Encoding, Held

KEY_OCTETS = 16  # 2^64 messages until two keys meet by chance
GAP = "[…]"
GROUP_WINDOW_MS = 72 * 3_600_000  # 24 h until a gap is final, and as long again twice over for a part that comes late
REPEAT_WINDOW_MS = 600_000  # within which the same sequence with the same text is a repetition by phone or network
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def key_octets(key: str) -> bytes:
    """Shorten a part's key for the index."""
    return blake2b(key.encode(), digest_size=KEY_OCTETS).digest()


def usable(concat: Concat | None) -> Concat | None:
    """Drop a concatenation element that must be ignored: total 0, part 0, part > total (3GPP TS 23.040 §9.2.3.24.1)."""
    if concat is None or not 1 <= concat.sequence <= concat.total <= 255 or concat.total == 1:
        return None
    return concat


# -- assembly ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sibling:
    """A stored part under the same line, sender, reference width, reference and total."""

    seq: int  # of its ticket
    sequence: int
    text: str
    data: bytes
    arrived_ms: int  # steady
    smsc_ms: int | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """The part that has to find its message."""

    sequence: int
    text: str
    data: bytes
    arrived_ms: int  # steady
    smsc_ms: int | None


@dataclass(frozen=True, slots=True)
class Opens:
    """Nothing known fits: a new ticket."""


@dataclass(frozen=True, slots=True)
class Joins:
    """It fills a gap of this ticket."""

    seq: int


@dataclass(frozen=True, slots=True)
class Repeats:
    """The ticket has this very part already."""

    seq: int


Assignment = Opens | Joins | Repeats


def assign(part: Arrival, siblings: Sequence[Sibling]) -> Assignment:
    """Find the message of a part.

    A used-up sequence with another text is a reused reference and opens a ticket. Of several messages with the gap,
    the one nearest in time of the service centre gets the part, the newest when the stamps do not tell.
    """
    messages: dict[int, list[Sibling]] = {}
    for sibling in siblings:
        if abs(part.arrived_ms - sibling.arrived_ms) <= GROUP_WINDOW_MS:
            messages.setdefault(sibling.seq, []).append(sibling)
    fitting: list[tuple[int, int]] = []
    for seq, parts in messages.items():
        same = [sibling for sibling in parts if sibling.sequence == part.sequence]
        if any(_repeats(part, sibling) for sibling in same):
            return Repeats(seq)
        if not same:
            fitting.append((min(_distance_ms(part, sibling) for sibling in parts), -seq))
    return Joins(-min(fitting)[1]) if fitting else Opens()


def _repeats(part: Arrival, sibling: Sibling) -> bool:
    """Tell a part that came again (new stamp, same content) from a reused reference."""
    near = _distance_ms(part, sibling) <= REPEAT_WINDOW_MS
    return near and (part.text, part.data) == (sibling.text, sibling.data)


def _distance_ms(part: Arrival, sibling: Sibling) -> int:
    if part.smsc_ms is None or sibling.smsc_ms is None:
        return abs(part.arrived_ms - sibling.arrived_ms)
    return abs(part.smsc_ms - sibling.smsc_ms)


# -- text -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Piece:
    """What one part adds to its message."""

    sequence: int
    text: str
    encoding: Encoding
    data: bytes
    lossy: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """A message as far as its parts are here."""

    text: str
    lossy: bool
    encoding: Encoding
    data: bytes
    missing: tuple[int, ...]


def join(pieces: Sequence[Piece], total: int) -> Joined:
    """Put a message together (contract 4.5); each gap is one `[…]`, characters split over parts are whole again."""
    by_sequence = {piece.sequence: piece for piece in pieces}
    missing = tuple(n for n in range(1, total + 1) if n not in by_sequence)
    present = [by_sequence[n] for n in sorted(by_sequence)]
    encoding = _encoding(present)
    data = b"".join(piece.data for piece in present)
    if encoding is Encoding.BINARY:
        return Joined("", bool(missing), encoding, data, missing)
    words: list[str] = []
    for n in range(1, total + 1):
        if n in by_sequence:
            words.append(by_sequence[n].text)
        elif not words or words[-1] is not GAP:
            words.append(GAP)
    last = by_sequence.get(total)
    padded = last is not None and last.encoding is Encoding.GSM7
    text, whole = clean("".join(words), padded=padded)
    return Joined(text, not whole or bool(missing) or any(p.lossy for p in present), encoding, data, missing)


def clean(text: str, *, padded: bool) -> tuple[str, bool]:
    """Apply the text rules of contract 4.5; tells also whether every character was whole.

    `padded`: the text ends in the GSM alphabet, where a trailing `@` is fill.
    """
    if padded:
        text = text.rstrip("@")
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    lines = whole.replace("\r\n", "\n").replace("\r", "\n")
    intact = whole.count("\ufffd") == text.count("\ufffd")
    return unicodedata.normalize("NFC", _CONTROLS.sub("", lines)), intact


def _encoding(pieces: Sequence[Piece]) -> Encoding:
    """Name the widest alphabet; a message is binary only when all of it is."""
    found = {piece.encoding for piece in pieces}
    if found == {Encoding.BINARY}:
        return Encoding.BINARY
    return Encoding.UCS2 if Encoding.UCS2 in found else Encoding.GSM7


# -- slots ------------------------------------------------------------------------------------------------------------


def may_free(held: Held, *, broker_up: bool, crowded: bool) -> bool:
    """Tell whether a committed part's slot may go: only when a second durable copy exists or cannot be waited for.

    `crowded`: half or more of the slots are used.
    """
    return held.published or not held.is_ticket or held.incomplete or not broker_up or crowded
