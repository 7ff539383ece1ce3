"""Statements on sending: which part is next, how it ended, what a report says; inside a transaction of the store."""

import json
from collections.abc import Collection
from typing import assert_never

from kentongan.queue import outbox, reports
from kentongan.queue.models import File
from kentongan.queue.outbox import PartState, Step
from kentongan.queue.records import (
    DuePart,
    GiveUp,
    InDoubt,
    Moment,
    OutboundMessage,
    PartDraft,
    PartOutcome,
    PartRejected,
    PartSent,
    PartUncertain,
    PauseLine,
    Priority,
    Reason,
    RetryAfter,
    TreatAsSent,
    Verdict,
)
from kentongan.queue.store_messages import NOTHING, Messages

# The index has the order wanted; what waits for its time, or behind an earlier message to its recipient, is skipped.
NEXT_MESSAGE = """
    WITH allowed (priority) AS (SELECT value FROM json_each(?))
    SELECT m.id FROM message m INDEXED BY message_open
    WHERE m.state IN ('queued', 'sending') AND m.line = ? AND (m.anytime OR m.priority IN allowed)
        AND m.due_ms <= ? AND (m.state = 'sending' OR m.expires_ms > ?)
        AND NOT EXISTS (SELECT 1 FROM message_part p WHERE p.message_id = m.id AND p.state = 'sending')
        AND NOT EXISTS (
            SELECT 1 FROM message e INDEXED BY message_recipient
            WHERE e.recipient = m.recipient AND e.state IN ('queued', 'sending') AND e.line = m.line
                AND e.id < m.id AND e.priority <= m.priority AND e.attempts < ?
                AND (e.anytime OR e.priority IN allowed))
    ORDER BY m.priority, m.id LIMIT 1
"""
# One that waits behind an earlier message to its recipient can leave no sooner than that one.
NEXT_DUE = """
    SELECT min(max(m.due_ms, coalesce((
        SELECT max(e.due_ms) FROM message e INDEXED BY message_recipient
        WHERE e.recipient = m.recipient AND e.state IN ('queued', 'sending') AND e.line = m.line
            AND e.id < m.id AND e.priority <= m.priority AND e.attempts < ?), 0)))
    FROM message m INDEXED BY message_open WHERE m.state IN ('queued', 'sending') AND m.line = ?
"""
AWAITING = """
    SELECT p.id, p.reference, m.recipient, p.begun_ms, p.state = 'sent'
    FROM message_part p INDEXED BY message_part_awaiting JOIN message m ON m.id = p.message_id
    WHERE p.line = ? AND p.reference = ? AND p.state IN ('sent', 'uncertain')
"""
LAST_SUCCESS = """
    SELECT begun_ms FROM message_part INDEXED BY message_part_begun
    WHERE line = ? AND begun_ms IS NOT NULL AND state IN ('sent', 'delivered', 'undelivered')
    ORDER BY begun_ms DESC LIMIT 1
"""
LAST_REFERENCE = """
    SELECT reference FROM message_part INDEXED BY message_part_begun
    WHERE line = ? AND begun_ms IS NOT NULL AND id != ? ORDER BY begun_ms DESC LIMIT 1
"""
# By the index of what a line began: at most a day of it, which the caps keep small.
NTH_TO = """
    SELECT p.begun_ms FROM message_part p INDEXED BY message_part_begun JOIN message m ON m.id = p.message_id
    WHERE p.line = ? AND p.begun_ms > ? AND p.begun_ms IS NOT NULL AND p.sequence = 1 AND m.recipient = ?
    ORDER BY p.begun_ms DESC LIMIT 1 OFFSET ?
"""
# What has begun to leave stays: its parts may not come from two numbers.
MOVABLE = """
    SELECT id FROM message INDEXED BY message_open
    WHERE state IN ('queued', 'sending') AND line = ? AND priority < ? AND state = 'queued'
        AND NOT EXISTS (SELECT 1 FROM message_part p WHERE p.message_id = message.id AND p.state != 'queued')
"""
UNDELIVERED = Reason("not_delivered", "the service centre could not deliver it", retryable=True)


