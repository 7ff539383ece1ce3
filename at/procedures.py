"""The dialogues of a running line: send, poll, inspect, hang up, search the network.

A procedure yields steps and is sent how they ended (`dialogue.Procedure`); it holds no clock and does no I/O.
"""

from dataclasses import dataclass

from kentongan.at.dialect import Dialect
from kentongan.at.dialogue import (
    Aborted,
    AtCommand,
    AtResponse,
    CmeError,
    CmsError,
    Failed,
    Ok,
    Pause,
    Procedure,
    TimedOut,
)
from kentongan.at.events import ErrorFamily, NetworkTime, Rejected, SendOutcome, Sent, Uncertain
from kentongan.at.nettime import clock_shown
from kentongan.at.results import (
    StoreFill,
    fields,
    final_result,
    number,
    operator,
    reference,
    registration,
    signal_dbm,
    store_fill,
)

NO_SIM = {ErrorFamily.CME: frozenset({10, 11, 12, 13, 15}), ErrorFamily.CMS: frozenset({310, 311, 313, 315, 316})}
"""Codes that say that the card is missing, locked or broken; CMS 10 is the network's barring (modem.md 7.2)."""

MEMORY_FULL = 322

WRONG_MODE = 305
"""CMS: an invalid text mode parameter; the modem has forgotten `AT+CMGF=0`."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The modem refused or did not answer; `sim_gone` when it blamed the card."""

    why: str
    sim_gone: bool = False


def refusal(response: AtResponse) -> Refused:
    """Say why a step did not succeed."""
    match response.final:
        case CmeError(code, text):
            return Refused(f"CME {text}", code in NO_SIM[ErrorFamily.CME])
        case CmsError(code, text):
            return Refused(f"CMS {text}", code in NO_SIM[ErrorFamily.CMS])
        case Failed(text):
            return Refused(text)
        case TimedOut():
            return Refused("no answer in time")
        case Aborted(why):
            return Refused(why)
        case Ok():
            return Refused("an answer without the line it should have")


def ask(text: str, prefix: str = "", timeout_s: float = 3.0) -> Procedure[AtResponse]:
    """Run one command; with a prefix, its answer must have a line of that prefix."""
    prefixes = (prefix,) if prefix else ()
    return (yield AtCommand(text, prefixes, timeout_s, needs_line=bool(prefix)))


def send(tpdu_octets: int, pdu_hex: str, dialect: Dialect) -> Procedure[SendOutcome]:
    """Send one SUBMIT; the payload is written after the prompt and only then (modem.md 1.3)."""
    response = yield AtCommand(
        f"AT+CMGS={tpdu_octets}", ("+CMGS",), dialect.send_timeout_s, needs_line=True, payload=pdu_hex
    )
    return send_outcome(response)


def send_outcome(response: AtResponse) -> SendOutcome:
    """Say what became of a part; without an answer only a payload that never left is certain."""
    match response.final:
        case Ok():
            sent = reference(response.lines)
            return Uncertain("OK without a reference") if sent is None else Sent(sent)
        case CmsError(code):
            return Rejected(ErrorFamily.CMS, max(code, 0))
        case CmeError(code):
            return Rejected(ErrorFamily.CME, max(code, 0))
        case Failed():
            return Rejected(ErrorFamily.PLAIN, 0)
        case TimedOut() | Aborted():
            return _unanswered(response)


def _unanswered(response: AtResponse) -> SendOutcome:
    sent = reference((*response.lines, *response.late))
    if sent is not None:
        return Sent(sent)
    for line in response.late:
        final = final_result(line)
        if isinstance(final, CmsError):
            return Rejected(ErrorFamily.CMS, max(final.code, 0))
    if not response.payload_left:
        return Rejected(ErrorFamily.PLAIN, 0)
    return Uncertain(refusal(response).why)


@dataclass(frozen=True, slots=True)
class Health:
    """What a poll found; `None` for what the modem did not say."""

    registration: int | None
    dbm: int | None
    sim: str  # what `+CPIN` said, or why it said nothing


@dataclass(frozen=True, slots=True)
class Condition:
    """What the thorough part of a poll found."""

    operator: str | None
    settings_kept: bool  # the notification settings are still ours
    millivolts: int | None
    celsius: int | None
    time: NetworkTime | None


def poll() -> Procedure[Health]:
    """Take one health sample."""
    stat = yield from ask_registration()
    signal = yield from ask("AT+CSQ", "+CSQ", 5.0)
    sim = yield from ask_sim()
    return Health(stat, signal_dbm(signal.lines[0]) if signal.lines else None, sim)


