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
    Period,
    Positive,
    QuarantineId,
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


class TicketLink(Struct, frozen=True, kw_only=True):
    """The ticket's name in another system, as the backend told it."""

    system: str
    id: str


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
    links: tuple[TicketLink, ...] | UnsetType = UNSET
    closed: Annotated[str, Meta(description="Why the backend closed it")] | UnsetType = UNSET


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


class Group(Struct, frozen=True, kw_only=True, tag_field="schema", tag="group/1"):
    """A ticket for one group of people: number and text, never a telephone number."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    slug: Slug
    ticket_id: Uuid
    ticket_number: TicketNumber
    revision: Positive
    received_at: Time
    text: Annotated[
        str, Meta(max_length=MAX_TICKET_TEXT, description="Numbers and identities masked; empty when confidential")
    ]
    kind: str
    urgent: bool
    thread: Literal["new", "follow_up", "answer"]
    categories: tuple[Category, ...] = ()
    confidential: bool | UnsetType = UNSET
    incomplete: bool | UnsetType = UNSET


class Quarantine(Struct, frozen=True, kw_only=True, tag_field="schema", tag="quarantine/1"):
    """A message that is no ticket, kept for a while; `command/release` makes one of it."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    quarantine_id: QuarantineId
    reason: Annotated[str, Meta(max_length=40)]
    received_at: Time
    releasable: bool
    sender: TicketSender
    line: str | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=1000, description="Masked; absent for one-time codes")] | UnsetType = UNSET


class Notice(Struct, frozen=True, kw_only=True, tag_field="schema", tag="notice/1"):
    """What the operator says of the SIM: balance and validity, where they could be read."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    at: Time
    sender: Annotated[str, Meta(max_length=20)]
    text: Annotated[str, Meta(max_length=1000)]
    line: str | UnsetType = UNSET
    balance_idr: Count | UnsetType = UNSET
    active_until: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d(?![\s\S])")] | UnsetType = UNSET


class Sla(Struct, frozen=True, kw_only=True, tag_field="schema", tag="sla/1"):
    """A time standard was missed: one leg of a profile, one ticket, once."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    at: Time
    profile: str
    leg: str
    state: Literal["breach"]
    ticket_id: Uuid
    ticket_number: TicketNumber
    since: Time
    limit_s: Positive


class BroadcastEvent(Struct, frozen=True, kw_only=True, tag_field="schema", tag="broadcast_event/1"):
    """How far a broadcast is; keep the newest, stop at `final`."""

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    command_id: CommandId
    at: Time
    final: bool
    total: Positive
    queued: Count = 0
    sent: Count = 0
    failed: Count = 0
    uncertain: Count = 0
    expired: Count = 0
    cancelled: Count = 0


class Outage(Struct, frozen=True, kw_only=True):
    """One cause that kept the gateway from working, over the month."""

    cause: str
    count: Count
    seconds: Count


class Waits(Struct, frozen=True, kw_only=True):
    """Seconds that SMS waited for one thing."""

    count: Count
    p50_s: Count
    p95_s: Count
    max_s: Count


class Recovery(Struct, frozen=True, kw_only=True):
    """One step that brings a modem back: how often it was taken, and how often the line served after it."""

    line: str
    step: str
    taken: Count
    succeeded: Count


class Report(Struct, frozen=True, kw_only=True, tag_field="schema", tag="report/1"):
    """The month in figures, without a person in it; offered until `command/report_ack`.

    `operator_delay`: from the service centre's stamp to the gateway; `acknowledgement`: from there to the backend's
    `ticket_ack`; `answer`: to the first reply.
    """

    event_id: Uuid
    county_id: Slug
    gateway_id: Slug
    period: Period
    made_at: Time
    store_id: StoreId
    counts: Annotated[dict[str, Count], Meta(description="What was counted, by name; unknown names may appear")]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?![\s\S])", description="Of period and counts")]
    acknowledgement: Waits | UnsetType = UNSET
    outages: tuple[Outage, ...] | UnsetType = UNSET
    operator_delay: Waits | UnsetType = UNSET  # since 1.1, as all that follows
    answer: Waits | UnsetType = UNSET
    reports: Annotated[Count, Meta(description="New tickets, follow-ups apart")] | UnsetType = UNSET
    waiting: Annotated[Count, Meta(description="Of these, with neither reply nor end")] | UnsetType = UNSET
    down_s: Annotated[Count, Meta(description="When no SMS could be received or sent")] | UnsetType = UNSET
    known_s: Annotated[Count, Meta(description="Of the month, what the gateway knows")] | UnsetType = UNSET
    recoveries: (
        Annotated[tuple[Recovery, ...], Meta(description="Of the line's modems since the store began")] | UnsetType
    ) = UNSET
