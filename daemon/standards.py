"""Time standards: profiles as data, and how much time a leg allows. Pure but for `load`.

A workday is Monday to Friday but for the holidays that are listed (`holidays`).
"""

import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from kentongan.daemon.errors import ConfigError
from kentongan.daemon.holidays import Holidays
from kentongan.queue.records import Moment
from kentongan.queue.store_ledger import Point

SHIPPED = Path(__file__).with_name("sla.toml")
DAY_MS = 86_400_000
UNITS_MS = {"s": 1_000, "min": 60_000, "h": 3_600_000, "day": DAY_MS}
WORKDAY = "workday"
_LIMIT = re.compile(rf"([1-9][0-9]{{0,4}}) ({'|'.join(UNITS_MS)}|{WORKDAY})")
NO_OTHERS = Holidays()
EPOCH_WEEKDAY = 3  # 1 January 1970 was a Thursday, Monday is 0


class LegEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}):
    """A leg as the file writes it."""

    start: Point
    end: Point
    limit: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a profile."""

    profile: str
    name: str
    start: Point
    end: Point
    amount: int
    unit: str
    holidays: Holidays = NO_OTHERS

    def allowed_ms(self, at: Moment, offset_min: Callable[[int], int]) -> int:
        """Give how long ago the start may lie at most, for the end not to be late now."""
        if self.unit != WORKDAY:
            return self.amount * UNITS_MS[self.unit]
        day = (at.wall_ms + 60_000 * offset_min(at.wall_ms)) // DAY_MS
        back, left = 0, self.amount
        while left:
            back += 1
            left -= (day - back + EPOCH_WEEKDAY) % 7 < 5 and day - back not in self.holidays
        return back * DAY_MS

    @property
    def limit_s(self) -> int:
        """The limit in seconds, a workday as a day."""
        return self.amount * UNITS_MS.get(self.unit, DAY_MS) // 1_000


def load(profile: str, path: Path = SHIPPED, holidays: Holidays = NO_OTHERS) -> tuple[Leg, ...]:
    """Read a profile; none for an empty name. Raises `ConfigError`."""
    if not profile:
        return ()
    try:
        profiles = msgspec.convert(tomllib.loads(path.read_text("utf-8")), dict[str, dict[str, LegEntry]])
    except (OSError, ValueError, msgspec.ValidationError) as error:  # no ValueError before msgspec 0.20
        raise ConfigError("sla.file", f"{path}: {error}", "correct the file, or remove the key") from error
    if profile not in profiles:
        raise ConfigError("sla.profile", f"{profile!r} is unknown", f"write one of {', '.join(profiles)}")
    return tuple(
        replace(_leg(profile, name, entry, path), holidays=holidays) for name, entry in profiles[profile].items()
    )


def _leg(profile: str, name: str, entry: LegEntry, path: Path) -> Leg:
    found = _LIMIT.fullmatch(entry.limit)
    if found is None or entry.start not in {Point.RECEIVED, Point.ACKNOWLEDGED} or entry.end is Point.RECEIVED:
        why = f"{path}: {profile}.{name}: from, to or limit is not possible"
        raise ConfigError("sla.file", why, 'write such as { from = "received", to = "acknowledged", limit = "15 min" }')
    return Leg(profile, name, entry.start, entry.end, int(found[1]), found[2])
