"""The commands of the SIM: PIN, PUK, identity, phonebook, own number."""

from functools import partial
from types import MappingProxyType

from kentongan.at.simulator.answers import ERROR, Answer, Cme, Ok
from kentongan.at.simulator.card import Lock
from kentongan.at.simulator.charset import read, written
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.personas import Family
from kentongan.at.simulator.spec import Needs, Spec
from kentongan.at.simulator.syntax import Request

PHONEBOOK_SLOTS = 250
PHONEBOOK_NAME_MAX = 14
AFTER_PIN_S = 3.5  # from the PIN to a working SMS layer


def read_pin(device: Device, _request: Request) -> Answer:
    """Print what the SIM asks for (`+CPIN?`)."""
    if not device.tray.present:
        return Cme(10)
    if device.tray.card.lock is Lock.DEAD:
        return Cme(13)
    if device.life.functionality == 0:
        return Ok(("+CPIN: NOT READY",)) if device.persona.family is Family.SIM800 else Cme(14)
    return Ok((device.cpin_line(),))


def enter_pin(device: Device, request: Request) -> Answer:
    """Try a PIN, or a PUK with a new PIN (`+CPIN=`)."""
    if not device.tray.present:
        return Cme(10)
    card = device.tray.card
    first, second = request.argument(0), request.argument(1)
    match card.lock:
        case Lock.READY:
            return Cme(3)
        case Lock.DEAD:
            return Cme(13)
        case Lock.PIN:
            right = card.verify(first)
        case Lock.PUK if second:
            right = card.unblock(first, second)
        case Lock.PUK:
            return Cme(12)
    return Ok(then=partial(_unlocked, device)) if right else Cme(16)


def _unlocked(device: Device) -> None:
    device.life.sms_ready = False
    if device.persona.family is not Family.HUAWEI:
        device.urc("+CPIN: READY")
    device.agenda.after(device.timing.boot_scale * AFTER_PIN_S, partial(_ready_after_pin, device))


def _ready_after_pin(device: Device) -> None:
    if device.persona.family is Family.SIM800 and device.settings.number("+CIURC"):
        device.urc("Call Ready")
        device.urc("SMS Ready")
    device.life.sms_ready = True
    device.pump()


def attempts(device: Device, _request: Request) -> Answer:
    """Print the attempts left, SIM800's way: PIN1, PIN2, PUK1, PUK2 (`+SPIC`)."""
    if not device.tray.present:
        return Cme(10)
    card = device.tray.card
    return Ok((f"+SPIC: {card.pin_left},3,{card.puk_left},10",))


def huawei_attempts(device: Device, _request: Request) -> Answer:
    """Print the attempts left, Huawei's way: code, times, PUK1, PIN1, PUK2, PIN2 (`^CPIN?`)."""
    if not device.tray.present:
        return Cme(10)
    card = device.tray.card
    times = {Lock.PIN: str(card.pin_left), Lock.PUK: str(card.puk_left)}.get(card.lock, "")
    return Ok((f"^CPIN: {card.lock},{times},{card.puk_left},{card.pin_left},10,3",))


def standard_attempts(device: Device, _request: Request) -> Answer:
    """Print the attempts left, the standard's way (`+CPINR`)."""
    if not device.tray.present:
        return Cme(10)
    card = device.tray.card
    return Ok((f"+CPINR: SIM PIN,{card.pin_left},3\r\n+CPINR: SIM PUK,{card.puk_left},10",))


def facility(device: Device, request: Request) -> Answer:
    """Ask or switch the PIN (`+CLCK="SC",<mode>[,<password>]`)."""
    card = device.tray.card
    if request.argument(0) != "SC":
        return Ok(("+CLCK: 0",)) if request.number(1) == 2 else Cme(4)
    if request.number(1) == 2:
        return Ok((f"+CLCK: {int(bool(card.pin))}",))
    password = request.argument(2)
    if request.number(1) == 0 and card.pin == password:
        card.pin = ""
        return Ok()
    if request.number(1) == 1 and not card.pin:
        card.pin, card.verified = password, True
        return Ok()
    return Cme(16)


