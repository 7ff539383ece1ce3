"""What a backend publishes under `command/`: closed Structs, so that a typo cannot send an SMS late (contract 4.6)."""

from typing import Annotated, ClassVar, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from kentongan.mqtt.payloads.fields import (
    E164,
    MAX_LIST,
    CommandId,
    Period,
    Positive,
    QuarantineId,
    Ref,
    Remark,
    Role,
    SenderRef,
    Slug,
    Time,
    Uuid,
    unix_ms,
)

MAX_RECIPIENTS = 200  # of one broadcast: with a number of 16 characters each, well within 16 384 octets
MAX_TEXT = 4_000  # characters: above 20 parts of 153 septets; the part limit is the real one
Include = Annotated[
    tuple[Literal["tickets", "replies"], ...], Meta(max_length=2, extra_json_schema={"uniqueItems": True})
]
SenderId = Annotated[str, Meta(max_length=32, description="A SIM cannot send under a name: always refused")]
TicketIds = Annotated[tuple[Uuid, ...], Meta(min_length=1, max_length=MAX_LIST)]


Text = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
Slugs = Annotated[tuple[Slug, ...], Meta(min_length=1, max_length=20, extra_json_schema={"uniqueItems": True})]
Recipients = Annotated[
    tuple[E164, ...], Meta(min_length=1, max_length=MAX_RECIPIENTS, extra_json_schema={"uniqueItems": True})
]


class Closed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema"):
    """What all commands share: unknown fields are refused, times must exist, `one_of` fields exclude each other."""

    one_of: ClassVar[tuple[str, ...]] = ()
    times: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for name in self.times:
            time = getattr(self, name)
            if time is not UNSET:
                _exists(name, time)
        given = [name for name in self.one_of if getattr(self, name) is not UNSET]
        if self.one_of and len(given) != 1:
            raise ValueError(f"give exactly one of {' and '.join(self.one_of)}")


class TicketAck(Closed, frozen=True, tag="ticket_ack/1"):
    """The ticket is safe in the backend, or refused for good; send it for every delivery, also a repeated one."""

    ticket_id: Uuid
    status: Literal["accepted", "refused"]
    revision: Positive | UnsetType = UNSET
    backend_ticket: Ref | UnsetType = UNSET
    backend_id: Slug | UnsetType = UNSET
    reason: Remark | UnsetType = UNSET


class Reply(Closed, frozen=True, tag="reply/1"):
    """Send an SMS to the citizen of `ticket_id`; `to` only with the capability `direct_send`."""

    one_of: ClassVar[tuple[str, ...]] = ("ticket_id", "to")
    times: ClassVar[tuple[str, ...]] = ("issued_at", "expires_at")

    command_id: CommandId
    text: Text
    ticket_id: Uuid | UnsetType = UNSET
    to: E164 | UnsetType = UNSET
    issued_at: Time | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    delivery_report: bool | UnsetType = UNSET
    max_parts: Annotated[int, Meta(ge=1, le=20)] | UnsetType = UNSET
    priority: Literal["normal", "urgent"] | UnsetType = UNSET
    ref: Ref | UnsetType = UNSET
    sender_id: SenderId | UnsetType = UNSET


class ReplyCancel(Closed, frozen=True, tag="reply_cancel/1"):
    """Stop a reply that has not begun to leave."""

    command_id: CommandId
    target_command_id: CommandId


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="by"):
    """Which tickets to play again."""


class Unacknowledged(Selection, frozen=True, tag="unacknowledged"):
    """Every ticket without an acknowledgement."""


class BySeq(Selection, frozen=True, tag="seq"):
    """From one number to another, both included."""

    from_seq: Positive
    to_seq: Positive | UnsetType = UNSET


class ByTime(Selection, frozen=True, tag="time"):
    """Received from `since` on, before `until`."""

    since: Time
    until: Time | UnsetType = UNSET

    def __post_init__(self) -> None:
        _exists("since", self.since)
        if self.until is not UNSET:
            _exists("until", self.until)


class ByIds(Selection, frozen=True, tag="ids"):
    """These."""

    ticket_ids: TicketIds


