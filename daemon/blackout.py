"""A power cut as it looks afterwards: the machine started anew although nobody had stopped the gateway.

The beginning is what the store's clock last showed, within a minute; both times are told only when they can be trusted.
"""

import msgspec

from kentongan.daemon.clerk import Words
from kentongan.daemon.clerk_desk import ClerkDesk, speaking
from kentongan.daemon.events import Command, Note
from kentongan.daemon.status import Status
from kentongan.queue.incidents import Incident
from kentongan.queue.records import Moment
from kentongan.queue.store import Store

LIFE = "life"  # the fact: the kernel's boot id, and whether the gateway was stopped in order
CAUSE = "blackout"
SETTLE_MS = 180_000  # what waited at the operator arrives in the first minutes
CLOCK_MS = 900_000  # how long the clock may take to be set


class Boot(msgspec.Struct, frozen=True):
    """The machine's present life: the kernel's name for it and its age, and the last moment of the life before."""

    boot_id: str
    age_ms: int
    last: Moment


class Blackout:
    """Remembers that the power was cut until it has been told."""

    def __init__(self, store: Store, boot: Boot, at: Moment, received: int) -> None:
        self._store = store
        self._boot = boot
        self._begun = at
        self._received = received
        fact = store.incidents.noted(LIFE)
        before = fact.value.split() if fact is not None else []
        self.pending = bool(boot.boot_id) and len(before) == 2 and before[0] != boot.boot_id and before[1] == "running"
        self._noted = False  # a start must not depend on a disk that takes writes

    def stopped(self, at: Moment) -> None:
        """Note that the gateway was stopped in order."""
        self._store.incidents.note(LIFE, f"{self._boot.boot_id or '-'} stopped", at)

    def look(self, status: Status, words: Words, desk: ClerkDesk, at: Moment) -> list[Command]:
        """Tell it once: when the clock is right and what had waited is in, or when neither comes."""
        if not self._noted:
            self._store.incidents.note(LIFE, f"{self._boot.boot_id or '-'} running", at)
            self._noted = True
        age_ms = at.steady_ms - self._begun.steady_ms
        if not self.pending or age_ms < SETTLE_MS or not (at.synced or age_ms >= CLOCK_MS):
            return []
        line = speaking(status.lines)
        if line is None and age_ms < CLOCK_MS:
            return []
        self.pending = False
        from_ms, until_ms = self._times(at)
        received = max(0, status.store.received - self._received)
        if from_ms and until_ms:
            cut = Incident(CAUSE, "", from_ms, self._boot.last.steady_ms)
            self._store.incidents.changed([cut], [], at)
            self._store.incidents.changed([], [(CAUSE, "")], Moment(self._begun.steady_ms, until_ms, synced=True))
        if line is not None:
            desk.tell(line.name, words.blackout(from_ms, until_ms, received), at)
        facts = (("from_ms", from_ms), ("until_ms", until_ms), ("received", received), ("told", line is not None))
        return [Note("power_was_cut", facts)]

    def _times(self, at: Moment) -> tuple[int, int]:
        """Give the wall times of the cut, zeros where a clock cannot be trusted."""
        if not (at.synced and self._boot.last.synced):
            return 0, 0
        booted_ms = at.wall_ms - (at.steady_ms - self._begun.steady_ms) - self._boot.age_ms
        return (self._boot.last.wall_ms, booted_ms) if booted_ms > self._boot.last.wall_ms else (0, 0)
