"""What the demo can observe from outside: the air, the broker, the lamps, the processes, the keyboard."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SmsOut:
    """A part of an SMS left the virtual modem for `number`."""

    number: str
    text: str
    part: int = 1
    total: int = 1


@dataclass(frozen=True, slots=True)
class Seen:
    """A message was seen at the broker; `name` is the topic below the gateway, e.g. `event/ticket`."""

    name: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class BrokerSeen:
    """The observer itself reached the broker, or lost it."""

    up: bool


@dataclass(frozen=True, slots=True)
class LampsSeen:
    """What the four lamps show, as the watcher wrote it: fault codes with their titles, and words for each lamp."""

    codes: tuple[int, ...]
    titles: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusSeen:
    """The gateway's own account of itself changed."""

    line: str
    link: str
    unacknowledged: int
    received: int


@dataclass(frozen=True, slots=True)
class ProcessEnded:
    """A process of the demo ended by itself."""

    name: str
    code: int
    last_words: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed, or without a terminal a line was given; empty at the end of the input."""

    text: str


Observation = SmsOut | Seen | BrokerSeen | LampsSeen | StatusSeen | ProcessEnded | Key


@dataclass(slots=True)
class Missing:
    """What a person has taken away for the moment."""

    modem: bool = False
    sim: bool = False
    broker: bool = False
