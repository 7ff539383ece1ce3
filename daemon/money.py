"""The credit and validity of a prepaid SIM, asked of the operator once a day. Pure: answers in, figures out.

Refuses to guess: an answer that cannot be read leaves the last figures as they are (domain.md 4.4).
"""

from dataclasses import dataclass

import msgspec

from kentongan.daemon.notices import Noticed

DAY_MS, HOUR_MS = 86_400_000, 3_600_000
ASK_EVERY_MS = DAY_MS
AGAIN_MS = HOUR_MS  # after an answer that said nothing
REFUSED_MS = 900_000  # while sends are refused: a top-up shall be noticed
SETTLE_MS = 600_000  # after the start: the network first
SLACK_RP = 1_000  # prices vary a little; a leak of less a day is not worth a word
AUTO, OFF = "auto", "off"


def question_for(wanted: str, operator: str) -> str:
    """Choose the question to ask, the configured one or the operator's; empty when nobody knows one."""
    if wanted == OFF:
        return ""
    return operator if wanted == AUTO else wanted


class Purse(msgspec.Struct, frozen=True):
    """What is known of the credit of one SIM; kept as a fact under its line."""

    balance_rp: int | None = None
    balance_ms: int = 0  # wall
    balance_steady_ms: int = 0
    valid_until_ms: int = 0  # wall
    draining: bool = False
    iccid: str = ""

    def sends_left(self, price_rp: int) -> int | None:
        """Count the SMS that the credit pays for."""
        return None if self.balance_rp is None or price_rp <= 0 else self.balance_rp // price_rp


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read, when, and how many SMS were sent since the last reading."""

    noticed: Noticed
    wall_ms: int
    steady_ms: int
    sends: int


def read_into(purse: Purse, reading: Reading, price_rp: int, midnight_ms: int) -> Purse:
    """Take a reading; `midnight_ms` is the end of the day until which the SIM is valid, 0 when it was not said."""
    balance = reading.noticed.balance_idr
    changes: dict[str, object] = {}
    if balance is not None:
        drained = False
        if purse.balance_rp is not None:
            drained = purse.balance_rp - balance > 2 * price_rp * reading.sends + SLACK_RP
        changes = {
            "balance_rp": balance,
            "balance_ms": reading.wall_ms,
            "balance_steady_ms": reading.steady_ms,
            "draining": drained,
        }
    if midnight_ms:
        changes["valid_until_ms"] = midnight_ms
    return msgspec.structs.replace(purse, **changes)


@dataclass(slots=True)
class Asking:
    """When the operator is asked, on the steady clock."""

    next_ms: int

    def due(self, steady_ms: int) -> bool:
        """Tell whether to ask now."""
        return steady_ms >= self.next_ms

    def asked(self, steady_ms: int) -> None:
        """Note that the question is under way; without an answer it is asked again in an hour."""
        self.next_ms = steady_ms + AGAIN_MS

    def answered(self, steady_ms: int, *, refused: bool) -> None:
        """Note a good answer; a SIM whose sends are refused is asked more often, until it is topped up."""
        self.next_ms = steady_ms + (REFUSED_MS if refused else ASK_EVERY_MS)


def first_question(purse: Purse, steady_ms: int) -> Asking:
    """Plan the first question after a start: not before the line has settled, not more than once a day."""
    due = purse.balance_steady_ms + ASK_EVERY_MS if purse.balance_ms else 0
    return Asking(max(steady_ms + SETTLE_MS, due))
