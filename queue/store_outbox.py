"""Statements on outgoing messages; every function runs inside a transaction of the store."""

import json
from collections.abc import Callable, Collection
from typing import assert_never

from kentongan.queue import outbox, reports
from kentongan.queue.outbox import PartState, Step
from kentongan.queue.records import (
    DuePart,
    Encoding,
    GiveUp,
    InDoubt,
    Moment,
    OutboundDraft,
    OutboundMessage,
    OutboundState,
    PartDraft,
    PartOutcome,
    PartRejected,
    PartSent,
    PartUncertain,
    PauseLine,
    Priority,
    Reason,
    RetryAfter,
    SpoolDraft,
    TreatAsSent,
    Verdict,
)
from kentongan.queue.store_file import File, Row
from kentongan.queue.store_spool import Spool

Narrator = Callable[[OutboundMessage, Moment], SpoolDraft | None]

EXPIRE_BATCH = 200  # messages ended in one transaction
NO_REFERENCE = -1  # CMS 197: the service centre has the part, under a reference nobody told us
MESSAGE_COLUMNS = (
    "id, command_id, ticket_id, ref, line, recipient, text, encoding, priority, state, revision, final,"
    " delivery_report, attempts, accepted_ms, reason_code, reason_message, reason_retryable, closed_steady_ms"
)
# The index has the order wanted; what waits for its time, or behind an earlier message to its recipient, is skipped.
NEXT_MESSAGE = """
    SELECT m.id FROM message m INDEXED BY message_open
    WHERE m.state IN ('queued', 'sending') AND m.line = ?
        AND (m.anytime OR m.priority IN (SELECT value FROM json_each(?))) AND m.due_ms <= ? AND (m.state = 'sending' OR m.expires_ms > ?)
        AND NOT EXISTS (SELECT 1 FROM message_part p WHERE p.message_id = m.id AND p.state = 'sending')
        AND NOT EXISTS (
            SELECT 1 FROM message e INDEXED BY message_recipient
            WHERE e.recipient = m.recipient AND e.state IN ('queued', 'sending')
                AND e.id < m.id AND e.priority <= m.priority AND e.attempts < ?)
    ORDER BY m.priority, m.id LIMIT 1
"""
OUTCOMES = {
    "lifetime": Reason("lifetime_over", "it could not be sent within its lifetime", retryable=True),
    "expired": Reason("expired", "its time was over before it could be sent", retryable=True),
    "no_report": Reason("no_delivery_report", "the service centre never reported a delivery"),
    "undelivered": Reason("not_delivered", "the service centre could not deliver it", retryable=True),
    "unknown": Reason("outcome_unknown", "the modem did not say whether it was sent"),
}


