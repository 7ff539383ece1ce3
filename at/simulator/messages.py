"""Messages as a service centre writes them: DELIVER and STATUS-REPORT, and just enough of SUBMIT to route it.

It is deliberately not the gateway's codec: a mistake there must not cancel itself out here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

_BASE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = {
    "\f": 0x0A,
    "^": 0x14,
    "{": 0x28,
    "}": 0x29,
    "\\": 0x2F,
    "[": 0x3C,
    "~": 0x3D,
    "]": 0x3E,
    "|": 0x40,
    "€": 0x65,
}
_SEPTET = {character: bytes([code]) for code, character in enumerate(_BASE) if character != "\x1b"}
_SEPTET |= {character: bytes([0x1B, code]) for character, code in _EXTENSION.items()}

SUBMIT_OCTETS_MAX = 164  # 3GPP TS 23.040: 1+1+12+1+1+7+1+140


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment as the service centre writes it: Unix seconds and the zone in quarters of an hour."""

    unix_s: float
    quarters: int = 28

    def octets(self) -> bytes:
        """Write TP-SCTS (3GPP TS 23.040 §9.2.3.11)."""
        local = datetime.fromtimestamp(self.unix_s + self.quarters * 900, UTC)
        digits = local.strftime("%y%m%d%H%M%S") + f"{abs(self.quarters):02d}"
        octets = bytearray.fromhex(_swapped(digits))
        if self.quarters < 0:
            octets[6] |= 0x08
        return bytes(octets)


@dataclass(frozen=True, slots=True)
class Submission:
    """What a service centre needs of a SUBMIT: whether a report is wanted, and the recipient's raw field."""

    wants_report: bool
    recipient: bytes


def _swapped(digits: str) -> str:
    padded = digits + "F" * (len(digits) % 2)
    return "".join(padded[i + 1] + padded[i] for i in range(0, len(padded), 2))


def _semi_octets(number: str) -> tuple[int, bytes]:
    toa = 0x91 if number.startswith("+") else 0x81
    digits = number.lstrip("+").replace("*", "A").replace("#", "B")
    return toa, bytes.fromhex(_swapped(digits))


def _pack(septets: bytes, fill: int = 0) -> bytes:
    bits = sum(septet << (7 * position) for position, septet in enumerate(septets)) << fill
    return bits.to_bytes((fill + 7 * len(septets) + 7) // 8, "little")


def originator(sender: str) -> bytes:
    """Write TP-OA; anything that is no number becomes alphanumeric (§9.1.2.5)."""
    if all(character in "0123456789*#" for character in sender.removeprefix("+")):
        toa, octets = _semi_octets(sender)
        return bytes([len(sender.removeprefix("+")), toa]) + octets
    septets = b"".join(_SEPTET[character] for character in sender)
    packed = _pack(septets)
    return bytes([(7 * len(septets) + 3) // 4, 0xD0]) + packed


def service_centre(smsc: str) -> bytes:
    """Write the address of the service centre; its length counts octets."""
    if not smsc:
        return b"\x00"
    toa, octets = _semi_octets(smsc)
    return bytes([1 + len(octets), toa]) + octets


def deliver(sender: str, text: str, stamp: Stamp, smsc: str = "", reference: int = 0) -> list[str]:
    """Write a text as the DELIVER PDUs that a network would send, in the alphabet that a phone would choose."""
    gsm7 = all(character in _SEPTET for character in text)
    units = [_SEPTET[c] if gsm7 else c.encode("utf-16-be", "surrogatepass") for c in text]
    whole = _chunks(units, 160 if gsm7 else 140)
    chunks = whole if len(whole) == 1 else _chunks(units, 153 if gsm7 else 134)
    code = 0x00 if gsm7 else 0x08
    head = service_centre(smsc)
    pdus = []
    for sequence, chunk in enumerate(chunks, 1):
        header = b"" if len(chunks) == 1 else bytes([5, 0, 3, reference % 256, len(chunks), sequence])
        user_data = _user_data(chunk, header, gsm7=gsm7)
        first = 0x04 | (0x40 if header else 0)
        tpdu = bytes([first]) + originator(sender) + bytes([0, code]) + stamp.octets() + user_data
        pdus.append((head + tpdu).hex().upper())
    return pdus


def _chunks(units: list[bytes], limit: int) -> list[bytes]:
    chunks = [b""]
    for unit in units:
        if len(chunks[-1]) + len(unit) > limit:
            chunks.append(b"")
        chunks[-1] += unit
    return chunks


def _user_data(chunk: bytes, header: bytes, *, gsm7: bool) -> bytes:
    if not gsm7:
        return bytes([len(header) + len(chunk)]) + header + chunk
    fill = (7 - 8 * len(header) % 7) % 7
    return bytes([(8 * len(header) + 6) // 7 + len(chunk)]) + header + _pack(chunk, fill)


def status_report(submission: Submission, reference: int, sent: Stamp, done: Stamp, status: int) -> bytes:
    """Write the TPDU of a STATUS-REPORT (§9.2.2.3)."""
    return bytes([0x06, reference]) + submission.recipient + sent.octets() + done.octets() + bytes([status])


def read_submit(payload: str, tpdu_octets: int) -> Submission | None:
    """Read a payload of `+CMGS`; `None` when it is no SUBMIT of that length, which a modem answers with CMS 304."""
    try:
        pdu = bytes.fromhex(payload)
    except ValueError:
        return None
    if " " in payload or not pdu or len(pdu) - 1 - pdu[0] != tpdu_octets or not 8 <= tpdu_octets <= SUBMIT_OCTETS_MAX:
        return None
    tpdu = pdu[1 + pdu[0] :]
    digits = tpdu[2]
    end = 4 + (digits + 1) // 2
    if tpdu[0] & 0x03 != 0x01 or digits > 20 or end + 3 > len(tpdu):
        return None
    return Submission(wants_report=bool(tpdu[0] & 0x20), recipient=tpdu[2:end])


def message_class(pdu_hex: str) -> int | None:
    """Return the class of a DELIVER (3GPP TS 23.038 §4), `None` for none or for another TPDU."""
    pdu = bytes.fromhex(pdu_hex)
    tpdu = pdu[1 + pdu[0] :]
    if tpdu[0] & 0x03 != 0x00:
        return None
    dcs = tpdu[4 + (tpdu[1] + 1) // 2]
    has_class = dcs & 0x90 == 0x10 or dcs & 0xF0 == 0xF0
    return dcs & 0x03 if has_class else None


def is_report(pdu_hex: str) -> bool:
    """Tell whether the TPDU is a STATUS-REPORT."""
    pdu = bytes.fromhex(pdu_hex)
    return pdu[1 + pdu[0]] & 0x03 == 0x02


def packed_hex(text: str) -> str:
    """Pack a text for USSD: septets as hex, a CR where seven bits would be left (3GPP TS 23.038 §6.1.2.3.1)."""
    septets = b"".join(_SEPTET.get(character, b"?") for character in text)
    if len(septets) % 8 == 7:
        septets += b"\r"
    return _pack(septets).hex().upper()


def unpacked(packed: str) -> str:
    """Read the septets of a packed USSD code."""
    try:
        octets = bytes.fromhex(packed)
    except ValueError:
        return packed
    bits = int.from_bytes(octets, "little")
    characters = "".join(_BASE[bits >> (7 * position) & 0x7F] for position in range(len(octets) * 8 // 7))
    return characters.rstrip("\r").rstrip("@")
