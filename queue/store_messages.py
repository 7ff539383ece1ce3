"""Statements on outgoing messages and their way along the table of `outbox`; inside a transaction of the store."""

from collections.abc import Callable, Collection

from kentongan.queue import outbox
from kentongan.queue.models import File, Row
from kentongan.queue.outbox import PartState, Step
from kentongan.queue.records import (
    Encoding,
    Moment,
    OutboundDraft,
    OutboundMessage,
    OutboundState,
    Priority,
    Reason,
    SpoolDraft,
)
from kentongan.queue.store_spool import Spool

Narrator = Callable[[OutboundMessage, Moment], SpoolDraft | None]

EXPIRE_BATCH = 200  # messages ended in one transaction
MESSAGE = (
    "SELECT id, command_id, ticket_id, ref, line, recipient, text, encoding, priority, state, revision, final,"
    " delivery_report, attempts, accepted_ms, reason_code, reason_message, reason_retryable FROM message WHERE "
)
OVERDUE = """
    SELECT id, state FROM message INDEXED BY message_expires
    WHERE state IN ('queued', 'sending') AND expires_ms <= ?
        AND NOT EXISTS (SELECT 1 FROM message_part p WHERE p.message_id = message.id AND p.state = 'sending')
    LIMIT ?
"""
NOTHING = Reason("")
EXPIRED = Reason("expired", "its time was over before it could be sent", retryable=True)
LIFETIME_OVER = Reason("lifetime_over", "it could not be sent within its lifetime", retryable=True)
NO_REPORT = Reason("no_delivery_report", "the service centre never reported a delivery")
NEVER_KNOWN = Reason("outcome_unknown", "nothing came that tells whether it was sent")


