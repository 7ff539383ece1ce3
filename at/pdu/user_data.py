"""TP-User-Data (3GPP TS 23.040 §9.2.3.24): header, fill bits and text; bits are cut before anything is decoded."""

from dataclasses import dataclass

from kentongan.at.errors import NotEncodable, PduUnsupported
from kentongan.at.pdu import gsm7
from kentongan.at.pdu.dcs import Alphabet, Dcs
from kentongan.at.pdu.national import has_locking, has_single
from kentongan.at.pdu.reader import Reader
from kentongan.at.pdu.remark import LOSSY, Remark
from kentongan.at.pdu.udh import Concat, Element, LockingShift, Ports, SingleShift, read_elements, write_elements

MAX_OCTETS = 140
"""§9.2.3.24: what one short message carries."""
COMPRESSED_TEXT = "[compressed]"
"""TS 23.042 is used by nobody; the octets are kept."""


@dataclass(frozen=True, slots=True)
class UserData:
    """User data as received (`length` is TP-UDL, `raw` TP-UD) and as read.

    UCS-2 text may hold lone surrogates, so that parts can be joined before they are looked at.
    """

    alphabet: Alphabet
    length: int
    raw: bytes
    header_octets: int
    elements: tuple[Element, ...]
    text: str
    remarks: tuple[Remark, ...]

    @property
    def octets(self) -> bytes:
        """Give the user data without its header; GSM 7-bit text is packed anew from its first septet."""
        if self.alphabet is Alphabet.GSM7 and self.header_octets and Remark.COMPRESSED not in self.remarks:
            return gsm7.pack(_septets(self.raw, self.length, self.header_octets))
        return self.raw[self.header_octets :]

    @property
    def concat(self) -> Concat | None:
        """Give the place in a longer message; of several elements the last counts (§9.2.3.24)."""
        return next((element for element in reversed(self.elements) if isinstance(element, Concat)), None)

    @property
    def ports(self) -> Ports | None:
        """Give the application ports; of several elements the last counts."""
        return next((element for element in reversed(self.elements) if isinstance(element, Ports)), None)

    @property
    def lossy(self) -> bool:
        """Tell whether the text may differ from what was typed."""
        return not LOSSY.isdisjoint(self.remarks)


def read_user_data(reader: Reader, dcs: Dcs, *, has_header: bool) -> UserData:
    """Read TP-UDL and TP-UD; a length beyond the octets is cut to them and remarked."""
    length = reader.octet("TP-UDL")
    needed = (7 * length + 7) // 8 if dcs.counts_septets else length
    raw = reader.take_at_most(needed, "TP-UD")
    remarks: tuple[Remark, ...] = (Remark.TEXT_CUT,) if len(raw) < needed else ()
    header_octets = 0
    elements: tuple[Element, ...] = ()
    if has_header:
        header_octets, elements, header_remarks = _read_header(raw)
        remarks += header_remarks
    text, text_remarks = _read_text(dcs, raw, length, header_octets, elements)
    return UserData(dcs.alphabet, length, raw, header_octets, elements, text, remarks + text_remarks)


def _read_header(raw: bytes) -> tuple[int, tuple[Element, ...], tuple[Remark, ...]]:
    """Give the octets of the header with UDHL, and what is in it."""
    if not raw or raw[0] >= len(raw):
        return len(raw), (), (Remark.HEADER_IGNORED,)
    header_octets = raw[0] + 1
    return header_octets, *read_elements(raw[1:header_octets])


def header_septets(header_octets: int) -> int:
    """Count the septets that a header takes with its fill bits (§9.2.3.24)."""
    return (8 * header_octets + 6) // 7


def fill_bits(header_octets: int) -> int:
    """Count the bits between a header and the first septet of text."""
    return -8 * header_octets % 7


def _septets(raw: bytes, length: int, header_octets: int) -> bytes:
    """Cut the septets of text out of GSM 7-bit user data, as many as announced and there."""
    fill = fill_bits(header_octets)
    announced = length - header_septets(header_octets)
    there = (8 * (len(raw) - header_octets) - fill) // 7
    return gsm7.unpack(raw[header_octets:], max(0, min(announced, there)), fill)


