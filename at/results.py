"""Read the final results and the answer lines of AT commands into values (3GPP TS 27.005 and 27.007).

Refuses to guess: a line that does not have its form gives `None`, never an exception.
"""

import re
from dataclasses import dataclass

from kentongan.at.dialogue import CmeError, CmsError, Failed, Final, Ok

_FAILURES = frozenset({"ERROR", "COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "NO DIALTONE", "NO DIAL TONE"})
_CALL_ENDS = frozenset({"NO CARRIER", "BUSY", "NO ANSWER"})
_NUMBERED = re.compile(r"\+(CME|CMS) ERROR: ?(.*)")

_IN_WORDS = {
    "CME": {
        "operation not allowed": 3,
        "operation not supported": 4,
        "ph-sim pin required": 5,
        "sim not inserted": 10,
        "sim pin required": 11,
        "sim puk required": 12,
        "sim failure": 13,
        "sim busy": 14,
        "sim wrong": 15,
        "incorrect password": 16,
        "memory full": 20,
        "no network service": 30,
        "network timeout": 31,
    },
    "CMS": {
        "me failure": 300,
        "operation not allowed": 302,
        "operation not supported": 303,
        "invalid pdu mode parameter": 304,
        "invalid text mode parameter": 305,
        "sim not inserted": 310,
        "sim pin required": 311,
        "sim failure": 313,
        "sim busy": 314,
        "sim wrong": 315,
        "sim puk required": 316,
        "memory failure": 320,
        "invalid memory index": 321,
        "memory full": 322,
        "smsc address unknown": 330,
        "no network service": 331,
        "network timeout": 332,
        "unknown error": 500,
    },
}
"""The words of 27.007 §9.2.1 and 27.005 §3.2.5 that a modem prints under `AT+CMEE=2` (modem.md 10.1 item 67)."""

USABLE_REGISTRATIONS = frozenset({1, 5, 6, 7, 9, 10})
"""`<stat>` values with which short messages pass: home, roaming, SMS only, CSFB not preferred (27.007 §7.2)."""


def final_result(line: str, *, hangs_up: bool = False) -> Final | None:
    """Recognise a line that ends an answer; `hangs_up` adds the results of `ATD`, `ATA` and `ATH`."""
    if line == "OK":
        return Ok()
    if line in _FAILURES or line.startswith("MODEM ERROR:") or (hangs_up and line in _CALL_ENDS):
        return Failed(line)
    numbered = _NUMBERED.fullmatch(line)
    if numbered is None:
        return None
    kind, text = numbered.groups()
    code = int(text) if text.isdigit() and len(text) <= 5 else _IN_WORDS[kind].get(text.strip().lower(), -1)
    return CmeError(code, text) if kind == "CME" else CmsError(code, text)


def fields(line: str) -> list[str]:
    """Split what stands behind the first colon at commas outside quotes; quotes and blanks around a field go."""
    rest = line.partition(":")[2]
    found, start, quoted = [], 0, False
    for at, char in enumerate(rest):
        if char == '"':
            quoted = not quoted
        elif char == "," and not quoted:
            found.append(rest[start:at])
            start = at + 1
    found.append(rest[start:])
    return [field.strip().strip('"') for field in found]


def number(text: str) -> int | None:
    """Read a decimal number as modems print it; `None` for anything else."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    return int(text)


@dataclass(frozen=True, slots=True)
class SlotEntry:
    """One message of a listing; `index` is -1 for `+CMGR`, which does not repeat it."""

    index: int
    status: int
    tpdu_octets: int
    pdu_hex: str

    @property
    def is_whole(self) -> bool:
        """Tell whether the hex has the length the header announced: the TPDU without its SMSC prefix (27.005 §3.1)."""
        octets, odd = divmod(len(self.pdu_hex), 2)
        return odd == 0 and octets > 0 and self.tpdu_octets == octets - 1 - int(self.pdu_hex[:2], 16)


_HEX = re.compile(r"[0-9A-Fa-f]+")


def is_hex(line: str) -> bool:
    """Tell whether a line can be a PDU."""
    return _HEX.fullmatch(line) is not None


def listing(lines: tuple[str, ...]) -> list[SlotEntry]:
    """Read the answer of `AT+CMGL` or `AT+CMGR`; an entry whose PDU is missing has an empty `pdu_hex`."""
    entries: list[SlotEntry] = []
    header: SlotEntry | None = None  # the line before, if it was one: a PDU belongs to no other
    for line in lines:
        if header is not None and is_hex(line):
            entries[-1] = SlotEntry(header.index, header.status, header.tpdu_octets, line)
            header = None
            continue
        header = _slot_header(line)
        if header is not None:
            entries.append(header)
    return entries


def _slot_header(line: str) -> SlotEntry | None:
    if not line.startswith(("+CMGL:", "+CMGR:")):
        return None
    parts = [number(part) for part in fields(line)]
    first = 1 if line.startswith("+CMGL:") else 0
    if len(parts) < first + 2:
        return None
    index, status, octets = parts[0] if first else -1, parts[first], parts[-1]
    if index is None or status is None or octets is None or octets < 0:
        return None
    return SlotEntry(index, status, octets, "")


@dataclass(frozen=True, slots=True)
class StoreFill:
    """Fill of the receive memory `mem1`; `storage` is empty when the answer does not name it (`AT+CPMS=`)."""

    storage: str
    used: int
    total: int


def store_fill(lines: tuple[str, ...]) -> StoreFill | None:
    """Read `+CPMS: "SM",3,30,...` or `+CPMS: 3,30,...`."""
    for line in lines:
        parts = fields(line)
        named = number(parts[0]) is None
        used, total = (number(part) for part in ([*parts, "", ""][1:3] if named else [*parts, ""][:2]))
        if used is not None and total is not None:
            return StoreFill(parts[0] if named else "", used, total)
    return None


def registration(line: str, *, answer: bool) -> int | None:
    """Read `<stat>` of `+CREG`: the second field of an answer, the first of a URC."""
    parts = fields(line)
    at = 1 if answer else 0
    return number(parts[at]) if len(parts) > at else None


def signal_dbm(line: str) -> int | None:
    """Read `+CSQ` as dBm (27.007 §8.5: -113 + 2 n); `None` for 99 and for nonsense."""
    rssi = number(fields(line)[0])
    return None if rssi is None or not 0 <= rssi <= 31 else 2 * rssi - 113


def operator(line: str) -> str:
    """Read the operator of `+COPS: <mode>[,<format>,"<oper>"]`; empty when not registered."""
    parts = fields(line)
    return parts[2] if len(parts) > 2 else ""


def stored_at(line: str) -> tuple[str, int] | None:
    """Read memory and index of `+CMTI` or `+CDSI`; further fields ("MMS PUSH") do not matter (modem.md 1.6)."""
    parts = fields(line)
    index = number(parts[1]) if len(parts) > 1 else None
    if index is None or index < 0 or not re.fullmatch(r"[A-Z_]{2,4}", parts[0]):
        return None
    return parts[0], index


def announced_octets(line: str) -> int:
    """Read `<length>` of `+CMT`, `+CDS` or `+CBM`; 0 when it is not there."""
    return number(fields(line)[-1]) or 0


def reference(lines: tuple[str, ...]) -> int | None:
    """Read `<mr>` of `+CMGS`."""
    for line in lines:
        value = number(fields(line)[0]) if line.startswith("+CMGS:") else None
        if value is not None and 0 <= value <= 255:
            return value
    return None
