"""Ticket numbers for people: `LU2-041-937-1`, a prefix, a counter in threes and a Damm check digit.

They can be dictated over the telephone and never hold a run of more than three digits. Refuses a number whose check
digit is wrong: it does not guess which digit was meant.
"""

import re
from dataclasses import dataclass

PREFIX = re.compile(r"[A-Z]{2}[0-9]")
CAPACITY = 1_000_000  # six digits; after that the counter goes on and the digits begin again
VOID_STEP = 10  # after an unclean stop the counter goes on at the next multiple, cards lie about flushing
# The totally anti-symmetric quasigroup of H. M. Damm, order 10.
DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)
_SEPARATORS = re.compile(r"[\s.,/_-]+")
_HEARD_AS_DIGIT = str.maketrans("OIL", "011")
_COMPACT = re.compile(r"([A-Z]{2})([0-9OIL]{8})")


@dataclass(frozen=True, slots=True)
class TicketNumber:
    """A number that was read and checked."""

    prefix: str
    counter: int

    @property
    def text(self) -> str:
        """Return the number as it is printed."""
        return format_number(self.prefix, self.counter)


def check_digit(digits: str) -> int:
    """Compute the Damm check digit."""
    interim = 0
    for digit in digits:
        interim = DAMM[interim][int(digit)]
    return interim


def format_number(prefix: str, counter: int) -> str:
    """Write a ticket number; raises `ValueError` for a prefix that is not two letters and a digit."""
    if not PREFIX.fullmatch(prefix):
        raise ValueError(f"ticket prefix {prefix!r}: two letters A-Z and one digit are wanted, as in LU2")
    digits = f"{counter % CAPACITY:06d}"
    return f"{prefix}-{digits[:3]}-{digits[3:]}-{check_digit(_prefix_digits(prefix) + digits)}"


def parse_number(text: str) -> TicketNumber | None:
    """Read a number as people write it: any case and separators, O for 0 and I or l for 1 where a digit belongs."""
    match = _COMPACT.fullmatch(_SEPARATORS.sub("", text).upper())
    if match is None:
        return None
    digits = match[2].translate(_HEARD_AS_DIGIT)
    prefix, counter = match[1] + digits[0], digits[1:7]
    if check_digit(_prefix_digits(prefix) + counter) != int(digits[7]):
        return None
    return TicketNumber(prefix, int(counter))


def after_unclean_stop(last: int) -> int:
    """Give the counter from which to go on: the numbers in between may have been given out and are void."""
    return -(-last // VOID_STEP) * VOID_STEP


def above(high_water: int) -> int:
    """Give the counter that no number of an earlier card can reach, from the highest that is known outside."""
    return high_water + VOID_STEP


def _prefix_digits(prefix: str) -> str:
    """Map A=10 ... Z=35; a digit is itself."""
    return "".join(str(int(character, 36)) for character in prefix)
