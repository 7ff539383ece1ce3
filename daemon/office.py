"""The office's hours as people write them, such as `Sen-Jum 08:00-16:00, Sab 08:00-12:00`. Pure."""

import re

import msgspec

from kentongan.daemon.holidays import Holidays

DAYS = ("sen", "sel", "rab", "kam", "jum", "sab", "min")
DAY_MS, MINUTE_MS = 86_400_000, 60_000
NO_OTHERS = Holidays()
EPOCH_DAY = 3  # 1 January 1970 was a Thursday
_SPAN = re.compile(r"([a-z]{3})(?:-([a-z]{3}))? ([0-2]?[0-9]):([0-5][0-9])-([0-2]?[0-9]):([0-5][0-9])")


class HoursUnreadable(ValueError):
    """A text that does not say hours; the message is its unreadable piece."""


class Span(msgspec.Struct, frozen=True):
    """Some days of the week and the minutes between which they are open; the end is excluded."""

    days: frozenset[int]
    from_min: int
    until_min: int


class OfficeHours(msgspec.Struct, frozen=True):
    """When the office is open; without any span it always is."""

    spans: tuple[Span, ...] = ()
    offset_min: int = 0  # minutes east of UTC
    holidays: Holidays = NO_OTHERS

    def is_open(self, wall_ms: int) -> bool:
        """Tell whether the office is open at a moment."""
        if not self.spans:
            return True
        day, rest_ms = divmod(wall_ms + self.offset_min * MINUTE_MS, DAY_MS)
        if day in self.holidays:
            return False
        weekday, minute = (day + EPOCH_DAY) % 7, rest_ms // MINUTE_MS
        return any(weekday in span.days and span.from_min <= minute < span.until_min for span in self.spans)


def read_hours(text: str, offset_min: int = 0, holidays: Holidays = NO_OTHERS) -> OfficeHours:
    """Read hours, empty for always; raises `HoursUnreadable`."""
    pieces = [piece.strip() for piece in text.split(",")] if text.strip() else []
    return OfficeHours(tuple(_span(piece) for piece in pieces), offset_min, holidays)


def _span(piece: str) -> Span:
    found = _SPAN.fullmatch(piece.lower())
    if found is None or found[1] not in DAYS or (found[2] or found[1]) not in DAYS:
        raise HoursUnreadable(piece)
    first, last = DAYS.index(found[1]), DAYS.index(found[2] or found[1])
    days = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    from_min, until_min = int(found[3]) * 60 + int(found[4]), int(found[5]) * 60 + int(found[6])
    if not from_min < until_min <= 1_440:
        raise HoursUnreadable(piece)
    return Span(days, from_min, until_min)
