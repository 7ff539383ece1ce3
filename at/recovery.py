"""Plan what a line that does not serve does next, and when: start, climb the ladder, ask for the card.

Pure: holds moments and counters, writes nothing.
"""

import math
from enum import Enum, auto

from kentongan.at.dialogue import Synchronise
from kentongan.at.ladder import BUDGETS, Ladder, Rung

RATES = (115200, 9600, 57600, 38400, 19200)
"""Tried in this order on a modem that has not answered since the port was opened (modem.md 1.4)."""

FIRST_SEARCH = Synchronise(attempts=10, interval_s=0.3)
"""After the port was opened: a modem that trains its rate needs several tries, a healthy one answers the first."""

MISSING_S = 120.0
"""A stick needs up to 90 s from its plug to its port (modem.md 8.7); then its USB power may bring it back."""

_TRAINING_RUNGS = frozenset({Rung.RESYNC, Rung.REINIT})
_PATIENT_S = 30.0


class Plan(Enum):
    """What to do at the planned moment."""

    START = auto()
    CLIMB = auto()
    ASK_SIM = auto()


class Recovery:
    """The way back of one line."""

    def __init__(self, baud: int) -> None:
        self.ladder = Ladder()
        self.due = math.inf
        self._plan = Plan.START
        self._rate = baud
        self._configured = baud
        self._heard = False
        self._missing_due = math.inf

    def at(self, due: float, plan: Plan) -> None:
        """Plan one thing; the newest plan counts."""
        self.due, self._plan = due, plan

    def nothing(self) -> None:
        """Plan nothing: the port's owner acts, or the line serves."""
        self.due = math.inf

    def take(self, now: float) -> Plan | None:
        """Take the plan if its moment has come."""
        if now < self.due:
            return None
        self.due = math.inf
        return self._plan

    def opened(self) -> None:
        """Note that the port is open; outside of a recovery the modem may be another one."""
        self._missing_due = math.inf
        if not self.ladder.climbing:
            self._heard = False

    def port_missing(self, now: float) -> bool:
        """Tell whether a port that cannot be found has been missing long enough for its power to be cycled now."""
        if self._missing_due == math.inf:
            self._missing_due = now + MISSING_S
        if now < self._missing_due:
            return False
        self._missing_due = now + BUDGETS[Rung.ALARM].patience_s
        return True

    def heard(self) -> None:
        """Note that the modem answers at this rate."""
        self._heard = True

    def search(self) -> Synchronise:
        """Choose how long a start looks for an answer: as long as the rung gives the modem to come back."""
        if not self.ladder.climbing:
            return FIRST_SEARCH
        patience = BUDGETS[self.ladder.rung].patience_s
        interval = 1.0 if patience < _PATIENT_S else 3.0
        return Synchronise(attempts=math.ceil(patience / interval), interval_s=interval)

    def rate_to_try(self) -> int | None:
        """Return the next rate for a modem that was never heard, `None` when the rate is not in doubt."""
        if self._heard or self.ladder.rung not in _TRAINING_RUNGS:
            return None
        others = [rate for rate in (self._configured, *RATES) if rate != self._rate]
        self._rate = others[0] if self._rate not in RATES else RATES[(RATES.index(self._rate) + 1) % len(RATES)]
        return self._rate

    def rate_found(self) -> int | None:
        """Return the rate to set again on a port opened anew, `None` when it is the configured one."""
        return self._rate if self._heard and self._rate != self._configured else None
