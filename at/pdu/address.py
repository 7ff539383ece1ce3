"""Address fields: TP-OA, TP-DA, TP-RA and the service centre's (3GPP TS 23.040 §9.1.2.5, TS 24.011 §8.2.5)."""

from dataclasses import dataclass
from enum import IntEnum

from kentongan.at.errors import NotEncodable, PduUnsupported
from kentongan.at.pdu import gsm7
from kentongan.at.pdu.reader import Reader

MAX_DIGITS = 20
"""§9.1.2.5: ten octets of semi-octets."""
MAX_NAME_SEPTETS = 11
"""What twenty semi-octets hold."""
MAX_SMSC_OCTETS = 11
"""Type of address and ten octets of digits (TS 24.011 §8.2.5.1)."""


class Ton(IntEnum):
    """Type of number, bits 6-4 of the type of address."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6
    RESERVED = 7


class Npi(IntEnum):
    """Numbering plan identification, bits 3-0 of the type of address."""

    UNKNOWN = 0
    ISDN = 1
    RESERVED_2 = 2
    DATA = 3
    TELEX = 4
    SC_SPECIFIC_5 = 5
    SC_SPECIFIC_6 = 6
    RESERVED_7 = 7
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    RESERVED_11 = 11
    RESERVED_12 = 12
    RESERVED_13 = 13
    RESERVED_14 = 14
    RESERVED_15 = 15


_TONS = tuple(Ton(value) for value in range(8))
_NPIS = tuple(Npi(value) for value in range(16))
_DIGITS = "0123456789*#abc"
_SEMI_OCTETS = {digit: value for value, digit in enumerate(_DIGITS)}
_SHOWN = (*_DIGITS, "")
_PAIRS = tuple(_SHOWN[octet & 0x0F] + _SHOWN[octet >> 4] for octet in range(256))
"""Both semi-octets of an octet in reading order; 1111 is skipped (§9.1.2.3)."""


@dataclass(frozen=True, slots=True)
class Address:
    """A number or a name; `digits` holds the name of an alphanumeric address."""

    digits: str
    ton: Ton
    npi: Npi

    @property
    def is_alphanumeric(self) -> bool:
        """Tell whether this is a name, which nobody can answer."""
        return self.ton is Ton.ALPHANUMERIC

    @property
    def text(self) -> str:
        """Write the address for people: `+` before an international number."""
        return "+" + self.digits if self.ton is Ton.INTERNATIONAL else self.digits


def address_of(number: str) -> Address:
    """Make the address of `+62...` (international) or of digits as dialled; raise `PduError` for anything else."""
    digits = number.removeprefix("+")
    for index, digit in enumerate(digits, start=len(number) - len(digits)):
        if digit not in _SEMI_OCTETS or digit in "abc":
            raise NotEncodable(digit, index)
    if not 1 <= len(digits) <= MAX_DIGITS:
        raise PduUnsupported("number of digits", 0, len(digits))
    return Address(digits, Ton.INTERNATIONAL if number.startswith("+") else Ton.UNKNOWN, Npi.ISDN)


def name_of(name: str) -> Address:
    """Make an alphanumeric address of at most eleven septets; raise `PduError` for anything else."""
    address = Address(name, Ton.ALPHANUMERIC, Npi.UNKNOWN)
    write_address(address)
    return address


def read_address(reader: Reader, field: str) -> Address:
    """Read length in semi-octets, type of address and value (§9.1.2.5)."""
    length_at = reader.offset
    semi_octets = reader.octet(f"{field} length")
    if semi_octets > MAX_DIGITS:
        raise PduUnsupported(f"{field} length", length_at, semi_octets)
    toa = reader.octet(f"{field} type")
    value = reader.take((semi_octets + 1) // 2, field)
    return _address(toa, value, semi_octets)


def read_smsc(reader: Reader) -> Address | None:
    """Read the service centre address whose length counts octets (TS 27.005 §3.1 `<pdu>`); 0 means none given."""
    octets = reader.octet("SCA length")
    if octets > MAX_SMSC_OCTETS:
        raise PduUnsupported("SCA length", reader.offset - 1, octets)
    if not octets:
        return None
    toa = reader.octet("SCA type")
    return _address(toa, reader.take(octets - 1, "SCA"), 2 * (octets - 1))


def _address(toa: int, value: bytes, semi_octets: int) -> Address:
    ton = _TONS[toa >> 4 & 7]
    if ton is Ton.ALPHANUMERIC:
        digits = _name(value, semi_octets)
    elif semi_octets & 1:
        digits = "".join([_PAIRS[octet] for octet in value[:-1]]) + _SHOWN[value[-1] & 0x0F]
    else:
        digits = "".join([_PAIRS[octet] for octet in value])
    return Address(digits, ton, _NPIS[toa & 0x0F])


def _name(value: bytes, semi_octets: int) -> str:
    """Unpack a name; some service centres round seven characters up to 14 semi-octets, an eighth `@` is theirs."""
    septets = gsm7.unpack(value, semi_octets * 4 // 7)
    if semi_octets == 14 and septets[-1] == 0:
        septets = septets[:-1]
    return gsm7.DEFAULT.decode(septets)[0]


def write_address(address: Address) -> bytes:
    """Write length in semi-octets, type of address and value; raise `PduError` where it does not fit."""
    if address.is_alphanumeric:
        septets = gsm7.DEFAULT.encode(address.digits)
        if len(septets) > MAX_NAME_SEPTETS:
            raise PduUnsupported("name septets", 0, len(septets))
        if len(septets) == 8 and septets[-1] == 0:  # would read back as seven characters
            raise NotEncodable("@", len(address.digits) - 1)
        return bytes((-(-7 * len(septets) // 4), _toa(address))) + gsm7.pack(septets)
    if len(address.digits) > MAX_DIGITS:
        raise PduUnsupported("number of digits", 0, len(address.digits))
    return bytes((len(address.digits), _toa(address))) + _bcd(address.digits)


def write_smsc(smsc: Address | None) -> bytes:
    """Write the service centre address with its length in octets; `None` means the modem's own."""
    if smsc is None:
        return b"\x00"
    octets = bytes((_toa(smsc),)) + write_address(smsc)[2:]
    return bytes((len(octets),)) + octets


def _toa(address: Address) -> int:
    return 0x80 | address.ton << 4 | address.npi


def _bcd(digits: str) -> bytes:
    values = []
    for index, digit in enumerate(digits):
        if digit not in _SEMI_OCTETS:
            raise NotEncodable(digit, index)
        values.append(_SEMI_OCTETS[digit])
    if len(values) % 2:
        values.append(0x0F)
    return bytes(low | high << 4 for low, high in zip(values[::2], values[1::2], strict=True))
