"""Upkeep of the store: retention about once an hour, and at once when the space given to it runs short."""

from kentongan.queue.records import Moment, Tidied
from kentongan.queue.retention import Pressure, pressure
from kentongan.queue.store_care import Care

FIRST_MS = 600_000  # after a start others have more urgent work; a box that is switched off daily still gets its turn
EVERY_MS = 3_600_000


class Upkeep:
    """Does one round a call, so that no part waits for more than that."""

    def __init__(self, care: Care) -> None:
        self._care = care
        self._due_ms = 0

    def go(self, at: Moment) -> Tidied:
        """Do a round when one is due; while there is something left to do, the next call does another."""
        self._due_ms = self._due_ms or at.steady_ms + FIRST_MS
        if at.steady_ms < self._due_ms and not self._crowded():
            return Tidied()
        tidied = self._care.tidy(at)
        if tidied == Tidied():
            self._due_ms = at.steady_ms + EVERY_MS
        return tidied

    def _crowded(self) -> bool:
        usage = self._care.usage()
        return pressure(usage.used, usage.budget) is Pressure.HARD
