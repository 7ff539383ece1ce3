"""The dialogues of a start: find the modem's step, learn who it is, make the SIM and the message memory usable.

The steps and their rules are modem.md 2.1; what receiving needs comes first, so that a healthy modem serves at once.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kentongan.at.dialect import DIALECTS, Dialect, recognise
from kentongan.at.dialogue import AtCommand, CmeError, Ok, Pause, Procedure, Synchronise
from kentongan.at.events import SimIdentified
from kentongan.at.procedures import Refused, ask, ask_registration, ask_sim, refusal
from kentongan.at.procedures_slots import select_storage
from kentongan.at.results import StoreFill, fields, number

BUSY_TRIES = 30
"""One a second: the SIM answers `busy` for up to half a minute after power-on (modem.md 2.1 step 8)."""

STORAGE_TRIES = 60
"""One a second: the SMS layer of a SIM800 comes up to a minute after its first `OK` (modem.md 2.1 step 10)."""

PREFERRED_TRIES = 20
"""So long only the memory that should receive is tried: a layer that comes up late refuses every memory."""

PIN_SETTLE_TRIES = 30
"""One a second from the accepted PIN to `READY`."""

RESTART_PATIENCE_S = 5.0
"""The `OK` of a restart may come before it or never."""

SAFE_ATTEMPTS = 2
"""A PIN is only tried while a human could still try once more after us (modem.md 0 rule 7)."""


_PIN = re.compile(r"[0-9]{4,8}")


@dataclass(frozen=True, slots=True)
class Profile:
    """What a start learned about the line."""

    dialect: Dialect
    sim: SimIdentified
    fill: StoreFill  # its `storage` is the memory that receives
    cnmi: str  # empty: no notification was accepted, the walk is the only way
    registration: int | None
    echo_is_off: bool


@dataclass(frozen=True, slots=True)
class NoSim:
    """The card is missing or does not work."""

    why: str


@dataclass(frozen=True, slots=True)
class Locked:
    """The card or the module waits for a code that the gateway must not or cannot enter."""

    why: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """The modem does not answer, or refuses what nothing works without."""

    why: str


Start = Profile | NoSim | Locked | Unusable


@dataclass(frozen=True, slots=True)
class PinRule:
    """The PIN and who allows its use.

    `allows` is asked with the ICCID right before the one attempt; when it says yes it has written the attempt down
    durably, because a crash behind it must look like a failed attempt. `ended` is told whether the card took it.
    """

    pin: str
    allows: Callable[[str], bool]
    ended: Callable[[str, bool], None] = lambda _iccid, _accepted: None


def find_step(search: Synchronise) -> Procedure[bool]:
    """Look for a modem that answers what it was asked last."""
    found = yield search
    return found.ok


def initialise(dialect_name: str, pin: PinRule, count_echoes: Callable[[], int]) -> Procedure[Start]:
    """Bring a modem that answers into a state in which messages can be read.

    `count_echoes` tells how many commands came back as an echo: firmware that ignores `ATE0` must not look like
    firmware that restarts.
    """
    yield AtCommand("ATE0V1", timeout_s=2.0)
    echoes = count_echoes()
    yield AtCommand("AT+CMEE=1", timeout_s=2.0)
    dialect = DIALECTS[dialect_name] if dialect_name in DIALECTS else (yield from find_dialect())
    iccid = yield from ask_iccid(dialect)
    yield from _wake_radio(dialect)
    trouble = yield from unlock(dialect, iccid, pin)
    if trouble is not None:
        return trouble
    iccid = iccid or (yield from ask_iccid(dialect))
    return (yield from _prepare_messages(dialect, iccid, lambda: count_echoes() == echoes))


def _prepare_messages(dialect: Dialect, iccid: str, echo_is_off: Callable[[], bool]) -> Procedure[Start]:
    fill = yield from _open_storage(dialect)
    if isinstance(fill, Refused):
        return NoSim(fill.why) if fill.sim_gone else Unusable(f"no message memory: {fill.why}")
    mode = yield AtCommand("AT+CMGF=0")
    if not mode.ok:
        return Unusable(f"no PDU mode: {refusal(mode).why}")
    cnmi = yield from choose_cnmi(dialect)
    full = yield AtCommand("AT+CREG=2", timeout_s=2.0)
    if not full.ok:
        yield AtCommand("AT+CREG=1", timeout_s=2.0)
    stat = yield from ask_registration()
    imsi = yield from ask_digits("AT+CIMI")
    return Profile(dialect, SimIdentified(iccid, imsi), fill, cnmi, stat, echo_is_off())


def soft_restart(dialect: Dialect) -> Procedure[None]:
    """Restart the module by command; whether it listens is found out by the start that follows."""
    yield AtCommand(dialect.soft_restart, timeout_s=RESTART_PATIENCE_S, starts_up=True)


def find_dialect() -> Procedure[Dialect]:
    """Ask the modem who it is."""
    identity = yield AtCommand("ATI", ("Manufacturer", "Model", "Revision"), free_text=True)
    model = yield AtCommand("AT+CGMM", free_text=True)
    return recognise((*identity.lines, *model.lines))


def _open_storage(dialect: Dialect) -> Procedure[StoreFill | Refused]:
    last = Refused("no memory is named")
    for tries in range(STORAGE_TRIES):
        # the second choice only after several refusals: a damaged answer must not move the messages elsewhere
        for storage in dialect.memories[: 1 + tries // PREFERRED_TRIES]:
            fill = yield from select_storage(storage, dialect)
            if isinstance(fill, StoreFill):
                return fill
            last = fill
            if fill.sim_gone:
                return fill
        yield Pause(1.0)
    return last


def choose_cnmi(dialect: Dialect) -> Procedure[str]:
    """Try the variants of `AT+CNMI` and read back which one holds; empty when none does."""
    for variant in dialect.cnmi:
        accepted = yield AtCommand(f"AT+CNMI={variant}", timeout_s=5.0)
        if not accepted.ok:
            continue
        found = yield from ask("AT+CNMI?", "+CNMI", 5.0)
        if not found.lines or found.lines[0].partition(":")[2].replace(" ", "").startswith(variant):
            return variant
    return ""


# -- SIM --------------------------------------------------------------------------------------------------------------


def ask_iccid(dialect: Dialect) -> Procedure[str]:
    """Ask for the number of the card; empty when it does not say."""
    for text in dialect.iccid:
        digits = yield from ask_digits(text)
        if digits:
            return digits
    return ""


def ask_digits(text: str) -> Procedure[str]:
    """Ask for a number of the card: `AT+CIMI`, or a command that tells the ICCID; empty when there is none."""
    response = yield AtCommand(text, ("+CCID", "+ICCID", "+CICCID", "+QCCID", "^ICCID", "+CIMI"), 5.0, free_text=True)
    for line in response.lines:
        digits = line.rpartition(":")[2].strip().strip('"').rstrip("Ff")
        if digits.isascii() and digits.isdigit():
            return digits
    return ""


def unlock(dialect: Dialect, iccid: str, pin: PinRule) -> Procedure[NoSim | Locked | None]:
    """Wait until the card can be used, entering the PIN at most once; `None` when it can (modem.md 3.1, 3.2)."""
    entered = False
    for _ in range(BUSY_TRIES + PIN_SETTLE_TRIES):
        state = yield from ask_sim()
        match state:
            case "READY" | "SIM PIN2" | "SIM PUK2":
                return None
            case "SIM PIN" if not entered:
                refused = yield from _enter_pin(dialect, iccid, pin)
                if refused is not None:
                    return refused
                entered = True
                continue
            case "NOT READY" | "BUSY" | "SIM PIN":
                pass
            case "NOT INSERTED":
                return NoSim("no SIM")
            case _ if "PIN" in state or "PUK" in state:
                return Locked(state)
            case _:
                return NoSim(state)
        yield Pause(1.0)
    return Locked("the PIN was accepted but the card is not ready") if entered else NoSim("the card stays busy")


def _wake_radio(dialect: Dialect) -> Procedure[None]:
    response = yield from ask("AT+CFUN?", "+CFUN", 10.0)
    if response.lines and number(fields(response.lines[0])[0]) in {0, 4}:
        yield AtCommand("AT+CFUN=1", timeout_s=dialect.cfun_s, starts_up=True)


def _enter_pin(dialect: Dialect, iccid: str, pin: PinRule) -> Procedure[Locked | None]:
    if not pin.pin:
        return Locked("SIM PIN, and none is configured")
    if not _PIN.fullmatch(pin.pin):
        return Locked("SIM PIN, and the configured one is not 4 to 8 digits")
    left = yield from attempts_left(dialect)
    if left is None or left < SAFE_ATTEMPTS:
        return Locked(f"SIM PIN, attempts left: {'unknown' if left is None else left}; not tried")
    if not pin.allows(iccid):
        return Locked("SIM PIN, this PIN was tried on this card before")
    response = yield AtCommand(f'AT+CPIN="{pin.pin}"', timeout_s=dialect.sim_s, secret=True, starts_up=True)
    match response.final:
        case Ok():
            pin.ended(iccid, True)
            return None
        case CmeError(16):
            pin.ended(iccid, False)
            return Locked("SIM PIN, the configured one is wrong")
        case _:
            return Locked(f"SIM PIN, not accepted: {refusal(response).why}")


def attempts_left(dialect: Dialect) -> Procedure[int | None]:
    """Ask how often the PIN may still be tried; `None` when the modem does not say."""
    prefix = dialect.pin_attempts.removeprefix("AT").rstrip("?").partition("=")[0]
    response = yield from ask(dialect.pin_attempts, prefix, 5.0)
    parts = fields(response.lines[0]) if response.lines else []
    at = dialect.pin_attempts_field
    return number(parts[at]) if len(parts) > at else None