def _read_text(
    dcs: Dcs, raw: bytes, length: int, header_octets: int, elements: tuple[Element, ...]
) -> tuple[str, tuple[Remark, ...]]:
    reserved = (Remark.RESERVED_DCS,) if dcs.reserved else ()
    if dcs.compressed:
        return COMPRESSED_TEXT, (Remark.COMPRESSED, *reserved)
    match dcs.alphabet:
        case Alphabet.GSM7:
            tables, unknown = _tables(elements)
            text, remarks = tables.decode(_septets(raw, length, header_octets))
            return text, (*reserved, *unknown, *remarks)
        case Alphabet.UCS2:
            return _read_ucs2(raw[header_octets:], elements)
        case Alphabet.DATA:
            return "", ()


def _tables(elements: tuple[Element, ...]) -> tuple[gsm7.Tables, tuple[Remark, ...]]:
    """Choose the tables that the header asks for; the last element of each kind counts."""
    if not elements:
        return gsm7.DEFAULT, ()
    locking = single = 0
    for element in elements:
        if isinstance(element, LockingShift):
            locking = element.language
        elif isinstance(element, SingleShift):
            single = element.language
    known = has_locking(locking), has_single(single)
    tables = gsm7.tables(locking if known[0] else 0, single if known[1] else 0)
    return tables, (() if all(known) else (Remark.UNKNOWN_LANGUAGE,))


def _read_ucs2(octets: bytes, elements: tuple[Element, ...]) -> tuple[str, tuple[Remark, ...]]:
    """Read UTF-16 as phones write it; a half pair stays half (its partner may open the next part)."""
    remarks = []
    if len(octets) % 2:
        remarks.append(Remark.ODD_UCS2)
        octets = octets[:-1]
    try:
        text = octets.decode("utf-16-be")
    except UnicodeDecodeError:
        text = octets.decode("utf-16-be", "surrogatepass")
        remarks.append(Remark.LONE_SURROGATE)
    if text.startswith("\ufeff") and all(e.sequence == 1 for e in elements if isinstance(e, Concat)):
        remarks.append(Remark.BYTE_ORDER_MARK)
        text = text[1:]
    return text, tuple(remarks)


def write_text(text: str, alphabet: Alphabet, elements: tuple[Element, ...] = ()) -> UserData:
    """Write text behind a header; raise `NotEncodable`, or `PduUnsupported` where it does not fit one message.

    GSM 7-bit text is written with the shift tables that the elements announce.
    """
    header = write_elements(elements)
    match alphabet:
        case Alphabet.GSM7:
            septets = _tables(elements)[0].encode(text)
            length = header_septets(len(header)) + len(septets)
            raw = header + gsm7.pack(septets, fill_bits(len(header)))
        case Alphabet.UCS2:
            raw = header + encode_ucs2(text)
            length = len(raw)
        case Alphabet.DATA:
            raise PduUnsupported("alphabet of a text", 0, alphabet)
    return _checked(UserData(alphabet, length, raw, len(header), elements, text, ()))


def write_octets(octets: bytes, elements: tuple[Element, ...] = ()) -> UserData:
    """Write 8-bit data behind a header; raise `PduUnsupported` where it does not fit one message."""
    header = write_elements(elements)
    raw = header + octets
    return _checked(UserData(Alphabet.DATA, len(raw), raw, len(header), elements, "", ()))


def _checked(user_data: UserData) -> UserData:
    if len(user_data.raw) > MAX_OCTETS:
        raise PduUnsupported("TP-UD", 0, len(user_data.raw))
    return user_data


def encode_ucs2(text: str) -> bytes:
    """Write UTF-16 big-endian; raise `NotEncodable` at a lone surrogate."""
    try:
        return text.encode("utf-16-be")
    except UnicodeEncodeError as error:
        raise NotEncodable(text[error.start], error.start) from error
