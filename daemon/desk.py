"""The backend's commands: checks 7 to 9 of contract 4.9 and their effect, one transaction each.

Every command gets an answer in the same transaction as its effect; the caller acknowledges to the broker afterwards. A
bad command never blocks the next one and never echoes what was sent.
"""

from collections import deque
from dataclasses import dataclass, field

import msgspec
from msgspec import UNSET

from kentongan.at import pdu
from kentongan.at.errors import NotEncodable
from kentongan.daemon.broker import Broker
from kentongan.daemon.events import Command, Note
from kentongan.daemon.outward import Voice
from kentongan.mqtt import commands as contract
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.mqtt.events import MessageReceived
from kentongan.mqtt.topics import CommandTopic, PresenceTopic
from kentongan.queue.records import (
    AckResult,
    CommandRecord,
    Encoding,
    Moment,
    OutboundDraft,
    PartDraft,
    Priority,
    Ticket,
    TicketAck,
)
from kentongan.queue.store import Store

DAY_MS = 86_400_000
LIFETIME_MS = DAY_MS  # of a reply without `expires_at` (contract 4.7)
OLDEST_ISSUE_MS = 7 * DAY_MS  # an older `issued_at` is a replay (contract 8)
FRESH_MS = 3_600_000  # a reply to an SMS of the same hour may leave in quiet hours (decisions.md 7)
MAX_QUEUED = 2_000  # replies that wait: four days at the default daily cap
MINUTE_MS = 60_000
NETWORK_VALIDITY_MIN = 1_440  # how long the service centre keeps trying


# A command with an id of its own; a ticket_ack is idempotent without one.
Numbered = payloads.Reply | payloads.ReplyCancel | payloads.Resend | payloads.Get | payloads.Ping | payloads.Erase
Made = tuple[payloads.Response, OutboundDraft | None] | Refused


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


class Desk:
    """Reads what the broker delivered and answers it."""

    def __init__(self, store: Store, broker: Broker, voice: Voice, rules: ReplyRules) -> None:
        self._store = store
        self._broker = broker
        self._voice = voice
        self._rules = rules
        self._budget = Budget(rules.per_minute)

    def handle(self, event: MessageReceived, at: Moment) -> list[Command]:
        """Commit one message of a subscription; the caller acknowledges it then."""
        match self._voice.topics.read(event.topic):
            case PresenceTopic():
                return self._presence(event, at)
            case CommandTopic(name):
                return self._command(name, event, at)
            case None:
                return [Note("message_ignored", (("topic", event.topic),))]

    def _presence(self, event: MessageReceived, at: Moment) -> list[Command]:
        """Offer everything again to a backend that came back (contract 4.7)."""
        presence = payloads.read_presence(event.payload) if event.payload else None
        state = presence.state if presence else "unknown"
        came = state == "online" and self._broker.status.backend != "online"
        self._broker.note(backend=state)
        offered = self._store.offer_again(at) if came else 0
        return [Note("backend_presence", (("state", state), ("offered_again", offered)))]

    def _command(self, name: str, event: MessageReceived, at: Moment) -> list[Command]:
        command = contract.read(name, event.payload, retained=event.retained)
        match command:
            case Refused():
                outcome = self._refuse(name, command, event, at)
            case payloads.TicketAck():
                outcome = self._ticket_ack(command, event, at)
            case _:
                outcome = self._once(name, command, event, at)
        return [Note("command_handled", (("command", name), ("outcome", outcome)))]

    def _refuse(self, name: str, refused: Refused, event: MessageReceived, at: Moment) -> str:
        response = self._voice.refusal(name, refused, at)
        self._store.answer(None, self._voice.spooled(response, event.correlation), at)
        return refused.code.value

    # -- ticket_ack ----------------------------------------------------------------------------------------------------

    def _ticket_ack(self, ack: payloads.TicketAck, event: MessageReceived, at: Moment) -> str:
        """Close a ticket; a good one needs no answer, it is sent for every delivery."""
        result = self._store.acknowledge(
            TicketAck(
                ack.ticket_id,
                ack.status == "accepted",
                revision=ack.revision or 0,
                backend_ticket=ack.backend_ticket or "",
                backend_id=ack.backend_id or "",
                reason=ack.reason or "",
            ),
            at,
        )
        self._broker.note(last_ack_ms=at.wall_ms)
        match result:
            case AckResult.DONE:
                return ack.status
            case AckResult.UNKNOWN:
                refused = Refused(ErrorCode.UNKNOWN_TICKET, "this gateway has no such ticket", field="ticket_id")
            case AckResult.CONFLICT:
                why = "the ticket was accepted under another backend_ticket"
                refused = Refused(ErrorCode.ID_CONFLICT, why, field="backend_ticket")
        return self._refuse("ticket_ack", refused, event, at)

    # -- commands with an id -------------------------------------------------------------------------------------------

    def _once(self, name: str, command: Numbered, event: MessageReceived, at: Moment) -> str:
        """Do a command once: its id and fingerprint decide whether it was done before (contract 4.9, check 7)."""
        fingerprint = contract.fingerprint(command)
        record = self._store.command(command.command_id)
        if record is None:
            return self._first(name, command, fingerprint, event, at)
        if (record.command, record.fingerprint) != (name, fingerprint):
            refused = Refused(ErrorCode.ID_CONFLICT, "this command_id was used for another command", command.command_id)
            return self._refuse(name, refused, event, at)
        stored = msgspec.json.decode(record.response, type=payloads.Response)
        message = self._store.message_of(command.command_id)
        again = self._voice.repeated(stored, at, state=message.state.value if message else "")
        self._store.answer(None, self._voice.spooled(again, event.correlation), at)
        return "duplicate"

    def _first(self, name: str, command: Numbered, fingerprint: str, event: MessageReceived, at: Moment) -> str:
        made = self._made(name, command, at)
        if isinstance(made, Refused):
            if made.retryable:  # the very same bytes may come again, so nothing is remembered
                return self._refuse(name, made, event, at)
            made = (self._voice.refusal(name, made, at), None)
        response, draft = made
        record = CommandRecord(command.command_id, name, fingerprint, payloads.encode(response))
        spooled = self._voice.spooled(response, event.correlation)
        if draft is None:
            self._store.answer(record, spooled, at)
        else:
            self._store.accept(draft, record, spooled, at)
            self._budget.take(at)
        return response.error.code.value if response.error else response.status

    def _made(self, name: str, command: Numbered, at: Moment) -> Made:
        """Decide what a command does and how it is answered."""
        match command:
            case payloads.Reply():
                return self._reply(command, at)
            case payloads.Ping():
                result = {"echo": command.echo} if command.echo else None
                return self._voice.response(name, command.command_id, "done", at, result=result), None
            case _:
                why = "this gateway does not offer it yet"
                return Refused(ErrorCode.NOT_ENABLED, why, command.command_id)

    # -- reply ---------------------------------------------------------------------------------------------------------

    def _reply(self, reply: payloads.Reply, at: Moment) -> Made:
        """Check a reply and make its draft (contract 4.9, checks 8 and 9)."""
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
        return self._voice.response("reply", reply.command_id, "accepted", at, result=result), draft

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
