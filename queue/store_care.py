"""Care of what lies in the store: retention, erasure, legal hold, space; each public method is one transaction.

What is erased is overwritten in the file (`secure_delete`) and the log is cut to nothing afterwards. Refuses to touch
what is held, and to erase for want of space what no backend has acknowledged.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from kentongan.queue.models import MODELS, File, Hold, Message, MessagePart, Part, Ticket
from kentongan.queue.outbox import Step
from kentongan.queue.records import Erasure, Lane, Moment, OutboundState, Resident, TicketState, Tidied, Usage
from kentongan.queue.reports import EARLY_KEPT_MS
from kentongan.queue.retention import Pressure, Retention, pressure
from kentongan.queue.store_messages import Messages
from kentongan.queue.store_spool import Spool
from kentongan.queue.store_tickets import LISTED

Transaction = Callable[[Moment], AbstractContextManager[None]]

LATEST_MS = (1 << 63) - 1  # after every due moment
BATCH = 200  # rows of a kind in one transaction: a round may not keep a part waiting that just came
OLD_TICKETS = """
    SELECT seq FROM ticket INDEXED BY ticket_closed
    WHERE state IN ('accepted', 'refused') AND closed_steady_ms <= ? AND (state = 'accepted' OR ?)
        AND sender_ref NOT IN (SELECT sender_ref FROM hold)
    ORDER BY closed_steady_ms LIMIT ?
"""
# Broadcasts and notices are of no ticket; for the rare request of a data subject the whole table is read, once.
TO_NUMBERS = f"SELECT id, state FROM message NOT INDEXED WHERE recipient IN {LISTED} ORDER BY id"  # noqa: S608  own text
OLD_MESSAGES = """
    SELECT id FROM message INDEXED BY message_closed
    WHERE closed_steady_ms IS NOT NULL AND recipient != '' AND closed_steady_ms <= ?
        AND ticket_id NOT IN (SELECT ticket_id FROM ticket WHERE sender_ref IN (SELECT sender_ref FROM hold))
    ORDER BY closed_steady_ms LIMIT ?
