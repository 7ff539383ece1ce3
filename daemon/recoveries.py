"""The memory of the recovery ladders: each climb is written down, so that a restart goes on where it stood.

The ladder itself is the modem island's; this room only remembers, and credits the rung after which a line served.
"""

from kentongan.at.events import ModemState
from kentongan.at.ladder import STEADY_S, Rung
from kentongan.daemon.events import Command, Note
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.incidents import Climb, RungRecord
from kentongan.queue.records import Moment
from kentongan.queue.store_incidents import Incidents

RESUME_MS = 3_600_000  # six rounds of the last rung: an older climb is another trouble
STEADY_MS = round(STEADY_S * 1000)
RUNGS = frozenset(map(str, Rung))


class Recoveries:
    """Where the recovery of each line stands."""

    def __init__(self, memory: Incidents) -> None:
        self._memory = memory
        self._climbs: dict[str, Climb] = {}
        self._served_ms: dict[str, int] = {}  # steady moment since when a line serves again
        self._tried: set[str] = set()  # lines whose last climb has not been credited yet; a restart forgets it
        try:
            self._climbs = {climb.line: climb for climb in memory.climbs()}
        except StoreUnavailable:
            return

    def resume(self, line: str, at: Moment) -> tuple[Rung, int, float] | None:
        """Tell rung, tries and age in seconds of a climb that the line's modem shall go on from."""
        climb = self._climbs.get(line)
        if climb is None or climb.rung not in RUNGS or not 0 <= at.steady_ms - climb.steady_ms < RESUME_MS:
            return None
        return Rung(climb.rung), climb.tries, (at.steady_ms - climb.steady_ms) / 1000

    def climbed(self, line: str, rung: str, why: str, at: Moment) -> list[Command]:
        """Write down a rung."""
        last = self._climbs.get(line)
        tries = last.tries + 1 if last is not None and last.rung == rung else 1
        climb = self._climbs[line] = Climb(line, rung, tries, at.steady_ms)
        self._served_ms.pop(line, None)
        self._tried.add(line)
        facts: list[tuple[str, object]] = [("line", line), ("rung", rung), ("tries", tries), ("why", why)]
        try:
            self._memory.climbed(climb, at)
        except StoreUnavailable:
            facts.append(("written", False))
        return [Note("rung_climbed", tuple(facts))]

    def entered(self, line: str, state: ModemState, at: Moment) -> list[Command]:
        """Credit the rung after which a line serves; a line that fails again has not rested."""
        climb = self._climbs.get(line)
        if climb is None:
            return []
        if state is not ModemState.READY:
            self._served_ms.pop(line, None)
            return []
        self._served_ms.setdefault(line, at.steady_ms)
        if line not in self._tried:
            return []
        self._tried.discard(line)
        try:
            self._memory.recovered(line, climb.rung, at)
        except StoreUnavailable:
            return []
        return [Note("line_recovered", (("line", line), ("rung", climb.rung), ("tries", climb.tries)))]

    def rest(self, at: Moment) -> None:
        """Forget the climbs of lines that have served long enough, as their ladders do."""
        for line, since_ms in list(self._served_ms.items()):
            if at.steady_ms - since_ms >= STEADY_MS:
                self._memory.rested(line, at)
                del self._served_ms[line]
                self._climbs.pop(line, None)

    def records(self) -> list[RungRecord]:
        """Give what each rung has achieved."""
        return self._memory.rungs()
