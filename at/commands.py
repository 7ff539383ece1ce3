"""What the modem island can be asked to do: a closed union of frozen values."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WalkSlots:
    """Report every occupied slot now."""


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """Delete one slot, but only while it still holds the PDU with this digest (`events.digest`)."""

    storage: str
    index: int
    digest: str


@dataclass(frozen=True, slots=True)
class SendPart:
    """Send one SUBMIT; `job` comes back in `SendEnded`, `tpdu_octets` is the `<length>` of `+CMGS`."""

    job: int
    tpdu_octets: int
    pdu_hex: str


@dataclass(frozen=True, slots=True)
class RunUssd:
    """Ask the network a USSD code such as `*888#`; `choices` answer the menus that come, one after the other."""

    code: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WriteMark:
    """Write a number into the SIM's phonebook, where a new memory card finds it; ends in `MarkFound` or silently."""

    counter: int


@dataclass(frozen=True, slots=True)
class Recover:
    """Help a line whose refusals say that modem or SIM must be started anew (class R of modem.md 7.1)."""

    why: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Switch the radio off and on when nothing else is to be done: the line looks well, but messages do not come."""


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Finish the command in flight, take no more."""


_STORAGE = re.compile(r"[A-Z_]{2,4}")
_USSD = re.compile(r"[0-9*#+]{1,160}")  # 3GPP TS 22.030 §6.5.2; 160 characters are one string of 23.090
_PDU = re.compile(r"(?:[0-9A-F]{2}){1,180}")


def is_writable(command: "ModemCommand") -> bool:
    """Tell whether a command can be written without becoming another one: no quote, no line end, no stray letter."""
    match command:
        case FreeSlot(storage, index, _):
            return _STORAGE.fullmatch(storage) is not None and 0 <= index <= 65535
        case SendPart(_, octets, pdu_hex):
            return 0 < octets < 180 and _PDU.fullmatch(pdu_hex) is not None
        case RunUssd(code, choices):
            return all(_USSD.fullmatch(text) for text in (code, *choices))
        case WriteMark(counter):
            return 0 <= counter < 10**9
        case WalkSlots() | Recover() | Refresh() | Shutdown():
            return True


ModemCommand = WalkSlots | FreeSlot | SendPart | RunUssd | WriteMark | Recover | Refresh | Shutdown
