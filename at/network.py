"""Decide what is done about a network that cannot be found (modem.md 2.4): pure, told the moments, asked what is due.

Each step is taken by a modem that answers; the silence of a modem is the ladder's business.
"""

import math
from enum import Enum, auto

SCHEDULE_S = (300.0, 600.0, 1200.0)
"""After so long without a network: choose the operator anew, switch the radio off and on, cycle the power."""

EVERY_S = 3600.0
"""From then on the radio is switched off and on once an hour: a village may be without a network for days."""


class NetworkStep(Enum):
    """What is done."""

    NOTHING = auto()
    CHOOSE_OPERATOR = auto()
    SWITCH_RADIO = auto()
    CYCLE_POWER = auto()


_STEPS = (NetworkStep.CHOOSE_OPERATOR, NetworkStep.SWITCH_RADIO, NetworkStep.CYCLE_POWER)


class NetworkWatch:
    """Since when there has been no network, and which steps were taken."""

    def __init__(self) -> None:
        self._due = math.inf
        self._lost_at = math.inf
        self._taken = 0

    def lost(self, now: float) -> None:
        """Note that there is no network; repeated notes do not matter."""
        if self._lost_at == math.inf:
            self._lost_at = now
            self._taken = 0
            self._due = now + SCHEDULE_S[0]

    def found(self) -> None:
        """Note that there is one."""
        self._lost_at = self._due = math.inf

    def step(self, now: float) -> NetworkStep:
        """Return what is due at this moment, once."""
        if now < self._due:
            return NetworkStep.NOTHING
        step = _STEPS[self._taken] if self._taken < len(_STEPS) else NetworkStep.SWITCH_RADIO
        self._taken += 1
        later = self._lost_at + SCHEDULE_S[self._taken] if self._taken < len(SCHEDULE_S) else now + EVERY_S
        self._due = max(later, now + SCHEDULE_S[0])
        return step
