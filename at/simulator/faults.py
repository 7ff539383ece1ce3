"""The fault schedule as data: what goes wrong, at which command, how often; refuses a fault it does not know."""

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from kentongan.at.simulator.network import Credit


class FaultKind(StrEnum):
    """What can go wrong; `MEANINGS` tells how."""

    GARBLE = "garble"
    NOISE = "noise"
    DRIP = "drip"
    LOSE = "lose"
    URC = "urc"
    SILENCE = "silence"
    MUTE = "mute"
    ANSWER = "answer"
    DELAY = "delay"
    RESTART = "restart"
    SWALLOW = "swallow"
    UNENDED = "unended"
    SENT_MUTE = "sent-mute"
    LATE = "late"
    RESTART_PAYLOAD = "restart-payload"
    RESTART_SENT = "restart-sent"
    CMS = "cms"
    CME = "cme"
    PLAIN = "plain"
    DELETE_IGNORED = "delete-ignored"
    DUPLICATE = "duplicate"
    PARTS = "parts"
    POWER_DIP = "restart-now"
    VANISH = "vanish"
    HANG = "hang"
    DEAF = "deaf"
    NO_URC = "no-urc"
    FORGET = "forget"
    STUCK_PROMPT = "stuck-prompt"
    MEMORY_FULL = "memory-full"
    SIM_OUT = "sim-out"
    SIM_IN = "sim-in"
    PIN_LOCK = "pin-lock"
    NO_NETWORK = "no-network"
    NETWORK = "network"
    CREDIT = "credit"
    LINE = "line"
    VOLTAGE = "voltage"
    HEAT = "heat"
    USSD = "ussd"
    CALL = "call"
    FLOOD = "flood"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a kind does and which fields it looks at, beside `on`, `skip` and `times`."""

    text: str
    fields: tuple[str, ...] = ()
    of_world: bool = False  # happens by itself, or while the command `on` runs
    choices: tuple[str, ...] = ()  # what `data` may be


def _world(text: str, *fields: str, choices: tuple[str, ...] = ()) -> Meaning:
    return Meaning(text, (*fields, "after_s"), of_world=True, choices=choices)


MEANINGS = MappingProxyType(
    {
        # on the wire, to the answer of a command
        FaultKind.GARBLE: Meaning("`count` bytes of the answer become others", ("count",)),
        FaultKind.NOISE: Meaning("the bytes of `data` (hex) come before the answer", ("data",)),
        FaultKind.DRIP: Meaning("the answer comes byte by byte, `seconds` apart", ("seconds",)),
        FaultKind.LOSE: Meaning("`count` bytes from `position` on are missing", ("position", "count")),
        FaultKind.URC: Meaning("the lines of `data`, parted by |, come at byte `position`", ("position", "data")),
        FaultKind.SILENCE: Meaning("the command is not executed and not answered"),
        FaultKind.MUTE: Meaning("the command is executed and not answered"),
        FaultKind.ANSWER: Meaning(r"the answer is `data` instead; \r and \n in it are control characters", ("data",)),
        FaultKind.DELAY: Meaning("the answer comes `seconds` later", ("seconds",)),
        FaultKind.RESTART: Meaning("the modem restarts after `position` bytes of the answer", ("position",)),
        # of a send
        FaultKind.SWALLOW: Meaning("nothing was sent, and nothing is said; deaf for `seconds`", ("seconds",)),
        FaultKind.UNENDED: Meaning("the end of the payload is lost: nothing was sent, the modem waits in the prompt"),
        FaultKind.SENT_MUTE: Meaning("it was sent, no answer comes"),
        FaultKind.LATE: Meaning("it was sent, the answer comes `seconds` later", ("seconds",)),
        FaultKind.RESTART_PAYLOAD: Meaning("restart after `position` bytes of the payload: not sent", ("position",)),
        FaultKind.RESTART_SENT: Meaning("it was sent, then a restart instead of the answer"),
        # refusals
        FaultKind.CMS: Meaning("+CMS ERROR: `code`", ("code",)),
        FaultKind.CME: Meaning("+CME ERROR: `code`", ("code",)),
        FaultKind.PLAIN: Meaning("ERROR"),
        FaultKind.DELETE_IGNORED: Meaning("OK to +CMGD, and the slot is still there"),
        # of the network's next message
        FaultKind.DUPLICATE: Meaning("the next message comes `count` more times", ("count",)),
        FaultKind.PARTS: Meaning(
            "the next long message comes disturbed; `position` is the missing part, from 0",
            ("data", "position"),
            choices=("shuffled", "doubled", "missing"),
        ),
        # of the world
        FaultKind.POWER_DIP: _world("the modem restarts"),
        FaultKind.VANISH: _world(
            "the port goes for `seconds`, 0 = for good; back as `data` if given", "seconds", "data"
        ),
        FaultKind.HANG: _world("neither answers nor URCs for `seconds`, 0 = until it loses its supply", "seconds"),
        FaultKind.DEAF: _world("URCs come, commands are not heard: the host's transmit line is cut", "seconds"),
        FaultKind.NO_URC: _world("commands are answered, unsolicited lines stay away", "seconds"),
        FaultKind.FORGET: _world("a silent reset: settings and echo as from the factory, no banner"),
        FaultKind.STUCK_PROMPT: _world("in the prompt of a send that nobody finished"),
        FaultKind.MEMORY_FULL: _world("old notices of an operator fill the memory"),
        FaultKind.SIM_OUT: _world("the SIM is pulled, and put in after `seconds`, 0 = until sim-in", "seconds"),
        FaultKind.SIM_IN: _world("the SIM is put in"),
        FaultKind.PIN_LOCK: _world("the card asks for the PIN `data` from the next restart on", "data"),
        FaultKind.NO_NETWORK: _world(
            "+CREG <stat> `code`, 0 = searching; for `seconds`, 0 = until network", "code", "seconds"
        ),
        FaultKind.NETWORK: _world("the network is back"),
        FaultKind.CREDIT: _world("the account is empty, in the disguise `data`", "data", choices=tuple(Credit)),
        FaultKind.LINE: _world("the modem prints the lines of `data`, parted by |", "data"),
        FaultKind.VOLTAGE: _world("the line `data`, and `code` millivolts from now on", "data", "code"),
        FaultKind.HEAT: _world("the line `data`, and `code` degrees from now on", "data", "code"),
        FaultKind.USSD: _world("`data` is CODE=ANSWER with status `code`; CODE/CHOICE behind a menu", "data", "code"),
        FaultKind.CALL: _world("a call from `data`, ringing `count` times", "data", "count"),
        FaultKind.FLOOD: _world("`count` messages `data` at once, each from another number", "count", "data"),
    }
)


def explain() -> str:
    """List the kinds for people."""
    lines = [f"  {kind:16}{meaning.text}{_listed(meaning.choices)}" for kind, meaning in MEANINGS.items()]
    return "\n".join(lines)


def _listed(choices: tuple[str, ...]) -> str:
    return f" ({', '.join(choices)})" if choices else ""


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


WORLD = frozenset(kind for kind, meaning in MEANINGS.items() if meaning.of_world)


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
    """Make a fault of plain values; raise `ValueError` naming what does not fit."""
    try:
        kind = FaultKind(str(values.get("kind", "")))
    except ValueError:
        raise ValueError(f"no fault {values.get('kind', '')!r}; known: {', '.join(FaultKind)}") from None
    allowed = ("on", "skip", "times", *MEANINGS[kind].fields)
    unknown = set(values) - {"kind", *allowed}
    if unknown:
        raise ValueError(f"{kind} has no {', '.join(sorted(unknown))}; it has {', '.join(allowed)}")
    fault = Fault(kind)
    changes: dict[str, Any] = {
        name: _converted(name, value, type(getattr(fault, name))) for name, value in values.items() if name != "kind"
    }
    return _checked(replace(fault, **changes))


def _checked(fault: Fault) -> Fault:
    choices = MEANINGS[fault.kind].choices
    if choices and fault.data not in choices:
        raise ValueError(f"{fault.kind}: data={fault.data!r} is none of {', '.join(choices)}")
    if fault.kind is FaultKind.NOISE:
        bytes.fromhex(fault.data)
    return fault


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
