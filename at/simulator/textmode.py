"""Text mode (`+CMGF=1`, 3GPP TS 27.005 §3.3 and §4): messages as words, for programs that want them so."""

from kentongan.at import pdu
from kentongan.at.errors import PduError
from kentongan.at.simulator.card import Slot
from kentongan.at.simulator.charset import read, written
from kentongan.at.simulator.messages import Stamp, alphabet_of
from kentongan.at.simulator.registers import Settings

STATUSES = ("REC UNREAD", "REC READ", "STO UNSENT", "STO SENT")
ALL = 4


def wanted_status(word: str) -> int:
    """Read `<stat>` of `+CMGL`; -1 for no such word."""
    names = (*STATUSES, "ALL")
    return names.index(word.upper()) if word.upper() in names else -1


def entry(slot: Slot, settings: Settings) -> str:
    """Write what follows the index: status, number, time, and the text on a line of its own."""
    status = f'"{STATUSES[slot.status]}"'
    try:
        tpdu = pdu.decode(slot.pdu_hex).tpdu
    except PduError:
        return f'{status},"",""\r\n{slot.pdu_hex}'
    match tpdu:
        case pdu.Deliver():
            return f'{status},"{tpdu.originator.text}","","{_clock(tpdu.scts)}"\r\n{body(tpdu.user_data, settings)}'
        case pdu.Submit():
            return f'{status},"{tpdu.destination.text}",""\r\n{body(tpdu.user_data, settings)}'
        case pdu.StatusReport():
            return f"{status},{report(tpdu)}"


def direct(tpdu: pdu.Deliver, settings: Settings) -> str:
    """Write what follows `+CMT: `."""
    return f'"{tpdu.originator.text}","","{_clock(tpdu.scts)}"\r\n{body(tpdu.user_data, settings)}'


def report(tpdu: pdu.StatusReport) -> str:
    """Write what follows `+CDS: `."""
    toa = 0x80 | tpdu.recipient.ton << 4 | tpdu.recipient.npi
    times = f'"{_clock(tpdu.scts)}","{_clock(tpdu.discharged)}"'
    return f'6,{tpdu.reference},"{tpdu.recipient.text}",{toa},{times},{tpdu.status}'


def body(user_data: pdu.UserData, settings: Settings) -> str:
    """Write the text in the chosen character set; what it cannot hold comes as the hex of its UCS-2."""
    if user_data.alphabet is pdu.Alphabet.DATA:
        return user_data.octets.hex().upper()
    if user_data.alphabet is pdu.Alphabet.UCS2:
        return user_data.text.encode("utf-16-be", "surrogatepass").hex().upper()
    return written(user_data.text, settings)


def submit(number: str, text: str, settings: Settings) -> pdu.Encoded | None:
    """Make the SUBMIT of a typed text; `None` where it does not fit one message or cannot be written."""
    words = read(text, settings)
    first = settings.number("+CSMP")
    try:
        alphabet = alphabet_of(words)
        coding = pdu.dcs_of(0x08 if alphabet is pdu.Alphabet.UCS2 else 0x00)
        tpdu = pdu.Submit(
            pdu.address_of(read(number, settings)),
            coding,
            pdu.write_text(words, alphabet),
            validity=pdu.relative(24 * 60),
            report_request=bool(first & 0x20),
        )
        return pdu.encode(tpdu)
    except PduError:
        return None


def _clock(scts: pdu.Scts) -> str:
    unix_ms = scts.unix_ms
    return "" if unix_ms is None else Stamp(unix_ms / 1000, scts.offset_min).clock
