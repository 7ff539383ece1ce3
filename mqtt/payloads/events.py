"""What the gateway publishes under `event/`; never retained. Consumers ignore fields they do not know."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.payloads.fields import (
    E164,
    CommandId,
    Count,
    Details,
    Milliseconds,
    PartCount,
    Positive,
    Ref,
    SenderRef,
    Slug,
    StoreId,
    TicketNumber,
    Time,
    Uuid,
)

MAX_TICKET_TEXT = 39_015  # characters: 255 parts of 153 septets

Result = dict[str, Any]  # differs from command to command; `result.*` of the schemas


class TicketSender(Struct, frozen=True, kw_only=True):
    """Who wrote: `number` in full, or `masked`, or the `address` the network showed when it is no number."""

    ref: SenderRef
    replyable: bool
    number: E164 | UnsetType = UNSET
    address: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    masked: str | UnsetType = UNSET


class TicketParts(Struct, frozen=True, kw_only=True):
    """How many parts the SMS has and which did not come."""

    total: PartCount
    received: PartCount
    missing: tuple[int, ...] | UnsetType = UNSET


class Category(Struct, frozen=True, kw_only=True):
    """A category the gateway proposes, and the rules that say so."""

    slug: Annotated[str, Meta(max_length=64)]
    rules: tuple[str, ...] = ()


class TicketTimes(Struct, frozen=True, kw_only=True):
    """The measurement points of the procedures, where known."""

    smsc: Milliseconds | UnsetType = UNSET
    urc: Milliseconds | UnsetType = UNSET
    read: Milliseconds | UnsetType = UNSET
    stored: Milliseconds | UnsetType = UNSET
    classified: Milliseconds | UnsetType = UNSET
    published: Milliseconds | UnsetType = UNSET


class Ticket(Struct, frozen=True, kw_only=True, tag_field="schema", tag="ticket/1"):
    """A citizen's SMS, published again until `command/ticket_ack`; the key is (`ticket_id`, `revision`)."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    ticket_id: Uuid
    revision: Annotated[Positive, Meta(description="Grows when a missing part comes late; acknowledge again")]
    store_id: StoreId
    seq: Annotated[Positive, Meta(description="Gap-free inside one store_id: finds holes")]
    attempt: Annotated[Positive, Meta(description="How often this revision was published")]
    received_at: Annotated[Time, Meta(description="When the gateway had stored the last part")]
    sent_at: Annotated[Time, Meta(description="This publication")]
    clock: Literal["synced", "unsynced"]
    sender: TicketSender
    text: Annotated[str, Meta(max_length=MAX_TICKET_TEXT)]
    text_lossy: bool
    encoding: Literal["gsm7", "ucs2", "binary"]
    parts: TicketParts
    smsc_at: Time | UnsetType | None = UNSET
    replay_command_id: CommandId | UnsetType = UNSET
    data_base64: str | UnsetType = UNSET
    ticket_number: TicketNumber | UnsetType = UNSET
    thread: Literal["new", "follow_up", "answer"] | UnsetType = UNSET
    kind: str | UnsetType = UNSET
    categories: tuple[Category, ...] | UnsetType = UNSET
    urgent: bool | UnsetType = UNSET
    language: str | UnsetType = UNSET
    public_text: Annotated[str, Meta(description="The text with numbers and identities masked")] | UnsetType = UNSET
    times: TicketTimes | UnsetType = UNSET
    line: str | UnsetType = UNSET


class Reason(Struct, frozen=True, kw_only=True):
    """Why a reply ended or waits; an unknown code is judged by `retryable`."""

    code: str
    message: str | UnsetType = UNSET
    retryable: bool | UnsetType = UNSET
    details: Details | UnsetType = UNSET


class ReplyParts(Struct, frozen=True, kw_only=True):
    """Parts of the outgoing SMS."""

    total: Count
    sent: Count
    delivered: Count


ReplyStatus = Literal[
    "queued", "sending", "sent", "delivered", "undelivered", "failed", "expired", "cancelled", "uncertain"
]


class ReplyEvent(Struct, frozen=True, kw_only=True, tag_field="schema", tag="reply_event/1"):
    """The life of a reply: keep the highest `revision`, stop at `final`."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    command_id: CommandId
    status: ReplyStatus
    revision: Positive
    final: bool
    at: Time
    ticket_id: Uuid | UnsetType = UNSET
    ref: Ref | UnsetType = UNSET
    parts: ReplyParts | UnsetType = UNSET
    encoding: Literal["gsm7", "ucs2"] | UnsetType = UNSET
    reason: Reason | UnsetType = UNSET


class CommandError(Struct, frozen=True, kw_only=True):
    """Why a command was rejected; `field` is a JSON path, `details` never hold what was sent."""

    code: ErrorCode
    message: str
    retryable: bool
    field: str | UnsetType = UNSET
    details: Details | UnsetType = UNSET


class Response(Struct, frozen=True, kw_only=True, tag_field="schema", tag="response/1"):
    """The answer to a command: `accepted` (the outcome follows), `done` or `rejected` (then with `error`)."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    command_id: CommandId | None
    command: str
    status: Literal["accepted", "done", "rejected"]
    duplicate: bool
    at: Time
    result: Result | UnsetType = UNSET
    error: CommandError | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.status == "rejected" and self.error is UNSET:
            raise ValueError("error: a rejection says why")
