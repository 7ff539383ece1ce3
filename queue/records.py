"""What is handed into the store and out of it: frozen values, no model object ever leaves.

The two directions have modules of their own; everything is imported from here.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from kentongan.queue.records_common import (
    Encoding,
    Moment,
)
from kentongan.queue.records_inbound import (
    Concat,
    Held,
    InboundPart,
    Quarantined,
    Received,
    Sender,
    Slot,
    TextPart,
    Thread,
    Ticket,
    TicketState,
)
from kentongan.queue.records_outbound import (
    DuePart,
    GiveUp,
    InDoubt,
    OutboundDraft,
    OutboundMessage,
    OutboundState,
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

__all__ = [
    "AckResult",
    "CommandRecord",
    "Concat",
    "Counts",
    "DuePart",
    "Encoding",
    "Erasure",
    "GiveUp",
    "Held",
    "InDoubt",
    "InboundPart",
    "Kept",
    "Lane",
    "Moment",
    "OutboundDraft",
    "OutboundMessage",
    "OutboundState",
    "PartDraft",
    "PartOutcome",
    "PartRejected",
    "PartSent",
    "PartUncertain",
    "PauseLine",
    "Priority",
    "Quarantined",
    "Reason",
    "Received",
    "Resident",
    "RetryAfter",
    "Sender",
    "Slot",
    "SpoolDraft",
    "SpoolItem",
    "TextPart",
    "Thread",
    "Ticket",
    "TicketAck",
    "TicketState",
    "Tidied",
    "Told",
    "TreatAsSent",
    "Usage",
    "Verdict",
    "Wish",
    "WishLevel",
]


class Lane(IntEnum):
    """Order at the broker, lower first (contract 6.3)."""

    RESPONSE = 0
    REPLY = 1
    TICKET = 2
    REPLAY = 3
    EVENT = 4  # what nobody acknowledges; replays are paced, so they do not hold it up


@dataclass(frozen=True, slots=True)
class SpoolDraft:
    """An event to publish until its PUBACK: `channel` below the gateway's topic, finished payload."""

    lane: Lane
    channel: str
    event_id: str
    event_type: str
    body: bytes
    correlation: bytes = b""


@dataclass(frozen=True, slots=True)
class Kept:
    """A part that went into quarantine; `text` is empty where the body is not kept."""

    part_id: int
    line: str
    reason: str
    sender: Sender
    text: str
    releasable: bool


class WishLevel(StrEnum):
    """Which SMS a citizen wants (domain.md 3.1): everything, answers to own reports alone, nothing at all."""

    EVERYTHING = "everything"
    ANSWERS = "answers"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a citizen has asked for, and the word that says it was understood."""

    level: WishLevel
    answer: OutboundDraft


@dataclass(frozen=True, slots=True)
class Told:
    """What the bridge says about a part, within its transaction: events for the broker, figures of a month."""

    events: tuple[SpoolDraft, ...] = ()
    period: str = ""
    tallies: tuple[str, ...] = ()
    wish: Wish | None = None


@dataclass(frozen=True, slots=True)
class SpoolItem:
    """An event that waits for the broker. A ticket has no body: its payload is made anew for each publication."""

    spool_id: int
    lane: Lane
    channel: str
    event_id: str
    event_type: str
    body: bytes
    correlation: bytes
    attempt: int  # the number of this publication, from 1
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """A command as remembered for 400 days: same id and fingerprint gives the same answer (contract 4.9)."""

    command_id: str
    command: str
    fingerprint: str
    response: bytes


@dataclass(frozen=True, slots=True)
class TicketAck:
    """The backend's own acknowledgement of a ticket."""

    ticket_id: str
    accepted: bool
    revision: int = 0  # 0: whichever is current
    backend_ticket: str = ""
    backend_id: str = ""
    reason: str = ""


class AckResult(StrEnum):
    """What a ticket acknowledgement did."""

    DONE = "done"
    UNKNOWN = "unknown_ticket"
    CONFLICT = "id_conflict"  # accepted before under another backend ticket


@dataclass(frozen=True, slots=True)
class Tidied:
    """What one round of retention erased or deleted."""

    pdus: int = 0
    quarantined: int = 0
    tickets: int = 0
    messages: int = 0
    commands: int = 0
    tombstones: int = 0


@dataclass(frozen=True, slots=True)
class Erasure:
    """What an erasure did; `held` names the senders whose data may not be erased now."""

    tickets: int = 0
    messages: int = 0
    quarantined: int = 0
    held: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resident:
    """A ticket whose text and number are still on the card (domain.md 4.3, the breach manifest)."""

    seq: int
    ticket_id: str
    number: str
    received_ms: int
    sender_ref: str
    state: TicketState


@dataclass(frozen=True, slots=True)
class Usage:
    """Space in octets: what rows use, what the file and its log take on the card, what they may; 0 is no limit."""

    used: int
    on_card: int
    budget: int


@dataclass(frozen=True, slots=True)
class Counts:
    """The store's own figures for health, status and lamps."""

    tickets: int = 0  # opened ever
    unacknowledged: int = 0
    oldest_unacknowledged_ms: int = 0  # age, 0 when none
    spool: int = 0
    queued: int = 0
    uncertain: int = 0
    sent: int = 0
    failed: int = 0
    quarantined: int = 0
    received: int = 0  # parts ever
    counter: int = 0  # of the last ticket number given out or skipped
    used_percent: int = 0  # of the budget, 0 without one
    extra: tuple[tuple[str, int], ...] = field(default=())