def measure_store() -> Procedure[StoreFill | Refused]:
    """Ask which memory receives and how full it is."""
    response = yield from ask("AT+CPMS?", "+CPMS", 5.0)
    fill = store_fill(response.lines)
    return refusal(response) if fill is None else fill


def inspect(cnmi: str, dialect: Dialect) -> Procedure[Condition]:
    """Ask for what changes slowly, and whether the settings are still ours."""
    name = yield from ask_operator()
    kept = yield from settings_are_ours(cnmi)
    time = yield from ask_time()
    millivolts = yield from ask_supply(dialect)
    return Condition(name, kept, millivolts, (yield from _ask_heat(dialect)), time)


def ask_supply(dialect: Dialect) -> Procedure[int | None]:
    """Ask for the supply voltage in mV; `None` where the modem does not know it."""
    if not dialect.supply:
        return None
    response = yield from ask(dialect.supply, "+CBC", 5.0)
    parts = fields(response.lines[0]) if response.lines else []
    return number(parts[2]) if len(parts) > 2 else None


def _ask_heat(dialect: Dialect) -> Procedure[int | None]:
    """Ask for the temperature in degrees (`+CMTE: <mode>,<temperature>`)."""
    if not dialect.heat:
        return None
    response = yield from ask(dialect.heat, "+CMTE")
    parts = fields(response.lines[0]) if response.lines else []
    return number(parts[1].partition(".")[0]) if len(parts) > 1 else None


def ask_sim() -> Procedure[str]:
    """Ask for the state of the card: the words of `+CPIN`, or `NOT INSERTED`, `BUSY`, or the refusal's words."""
    response = yield AtCommand("AT+CPIN?", ("+CPIN",), 10.0, needs_line=True, may_end_in_silence=True)
    if response.lines:
        return response.lines[0].partition(":")[2].strip().strip('"')
    match response.final:
        case CmeError(10 | 13 | 15) | CmsError(310 | 313 | 315):
            return "NOT INSERTED"
        case CmeError(11) | CmsError(311):
            return "SIM PIN"
        case CmeError(12) | CmsError(316):
            return "SIM PUK"
        case CmeError(5 | 6 | 7) | CmsError(312):
            return "PH-SIM PIN"
        case CmeError(code) if 40 <= code <= 47:
            return "PH-NET PIN"
        case CmeError(14 | 3 | 100 | 772 | 797) | CmsError(314):
            return "BUSY"
        case _:
            return refusal(response).why


def ask_registration() -> Procedure[int | None]:
    """Ask for `<stat>` of the registration."""
    response = yield from ask("AT+CREG?", "+CREG", 5.0)
    return registration(response.lines[0], answer=True) if response.lines else None


def ask_operator() -> Procedure[str | None]:
    """Ask for the operator."""
    response = yield from ask("AT+COPS?", "+COPS", 10.0)
    return operator(response.lines[0]) if response.lines else None


def ask_time() -> Procedure[NetworkTime | None]:
    """Ask for the modem's clock; `None` when no network has set it."""
    response = yield from ask("AT+CCLK?", "+CCLK")
    return clock_shown(response.lines[0]) if response.lines else None


def settings_are_ours(cnmi: str) -> Procedure[bool]:
    """Read the notification settings back: modules lose them in resets that nobody sees (modem.md 10.1 item 2)."""
    response = yield from ask("AT+CNMI?", "+CNMI")
    if not response.lines or not cnmi:
        return True
    found = response.lines[0].partition(":")[2].replace(" ", "")
    return found.startswith(cnmi)


def hang_up(dialect: Dialect) -> Procedure[None]:
    """Refuse a call: a modem that rings may not send (modem.md 2.7)."""
    yield AtCommand(dialect.hang_up, timeout_s=20.0, hangs_up=True)


RADIO_REST_S = 5.0
"""A card needs 3 to 5 s between off and on to be read again (smstools note on SIM800L)."""


def switch_radio(dialect: Dialect) -> Procedure[None]:
    """Switch the radio off and on: the card is read again, the network is searched anew."""
    yield AtCommand("AT+CFUN=0", timeout_s=dialect.cfun_s, starts_up=True)
    yield Pause(RADIO_REST_S)
    yield AtCommand("AT+CFUN=1", timeout_s=dialect.cfun_s, starts_up=True)


def choose_operator() -> Procedure[int | None]:
    """Let the modem choose its operator by itself, and ask where that led."""
    yield AtCommand("AT+COPS=0", timeout_s=130.0)
    return (yield from ask_registration())
