"""Hex of the AT line (service centre address and TPDU) to values and back; refuses with `PduError`, nothing else."""

from dataclasses import dataclass

from kentongan.at.errors import PduTruncated, PduUnsupported
from kentongan.at.pdu.address import Address, read_smsc, write_smsc
from kentongan.at.pdu.reader import Reader, octets_of
from kentongan.at.pdu.remark import Remark
from kentongan.at.pdu.tpdu import Tpdu, read_tpdu


@dataclass(frozen=True, slots=True)
class Decoded:
    """One PDU read; `trailing` are octets behind the user data, which no field claims."""

    smsc: Address | None
    tpdu: Tpdu
    remarks: tuple[Remark, ...] = ()
    trailing: bytes = b""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One PDU as the AT line wants it; `tpdu_octets` is the `<length>` of `+CMGS` (without the SCA)."""

    tpdu_octets: int
    pdu_hex: str


def decode(pdu_hex: str, tpdu_octets: int | None = None) -> Decoded:
    """Read a PDU that a modem shows: from the service centre, or a SUBMIT of ours (TP-MTI 01).

    `tpdu_octets` is the `<length>` the modem printed; equal to all octets it means that the SCA is left out,
    otherwise it must fit. Raises `PduError` and nothing else.
    """
    return read_pdu(Reader(octets_of(pdu_hex)), tpdu_octets)


def read_pdu(reader: Reader, tpdu_octets: int | None = None) -> Decoded:
    """Read a PDU from its start; the reader may be one that keeps a trace."""
    smsc = None if tpdu_octets is not None and tpdu_octets == reader.left() else read_smsc(reader)
    if tpdu_octets is not None and tpdu_octets != reader.left():
        if tpdu_octets > reader.left():
            raise PduTruncated("TPDU", reader.offset, tpdu_octets, reader.left())
        raise PduUnsupported("TPDU length", reader.offset, tpdu_octets)
    tpdu, remarks = read_tpdu(reader)
    if not reader.left():
        return Decoded(smsc, tpdu, remarks)
    trailing = reader.take(reader.left(), "trailing octets")
    return Decoded(smsc, tpdu, (*remarks, Remark.TRAILING_OCTETS), trailing)


def encode(tpdu: Tpdu, smsc: Address | None = None) -> Encoded:
    """Write a PDU for the AT line; without `smsc` the modem uses its own."""
    octets = tpdu.encode()
    return Encoded(len(octets), (write_smsc(smsc) + octets).hex().upper())
