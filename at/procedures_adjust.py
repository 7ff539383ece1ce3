"""The dialogue that follows a start once messages can be read: the comfortable settings, and what is good to know."""

from dataclasses import dataclass

from kentongan.at.dialect import NOISE_SWITCHES, Dialect
from kentongan.at.dialogue import AtCommand, CmeError, Pause, Procedure
from kentongan.at.events import Identified, NetworkTime
from kentongan.at.procedures import ask, ask_operator, ask_registration, ask_time
from kentongan.at.results import fields, number, signal_dbm

CENTRE_TRIES = 15
"""One a second: the card answers `busy` for some seconds behind its PIN (PYG#10, #11; modem.md 2.1 step 16)."""


@dataclass(frozen=True, slots=True)
class Details:
    """What is good to know; `smsc` is empty when the card has none and none was known."""

    identified: Identified
    smsc: str
    operator: str
    registration: int | None
    dbm: int | None
    time: NetworkTime | None


def adjust(dialect: Dialect, smsc: str, baud: int) -> Procedure[Details]:
    """Send the settings that make life easier, done without where refused, and ask for the details.

    `smsc` is the service centre that this card had before: a card that lost it gets it back (CMS 330 otherwise).
    """
    for text in ("AT+CSMS=0", *dialect.settings, "AT+CLIP=1", "ATS0=0"):
        response = yield AtCommand(text, ("+CSMS",), timeout_s=15.0 if "CLIP" in text else 5.0)
        if not response.ok and text in NOISE_SWITCHES:
            yield AtCommand(NOISE_SWITCHES[text], timeout_s=5.0)
    yield from _settle(dialect, baud)
    identified = yield from identify(dialect)
    centre = yield from _service_centre(smsc, dialect)
    name = yield from ask_operator()
    stat = yield from ask_registration()
    signal = yield from ask("AT+CSQ", "+CSQ", 5.0)
    dbm = signal_dbm(signal.lines[0]) if signal.lines else None
    time = yield from ask_time()
    return Details(identified, centre, name or "", stat, dbm, time)


def identify(dialect: Dialect) -> Procedure[Identified]:
    """Ask for the identity of the module."""
    answers = []
    for text in ("AT+CGMI", "AT+CGMM", "AT+CGMR", "AT+CGSN"):
        response = yield AtCommand(text, ("+CGMI", "+CGMM", "+CGMR", "+CGSN", "Revision"), free_text=True)
        line = response.lines[0] if response.lines else ""
        answers.append(line.rpartition(":")[2].strip().strip('"'))
    maker, model, revision, imei = answers
    return Identified(maker, model, revision, imei, dialect.name)


def _settle(dialect: Dialect, baud: int) -> Procedure[None]:
    """Write what holds for good, once for each device.

    In automatic rate detection a module restarts without `RDY` (modem.md 1.4); the network's time comes with the next
    start. What is kept with it has the echo on, so that an echo betrays a restart without words.
    """
    wanted = []
    if dialect.fixes_rate and (yield from _is_off("+IPR")):
        wanted.append(f"+IPR={baud}")
    if dialect.network_time and (yield from _is_off(dialect.network_time)):
        wanted.append(f"{dialect.network_time}=1")
    if wanted and dialect.keeps_by_command:
        yield AtCommand("ATE1")
        yield AtCommand(f"AT{';'.join(wanted)};&W", echoes=True)
        yield AtCommand("ATE0V1", echoes=True)
    elif wanted:
        yield AtCommand(f"AT{';'.join(wanted)}")


def _is_off(name: str) -> Procedure[bool]:
    response = yield from ask(f"AT{name}?", name)
    return bool(response.lines) and number(fields(response.lines[0])[0]) == 0


def _service_centre(known: str, dialect: Dialect) -> Procedure[str]:
    for _ in range(CENTRE_TRIES):
        response = yield from ask("AT+CSCA?", "+CSCA", dialect.sim_s)
        if response.final != CmeError(14, "14"):
            break
        yield Pause(1.0)
    found = fields(response.lines[0])[0] if response.lines else ""
    if response.lines and not found and known:
        yield AtCommand(f'AT+CSCA="{known}",{145 if known.startswith("+") else 129}', timeout_s=dialect.sim_s)
        return known
    return found
