"""Words for the numbers of 3GPP TS 23.040 and 23.038, for people who read a PDU."""

from kentongan.at.pdu.dcs import Dcs
from kentongan.at.pdu.national import Language
from kentongan.at.pdu.tpdu import delivery_of
from kentongan.at.pdu.udh import (
    Concat,
    Element,
    EmailHeader,
    HeaderSource,
    Hyperlink,
    LockingShift,
    OtherElement,
    Ports,
    ReplyAddress,
    SingleShift,
    SmscControl,
    SpecialMessage,
)
from kentongan.at.pdu.validity import AbsoluteValidity, EnhancedValidity, RelativeValidity, Validity

_PIDS = {
    0x00: "short message",
    0x40: "short message type 0: acknowledge and discard",
    0x48: "device triggering",
    0x5E: "enhanced message service (obsolete)",
    0x5F: "return call",
    0x7C: "ANSI-136 R-DATA",
    0x7D: "ME data download",
    0x7E: "ME de-personalisation",
    0x7F: "(U)SIM data download",
}
_TELEMATICS = {
    0x00: "implicit device",
    0x01: "telex",
    0x02: "group 3 telefax",
    0x03: "group 4 telefax",
    0x04: "voice telephone",
    0x05: "ERMES",
    0x06: "national paging system",
    0x07: "Videotex",
    0x08: "teletex, carrier unspecified",
    0x09: "teletex in PSPDN",
    0x0A: "teletex in CSPDN",
    0x0B: "teletex in PSTN",
    0x0C: "teletex in ISDN",
    0x0D: "UCI",
    0x10: "message handling facility",
    0x11: "X.400 message handling system",
    0x12: "Internet e-mail",
    0x1F: "GSM/UMTS mobile station",
}
_STATUSES = {
    0x00: "received by the SME",
    0x01: "forwarded to the SME, delivery unconfirmed",
    0x02: "replaced by the service centre",
    0x20: "congestion",
    0x21: "SME busy",
    0x22: "no response from SME",
    0x23: "service rejected",
    0x24: "quality of service not available",
    0x25: "error in SME",
    0x40: "remote procedure error",
    0x41: "incompatible destination",
    0x42: "connection rejected by SME",
    0x43: "not obtainable",
    0x44: "quality of service not available",
    0x45: "no interworking available",
    0x46: "validity period expired",
    0x47: "deleted by originating SME",
    0x48: "deleted by service centre administration",
    0x49: "message does not exist",
    0x60: "congestion",
    0x61: "SME busy",
    0x62: "no response from SME",
    0x63: "service rejected",
    0x64: "quality of service not available",
    0x65: "error in SME",
}
_CAUSES = {
    0x80: "telematic interworking not supported",
    0x81: "short message type 0 not supported",
    0x82: "cannot replace short message",
    0x8F: "unspecified TP-PID error",
    0x90: "data coding scheme (alphabet) not supported",
    0x91: "message class not supported",
    0x9F: "unspecified TP-DCS error",
    0xA0: "command cannot be actioned",
    0xA1: "command unsupported",
    0xAF: "unspecified TP-Command error",
    0xB0: "TPDU not supported",
    0xC0: "service centre busy",
    0xC1: "no service centre subscription",
    0xC2: "service centre system failure",
    0xC3: "invalid SME address",
    0xC4: "destination SME barred",
    0xC5: "SM rejected: duplicate",
    0xC6: "TP-VPF not supported",
    0xC7: "TP-VP not supported",
    0xD0: "(U)SIM SMS storage full",
    0xD1: "no SMS storage capability in (U)SIM",
    0xD2: "error in MS",
    0xD3: "memory capacity exceeded",
    0xD4: "(U)SIM application toolkit busy",
    0xD5: "(U)SIM data download error",
    0xFF: "unspecified error cause",
}
_CLASSES = ("0 (flash)", "1 (ME)", "2 (SIM)", "3 (TE)")
_ELEMENT_NAMES = {
    0x00: "concatenation, 8-bit reference",
    0x01: "special SMS message indication",
    0x04: "application ports, 8-bit",
    0x05: "application ports, 16-bit",
    0x06: "SMSC control parameters",
    0x07: "UDH source indicator",
    0x08: "concatenation, 16-bit reference",
    0x09: "wireless control message protocol",
    0x0A: "text formatting",
    0x0B: "predefined sound",
    0x0C: "user defined sound",
    0x0D: "predefined animation",
    0x0E: "large animation",
    0x0F: "small animation",
    0x10: "large picture",
    0x11: "small picture",
    0x12: "variable picture",
    0x13: "user prompt indicator",
    0x14: "extended object",
    0x15: "reused extended object",
    0x16: "compression control",
    0x17: "object distribution indicator",
    0x18: "standard WVG object",
    0x19: "character size WVG object",
    0x1A: "extended object data request",
    0x20: "RFC 822 e-mail header",
    0x21: "hyperlink",
    0x22: "reply address",
    0x23: "enhanced voice mail information",
    0x24: "national language single shift",
    0x25: "national language locking shift",
}


