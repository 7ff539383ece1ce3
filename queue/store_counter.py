"""The counter of ticket numbers: it never goes back, and what is skipped is on record (domain.md 3.7)."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from kentongan.queue import numbers
from kentongan.queue.models import File
from kentongan.queue.records import Moment

Transaction = Callable[[Moment], AbstractContextManager[None]]


class Counter:
    """The numbers given out, and those that are void."""

    def __init__(self, file: File, transaction: Transaction) -> None:
        self._file = file
        self._transaction = transaction

    def given(self) -> int:
        """Give the high-water mark: the counter of the last number given out or skipped."""
        with self._file.reading():
            return self._file.number("SELECT counter FROM store")

    def stay_above(self, high_water: int, at: Moment) -> bool:
        """Never give out what an earlier card may have given, as others remember it; tells whether it skipped."""
        with self._transaction(at):
            if high_water <= self._file.number("SELECT counter FROM store"):
                return False
            skip_to(self._file, numbers.above(high_water), at)
        return True

    def void(self) -> list[tuple[int, int, int]]:
        """List the ranges that were skipped: first, last, wall clock in milliseconds."""
        with self._file.reading():
            return list(self._file.run("SELECT first, last, wall_ms FROM void_number ORDER BY first"))


def skip_to(file: File, start: int, at: Moment) -> None:
    """Go on above `start`, and put on record what is void for it; inside a transaction."""
    counter = file.number("SELECT counter FROM store")
    if start > counter:
        file.run("INSERT INTO void_number VALUES (?, ?, ?)", counter + 1, start, at.wall_ms)
        file.run("UPDATE store SET counter = ?", start)
