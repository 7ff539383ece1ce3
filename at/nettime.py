"""Read the time that a modem shows: its own clock (`+CCLK`), and what the network has just told it (`*PSUTTZ`, NITZ).

Refuses to guess: without a zone, or from a clock that was never set, there is no time.
"""

import re
from datetime import UTC, datetime

from kentongan.at.events import NetworkTime

FIRST_YEAR = 2026
"""No modem that runs under this program can have been told less; 1980, 2004, 2015 are clocks that were never set."""

MAX_QUARTERS = 56
"""Fourteen hours: no zone on earth is farther from UTC."""

_CLOCK = re.compile(r'\+CCLK: ?"(?P<date>\d\d(?:\d\d)?/\d\d/\d\d),(?P<time>\d\d:\d\d:\d\d)(?P<zone>[+-]\d\d?)"')
_TOLD = re.compile(r"\*PSUTTZ: ?(\d{2,4}), ?(\d{1,2}), ?(\d{1,2}), ?(\d{1,2}), ?(\d{1,2}), ?(\d{1,2}) ?,.*")


def clock_shown(line: str) -> NetworkTime | None:
    """Read `+CCLK: "yy/MM/dd,hh:mm:ss+zz"` (27.007 §8.15): local time, the zone in quarters of an hour."""
    found = _CLOCK.fullmatch(line)
    if found is None:
        return None
    quarters = int(found["zone"])
    local_s = _unix_s([int(part) for part in re.split(r"[/:]", f"{found['date']}/{found['time']}")])
    if local_s is None or abs(quarters) > MAX_QUARTERS:
        return None
    return NetworkTime(local_s - quarters * 900, quarters * 900)


def time_told(line: str) -> NetworkTime | None:
    """Read `*PSUTTZ: yyyy,M,d,h,m,s,"+zz",dst` (SIM800 manual, AT+CLTS): UTC, whatever the zone says."""
    found = _TOLD.fullmatch(line)
    unix_s = _unix_s([int(part) for part in found.groups()]) if found is not None else None
    return None if unix_s is None else NetworkTime(unix_s, 0)


def _unix_s(parts: list[int]) -> int | None:
    year, month, day, hour, minute, second = parts
    if year < 100:
        year += 1900 if year >= 70 else 2000  # as in the stamps of 23.040: GSM did not exist in 1970
    try:
        read = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return int(read.timestamp()) if year >= FIRST_YEAR else None
