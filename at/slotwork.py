"""Choose which slot is read or freed next: announced ones at once, in a flood many of them by one listing."""

import math
from collections import deque
from dataclasses import dataclass

from kentongan.at.commands import FreeSlot

BATCH = 8
"""So many announced slots are read by one listing of what is unread; until then at most as many deletes go first.

A delete lets the network's next message in: in a flood reading one by one would cost a command a message.
"""

MAX_READS = 1000
"""Slots waiting to be read; more than any store has, so that a flood of notices costs no memory."""


@dataclass(frozen=True, slots=True)
class ReadSlot:
    """Read an announced slot; `tries` is how often it was found empty."""

    storage: str
    index: int
    tries: int


@dataclass(frozen=True, slots=True)
class ReadNew:
    """Read what is unread; these slots were announced."""

    storage: str
    indexes: frozenset[int]


class SlotWork:
    """The slots that wait to be read or freed."""

    def __init__(self) -> None:
        self._frees: deque[FreeSlot] = deque()
        self._reads: dict[tuple[str, int], tuple[float, int]] = {}
        self._patience = BATCH

    @property
    def idle(self) -> bool:
        """Tell whether no slot waits."""
        return not self._frees and not self._reads

    def forget_reads(self) -> None:
        """Drop what was announced: a walk finds it."""
        self._reads.clear()

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
        """Take every delete out: the line cannot do them now."""
        taken = list(self._frees)
        self._frees.clear()
        return taken

    def next_deadline(self) -> float:
        """Return when the next announced slot is due."""
        return min((due for due, _ in self._reads.values()), default=math.inf)

    def take(self, now: float) -> ReadSlot | ReadNew | FreeSlot | None:
        """Take the next job; reads wait for a few deletes, so that one listing can serve them all."""
        due = [key for key, (moment, _) in self._reads.items() if moment <= now]
        if due and (not self._frees or self._patience <= 0 or len(due) >= BATCH):
            self._patience = BATCH
            return self._take_read(due)
        if not self._frees:
            return None
        self._patience -= bool(due)
        return self._frees.popleft()

    def _take_read(self, due: list[tuple[str, int]]) -> ReadSlot | ReadNew:
        storage = due[0][0]
        fresh = [key for key in due if key[0] == storage and self._reads[key][1] == 0]
        if len(fresh) < BATCH:
            _, tries = self._reads.pop(due[0])
            return ReadSlot(*due[0], tries)
        for key in fresh:
            del self._reads[key]
        return ReadNew(storage, frozenset(index for _, index in fresh))
