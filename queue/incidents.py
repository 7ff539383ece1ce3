"""What is remembered of troubles: faults with beginning and end, rungs of recovery, small facts. Records alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Incident:
    """A fault from its beginning to its end; `ended_ms` is `None` while it stands. Wall times are data for people."""

    cause: str
    line: str  # empty: the whole gateway
    began_ms: int
    began_steady_ms: int
    ended_ms: int | None = None
    ended_steady_ms: int | None = None
    attempts: int = 0  # rungs climbed while it stood

    def lasted_ms(self, steady_ms: int) -> int:
        """Return how long it lasted, or has lasted so far."""
        return max(0, (steady_ms if self.ended_steady_ms is None else self.ended_steady_ms) - self.began_steady_ms)


@dataclass(frozen=True, slots=True)
class Climb:
    """Where the recovery of a line stood when it climbed last."""

    line: str
    rung: str
    tries: int
    steady_ms: int


@dataclass(frozen=True, slots=True)
class RungRecord:
    """How often a rung was climbed on a line, and how often the line served after it."""

    line: str
    rung: str
    climbed: int
    succeeded: int


@dataclass(frozen=True, slots=True)
class Fact:
    """A small fact that must outlive a restart, and when it was written."""

    value: str
    wall_ms: int
    steady_ms: int