"""
BLANK_TICKET = {"sender_number": "", "sender_address": "", "replyable": 0, "notes": "[]"}
BLANK_PART = {"pdu_hex": "", "text": b"", "data": b"", "sender": ""}
WAITING = (str(OutboundState.QUEUED), str(OutboundState.SENDING))


class Care:
    """Retention, erasure, hold and space."""

    def __init__(
        self, file: File, transaction: Transaction, spool: Spool, messages: Messages, retention: Retention
    ) -> None:
        self._file = file
        self._transaction = transaction
        self._spool = spool
        self._messages = messages
        self._retention = retention

    @contextmanager
    def _writing(self, at: Moment) -> Iterator[None]:
        with self._transaction(at), self._file.database.bind_ctx(MODELS):
            self._file.run("PRAGMA defer_foreign_keys = 1")  # rows leave and come back smaller
            yield

    @contextmanager
    def _reading(self) -> Iterator[None]:
        with self._file.reading(), self._file.database.bind_ctx(MODELS):
            yield

    # -- retention -----------------------------------------------------------------------------------------------------

    def tidy(self, at: Moment, limit: int = BATCH) -> Tidied:
        """Do one round of retention; call again until nothing was done.

        When four fifths of the space are used, the oldest acknowledged texts go before their time.
        """
        now_ms, periods = at.steady_ms, self._retention
        with self._file.reserve(), self._writing(at):
            usage = self._file.usage()
            crowded = pressure(usage.used, usage.budget) is Pressure.HARD
            tickets = self._erase_old_tickets(now_ms - periods.body_ms, limit)
            if crowded and not tickets:
                tickets = self._erase_old_tickets(now_ms, limit, refused=False)
            tidied = Tidied(
                pdus=self._erase_pdus(now_ms - periods.pdu_ms, limit),
                quarantined=self._erase_quarantine(now_ms - periods.quarantine_ms, limit),
                tickets=tickets,
                messages=self._erase_old_messages(now_ms - periods.body_ms, limit),
                commands=self._delete_commands(now_ms - periods.command_ms, limit),
                tombstones=self._delete_tombstones(now_ms - periods.tombstone_ms, limit),
            )
            self._file.run("DELETE FROM early_report WHERE steady_ms < ?", now_ms - EARLY_KEPT_MS)
        if tidied != Tidied():
            self._file.empty_log()
        return tidied

    def _erase_pdus(self, before_ms: int, limit: int) -> int:
        """Drop the raw PDUs of tickets; identifiers grow with time, so a mark tells where to go on."""
        parts = self._parts_after("pdus_until", before_ms, limit)
        mine = [part.id for part in parts if part.ticket_seq is not None and not self._is_held(part.ticket_seq)]
        self._mark("pdus_until", parts)
        return _blank(Part, Part.id.in_(mine) & (Part.pdu_hex != ""), pdu_hex="")

    def _erase_quarantine(self, before_ms: int, limit: int) -> int:
        parts = self._parts_after("quarantine_until", before_ms, limit)
        held = self._held()
        mine = [part.id for part in parts if part.ticket_seq is None and part.sender_ref not in held]
        self._mark("quarantine_until", parts)
        if mine:
            self._spool.forget_quarantine(before_ms)
        return _blank(Part, Part.id.in_(mine) & (Part.sender != ""), **BLANK_PART)

    def _parts_after(self, mark: str, before_ms: int, limit: int) -> list[Part]:
        until = self._file.number(f"SELECT {mark} FROM store")  # noqa: S608  a column of ours
        query = Part.select().where(Part.id > until).order_by(Part.id).limit(limit)
        return [part for part in query if part.steady_ms <= before_ms]

    def _mark(self, mark: str, parts: Sequence[Part]) -> None:
        if parts:
            self._file.run(f"UPDATE store SET {mark} = ?", parts[-1].id)  # noqa: S608  a column of ours

    def _erase_old_tickets(self, before_ms: int, limit: int, *, refused: bool = True) -> int:
        rows = self._file.run(OLD_TICKETS, before_ms, int(refused), limit)
        return self._erase_tickets([seq for (seq,) in rows])

    def _erase_old_messages(self, before_ms: int, limit: int) -> int:
        return self._erase_messages([message_id for (message_id,) in self._file.run(OLD_MESSAGES, before_ms, limit)])

    def _delete_commands(self, before_ms: int, limit: int) -> int:
        rows = self._file.run("SELECT rowid, steady_ms FROM command ORDER BY rowid LIMIT ?", limit)
        old = [row[0] for row in rows if row[1] <= before_ms]
        for rowid in old:
            self._file.run("DELETE FROM command WHERE rowid = ?", rowid)
        return len(old)

    def _delete_tombstones(self, before_ms: int, limit: int) -> int:
        """Delete what is left of the oldest; the newest row of a table stays, its identifier must not come again."""
        tickets = [
            t.seq
            for t in self._oldest(Ticket, Ticket.seq, limit)
            if t.state == str(TicketState.ERASED) and t.opened_steady_ms <= before_ms
        ]
        messages = [
            m.id
            for m in self._oldest(Message, Message.id, limit)
            if not m.recipient and m.closed_steady_ms is not None and m.closed_steady_ms <= before_ms
        ]
        strays = [p.id for p in self._oldest(Part, Part.id, limit) if p.ticket_seq is None and p.steady_ms <= before_ms]
        MessagePart.delete().where(MessagePart.message_id.in_(messages)).execute()
        Part.delete().where(Part.ticket_seq.in_(tickets)).execute()
        Part.delete().where(Part.id.in_(strays)).execute()  # not one condition: no index would serve it
        Ticket.delete().where(Ticket.seq.in_(tickets)).execute()
        Message.delete().where(Message.id.in_(messages)).execute()
        return len(tickets) + len(messages) + len(strays)

    @staticmethod
    def _oldest(model: Any, key: Any, limit: int) -> list[Any]:  # noqa: ANN401  peewee leaves model classes untyped
        """Give the oldest rows of a table but its newest."""
        return list(model.select().order_by(key).limit(limit + 1))[:-1]

    # -- erasure on request --------------------------------------------------------------------------------------------

    def erase_sender(self, sender_ref: str, at: Moment) -> Erasure:
        """Erase all texts and numbers of a data subject, acknowledged or not."""
        with self._file.reserve(), self._writing(at):
            if sender_ref in self._held():
                return Erasure(held=(sender_ref,))
            mine = list(Ticket.select(Ticket.seq, Ticket.sender_number).where(Ticket.sender_ref == sender_ref))
            numbers = sorted({ticket.sender_number for ticket in mine} - {""})
            others = self._file.run(TO_NUMBERS, json.dumps(numbers)).fetchall() if numbers else []
            erasure = self._erase([ticket.seq for ticket in mine], at, others)
            strays = Part.ticket_seq.is_null() & (Part.sender_ref == sender_ref) & (Part.sender != "")
            quarantined = _blank(Part, strays, **BLANK_PART)
            if quarantined:
                self._spool.forget_quarantine(LATEST_MS)
        self._file.empty_log()
        return Erasure(erasure.tickets, erasure.messages, quarantined)

    def erase_tickets(self, ticket_ids: Sequence[str], at: Moment) -> Erasure:
        """Erase the texts and numbers of some tickets, acknowledged or not."""
        with self._file.reserve(), self._writing(at):
            held = self._held()
            found = list(Ticket.select(Ticket.seq, Ticket.sender_ref).where(Ticket.ticket_id.in_(list(ticket_ids))))
            erasure = self._erase([ticket.seq for ticket in found if ticket.sender_ref not in held], at)
        self._file.empty_log()
        kept = {ticket.sender_ref for ticket in found} & held
        return Erasure(erasure.tickets, erasure.messages, held=tuple(sorted(kept)))

    def _erase(self, seqs: Sequence[int], at: Moment, others: Sequence[tuple[int, str]] = ()) -> Erasure:
        """Erase tickets with what was sent about them, and other messages (identifier, state)."""
        ids = [t.ticket_id for t in Ticket.select(Ticket.ticket_id).where(Ticket.seq.in_(list(seqs)))]
        sql = f"SELECT id, state FROM message WHERE ticket_id != '' AND ticket_id IN {LISTED} ORDER BY id"  # noqa: S608  own text
        messages = dict([*self._file.run(sql, json.dumps(ids)), *others])
        for message_id, state in messages.items():
            if state in WAITING:
                self._messages.step(message_id, Step.CANCEL, at)
        gone = self._erase_messages(list(messages))
        return Erasure(self._erase_tickets(seqs), gone)

    def _erase_tickets(self, seqs: Sequence[int]) -> int:
        """Leave of each ticket its number in the store, its keyed hash and its times."""
        mine = Ticket.seq.in_(list(seqs)) & (Ticket.state != str(TicketState.ERASED))
        count = _blank(Ticket, mine, state=str(TicketState.ERASED), **BLANK_TICKET)
        _blank(Part, Part.ticket_seq.in_(list(seqs)), **BLANK_PART)
        for seq in seqs:
            self._spool.remove_ticket(seq, Lane.TICKET, Lane.REPLAY, Lane.EVENT)
        return count

    def _erase_messages(self, ids: Sequence[int]) -> int:
        """Leave of each message that is over its identifiers, states and times."""
        over = Message.id.in_(list(ids)) & Message.state.not_in(WAITING) & (Message.recipient != "")
        gone = [message.id for message in Message.select(Message.id).where(over)]
        _blank(MessagePart, MessagePart.message_id.in_(gone), pdu_hex="")
        return _blank(Message, Message.id.in_(gone), text="", recipient="")

    def ids_numbered(self, number: str) -> tuple[str, ...]:
        """Name the tickets of a thread, its follow-ups too; `number` is written as it is stored."""
        with self._file.reading():
            return tuple(row[0] for row in self._file.run("SELECT ticket_id FROM ticket WHERE number = ?", number))

    # -- hold ----------------------------------------------------------------------------------------------------------

    def hold(self, sender_ref: str, at: Moment) -> None:
        """Keep a sender's data from any erasure while a legal case runs."""
        with self._writing(at):
            Hold.insert(sender_ref=sender_ref, wall_ms=at.wall_ms).on_conflict_ignore().execute()

    def release(self, sender_ref: str, at: Moment) -> None:
        """End a hold; what is overdue goes in the next rounds."""
        with self._writing(at):
            Hold.delete().where(Hold.sender_ref == sender_ref).execute()
            self._file.run("UPDATE store SET pdus_until = 0, quarantine_until = 0")

    def _held(self) -> set[str]:
        return {hold.sender_ref for hold in Hold.select()}

    def _is_held(self, seq: int) -> bool:
        held = Ticket.sender_ref.in_(Hold.select(Hold.sender_ref))
        return Ticket.select().where((Ticket.seq == seq) & held).exists()

    # -- looking -------------------------------------------------------------------------------------------------------

    def residents(self, limit: int, after_seq: int = 0) -> list[Resident]:
        """Give a page of the tickets whose text and number are still on the card."""
        with self._reading():
            query = (
                Ticket.select()
                .where((Ticket.seq > after_seq) & (Ticket.state != str(TicketState.ERASED)))
                .order_by(Ticket.seq)
                .limit(limit)
            )
            return [
                Resident(t.seq, t.ticket_id, t.number, t.received_ms, t.sender_ref, TicketState(t.state)) for t in query
            ]

    def quarantined(self) -> dict[str, int]:
        """Count what is in quarantine with its body, by reason."""
        with self._file.reading():
            rows = self._file.run(
                "SELECT reason, count(*) FROM part INDEXED BY part_quarantine"
                " WHERE ticket_seq IS NULL AND pdu_hex != '' GROUP BY reason"
            )
            return dict(rows)

    def usage(self) -> Usage:
        """Measure the space used."""
        with self._file.reading():
            return self._file.usage()

    def integrity(self) -> tuple[str, ...]:
        """Check the whole file, which takes seconds; gives what is wrong, nothing when it is sound."""
        with self._file.reading():
            found = [row[0] for row in self._file.run("PRAGMA integrity_check(20)") if row[0] != "ok"]
            dangling = [f"{row[0]} {row[1]} refers to nothing" for row in self._file.run("PRAGMA foreign_key_check")]
        return (*found, *dangling)


def _blank(model: Any, where: object, **blanks: object) -> int:  # noqa: ANN401  peewee leaves model classes untyped
    """Empty columns of some rows; gives how many.

    The rows leave and come back: a row that shrinks in place leaves its page half empty for ever, while deleting joins
    half-empty pages, so that the space can be used again.
    """
    rows = list(model.select().where(where).dicts())
    model.delete().where(where).execute()
    for start in range(0, len(rows), BATCH):
        model.insert_many([row | blanks for row in rows[start : start + BATCH]]).execute()
    return len(rows)
