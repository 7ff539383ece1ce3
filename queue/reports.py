"""Status reports: which sent part they are about (3GPP TS 23.040 §9.2.3.14; modem.md 5.11, 8.6).

A message reference has 8 bits, so it counts only together with the recipient and a window in time; the newest
unreported part wins. Refuses to attribute a report by the recipient alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WINDOW_MS = 48 * 3_600_000  # validity period of a day, and a day more
EARLY_KEPT_MS = 120_000  # a report may overtake the modem's own answer, never by more than a send takes
SUFFIX_DIGITS = 9  # service centres write the recipient as 08.., 62.. or +62..; these are the subscriber's digits


@dataclass(frozen=True, slots=True)
class Awaiting:
    """A part that a report may be about; of an uncertain part the reference is the one expected of the modem."""

    part_id: int
    reference: int
    recipient: str
    sent_ms: int  # steady
    certain: bool


def match(awaiting: Sequence[Awaiting], reference: int, recipient: str, now_ms: int) -> Awaiting | None:
    """Find the part of a report; a part known to be sent goes before one that only may have been."""
    fitting = [
        part
        for part in awaiting
        if part.reference == reference
        and same_number(part.recipient, recipient)
        and 0 <= now_ms - part.sent_ms <= WINDOW_MS
    ]
    return max(fitting, key=lambda part: (part.certain, part.sent_ms, part.part_id), default=None)


def same_number(left: str, right: str) -> bool:
    """Compare two spellings of a subscriber's number; short codes and names only as they stand."""
    one, other = _digits(left), _digits(right)
    if min(len(one), len(other)) < SUFFIX_DIGITS:
        return bool(left) and (left == right or (bool(one) and one == other))
    return one[-SUFFIX_DIGITS:] == other[-SUFFIX_DIGITS:]


def expected_reference(last: int | None) -> int | None:
    """Give the reference a modem uses next: one more than the last, in 8 bits (modem.md 8.6)."""
    return None if last is None else (last + 1) % 256


def _digits(number: str) -> str:
    return "".join(character for character in number if character.isdigit())
