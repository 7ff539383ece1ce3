"""Choose what a line does next: a closed union of jobs, taken in a fixed order that starves none of them."""

import math
from collections import deque
from dataclasses import dataclass

from kentongan.at.commands import FreeSlot, Refresh, RunUssd, SendPart, WriteMark
from kentongan.at.slotwork import ReadNew, ReadSlot, SlotWork

FAIR_SHARE = 8
"""After so many reads and deletes in a row a waiting part goes out: a long drain must not silence the replies."""

READ_DELAYS_S = (1.0, 3.0)
"""When an announced slot is empty it is read again after these waits; then a walk finds the message (modem.md 4.2)."""

POLL_S = 60.0
"""A health sample is taken this often: with the walk five commands a minute, twelve are allowed."""

SEARCH_S = 15.0
"""Without a network the registration is asked for this often; its URC is usually faster."""


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

Watch = Poll | Inspect | Adjust | MeasureSupply | HangUp | SearchNetwork | Refresh
Wish = HangUp | LeaveUssd | ChooseUssd | MeasureSupply | Adjust | Inspect | WalkOthers | ReadMark | WriteMark | Refresh
Job = ReadSlot | ReadNew | FreeSlot | SendPart | RunUssd | WalkAll | Watch | Wish


class Agenda:
    """What waits to be done on a line whose messages can be read."""

    def __init__(self) -> None:
        self.walk_at = math.inf
        self.sends: deque[SendPart] = deque()
        self.ussd: deque[RunUssd] = deque()
        self._poll_at = self._search_at = math.inf
        self._walk_s = POLL_S
        self._wishes: deque[Wish] = deque()
        self.slots = SlotWork()
        self._since_send = 0

    def restart(self, now: float, walk_s: float) -> None:
        """Begin anew after a start: the first walk finds whatever was announced."""
        self.slots.forget_reads()
        self._wishes = deque([Adjust(), WalkOthers(), ReadMark()])
        self._walk_s = walk_s
        self.walk_at = now
        self._poll_at = now + POLL_S
        self._search_at = now + SEARCH_S

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
        return min(self.walk_at, self._poll_at, self.slots.next_deadline(), math.inf if may_send else self._search_at)

    def _next_part(self) -> SendPart:
        self._since_send = 0
        return self.sends.popleft()

    def _timed_job(self, now: float, *, may_send: bool) -> Job | None:
        if now >= self.walk_at:
            self.walk_at = now + self._walk_s
            return WalkAll()
        if now >= self._poll_at:
            self._poll_at = now + POLL_S
            return Poll()
        if not may_send and now >= self._search_at:
            self._search_at = now + SEARCH_S
            return SearchNetwork()
        return None

    def _leisure_job(self, *, may_ask: bool) -> Job | None:
        if self._wishes:
            return self._wishes.popleft()
        return self.ussd.popleft() if self.ussd and may_ask else None
