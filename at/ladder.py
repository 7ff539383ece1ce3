"""Decide the next rung of recovery (architecture.md A.12): pure, told what happened, asked what to do.

A missing or locked SIM, a missing network, credit: none of them is the modem's silence, none climbs.
"""

import math
from dataclasses import dataclass
from enum import StrEnum

STEADY_S = 600.0
"""A line that was ready this long has recovered; the next trouble starts at the lowest rung."""


class Rung(StrEnum):
    """What is done to a modem that does not answer, in order of cost."""

    RESYNC = "resync"
    REINIT = "reinit"
    REOPEN = "reopen"
    SOFT_RESTART = "soft_restart"
    POWER_CYCLE = "power_cycle"
    ALARM = "alarm"  # the alarm is raised; the power is cycled on, every ten minutes, for ever


@dataclass(frozen=True, slots=True)
class Budget:
    """How often a rung is tried, and how long the modem may take to come back from it."""

    tries: int
    patience_s: float


BUDGETS = {
    Rung.RESYNC: Budget(3, 3.0),
    Rung.REINIT: Budget(2, 6.0),
    Rung.REOPEN: Budget(2, 6.0),
    Rung.SOFT_RESTART: Budget(2, 60.0),
    Rung.POWER_CYCLE: Budget(3, 120.0),
    Rung.ALARM: Budget(1, 600.0),
}
"""With a poll every minute a hung modem is noticed within 75 s and has its power cycled before 4 minutes are over."""

_ORDER = tuple(Rung)


class Ladder:
    """Where the recovery of one line stands."""

    def __init__(self) -> None:
        self._at = 0
        self._tries = 0
        self._climbed_at = -math.inf
        self._ready_since: float | None = None

    @property
    def rung(self) -> Rung:
        """Return the rung that was climbed last."""
        return _ORDER[self._at]

    @property
    def climbing(self) -> bool:
        """Tell whether a recovery is under way or not yet proven."""
        return self._tries > 0

    @property
    def alarmed(self) -> bool:
        """Tell whether every cheaper rung has failed."""
        return self.climbing and self.rung is Rung.ALARM

    def ready(self, now: float) -> None:
        """Note that the line serves; told often enough, it brings the ladder back to its foot."""
        if self._ready_since is None:
            self._ready_since = now
        if now - self._ready_since >= STEADY_S:
            self._at, self._tries = 0, 0

    def climb(self, now: float) -> Rung:
        """Return what to do about trouble at this moment."""
        self._ready_since = None
        if self._tries >= BUDGETS[self.rung].tries and self._at < len(_ORDER) - 1:
            self._at, self._tries = self._at + 1, 0
        self._tries += 1
        self._climbed_at = now
        return self.rung

    def resume(self, rung: Rung, tries: int, climbed_at: float) -> None:
        """Go on where an earlier life of the program stood; `climbed_at` is its last climb on this clock."""
        self._at, self._tries, self._climbed_at = _ORDER.index(rung), tries, climbed_at

    def skip_to(self, rung: Rung) -> None:
        """Start the next climb no lower than here: the module has said that it goes off."""
        if _ORDER.index(rung) > self._at:
            self._at, self._tries = _ORDER.index(rung), 0

    def earliest(self) -> float:
        """Return the moment from which the next climb has sense: the last one needs its time to work."""
        return self._climbed_at + BUDGETS[self.rung].patience_s if self.climbing else -math.inf
