"""The transfer protocol data units that cross the AT line (3GPP TS 23.040 §9.2.2), both directions."""

from dataclasses import dataclass
from enum import Enum

from kentongan.at.pdu import dcs as coding
from kentongan.at.pdu.address import Address, read_address, write_address
from kentongan.at.pdu.dcs import Dcs
from kentongan.at.pdu.reader import Reader, written
from kentongan.at.pdu.remark import Remark
from kentongan.at.pdu.scts import OCTETS as SCTS_OCTETS
from kentongan.at.pdu.scts import Scts
from kentongan.at.pdu.user_data import UserData, read_user_data
from kentongan.at.pdu.validity import Validity, read_validity, write_validity

MTI_DELIVER, MTI_SUBMIT, MTI_STATUS_REPORT, MTI_RESERVED = range(4)
"""TP-MTI, bits 1-0 of the first octet (§9.2.3.1)."""
UDHI = 0x40


class Delivery(Enum):
    """What a status report says (§9.2.3.15)."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"  # the service centre keeps trying
    FAILED = "failed"


def delivery_of(status: int) -> Delivery:
    """Class a TP-Status; reserved values at the end of the range are permanent failures."""
    if status < 0x20:
        return Delivery.DELIVERED
    return Delivery.TEMPORARY if status < 0x40 else Delivery.FAILED


@dataclass(frozen=True, slots=True)
class Deliver:
    """SMS-DELIVER (§9.2.2.1); `more_messages` means that more are waiting in the service centre."""

    originator: Address
    pid: int
    dcs: Dcs
    scts: Scts
    user_data: UserData
    more_messages: bool = False
    loop_prevention: bool = False
    report_indication: bool = False
    reply_path: bool = False

    def encode(self) -> bytes:
        """Write the TPDU."""
        first = _flags(
            MTI_DELIVER,
            (0x04, not self.more_messages),
            (0x08, self.loop_prevention),
            (0x20, self.report_indication),
            (UDHI, self.user_data.header_octets > 0),
            (0x80, self.reply_path),
        )
        head = (
            bytes((first,)) + write_address(self.originator) + written("TP-PID", self.pid, self.dcs.raw) + self.scts.raw
        )
        return head + bytes((self.user_data.length,)) + self.user_data.raw


@dataclass(frozen=True, slots=True)
class Submit:
    """SMS-SUBMIT (§9.2.2.2); the modem replaces `reference` by its own."""

    destination: Address
    dcs: Dcs
    user_data: UserData
    reference: int = 0
    pid: int = 0
    validity: Validity | None = None
    reject_duplicates: bool = False
    report_request: bool = False
    reply_path: bool = False

    def encode(self) -> bytes:
        """Write the TPDU."""
        format_bits, period = write_validity(self.validity)
        first = _flags(
            MTI_SUBMIT | format_bits,
            (0x04, self.reject_duplicates),
            (0x20, self.report_request),
            (UDHI, self.user_data.header_octets > 0),
            (0x80, self.reply_path),
        )
        head = written("TP-MR", first, self.reference) + write_address(self.destination)
        head += written("TP-PID", self.pid, self.dcs.raw)
        return head + period + bytes((self.user_data.length,)) + self.user_data.raw


@dataclass(frozen=True, slots=True)
class OptionalFields:
    """The fields that a parameter indicator announces (TP-PI, §9.2.3.27); `indicator` as received."""

    indicator: bytes = b""
    pid: int | None = None
    dcs: Dcs | None = None
    user_data: UserData | None = None


NOTHING_OPTIONAL = OptionalFields()


@dataclass(frozen=True, slots=True)
class StatusReport:
    """SMS-STATUS-REPORT (§9.2.2.3): what became of the SUBMIT with this reference to this recipient."""

    reference: int
    recipient: Address
    scts: Scts
    discharged: Scts
    status: int
    optional: OptionalFields = NOTHING_OPTIONAL
    more_messages: bool = False
    loop_prevention: bool = False
    of_command: bool = False

    @property
    def outcome(self) -> Delivery:
        """Class the status."""
        return delivery_of(self.status)

    def encode(self) -> bytes:
        """Write the TPDU."""
        user_data = self.optional.user_data
        first = _flags(
            MTI_STATUS_REPORT,
            (0x04, not self.more_messages),
            (0x08, self.loop_prevention),
            (0x20, self.of_command),
            (UDHI, user_data is not None and user_data.header_octets > 0),
        )
        head = written("TP-MR", first, self.reference) + write_address(self.recipient)
        return (
            head + self.scts.raw + self.discharged.raw + written("TP-ST", self.status) + write_optional(self.optional)
        )


Tpdu = Deliver | Submit | StatusReport


def _flags(first: int, *flags: tuple[int, bool]) -> int:
    return first | sum(bit for bit, is_set in flags if is_set)


def read_tpdu(reader: Reader) -> tuple[Tpdu, tuple[Remark, ...]]:
    """Read what a modem shows us: from the service centre, except TP-MTI 01, a stored SUBMIT of ours."""
    first = reader.octet("first octet")
    match first & 0x03:
        case 1:
            submit = _read_submit(reader, first)
            return submit, submit.user_data.remarks
        case 2:
            return _read_status_report(reader, first)
        case mti:
            deliver = _read_deliver(reader, first)
            reserved = (Remark.RESERVED_MTI,) if mti == MTI_RESERVED else ()
            return deliver, reserved + deliver.user_data.remarks


def _read_deliver(reader: Reader, first: int) -> Deliver:
    originator = read_address(reader, "TP-OA")
    pid = reader.octet("TP-PID")
    dcs = coding.dcs_of(reader.octet("TP-DCS"))
    scts = Scts(reader.take(SCTS_OCTETS, "TP-SCTS"))
    user_data = read_user_data(reader, dcs, has_header=bool(first & UDHI))
    return Deliver(
        originator, pid, dcs, scts, user_data, not first & 0x04, bool(first & 0x08), bool(first & 0x20), first > 0x7F
    )


def _read_submit(reader: Reader, first: int) -> Submit:
    reference = reader.octet("TP-MR")
    destination = read_address(reader, "TP-DA")
    pid = reader.octet("TP-PID")
    dcs = coding.dcs_of(reader.octet("TP-DCS"))
    validity = read_validity(reader, first)
    user_data = read_user_data(reader, dcs, has_header=bool(first & UDHI))
    return Submit(
        destination,
        dcs,
        user_data,
        reference=reference,
        pid=pid,
        validity=validity,
        reject_duplicates=bool(first & 0x04),
        report_request=bool(first & 0x20),
        reply_path=bool(first & 0x80),
    )


def _read_status_report(reader: Reader, first: int) -> tuple[StatusReport, tuple[Remark, ...]]:
    reference = reader.octet("TP-MR")
    recipient = read_address(reader, "TP-RA")
    scts = Scts(reader.take(SCTS_OCTETS, "TP-SCTS"))
    discharged = Scts(reader.take(SCTS_OCTETS, "TP-DT"))
    status = reader.octet("TP-ST")
    optional, remarks = read_optional(reader, has_header=bool(first & UDHI))
    report = StatusReport(
        reference,
        recipient,
        scts,
        discharged,
        status,
        optional,
        more_messages=not first & 0x04,
        loop_prevention=bool(first & 0x08),
        of_command=bool(first & 0x20),
    )
    return report, remarks


def read_optional(reader: Reader, *, has_header: bool) -> tuple[OptionalFields, tuple[Remark, ...]]:
    """Read TP-PI and what it announces, or nothing where the TPDU ends before it (§9.2.2.3)."""
    if not reader.left():
        return NOTHING_OPTIONAL, ()
    return read_announced(reader, read_indicator(reader), has_header=has_header)


def read_announced(reader: Reader, indicator: bytes, *, has_header: bool) -> tuple[OptionalFields, tuple[Remark, ...]]:
    """Read the fields that TP-PI announces; fields cut short are remarked, for the mandatory ones have been read."""
    bits = indicator[0]
    if reader.left() < (bits & 0x07).bit_count():
        return OptionalFields(indicator), (Remark.OPTIONAL_CUT,)
    pid = reader.octet("TP-PID") if bits & 1 else None
    dcs = coding.dcs_of(reader.octet("TP-DCS")) if bits & 2 else None
    if not bits & 4:
        return OptionalFields(indicator, pid, dcs), ()
    user_data = read_user_data(reader, dcs or coding.GSM7, has_header=has_header)
    return OptionalFields(indicator, pid, dcs, user_data), user_data.remarks


def read_indicator(reader: Reader) -> bytes:
    """Read TP-PI; bit 7 says that another octet follows (§9.2.3.27)."""
    octets = [reader.octet("TP-PI")]
    while octets[-1] & 0x80 and reader.left():
        octets.append(reader.octet("TP-PI"))
    return bytes(octets)


def write_optional(optional: OptionalFields) -> bytes:
    """Write TP-PI and its fields; nothing at all where none is given."""
    present = (optional.pid is not None) | (optional.dcs is not None) << 1 | (optional.user_data is not None) << 2
    if not present and not optional.indicator:
        return b""
    indicator = optional.indicator or bytes((0,))
    octets = bytes((indicator[0] & ~0x07 | present,)) + indicator[1:]
    if optional.pid is not None:
        octets += written("TP-PID", optional.pid)
    if optional.dcs is not None:
        octets += bytes((optional.dcs.raw,))
    if optional.user_data is not None:
        octets += bytes((optional.user_data.length,)) + optional.user_data.raw
    return octets
