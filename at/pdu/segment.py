"""Cut a text into SUBMITs (3GPP TS 23.040 §9.2.3.24.1) in the cheapest alphabet; never cuts inside a character."""

from collections.abc import Collection
from dataclasses import dataclass

from kentongan.at.errors import PduUnsupported, TooLong
from kentongan.at.pdu import dcs
from kentongan.at.pdu.address import Address, address_of
from kentongan.at.pdu.codec import encode
from kentongan.at.pdu.dcs import Alphabet
from kentongan.at.pdu.national import Language
from kentongan.at.pdu.tpdu import Submit
from kentongan.at.pdu.transliterate import Change
from kentongan.at.pdu.udh import Concat, Element, Width
from kentongan.at.pdu.user_data import write_text
from kentongan.at.pdu.validity import RelativeValidity, relative
from kentongan.at.pdu.writing import Writing, choose_writing

MAX_PARTS = 255
"""The total is one octet."""
CONCAT_OCTETS: dict[Width, int] = {8: 5, 16: 6}
"""The concatenation element by the width of its reference."""
MAX_TEXT = 153 * MAX_PARTS
"""Characters; what 255 parts hold in the densest alphabet, and a bound on work."""


@dataclass(frozen=True, slots=True)
class SubmitPdu:
    """One part ready for `+CMGS=<tpdu_octets>`; `text` is what it carries."""

    tpdu_octets: int
    pdu_hex: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Segmented:
    """A text as parts; `changes` were needed for the alphabet and `why` tells how it was chosen."""

    encoding: str
    parts: tuple[SubmitPdu, ...]
    changes: tuple[Change, ...]
    why: str


@dataclass(frozen=True, slots=True)
class _Order:
    """What all parts of a message share."""

    destination: Address
    reference: int
    report: bool
    validity: RelativeValidity

    @property
    def width(self) -> Width:
        """Choose the shorter concatenation element that holds the reference."""
        return 8 if self.reference <= 0xFF else 16


def segment(  # noqa: PLR0913 - the whole order of one message
    text: str,
    recipient: str,
    *,
    reference: int,
    report: bool,
    validity_min: int,
    max_parts: int = MAX_PARTS,
    languages: Collection[Language] = (),
    emoji_names: bool = False,
) -> Segmented:
    """Write a text to a recipient as one SUBMIT or several with a concatenation header.

    A `reference` above 255 uses the 16-bit element. National shift tables are used only for the `languages` given:
    phones support them unevenly. Raises `NotEncodable`, `TooLong`, or another `PduError` for a recipient, reference
    or validity that cannot be written.
    """
    if not 0 <= reference <= 0xFFFF:
        raise PduUnsupported("concatenation reference", 0, reference)
    order = _Order(address_of(recipient), reference, report, relative(validity_min))
    if len(text) > MAX_TEXT:
        raise TooLong(-(-len(text) // 153), max_parts, Alphabet.GSM7)
    writing = choose_writing(text, languages, emoji_names=emoji_names)
    texts = writing.split(CONCAT_OCTETS[order.width])
    if len(texts) > min(max_parts, MAX_PARTS):
        raise TooLong(len(texts), max_parts, writing.alphabet)
    parts = tuple(_part(order, writing, texts, index) for index in range(len(texts)))
    return Segmented(writing.alphabet.value, parts, writing.changes, writing.why)


def _part(order: _Order, writing: Writing, texts: tuple[str, ...], index: int) -> SubmitPdu:
    concat = (Concat(order.reference, order.width, len(texts), index + 1),) if len(texts) > 1 else ()
    elements: tuple[Element, ...] = (*concat, *writing.shifts)
    coding = dcs.GSM7 if writing.alphabet is Alphabet.GSM7 else dcs.UCS2
    user_data = write_text(texts[index], writing.alphabet, elements)
    submit = Submit(order.destination, coding, user_data, validity=order.validity, report_request=order.report)
    encoded = encode(submit)
    return SubmitPdu(encoded.tpdu_octets, encoded.pdu_hex, texts[index])


def split(text: str, alphabet: Alphabet, *, width: Width = 8) -> tuple[str, ...]:
    """Cut a text that the alphabet can write into what each part of a message holds, as it is."""
    return Writing(text, alphabet, "").split(CONCAT_OCTETS[width])
