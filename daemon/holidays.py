"""Days on which no office works: fixed by law to a date, or on the county's own list. Pure but for `load`.

Refuses to guess: the feasts that follow the moon, and the common leave, are decreed anew each year; a day that is not
listed is a workday, so a missed standard is told early rather than never.
"""

import re
from datetime import date
from pathlib import Path

import msgspec

from kentongan.daemon.errors import ConfigError

MAX_OCTETS = 65_536  # a century of holidays
EPOCH = date(1970, 1, 1).toordinal()
FIXED = frozenset({(1, 1), (5, 1), (6, 1), (8, 17), (12, 25)})  # New Year, Labour, Pancasila, Independence, Christmas
_LINE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:\s.*)?")


class Holidays(msgspec.Struct, frozen=True):
    """The county's days, as days since 1970."""

    listed: frozenset[int] = frozenset()

    def __contains__(self, day: object) -> bool:
        """Tell whether no office works on a day since 1970."""
        if not isinstance(day, int):
            return False
        that = date.fromordinal(EPOCH + day)
        return day in self.listed or (that.month, that.day) in FIXED


def read_holidays(text: str) -> Holidays:
    """Read a list, one day a line such as `2027-03-10 Idul Fitri`, `#` begins a remark; raises `ValueError`."""
    days = set()
    if len(text) > MAX_OCTETS:
        raise ValueError("it is too long")
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        found = _LINE.fullmatch(words)
        try:
            days.add(date(int(found[1]), int(found[2]), int(found[3])).toordinal() - EPOCH if found else -1)
        except ValueError:
            days.add(-1)
        if -1 in days:
            raise ValueError(f"line {number} has no date: {words[:40]!r}")
    return Holidays(frozenset(days))


def load(path: str) -> Holidays:
    """Read the county's list, none for an empty name; raises `ConfigError`."""
    if not path:
        return Holidays()
    try:
        text = Path(path).read_bytes()[: MAX_OCTETS + 1].decode("utf-8-sig")
        return read_holidays(text)
    except (OSError, ValueError) as error:
        remedy = "write one day a line, such as 2027-03-10 Idul Fitri"
        raise ConfigError("office.holidays_file", f"{path}: {error}", remedy) from error
