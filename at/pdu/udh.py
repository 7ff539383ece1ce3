"""User data header (3GPP TS 23.040 §9.2.3.24): typed elements where they mean something to us, octets otherwise."""

from dataclasses import dataclass
from typing import Literal

from kentongan.at.errors import PduError, PduUnsupported
from kentongan.at.pdu.address import Address, read_address, write_address
from kentongan.at.pdu.reader import Reader, written
from kentongan.at.pdu.remark import Remark

MAX_HEADER_OCTETS = 140
"""UDHL and elements share the user data's 140 octets (§9.2.3.24)."""

Width = Literal[8, 16]


@dataclass(frozen=True, slots=True)
class Concat:
    """One part of a longer message (§9.2.3.24.1, §9.2.3.24.8); `width` is that of the reference in bits."""

    reference: int
    width: Width
    total: int
    sequence: int


@dataclass(frozen=True, slots=True)
class Ports:
    """Application ports (§9.2.3.24.3, §9.2.3.24.4); `width` in bits."""

    destination: int
    source: int
    width: Width


@dataclass(frozen=True, slots=True)
class SpecialMessage:
    """Special SMS message indication (§9.2.3.24.2): `count` messages of a kind wait; `store` keeps the text."""

    indication: int
    store: bool
    count: int


@dataclass(frozen=True, slots=True)
class SmscControl:
    """SMSC control parameters (§9.2.3.24.5): which reports are asked for, and whether the header is returned."""

    flags: int


@dataclass(frozen=True, slots=True)
class HeaderSource:
    """UDH source indicator (§9.2.3.24.6): what follows is of 1 the sender, 2 the receiver, 3 the SMSC."""

    source: int


@dataclass(frozen=True, slots=True)
class EmailHeader:
    """RFC 822 e-mail header (§9.2.3.24.11): `length` characters of header lead the text."""

    length: int


@dataclass(frozen=True, slots=True)
class Hyperlink:
    """Hyperlink format (§9.2.3.24.12): title at `position` of the text, then the address."""

    position: int
    title_length: int
    url_length: int


@dataclass(frozen=True, slots=True)
class ReplyAddress:
    """Reply address (§9.2.3.24.13): where an answer shall go instead of TP-OA."""

    address: Address


@dataclass(frozen=True, slots=True)
class SingleShift:
    """National language single shift (§9.2.3.24.15)."""

    language: int


@dataclass(frozen=True, slots=True)
class LockingShift:
    """National language locking shift (§9.2.3.24.16)."""

    language: int


@dataclass(frozen=True, slots=True)
class OtherElement:
    """An element without a meaning to us, or with contents that make none."""

    iei: int
    data: bytes


Element = (
    Concat
    | Ports
    | SpecialMessage
    | SmscControl
    | HeaderSource
    | EmailHeader
    | Hyperlink
    | ReplyAddress
    | SingleShift
    | LockingShift
    | OtherElement
)

LENGTHS = {0x00: 3, 0x01: 2, 0x04: 2, 0x05: 4, 0x06: 1, 0x07: 1, 0x08: 4, 0x20: 1, 0x21: 4, 0x24: 1, 0x25: 1}
"""IEDL that the standard fixes; another length means uninterpreted."""


def read_elements(header: bytes) -> tuple[tuple[Element, ...], tuple[Remark, ...]]:
    """Read the octets behind UDHL; where the last element does not fit, the whole header is ignored (§9.2.3.24)."""
    elements: list[Element] = []
    remarks: list[Remark] = []
    offset, end = 0, len(header)
    while offset < end:
        data_at = offset + 2
        offset = data_at + header[offset + 1] if data_at <= end else end + 1
        if offset > end:
            return (), (Remark.HEADER_IGNORED,)
        element, remark = _read(header[data_at - 2], header[data_at:offset])
        elements.append(element)
        if remark is not None:
            remarks.append(remark)
    return tuple(elements), tuple(remarks)


