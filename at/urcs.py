"""Know the lines that a modem prints unasked (SIM800 and Huawei lists, 3GPP TS 27.007 and 27.005).

Only names them: what a line means for the modem's state is decided elsewhere.
"""

import re
from enum import Enum, auto


class UrcKind(Enum):
    """What an unsolicited line is about."""

    STORED = auto()  # +CMTI: a message lies in a slot
    REPORT_STORED = auto()  # +CDSI
    DIRECT = auto()  # +CMT, with its PDU in the next line
    REPORT = auto()  # +CDS, with its PDU in the next line
    BROADCAST = auto()  # +CBM, with its PDU in the next line
    REGISTRATION = auto()
    SIM = auto()
    MEMORY_FULL = auto()
    CALL = auto()
    CALLER = auto()
    USSD = auto()
    SUPPLY = auto()
    TIME = auto()  # *PSUTTZ
    BANNER = auto()  # the module starts or goes off
    DOUBT = auto()  # a damaged line that may have announced a message
    NOISE = auto()


TWO_LINES = frozenset({UrcKind.DIRECT, UrcKind.REPORT, UrcKind.BROADCAST})
"""The PDU of these follows in a line of its own, whatever else is going on (modem.md 1.5)."""

_BY_HEAD = {
    "+CMTI": UrcKind.STORED,
    "+CDSI": UrcKind.REPORT_STORED,
    "+CMT": UrcKind.DIRECT,
    "+CDS": UrcKind.REPORT,
    "+CBM": UrcKind.BROADCAST,
    "+CREG": UrcKind.REGISTRATION,
    "+CPIN": UrcKind.SIM,
    "+CSMINS": UrcKind.SIM,
    "^SIMST": UrcKind.SIM,
    "^SIMSQ": UrcKind.SIM,
    "^SMMEMFULL": UrcKind.MEMORY_FULL,
    "+CRING": UrcKind.CALL,
    "+CLIP": UrcKind.CALLER,
    "+CUSD": UrcKind.USSD,
    "+CMTE": UrcKind.SUPPLY,
    "*PSUTTZ": UrcKind.TIME,
    "*PSNWID": UrcKind.NOISE,
    "+CTZV": UrcKind.NOISE,
    "+CIEV": UrcKind.NOISE,
    "+CFUN": UrcKind.BANNER,
    "^BOOT": UrcKind.BANNER,
}
_BY_LINE = {
    "RDY": UrcKind.BANNER,
    "Call Ready": UrcKind.BANNER,
    "SMS Ready": UrcKind.BANNER,
    "CHARGE-ONLY MODE": UrcKind.BANNER,
    "RING": UrcKind.CALL,
    "ALARM RING": UrcKind.NOISE,
    "MO RING": UrcKind.NOISE,
    "MO CONNECTED": UrcKind.NOISE,
    "CLOSED": UrcKind.NOISE,
}
_BY_START = (
    ("NORMAL POWER", UrcKind.BANNER),  # ... DOWN in the AT manual, ... OFF in the hardware manual
    ("UNDER-VOLTAGE POWER", UrcKind.BANNER),
    ("OVER-VOLTAGE POWER", UrcKind.BANNER),
    ("UNDER-VOLTAGE", UrcKind.SUPPLY),  # SIM800 spells it WARNNING
    ("OVER-VOLTAGE", UrcKind.SUPPLY),
    ("+SAPBR", UrcKind.NOISE),
    ("DST:", UrcKind.NOISE),
)


def head(line: str) -> str:
    """Return what stands before the first colon."""
    return line.partition(":")[0].rstrip()


def classify(line: str) -> UrcKind | None:
    """Name a line that is known to come unasked, `None` for any other."""
    kind = _BY_HEAD.get(head(line)) if ":" in line else None
    if kind is None:
        kind = _BY_LINE.get(line)
    if kind is None:
        kind = next((kind for start, kind in _BY_START if line.startswith(start)), None)
    return kind


def looks_unasked(line: str) -> bool:
    """Tell whether a line cannot be the free text that answers `AT+CGMI` and its like (modem.md 1.5, rule 5)."""
    return line[:1] in {"+", "^", "*"} or classify(line) is not None


_NAMED = re.compile(r"[+^*][A-Z]{3,14}:")


def is_named(line: str) -> bool:
    """Tell whether a line bears a vendor's name as `^RSSI:18` does: no line of a text that people read."""
    return _NAMED.match(line) is not None


def has_form_of_answer(line: str) -> bool:
    """Tell whether a line that may be URC or answer has the form of an answer.

    `+CREG` has two: the answer carries `<n>,<stat>`, the URC `<stat>[,<lac>,<ci>]` (modem.md 1.5, rule 2).
    """
    if head(line) == "+CMTE":
        return "," in line  # the warning is one number
    if head(line) not in {"+CREG", "+CGREG", "+CEREG"}:
        return head(line) not in {"+CUSD", "+CMTI", "+CDSI", "+CMT", "+CDS", "+CBM", "+CLIP", "+CRING"}
    fields = line.partition(":")[2].split(",")
    second = fields[1].strip() if len(fields) > 1 else ""
    return second.isdigit() and len(second) <= 2 and int(second) <= 11