class Outbox:
    """Sending part by part."""

    def __init__(self, file: File, messages: Messages) -> None:
        self._file = file
        self._messages = messages

    def due(self, line: str, now_ms: int, allowed: Collection[Priority]) -> DuePart | None:
        """Find the next part of a line: by priority, then age, in order within one recipient."""
        classes = json.dumps(sorted(int(priority) for priority in allowed))
        row = self._file.one(NEXT_MESSAGE, classes, line, now_ms, now_ms, outbox.ORDER_HOLDS_ATTEMPTS)
        if row is None:
            return None
        part = self._file.one(
            "SELECT id, sequence, tpdu_octets, pdu_hex FROM message_part"
            " WHERE message_id = ? AND state = 'queued' ORDER BY sequence LIMIT 1",
            row[0],
        )
        if part is None:
            raise LookupError(f"message {row[0]} waits to be sent and has no part that does")
        return DuePart(part[0], part[1], self._messages.get(row[0]), PartDraft(part[2], part[3]))

    def next_due(self, line: str) -> int | None:
        """Give the earliest moment at which a message of a line may be sent."""
        row = self._file.one(NEXT_DUE, outbox.ORDER_HOLDS_ATTEMPTS, line)
        return None if row is None or row[0] is None else int(row[0])

    def sends_since(self, line: str, since_ms: int) -> int:
        """Count the parts a line began since a moment."""
        return self._file.number(
            "SELECT count(*) FROM message_part WHERE line = ? AND begun_ms >= ? AND begun_ms IS NOT NULL",
            line,
            since_ms,
        )

    def refused_numbers(self, line: str, recipient: str) -> int:
        """Count the recipients refused on a line since its last success, `recipient` among them."""
        return 1 + self._file.number(
            "SELECT count(DISTINCT recipient) FROM message INDEXED BY message_open"
            " WHERE state IN ('queued', 'sending') AND line = ? AND refused_ms > ? AND recipient != ?",
            line,
            self._file.number(LAST_SUCCESS, line),
            recipient,
        )

    def begun_to(self, line: str, recipient: str, since_ms: int, nth: int) -> int:
        """Give when the `nth` newest message to a recipient began to leave since a moment, 0 when there are fewer."""
        return self._file.number(NTH_TO, line, since_ms, recipient, nth - 1)

    def rest(self, message_id: int, until_ms: int) -> None:
        """Let a message wait; no attempt is counted."""
        self._file.run("UPDATE message SET due_ms = ? WHERE id = ?", until_ms, message_id)

    def move(self, line: str, other: str, now_ms: int) -> int:
        """Let what waits for a line leave on another one, but for broadcasts; gives how many messages."""
        ids = [row[0] for row in self._file.run(MOVABLE, line, int(Priority.BROADCAST))]
        for message_id in ids:
            self._file.run(
                "UPDATE message SET line = ?, due_ms = min(due_ms, ?) WHERE id = ?", other, now_ms, message_id
            )
            self._file.run("UPDATE message_part SET line = ? WHERE message_id = ?", other, message_id)
        return len(ids)

    # -- one attempt ---------------------------------------------------------------------------------------------------

    def begin(self, part_id: int, at: Moment) -> None:
        """Write down that a part is about to be handed to the modem."""
        message_id = self._file.number(
            "UPDATE message_part SET state = 'sending', attempts = attempts + 1, begun_ms = ?"
            " WHERE id = ? AND state = 'queued' RETURNING message_id",
            at.steady_ms,
            part_id,
        )
        if not message_id:
            raise LookupError(f"part {part_id} does not wait to be sent")
        self._file.run("UPDATE message SET attempts = attempts + 1 WHERE id = ?", message_id)
        self._messages.step(message_id, Step.BEGIN, at)

    def finish(self, part_id: int, outcome: PartOutcome, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        """Write down how a part ended; one that is not on its way can only be proved to be sent."""
        message_id, state, _ = self._part(part_id)
        if state is not PartState.SENDING:
            late = self.late(part_id, outcome.reference, at) if isinstance(outcome, PartSent) else None
            return late or self._messages.get(message_id)
        match outcome:
            case PartSent(reference):
                return self._taken(part_id, reference, at)
            case PartUncertain(why):
                return self._doubt(part_id, why, verdict, at)
            case PartRejected():
                return self._refused(part_id, message_id, verdict, at)
            case _:
                assert_never(outcome)

    def _refused(self, part_id: int, message_id: int, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        match verdict:
            case TreatAsSent():
                return self._taken(part_id, None, at)
            case InDoubt(why):
                return self._doubt(part_id, why, None, at)
            case RetryAfter(delay_ms):
                self._file.run("UPDATE message SET refused_ms = ? WHERE id = ?", at.steady_ms, message_id)
                return self._again(part_id, message_id, at.steady_ms + delay_ms, at)
            case PauseLine(cause, delay_ms):
                return self._pause(part_id, message_id, cause, at.steady_ms + delay_ms, at)
            case GiveUp(reason):
                self._set_part(part_id, PartState.FAILED)
                return self._messages.step(message_id, Step.GIVE_UP, at, reason)
            case None:
                raise LookupError(f"part {part_id} was refused without a verdict")
            case _:
                assert_never(verdict)

    def _again(self, part_id: int, message_id: int, due_ms: int, at: Moment) -> OutboundMessage:
        """Let a part wait for its next attempt."""
        self._set_part(part_id, PartState.QUEUED)
        self._file.run("UPDATE message SET due_ms = ? WHERE id = ?", due_ms, message_id)
        return self._messages.step(message_id, Step.RETRY, at)

    def _pause(self, part_id: int, message_id: int, cause: str, due_ms: int, at: Moment) -> OutboundMessage:
        """Take the attempt back: the line was at fault."""
        self._file.run(
            "UPDATE message_part SET state = 'queued', attempts = attempts - 1, begun_ms = NULL WHERE id = ?", part_id
        )
        self._file.run("UPDATE message SET attempts = attempts - 1, due_ms = ? WHERE id = ?", due_ms, message_id)
        begun = any(state in outbox.TAKEN for state in self._messages.part_states(message_id))
        return self._messages.step(message_id, Step.RETRY if begun else Step.PAUSE, at, Reason(cause, retryable=True))

    def _taken(self, part_id: int, reference: int | None, at: Moment) -> OutboundMessage:
        """Note that the service centre has the part, if known under which reference; its report may be here already."""
        message_id, _, _ = self._part(part_id)
        self._file.run("UPDATE message_part SET state = 'sent', reference = ? WHERE id = ?", reference, part_id)
        self._file.run("UPDATE message SET attempts = 0, due_ms = ? WHERE id = ?", at.steady_ms, message_id)
        if reference is not None:
            self._report_before_answer(part_id, reference, at)
        self._messages.step(message_id, outbox.sent_step(self._messages.part_states(message_id)), at)
        return self._judge_reports(message_id, at)

    def _doubt(self, part_id: int, why: str, verdict: Verdict | None, at: Moment) -> OutboundMessage:
        """Hold a part of which nobody can know; the reference the modem will have used may prove it sent."""
        message_id, _, line = self._part(part_id)
        if isinstance(verdict, RetryAfter):
            return self._again(part_id, message_id, at.steady_ms + verdict.delay_ms, at)
        last = self._file.one(LAST_REFERENCE, line, part_id)
        self._file.run(
            "UPDATE message_part SET state = 'uncertain', reference = ? WHERE id = ?",
            reports.expected_reference(last[0] if last else None),
            part_id,
        )
        return self._messages.step(message_id, Step.DOUBT, at, Reason("outcome_unknown", why))

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

    def never_left(self, part_id: int, at: Moment) -> OutboundMessage | None:
        """Let a part in doubt that provably never left wait again; an order alone, and before its doubt is final."""
        message_id = self._file.number(
            "SELECT p.message_id FROM message_part p JOIN message m ON m.id = p.message_id"
            " WHERE p.id = ? AND p.state = 'uncertain' AND m.state = 'uncertain' AND NOT m.final"
            " AND coalesce(m.command_id, '') != ''",
            part_id,
        )
        return self._again(part_id, message_id, at.steady_ms, at) if message_id else None

    # -- reports -------------------------------------------------------------------------------------------------------

    def reported(
        self, line: str, reference: int, recipient: str, delivered: bool | None, at: Moment
    ) -> OutboundMessage | None:
        """Take a status report; one that overtook the modem's own answer is kept for it."""
        rows = self._file.run(AWAITING, line, reference)
        awaiting = [reports.Awaiting(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]
        found = reports.match(awaiting, reference, recipient, at.steady_ms)
        if found is None:
            if delivered is not None:
                self._keep_early(line, reference, recipient, delivered, at)
            return None
        if not found.certain:
            self._taken(found.part_id, reference, at)
        message_id, _, _ = self._part(found.part_id)
        if delivered is not None:
            self._set_part(found.part_id, PartState.DELIVERED if delivered else PartState.UNDELIVERED)
        return self._judge_reports(message_id, at)

    def _judge_reports(self, message_id: int, at: Moment) -> OutboundMessage:
        """Let what all reports say together move the message."""
        step = outbox.reported_step(self._messages.part_states(message_id))
        if step is None:
            return self._messages.get(message_id)
        return self._messages.step(message_id, step, at, UNDELIVERED if step is Step.NOT_DELIVERED else NOTHING)

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

    def _report_before_answer(self, part_id: int, reference: int, at: Moment) -> None:
        """Apply a report that came after the part was begun and before the modem told its reference."""
        row = self._file.one(
            "SELECT p.line, m.recipient, p.begun_ms FROM message_part p JOIN message m ON m.id = p.message_id"
            " WHERE p.id = ?",
            part_id,
        )
        if row is None or row[2] is None:
            return
        early = self._file.run(
            "SELECT id, recipient, delivered FROM early_report WHERE line = ? AND reference = ? AND steady_ms >= ?",
            row[0],
            reference,
            max(row[2], at.steady_ms - reports.EARLY_KEPT_MS),
        ).fetchall()
        for report_id, recipient, delivered in early:
            if reports.same_number(row[1], recipient):
                self._file.run("DELETE FROM early_report WHERE id = ?", report_id)
                self._set_part(part_id, PartState.DELIVERED if delivered else PartState.UNDELIVERED)

    # -- parts ---------------------------------------------------------------------------------------------------------

    def _part(self, part_id: int) -> tuple[int, PartState, str]:
        """Give a part's message, state and line."""
        row = self._file.one("SELECT message_id, state, line FROM message_part WHERE id = ?", part_id)
        if row is None:
            raise LookupError(f"there is no part {part_id}")
        return row[0], PartState(row[1]), row[2]

    def _set_part(self, part_id: int, state: PartState) -> None:
        self._file.run("UPDATE message_part SET state = ? WHERE id = ?", str(state), part_id)