def _read(iei: int, data: bytes) -> tuple[Element, Remark | None]:
    if LENGTHS.get(iei, len(data)) != len(data):
        return OtherElement(iei, data), Remark.ELEMENT_LENGTH
    if iei in (0x00, 0x08):
        return _read_concat(iei, data)
    if iei == 0x22:
        return _read_reply_address(data)
    return _read_plain(iei, data), None


def _read_concat(iei: int, data: bytes) -> tuple[Element, Remark | None]:
    """Read a concatenation; one that contradicts itself is ignored (§9.2.3.24.1)."""
    total, sequence = data[-2], data[-1]
    if not 1 <= sequence <= total:
        return OtherElement(iei, data), Remark.CONCAT_IGNORED
    return Concat(int.from_bytes(data[:-2], "big"), 16 if iei else 8, total, sequence), None


def _read_reply_address(data: bytes) -> tuple[Element, Remark | None]:
    reader = Reader(data)
    try:
        address = read_address(reader, "reply address")
    except PduError:
        return OtherElement(0x22, data), Remark.ELEMENT_LENGTH
    if reader.left():
        return OtherElement(0x22, data), Remark.ELEMENT_LENGTH
    return ReplyAddress(address), None


def _read_plain(iei: int, data: bytes) -> Element:
    match iei:
        case 0x01:
            return SpecialMessage(data[0] & 0x7F, store=bool(data[0] & 0x80), count=data[1])
        case 0x04:
            return Ports(data[0], data[1], 8)
        case 0x05:
            return Ports(int.from_bytes(data[:2], "big"), int.from_bytes(data[2:], "big"), 16)
        case 0x06:
            return SmscControl(data[0])
        case 0x07:
            return HeaderSource(data[0])
        case 0x20:
            return EmailHeader(data[0])
        case 0x21:
            return Hyperlink(int.from_bytes(data[:2], "big"), data[2], data[3])
        case 0x24:
            return SingleShift(data[0])
        case 0x25:
            return LockingShift(data[0])
        case _:
            return OtherElement(iei, data)


def write_elements(elements: tuple[Element, ...]) -> bytes:
    """Write UDHL and the elements, nothing for none; raise `PduUnsupported` where they do not fit."""
    if not elements:
        return b""
    octets = b"".join(_write(element) for element in elements)
    if len(octets) >= MAX_HEADER_OCTETS:
        raise PduUnsupported("UDHL", 0, len(octets))
    return bytes((len(octets),)) + octets


def _write(element: Element) -> bytes:
    iei, data = wire(element)
    return written("information element", iei, len(data)) + data


def wire(element: Element) -> tuple[int, bytes]:
    """Give the identifier and the data octets of an element; raise `PduUnsupported` for a number out of range."""
    match element:
        case Concat(reference, width, total, sequence):
            return (0x08 if width == 16 else 0x00), _number(reference, width) + _octets(total, sequence)
        case Ports(destination, source, width):
            return (0x05 if width == 16 else 0x04), _number(destination, width) + _number(source, width)
        case SpecialMessage(indication, store, count):
            return 0x01, _octets(_number(indication, 7)[0] | (0x80 if store else 0), count)
        case SmscControl(flags):
            return 0x06, _octets(flags)
        case HeaderSource(source):
            return 0x07, _octets(source)
        case EmailHeader(length):
            return 0x20, _octets(length)
        case Hyperlink(position, title_length, url_length):
            return 0x21, _number(position, 16) + _octets(title_length, url_length)
        case ReplyAddress(address):
            return 0x22, write_address(address)
        case SingleShift(language):
            return 0x24, _octets(language)
        case LockingShift(language):
            return 0x25, _octets(language)
        case OtherElement(iei, data):
            return iei, data


def _octets(*values: int) -> bytes:
    return written("information element", *values)


def _number(value: int, bits: int) -> bytes:
    if not 0 <= value < 1 << bits:
        raise PduUnsupported("information element", 0, value)
    return value.to_bytes((bits + 7) // 8, "big")
