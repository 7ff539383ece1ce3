"""What is handed into the store and out of it: frozen values, no model object ever leaves.

Two clocks: `steady_ms` never jumps and is the only one that schedules (it goes on over restarts); `wall_ms` is
Unix time in UTC and is data for people, as good as `synced` says.
"""

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


@dataclass(frozen=True, slots=True)
class Moment:
    """One instant on both clocks, in milliseconds."""

    steady_ms: int
    wall_ms: int
    synced: bool


class Encoding(StrEnum):
    """The alphabet a text arrived or leaves in (contract 4.5)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    BINARY = "binary"


# -- inbound ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a part was read: line, memory and index; a message from the wire has no slot."""

    line: str
    storage: str
    index: int


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: `number` in E.164 or empty, `address` as the network showed it, `ref` a keyed hash (contract 4.5)."""

    number: str
    address: str
    ref: str
    replyable: bool


@dataclass(frozen=True, slots=True)
class Concat:
    """The concatenation element of a part: reference, its width in bits (8 or 16), total and sequence from 1."""

    reference: int
    width: int
    total: int
    sequence: int


@dataclass(frozen=True, slots=True)
class TextPart:
    """A decoded part of a citizen's SMS. `text` may hold lone surrogates: they are joined with the other parts."""

    sender: Sender
    text: str
    encoding: Encoding
    lossy: bool = False
    data: bytes = b""  # user data of a binary part
    concat: Concat | None = None
    smsc_ms: int | None = None  # SCTS as Unix ms, None when absurd
    smsc_offset_min: int = 0
    kind: str = "complaint"
    notes: tuple[tuple[str, str], ...] = ()  # what the bridge wants back with the ticket (categories, language ...)


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A part that is not a ticket: kept raw, counted, never published as one.

    `keep_body` is false for one-time codes, of which only sender and time are stored.
    """

    reason: str  # undecodable, operator, short_code, promotion, one_time_code, wap_push, class_0, waiting, own, ...
    sender: Sender | None = None
    text: str = ""
    keep_body: bool = True


@dataclass(frozen=True, slots=True)
class InboundPart:
    """One PDU as the modem gave it, with what the bridge made of it; `key` is the same for the same TPDU for ever."""

    line: str
    iccid: str
    pdu_hex: str
    key: str
    content: TextPart | Quarantined


class TicketState(StrEnum):
    """Contract 4.7."""

    PENDING = "pending"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ERASED = "erased"


class Thread(StrEnum):
    """How an SMS relates to its sender's earlier ones (decisions.md 6)."""

    NEW = "new"
    FOLLOW_UP = "follow_up"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One citizen's SMS as far as its parts are here. `number` is for people and shared by a thread."""

    ticket_id: str
    event_id: str  # of this revision
    seq: int
    number: str
    line: str
    sender: Sender
    revision: int
    text: str
    lossy: bool
    encoding: Encoding
    data: bytes
    total: int
    received: int
    missing: tuple[int, ...]
    received_ms: int
    synced: bool
    smsc_ms: int | None
    smsc_offset_min: int
    kind: str
    thread: Thread
    notes: tuple[tuple[str, str], ...]
    state: TicketState
    attempt: int  # publications so far of this revision
    backend_ticket: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What a part became. `held` says what the slot rule needs to know (`inbox.may_free`)."""

    duplicate: bool
    part_id: int
    held: "Held"
    ticket: Ticket | None = None  # the ticket this part opened or changed
    opened: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """The facts of one stored part for the slot rule of decisions.md 5."""

    published: bool
    is_ticket: bool
    incomplete: bool


# -- outbound ---------------------------------------------------------------------------------------------------------


class Priority(IntEnum):
    """Lower goes first (decisions.md 7)."""

    EMERGENCY = 0
    REPLY = 1
    ACKNOWLEDGEMENT = 2
    NOTICE = 3
    BROADCAST = 4


class OutboundState(StrEnum):
    """Life of an outgoing message (contract 4.7)."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    UNCERTAIN = "uncertain"


@dataclass(frozen=True, slots=True)
class PartDraft:
    """One encoded SUBMIT."""

    tpdu_octets: int
    pdu_hex: str


@dataclass(frozen=True, slots=True)
class OutboundDraft:
    """A message to send, encoded; `command_id` is empty for our own (acknowledgements, notices)."""

    line: str
    recipient: str
    text: str
    encoding: Encoding
    parts: tuple[PartDraft, ...]
    priority: Priority
    command_id: str = ""
    ticket_id: str = ""
    ref: str = ""
    delivery_report: bool = False
    lifetime_ms: int = 86_400_000  # on the steady clock, from acceptance
    validity_ms: int = 86_400_000  # TP-VP of its parts: how long the service centre tries
    anytime: bool = False  # may leave whatever priorities `due_part` is told to allow: an answer of the same hour


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a message ended or waits, as the contract words it."""

    code: str
    message: str = ""
    retryable: bool = False


@dataclass(frozen=True, slots=True)
class OutboundMessage:
    """An outgoing message as it stands; `revision` grows by one per reported change."""

    message_id: int
    command_id: str
    ticket_id: str
    ref: str
    line: str
    recipient: str
    text: str
    encoding: Encoding
    priority: Priority
    state: OutboundState
    revision: int
    final: bool
    delivery_report: bool
    parts: int
    parts_sent: int
    parts_delivered: int
    attempts: int
    accepted_ms: int
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class DuePart:
    """The next part to send on a line."""

    part_id: int
    sequence: int
    message: OutboundMessage
    draft: PartDraft


@dataclass(frozen=True, slots=True)
class PartSent:
    """The service centre took it under this message reference."""

    reference: int


@dataclass(frozen=True, slots=True)
class PartRejected:
    """Refused: `family` cms, cme or plain, and the number."""

    family: str
    code: int


@dataclass(frozen=True, slots=True)
class PartUncertain:
    """Nobody can know."""

    why: str


PartOutcome = PartSent | PartRejected | PartUncertain


# -- retry verdicts (retry.py decides, outbox.py applies) --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Try this part again after a while; the attempt counts."""

    delay_ms: int


@dataclass(frozen=True, slots=True)
class PauseLine:
    """The line is at fault: keep everything, burn no attempt, try again after `delay_ms`; `cause` names the fault."""

    cause: str
    delay_ms: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Blame this message."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class TreatAsSent:
    """The refusal proves that the service centre has it (CMS 197)."""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The refusal does not prove that the service centre has not got it (CMS 225, 332)."""

    why: str


Verdict = RetryAfter | PauseLine | GiveUp | TreatAsSent | InDoubt


# -- spool and commands -----------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Told:
    """What the bridge says about a part, within its transaction: events for the broker, figures of a month."""

    events: tuple[SpoolDraft, ...] = ()
    period: str = ""
    tallies: tuple[str, ...] = ()


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
