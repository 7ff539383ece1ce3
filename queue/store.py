"""The store: one method, one transaction; records in, records out.

Only the core's thread calls it. Refuses to act: it writes down what is intended before it is done and what came of it,
in one fsync each, and it never lets a model of the database out.
"""

import secrets
from collections.abc import Collection, Iterable
from pathlib import Path

from kentongan.queue import migrations, numbers
from kentongan.queue.errors import StoreCorrupt, StoreUnavailable
from kentongan.queue.ids import Uuid7
from kentongan.queue.models import File, Row
from kentongan.queue.records import (
    AckResult,
    CommandRecord,
    Counts,
    DuePart,
    InboundPart,
    Lane,
    Moment,
    OutboundDraft,
    OutboundMessage,
    PartOutcome,
    Priority,
    Received,
    SpoolDraft,
    SpoolItem,
    Ticket,
    TicketAck,
    Verdict,
)
from kentongan.queue.spool import jitter_of, next_offer_ms
from kentongan.queue.store_care import Care
from kentongan.queue.store_counter import Counter
from kentongan.queue.store_inbox import Answer, Answered, StoreSettings
from kentongan.queue.store_incidents import Incidents
from kentongan.queue.store_ledger import Ledger
from kentongan.queue.store_messages import Narrator
from kentongan.queue.store_opening import last_moment, open_file, steady_base, write_clock
from kentongan.queue.store_quarantine import QuarantineTable
from kentongan.queue.store_receiving import Receiving, Teller, untold
from kentongan.queue.store_replay import Replays
from kentongan.queue.store_salvage import Salvaged, salvage, take_up
from kentongan.queue.store_wishes import Wishes
from kentongan.queue.store_writing import Tables, Writing

__all__ = ["Answer", "Answered", "Narrator", "Store", "StoreSettings", "last_moment", "steady_base"]

END = (1 << 63) - 1  # above every rowid


