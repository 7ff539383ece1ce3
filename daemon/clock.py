"""The one clock: the only module that imports `time`.

Steady time never jumps and goes on over restarts; wall time is data for people and never below what was already
written (a Pi has no clock that survives a power cut).
"""

import ctypes
import time
from collections.abc import Callable
from dataclasses import dataclass

from kentongan.queue.records import Moment

SYNC_CHECK_MS = 10_000  # how long an answer of the kernel about its clock is believed
TIME_ERROR = 5  # adjtimex(2): the clock is not synchronised
TIMEX_OCTETS = 512  # struct timex is 208 octets on 64-bit kernels; the rest is room to grow


@dataclass(frozen=True, slots=True)
class SteadyBase:
    """The last moment the store has on disk, zero for a new store."""

    steady_ms: int = 0
    wall_ms: int = 0
    synced: bool = False


def resume(base: SteadyBase, wall_ms: int, synced: bool) -> int:
    """Continue steady time: the downtime counts when both wall clocks can be trusted, else it is unknown and zero."""
    known = base.synced and synced
    return base.steady_ms + 1 + (max(0, wall_ms - base.wall_ms) if known else 0)


def kernel_synced() -> bool:
    """Ask the kernel whether an NTP client keeps its clock (adjtimex, read only)."""
    state: int = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(TIMEX_OCTETS))
    return 0 <= state < TIME_ERROR


class SystemClock:
    """Both clocks of this machine; safe from any thread."""

    def __init__(self, base: SteadyBase, *, is_synced: Callable[[], bool] = kernel_synced) -> None:
        self._is_synced = is_synced
        self._synced = is_synced()
        self._started_ms = self._checked_ms = _boot_ms()
        wall_ms = _wall_ms()
        self._steady_start_ms = resume(base, wall_ms, self._synced)
        self._floor_ms = max(wall_ms, base.wall_ms)

    def now(self) -> Moment:
        """Read both clocks."""
        boot_ms = _boot_ms()
        if boot_ms - self._checked_ms >= SYNC_CHECK_MS:
            self._checked_ms, self._synced = boot_ms, self._is_synced()
        elapsed_ms = boot_ms - self._started_ms
        wall_ms = _wall_ms()
        if not self._synced:
            wall_ms = max(wall_ms, self._floor_ms + elapsed_ms)
        return Moment(self._steady_start_ms + elapsed_ms, wall_ms, self._synced)

    def monotonic(self) -> float:
        """Return seconds for deadlines within this process."""
        return time.monotonic()  # noqa: TID251 - the one clock


def _boot_ms() -> int:
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
