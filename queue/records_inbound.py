"""What comes in: parts, their senders, the tickets they make; frozen values, no model object ever leaves the store."""

from dataclasses import dataclass
from enum import StrEnum

from kentongan.queue.records_common import Encoding


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
    hint_ms: int | None = None  # wall, when the modem announced it
    read_ms: int | None = None  # wall, when it was read


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
    hint_ms: int | None = None  # wall, of the first part that has it: announced by the modem, and read
    read_ms: int | None = None


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