def iccid(device: Device, _request: Request) -> Answer:
    """Print the card's number, readable before the PIN."""
    if not device.tray.present:
        return Cme(10)
    number = device.tray.card.iccid
    prefix = {Family.SIM800: "", Family.HUAWEI: "^ICCID: ", Family.LTE: "+ICCID: "}[device.persona.family]
    return Ok((prefix + number,))


def imsi(device: Device, _request: Request) -> Answer:
    """Print the IMSI."""
    return Ok((device.tray.card.imsi,))


def own_number(device: Device, _request: Request) -> Answer:
    """Print the own number if the card knows it."""
    number = device.tray.card.number
    return Ok((f'+CNUM: "","{number}",{_type(number)},7,4',) if number else ())


def _type(number: str) -> int:
    return 145 if number.startswith("+") else 129


# ---- phonebook (3GPP TS 27.007 §8.11 to §8.14)


def read_storage(device: Device, _request: Request) -> Answer:
    """Print the phonebook in use and its fill (`+CPBS?`)."""
    return Ok((f'+CPBS: "SM",{len(device.tray.card.phonebook)},{PHONEBOOK_SLOTS}',))


def choose_storage(_device: Device, request: Request) -> Answer:
    """Choose the card's phonebook, the only one."""
    return Ok() if request.argument(0) == "SM" else Cme(4)


def read_entries(device: Device, request: Request) -> Answer:
    """Print the entries of a range (`+CPBR=<from>[,<to>]`)."""
    first = request.number(0)
    last = request.number(1, first)
    if not 1 <= first <= last <= PHONEBOOK_SLOTS:
        return Cme(21)
    settings, book = device.settings, device.tray.card.phonebook
    chosen = sorted((index, *entry) for index, entry in book.items() if first <= index <= last)
    lines = [f'+CPBR: {index},"{number}",{_type(number)},"{written(name, settings)}"' for index, number, name in chosen]
    return Ok(("\r\n".join(lines),) if lines else ())


def write_entry(device: Device, request: Request) -> Answer:
    """Write or delete an entry (`+CPBW=[<index>][,<number>[,<type>[,<text>]]]`)."""
    card = device.tray.card
    free = next((index for index in range(1, PHONEBOOK_SLOTS + 1) if index not in card.phonebook), -1)
    index = request.number(0, free)
    if not 1 <= index <= PHONEBOOK_SLOTS:
        return Cme(20 if not request.argument(0) else 21)
    if not request.argument(1):
        card.phonebook.pop(index, None)
        return Ok()
    name = read(request.argument(3), device.settings)
    if len(name) > PHONEBOOK_NAME_MAX:
        return Cme(24)
    card.phonebook[index] = (request.argument(1), name)
    return Ok()


TABLE = MappingProxyType(
    {
        "+CPIN": Spec(read=read_pin, assign=enter_pin, test=""),
        "+CLCK": Spec(assign=facility, test='("SC","AO","OI","OX","AI","IR","FD")', needs=Needs.SIM),
        "+CIMI": Spec(run=imsi, test="", needs=Needs.SIM),
        "+CNUM": Spec(run=own_number, test="", needs=Needs.SIM),
        "+CPBS": Spec(read=read_storage, assign=choose_storage, test='("SM")', needs=Needs.SIM),
        "+CPBR": Spec(assign=read_entries, test=f"(1-{PHONEBOOK_SLOTS}),40,14", needs=Needs.SIM),
        "+CPBW": Spec(assign=write_entry, test=f"(1-{PHONEBOOK_SLOTS}),40,(129,145),14", needs=Needs.SIM),
    }
)
SIM800 = MappingProxyType({"+SPIC": Spec(run=attempts, test=""), "+CCID": Spec(run=iccid, read=iccid, test="")})
HUAWEI = MappingProxyType(
    {"^CPIN": Spec(read=huawei_attempts), "^ICCID": Spec(read=iccid), "+CPINR": Spec(run=lambda _d, _r: ERROR)}
)
LTE = MappingProxyType(
    {
        "+CPINR": Spec(run=standard_attempts, assign=standard_attempts, test=""),
        "+CICCID": Spec(run=iccid, test=""),
        "+SPIC": Spec(run=attempts, test=""),
    }
)