class Store:
    """One SQLite file and everything that must not be lost: what every SMS passes is here, the rest has rooms."""

    def __init__(
        self, file: File, settings: StoreSettings, ids: Uuid7, narrate: Narrator, *, store_id: str = ""
    ) -> None:
        self._tables = tables = Tables.of(file, settings, ids, narrate)
        self._writing = writing = Writing(tables, store_id)
        keep, spool, messages = self._answer_command, tables.spool, tables.messages
        self.counter = Counter(file, writing)
        self.care = Care(file, writing, spool, messages, settings.retention)
        self.incidents = Incidents(file, writing)
        self.replays = Replays(file, writing, keep, spool, messages)
        self.ledger = Ledger(file, writing, keep, spool, messages, tables.inbox)
        self._receiving = Receiving(tables.inbox, spool, messages, self.ledger, tables.wishes)
        self.quarantine = QuarantineTable(file, writing, keep, self._receiving)
        self.salvaged: Salvaged | None = None

    @property
    def store_id(self) -> str:
        """Name this store among all that ever were: event numbers of two stores must not be mistaken."""
        return self._writing.store_id

    @property
    def wishes(self) -> Wishes:
        """Say what citizens asked not to get."""
        return self._tables.wishes

    @property
    def _file(self) -> File:
        return self._tables.file

    @classmethod
    def open(cls, path: Path, settings: StoreSettings, *, at: Moment, ids: Uuid7, narrate: Narrator) -> "Store":
        """Open or create the file; what was on its way when the last run ended becomes uncertain.

        A damaged file is replaced by what can be read of it (`salvaged` tells). A file that cannot be written now can
        still be read: the first transaction that succeeds does what the start left undone.
        """
        numbers.format_number(settings.prefix, 0)
        take_up(path)
        try:
            return cls._opened(open_file(path, settings.budget_octets), settings, at, ids, narrate)
        except StoreCorrupt as error:
            salvaged = salvage(path, str(error))
        store = cls._opened(open_file(path, settings.budget_octets), settings, at, ids, narrate)
        store.salvaged = salvaged
        return store

    @classmethod
    def _opened(cls, file: File, settings: StoreSettings, at: Moment, ids: Uuid7, narrate: Narrator) -> "Store":
        with file.reading():
            last = file.one("SELECT ticket_id FROM ticket ORDER BY seq DESC LIMIT 1")
            known = file.one("SELECT store_id FROM store")
            store = cls(file, settings, ids, narrate, store_id=known[0] if known else secrets.token_hex(4))
        ids.seen(last[0] if last else "")
        try:
            with store._writing(at):
                pass
        except StoreUnavailable:
            if known is None:
                raise
        return store

    @classmethod
    def look(cls, path: Path) -> "Store":
        """Open a file for looking alone, also beside a running gateway.

        Raises `SchemaTooNew`, and `StoreUnavailable` for a file that the gateway has not brought up to date yet.
        """
        file = File(path, "ro")
        with file.reading():
            if migrations.version(file) < len(migrations.MIGRATIONS):
                raise StoreUnavailable("outdated", f"{path}: start the gateway once, it brings the file up to date")
            known = file.one("SELECT store_id FROM store")
            return cls(file, StoreSettings("AA0"), Uuid7(bytes), nobody, store_id=known[0] if known else "")

    def close(self, at: Moment) -> None:
        """Write the log back, note the clock and that the stop was clean."""
        with self._writing(at):
            write_clock(self._file, at)
            self._file.run("UPDATE store SET running = 0")
        self._file.close()

    def note_clock(self, at: Moment) -> None:
        """Write the pair of clocks down when that was not done within a minute."""
        self._writing.note_clock(at)

    def probe(self, at: Moment) -> None:
        """Find out whether the file can be written to again; raises `StoreUnavailable` while it cannot."""
        with self._file.writing():
            write_clock(self._file, at)

    # -- inbound -------------------------------------------------------------------------------------------------------

    def receive(self, part: InboundPart, at: Moment, *, answer: Answer, tell: Teller = untold) -> Received:
        """Store a part with everything it causes; a part that is known writes nothing."""
        with self._file.reading():
            known = self._tables.inbox.known(part.key)
        if known is not None:
            return known
        with self._writing(at):
            return self._receiving.take(part, answer, tell, at)

    def acknowledge(self, ack: TicketAck, at: Moment) -> AckResult:
        """Take the backend's own acknowledgement of a ticket; lost, it is offered again and acknowledged again."""
        with self._writing(at, lasting=False):
            return self._tables.inbox.acknowledge(ack, at)

    def ticket(self, ticket_id: str) -> Ticket | None:
        """Give a ticket, or nothing."""
        with self._file.reading():
            return self._tables.tickets.find("ticket_id = ?", ticket_id)

    def ticket_numbered(self, number: str) -> Ticket | None:
        """Give the ticket that opened the thread of a number as people write it, or nothing."""
        parsed = numbers.parse_number(number)
        if parsed is None:
            return None
        with self._file.reading():
            return self._tables.tickets.find("number = ? ORDER BY thread = 'new' DESC, seq DESC LIMIT 1", parsed.text)

    def tickets(self, limit: int, before_seq: int | None = None) -> list[Ticket]:
        """Give a page of tickets, newest first."""
        with self._file.reading():
            before = END if before_seq is None else before_seq
            return self._tables.tickets.some("seq < ? ORDER BY seq DESC LIMIT ?", before, limit)

    # -- spool ---------------------------------------------------------------------------------------------------------

    def spool_due(
        self, at: Moment, *, limit: int, exclude: Collection[int], responses: int | None = None
    ) -> list[SpoolItem]:
        """Give what may be published now, so many responses at most.

        An incomplete ticket is marked as shown before anybody sees it.
        """
        with self._file.reading():
            rows = self._tables.spool.due(at.steady_ms, limit, exclude, limit if responses is None else responses)
            seqs = [row[8] for row in rows if row[8] is not None]
            tickets = self._tables.tickets.by_seq(seqs)
            unseen = self._tables.inbox.not_shown(seq for seq in seqs if tickets[seq].missing)
        if unseen:
            with self._writing(at):
                self._tables.inbox.show(unseen)
        return [_item(row, tickets.get(row[8])) for row in rows]

    def spool_next_due(self, exclude: Collection[int] = (), lanes: Iterable[Lane] = Lane) -> int | None:
        """Give the steady moment of the earliest publication outside the window, or nothing."""
        with self._file.reading():
            return self._tables.spool.next_due(exclude, lanes)

    def spool_published(self, spool_id: int, at: Moment) -> tuple[int, ...]:
        """Take a PUBACK: an event is done, a ticket is offered; gives the parts whose slots may go.

        Lost, it is published again under the same id. The part itself lasts since it was received.
        """
        with self._writing(at, lasting=False):
            row = self._tables.spool.row(spool_id)
            if row is None:
                closed = self._tables.spool.closed(spool_id)
                return () if closed is None else self._tables.inbox.parts_of(closed)
            attempt, seq = row[7] + 1, row[8]
            if seq is None or row[1] != Lane.TICKET:
                self._tables.spool.done(row, at.steady_ms)
                return ()
            self._tables.spool.postpone(spool_id, at.steady_ms + next_offer_ms(attempt, jitter_of(row[3], attempt)))
            return self._tables.inbox.offered(seq)

    def spool_deferred(self, spool_id: int, at: Moment, delay_ms: int) -> None:
        """Take a refusal of the broker: the same publication later."""
        with self._writing(at, lasting=False):
            self._tables.spool.postpone(spool_id, at.steady_ms + delay_ms)

    def offer_again(self) -> None:
        """Let `spool_due` give once what rests after an earlier publication: the broker or the backend came back."""
        self._tables.spool.offer_again()

    # -- commands ------------------------------------------------------------------------------------------------------

    def command(self, command_id: str) -> CommandRecord | None:
        """Recall a command and its answer, or nothing."""
        with self._file.reading():
            row = self._file.one(
                "SELECT command_id, command, fingerprint, response FROM command WHERE command_id = ?", command_id
            )
        return CommandRecord(*row) if row else None

    def answer(self, record: CommandRecord | None, response: SpoolDraft, at: Moment) -> None:
        """Keep an answer for the broker, and with a record for 400 days.

        Without one nothing was done: if a power cut takes the answer, the same bytes come again and get another. So a
        flood of refused and repeated commands wears no card.
        """
        with self._writing(at, lasting=record is not None):
            self._answer_command(record, response, at)

    def _answer_command(self, record: CommandRecord | None, response: SpoolDraft, at: Moment) -> None:
        if record is not None:
            self._file.insert(
                "command",
                {
                    "command_id": record.command_id,
                    "command": record.command,
                    "fingerprint": record.fingerprint,
                    "response": record.response,
                    "steady_ms": at.steady_ms,
                },
            )
        self._tables.spool.add(response, at.steady_ms)

    # -- outbound ------------------------------------------------------------------------------------------------------

    def accept(self, draft: OutboundDraft, record: CommandRecord, response: SpoolDraft, at: Moment) -> OutboundMessage:
        """Take a reply with its answer and its first event."""
        with self._writing(at):
            self._answer_command(record, response, at)
            return self._tables.messages.add(draft, at)

    def enqueue(self, draft: OutboundDraft, at: Moment) -> OutboundMessage:
        """Queue a message of our own."""
        with self._writing(at):
            return self._tables.messages.add(draft, at)

    def queue_position(self, priority: Priority) -> int:
        """Give the place a new message of this priority would have, from 1."""
        with self._file.reading():
            return self._tables.messages.position(priority)

    def concat_reference(self, recipient: str) -> int:  # noqa: ARG002  one counter serves all recipients
        """Give the concatenation reference for the parts of a message about to be accepted."""
        with self._file.reading():
            return self._tables.messages.concat_reference()

    def outbox(self, limit: int, before_id: int | None = None) -> list[OutboundMessage]:
        """Give a page of messages, newest first."""
        with self._file.reading():
            return self._tables.messages.newest(limit, END if before_id is None else before_id)

    def refused_numbers(self, line: str, recipient: str) -> int:
        """Count the recipients refused on a line since its last success, for `retry.decide`."""
        with self._file.reading():
            return self._tables.outbox.refused_numbers(line, recipient)

    def due_part(self, line: str, at: Moment, *, allowed: Collection[Priority]) -> DuePart | None:
        """Give the next part to send on a line, or nothing."""
        with self._file.reading():
            return self._tables.outbox.due(line, at.steady_ms, allowed)

    def send_next_due(self, line: str) -> int | None:
        """Give the steady moment at which a line may have something to send, or nothing."""
        with self._file.reading():
            return self._tables.outbox.next_due(line)

    def begun_to(self, line: str, recipient: str, since_steady_ms: int, *, nth: int) -> int:
        """Give when the `nth` newest message to a recipient began to leave on a line since a moment, 0 for fewer."""
        with self._file.reading():
            return self._tables.outbox.begun_to(line, recipient, since_steady_ms, nth)

    def rest(self, message_id: int, until_steady_ms: int, at: Moment) -> None:
        """Let a message wait until a steady moment, without counting an attempt."""
        with self._writing(at):
            self._tables.outbox.rest(message_id, until_steady_ms)

    def move(self, line: str, other: str, at: Moment) -> int:
        """Let what waits for a line, and is no broadcast, leave on another one; gives how many messages."""
        with self._writing(at):
            return self._tables.outbox.move(line, other, at.steady_ms)

    def begin(self, part_id: int, at: Moment) -> None:
        """Commit that a part is being sent, before a byte of it is written."""
        with self._writing(at):
            self._tables.outbox.begin(part_id, at)

    def finish(self, part_id: int, outcome: PartOutcome, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        """Commit how a part ended; a refusal needs its verdict."""
        with self._writing(at):
            return self._tables.outbox.finish(part_id, outcome, verdict, at)

    def submitted_late(self, part_id: int, reference: int, at: Moment) -> OutboundMessage | None:
        """Take a late answer as evidence; nothing when the part is not in doubt."""
        with self._writing(at):
            return self._tables.outbox.late(part_id, reference, at)

    def never_left(self, part_id: int, at: Moment) -> OutboundMessage | None:
        """Send again what provably never left the modem; nothing when it is not in doubt, or was nobody's order."""
        with self._writing(at):
            return self._tables.outbox.never_left(part_id, at)

    def reported(
        self, line: str, reference: int, recipient: str, delivered: bool | None, at: Moment
    ) -> OutboundMessage | None:
        """Take a status report (`None`: temporary); nothing when no part matches."""
        with self._writing(at):
            return self._tables.outbox.reported(line, reference, recipient, delivered, at)

    def cancel(self, command_id: str, at: Moment) -> OutboundMessage | None:
        """Stop a message not yet begun; gives it as it stands then, or nothing."""
        with self._writing(at):
            return self._tables.messages.cancel(command_id, at)

    def expire(self, at: Moment) -> int:
        """End what waited too long; gives how many messages."""
        with self._writing(at):
            return self._tables.messages.expire(at)

    def message_of(self, command_id: str) -> OutboundMessage | None:
        """Give the message of a command, or nothing."""
        with self._file.reading():
            return self._tables.messages.find("command_id = ?", command_id)

    def sends_since(self, line: str, since_steady_ms: int) -> int:
        """Count the parts a line began since a steady moment."""
        with self._file.reading():
            return self._tables.outbox.sends_since(line, since_steady_ms)

    # -- figures -------------------------------------------------------------------------------------------------------

    def counts(self, at: Moment) -> Counts:
        """Give the figures for health, status and lamps."""
        with self._file.reading():
            return self._tables.figures.counts(at)


def nobody(_message: OutboundMessage, _at: Moment) -> SpoolDraft | None:
    """Tell nobody of a change."""
    return None


def _item(row: Row, ticket: Ticket | None) -> SpoolItem:
    return SpoolItem(
        spool_id=row[0],
        lane=Lane(row[1]),
        channel=row[2],
        event_id=row[3],
        event_type=row[4],
        body=row[5],
        correlation=row[6],
        attempt=row[7] + 1,
        ticket=ticket,
    )
