"""What the modem island reports: a closed union of frozen values.

Times are absent on purpose: whoever takes an event off the engine knows the moment. But for one that was earlier: when
a slot was announced.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from kentongan.at.states import ModemState as ModemState  # noqa: PLC0414 - part of what is reported here


def digest(pdu_hex: str) -> str:
    """Name a stored PDU by its content: SHA-256 of the upper-case hex, as hex."""
    return sha256(pdu_hex.strip().upper().encode("ascii", "replace")).hexdigest()


@dataclass(frozen=True, slots=True)
class SlotFound:
    """A slot of a message memory holds a PDU (3GPP TS 27.005 §3.4.2); repeated on every walk until freed.

    `status` is `<stat>` 0 unread, 1 read, 2 unsent, 3 sent; `tpdu_octets` the `<length>` the modem printed.
    """

    storage: str
    index: int
    status: int
    tpdu_octets: int
    pdu_hex: str
    announced_s: float | None = field(default=None, compare=False)  # monotonic, of its +CMTI; none when a walk found it


@dataclass(frozen=True, slots=True)
class WalkEnded:
    """A whole walk of the memory is over: every occupied slot has been reported, `slots` of them."""

    storage: str
    slots: int


@dataclass(frozen=True, slots=True)
class SlotFreed:
    """The slot is empty: deleted by `+CMGD`, or found empty."""

    storage: str
    index: int
    digest: str


@dataclass(frozen=True, slots=True)
class SlotKept:
    """The slot was not freed: it holds another message now, or the modem refused the delete."""

    storage: str
    index: int
    digest: str
    why: str


@dataclass(frozen=True, slots=True)
class DirectMessage:
    """A message that exists on the wire alone (`+CMT`: class 0, or a modem without store mode)."""

    tpdu_octets: int
    pdu_hex: str


@dataclass(frozen=True, slots=True)
class ReportReceived:
    """A status report on the wire (`+CDS`)."""

    tpdu_octets: int
    pdu_hex: str


@dataclass(frozen=True, slots=True)
class Sent:
    """`+CMGS: <mr>`: the service centre took the part; `reference` is its TP-MR."""

    reference: int


class ErrorFamily(StrEnum):
    """Which list a refusal's number belongs to."""

    CMS = "cms"
    CME = "cme"
    PLAIN = "plain"  # ERROR, COMMAND NOT SUPPORT: no number, code is 0


@dataclass(frozen=True, slots=True)
class Rejected:
    """The modem or the network refused the part: it was not sent."""

    family: ErrorFamily
    code: int


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Nobody can know whether the part left: no answer, a reboot or a lost port after the payload."""

    why: str


SendOutcome = Sent | Rejected | Uncertain


@dataclass(frozen=True, slots=True)
class SendEnded:
    """The job of a `SendPart` is over."""

    job: int
    outcome: SendOutcome


@dataclass(frozen=True, slots=True)
class LateSubmit:
    """The `+CMGS` of a job already reported `Uncertain` came after all: evidence that it was sent."""

    job: int
    reference: int


@dataclass(frozen=True, slots=True)
class SendTraced:
    """The reference of the next part tells of a job reported `Uncertain`: the modem `attempted` it, or never did.

    An attempt is no proof that the service centre took it (modem.md 8.6 step 4). `proven` when this modem was seen to
    count an attempt that the network refused: only then a gap that is missing proves that nothing left.
    """

    job: int
    attempted: bool
    proven: bool = False


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The line moved from one state to another; `why` is a short English cause for logs."""

    old: ModemState
    new: ModemState
    why: str


@dataclass(frozen=True, slots=True)
class Identified:
    """Who the modem says it is, and the dialect spoken to it."""

    manufacturer: str
    model: str
    revision: str
    imei: str
    dialect: str


@dataclass(frozen=True, slots=True)
class SimIdentified:
    """The card in the modem; empty strings where it did not say."""

    iccid: str
    imsi: str


@dataclass(frozen=True, slots=True)
class ServiceCentre:
    """The SMSC that a card has, or has got back."""

    iccid: str
    number: str


@dataclass(frozen=True, slots=True)
class MarkFound:
    """What the mark in the card's phonebook says; 0 when there is none yet."""

    counter: int


@dataclass(frozen=True, slots=True)
class Registered:
    """`+CREG`: `stat` as in 3GPP TS 27.007 §7.2; `operator` is the numeric or long name, empty if unknown."""

    stat: int
    operator: str


@dataclass(frozen=True, slots=True)
class SignalMeasured:
    """Signal strength in dBm, `None` when the modem does not know."""

    dbm: int | None


@dataclass(frozen=True, slots=True)
class StorageMeasured:
    """Fill of the receive memory."""

    storage: str
    used: int
    total: int


@dataclass(frozen=True, slots=True)
class Restarted:
    """The modem rebooted by itself; `banner` is the line that betrayed it."""

    banner: str


@dataclass(frozen=True, slots=True)
class SupplyWarned:
    """The modem complains of its supply voltage or temperature, in its own words."""

    text: str


@dataclass(frozen=True, slots=True)
class CallRefused:
    """Somebody rang and was hung up on; `number` may be empty."""

    number: str


@dataclass(frozen=True, slots=True)
class UssdAnswered:
    """The end of a `RunUssd`: `status` is `<m>` of `+CUSD` (3GPP TS 27.007 §7.15), -1 for no answer in time."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class NetworkTime:
    """The time a modem has from its network, in Unix seconds as the standard means it.

    A modem whose clock runs in UTC although it prints a zone means `unix_s + zone_s`.
    """

    unix_s: int
    zone_s: int


@dataclass(frozen=True, slots=True)
class ModemAnswered:
    """The modem answered a health poll: the line lives."""


@dataclass(frozen=True, slots=True)
class RungClimbed:
    """The recovery ladder took a step."""

    rung: str
    why: str


ModemEvent = (
    SlotFound
    | WalkEnded
    | SlotFreed
    | SlotKept
    | DirectMessage
    | ReportReceived
    | SendEnded
    | LateSubmit
    | SendTraced
    | StateChanged
    | Identified
    | SimIdentified
    | ServiceCentre
    | MarkFound
    | Registered
    | SignalMeasured
    | StorageMeasured
    | Restarted
    | SupplyWarned
    | CallRefused
    | UssdAnswered
    | NetworkTime
    | ModemAnswered
    | RungClimbed
)


@dataclass(frozen=True, slots=True)
class Reopen:
    """The worker shall close the port and open it again."""

    why: str


@dataclass(frozen=True, slots=True)
class SetRate:
    """The worker shall set the port to another rate."""

    baud: int


@dataclass(frozen=True, slots=True)
class PowerCycle:
    """The worker shall cut and restore the modem's power, if it has a switch."""

    why: str


PortAction = Reopen | SetRate | PowerCycle
