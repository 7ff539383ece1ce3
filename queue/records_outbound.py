"""What goes out: messages, their parts, how a part ended and what that means; frozen values."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from kentongan.queue.records_common import Encoding


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
