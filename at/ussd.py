"""Write a USSD code and read its answer in the forms the modems use (modem.md 2.8).

Refuses to fail: an answer that cannot be decoded is handed on as the modem printed it.
"""

from dataclasses import dataclass

from kentongan.at.dialogue import AtCommand, AtResponse, Procedure
from kentongan.at.pdu import gsm7
from kentongan.at.results import fields, is_hex, number

ANSWER_S = 45.0
"""The network's own timer is 30 to 45 s (BAL); afterwards the session is ended."""

_DCS_LANGUAGE_UNSPECIFIED = 15
_CARRIAGE_RETURN = 0x0D
_ENOUGH = 0.8


@dataclass(frozen=True, slots=True)
class UssdText:
    """`<m>` of `+CUSD` and its text."""

    status: int
    text: str


def ask_code(code: str, *, packed: bool) -> Procedure[AtResponse]:
    """Start a session; its answer comes later, unasked."""
    yield AtCommand("AT+CUSD=1")
    return (yield from choose(code, packed=packed))


def choose(text: str, *, packed: bool) -> Procedure[AtResponse]:
    """Write into the open session: the code that opens it, or the answer to its menu."""
    written = gsm7.pack(gsm7.tables().encode(text)).hex().upper() if packed else text
    return (yield AtCommand(f'AT+CUSD=1,"{written}",{_DCS_LANGUAGE_UNSPECIFIED}', timeout_s=10.0, secret=False))


def end_session() -> Procedure[None]:
    """Leave a menu that waits for an answer, or a session that never answered."""
    yield AtCommand("AT+CUSD=2", timeout_s=10.0)


def read_answer(line: str) -> UssdText | None:
    """Read `+CUSD: <m>[,"<text>"[,<dcs>]]`, whose text may hold line ends."""
    status = number(fields(line)[0])
    if status is None:
        return None
    first, last = line.find('"'), line.rfind('"')
    if first < 0:
        return UssdText(status, "")
    text = line[first + 1 : last] if last > first else line[first + 1 :]
    dcs = number(line[last + 1 :].lstrip(", ")) if last > first else None
    return UssdText(status, _decoded(text, _DCS_LANGUAGE_UNSPECIFIED if dcs is None else dcs))


def _decoded(text: str, dcs: int) -> str:
    """Undo the hex some modems print: UCS-2 by its coding scheme or by its looks, else packed septets."""
    if len(text) < 4 or len(text) % 2 or not is_hex(text) or (text.isdigit() and len(text) < 8):
        return text
    octets = bytes.fromhex(text)
    says_ucs2 = (dcs & 0xCC) == 0x48 or dcs in {0x11, 8}  # 23.038 §5; 8 is what some modems print
    if len(octets) % 2 == 0 and (says_ucs2 or _looks_like_ucs2(octets)):
        return octets.decode("utf-16-be", "replace")
    septets = gsm7.unpack(octets, len(octets) * 8 // 7)
    if septets[-1:] == bytes([_CARRIAGE_RETURN]):  # padding of 23.038 §6.1.2.3.1
        septets = septets[:-1]
    return gsm7.tables().decode(septets)[0]


def _looks_like_ucs2(octets: bytes) -> bool:
    """Tell whether most characters are Latin ones with a zero before them (gammu#358: UCS-2 under coding scheme 15)."""
    high = octets[::2]
    return high.count(0) >= _ENOUGH * len(high)
