"""The one clock: the only module that imports `time`.

Steady time never jumps and goes on over restarts; wall time is data for people and never below what was already
written (a Pi has no clock that survives a power cut).
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import NamedTuple

from kentongan.queue.records_common import Moment

SYNC_CHECK_MS = 10_000  # how long an answer of the kernel about its clock is believed
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
NTP_MARK = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd touches it each time it has set the clock
TIMEX_OCTETS = 512  # struct timex is 208 octets on 64-bit kernels; the rest is room to grow


# Indonesia's zones have no summer time and have not moved since 1988, so no time zone database is needed.
ZONES_MIN = {"Asia/Jakarta": 420, "Asia/Pontianak": 420, "Asia/Makassar": 480, "Asia/Jayapura": 540}
ZONE_WORDS = {420: "WIB", 480: "WITA", 540: "WIT"}
NEVER = Moment(0, 0, synced=False)
BORN_MS = 1_767_225_600_000  # 2026-01-01: this program did not exist before, so nothing it does happens before
AHEAD_MS = 3 * 366 * 86_400_000  # an image is flashed, a box is stored for so long; GPS weeks roll over by 19 years
LONGEST_OFF_MS = 366 * 86_400_000  # a box left in a cupboard for a year; GPS weeks and forged NTP jump decades


def resume(base: Moment, wall_ms: int, synced: bool) -> int:
    """Continue steady time: the downtime counts when both wall clocks can be trusted, else it is unknown and zero.

    More than `LONGEST_OFF_MS` is a clock gone wrong, whatever it says of itself: nothing may expire or be erased by it.
    """
    off_ms = wall_ms - base.wall_ms
    known = base.synced and synced and 0 <= off_ms <= LONGEST_OFF_MS
    return base.steady_ms + 1 + (off_ms if known else 0)


def ahead_of(shown_ms: int, readings_ms: tuple[int, ...]) -> int | None:
    """Choose what to show instead, after somebody without our clock has said the time; `None` to stay with it.

    The nearest of the possible readings counts: modems disagree whether they print local time or UTC. Nothing goes
    back, and nothing leaps farther than a box can have lain in a cupboard.
    """
    nearest = min(readings_ms, key=lambda reading: abs(reading - shown_ms))
    return nearest if shown_ms < nearest <= shown_ms + AHEAD_MS else None


class OfficeZone(NamedTuple):
    """The office's time zone; `name` is a key of `ZONES_MIN`."""

    name: str

    def offset_min(self, _wall_ms: int) -> int:
        """Return the minutes east of UTC at this instant."""
        return ZONES_MIN[self.name]

    def minute_of_day(self, wall_ms: int) -> int:
        """Return the minutes since the office's midnight."""
        return (wall_ms // 60_000 + ZONES_MIN[self.name]) % 1_440

    def clock(self, wall_ms: int) -> str:
        """Write an instant as people in the office do, such as `24-11-2026 08:15:02 WITA`."""
        offset = ZONES_MIN[self.name]
        local = datetime.fromtimestamp(wall_ms / 1000, timezone(timedelta(minutes=offset)))
        return f"{local:%d-%m-%Y %H:%M:%S} {ZONE_WORDS[offset]}"


def kernel_synced(ask: Callable[[], int] | None = None, mark: Path = NTP_MARK) -> bool:
    """Ask the kernel whether an NTP client keeps its clock (adjtimex, read only); where it may not be asked, the mark.

    A unit with `ProtectClock=yes` may not even read: the call fails there, and says nothing about the clock.
    """
    state = (ask or _adjtimex)()
    return state < TIME_ERROR if state >= 0 else mark.exists()


def _adjtimex() -> int:
    import ctypes  # noqa: PLC0415 - half a megabyte: not for the watcher

    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_OCTETS))
    return state


class SystemClock:
    """Both clocks of this machine; safe from any thread."""

    def __init__(self, base: Moment = NEVER, *, is_synced: Callable[[], bool] = kernel_synced) -> None:
        self.base = base
        self._is_synced = is_synced
        self._synced = is_synced()
        self._started_ms = self._checked_ms = _boot_ms()
        wall_ms = _wall_ms()
        self._steady_start_ms = resume(base, wall_ms, self._synced)
        self._floors = {"": max(wall_ms, base.wall_ms, BORN_MS)}  # at the start; by who said so, one thread each

    def now(self) -> Moment:
        """Read both clocks."""
        boot_ms = _boot_ms()
        if boot_ms - self._checked_ms >= SYNC_CHECK_MS:
            self._checked_ms, self._synced = boot_ms, self._is_synced()
        elapsed_ms = boot_ms - self._started_ms
        wall_ms = _wall_ms()
        if not self._synced:
            wall_ms = max(wall_ms, max(self._floors.values()) + elapsed_ms)
        return Moment(self._steady_start_ms + elapsed_ms, wall_ms, self._synced)

    @property
    def synced(self) -> bool:
        """Tell whether NTP kept the clock when it was last looked at."""
        return self._synced

    def hear(self, who: str, *readings_ms: int) -> None:
        """Take the time that a network or an SMS told; NTP needs nobody's help."""
        shown = self.now()
        better_ms = None if shown.synced else ahead_of(shown.wall_ms, readings_ms)
        if better_ms is not None:
            self._floors[who] = better_ms - (_boot_ms() - self._started_ms)

    def monotonic(self) -> float:
        """Return seconds for deadlines within this process."""
        return time.monotonic()  # noqa: TID251 - the one clock


def _boot_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
