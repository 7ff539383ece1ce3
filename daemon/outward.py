"""What the gateway says to the county: records of the store become documents of the contract. Pure."""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from msgspec import UNSET, UnsetType, structs

from kentongan.daemon.classify import Classified, Label, Rules
from kentongan.daemon.numbers import masked
from kentongan.daemon.public import public_text
from kentongan.mqtt import payloads
from kentongan.mqtt.commands import Refused
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7
from kentongan.queue.records import Encoding, Lane, Moment, OutboundMessage, Sender, SpoolDraft, Ticket

MAX_ADDRESS = 20  # characters of `sender.address` (contract 4.5)
TWICE_OCTETS = 24_000  # of a text that is told twice, whole and masked: a ticket stays within 64 kB (contract 4.5)
NO_REF = "s_" + 12 * "-"  # of a part that could not be read
NOTE_CATEGORY, NOTE_LINK, NOTE_CLOSED = "category", "link", "closed"  # what a backend told about a ticket
LINK_MARK = "\x1f"  # between system and id: no text of a command holds it
BACKEND = "backend"  # stands as the rule of a label that the backend gave


@dataclass(frozen=True, slots=True)
class Voice:
    """How this gateway names itself, writes times and makes ids."""

    topics: Topics
    store_id: str
    ids: Uuid7
    offset_min: Callable[[int], int]  # Unix ms -> minutes east of UTC in the office's zone
    sender_mode: str = "full"  # or "masked": numbers never leave the office
    rules: Rules | None = None  # without them nothing is classified and no group hears anything

    def time(self, wall_ms: int) -> str:
        """Write an instant in the office's zone."""
        return payloads.rfc3339(wall_ms, self.offset_min(wall_ms))

    def month(self, wall_ms: int) -> str:
        """Name the office's month of an instant."""
        return self.time(wall_ms)[:7]

    def draft(self, lane: Lane, channel: str, event_id: str, document: payloads.Event) -> SpoolDraft:
        """Put a document into a lane."""
        return _draft(lane, channel, event_id, document)

    # -- what it is about ----------------------------------------------------------------------------------------------

    def classified(self, ticket: Ticket) -> Classified:
        """Say what a ticket is about; what the backend corrected stands above the rules."""
        if self.rules is None:
            return Classified((), ticket.kind, urgent=False, language="id", confidential=False)
        found = self.rules.classify(ticket.text)
        corrected = tuple(Label(value, (BACKEND,)) for key, value in ticket.notes if key == NOTE_CATEGORY)
        return replace(found, labels=corrected) if corrected else found

    def audience(self, classified: Classified) -> tuple[str, ...]:
        """Name the groups that hear of a ticket."""
        return self.rules.audience(classified) if self.rules else ()

    @staticmethod
    def categories(classified: Classified) -> tuple[payloads.Category, ...]:
        """Word the labels with the rules that gave them."""
        return tuple(payloads.Category(slug=label.slug, rules=label.rules) for label in classified.labels)

    # -- tickets -------------------------------------------------------------------------------------------------------

    def ticket(self, ticket: Ticket, attempt: int, at: Moment, replay_command_id: str = "") -> bytes:
        """Word a ticket for one publication, or for one more on request."""
        about = self.classified(ticket)
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
            kind=about.kind,
            line=ticket.line,
            replay_command_id=replay_command_id or UNSET,
        )
        return payloads.encode(self._annotated(document, ticket, about, at))

    def _annotated(self, document: payloads.Ticket, ticket: Ticket, about: Classified, at: Moment) -> payloads.Ticket:
        """Add what the gateway thinks of a ticket and what the backend told about it."""
        links = [value.partition(LINK_MARK) for key, value in ticket.notes if key == NOTE_LINK]
        closed = [value for key, value in ticket.notes if key == NOTE_CLOSED]
        classified = self.rules is not None
        times = payloads.TicketTimes(
            smsc=UNSET if ticket.smsc_ms is None or ticket.smsc_ms < 0 else ticket.smsc_ms,
            urc=UNSET if ticket.hint_ms is None else ticket.hint_ms,
            read=UNSET if ticket.read_ms is None else ticket.read_ms,
            stored=ticket.received_ms,
            classified=ticket.received_ms if classified else UNSET,  # in the transaction that stores it
            published=at.wall_ms,
        )
        return structs.replace(
            document,
            categories=self.categories(about) if classified else UNSET,
            urgent=about.urgent if classified else UNSET,
            language=about.language if classified else UNSET,
            public_text=public_text(ticket.text)
            if ticket.text and len(ticket.text.encode()) <= TWICE_OCTETS
            else UNSET,
            times=times,
            links=tuple(payloads.TicketLink(system=system, id=name) for system, _, name in links) or UNSET,
            closed=closed[-1] if closed else UNSET,
        )

    def _sender(self, sender: Sender) -> payloads.TicketSender:
        if self.sender_mode == "masked":
            return self.masked_sender(sender)
        named = payloads.TicketSender(ref=sender.ref, replyable=sender.replyable)
        if not sender.number:
            return structs.replace(named, address=sender.address[:MAX_ADDRESS])
        return structs.replace(named, number=sender.number)

    def masked_sender(self, sender: Sender) -> payloads.TicketSender:
        """Name a sender without telling a person's number, not even one too odd to be read as such."""
        named = payloads.TicketSender(ref=sender.ref or NO_REF, replyable=sender.replyable)
        if sender.number:
            return structs.replace(named, masked=masked(sender.number))
        return structs.replace(named, address=public_text(sender.address)[:MAX_ADDRESS])

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
