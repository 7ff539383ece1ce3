"""Replies of the backend: whether one may go, its draft, its end (contract 4.9, checks 8 and 9)."""

from collections import deque
from dataclasses import dataclass, field

from msgspec import UNSET

from kentongan.at import pdu
from kentongan.at.errors import NotEncodable
from kentongan.daemon.effects import Made
from kentongan.daemon.outward import Voice
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import (
    CommandRecord,
    Encoding,
    Moment,
    OutboundDraft,
    OutboundState,
    PartDraft,
    Priority,
    SpoolDraft,
    Ticket,
)
from kentongan.queue.store import Store

DAY_MS = 86_400_000
LIFETIME_MS = DAY_MS  # of a reply without `expires_at` (contract 4.7)
SKEW_MS = 300_000  # between `issued_at` and our clock; more is worth an alarm (contract 4.9)
OLDEST_ISSUE_MS = 7 * DAY_MS  # an older `issued_at` is a replay (contract 8)
FRESH_MS = 3_600_000  # a reply to an SMS of the same hour may leave in quiet hours (decisions.md 7)
MAX_QUEUED = 2_000  # replies that wait: four days at the default daily cap
MINUTE_MS = 60_000
NETWORK_VALIDITY_MIN = 1_440  # how long the service centre keeps trying


@dataclass(frozen=True, slots=True)
class ReplyRules:
    """The office's limits on replies."""

    max_parts: int
    per_minute: int


@dataclass(slots=True)
class Budget:
    """Replies accepted in the last minute."""

    per_minute: int
    taken: deque[int] = field(default_factory=deque)

    def spent(self, at: Moment) -> bool:
        """Tell whether another reply would be one too many."""
        while self.taken and self.taken[0] <= at.steady_ms - MINUTE_MS:
            self.taken.popleft()
        return len(self.taken) >= self.per_minute

    def take(self, at: Moment) -> None:
        """Count one."""
        self.taken.append(at.steady_ms)


