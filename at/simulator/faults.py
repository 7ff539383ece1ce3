"""The fault schedule as data: what goes wrong, at which command, how often; refuses a fault it does not know."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any


class FaultKind(StrEnum):
    """What can go wrong."""

    # on the wire, to the answer of a command
    GARBLE = "garble"  # `count` bytes become others
    NOISE = "noise"  # the bytes of `data` (hex) come before the answer
    DRIP = "drip"  # the answer comes byte by byte, `seconds` apart
    LOSE = "lose"  # `count` bytes from `position` on are missing
    URC = "urc"  # the lines of `data` come at byte `position` of the answer
    SILENCE = "silence"  # the command is not executed and not answered
    MUTE = "mute"  # the command is executed and not answered
    ANSWER = "answer"  # the answer is `data` instead, "\\r" and "\\n" read as control characters
    DELAY = "delay"  # the answer comes `seconds` later
    RESTART = "restart"  # the modem restarts after `position` bytes of the answer
    # of a send
    SWALLOW = "swallow"  # nothing after the payload, and nothing was sent
    SENT_MUTE = "sent-mute"  # it was sent, no answer comes
    LATE = "late"  # it was sent, the answer comes `seconds` later
    RESTART_PAYLOAD = "restart-payload"  # restart after `position` bytes of the payload: nothing was sent
    RESTART_SENT = "restart-sent"  # it was sent, then a restart instead of the answer
    # refusals
    CMS = "cms"  # +CMS ERROR: `code`
    CME = "cme"  # +CME ERROR: `code`
    PLAIN = "plain"  # ERROR
    DELETE_IGNORED = "delete-ignored"  # OK, and the slot is still there
    # of the world
    POWER_DIP = "restart-now"
    VANISH = "vanish"  # the port goes; back after `seconds`, under the name `data` if given; 0 = until plugged
    HANG = "hang"  # neither answers nor URCs for `seconds`, 0 = until it loses its supply
    DEAF = "deaf"  # URCs come, commands are not heard: the host's transmit line is cut
    NO_URC = "no-urc"  # commands are answered, unsolicited lines stay away
    FORGET = "forget"  # a silent reset: settings and echo as from the factory, no banner
    STUCK_PROMPT = "stuck-prompt"  # in the prompt of a send that nobody finished
    MEMORY_FULL = "memory-full"
    DUPLICATE = "duplicate"  # the next message comes `count` more times
    PARTS = "parts"  # the next long message: `data` = shuffled, doubled or missing
    SIM_OUT = "sim-out"  # and in again after `seconds`, 0 = until "sim-in"
    SIM_IN = "sim-in"
    PIN_LOCK = "pin-lock"  # the card asks for its PIN `data` from the next restart on
    NO_NETWORK = "no-network"  # +CREG <stat> `code`, 0 = searching; for `seconds`, 0 = until "network"
    NETWORK = "network"
    CREDIT = "credit"  # `data` is a disguise of network.Credit
    LINE = "line"  # the lines of `data`, parted by |
    VOLTAGE = "voltage"  # the line of `data`, and `code` millivolts from now on
    USSD = "ussd"  # `data` is CODE=ANSWER with status `code`; CODE/CHOICE for what a menu leads to
    CALL = "call"  # from `data`, ringing `count` times
    FLOOD = "flood"  # `count` messages at once, each from another number


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of the schedule.

    `on` is a command such as +CMGS, empty for any; `+CMGS>` is the prompt, `+CMGS.` the time and the answer after the
    payload. A fault of the world with `on` happens while that command runs, one without happens by itself.
    """

    kind: FaultKind
    on: str = ""
    skip: int = 0  # let so many occasions pass
    times: int = 1  # then strike so often; 0 = for ever
    after_s: float = 0.0  # world faults: wait so long
    seconds: float = 0.0
    position: int = 0
    count: int = 1
    code: int = 0
    data: str = ""


WORLD = frozenset(
    {
        FaultKind.POWER_DIP,
        FaultKind.VANISH,
        FaultKind.HANG,
        FaultKind.DEAF,
        FaultKind.NO_URC,
        FaultKind.FORGET,
        FaultKind.STUCK_PROMPT,
        FaultKind.MEMORY_FULL,
        FaultKind.SIM_OUT,
        FaultKind.SIM_IN,
        FaultKind.PIN_LOCK,
        FaultKind.NO_NETWORK,
        FaultKind.NETWORK,
        FaultKind.CREDIT,
        FaultKind.LINE,
        FaultKind.VOLTAGE,
        FaultKind.USSD,
        FaultKind.CALL,
        FaultKind.FLOOD,
    }
)


class FaultBook:
    """The faults that wait for their occasion."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Put a fault on the schedule."""
        self._armed.append(fault)

    def clear(self) -> None:
        """Empty the schedule."""
        self._armed.clear()

    def pending(self) -> tuple[Fault, ...]:
        """Return what still waits."""
        return tuple(self._armed)

    def take(self, kind: FaultKind, command: str = "") -> Fault | None:
        """Return the fault that strikes on this occasion, and count the occasion."""
        for position, fault in enumerate(self._armed):
            if fault.kind is not kind or fault.on not in {"", command}:
                continue
            if fault.skip > 0:
                self._armed[position] = replace(fault, skip=fault.skip - 1)
                continue
            if fault.times == 1:
                del self._armed[position]
            elif fault.times > 1:
                self._armed[position] = replace(fault, times=fault.times - 1)
            return fault
        return None


def fault_from(values: dict[str, object]) -> Fault:
    """Make a fault of plain values; raise `ValueError` naming the field that does not fit."""
    known = {field.name: field.type for field in fields(Fault)}
    if "kind" not in values:
        raise ValueError("a fault needs a kind")
    unknown = set(values) - set(known)
    if unknown:
        raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(known)}")
    try:
        kind = FaultKind(str(values["kind"]))
    except ValueError:
        raise ValueError(f"no fault {values['kind']!r}; known: {', '.join(FaultKind)}") from None
    fault = Fault(kind)
    changes: dict[str, Any] = {
        name: _converted(name, value, type(getattr(fault, name))) for name, value in values.items() if name != "kind"
    }
    return replace(fault, **changes)


def _converted(name: str, value: object, wanted: type) -> object:
    try:
        return wanted(str(value))
    except ValueError:
        raise ValueError(f"{name}={value!r} is no {wanted.__name__}") from None


def parse_fault(text: str) -> Fault:
    r"""Read `kind:name=value,name=value`; `\,` is a comma inside a value."""
    kind, _, rest = text.partition(":")
    values: dict[str, object] = {"kind": kind.strip()}
    for pair in filter(None, rest.replace("\\,", "\0").split(",")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"{pair!r} in {text!r} is not name=value")
        values[name.strip()] = value.replace("\0", ",")
    return fault_from(values)
