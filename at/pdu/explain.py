"""Account for every octet of a PDU, up to the field that breaks it: for support and for the curious."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kentongan.at.errors import PduError
from kentongan.at.pdu import dcs as coding
from kentongan.at.pdu.address import Address, Npi, Ton, read_address, read_smsc
from kentongan.at.pdu.codec import read_pdu
from kentongan.at.pdu.meanings import (
    cause_meaning,
    dcs_meaning,
    element_meaning,
    element_name,
    pid_meaning,
    status_meaning,
    validity_meaning,
)
from kentongan.at.pdu.reader import Reader, octets_of
from kentongan.at.pdu.remark import Remark
from kentongan.at.pdu.scts import Scts
from kentongan.at.pdu.tpdu import UDHI
from kentongan.at.pdu.udh import read_elements
from kentongan.at.pdu.user_data import UserData, fill_bits, read_user_data
from kentongan.at.pdu.validity import read_validity


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a PDU: where it stands, its octets, its name in the standard, what it says."""

    offset: int
    octets_hex: str
    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class _Span:
    offset: int
    octets: bytes
    name: str


class _TracingReader(Reader):
    """A reader that remembers what was read as which field."""

    __slots__ = ("spans",)

    def __init__(self, octets: bytes) -> None:
        super().__init__(octets)
        self.spans: list[_Span] = []

    def octet(self, field: str) -> int:
        value = super().octet(field)
        self.spans.append(_Span(self.offset - 1, bytes((value,)), field))
        return value

    def take(self, count: int, field: str) -> bytes:
        taken = super().take(count, field)
        self.spans.append(_Span(self.offset - count, taken, field))
        return taken

    def take_at_most(self, count: int, field: str) -> bytes:
        taken = super().take_at_most(count, field)
        self.spans.append(_Span(self.offset - len(taken), taken, field))
        return taken


def explain(pdu_hex: str, tpdu_octets: int | None = None) -> list[Field]:
    """Name every octet of a PDU in order; an undecodable one ends with the broken field and its error."""
    try:
        reader = _TracingReader(octets_of(pdu_hex))
    except PduError as error:
        return [Field(0, pdu_hex.strip(), "PDU", f"not read: {error}")]
    try:
        read_pdu(reader, tpdu_octets)
    except PduError as error:
        name = getattr(error, "field", "PDU")
        rest = Field(reader.offset, reader.octets[reader.offset :].hex().upper(), name, f"not read: {error}")
        return [*_fields(reader.spans), rest]
    return list(_fields(reader.spans))


def _fields(spans: list[_Span]) -> Iterator[Field]:
    seen: dict[str, bytes] = {}
    for span in spans:
        if span.name == "TP-UD":
            yield from _user_data_fields(span, seen)
            continue
        seen[span.name] = span.octets
        yield _field(span.offset, span.octets, span.name, _meaning(span, seen))


def _field(offset: int, octets: bytes, name: str, meaning: str) -> Field:
    return Field(offset, octets.hex().upper(), name, meaning)


def _meaning(span: _Span, seen: dict[str, bytes]) -> str:
    octets = span.octets
    if span.name in _MEANINGS:
        return _MEANINGS[span.name](octets[0])
    match span.name.split():
        case ["SCA" | "TP-OA" | "TP-DA" | "TP-RA"]:
            return _address_meaning(_read_back(span.name, seen, octets).text)
        case [_, "length"]:
            return f"{octets[0]} semi-octets"
        case [_, "type"]:
            return f"{_words(Ton(octets[0] >> 4 & 7).name)} number, {_words(Npi(octets[0] & 0x0F).name)} plan"
        case ["TP-SCTS" | "TP-DT"]:
            return Scts(octets).text
        case ["TP-VP"]:
            validity = read_validity(Reader(octets), seen["first octet"][0])
            return "none" if validity is None else validity_meaning(validity)
        case ["TP-UDL"]:
            return f"{octets[0]} {'septets' if _dcs(seen).counts_septets else 'octets'}"
        case _:
            return Remark.TRAILING_OCTETS.value


