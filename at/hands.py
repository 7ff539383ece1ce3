"""What the duties of a line share: the runner, the way out, the agenda, and the ear of the line's owner."""

from collections.abc import Callable
from dataclasses import dataclass

from kentongan.at.agenda import Agenda
from kentongan.at.outlet import Outlet
from kentongan.at.runner import Runner


@dataclass(frozen=True, slots=True)
class SimGone:
    """A job failed because the card cannot be used."""

    why: str


@dataclass(frozen=True, slots=True)
class SimBack:
    """A card can be used, or waits for its PIN."""


@dataclass(frozen=True, slots=True)
class SettingsLost:
    """The modem has forgotten what it was told: it restarted without a word."""

    how: str


@dataclass(frozen=True, slots=True)
class RegistrationFound:
    """What `+CREG` says now."""

    stat: int


@dataclass(frozen=True, slots=True)
class RadioSwitched:
    """The radio was off and is on again: the line must be started anew."""


@dataclass(frozen=True, slots=True)
class NetworkHopeless:
    """Everything gentle was tried, there is still no network."""


Notice = SimGone | SimBack | SettingsLost | RegistrationFound | RadioSwitched | NetworkHopeless


@dataclass(frozen=True, slots=True)
class Hands:
    """The tools of a duty; `tell` is heard by who decides about the line's state."""

    runner: Runner
    outlet: Outlet
    agenda: Agenda
    tell: Callable[[Notice, float], None]
