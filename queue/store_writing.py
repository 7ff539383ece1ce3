"""The store's transactions: the first of a process starts the store, about one a minute takes the clocks along."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from kentongan.queue import numbers
from kentongan.queue.ids import Uuid7
from kentongan.queue.models import File
from kentongan.queue.records import Moment
from kentongan.queue.store_counter import skip_to
from kentongan.queue.store_figures import Figures
from kentongan.queue.store_inbox import Inbox, StoreSettings
from kentongan.queue.store_messages import Messages, Narrator
from kentongan.queue.store_opening import CLOCK_EVERY_MS, create, write_clock
from kentongan.queue.store_outbox import Outbox
from kentongan.queue.store_spool import Spool
from kentongan.queue.store_tickets import Tickets
from kentongan.queue.store_wishes import Wishes

NOT_STARTED = -CLOCK_EVERY_MS  # the first transaction takes the clocks along in any case


@dataclass(frozen=True, slots=True)
class Tables:
    """The statements on each group of tables; they run inside a transaction that is not theirs."""

    file: File
    spool: Spool
    tickets: Tickets
    inbox: Inbox
    messages: Messages
    outbox: Outbox
    wishes: Wishes
    figures: Figures

    @classmethod
    def of(cls, file: File, settings: StoreSettings, ids: Uuid7, narrate: Narrator) -> "Tables":
        """Put them together; inside `reading`."""
        spool, tickets = Spool(file), Tickets(file)
        messages = Messages(file, spool, narrate)
        inbox = Inbox(file, tickets, spool, settings, ids)
        return cls(file, spool, tickets, inbox, messages, Outbox(file, messages), Wishes(file), Figures(file))


class Writing:
    """Runs transactions, called with the moment of each."""

    def __init__(self, tables: Tables, store_id: str) -> None:
        self._tables = tables
        self._file = tables.file
        self._clock_ms = NOT_STARTED
        self.store_id = store_id

    @contextmanager
    def __call__(self, at: Moment, *, lasting: bool = True) -> Iterator[None]:
        """Run one transaction; `lasting` is false for what others say again when it was lost."""
        due = at.steady_ms - self._clock_ms >= CLOCK_EVERY_MS
        with self._file.writing(lasting=lasting or due):
            if self._clock_ms == NOT_STARTED:
                self._start(at)
            yield
            if due:
                write_clock(self._file, at)
        if due:
            self._clock_ms = at.steady_ms

    def note_clock(self, at: Moment) -> None:
        """Write the pair of clocks down when that was not done within a minute."""
        if at.steady_ms - self._clock_ms >= CLOCK_EVERY_MS:
            with self(at):
                pass

    def _start(self, at: Moment) -> None:
        """Mark the store as running; after an unclean stop, or below a number known outside, numbers are skipped."""
        row = self._file.one("SELECT running, counter FROM store")
        if row is None:
            create(self._file, self.store_id, at)
        running, counter = row or (0, 0)
        if running:
            skip_to(self._file, numbers.after_unclean_stop(counter), at)
        floor = self._tables.inbox.settings.number_floor
        if floor > counter:
            skip_to(self._file, numbers.above(floor), at)
        self._file.run("UPDATE store SET running = 1")
        self._tables.outbox.interrupted(at)
