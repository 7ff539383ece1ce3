"""Replies of the backend: whether one may go, its draft, its end (contract 4.9, checks 8 and 9)."""

from collections import deque

import msgspec
from msgspec import UNSET

from kentongan.daemon.drafts import drafts
from kentongan.daemon.effects import Made
from kentongan.daemon.numbers import reference
from kentongan.daemon.outgoing import described, lifetime, segments
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
    Priority,
    SpoolDraft,
    WishLevel,
)
from kentongan.queue.store import Store

FRESH_MS = 3_600_000  # a reply to an SMS of the same hour may leave in quiet hours (decisions.md 7)
MAX_QUEUED = 2_000  # replies that wait: four days at the default daily cap
MINUTE_MS = 60_000


class ReplyRules(msgspec.Struct, frozen=True):
    """The office's limits on replies."""

    max_parts: int
    per_minute: int
    direct: tuple[str, ...] = ()  # beginnings of numbers that may be written to without a ticket, none: nobody
    line: str = ""  # sends what belongs to no ticket
    secret: bytes = b""  # of the sender references


class Whom(msgspec.Struct, frozen=True):
    """Who gets a reply, on which line; without a ticket nobody wrote before."""

    number: str
    line: str
    ticket_id: str = ""
    wrote_ms: int = -FRESH_MS


class Budget(msgspec.Struct):
    """Replies accepted in the last minute."""

    per_minute: int
    taken: deque[int] = msgspec.field(default_factory=deque)

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
        whom = self._addressee(reply)
        if isinstance(whom, Refused):
            return whom
        lifetime_ms = lifetime(reply, at)
        if isinstance(lifetime_ms, Refused):
            return lifetime_ms
        segmented = segments(reply, whom.number, self._store, self._rules.max_parts)
        if isinstance(segmented, Refused):
            return segmented
        if self._budget.spent(at):
            return Refused(ErrorCode.RATE_LIMITED, f"{self._rules.per_minute} replies a minute", reply.command_id)
        position = self._store.queue_position(Priority.REPLY)
        if position > MAX_QUEUED:
            return Refused(ErrorCode.QUEUE_FULL, f"{MAX_QUEUED} replies wait", reply.command_id)
        draft = OutboundDraft(
            whom.line,
            whom.number,
            reply.text,
            Encoding(segmented.encoding),
            drafts(segmented),
            Priority.EMERGENCY if reply.priority == "urgent" else Priority.REPLY,
            command_id=reply.command_id,
            ticket_id=whom.ticket_id,
            ref=reply.ref or "",
            delivery_report=bool(reply.delivery_report),
            lifetime_ms=lifetime_ms,
            anytime=at.wall_ms - whom.wrote_ms <= FRESH_MS,
        )
        result = described(segmented) | {"queue_position": position}
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

    def _addressee(self, reply: payloads.Reply) -> Whom | Refused:
        """Find whom to answer: people who wrote, and where the office allows it some numbers (contract 8)."""
        if reply.to is not UNSET:
            return self._direct(reply.to, reply.command_id)
        ticket = None if reply.ticket_id is UNSET else self._store.ticket(reply.ticket_id)
        if ticket is None:
            return Refused(ErrorCode.UNKNOWN_TICKET, "this gateway has no such ticket", reply.command_id, "ticket_id")
        if not ticket.sender.replyable:
            return Refused(ErrorCode.NOT_REPLYABLE, "its sender cannot be answered", reply.command_id, "ticket_id")
        if self._store.wishes.level_of(ticket.sender.ref) is WishLevel.NOTHING:
            why = "its sender asked for no SMS at all"
            return Refused(ErrorCode.OPTED_OUT, why, reply.command_id, "ticket_id")
        return Whom(ticket.sender.number, ticket.line, ticket.ticket_id, ticket.received_ms)

    def _direct(self, number: str, command_id: str) -> Whom | Refused:
        """Let a number be written to that did not write: only where the office allows its beginning."""
        if not self._rules.direct:
            return Refused(ErrorCode.NOT_ENABLED, "direct_send is off", command_id, "to")
        if not number.startswith(self._rules.direct):
            return Refused(ErrorCode.NUMBER_NOT_ALLOWED, "outside the allowed numbers", command_id, "to")
        if self._store.wishes.level_of(reference(self._rules.secret, number)) is not WishLevel.EVERYTHING:
            return Refused(ErrorCode.OPTED_OUT, "its owner asked for no information", command_id, "to")
        return Whom(number, self._rules.line)