class Outbox:
    """The tables of messages and their parts."""

    def __init__(self, file: File, spool: Spool, narrate: Narrator) -> None:
        self._file = file
        self._spool = spool
        self._narrate = narrate

    # -- accepting -----------------------------------------------------------------------------------------------------

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

    def position(self, priority: Priority) -> int:
        """Count the messages that go before a new one of this priority, and that one."""
        return 1 + self._file.number(
            "SELECT count(*) FROM message WHERE state IN ('queued', 'sending') AND priority <= ?", int(priority)
        )

    def concat_reference(self) -> int:
        """Give the reference for the parts of the next message: its own number, in the 8 bits of the header."""
        return (1 + self._file.number("SELECT max(id) FROM message")) % 256

    def newest(self, limit: int) -> list[OutboundMessage]:
        """Give a page of messages, newest first."""
        rows = self._file.run("SELECT id FROM message ORDER BY id DESC LIMIT ?", limit).fetchall()
        return [self.message("id = ?", row[0]) for row in rows]

    # -- sending -------------------------------------------------------------------------------------------------------

    def due(self, line: str, now_ms: int, allowed: Collection[Priority]) -> DuePart | None:
        """Find the next part of a line: by priority, then age, in order within one recipient."""
        classes = json.dumps(sorted(int(priority) for priority in allowed))
        row = self._file.one(NEXT_MESSAGE, line, classes, now_ms, now_ms, outbox.ORDER_HOLDS_ATTEMPTS)
        if row is None:
            return None
        part = self._file.one(
            "SELECT id, sequence, tpdu_octets, pdu_hex FROM message_part"
            " WHERE message_id = ? AND state = 'queued' ORDER BY sequence LIMIT 1",
            row[0],
        )
        assert part is not None  # noqa: S101  a message without parts to send is not in these states
        return DuePart(part[0], part[1], self.message("id = ?", row[0]), PartDraft(part[2], part[3]))

    def next_due(self, line: str) -> int | None:
        """Give the earliest moment at which a message of a line may be sent."""
        row = self._file.one(
            "SELECT min(due_ms) FROM message INDEXED BY message_open WHERE state IN ('queued', 'sending') AND line = ?",
            line,
        )
        return None if row is None or row[0] is None else int(row[0])

    def begin(self, part_id: int, at: Moment) -> None:
        """Write down that a part is about to be handed to the modem."""
        message_id = self._message_id(part_id)
        self._file.run(
            "UPDATE message_part SET state = 'sending', attempts = attempts + 1, begun_ms = ? WHERE id = ?",
            at.steady_ms,
            part_id,
        )
        self._file.run("UPDATE message SET attempts = attempts + 1 WHERE id = ?", message_id)
        self._step(message_id, Step.BEGIN, at)

    def finish(self, part_id: int, outcome: PartOutcome, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        """Write down how a part ended."""
        match outcome:
            case PartSent(reference):
                return self._taken(part_id, reference, at)
            case PartUncertain(why):
                return self._doubt(part_id, why, verdict, at)
            case PartRejected():
                return self._refused(part_id, verdict, at)
            case _:
                assert_never(outcome)

    def _refused(self, part_id: int, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        message_id = self._message_id(part_id)
        match verdict:
            case TreatAsSent():
                return self._taken(part_id, NO_REFERENCE, at)
            case InDoubt(why):
                return self._doubt(part_id, why, None, at)
            case RetryAfter(delay_ms):
                self._part(part_id, PartState.QUEUED)
                self._wait(message_id, at.steady_ms + delay_ms)
                self._file.run("UPDATE message SET refused_ms = ? WHERE id = ?", at.steady_ms, message_id)
                return self._step(message_id, Step.RETRY, at)
            case PauseLine(cause, delay_ms):
                return self._pause(part_id, message_id, Reason(cause, retryable=True), at.steady_ms + delay_ms, at)
            case GiveUp(reason):
                self._part(part_id, PartState.FAILED)
                return self._step(message_id, Step.GIVE_UP, at, reason)
            case None:
                raise ValueError("a refusal wants a verdict")
            case _:
                assert_never(verdict)

    def _pause(self, part_id: int, message_id: int, reason: Reason, due_ms: int, at: Moment) -> OutboundMessage:
        """Take the attempt back: the line was at fault."""
        self._file.run(
            "UPDATE message_part SET state = 'queued', attempts = attempts - 1, begun_ms = NULL WHERE id = ?", part_id
        )
        self._file.run("UPDATE message SET attempts = attempts - 1 WHERE id = ?", message_id)
        self._wait(message_id, due_ms)
        untouched = not any(state in outbox.TAKEN for state in self._part_states(message_id))
        return self._step(message_id, Step.PAUSE if untouched else Step.RETRY, at, reason)

    def _taken(self, part_id: int, reference: int, at: Moment) -> OutboundMessage:
        """Note that the service centre has the part; its report may be here already."""
        message_id = self._message_id(part_id)
        self._file.run(
            "UPDATE message_part SET state = 'sent', reference = ? WHERE id = ?",
            None if reference == NO_REFERENCE else reference,
            part_id,
        )
        self._file.run("UPDATE message SET attempts = 0, due_ms = ? WHERE id = ?", at.steady_ms, message_id)
        message = self._step(message_id, outbox.sent_step(self._part_states(message_id)), at)
        return self._report_before_answer(part_id, reference, at) or message

    def _doubt(self, part_id: int, why: str, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        """Nobody can know; the reference the modem will have used is the only trace for a report."""
        message_id = self._message_id(part_id)
        if isinstance(verdict, RetryAfter):
            self._part(part_id, PartState.QUEUED)
            self._wait(message_id, at.steady_ms + verdict.delay_ms)
            return self._step(message_id, Step.RETRY, at)
        self._file.run(
            "UPDATE message_part SET state = 'uncertain', reference = ? WHERE id = ?",
            reports.expected_reference(self._last_reference(part_id)),
            part_id,
        )
        return self._step(message_id, Step.DOUBT, at, Reason("outcome_unknown", why))

    def interrupted(self, at: Moment) -> int:
        """Turn every part that was on its way when the program ended into an uncertain one."""
        rows = self._file.run("SELECT id FROM message_part WHERE state = 'sending'").fetchall()
        for (part_id,) in rows:
            self._doubt(part_id, "the gateway was interrupted while sending", None, at)
        return len(rows)

    def late(self, part_id: int, reference: int, at: Moment) -> OutboundMessage | None:
        """Take the modem's late answer as evidence for an uncertain part."""
        row = self._file.one("SELECT state FROM message_part WHERE id = ?", part_id)
        if row is None or row[0] != PartState.UNCERTAIN:
            return None
        return self._taken(part_id, reference, at)

    # -- reports -------------------------------------------------------------------------------------------------------

    def reported(
        self, line: str, reference: int, recipient: str, delivered: bool | None, at: Moment
    ) -> OutboundMessage | None:
        """Take a status report; one that overtook the modem's own answer is kept for it."""
        rows = self._file.run(
            "SELECT p.id, p.reference, m.recipient, p.begun_ms, p.state = 'sent' FROM message_part p"
            " INDEXED BY message_part_awaiting JOIN message m ON m.id = p.message_id"
            " WHERE p.line = ? AND p.reference = ? AND p.reference IS NOT NULL AND p.state IN ('sent', 'uncertain')",
            line,
            reference,
        )
        awaiting = [reports.Awaiting(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]
        found = reports.match(awaiting, reference, recipient, at.steady_ms)
        if found is not None:
            return self._report(found.part_id, delivered, at)
        if delivered is not None:
            self._keep_early(line, reference, recipient, delivered, at)
        return None

    def _report(self, part_id: int, delivered: bool | None, at: Moment) -> OutboundMessage:
        """Apply a report to its part; one about an uncertain part proves first that it was sent."""
        message_id = self._message_id(part_id)
        state, reference = self._file.one("SELECT state, reference FROM message_part WHERE id = ?", part_id) or ("", 0)
        if state == PartState.UNCERTAIN:
            self._taken(part_id, reference, at)
        if delivered is None:
            return self.message("id = ?", message_id)
        self._part(part_id, PartState.DELIVERED if delivered else PartState.UNDELIVERED)
        step = outbox.reported_step(self._part_states(message_id))
        if step is None:
            return self.message("id = ?", message_id)
        return self._step(message_id, step, at, OUTCOMES["undelivered"] if step is Step.NOT_DELIVERED else None)

    def _keep_early(self, line: str, reference: int, recipient: str, delivered: bool, at: Moment) -> None:
        self._file.run("DELETE FROM early_report WHERE steady_ms < ?", at.steady_ms - reports.EARLY_KEPT_MS)
        self._file.insert(
            "early_report",
            {
                "line": line,
                "reference": reference,
                "recipient": recipient,
                "delivered": int(delivered),
                "steady_ms": at.steady_ms,
            },
        )

    def _report_before_answer(self, part_id: int, reference: int, at: Moment) -> OutboundMessage | None:
        line, recipient, begun_ms = self._file.one(
            "SELECT p.line, m.recipient, p.begun_ms FROM message_part p JOIN message m ON m.id = p.message_id"
            " WHERE p.id = ?",
            part_id,
        ) or ("", "", 0)
        early = self._file.run(
            "SELECT id, recipient, delivered FROM early_report WHERE line = ? AND reference = ? AND steady_ms >= ?",
            line,
            reference,
            begun_ms,
        ).fetchall()
        for report_id, reported, delivered in early:
            if reports.same_number(recipient, reported):
                self._file.run("DELETE FROM early_report WHERE id = ?", report_id)
                return self._report(part_id, bool(delivered), at)
        return None

    # -- ending --------------------------------------------------------------------------------------------------------

    def cancel(self, command_id: str, at: Moment) -> OutboundMessage | None:
        """Stop a message that is not begun; one that is stays as it is."""
        row = self._file.one("SELECT id, state FROM message WHERE command_id = ?", command_id)
        if row is None:
            return None
        if outbox.after(OutboundState(row[1]), Step.CANCEL) is None:
            return self.message("id = ?", row[0])
        return self._step(row[0], Step.CANCEL, at)

    def expire(self, at: Moment) -> int:
        """End what waited too long: to be sent, to be reported, to be resolved."""
        over = self._file.run(
            "SELECT id, state FROM message INDEXED BY message_expires WHERE state IN ('queued', 'sending')"
            " AND expires_ms <= ? AND NOT EXISTS"
            " (SELECT 1 FROM message_part p WHERE p.message_id = message.id AND p.state = 'sending') LIMIT ?",
            at.steady_ms,
            EXPIRE_BATCH,
        ).fetchall()
        for message_id, state in over:
            waiting = state == OutboundState.QUEUED
            self._step(message_id, Step.EXPIRE, at, OUTCOMES["expired" if waiting else "lifetime"])
        settled = self._file.run(
            "SELECT id, state FROM message WHERE settles_ms <= ? LIMIT ?", at.steady_ms, EXPIRE_BATCH
        ).fetchall()
        for message_id, state in settled:
            self._settle(message_id, OUTCOMES["no_report" if state == OutboundState.SENT else "unknown"], at)
        return len(over) + len(settled)

    def _settle(self, message_id: int, reason: Reason, at: Moment) -> None:
        """Make a state final that nothing will change any more."""
        self._file.run(
            "UPDATE message SET final = 1, settles_ms = NULL, closed_steady_ms = ?, revision = revision + 1,"
            " reason_code = ?, reason_message = ? WHERE id = ?",
            at.steady_ms,
            reason.code,
            reason.message,
            message_id,
        )
        self._tell(message_id, at)

    # -- looking -------------------------------------------------------------------------------------------------------

    def message(self, where: str, *values: object) -> OutboundMessage:
        """Give the one message of a condition; raises `LookupError` when there is none."""
        found = self.find(where, *values)
        if found is None:
            raise LookupError(f"no message where {where}: {values}")
        return found

    def find(self, where: str, *values: object) -> OutboundMessage | None:
        """Give the first message of a condition, or nothing."""
        sql = f"SELECT {MESSAGE_COLUMNS} FROM message WHERE {where}"  # noqa: S608  conditions are our own text
        row = self._file.one(sql, *values)
        return _message(row, self._part_states(row[0])) if row else None

    def sends_since(self, line: str, since_ms: int) -> int:
        """Count the parts a line began since a moment."""
        return self._file.number(
            "SELECT count(*) FROM message_part WHERE line = ? AND begun_ms >= ? AND begun_ms IS NOT NULL",
            line,
            since_ms,
        )

    def refused_numbers(self, line: str, recipient: str) -> int:
        """Count the recipients refused on a line since its last success, `recipient` among them."""
        success = self._file.number(
            "SELECT begun_ms FROM message_part WHERE line = ? AND begun_ms IS NOT NULL"
            " AND state IN ('sent', 'delivered', 'undelivered') ORDER BY begun_ms DESC LIMIT 1",
            line,
        )
        return 1 + self._file.number(
            "SELECT count(DISTINCT recipient) FROM message INDEXED BY message_open"
            " WHERE state IN ('queued', 'sending') AND line = ? AND refused_ms > ? AND recipient != ?",
            line,
            success,
            recipient,
        )

    # -- steps ---------------------------------------------------------------------------------------------------------

    def _step(self, message_id: int, step: Step, at: Moment, reason: Reason | None = None) -> OutboundMessage:
        """Take a message along the table; a change of state is told in the same transaction."""
        row = self._file.one(
            "SELECT state, delivery_report, expires_ms, validity_ms FROM message WHERE id = ?", message_id
        )
        assert row is not None  # noqa: S101  its part refers to it
        state, delivery_report, _, validity_ms = row
        new = outbox.after(OutboundState(state), step)
        if new is None or new == state:
            return self.message("id = ?", message_id)
        final = outbox.is_final(new, delivery_report=bool(delivery_report))
        reason = reason or Reason("")
        self._file.run(
            "UPDATE message SET state = ?, revision = revision + 1, final = ?, settles_ms = ?, closed_steady_ms = ?,"
            " reason_code = ?, reason_message = ?, reason_retryable = ? WHERE id = ?",
            str(new),
            int(final),
            _settles_ms(new, final=final, validity_ms=validity_ms, now_ms=at.steady_ms),
            at.steady_ms if final else None,
            reason.code,
            reason.message,
            int(reason.retryable),
            message_id,
        )
        self._count(new)
        return self._tell(message_id, at)

    def _count(self, state: OutboundState) -> None:
        if state is OutboundState.SENT:
            self._file.run("UPDATE store SET sent = sent + 1")
        elif state is OutboundState.FAILED:
            self._file.run("UPDATE store SET failed = failed + 1")

    def _tell(self, message_id: int, at: Moment) -> OutboundMessage:
        """Let the bridge word the event of a change and keep it for the broker."""
        message = self.message("id = ?", message_id)
        event = self._narrate(message, at)
        if event is not None:
            self._spool.add(event, at.steady_ms)
        return message

    def _part(self, part_id: int, state: PartState) -> None:
        self._file.run("UPDATE message_part SET state = ? WHERE id = ?", str(state), part_id)

    def _wait(self, message_id: int, due_ms: int) -> None:
        self._file.run("UPDATE message SET due_ms = ? WHERE id = ?", due_ms, message_id)

    def _message_id(self, part_id: int) -> int:
        return self._file.number("SELECT message_id FROM message_part WHERE id = ?", part_id)

    def _part_states(self, message_id: int) -> list[PartState]:
        rows = self._file.run("SELECT state FROM message_part WHERE message_id = ? ORDER BY sequence", message_id)
        return [PartState(row[0]) for row in rows]

    def _last_reference(self, part_id: int) -> int | None:
        """Give the reference of the last part the line is known to have sent before this one."""
        row = self._file.one(
            "SELECT p.reference FROM message_part p, message_part mine WHERE mine.id = ? AND p.line = mine.line"
            " AND p.begun_ms IS NOT NULL AND p.begun_ms <= mine.begun_ms AND p.id != mine.id"
            " ORDER BY p.begun_ms DESC LIMIT 1",
            part_id,
        )
        return None if row is None or row[0] is None else int(row[0])


def _settles_ms(state: OutboundState, *, final: bool, validity_ms: int, now_ms: int) -> int | None:
    """Give the moment at which an open end is closed (contract 4.7)."""
    if final:
        return None
    if state is OutboundState.SENT:
        return now_ms + validity_ms + outbox.REPORT_SLACK_MS
    return now_ms + outbox.UNCERTAIN_SETTLES_MS if state is OutboundState.UNCERTAIN else None


def _message(row: Row, parts: Collection[PartState]) -> OutboundMessage:
    reason = Reason(row[15], row[16], bool(row[17])) if row[15] else None
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
        reason=reason,
    )
