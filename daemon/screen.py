"""What is not a ticket: the sender classes and contents of decisions.md 5 and domain.md 4.4.

Refuses to judge a person's complaint by its words: the only texts looked at are one-time codes, because publishing one
hands the office's identity to whoever asked for it (domain.md 0.8).
"""

import re

import msgspec

from kentongan.at.pdu import Alphabet, Deliver
from kentongan.daemon.answers import is_an_answer
from kentongan.daemon.numbers import Party, PartyKind

TYPE_0 = 0x40  # TP-PID, 3GPP TS 23.040 §9.2.3.9
SIM_DATA_DOWNLOAD = frozenset({0x7D, 0x7F})
WAP_PUSH, OMA_PROVISIONING, VCARD, VCALENDAR = 2948, 49999, 9204, 9205  # destination ports, modem.md 4.6
MACHINE_PORTS = {WAP_PUSH: "wap_push", OMA_PROVISIONING: "provisioning", VCARD: "card", VCALENDAR: "card"}

_CODE = re.compile(r"(?<!\d)(?:\d{4,8}|\d{3}[- ]\d{3})(?!\d)")
_CODE_WORDS = re.compile(
    r"\botp\b|one[- ]time"
    r"|kode\s+(?:\w+\s+){0,2}(?:verifikasi|rahasia|otp|akses|login|masuk|aktivasi|keamanan|konfirmasi)"
    r"|(?:verification|security|confirmation|login|access|registration)\s+code"
    r"|\bcode\s+is\b|is\s+(?:your|the)\s+(?:\w+\s+){0,3}code"
    r"|kode\s+(?:whatsapp|telegram|google|facebook|instagram|gojek|grab|shopee|tokopedia|dana|ovo)"
    r"|(?:whatsapp|telegram|google|facebook|instagram)\s+(?:code|kode)|<#>"
    r"|jangan\s+(?:berikan|beritahu|bagikan|sebarkan|informasikan)[^.]{0,30}kode"
    r"|(?:don.t|do\s+not|never)\s+share\s+(?:this|your|the)?\s*(?:code|otp)",
    re.IGNORECASE,
)


class Screened(msgspec.Struct, frozen=True):
    """Why a message is not a ticket; `keep_body` is false for a one-time code."""

    reason: str
    keep_body: bool = True


def is_one_time_code(text: str) -> bool:
    """Tell whether a text carries a code that proves somebody's identity, in Indonesian or English."""
    return bool(_CODE.search(text) and _CODE_WORDS.search(text))


def screen(deliver: Deliver, sender: Party, *, own_numbers: frozenset[str]) -> Screened | None:
    """Say why a DELIVER is not a ticket, or `None` when it is one."""
    text = "" if deliver.user_data.alphabet is Alphabet.DATA else deliver.user_data.text
    if is_one_time_code(text):
        return Screened("one_time_code", keep_body=False)
    if is_an_answer(text):
        return Screened("gateway")
    if sender.number and sender.number in own_numbers:
        return Screened("own")
    reason = _carrier_reason(deliver) or _sender_reason(sender)
    return Screened(reason) if reason else None


def _carrier_reason(deliver: Deliver) -> str:
    """Judge by what the TPDU says of itself."""
    if deliver.pid == TYPE_0:
        return "type_0"
    if deliver.pid in SIM_DATA_DOWNLOAD:
        return "sim_download"
    if deliver.dcs.mwi is not None:
        return "waiting"
    if deliver.dcs.message_class == 0:
        return "class_0"
    ports = deliver.user_data.ports
    return MACHINE_PORTS.get(ports.destination, "") if ports else ""


def _sender_reason(sender: Party) -> str:
    """Judge by who sent it."""
    match sender.kind:
        case PartyKind.ALPHANUMERIC:
            return "operator"
        case PartyKind.SHORT_CODE:
            return "short_code"
        case PartyKind.MOBILE | PartyKind.FIXED | PartyKind.FOREIGN | PartyKind.HIDDEN:
            return ""