class Resend(Closed, frozen=True, tag="resend/1"):
    """Play tickets, and the states of replies, again; oldest first, at most ten a second."""

    command_id: CommandId
    select: Unacknowledged | BySeq | ByTime | ByIds
    include: Include | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=1000)] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.include is not UNSET and len(set(self.include)) != len(self.include):
            raise ValueError("include: an item occurs twice")


class Get(Closed, frozen=True, tag="get/1"):
    """Ask for a document; `id` names the ticket or the reply."""

    command_id: CommandId
    what: Literal["info", "health", "diagnostics", "ticket", "reply", "queue"]
    id: Ref | UnsetType = UNSET


class Ping(Closed, frozen=True, tag="ping/1"):
    """Go round through the database and back; an integrator's first step."""

    command_id: CommandId
    echo: Remark | UnsetType = UNSET


class Erase(Closed, frozen=True, tag="erase/1"):
    """Erase a data subject's texts and number."""

    one_of: ClassVar[tuple[str, ...]] = ("sender_ref", "ticket_ids")

    command_id: CommandId
    sender_ref: SenderRef | UnsetType = UNSET
    ticket_ids: TicketIds | UnsetType = UNSET
    reason: Remark | UnsetType = UNSET


class Notify(Closed, frozen=True, tag="notify/1"):
    """Send an SMS to somebody of the office: by role, or by a number that the office has allowed."""

    one_of: ClassVar[tuple[str, ...]] = ("role", "to")
    times: ClassVar[tuple[str, ...]] = ("issued_at", "expires_at")

    command_id: CommandId
    text: Text
    role: Role | UnsetType = UNSET
    to: E164 | UnsetType = UNSET
    ticket_id: Uuid | UnsetType = UNSET
    issued_at: Time | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    delivery_report: bool | UnsetType = UNSET
    max_parts: Annotated[int, Meta(ge=1, le=20)] | UnsetType = UNSET
    ref: Ref | UnsetType = UNSET
    sender_id: SenderId | UnsetType = UNSET


class Broadcast(Closed, frozen=True, tag="broadcast/1"):
    """Send one SMS to many, slowly and within the day's cap; off unless the office has switched it on."""

    times: ClassVar[tuple[str, ...]] = ("issued_at", "expires_at")

    command_id: CommandId
    text: Text
    to: Recipients
    issued_at: Time | UnsetType = UNSET
    expires_at: Time | UnsetType = UNSET
    sender_id: SenderId | UnsetType = UNSET

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.to)) != len(self.to):
            raise ValueError("to: an item occurs twice")


class BroadcastCancel(Closed, frozen=True, tag="broadcast_cancel/1"):
    """Stop what of a broadcast has not begun to leave."""

    command_id: CommandId
    target_command_id: CommandId


class Linked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ticket's name in another system."""

    system: Annotated[str, Meta(min_length=1, max_length=40)]
    id: Annotated[str, Meta(min_length=1, max_length=64)]


class TicketChange(Closed, frozen=True, tag="ticket_change/1"):
    """Correct what the gateway proposed, name the ticket in another system, or close it; at least one of them."""

    command_id: CommandId
    ticket_id: Uuid
    categories: Slugs | UnsetType = UNSET
    link: Linked | UnsetType = UNSET
    close: Annotated[str, Meta(min_length=1, max_length=200, description="Why it is closed")] | UnsetType = UNSET

    def __post_init__(self) -> None:
        if self.categories is not UNSET and len(set(self.categories)) != len(self.categories):
            raise ValueError("categories: an item occurs twice")


class Release(Closed, frozen=True, tag="release/1"):
    """Make a ticket of a message in quarantine."""

    command_id: CommandId
    quarantine_id: QuarantineId


class ReportAck(Closed, frozen=True, tag="report_ack/1"):
    """The monthly report is in the backend; it is not offered again."""

    command_id: CommandId
    period: Period


def _exists(name: str, time: str) -> None:
    try:
        unix_ms(time)
    except ValueError as error:
        raise ValueError(f"{name}: no such moment") from error
