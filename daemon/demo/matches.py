"""What an expectation may look for, as functions over one observation. Pure."""

from collections.abc import Callable
from typing import Any

import msgspec

from kentongan.daemon.demo.observations import LampsSeen, Observation, Seen, SmsOut, StatusSeen

Document = dict[str, Any]
Match = Callable[[Observation], Document | None]


def message(name: str, **fields: object) -> Match:
    """Match a message at the broker whose document holds these values."""

    def match(seen: Observation) -> Document | None:
        if not isinstance(seen, Seen) or seen.name != name or not seen.payload:
            return None
        document: Document = msgspec.json.decode(seen.payload)
        return document if all(document.get(key) == value for key, value in fields.items()) else None

    return match


def sms(number: str, *words: str) -> Callable[[Observation], str | None]:
    """Match an SMS that left for `number` and holds all these words."""

    def match(seen: Observation) -> str | None:
        good = isinstance(seen, SmsOut) and seen.number == number and all(word in seen.text for word in words)
        return seen.text if good and isinstance(seen, SmsOut) else None

    return match


def lamps(*codes: int) -> Callable[[Observation], bool | None]:
    """Match the lamps when the red one tells exactly these codes."""

    def match(seen: Observation) -> bool | None:
        return True if isinstance(seen, LampsSeen) and seen.codes == codes else None

    return match


def running() -> Callable[[Observation], bool | None]:
    """Match the gateway's own account when modem and broker are there."""

    def match(seen: Observation) -> bool | None:
        return True if isinstance(seen, StatusSeen) and (seen.line, seen.link) == ("ready", "online") else None

    return match


def waiting(tickets: int) -> Callable[[Observation], bool | None]:
    """Match the gateway's own account when so many tickets are not acknowledged."""

    def match(seen: Observation) -> bool | None:
        return True if isinstance(seen, StatusSeen) and seen.unacknowledged == tickets else None

    return match
