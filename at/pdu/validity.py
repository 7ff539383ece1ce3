"""TP-Validity-Period in its three formats (3GPP TS 23.040 §9.2.3.12), both directions; no format at all is `None`."""

from dataclasses import dataclass

from kentongan.at.errors import PduUnsupported
from kentongan.at.pdu.reader import Reader, written
from kentongan.at.pdu.scts import Scts, swapped

HOUR, DAY, WEEK = 60, 1440, 10080
"""Minutes."""
MAX_RELATIVE_MIN = 63 * WEEK


@dataclass(frozen=True, slots=True)
class RelativeValidity:
    """One octet counted from the moment the service centre has the message (§9.2.3.12.1)."""

    value: int

    @property
    def minutes(self) -> int:
        """Give the period in minutes."""
        if self.value <= 143:
            return (self.value + 1) * 5
        if self.value <= 167:
            return 12 * HOUR + (self.value - 143) * 30
        if self.value <= 196:
            return (self.value - 166) * DAY
        return (self.value - 192) * WEEK


@dataclass(frozen=True, slots=True)
class AbsoluteValidity:
    """A time stamp after which the message is worthless (§9.2.3.12.2)."""

    until: Scts


@dataclass(frozen=True, slots=True)
class EnhancedValidity:
    """Seven octets, the first a functionality indicator (§9.2.3.12.3); reserved forms keep their octets."""

    raw: bytes

    @property
    def single_shot(self) -> bool:
        """Tell whether the service centre shall try once only."""
        return bool(self.raw[0] & 0x40)

    @property
    def extended(self) -> bool:
        """Tell whether a second functionality indicator follows the first."""
        return bool(self.raw[0] & 0x80)

    @property
    def seconds(self) -> int | None:
        """Give the period in seconds, `None` where none is given or the form is reserved or absurd."""
        if self.extended:
            return None
        match self.raw[0] & 0x07:
            case 1:
                return RelativeValidity(self.raw[1]).minutes * 60
            case 2:
                return self.raw[1]
            case 3:
                return _clock_seconds(self.raw[1:4])
            case _:
                return None


Validity = RelativeValidity | AbsoluteValidity | EnhancedValidity


def _clock_seconds(octets: bytes) -> int | None:
    digits = [(octet & 0x0F, octet >> 4) for octet in octets]
    if any(tens > 9 or ones > 9 for tens, ones in digits):
        return None
    hours, minutes, seconds = (10 * tens + ones for tens, ones in digits)
    return 3600 * hours + 60 * minutes + seconds


def relative(minutes: int) -> RelativeValidity:
    """Choose the shortest relative period of at least `minutes`; raise `PduUnsupported` outside 1 min to 63 weeks."""
    if not 1 <= minutes <= MAX_RELATIVE_MIN:
        raise PduUnsupported("TP-VP", 0, minutes)
    if minutes <= 12 * HOUR:
        return RelativeValidity(-(-minutes // 5) - 1)
    if minutes <= DAY:
        return RelativeValidity(143 - (12 * HOUR - minutes) // 30)
    if minutes <= 30 * DAY:
        return RelativeValidity(166 - -minutes // DAY)
    return RelativeValidity(192 - -minutes // WEEK)


def enhanced_seconds(seconds: int, *, single_shot: bool = False) -> EnhancedValidity:
    """Write a period in the enhanced format: up to 255 s in one octet, up to 99:59:59 as a clock reading."""
    indicator = 0x40 if single_shot else 0
    if 1 <= seconds <= 255:
        return EnhancedValidity(bytes((indicator | 2, seconds, 0, 0, 0, 0, 0)))
    if 255 < seconds < 360_000:
        clock = (seconds // 3600, seconds // 60 % 60, seconds % 60)
        return EnhancedValidity(bytes((indicator | 3, *map(swapped, clock), 0, 0, 0)))
    raise PduUnsupported("TP-VP", 0, seconds)


def read_validity(reader: Reader, first_octet: int) -> Validity | None:
    """Read the period in the format that bits 4-3 of the first octet announce (TP-VPF, §9.2.3.3)."""
    match first_octet & 0x18:
        case 0x10:
            return RelativeValidity(reader.octet("TP-VP"))
        case 0x18:
            return AbsoluteValidity(Scts(reader.take(7, "TP-VP")))
        case 0x08:
            return EnhancedValidity(reader.take(7, "TP-VP"))
        case _:
            return None


def write_validity(validity: Validity | None) -> tuple[int, bytes]:
    """Give the bits of TP-VPF in the first octet and the octets of TP-VP."""
    match validity:
        case None:
            return 0, b""
        case RelativeValidity(value):
            return 0x10, written("TP-VP", value)
        case AbsoluteValidity(until):
            return 0x18, until.raw
        case EnhancedValidity(raw):
            return 0x08, raw
