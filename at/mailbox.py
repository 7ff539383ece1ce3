"""Read, list and free the slots of the message memory.

Refuses to free a slot whose content it has not seen itself since the last notice, restart or change of card.
"""

from kentongan.at.agenda import READ_DELAYS_S, WalkAll
from kentongan.at.commands import FreeSlot
from kentongan.at.events import ModemAnswered, SlotFound, SlotFreed, SlotKept, StorageMeasured, WalkEnded, digest
from kentongan.at.hands import Hands, SimGone
from kentongan.at.procedures import Refused
from kentongan.at.procedures_init import Profile
from kentongan.at.procedures_slots import Kept, Listing, Selection, free_slot, in_storage, list_new, read_slot, walk
from kentongan.at.results import SlotEntry
from kentongan.at.slotwork import ReadNew, ReadSlot

MAX_SLOTS = 2000
"""More than the largest store holds (Balong: 500); beyond it a slot is simply read again before its delete."""


class Mailbox:
    """The slots of one line and what they are known to hold."""

    def __init__(self, hands: Hands) -> None:
        self.freeing = False  # a delete is under way
        self._hands = hands
        self._known: dict[tuple[str, int], str] = {}
        self._announced: dict[tuple[str, int], float] = {}  # slots not read yet, when they were announced
        self._selection = Selection("", "")

    def begin(self, storage: str) -> None:
        """Take up the service: this memory receives and is selected, nothing is known of its slots."""
        self.forget()
        self._selection = Selection(storage, storage)

    def forget(self) -> None:
        """Note that nothing is known of any slot."""
        self._known.clear()
        self._announced.clear()
        self.freeing = False

    def announced(self, storage: str, index: int, due: float, now: float) -> None:
        """Note that a slot has got a message, to be read at the moment `due`."""
        self._known.pop((storage, index), None)
        if len(self._announced) < MAX_SLOTS:
            self._announced[storage, index] = now
        self._hands.agenda.slots.announce(storage, index, due)

    def read(self, job: ReadSlot | ReadNew, profile: Profile, now: float) -> None:
        """Read what was announced."""
        if isinstance(job, ReadNew):
            self._read_new(job, profile, now)
        else:
            self._read_one(job, profile, now)

    def _read_new(self, job: ReadNew, profile: Profile, now: float) -> None:
        """Read many announced slots by one listing; what it does not show is read by itself."""

        def finish(found: Listing | Refused, then: float) -> None:
            shown: set[int] = set()
            match found:
                case Listing(entries):
                    shown = {entry.index for entry in entries}
                    self._listed(job.storage, Listing(entries, complete=shown == job.indexes))
                case Refused(why, sim_gone=True):
                    self._hands.tell(SimGone(why), then)
                    return
            for index in job.indexes - shown:
                self._hands.agenda.slots.announce(job.storage, index, then, tries=1)

        procedure = in_storage(job.storage, self._selection, profile.dialect, list_new(profile.dialect))
        self._hands.runner.begin(procedure, finish, now)

    def _read_one(self, job: ReadSlot, profile: Profile, now: float) -> None:
        """Read one announced slot; an empty one is looked at again, then the whole memory is."""

        def finish(found: SlotEntry | Refused | None, then: float) -> None:
            match found:
                case SlotEntry():
                    self._found(job.storage, found)
                case Refused(why, sim_gone=True):
                    self._hands.tell(SimGone(why), then)
                case _ if job.tries < len(READ_DELAYS_S):
                    due = then + READ_DELAYS_S[job.tries]
                    self._hands.agenda.slots.announce(job.storage, job.index, due, job.tries + 1)
                case _:
                    self._hands.agenda.soon(WalkAll(), then)

        inner = read_slot(job.index, profile.dialect)
        procedure = in_storage(job.storage, self._selection, profile.dialect, inner)
        self._hands.runner.begin(procedure, finish, now)

    def free(self, job: FreeSlot, profile: Profile, now: float) -> None:
        """Delete one slot while it holds what it should."""

        def finish(kept: Kept | Refused | None, _: float) -> None:
            self.freeing = False
            self._known.pop((job.storage, job.index), None)
            if kept is None:
                self._hands.outlet.emit(SlotFreed(job.storage, job.index, job.digest))
                return
            self._hands.outlet.emit(SlotKept(job.storage, job.index, job.digest, kept.why))
            if isinstance(kept, Kept) and kept.now_holds is not None:
                self._found(job.storage, kept.now_holds)

        self.freeing = True
        read_first = self._known.get((job.storage, job.index)) != job.digest
        inner = free_slot(job.index, job.digest, profile.dialect, read_first=read_first)
        procedure = in_storage(job.storage, self._selection, profile.dialect, inner)
        self._hands.runner.begin(procedure, finish, now)

    def walk(self, profile: Profile, now: float) -> None:
        """Report every occupied slot of the memory that receives."""
        storage = self._selection.home

        def finish(found: Listing | Refused, then: float) -> None:
            if isinstance(found, Refused):
                if found.sim_gone:
                    self._hands.tell(SimGone(found.why), then)
                return
            self._hands.agenda.slots.walked(storage, {entry.index for entry in found.entries}, now)
            self._listed(storage, found)
            if found.fill is not None:
                self._hands.outlet.emit(StorageMeasured(storage, found.fill.used, found.fill.total))
            self._hands.outlet.emit(WalkEnded(storage, len(found.entries)))
            self._hands.outlet.emit(ModemAnswered())

        procedure = in_storage(storage, self._selection, profile.dialect, walk(storage, profile.dialect))
        self._hands.runner.begin(procedure, finish, now)

    def walk_others(self, profile: Profile, now: float) -> None:
        """Report what lies in the memories that do not receive, one after the other."""
        others = [storage for storage in profile.dialect.other_memories if storage != self._selection.home]

        def look(storage: str, then: float) -> None:
            def finish(found: Listing | Refused, later: float) -> None:
                if isinstance(found, Listing):
                    self._listed(storage, found)
                if others:
                    look(others.pop(0), later)

            procedure = in_storage(storage, self._selection, profile.dialect, walk(storage, profile.dialect))
            self._hands.runner.begin(procedure, finish, then)

        if others:
            look(others.pop(0), now)

    def _listed(self, storage: str, found: Listing) -> None:
        for entry in found.entries:
            self._found(storage, entry)
            if not found.complete:
                self._known.pop((storage, entry.index), None)

    def _found(self, storage: str, entry: SlotEntry) -> None:
        if entry.is_whole and len(self._known) < MAX_SLOTS:  # what may be damaged is read again before its delete
            self._known[storage, entry.index] = digest(entry.pdu_hex)
        announced_s = self._announced.pop((storage, entry.index), None)
        self._hands.outlet.emit(
            SlotFound(storage, entry.index, entry.status, entry.tpdu_octets, entry.pdu_hex, announced_s)
        )
