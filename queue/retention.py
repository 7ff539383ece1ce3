"""What may be deleted when, as data (domain.md 4.3), and how full the store may become.

Every period counts on the steady clock: a wall clock that jumps erases nothing early. Refuses to erase a ticket that no
backend has acknowledged.
"""

from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
LONGEST_BODY_MS = 90 * DAY_MS
SOFT_SHARE, HARD_SHARE = 0.6, 0.8  # of the space given to the store


@dataclass(frozen=True, slots=True)
class Retention:
    """Periods in milliseconds; raises `ValueError` for a body kept longer than 90 days."""

    pdu_ms: int = 7 * DAY_MS  # raw PDU, after it came
    body_ms: int = 30 * DAY_MS  # text and number, after the ticket or message was over
    quarantine_ms: int = 14 * DAY_MS  # what is not a ticket, after it came
    command_ms: int = 400 * DAY_MS  # a command's answer, contract 4.8
    tombstone_ms: int = 730 * DAY_MS  # what is left of an erased ticket or message, after it came

    def __post_init__(self) -> None:
        if not 0 <= self.body_ms <= LONGEST_BODY_MS:
            raise ValueError(f"a body may be kept {LONGEST_BODY_MS // DAY_MS} days after its end, not longer")


class Pressure(StrEnum):
    """How full the space given to the store is."""

    NONE = "none"
    SOFT = "soft"  # an alarm
    HARD = "hard"  # the oldest acknowledged bodies go before their time


def pressure(used_octets: int, budget_octets: int) -> Pressure:
    """Judge the used space; a budget of 0 is none."""
    if not budget_octets or used_octets < SOFT_SHARE * budget_octets:
        return Pressure.NONE
    return Pressure.HARD if used_octets >= HARD_SHARE * budget_octets else Pressure.SOFT
