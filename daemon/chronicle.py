"""The chronicle of faults: what began and ended is written down, and what stood before a restart stands after it.

Best effort beside the service: a store that is away is no reason to forget a fault or to fail; it is caught up later.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from kentongan.daemon import faults
from kentongan.daemon.status import FaultStatus
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.incidents import Incident
from kentongan.queue.records import Moment
from kentongan.queue.store_incidents import Incidents

COUNTED_MS = 86_400_000  # repeats within a day are counted


class Chronicle:
    """Follows the faults that stand."""

    def __init__(self, memory: Incidents) -> None:
        self._memory = memory
        self._written: set[tuple[str, str]] = set()
        self.restored: tuple[FaultStatus, ...] = ()
        try:
            standing = memory.standing()
        except StoreUnavailable:
            return
        self._written = {(incident.cause, incident.line) for incident in standing}
        self.restored = tuple(_fault(incident) for incident in standing if incident.cause in faults.TABLE)

    def follow(self, standing: tuple[FaultStatus, ...], at: Moment) -> tuple[FaultStatus, ...]:
        """Write down what changed; gives the same faults, new ones with the number of times they came today."""
        now = {(fault.cause, fault.line): fault for fault in standing}
        began = [fault for key, fault in now.items() if key not in self._written]
        ended = self._written - now.keys()
        if not began and not ended:
            return standing
        try:
            counted = {key: self._counted(fault, at) for key, fault in now.items() if fault in began}
            self._memory.changed([_incident(fault) for fault in began], sorted(ended), at)
        except StoreUnavailable:
            return standing
        self._written = set(now)
        return tuple(counted.get(key, fault) for key, fault in now.items())

    def _counted(self, fault: FaultStatus, at: Moment) -> FaultStatus:
        before = self._memory.repeats(fault.cause, fault.line, at.steady_ms - COUNTED_MS)
        return replace(fault, count=before + 1)


def attempted(standing: Iterable[FaultStatus], line: str) -> tuple[FaultStatus, ...]:
    """Count an attempt to repair for the faults of a line."""
    return tuple(replace(one, attempts=one.attempts + 1) if one.line == line else one for one in standing)


def _incident(fault: FaultStatus) -> Incident:
    return Incident(fault.cause, fault.line, fault.since_ms, fault.since_steady_ms)


def _fault(incident: Incident) -> FaultStatus:
    return FaultStatus(
        faults.of(incident.cause).code,
        incident.cause,
        incident.began_ms,
        line=incident.line,
        since_steady_ms=incident.began_steady_ms,
        attempts=incident.attempts,
    )
