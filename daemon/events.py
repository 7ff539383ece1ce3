"""What reaches the core and what it asks for: the vocabulary of the bridge."""

import msgspec

from kentongan.at.commands import ModemCommand
from kentongan.at.events import ModemEvent
from kentongan.daemon.control import ControlRequest
from kentongan.daemon.status import HostStatus, Status
from kentongan.mqtt.events import BrokerEvent, Delivery, Publication


class LineEvent(msgspec.Struct, frozen=True):
    """A modem event and the line it happened on."""

    line: str
    event: ModemEvent
    announced_ms: int | None = None  # wall, when the modem announced what is in the slot


class PortMissing(msgspec.Struct, frozen=True):
    """The port of a line cannot be opened, and why; told once per reason."""

    line: str
    why: str


class PowerCycled(msgspec.Struct, frozen=True):
    """The power of a line's modem was cycled, or could not be; `how` says it."""

    line: str
    how: str


class Recorded(msgspec.Struct, frozen=True):
    """What a modem and we said before a fault was written to a file."""

    line: str
    name: str


class Tick(msgspec.Struct, frozen=True):
    """A deadline of the core has come."""


class HostMeasured(msgspec.Struct, frozen=True):
    """The machine under us was measured."""

    host: HostStatus


class Stopping(msgspec.Struct, frozen=True):
    """The process is to end: no new send begins, the modems finish what they do."""


Event = LineEvent | PortMissing | PowerCycled | Recorded | BrokerEvent | ControlRequest | HostMeasured | Tick | Stopping


class ToModem(msgspec.Struct, frozen=True):
    """Hand a command to a line's modem."""

    line: str
    command: ModemCommand


class Publish(msgspec.Struct, frozen=True):
    """Hand a publication to the link."""

    publication: Publication


class Acknowledge(msgspec.Struct, frozen=True):
    """Tell the broker that a message is committed."""

    delivery: Delivery


class Answer(msgspec.Struct, frozen=True):
    """Answer a control request."""

    request: ControlRequest
    result: object  # what msgspec encodes, or a `control.Refusal`


class Note(msgspec.Struct, frozen=True):
    """One decision for the log: an event name in the past tense and its facts, never a text or a whole number."""

    name: str
    facts: tuple[tuple[str, object], ...] = ()


class Show(msgspec.Struct, frozen=True):
    """Put the status where the watcher, the lamps and the command line read it."""

    status: Status


class Recording(msgspec.Struct, frozen=True):
    """Answer a control request with the last lines between a modem and us."""

    line: str
    request: ControlRequest


class PowerOff(msgspec.Struct, frozen=True):
    """Cycle the power of a line's modem, because a person wants it."""

    line: str


class EndProcess(msgspec.Struct, frozen=True):
    """End the process in order, because a person wants it started anew."""


Command = ToModem | Publish | Acknowledge | Answer | Note | Show | Recording | PowerOff | EndProcess
