"""What reaches the core and what it asks for: the vocabulary of the bridge."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kentongan.at.commands import ModemCommand
from kentongan.at.events import ModemEvent
from kentongan.mqtt.events import BrokerEvent, Delivery, Publication


@dataclass(frozen=True, slots=True)
class LineEvent:
    """A modem event and the line it happened on."""

    line: str
    event: ModemEvent


@dataclass(frozen=True, slots=True)
class ControlRequest:
    """A question or an order from the control socket; `reply` hands the answer back to its thread."""

    name: str
    args: dict[str, Any]
    reply: Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Tick:
    """A deadline of the core has come."""


Event = LineEvent | BrokerEvent | ControlRequest | Tick


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
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Note:
    """One decision for the log: an event name in the past tense and its facts, never a text or a whole number."""

    name: str
    facts: tuple[tuple[str, object], ...] = ()


Command = ToModem | Publish | Acknowledge | Answer | Note
