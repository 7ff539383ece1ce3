"""What reaches the core and what it asks for: the vocabulary of the bridge."""

from dataclasses import dataclass

from kentongan.at.commands import ModemCommand
from kentongan.at.events import ModemEvent
from kentongan.daemon.control import ControlRequest
from kentongan.daemon.status import HostStatus, Status
from kentongan.mqtt.events import BrokerEvent, Delivery, Publication


@dataclass(frozen=True, slots=True)
class LineEvent:
    """A modem event and the line it happened on."""

    line: str
    event: ModemEvent
    announced_ms: int | None = None  # wall, when the modem announced what is in the slot


@dataclass(frozen=True, slots=True)
class PortMissing:
    """The port of a line cannot be opened, and why; told once per reason."""

    line: str
    why: str


@dataclass(frozen=True, slots=True)
class PowerCycled:
    """The power of a line's modem was cycled, or could not be; `how` says it."""

    line: str
    how: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a modem and we said before a fault was written to a file."""

    line: str
    name: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline of the core has come."""


@dataclass(frozen=True, slots=True)
class HostMeasured:
    """The machine under us was measured."""

    host: HostStatus


@dataclass(frozen=True, slots=True)
class Stopping:
    """The process is to end: no new send begins, the modems finish what they do."""


Event = LineEvent | PortMissing | PowerCycled | Recorded | BrokerEvent | ControlRequest | HostMeasured | Tick | Stopping


@dataclass(frozen=True, slots=True)
class ToModem:
    """Hand a command to a line's modem."""

    line: str
    command: ModemCommand


@dataclass(frozen=True, slots=True)
class Publish:
    """Hand a publication to the link."""

    publication: Publication


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """Tell the broker that a message is committed."""

    delivery: Delivery


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer a control request."""

    request: ControlRequest
    result: object  # what msgspec encodes, or a `control.Refusal`


@dataclass(frozen=True, slots=True)
class Note:
    """One decision for the log: an event name in the past tense and its facts, never a text or a whole number."""

    name: str
    facts: tuple[tuple[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Show:
    """Put the status where the watcher, the lamps and the command line read it."""

    status: Status


@dataclass(frozen=True, slots=True)
class Recording:
    """Answer a control request with the last lines between a modem and us."""

    line: str
    request: ControlRequest


@dataclass(frozen=True, slots=True)
class PowerOff:
    """Cycle the power of a line's modem, because a person wants it."""

    line: str


@dataclass(frozen=True, slots=True)
class EndProcess:
    """End the process in order, because a person wants it started anew."""


Command = ToModem | Publish | Acknowledge | Answer | Note | Show | Recording | PowerOff | EndProcess
