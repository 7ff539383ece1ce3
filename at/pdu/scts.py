"""Time stamps of seven swapped octets (3GPP TS 23.040 §9.2.3.11); an absurd date is a value, not an error."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from kentongan.at.errors import PduUnsupported

OCTETS = 7
MAX_ZONE_QUARTERS = 56
"""Fourteen hours: no zone on earth is farther from UTC."""
PIVOT_YEAR = 70
"""Two-digit years from here on belong to the twentieth century (GSM did not exist in 1970)."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Scts:
    """A time stamp as received; the clock readings are derived and may be absent."""

    raw: bytes

    @property
    def offset_min(self) -> int:
        """Give the zone in minutes east of UTC; 0 when the octet is absurd."""
        return 15 * (_quarters(self.raw[6]) or 0)

    @property
    def unix_ms(self) -> int | None:
        """Give the moment in milliseconds since 1970, or `None` when the stamp is absurd."""
        local, quarters = self._local(), _quarters(self.raw[6])
        if local is None or quarters is None:
            return None
        return (local - _EPOCH) // timedelta(milliseconds=1) - quarters * 900_000

    @property
    def text(self) -> str:
        """Write the stamp as ISO 8601 with its zone, or its raw octets when it is absurd."""
        local, quarters = self._local(), _quarters(self.raw[6])
        if local is None or quarters is None:
            return f"absurd ({self.raw.hex().upper()})"
        sign, minutes = "-" if quarters < 0 else "+", abs(quarters) * 15
        return f"{local:%Y-%m-%dT%H:%M:%S}{sign}{minutes // 60:02}:{minutes % 60:02}"

    def _local(self) -> datetime | None:
        """Read the first six octets as if they were UTC."""
        pairs = [_pair(octet) for octet in self.raw[:6]]
        if None in pairs:
            return None
        year, month, day, hour, minute, second = (pair or 0 for pair in pairs)
        century = 1900 if year >= PIVOT_YEAR else 2000
        try:
            return datetime(century + year, month, day, hour, minute, second, tzinfo=UTC)
        except ValueError:
            return None


def scts_of(unix_ms: int, offset_min: int) -> Scts:
    """Write a moment in the zone; milliseconds are cut, raise `PduUnsupported` where it cannot be written."""
    quarters, rest = divmod(abs(offset_min), 15)
    if rest or quarters > MAX_ZONE_QUARTERS:
        raise PduUnsupported("time zone", 6, offset_min)
    try:
        local = _EPOCH + timedelta(seconds=unix_ms // 1000, minutes=offset_min)
    except OverflowError as error:
        raise PduUnsupported("time stamp", 0, unix_ms) from error
    if not 1900 + PIVOT_YEAR <= local.year < 2000 + PIVOT_YEAR:
        raise PduUnsupported("time stamp", 0, unix_ms)
    fields = (local.year % 100, local.month, local.day, local.hour, local.minute, local.second)
    zone = swapped(quarters) | (0x08 if offset_min < 0 else 0)
    return Scts(bytes((*map(swapped, fields), zone)))


def swapped(value: int) -> int:
    """Write 0-99 as two swapped semi-octets."""
    return value % 10 << 4 | value // 10


def _pair(octet: int) -> int | None:
    """Read two swapped semi-octets, `None` where one is no decimal digit."""
    tens, ones = octet & 0x0F, octet >> 4
    return 10 * tens + ones if tens < 10 and ones < 10 else None


def _quarters(octet: int) -> int | None:
    """Read the zone in quarters of an hour; bit 3 of the octet is the sign."""
    quarters = 10 * (octet & 0x07) + (octet >> 4)
    if octet >> 4 > 9 or quarters > MAX_ZONE_QUARTERS:
        return None
    return -quarters if octet & 0x08 else quarters
