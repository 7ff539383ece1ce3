"""The acknowledgements of the transfer protocol (3GPP TS 23.040 §9.2.2.1a, §9.2.2.2a); they carry no SCA.

A modem shows a SUBMIT-REPORT as `<ackpdu>` of `+CMGS` and takes a DELIVER-REPORT with `+CNMA`. Whether one sits in
an RP-ACK or an RP-ERROR is not in its octets: the caller knows and says so.
"""

from dataclasses import dataclass

from kentongan.at.errors import PduUnsupported
from kentongan.at.pdu.reader import Reader, octets_of, written
from kentongan.at.pdu.remark import Remark
from kentongan.at.pdu.scts import OCTETS as SCTS_OCTETS
from kentongan.at.pdu.scts import Scts
from kentongan.at.pdu.tpdu import (
    MTI_DELIVER,
    MTI_SUBMIT,
    NOTHING_OPTIONAL,
    UDHI,
    OptionalFields,
    read_announced,
    read_indicator,
    write_optional,
)


@dataclass(frozen=True, slots=True)
class DeliverReport:
    """SMS-DELIVER-REPORT; `cause` is TP-FCS of a refusal, `None` in an acknowledgement."""

    cause: int | None = None
    optional: OptionalFields = NOTHING_OPTIONAL
    remarks: tuple[Remark, ...] = ()

    def encode(self) -> bytes:
        """Write the TPDU."""
        return _head(MTI_DELIVER, self.cause, self.optional) + _announced(self.optional)


@dataclass(frozen=True, slots=True)
class SubmitReport:
    """SMS-SUBMIT-REPORT; `scts` is when the service centre took the SUBMIT, `cause` TP-FCS of a refusal."""

    scts: Scts
    cause: int | None = None
    optional: OptionalFields = NOTHING_OPTIONAL
    remarks: tuple[Remark, ...] = ()

    def encode(self) -> bytes:
        """Write the TPDU."""
        octets = _announced(self.optional)
        size = max(1, len(self.optional.indicator))
        return _head(MTI_SUBMIT, self.cause, self.optional) + octets[:size] + self.scts.raw + octets[size:]


def decode_deliver_report(tpdu_hex: str, *, refused: bool) -> DeliverReport:
    """Read a DELIVER-REPORT out of an RP-ACK, or an RP-ERROR if `refused`; raises `PduError` and nothing else."""
    reader = Reader(octets_of(tpdu_hex))
    has_header, cause = _read_head(reader, MTI_DELIVER, refused=refused)
    optional, remarks = read_announced(reader, read_indicator(reader), has_header=has_header)
    return DeliverReport(cause, optional, remarks + _read_end(reader))


def decode_submit_report(tpdu_hex: str, *, refused: bool) -> SubmitReport:
    """Read a SUBMIT-REPORT out of an RP-ACK, or an RP-ERROR if `refused`; raises `PduError` and nothing else."""
    reader = Reader(octets_of(tpdu_hex))
    has_header, cause = _read_head(reader, MTI_SUBMIT, refused=refused)
    indicator = read_indicator(reader)
    scts = Scts(reader.take(SCTS_OCTETS, "TP-SCTS"))
    optional, remarks = read_announced(reader, indicator, has_header=has_header)
    return SubmitReport(scts, cause, optional, remarks + _read_end(reader))


def _read_head(reader: Reader, mti: int, *, refused: bool) -> tuple[bool, int | None]:
    """Read the first octet and TP-FCS; tell whether user data has a header, and the cause."""
    first = reader.octet("first octet")
    if first & 0x03 != mti:
        raise PduUnsupported("TP-MTI", 0, first & 0x03)
    return bool(first & UDHI), reader.octet("TP-FCS") if refused else None


def _read_end(reader: Reader) -> tuple[Remark, ...]:
    return (Remark.TRAILING_OCTETS,) if reader.left() else ()


def _head(mti: int, cause: int | None, optional: OptionalFields) -> bytes:
    has_header = optional.user_data is not None and optional.user_data.header_octets > 0
    first = mti | (UDHI if has_header else 0)
    return bytes((first,)) if cause is None else written("TP-FCS", first, cause)


def _announced(optional: OptionalFields) -> bytes:
    """Write TP-PI and its fields; here TP-PI is mandatory."""
    return write_optional(optional) or b"\x00"
