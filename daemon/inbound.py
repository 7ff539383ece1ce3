"""From a PDU to what the store keeps: the one place where the codec's words become the store's.

Pure. Whatever the modem printed gives a value: a part to store, a status report, or a message of our own.
"""

from collections.abc import Callable
from hashlib import sha256

import msgspec

from kentongan.at import pdu
from kentongan.at.errors import PduError
from kentongan.daemon.events import Command
from kentongan.daemon.numbers import Party, party, reference
from kentongan.daemon.screen import screen
from kentongan.queue.records import Concat, Encoding, InboundPart, Moment, Quarantined, Sender, TextPart

_ENCODINGS = {
    pdu.Alphabet.GSM7: Encoding.GSM7,
    pdu.Alphabet.DATA: Encoding.BINARY,
    pdu.Alphabet.UCS2: Encoding.UCS2,
}
STORED_BY_US = frozenset({2, 3})  # <stat> of a SUBMIT in the memory, 3GPP TS 27.005 §3.1


def _as_it_is(part: InboundPart) -> InboundPart:
    return part


def _unheeded(_line: str, _content: Quarantined, _at: Moment) -> list[Command]:
    return []


class Ears(msgspec.Struct, frozen=True):
    """Who looks at what comes in: `sort` sets aside what is no citizen's, `heed` acts on it once it is stored."""

    sort: Callable[[InboundPart], InboundPart] = _as_it_is
    heed: Callable[[str, Quarantined, Moment], list[Command]] = _unheeded


class Office(msgspec.Struct, frozen=True):
    """What the interpretation needs to know of the gateway: the key of the sender references and its own numbers."""

    secret: bytes
    own_numbers: frozenset[str] = frozenset()
    ears: Ears = Ears()


class Report(msgspec.Struct, frozen=True):
    """A status report; `delivered` is `None` while the service centre keeps trying (3GPP TS 23.040 §9.2.3.15)."""

    reference: int
    recipient: str
    delivered: bool | None


class Found(msgspec.Struct, frozen=True):
    """A PDU and where it came from."""

    line: str
    iccid: str
    pdu_hex: str
    tpdu_octets: int
    status: int = 0
    announced_ms: int | None = None  # wall, of the modem's hint
    read_ms: int | None = None  # wall, when it was read


def key_of(found: Found) -> str:
    """Name a TPDU for ever: the card and the octets after the service centre's address (architecture.md A.10)."""
    text = found.pdu_hex.strip().upper()
    try:
        start = 2 + 2 * int(text[:2], 16)
    except ValueError:
        start = 0
    if len(text) == 2 * found.tpdu_octets:
        start = 0  # a firmware that omits the SMSC, modem.md 5.1
    return sha256(f"{found.iccid}:{text[start:]}".encode()).hexdigest()


def interpret(found: Found, office: Office) -> InboundPart | Report:
    """Decode a PDU; what cannot be decoded is quarantined raw, never refused."""
    try:
        tpdu = pdu.decode(found.pdu_hex, found.tpdu_octets).tpdu
    except PduError as error:
        return _part(found, Quarantined("undecodable", text=str(error)))
    match tpdu:
        case pdu.StatusReport():
            return Report(tpdu.reference, party(tpdu.recipient.text).number, _delivered(tpdu.outcome))
        case pdu.Submit():
            return _part(found, Quarantined("stored_submit"))
        case pdu.Deliver():
            if found.status in STORED_BY_US:
                return _part(found, Quarantined("stored_submit"))
            return office.ears.sort(_part(found, _content(tpdu, office)))


def _part(found: Found, content: TextPart | Quarantined) -> InboundPart:
    """Keep the raw PDU, except of a one-time code: the PDU is its body (decisions.md 5)."""
    secret = isinstance(content, Quarantined) and not content.keep_body
    hex_kept = "" if secret else found.pdu_hex
    times = (found.announced_ms, found.read_ms)
    return InboundPart(found.line, found.iccid, hex_kept, key_of(found), content, *times)


def _delivered(outcome: pdu.Delivery) -> bool | None:
    match outcome:
        case pdu.Delivery.DELIVERED:
            return True
        case pdu.Delivery.FAILED:
            return False
        case pdu.Delivery.TEMPORARY:
            return None


def _content(deliver: pdu.Deliver, office: Office) -> TextPart | Quarantined:
    """Turn a DELIVER into a ticket's part or say why it is none."""
    who = party(deliver.originator.text, alphanumeric=deliver.originator.is_alphanumeric)
    screened = screen(deliver, who, own_numbers=office.own_numbers)
    part = _text_part(deliver, sender_of(who, office))
    if screened is not None:
        return Quarantined(screened.reason, part.sender, part.text if screened.keep_body else "", screened.keep_body)
    return part


def content_of(pdu_hex: str, office: Office) -> TextPart | None:
    """Read a message without judging it: what somebody lets out of quarantine; raises `PduError`."""
    tpdu = pdu.decode(pdu_hex).tpdu
    if not isinstance(tpdu, pdu.Deliver):
        return None
    return _text_part(
        tpdu, sender_of(party(tpdu.originator.text, alphanumeric=tpdu.originator.is_alphanumeric), office)
    )


def _text_part(deliver: pdu.Deliver, sender: Sender) -> TextPart:
    data = deliver.user_data
    encoding = _ENCODINGS[data.alphabet]
    text = "" if encoding is Encoding.BINARY else data.text
    concat = data.concat
    return TextPart(
        sender,
        text,
        encoding,
        lossy=data.lossy,
        data=data.octets if encoding is Encoding.BINARY else b"",
        concat=Concat(concat.reference, concat.width, concat.total, concat.sequence) if concat else None,
        smsc_ms=deliver.scts.unix_ms,
        smsc_offset_min=deliver.scts.offset_min,
    )


def sender_of(who: Party, office: Office) -> Sender:
    """Name a sender for the store; the reference is keyed so that it tells nothing (contract 4.5)."""
    return Sender(who.number, who.address, reference(office.secret, who.number or who.address), who.replyable)
