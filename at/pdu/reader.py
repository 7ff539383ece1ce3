"""Walk over octets and name the field that does not fit; refuses to read past the end."""

from kentongan.at.errors import PduTruncated, PduUnsupported

MAX_PDU_OCTETS = 512
"""More than twice the longest PDU (12 of SCA, 173 of STATUS-REPORT); longer is line noise."""


def octets_of(pdu_hex: str) -> bytes:
    """Turn the hex of an AT line into octets; raise `PduError` where it is not hex."""
    digits = pdu_hex.strip()
    if len(digits) > 2 * MAX_PDU_OCTETS:
        raise PduUnsupported("PDU length", MAX_PDU_OCTETS, len(digits) // 2)
    try:
        octets = bytes.fromhex(digits)
    except ValueError:
        octets = b""
    if 2 * len(octets) != len(digits):
        raise _not_hex(digits)
    return octets


def _not_hex(digits: str) -> PduTruncated | PduUnsupported:
    for index, character in enumerate(digits):
        if character not in "0123456789ABCDEFabcdef":
            return PduUnsupported("hex", index // 2, character)
    return PduTruncated("hex", len(digits) // 2, 1, 0)


def written(field: str, *values: int) -> bytes:
    """Write each value as one octet; raise `PduUnsupported` for the first that does not fit."""
    for value in values:
        if not 0 <= value <= 0xFF:
            raise PduUnsupported(field, 0, value)
    return bytes(values)


class Reader:
    """A position in the octets of one PDU; offsets in errors count from the start of the PDU."""

    __slots__ = ("octets", "offset")

    def __init__(self, octets: bytes, offset: int = 0) -> None:
        self.octets = octets
        self.offset = offset

    def left(self) -> int:
        """Count the octets not read yet."""
        return len(self.octets) - self.offset

    def octet(self, field: str) -> int:
        """Read one octet of the field; raise `PduTruncated` at the end."""
        offset = self.offset
        if offset >= len(self.octets):
            raise PduTruncated(field, offset, 1, 0)
        self.offset = offset + 1
        return self.octets[offset]

    def take(self, count: int, field: str) -> bytes:
        """Read the octets of the field; raise `PduTruncated` if they are not all there."""
        offset = self.offset
        taken = self.octets[offset : offset + count]
        if len(taken) != count:
            raise PduTruncated(field, offset, count, len(taken))
        self.offset = offset + count
        return taken

    def take_at_most(self, count: int, field: str) -> bytes:  # noqa: ARG002 - a tracing reader wants the name
        """Read what is there of the field, up to `count` octets."""
        taken = self.octets[self.offset : self.offset + count]
        self.offset += len(taken)
        return taken
