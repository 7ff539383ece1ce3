"""Messages as the phones and the service centre of this network write them; refuses what no network would carry."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from kentongan.at import pdu
from kentongan.at.errors import NotEncodable, PduError
from kentongan.at.pdu import gsm7
from kentongan.at.pdu.segment import split

SUBMIT_OCTETS_MAX = 164  # 3GPP TS 23.040 §9.2.2.2: 1+1+12+1+1+7+1+140
WAP_PUSH_PORT = 2948
TYPE_0 = 0x40  # TP-PID of a message that is acknowledged and dropped (§9.2.3.9)
REPLACE_TYPES = range(0x41, 0x48)
CLASS_0 = 0x10  # message class bits of TP-DCS (3GPP TS 23.038 §4)


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment as the service centre writes it: Unix seconds and the zone in minutes."""

    unix_s: float
    offset_min: int = 420

    @property
    def clock(self) -> str:
        """Write the moment as `+CCLK` does (3GPP TS 27.007 §8.15)."""
        local = datetime.fromtimestamp(self.unix_s + 60 * self.offset_min, UTC)
        return f"{local:%y/%m/%d,%H:%M:%S}{self.quarters:+03d}"

    @property
    def quarters(self) -> int:
        """Return the zone in quarters of an hour."""
        return self.offset_min // 15

    @property
    def utc_fields(self) -> str:
        """Write year to second in UTC, parted by commas."""
        utc = datetime.fromtimestamp(self.unix_s, UTC)
        return f"{utc.year},{utc.month},{utc.day},{utc.hour},{utc.minute},{utc.second}"

    @property
    def scts(self) -> pdu.Scts:
        """Write TP-SCTS (§9.2.3.11)."""
        return pdu.scts_of(int(self.unix_s * 1000), self.offset_min)


@dataclass(frozen=True, slots=True)
class Letter:
    """A text on its way to this modem; `reference` names a long one, `flash` makes it class 0."""

    sender: str
    text: str
    stamp: Stamp
    reference: int = 0
    flash: bool = False


def originator(sender: str) -> pdu.Address:
    """Make TP-OA; anything that is no number is a name (§9.1.2.5)."""
    is_number = all(character in "0123456789*#" for character in sender.removeprefix("+"))
    return pdu.address_of(sender) if is_number else pdu.name_of(sender)


def centre(smsc: str) -> pdu.Address | None:
    """Make the service centre's address; an unset one is left out."""
    return pdu.address_of(smsc) if smsc else None


def deliver(letter: Letter, smsc: str = "") -> list[str]:
    """Write a text as DELIVER PDUs in the alphabet that a phone would choose; nothing is respelled."""
    alphabet = alphabet_of(letter.text)
    code = (0x00 if alphabet is pdu.Alphabet.GSM7 else 0x08) | (CLASS_0 if letter.flash else 0)
    texts = split(letter.text, alphabet)
    whole = pdu.Deliver(originator(letter.sender), 0, pdu.dcs_of(code), letter.stamp.scts, pdu.write_text("", alphabet))
    pdus = []
    for sequence, text in enumerate(texts, 1):
        concat = (pdu.Concat(letter.reference % 256, 8, len(texts), sequence),) if len(texts) > 1 else ()
        part = replace(whole, user_data=pdu.write_text(text, alphabet, concat))
        pdus.append(pdu.encode(part, centre(smsc)).pdu_hex)
    return pdus


def alphabet_of(text: str) -> pdu.Alphabet:
    """Choose the alphabet that a phone would choose."""
    try:
        gsm7.DEFAULT.encode(text)
    except NotEncodable:
        return pdu.Alphabet.UCS2
    return pdu.Alphabet.GSM7


@dataclass(frozen=True, slots=True)
class Discharge:
    """What became of a submission: its reference, when it was taken and discharged, and TP-ST."""

    recipient: pdu.Address
    reference: int
    taken: Stamp
    done: Stamp
    status: int = 0


def status_report(discharge: Discharge, smsc: str = "") -> str:
    """Write a STATUS-REPORT PDU (§9.2.2.3)."""
    tpdu = pdu.StatusReport(
        discharge.reference, discharge.recipient, discharge.taken.scts, discharge.done.scts, discharge.status
    )
    return pdu.encode(tpdu, centre(smsc)).pdu_hex


def read_submit(payload: str, tpdu_octets: int) -> pdu.Submit | None:
    """Read a payload of `+CMGS`; `None` when it is no SUBMIT of that length, which a modem answers with CMS 304."""
    if not 8 <= tpdu_octets <= SUBMIT_OCTETS_MAX or len(payload) // 2 == tpdu_octets:
        return None
    try:
        tpdu = pdu.decode(payload, tpdu_octets).tpdu
    except PduError:
        return None
    return tpdu if isinstance(tpdu, pdu.Submit) else None


def read_delivered(pdu_hex: str) -> pdu.Deliver | pdu.StatusReport | None:
    """Read what the network delivers; `None` for what cannot be read, which a modem stores all the same."""
    try:
        tpdu = pdu.decode(pdu_hex).tpdu
    except PduError:
        return None
    return None if isinstance(tpdu, pdu.Submit) else tpdu


def message_class(tpdu: pdu.Deliver | None) -> int | None:
    """Return the class of a DELIVER (TS 23.038 §4), `None` for none."""
    return tpdu.dcs.message_class if tpdu is not None else None


def is_mms_notice(tpdu: pdu.Deliver | None) -> bool:
    """Tell whether this is a WAP push, which a SIM800 indicates in its own way."""
    ports = tpdu.user_data.ports if tpdu is not None else None
    return ports is not None and ports.destination == WAP_PUSH_PORT


def replaces(tpdu: pdu.Deliver | None, stored_hex: str) -> bool:
    """Tell whether a message takes the place of a stored one: same originator, same type 1 to 7 (§9.2.3.9)."""
    if tpdu is None or tpdu.pid not in REPLACE_TYPES:
        return False
    stored = read_delivered(stored_hex)
    return isinstance(stored, pdu.Deliver) and (stored.originator, stored.pid) == (tpdu.originator, tpdu.pid)


# ---- USSD (TS 23.038 §6.1.2.3)


def packed_hex(text: str) -> str:
    """Pack a text for USSD: septets as hex, a CR where seven bits would be left."""
    septets = b"".join(gsm7.DEFAULT.septets.get(character, b"?") for character in text)
    if len(septets) % 8 == 7:
        septets += b"\r"
    return gsm7.pack(septets).hex().upper()


def unpacked(packed: str) -> str:
    """Read the septets of a packed USSD code; what is no hex is taken as it is."""
    try:
        octets = bytes.fromhex(packed)
    except ValueError:
        return packed
    text, _ = gsm7.DEFAULT.decode(gsm7.unpack(octets, len(octets) * 8 // 7))
    return text.rstrip("\r@")
