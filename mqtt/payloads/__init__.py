"""Every document of the contract as a frozen Struct: the one source of truth for validation, encoding and schemas."""

from typing import Annotated

import msgspec

from kentongan.mqtt.payloads.commands import (
    Broadcast,
    BroadcastCancel,
    ByIds,
    BySeq,
    ByTime,
    Closed,
    Erase,
    Get,
    Linked,
    Notify,
    Ping,
    Release,
    Reply,
    ReplyCancel,
    ReportAck,
    Resend,
    TicketAck,
    TicketChange,
    Unacknowledged,
)
from kentongan.mqtt.payloads.events import (
    BroadcastEvent,
    Category,
    CommandError,
    Group,
    Notice,
    Outage,
    Quarantine,
    Reason,
    Recovery,
    ReplyEvent,
    ReplyParts,
    ReplyStatus,
    Report,
    Response,
    Result,
    Sla,
    Ticket,
    TicketLink,
    TicketParts,
    TicketSender,
    TicketTimes,
    Waits,
)
from kentongan.mqtt.payloads.fields import Bilingual, Detail, Details, rfc3339, unix_ms
from kentongan.mqtt.payloads.status import (
    Alarm,
    BackendHealth,
    ClockHealth,
    Connection,
    Counters,
    Health,
    HostHealth,
    Info,
    Intervals,
    Limits,
    ModemHealth,
    Presence,
    Queues,
    SimHealth,
    Software,
)

__all__ = [
    "Alarm",
    "BackendHealth",
    "Bilingual",
    "Broadcast",
    "BroadcastCancel",
    "BroadcastEvent",
    "ByIds",
    "BySeq",
    "ByTime",
    "Category",
    "ClockHealth",
    "Closed",
    "CommandError",
    "Connection",
    "Counters",
    "Detail",
    "Details",
    "Erase",
    "Event",
    "Get",
    "Group",
    "Health",
    "HostHealth",
    "Info",
    "Intervals",
    "Limits",
    "Linked",
    "ModemHealth",
    "Notice",
    "Notify",
    "Outage",
    "Ping",
    "Presence",
    "Quarantine",
    "Queues",
    "Reason",
    "Recovery",
    "Release",
    "Reply",
    "ReplyCancel",
    "ReplyEvent",
    "ReplyParts",
    "ReplyStatus",
    "Report",
    "ReportAck",
    "Resend",
    "Response",
    "Result",
    "SimHealth",
    "Sla",
    "Software",
    "Status",
    "Ticket",
    "TicketAck",
    "TicketChange",
    "TicketLink",
    "TicketParts",
    "TicketSender",
    "TicketTimes",
    "Unacknowledged",
    "Waits",
    "encode",
    "event_type",
    "read_counter",
    "read_presence",
    "rfc3339",
    "unix_ms",
]

Event = Ticket | ReplyEvent | Response | Group | Quarantine | Notice | Sla | BroadcastEvent | Report
Status = Connection | Info | Health | Alarm | Presence

MOST_TICKETS = 1_000_000_000  # of one gateway; a mark above that is no mark

_encoder = msgspec.json.Encoder()
_presence = msgspec.json.Decoder(Presence)


def encode(document: Event | Status | Closed) -> bytes:
    """Write the document as JSON, UTF-8, `schema` first, absent fields absent."""
    return _encoder.encode(document)


def event_type(document: Event | Status) -> str:
    """Name the document's CloudEvents type, e.g. `kentongan.ticket.v1` (contract 4.4)."""
    name, _, major = str(document.__struct_config__.tag).partition("/")
    return f"kentongan.{name}.v{major}"


class _Counted(msgspec.Struct, frozen=True):
    """The one member of an old `status/info` that matters later, whatever version wrote it."""

    ticket_counter: Annotated[int, msgspec.Meta(ge=0, le=MOST_TICKETS)] = 0


def read_counter(payload: bytes) -> int:
    """Read the ticket counter of a `status/info`, 0 when there is none that can be believed."""
    try:
        return msgspec.json.decode(payload, type=_Counted).ticket_counter
    except msgspec.MsgspecError:
        return 0


def read_presence(payload: bytes) -> Presence | None:
    """Read what a backend says of itself; `None` when it is not understood, for nothing depends on it alone."""
    try:
        return _presence.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