class Replies:
    """Makes drafts, and keeps the backend within its budget."""

    def __init__(self, store: Store, voice: Voice, rules: ReplyRules) -> None:
        self._store = store
        self._voice = voice
        self._rules = rules
        self._budget = Budget(rules.per_minute)

    def make(self, reply: payloads.Reply, at: Moment) -> Made:
        """Check a reply and make its draft (contract 4.9, checks 8 and 9)."""
        if reply.sender_id is not UNSET:
            why = "a SIM sends from its own number"
            return Refused(ErrorCode.SENDER_ID_NOT_POSSIBLE, why, reply.command_id, "sender_id")
        ticket = self._addressee(reply)
        if isinstance(ticket, Refused):
            return ticket
        lifetime_ms = self._lifetime(reply, at)
        if isinstance(lifetime_ms, Refused):
            return lifetime_ms
        segmented = self._segments(reply, ticket)
        if isinstance(segmented, Refused):
            return segmented
        if self._budget.spent(at):
            return Refused(ErrorCode.RATE_LIMITED, f"{self._rules.per_minute} replies a minute", reply.command_id)
        position = self._store.queue_position(Priority.REPLY)
        if position > MAX_QUEUED:
            return Refused(ErrorCode.QUEUE_FULL, f"{MAX_QUEUED} replies wait", reply.command_id)
        draft = OutboundDraft(
            ticket.line,
            ticket.sender.number,
            reply.text,
            Encoding(segmented.encoding),
            tuple(PartDraft(part.tpdu_octets, part.pdu_hex) for part in segmented.parts),
            Priority.EMERGENCY if reply.priority == "urgent" else Priority.REPLY,
            command_id=reply.command_id,
            ticket_id=ticket.ticket_id,
            ref=reply.ref or "",
            delivery_report=bool(reply.delivery_report),
            lifetime_ms=lifetime_ms,
            anytime=at.wall_ms - ticket.received_ms <= FRESH_MS,
        )
        result: payloads.Result = {
            "parts": len(draft.parts),
            "encoding": draft.encoding.value,
            "queue_position": position,
        }
        if segmented.changes:
            result["changes"] = [f"{change.before!r} -> {change.after!r}" for change in segmented.changes]
        accepted = self._voice.response("reply", reply.command_id, "accepted", at, result=result)
        return accepted, lambda record, spooled: self._accept(draft, record, spooled, at)

    def _accept(self, draft: OutboundDraft, record: CommandRecord, spooled: SpoolDraft, at: Moment) -> None:
        self._store.accept(draft, record, spooled, at)
        self._budget.take(at)

    def cancel(self, command: payloads.ReplyCancel, at: Moment) -> Made:
        """Stop a reply that has not begun to leave; stopped before the answer, for to stop twice is to stop once."""
        message = self._store.cancel(command.target_command_id, at)
        if message is None:
            why, where = "no reply has this id", "target_command_id"
            return Refused(ErrorCode.UNKNOWN_COMMAND_ID, why, command.command_id, where)
        details: payloads.Details = {"state": message.state.value}
        if message.state is not OutboundState.CANCELLED:
            why = "it has begun to leave" if not message.final else "it is over"
            return Refused(ErrorCode.TOO_LATE, why, command.command_id, "target_command_id", details)
        return self._voice.response("reply_cancel", command.command_id, "done", at, result=dict(details)), None

    def _addressee(self, reply: payloads.Reply) -> Ticket | Refused:
        """Find whom to answer: only people who wrote (contract 8)."""
        if reply.ticket_id is UNSET:
            return Refused(ErrorCode.NOT_ENABLED, "direct_send is off", reply.command_id, "to")
        ticket = self._store.ticket(reply.ticket_id)
        if ticket is None:
            return Refused(ErrorCode.UNKNOWN_TICKET, "this gateway has no such ticket", reply.command_id, "ticket_id")
        if not ticket.sender.replyable:
            return Refused(ErrorCode.NOT_REPLYABLE, "its sender cannot be answered", reply.command_id, "ticket_id")
        return ticket

    def _lifetime(self, reply: payloads.Reply, at: Moment) -> int | Refused:
        """Turn `expires_at` into steady milliseconds; a clock nobody trusts cannot expire anything."""
        issued_ms = at.wall_ms if reply.issued_at is UNSET else payloads.unix_ms(reply.issued_at)
        if at.synced and issued_ms < at.wall_ms - OLDEST_ISSUE_MS:
            return Refused(ErrorCode.ALREADY_EXPIRED, "issued more than 7 days ago", reply.command_id, "issued_at")
        if reply.expires_at is UNSET:
            return LIFETIME_MS
        now_ms = at.wall_ms if at.synced else issued_ms
        left_ms = payloads.unix_ms(reply.expires_at) - now_ms
        if left_ms <= 0:
            return Refused(ErrorCode.ALREADY_EXPIRED, "expires_at has passed", reply.command_id, "expires_at")
        return left_ms

    def _segments(self, reply: payloads.Reply, ticket: Ticket) -> pdu.Segmented | Refused:
        """Encode the text into parts."""
        if not reply.text.strip():
            return Refused(ErrorCode.TEXT_EMPTY, "nothing to send", reply.command_id, "text")
        most = min(self._rules.max_parts, reply.max_parts or self._rules.max_parts)
        try:
            return pdu.segment(
                reply.text,
                ticket.sender.number,
                reference=self._store.concat_reference(ticket.sender.number),
                report=bool(reply.delivery_report),
                validity_min=NETWORK_VALIDITY_MIN,
                max_parts=most,
            )
        except NotEncodable as error:
            why = f"the character at index {error.index} cannot be sent"
            return Refused(ErrorCode.TEXT_NOT_ENCODABLE, why, reply.command_id, "text")
        except pdu.TooLong as error:
            details: payloads.Details = {"parts": error.parts, "max_parts": most, "encoding": error.encoding}
            why = f"text needs {error.parts} SMS parts, the limit is {most}"
            return Refused(ErrorCode.TEXT_TOO_LONG, why, reply.command_id, "text", details)