def _address_meaning(text: str) -> str:
    """Show an address; a name may hold line ends and other controls."""
    if not text:
        return "no digits"
    return text if text.isprintable() else repr(text)


def _words(name: str) -> str:
    return name.lower().replace("_", " ").replace("isdn", "ISDN")


def _dcs(seen: dict[str, bytes]) -> coding.Dcs:
    return coding.dcs_of(seen["TP-DCS"][0]) if "TP-DCS" in seen else coding.GSM7


def _read_back(name: str, seen: dict[str, bytes], value: bytes) -> Address:
    reader = Reader(seen[f"{name} length"] + seen[f"{name} type"] + value)
    if name != "SCA":
        return read_address(reader, name)
    smsc = read_smsc(reader)
    return smsc if smsc is not None else Address("", Ton.UNKNOWN, Npi.UNKNOWN)


_FLAGS = {
    0: ((0x04, "no more messages wait"), (0x08, "loop prevention"), (0x20, "status report to the sender")),
    1: ((0x04, "reject duplicates"), (0x20, "status report asked for")),
    2: ((0x04, "no more messages wait"), (0x08, "loop prevention"), (0x20, "about a command")),
}


def _first_octet_meaning(first: int) -> str:
    mti = first & 0x03
    words = [("SMS-DELIVER", "SMS-SUBMIT", "SMS-STATUS-REPORT", "reserved type, read as SMS-DELIVER")[mti]]
    if mti == 1:
        words.append({0: "no", 0x08: "enhanced", 0x10: "relative", 0x18: "absolute"}[first & 0x18] + " validity period")
    words += [word for bit, word in _FLAGS[mti % 3] if first & bit]
    words += [word for bit, word in ((UDHI, "user data header"), (0x80, "reply path")) if first & bit]
    return ", ".join(words)


def _indicator_meaning(bits: int) -> str:
    present = [field for bit, field in ((1, "TP-PID"), (2, "TP-DCS"), (4, "TP-UDL")) if bits & bit]
    return f"followed by {', '.join(present) or 'nothing'}"


_MEANINGS: dict[str, Callable[[int], str]] = {
    "SCA length": lambda octets: f"{octets} octets" if octets else "no service centre address",
    "first octet": _first_octet_meaning,
    "TP-MR": lambda reference: f"message reference {reference}",
    "TP-PID": pid_meaning,
    "TP-DCS": lambda raw: dcs_meaning(coding.dcs_of(raw)),
    "TP-ST": status_meaning,
    "TP-FCS": cause_meaning,
    "TP-PI": _indicator_meaning,
}
"""Fields of one octet that speak for themselves."""


def _user_data_fields(span: _Span, seen: dict[str, bytes]) -> Iterator[Field]:
    has_header = bool(seen["first octet"][0] & UDHI)
    data = read_user_data(Reader(seen["TP-UDL"] + span.octets), _dcs(seen), has_header=has_header)
    if data.header_octets:
        yield from _header_fields(span.offset, data)
    octets = data.raw[data.header_octets :]
    words = [f"text {data.text!r}" if data.alphabet is not coding.Alphabet.DATA else f"{len(octets)} octets of data"]
    fill = fill_bits(data.header_octets)
    if fill and octets and data.alphabet is coding.Alphabet.GSM7:
        words.append(f"behind {fill} fill bit{'s' * (fill > 1)}")
    words += [remark.value for remark in data.remarks]
    yield _field(span.offset + data.header_octets, octets, "TP-UD", "; ".join(words))


def _header_fields(offset: int, data: UserData) -> Iterator[Field]:
    yield _field(offset, data.raw[:1], "UDHL", f"{data.raw[0]} octets of header")
    header, at = data.raw[1 : data.header_octets], 0
    if Remark.HEADER_IGNORED in data.remarks:
        yield _field(offset + 1, header, "UDH", Remark.HEADER_IGNORED.value)
        return
    while at < len(header):
        octets = header[at : at + 2 + header[at + 1]]
        (element,), _ = read_elements(octets)
        yield _field(
            offset + 1 + at, octets, f"IE {octets[0]:02X}", f"{element_name(octets[0])}: {element_meaning(element)}"
        )
        at += len(octets)
