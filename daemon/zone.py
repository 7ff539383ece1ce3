"""The office's zone. Indonesia has three, without summer time since 1964, so a table says it all (domain.md 5.2)."""

from dataclasses import dataclass

OFFSET_MIN = {"Asia/Jakarta": 420, "Asia/Pontianak": 420, "Asia/Makassar": 480, "Asia/Jayapura": 540}
DAY_MIN = 1_440


@dataclass(frozen=True, slots=True)
class OfficeZone:
    """One of the four names that the configuration knows."""

    name: str

    def offset_min(self, _wall_ms: int) -> int:
        """Give minutes east of UTC at an instant."""
        return OFFSET_MIN[self.name]

    def minute_of_day(self, wall_ms: int) -> int:
        """Give the minute of the office's day at an instant."""
        return (wall_ms // 60_000 + OFFSET_MIN[self.name]) % DAY_MIN
