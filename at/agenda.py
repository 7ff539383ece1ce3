"""Choose what a line does next: a closed union of jobs, taken in a fixed order that starves none of them."""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from kentongan.at.commands import FreeSlot, Refresh, RunUssd, SendPart, WriteMark
from kentongan.at.slotwork import ReadNew, ReadSlot, SlotWork

FAIR_SHARE = 8
"""After so many reads and deletes in a row a waiting part goes out: a long drain must not silence the replies."""

READ_DELAYS_S = (1.0, 3.0)
"""When an announced slot is empty it is read again after these waits; then a walk finds the message (modem.md 4.2)."""


@dataclass(frozen=True, slots=True)
class WalkAll:
    """Read every slot."""


@dataclass(frozen=True, slots=True)
class WalkOthers:
    """Look into the memories that do not receive."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Refuse the call that rings."""


@dataclass(frozen=True, slots=True)
class LeaveUssd:
    """Leave the USSD session at the modem."""


@dataclass(frozen=True, slots=True)
class ChooseUssd:
    """Answer the menu of the open USSD session."""

    choice: str


@dataclass(frozen=True, slots=True)
class MeasureSupply:
    """Read the supply voltage: the dip shows right after a send (modem.md 2.9)."""


@dataclass(frozen=True, slots=True)
class Adjust:
    """Send the comfortable settings and ask for the details, once after a start."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Take a health sample."""


@dataclass(frozen=True, slots=True)
class MeasureStore:
    """Ask how full the memory is that receives."""


@dataclass(frozen=True, slots=True)
class Inspect:
    """Ask for what changes slowly."""


@dataclass(frozen=True, slots=True)
class ReadMark:
    """Look for the mark in the phonebook."""


@dataclass(frozen=True, slots=True)
class SearchNetwork:
    """Ask whether the network has been found."""


FIRST = (HangUp, ReadMark, WriteMark)
"""A call blocks the modem; what waits in the SIM is numbered above the mark, and the mark keeps up with a flood."""

Timed = WalkAll | Poll | MeasureStore | SearchNetwork
EVERY_S: Mapping[Timed, float] = {
    WalkAll(): 60.0,  # a notice is only a hint (modem.md 0 rule 4)
    Poll(): 60.0,
    MeasureStore(): 20.0,  # a full memory is to be told within 30 s, and no modem of ours says so reliably
    SearchNetwork(): 20.0,  # while there is none; its URC is usually faster
}
"""The rhythms of an idle line, what goes first standing first: seven commands a minute and the inspection's one and a
half, three more without a network; twelve are allowed. The long ones are multiples of the short ones, so that a
processor is woken once for all.
"""

Watch = Poll | MeasureStore | Inspect | Adjust | MeasureSupply | HangUp | SearchNetwork | Refresh
Wish = HangUp | LeaveUssd | ChooseUssd | MeasureSupply | Adjust | Inspect | WalkOthers | ReadMark | WriteMark | Refresh
Job = ReadSlot | ReadNew | FreeSlot | SendPart | RunUssd | Timed | Watch | Wish


class Agenda:
    """What waits to be done on a line whose messages can be read."""

    def __init__(self) -> None:
        self.sends: deque[SendPart] = deque()
        self.ussd: deque[RunUssd] = deque()
        self._every_s = dict(EVERY_S)
        self._due: dict[Timed, float] = dict.fromkeys(EVERY_S, math.inf)
        self._wishes: deque[Wish] = deque()
        self.slots = SlotWork()
        self._since_send = 0

    def restart(self, now: float, walk_s: float) -> None:
        """Begin anew after a start: the first walk finds whatever was announced."""
        self.slots.forget_reads()
        self._wishes = deque([Adjust(), WalkOthers(), ReadMark()])
        self._every_s[WalkAll()] = walk_s
        self._due = {job: now + every_s for job, every_s in self._every_s.items()}
        self._due[WalkAll()] = now

    def soon(self, job: Timed, moment: float) -> None:
        """Bring a job of a rhythm forward to this moment."""
        self._due[job] = min(self._due[job], moment)

    def want(self, job: Wish) -> None:
        """Note something to be done once, soon."""
        if job not in self._wishes:
            self._wishes.append(job)

    def take_all(self) -> list[FreeSlot | SendPart | RunUssd]:
        """Take every command out: the line cannot do them now."""
        taken: list[FreeSlot | SendPart | RunUssd] = [*self.slots.take_frees(), *self.sends, *self.ussd]
        self.sends.clear()
        self.ussd.clear()
        return taken

    def next_job(self, now: float, *, may_send: bool, may_ask: bool) -> Job | None:
        """Take the next job that is due: calls first, then slots and parts in fair turns, then what can wait."""
        for kind in FIRST:
            first = next((wish for wish in self._wishes if isinstance(wish, kind)), None)
            if first is not None:
                self._wishes.remove(first)
                return first
        if may_send and self.sends and self._since_send >= FAIR_SHARE:
            return self._next_part()
        job = self.slots.take(now)
        if job is not None:
            self._since_send += 1
            return job
        if may_send and self.sends:
            return self._next_part()
        return self._timed_job(now, may_send=may_send) or self._leisure_job(may_ask=may_send and may_ask)

    def next_deadline(self, *, may_send: bool) -> float:
        """Return when the next job is due of those that wait for a moment."""
        return min(self.slots.next_deadline(), *(self._due[job] for job in _rhythms(may_send=may_send)))

    def _next_part(self) -> SendPart:
        self._since_send = 0
        return self.sends.popleft()

    def _timed_job(self, now: float, *, may_send: bool) -> Job | None:
        job = next((job for job in _rhythms(may_send=may_send) if now >= self._due[job]), None)
        if job is not None:
            self._due[job] = now + self._every_s[job]
        return job

    def _leisure_job(self, *, may_ask: bool) -> Job | None:
        if self._wishes:
            return self._wishes.popleft()
        return self.ussd.popleft() if self.ussd and may_ask else None


def _rhythms(*, may_send: bool) -> Iterator[Timed]:
    """List the jobs of a rhythm, what goes first standing first: who may send has a network and need not search it."""
    return (job for job in EVERY_S if not (may_send and isinstance(job, SearchNetwork)))
