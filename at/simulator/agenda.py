"""What happens later, in the order of its moments; refuses to know what time it is."""

from collections.abc import Callable
from heapq import heapify, heappop, heappush
from itertools import count

Action = Callable[[], None]


class Agenda:
    """Run actions when their moment has come; inside an action `now` is the action's own moment."""

    def __init__(self) -> None:
        self.now = 0.0
        self._entries: list[tuple[float, int, bool, Action]] = []
        self._order = count()

    def after(self, seconds: float, action: Action, *, durable: bool = False) -> None:
        """Plan an action; a durable one belongs to the world outside and survives a restart of the modem."""
        heappush(self._entries, (self.now + max(0.0, seconds), next(self._order), durable, action))

    def next(self) -> float | None:
        """Return the moment of the next action."""
        return self._entries[0][0] if self._entries else None

    def rebase(self, now: float) -> None:
        """Move everything that was planned to a clock that stands at `now`."""
        shift = now - self.now
        self._entries = [(due + shift, order, durable, action) for due, order, durable, action in self._entries]
        self.now = now

    def forget(self) -> None:
        """Drop what the modem had planned: it lost its supply."""
        self._entries = [entry for entry in self._entries if entry[2]]
        heapify(self._entries)

    def run(self, now: float) -> None:
        """Run everything that is due, each at its own moment."""
        while self._entries and self._entries[0][0] <= now:
            due, _, _, action = heappop(self._entries)
            self.now = max(self.now, due)
            action()
        self.now = max(self.now, now)