def pid_meaning(pid: int) -> str:
    """Say what TP-PID asks for (§9.2.3.9)."""
    if pid in _PIDS:
        return _PIDS[pid]
    if 0x41 <= pid <= 0x47:
        return f"replace short message type {pid - 0x40}"
    if 0x20 <= pid < 0x40:
        return f"telematic interworking: {_TELEMATICS.get(pid & 0x1F, f'device {pid & 0x1F:#04x}')}"
    if pid < 0x20:
        return f"SME to SME protocol {pid}"
    return "service centre specific" if pid >= 0xC0 else "reserved"


def status_meaning(status: int) -> str:
    """Say what TP-ST reports (§9.2.3.15)."""
    if status in _STATUSES:
        words = _STATUSES[status]
    elif status < 0x80 and status & 0x1F >= 0x10:
        words = "service centre specific"
    else:
        words = "reserved"
    return f"{delivery_of(status).value}: {words}"


def cause_meaning(cause: int) -> str:
    """Say what TP-FCS complains of (§9.2.3.22)."""
    if 0xE0 <= cause <= 0xFE:
        return "application specific"
    return _CAUSES.get(cause, "reserved")


def dcs_meaning(dcs: Dcs) -> str:
    """Say what TP-DCS means (3GPP TS 23.038 §4)."""
    words = [{"gsm7": "GSM 7-bit", "data": "8-bit data", "ucs2": "UCS-2"}[dcs.alphabet]]
    if dcs.message_class is not None:
        words.append(f"class {_CLASSES[dcs.message_class]}")
    if dcs.compressed:
        words.append("compressed")
    if dcs.automatic_deletion:
        words.append("delete after reading")
    if dcs.mwi is not None:
        state = "waiting" if dcs.mwi.active else "none waiting"
        words.append(f"{dcs.mwi.kind.name.lower()} {state}, {'store' if dcs.mwi.store else 'discard'}")
    if dcs.reserved:
        words.append("reserved coding")
    return ", ".join(words)


def validity_meaning(validity: Validity) -> str:
    """Say how long the message is worth delivering."""
    match validity:
        case RelativeValidity():
            return f"relative: {_period(validity.minutes)}"
        case AbsoluteValidity(until):
            return f"absolute: until {until.text}"
        case EnhancedValidity():
            period = "no or reserved period" if validity.seconds is None else f"{validity.seconds} s"
            return f"enhanced: {period}{', single shot' if validity.single_shot else ''}"


def _period(minutes: int) -> str:
    for unit, size in (("weeks", 10080), ("days", 1440), ("hours", 60)):
        if minutes % size == 0 and minutes >= 2 * size:
            return f"{minutes // size} {unit}"
    return f"{minutes} minutes"


def element_name(iei: int) -> str:
    """Name an information element by its identifier (§9.2.3.24)."""
    if iei in _ELEMENT_NAMES:
        return _ELEMENT_NAMES[iei]
    if 0x70 <= iei <= 0x7F:
        return "(U)SIM toolkit security header"
    if 0x80 <= iei <= 0x9F:
        return "SME to SME specific"
    return "service centre specific" if 0xC0 <= iei <= 0xDF else "reserved"


def element_meaning(element: Element) -> str:
    """Say what an information element means."""
    match element:
        case Concat(reference, _, total, sequence):
            return f"part {sequence} of {total}, reference {reference}"
        case Ports(destination, source, _):
            return f"to port {destination} from port {source}"
        case SpecialMessage(indication, store, count):
            return f"{count} messages of type {indication} wait, {'store' if store else 'discard'}"
        case SmscControl(flags):
            return f"flags {flags:#04x}"
        case HeaderSource(source):
            owner = {1: "the sender", 2: "the receiver", 3: "the service centre"}.get(source, "nobody known")
            return f"what follows is from {owner}"
        case EmailHeader(length):
            return f"{length} characters of header"
        case Hyperlink(position, title_length, url_length):
            return f"title at {position}, {title_length} characters, address {url_length} characters"
        case ReplyAddress(address):
            return f"answer to {address.text}"
        case SingleShift(language) | LockingShift(language):
            return Language(language).name.capitalize() if language <= max(Language) else f"unknown language {language}"
        case OtherElement(_, data):
            return f"{len(data)} octets, uninterpreted"
