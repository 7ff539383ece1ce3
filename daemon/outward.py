"""What the gateway says to the county: records of the store become documents of the contract. Pure."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from msgspec import UNSET, UnsetType, structs

from kentongan.daemon.numbers import masked
from kentongan.mqtt import payloads
from kentongan.mqtt.commands import Refused
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7
from kentongan.queue.records import Encoding, Lane, Moment, OutboundMessage, Sender, SpoolDraft, Ticket

MAX_ADDRESS = 20  # characters of `sender.address` (contract 4.5)


@dataclass(frozen=True, slots=True)
class Voice:
    """How this gateway names itself, writes times and makes ids."""

    topics: Topics
    store_id: str
    ids: Uuid7
    offset_min: Callable[[int], int]  # Unix ms -> minutes east of UTC in the office's zone
    sender_mode: str = "full"  # or "masked": numbers never leave the office

    def time(self, wall_ms: int) -> str:
        """Write an instant in the office's zone."""
        return payloads.rfc3339(wall_ms, self.offset_min(wall_ms))

    # -- tickets -------------------------------------------------------------------------------------------------------

    def ticket(self, ticket: Ticket, attempt: int, at: Moment, replay_command_id: str = "") -> bytes:
        """Word a ticket for one publication, or for one more on request."""
        document = payloads.Ticket(
            event_id=ticket.event_id,
            county_id=self.topics.county_id,
            gateway_id=self.topics.gateway_id,
            ticket_id=ticket.ticket_id,
            revision=ticket.revision,
            store_id=self.store_id,
            seq=ticket.seq,
            attempt=attempt,
            received_at=self.time(ticket.received_ms),
            smsc_at=_smsc_at(ticket),
            sent_at=self.time(at.wall_ms),
            clock="synced" if ticket.synced else "unsynced",
            sender=self._sender(ticket.sender),
            text=ticket.text,
            text_lossy=ticket.lossy,
            encoding=ticket.encoding.value,
            parts=payloads.TicketParts(total=ticket.total, received=ticket.received, missing=ticket.missing or UNSET),
            data_base64=b64encode(ticket.data).decode() if ticket.data else UNSET,
            ticket_number=ticket.number,
            thread=ticket.thread.value,
            kind=ticket.kind,
            line=ticket.line,
            replay_command_id=replay_command_id or UNSET,
        )
        return payloads.encode(document)

    def _sender(self, sender: Sender) -> payloads.TicketSender:
        named = payloads.TicketSender(ref=sender.ref, replyable=sender.replyable)
        if not sender.number:
            return structs.replace(named, address=sender.address[:MAX_ADDRESS])
        if self.sender_mode == "masked":
            return structs.replace(named, masked=masked(sender.number))
        return structs.replace(named, number=sender.number)

    # -- replies -------------------------------------------------------------------------------------------------------

    def narrate(self, message: OutboundMessage, at: Moment) -> SpoolDraft | None:
        """Word a reply's change as its event; our own messages have nobody who waits for one."""
        if not message.command_id:
            return None
        event = payloads.ReplyEvent(
            event_id=self.ids.new(at.wall_ms),
            county_id=self.topics.county_id,
            gateway_id=self.topics.gateway_id,
            command_id=message.command_id,
            ticket_id=message.ticket_id or UNSET,
            ref=message.ref or UNSET,
            status=message.state.value,
            revision=message.revision,
            final=message.final,
            at=self.time(at.wall_ms),
            parts=payloads.ReplyParts(total=message.parts, sent=message.parts_sent, delivered=message.parts_delivered),
            encoding="ucs2" if message.encoding is Encoding.UCS2 else "gsm7",
            reason=_reason(message),
        )
        return _draft(Lane.REPLY, "reply", event.event_id, event)

    # -- responses -----------------------------------------------------------------------------------------------------

    def response(
        self,
        command: str,
        command_id: str,
        status: Literal["accepted", "done"],
        at: Moment,
        *,
        result: payloads.Result | None = None,
    ) -> payloads.Response:
        """Word a good answer."""
        return payloads.Response(
            event_id=self.ids.new(at.wall_ms),
            county_id=self.topics.county_id,
            gateway_id=self.topics.gateway_id,
            command_id=command_id,
            command=command,
            status=status,
            duplicate=False,
            at=self.time(at.wall_ms),
            result=result or UNSET,
        )

    def refusal(self, command: str, refused: Refused, at: Moment) -> payloads.Response:
        """Word a refusal."""
        return payloads.Response(
            event_id=self.ids.new(at.wall_ms),
            county_id=self.topics.county_id,
            gateway_id=self.topics.gateway_id,
            command_id=refused.command_id,
            command=command,
            status="rejected",
            duplicate=False,
            at=self.time(at.wall_ms),
            error=refused.error,
        )

    def repeated(self, response: payloads.Response, at: Moment, *, state: str = "") -> payloads.Response:
        """Word a stored answer again, with the current state of what it was about (contract 4.9, check 7)."""
        result = dict(response.result) if response.result is not UNSET else {}
        if state:
            result["state"] = state
        return structs.replace(
            response,
            event_id=self.ids.new(at.wall_ms),
            duplicate=True,
            at=self.time(at.wall_ms),
            result=result or UNSET,
        )

    def spooled(self, response: payloads.Response, correlation: bytes) -> SpoolDraft:
        """Put a response into its lane."""
        return _draft(Lane.RESPONSE, "response", response.event_id, response, correlation)


def _draft(lane: Lane, channel: str, event_id: str, document: payloads.Event, correlation: bytes = b"") -> SpoolDraft:
    return SpoolDraft(lane, channel, event_id, payloads.event_type(document), payloads.encode(document), correlation)


def _smsc_at(ticket: Ticket) -> str | None:
    """Write the service centre's stamp in its own zone, `null` when it is absurd."""
    return None if ticket.smsc_ms is None else payloads.rfc3339(ticket.smsc_ms, ticket.smsc_offset_min)


def _reason(message: OutboundMessage) -> payloads.Reason | UnsetType:
    if message.reason is None:
        return UNSET
    return payloads.Reason(
        code=message.reason.code, message=message.reason.message or UNSET, retryable=message.reason.retryable
    )