class Messages:
    """The tables of messages and parts: adding, looking, and the one way to change a state."""

    def __init__(self, file: File, spool: Spool, narrate: Narrator) -> None:
        self._file = file
        self._spool = spool
        self._narrate = narrate

    def add(self, draft: OutboundDraft, at: Moment) -> OutboundMessage:
        """Queue a message and tell so."""
        message_id = self._file.insert(
            "message",
            {
                "command_id": draft.command_id or None,
                "ticket_id": draft.ticket_id,
                "ref": draft.ref,
                "line": draft.line,
                "recipient": draft.recipient,
                "text": draft.text,
                "encoding": str(draft.encoding),
                "priority": int(draft.priority),
                "state": str(OutboundState.QUEUED),
                "revision": 1,
                "final": 0,
                "delivery_report": int(draft.delivery_report),
                "accepted_ms": at.wall_ms,
                "due_ms": at.steady_ms,
                "expires_ms": at.steady_ms + draft.lifetime_ms,
                "validity_ms": draft.validity_ms,
                "anytime": int(draft.anytime),
            },
        )
        for sequence, part in enumerate(draft.parts, start=1):
            self._file.insert(
                "message_part",
                {
                    "message_id": message_id,
                    "sequence": sequence,
                    "tpdu_octets": part.tpdu_octets,
                    "pdu_hex": part.pdu_hex,
                    "state": str(PartState.QUEUED),
                    "line": draft.line,
                },
            )
        return self._tell(message_id, at)

    # -- looking -------------------------------------------------------------------------------------------------------

    def get(self, message_id: int) -> OutboundMessage:
        """Give a message that exists; raises `LookupError` when it does not."""
        found = self.find("id = ?", message_id)
        if found is None:
            raise LookupError(f"there is no message {message_id}")
        return found

    def find(self, where: str, *values: object) -> OutboundMessage | None:
        """Give the first message of a condition, or nothing."""
        row = self._file.one(MESSAGE + where, *values)
        return _message(row, self.part_states(row[0])) if row else None

    def newest(self, limit: int, before_id: int) -> list[OutboundMessage]:
        """Give a page of messages, newest first."""
        return self.some("id < ? ORDER BY id DESC LIMIT ?", before_id, limit)

    def some(self, where: str, *values: object) -> list[OutboundMessage]:
        """Give the messages of a condition (with its order and limit)."""
        rows = self._file.run(MESSAGE + where, *values).fetchall()
        return [_message(row, self.part_states(row[0])) for row in rows]

    def part_states(self, message_id: int) -> list[PartState]:
        """Give the states of a message's parts in order."""
        rows = self._file.run("SELECT state FROM message_part WHERE message_id = ? ORDER BY sequence", message_id)
        return [PartState(row[0]) for row in rows]

    def position(self, priority: Priority) -> int:
        """Give the place of a new message of this priority, from 1."""
        return 1 + self._file.number(
            "SELECT count(*) FROM message INDEXED BY message_open"
            " WHERE state IN ('queued', 'sending') AND priority <= ?",
            int(priority),
        )

    def concat_reference(self) -> int:
        """Give the reference for the parts of the next message: its own number, in the 8 bits of the header."""
        return (1 + self._file.number("SELECT max(id) FROM message")) % 256

    # -- steps ---------------------------------------------------------------------------------------------------------

    def step(self, message_id: int, step: Step, at: Moment, reason: Reason = NOTHING) -> OutboundMessage:
        """Take a message along the table; a change of state is told in the same transaction."""
        row = self._file.one("SELECT state, final, delivery_report, validity_ms FROM message WHERE id = ?", message_id)
        if row is None:
            raise LookupError(f"there is no message {message_id}")
        state, over, delivery_report, validity_ms = row
        new = outbox.after(OutboundState(state), step)
        if over or new is None or new == state:
            return self.get(message_id)
        final = outbox.is_final(new, delivery_report=bool(delivery_report))
        self._file.run(
            "UPDATE message SET state = ?, revision = revision + 1, final = ?, settles_ms = ?, closed_steady_ms = ?,"
            " reason_code = ?, reason_message = ?, reason_retryable = ? WHERE id = ?",
            str(new),
            int(final),
            None if final else outbox.settles_ms(new, at.steady_ms, validity_ms),
            at.steady_ms if final else None,
            reason.code,
            reason.message,
            int(reason.retryable),
            message_id,
        )
        if new in {OutboundState.SENT, OutboundState.FAILED}:
            self._file.run(f"UPDATE store SET {new} = {new} + 1")  # noqa: S608  the counters have the states' names
        return self._tell(message_id, at)

    def cancel(self, command_id: str, at: Moment) -> OutboundMessage | None:
        """Stop a message that is not begun; one that is stays as it is."""
        message_id = self._file.number("SELECT id FROM message WHERE command_id = ?", command_id)
        return self.step(message_id, Step.CANCEL, at) if message_id else None

    def cancel_all(self, where: str, *values: object, at: Moment) -> int:
        """Stop every queued message of a condition; gives how many."""
        rows = self._file.run(f"SELECT id FROM message WHERE state = 'queued' AND {where}", *values).fetchall()  # noqa: S608  own text
        for (message_id,) in rows:
            self.step(message_id, Step.CANCEL, at)
        return len(rows)

    def expire(self, at: Moment) -> int:
        """End what waited too long: to be sent, to be reported, to be resolved."""
        over = self._file.run(OVERDUE, at.steady_ms, EXPIRE_BATCH).fetchall()
        for message_id, state in over:
            self.step(message_id, Step.EXPIRE, at, EXPIRED if state == OutboundState.QUEUED else LIFETIME_OVER)
        open_ends = self._file.run(
            "SELECT id, state FROM message WHERE settles_ms <= ? LIMIT ?", at.steady_ms, EXPIRE_BATCH
        ).fetchall()
        for message_id, state in open_ends:
            self._settle(message_id, NO_REPORT if state == OutboundState.SENT else NEVER_KNOWN, at)
        return len(over) + len(open_ends)

    def _settle(self, message_id: int, reason: Reason, at: Moment) -> None:
        """Make a state final that nothing is expected to change any more."""
        self._file.run(
            "UPDATE message SET final = 1, settles_ms = NULL, closed_steady_ms = ?, revision = revision + 1,"
            " reason_code = ?, reason_message = ? WHERE id = ?",
            at.steady_ms,
            reason.code,
            reason.message,
            message_id,
        )
        self._tell(message_id, at)

    def _tell(self, message_id: int, at: Moment) -> OutboundMessage:
        """Let the bridge word the event of a change and keep it for the broker."""
        message = self.get(message_id)
        event = self._narrate(message, at)
        if event is not None:
            self._spool.add(event, at.steady_ms)
        return message


def _message(row: Row, parts: Collection[PartState]) -> OutboundMessage:
    return OutboundMessage(
        message_id=row[0],
        command_id=row[1] or "",
        ticket_id=row[2],
        ref=row[3],
        line=row[4],
        recipient=row[5],
        text=row[6],
        encoding=Encoding(row[7]),
        priority=Priority(row[8]),
        state=OutboundState(row[9]),
        revision=row[10],
        final=bool(row[11]),
        delivery_report=bool(row[12]),
        parts=len(parts),
        parts_sent=sum(part in outbox.TAKEN for part in parts),
        parts_delivered=sum(part is PartState.DELIVERED for part in parts),
        attempts=row[13],
        accepted_ms=row[14],
        reason=Reason(row[15], row[16], bool(row[17])) if row[15] else None,
    )
