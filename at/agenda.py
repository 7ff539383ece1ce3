"""Choose what a line does next: a closed union of jobs, taken in a fixed order that starves none of them."""

import math
from collections import deque
from dataclasses import dataclass

from kentongan.at.commands import FreeSlot, RunUssd, SendPart

FAIR_SHARE = 8
"""After so many reads and deletes in a row a waiting part goes out: a long drain must not silence the replies."""

READ_DELAYS_S = (1.0, 3.0)
"""When an announced slot is empty it is read again after these waits; then a walk finds the message (modem.md 4.2)."""

MAX_READS = 1000
"""Slots waiting to be read; more than any store has, so that a flood of notices costs no memory."""

POLL_S = 60.0
"""Health and slots are looked at this often: five commands, far below twelve a minute."""

SEARCH_POLL_S = 15.0
"""Without a network the registration is asked for this often; its URC is usually faster."""


@dataclass(frozen=True, slots=True)
class ReadSlot:
    """Read an announced slot; `tries` is how often it was found empty."""

    storage: str
    index: int
    tries: int


@dataclass(frozen=True, slots=True)
class WalkAll:
    """Read every slot."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """Refuse the call that rings."""


@dataclass(frozen=True, slots=True)
class Adjust:
    """Learn the details and send the comfortable settings, once after a start."""


@dataclass(frozen=True, slots=True)
class Poll:
    """Take a health sample."""


@dataclass(frozen=True, slots=True)
class SearchNetwork:
    """Ask whether the network has been found."""


Job = ReadSlot | FreeSlot | SendPart | RunUssd | WalkAll | HangUp | Adjust | Poll | SearchNetwork


class Agenda:
    """What waits to be done on a line whose messages can be read."""

    def __init__(self) -> None:
        self.hang_up = False
        self.adjust = False
        self.walk_at = math.inf
        self.poll_at = math.inf
        self.search_at = math.inf
        self.sends: deque[SendPart] = deque()
        self.ussd: deque[RunUssd] = deque()
        self._frees: deque[FreeSlot] = deque()
        self._reads: dict[tuple[str, int], tuple[float, int]] = {}
        self._since_send = 0

    def restart(self, now: float) -> None:
        """Begin anew after a start: everything is walked, what was announced is found by the walk."""
        self._reads.clear()
        self.hang_up = False
        self.adjust = True
        self.walk_at = now
        self.poll_at = now + POLL_S
        self.search_at = now + SEARCH_POLL_S

    def announce(self, storage: str, index: int, due: float, tries: int = 0) -> None:
        """Note that a slot should be read at this moment."""
        if len(self._reads) < MAX_READS:
            self._reads[storage, index] = (due, tries)

    def walked(self, storage: str, indexes: set[int], began: float) -> None:
        """Note the end of a walk: what was announced before it began and was found needs no reading."""
        for key, (due, _) in list(self._reads.items()):
            if key[0] == storage and key[1] in indexes and due <= began:
                del self._reads[key]

    def free(self, command: FreeSlot) -> None:
        """Note that a slot shall be freed."""
        self._frees.append(command)

    def take_frees(self) -> list[FreeSlot]:
        """Take every waiting delete out: the line cannot do them now."""
        taken = list(self._frees)
        self._frees.clear()
        return taken

    @property
    def idle(self) -> bool:
        """Tell whether nothing is waiting that somebody asked for."""
        return not (self._frees or self.sends or self.ussd)

    def next_job(self, now: float, *, may_send: bool) -> Job | None:
        """Take the next job that is due."""
        if self.hang_up:
            self.hang_up = False
            return HangUp()
        job = self._slot_job(now)
        if may_send and self.sends and (job is None or self._since_send >= FAIR_SHARE):
            if isinstance(job, ReadSlot):
                self._reads[job.storage, job.index] = (now, job.tries)
            elif job is not None:
                self._frees.appendleft(job)
            self._since_send = 0
            return self.sends.popleft()
        if job is not None:
            self._since_send += 1
            return job
        return self._leisure_job(now, may_send=may_send)

    def _slot_job(self, now: float) -> ReadSlot | FreeSlot | None:
        for (storage, index), (due, tries) in self._reads.items():
            if due <= now:
                del self._reads[storage, index]
                return ReadSlot(storage, index, tries)
        return self._frees.popleft() if self._frees else None

    def _leisure_job(self, now: float, *, may_send: bool) -> Job | None:
        if now >= self.walk_at:
            self.walk_at = now + POLL_S
            return WalkAll()
        if self.adjust:
            self.adjust = False
            return Adjust()
        if now >= self.poll_at:
            self.poll_at = now + POLL_S
            return Poll()
        if now >= self.search_at:
            self.search_at = now + SEARCH_POLL_S
            return None if may_send else SearchNetwork()
        return self.ussd.popleft() if self.ussd and may_send else None

    def next_deadline(self, *, may_send: bool) -> float:
        """Return when the next job is due of those that wait for a moment."""
        reads = min((due for due, _ in self._reads.values()), default=math.inf)
        return min(self.walk_at, self.poll_at, reads, math.inf if may_send else self.search_at)
