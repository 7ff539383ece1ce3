"""Statements on parts and tickets; every function runs inside a transaction of the store."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from kentongan.queue import inbox, numbers
from kentongan.queue.ids import Uuid7
from kentongan.queue.models import File
from kentongan.queue.records import (
    AckResult,
    Concat,
    Encoding,
    Held,
    InboundPart,
    Lane,
    Moment,
    OutboundDraft,
    Quarantined,
    Received,
    Sender,
    TextPart,
    Thread,
    Ticket,
    TicketAck,
    TicketState,
)
from kentongan.queue.retention import Retention
from kentongan.queue.store_spool import Spool
from kentongan.queue.store_tickets import LISTED, Tickets, notes_of, text_of

CLOSED = """SELECT 1 FROM ticket WHERE number = ? AND (state = 'refused' OR instr(notes, '["closed",') > 0)"""
SIBLINGS = 8  # messages of one sender under one reference that can wait for parts at the same time
HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Answered:
    """Acknowledgements queued to one sender so far."""

    last_hour: int
    last_day: int


Answer = Callable[[Ticket, Answered], OutboundDraft | None]


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """What the office decides about tickets (decisions.md 5, 6)."""

    prefix: str
    thread_window_ms: int = 3_600_000
    follow_ups: bool = True
    open_thread_ms: int = 0  # how long a thread that no backend has closed takes more than the window; 0 for never
    partial_after_ms: int = 8_000
    number_floor: int = 0  # highest number known from outside this file (SIM, retained status), 0 for none
    budget_octets: int = 0  # share of the disk that the store may take, 0 for no limit
    retention: Retention = field(default_factory=Retention)


class Inbox:
    """The tables of parts and tickets."""

    def __init__(self, file: File, tickets: Tickets, spool: Spool, settings: StoreSettings, ids: Uuid7) -> None:
        self._file = file
        self._tickets = tickets
        self._spool = spool
        self.settings = settings
        self._ids = ids

    # -- receiving -----------------------------------------------------------------------------------------------------

    def known(self, key: str) -> Received | None:
        """Recognise a part that is here already."""
        row = self._file.one(
            "SELECT p.id, p.ticket_seq, p.revision, t.published_revision, t.total,"
            " (SELECT count(DISTINCT sequence) FROM part WHERE ticket_seq = t.seq AND sequence > 0)"
            " FROM part p LEFT JOIN ticket t ON t.seq = p.ticket_seq WHERE p.key = ?",
            inbox.key_octets(key),
        )
        if row is None:
            return None
        part_id, seq, revision, published, total, received = row
        if seq is None:
            return Received(duplicate=True, part_id=part_id, held=Held(False, False, False))
        return Received(True, part_id, Held(revision <= published, True, received < total))

    def quarantine(self, part: InboundPart, content: Quarantined, at: Moment) -> Received:
        """Keep what is not a ticket; of a one-time code only that it came, when and from whom."""
        kept = content.keep_body
        blank = TextPart(Sender("", "", "", False), content.text if kept else "", Encoding.BINARY)
        part_id = self._insert_part(part, blank, at, seq=None, revision=0, sequence=0)
        sender = content.sender or Sender("", "", "", replyable=False)
        self._file.run(
            "UPDATE part SET reason = ?, sender = ?, sender_ref = ? WHERE id = ?",
            content.reason,
            sender.address,
            sender.ref,
            part_id,
        )
        if not kept:
            self._file.run("UPDATE part SET pdu_hex = '' WHERE id = ?", part_id)
        self._file.run("UPDATE store SET quarantined = quarantined + 1")
        return Received(False, part_id, Held(published=False, is_ticket=False, incomplete=False))

    def store(self, part: InboundPart, content: TextPart, at: Moment) -> Received:
        """Store a part and the ticket it opens, completes or repeats."""
        concat = inbox.usable(content.concat)
        match self._assign(part.line, content, concat, at):
            case inbox.Opens():
                seq = self._open(part.line, content, concat, at)
                return self._stored(part, content, at, seq, opened=True)
            case inbox.Joins(seq):
                return self._stored(part, content, at, seq, opened=False)
            case inbox.Repeats(seq):
                part_id = self._insert_part(part, content, at, seq=seq, revision=1, sequence=0)
                return Received(False, part_id, self._held(seq, 1))

    def _stored(self, part: InboundPart, content: TextPart, at: Moment, seq: int, *, opened: bool) -> Received:
        revision = self._file.number("SELECT revision + shown FROM ticket WHERE seq = ?", seq)
        concat = inbox.usable(content.concat)
        part_id = self._insert_part(
            part, content, at, seq=seq, revision=revision, sequence=concat.sequence if concat else 1
        )
        if not opened:
            self._grew(seq, content, at)
        ticket = self._tickets.get(seq)
        if opened:
            due_ms = at.steady_ms + (self.settings.partial_after_ms if ticket.missing else 0)
            self._spool.add_ticket(seq, ticket.event_id, due_ms)
        return Received(False, part_id, Held(False, True, bool(ticket.missing)), ticket, opened)

    def _assign(self, line: str, content: TextPart, concat: Concat | None, at: Moment) -> inbox.Assignment:
        if concat is None:
            return inbox.Opens()
        rows = self._file.run(
            "SELECT p.ticket_seq, p.sequence, p.text, p.data, p.steady_ms, p.smsc_ms FROM part p JOIN"
            " (SELECT seq FROM ticket WHERE sender_ref = ? AND opened_steady_ms >= ? AND line = ?"
            " AND sender_address = ? AND concat_width = ? AND concat_reference = ? AND total = ?"
            " ORDER BY seq DESC LIMIT ?) siblings ON p.ticket_seq = siblings.seq WHERE p.sequence > 0",
            content.sender.ref,
            at.steady_ms - inbox.GROUP_WINDOW_MS,
            line,
            content.sender.address,
            concat.width,
            concat.reference,
            concat.total,
            SIBLINGS,
        )
        siblings = [inbox.Sibling(row[0], row[1], text_of(row[2]), *row[3:]) for row in rows]
        arrival = inbox.Arrival(concat.sequence, content.text, content.data, at.steady_ms, content.smsc_ms)
        return inbox.assign(arrival, siblings)

    def _open(self, line: str, content: TextPart, concat: Concat | None, at: Moment) -> int:
        """Open a ticket under the next number, or under its thread's."""
        sender = content.sender
        earlier = self._thread_of(sender, at)
        ticket_id = self._ids.new(at.wall_ms)
        return self._file.insert(
            "ticket",
            {
                "ticket_id": ticket_id,
                "event_id": ticket_id,
                "number": earlier or self._next_number(),
                "line": line,
                "sender_number": sender.number,
                "sender_address": sender.address,
                "sender_ref": sender.ref,
                "replyable": int(sender.replyable),
                "revision": 1,
                "total": concat.total if concat else 1,
                "concat_width": concat.width if concat else 0,
                "concat_reference": concat.reference if concat else 0,
                "opened_steady_ms": at.steady_ms,
                "received_ms": at.wall_ms,
                "synced": int(at.synced),
                "kind": content.kind,
                "thread": str(Thread.FOLLOW_UP if earlier else Thread.NEW),
                "notes": json.dumps(content.notes, ensure_ascii=False),
                "state": str(TicketState.PENDING),
            },
        )

    def _thread_of(self, sender: Sender, at: Moment) -> str:
        """Give the number of the sender's thread, empty when this SMS begins one."""
        if not self.settings.follow_ups:
            return ""
        longest_ms = max(self.settings.thread_window_ms, self.settings.open_thread_ms)
        row = self._file.one(
            "SELECT number, opened_steady_ms FROM ticket"
            " WHERE sender_ref = ? AND opened_steady_ms >= ? AND sender_number = ?"
            " ORDER BY opened_steady_ms DESC, seq DESC LIMIT 1",
            sender.ref,
            at.steady_ms - longest_ms,
            sender.number,
        )
        if row is None:
            return ""
        fresh = row[1] >= at.steady_ms - self.settings.thread_window_ms
        return str(row[0]) if fresh or not self._file.one(CLOSED, row[0]) else ""

    def _next_number(self) -> str:
        counter = self._file.number("UPDATE store SET counter = counter + 1 RETURNING counter")
        return numbers.format_number(self.settings.prefix, counter)

    def _insert_part(  # noqa: PLR0913  a row's columns
        self, part: InboundPart, content: TextPart, at: Moment, *, seq: int | None, revision: int, sequence: int
    ) -> int:
        return self._file.insert(
            "part",
            {
                "key": inbox.key_octets(part.key),
                "line": part.line,
                "steady_ms": at.steady_ms,
                "pdu_hex": part.pdu_hex,
                "ticket_seq": seq,
                "revision": revision,
                "sequence": sequence,
                "text": content.text.encode("utf-8", "surrogatepass"),
                "encoding": str(content.encoding),
                "lossy": int(content.lossy),
                "data": content.data,
                "smsc_ms": content.smsc_ms,
                "smsc_offset_min": content.smsc_offset_min,
                "reason": "",
                "sender": "",
                "hint_ms": part.hint_ms,
                "read_ms": part.read_ms,
            },
        )

    def _grew(self, seq: int, content: TextPart, at: Moment) -> None:
        """Let a ticket take in a further part: a new revision once the old one may have been seen by anybody."""
        row = self._file.one("SELECT shown, notes, total, event_id FROM ticket WHERE seq = ?", seq)
        assert row is not None  # noqa: S101  parts refer to it
        shown, notes, total, event_id = row
        merged = list(dict.fromkeys((*notes_of(notes), *content.notes)))
        self._file.run(
            "UPDATE ticket SET notes = ?, received_ms = ?, synced = ? WHERE seq = ?",
            json.dumps(merged, ensure_ascii=False),
            at.wall_ms,
            int(at.synced),
            seq,
        )
        complete = self._received(seq) == total
        if shown:
            event_id = self._ids.new(at.wall_ms)
            self._file.run(
                "UPDATE ticket SET revision = revision + 1, shown = 0, event_id = ?, state = ?,"
                " closed_steady_ms = NULL WHERE seq = ?",
                event_id,
                str(TicketState.PENDING),
                seq,
            )
            self._spool.remove_ticket(seq, Lane.TICKET)
            self._spool.add_ticket(seq, event_id, at.steady_ms + (0 if complete else self.settings.partial_after_ms))
        elif complete:
            self._spool.bring_forward(seq, at.steady_ms)

    def _received(self, seq: int) -> int:
        return self._file.number("SELECT count(DISTINCT sequence) FROM part WHERE ticket_seq = ? AND sequence > 0", seq)

    def _held(self, seq: int, revision: int) -> Held:
        row = self._file.one("SELECT published_revision, total FROM ticket WHERE seq = ?", seq)
        assert row is not None  # noqa: S101  parts refer to it
        return Held(revision <= row[0], True, self._received(seq) < row[1])

    # -- publication ---------------------------------------------------------------------------------------------------

    def not_shown(self, seqs: Iterable[int]) -> list[int]:
        """Pick the tickets whose current revision nobody can have seen yet."""
        wanted = json.dumps(list(seqs))
        rows = self._file.run(f"SELECT seq FROM ticket WHERE seq IN {LISTED} AND NOT shown", wanted)  # noqa: S608  own text
        return [row[0] for row in rows]

    def show(self, seqs: Sequence[int]) -> None:
        """Mark incomplete tickets that are about to be published: what comes later is another revision."""
        self._file.run(f"UPDATE ticket SET shown = 1 WHERE seq IN {LISTED}", json.dumps(seqs))  # noqa: S608  own text

    def offered(self, seq: int) -> tuple[int, ...]:
        """Note that the broker has the current revision; gives the parts whose slots may go."""
        self._file.run(
            "UPDATE ticket SET published_revision = revision, shown = 1,"
            " state = iif(state = 'pending', 'offered', state) WHERE seq = ? AND published_revision < revision",
            seq,
        )
        return self.parts_of(seq)

    def annotate(self, seq: int, notes: Sequence[tuple[str, str]]) -> None:
        """Replace a ticket's notes."""
        self._file.run("UPDATE ticket SET notes = ? WHERE seq = ?", json.dumps(notes, ensure_ascii=False), seq)

    def parts_of(self, seq: int) -> tuple[int, ...]:
        """Give the identifiers of a ticket's parts."""
        return tuple(row[0] for row in self._file.run("SELECT id FROM part WHERE ticket_seq = ?", seq))

    def acknowledge(self, ack: TicketAck, at: Moment) -> AckResult:
        """Close a ticket that the backend has; the first backend's own number stands."""
        row = self._file.one(
            "SELECT seq, state, revision, backend_ticket, backend_id FROM ticket WHERE ticket_id = ?", ack.ticket_id
        )
        if row is None:
            return AckResult.UNKNOWN
        seq, state, revision, backend_ticket, backend_id = row
        if ack.accepted and backend_ticket and ack.backend_ticket and backend_ticket != ack.backend_ticket:
            return AckResult.CONFLICT
        outdated = bool(ack.revision) and ack.revision < revision
        settled = state in {TicketState.ACCEPTED, TicketState.ERASED} or (
            state == TicketState.REFUSED and not ack.accepted
        )
        nothing_new = backend_ticket == ack.backend_ticket or not ack.backend_ticket
        if nothing_new and (settled or outdated):
            return AckResult.DONE
        self._file.run(
            "UPDATE ticket SET backend_ticket = ?, backend_id = ? WHERE seq = ?",
            ack.backend_ticket or backend_ticket,
            ack.backend_id or backend_id,
            seq,
        )
        if not settled and not outdated:
            self._close(seq, TicketState.ACCEPTED if ack.accepted else TicketState.REFUSED, at)
        return AckResult.DONE

    def _close(self, seq: int, state: TicketState, at: Moment) -> None:
        """End a ticket; that the backend has it proves its publication."""
        self._file.run(
            "UPDATE ticket SET state = ?, closed_steady_ms = ?, published_revision = revision, shown = 1 WHERE seq = ?",
            str(state),
            at.steady_ms,
            seq,
        )
        self._spool.close_ticket(seq)

    # -- looking -------------------------------------------------------------------------------------------------------

    def answered(self, ref: str, at: Moment) -> Answered:
        """Count the acknowledgements queued to a sender."""
        row = self._file.one(
            "SELECT sum(opened_steady_ms > ?), count(*) FROM ticket"
            " WHERE sender_ref = ? AND opened_steady_ms > ? AND answered",
            at.steady_ms - HOUR_MS,
            ref,
            at.steady_ms - DAY_MS,
        )
        assert row is not None  # noqa: S101  an aggregate always has one row
        return Answered(row[0] or 0, row[1])

    def mark_answered(self, seq: int) -> None:
        """Remember that the sender gets an acknowledgement of this ticket."""
        self._file.run("UPDATE ticket SET answered = 1 WHERE seq = ?", seq)
