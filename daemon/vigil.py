"""Judge from outside whether the gateway runs: what its status file and its process show, over time. Pure.

unseen --document--> alive --silence--> hung       alive, hung --process gone--> stopped
a fourth start within ten minutes --> crash loop, until one of them has lasted
"""

from collections import deque

import msgspec

from kentongan.daemon import health
from kentongan.daemon.faults import TABLE
from kentongan.daemon.status import FaultStatus, Status

GONE_S = 12.0  # systemd starts a dead gateway anew within seconds; that is no alarm
SILENT_S = 20.0  # the gateway writes its status every 5 s at least
STORM_STARTS, STORM_S = 4, 600.0  # starts within this time are a crash loop
LASTED_S = 120.0  # a start that holds so long ends a crash loop


class Seen(msgspec.Struct, frozen=True):
    """One look: the newest readable document, `None` if there is none, and whether its process exists."""

    status: Status | None
    exists: bool


class Verdict(msgspec.Struct, frozen=True):
    """The gateway's word while it can be believed, the faults that stand, and the one for which it cannot run."""

    status: Status | None
    faults: tuple[FaultStatus, ...]
    stop: FaultStatus | None


class Vigil:
    """Remembers what was seen; `now_s` is monotonic."""

    def __init__(self, now_s: float) -> None:
        self._status: Status | None = None
        self._existed_s = now_s  # when there was a process, or when we began
        self._changed_s = now_s  # when its document was last a new one
        self._starts: deque[float] = deque(maxlen=STORM_STARTS)
        self._own: FaultStatus | None = None

    def look(self, seen: Seen, now_s: float, wall_ms: int) -> Verdict:
        """Judge by one more look."""
        self._note(seen, now_s)
        cause = self._cause(now_s)
        if not cause:
            self._own = None
        elif self._own is None or self._own.cause != cause:
            self._own = FaultStatus(TABLE[cause].code, cause, self._own.since_ms if self._own else wall_ms)
        return self._verdict()

    def _note(self, seen: Seen, now_s: float) -> None:
        if seen.status is not None and seen.status != self._status:
            if self._status is None or seen.status.boot_id != self._status.boot_id:
                self._starts.append(now_s)
            self._status = seen.status
            self._changed_s = now_s
        if seen.exists:
            self._existed_s = now_s

    def _cause(self, now_s: float) -> str:
        if self._storm(now_s):
            return "daemon_crash_loop"
        if now_s - self._existed_s >= GONE_S:
            return "daemon_stopped"
        return "daemon_hung" if now_s - self._changed_s >= SILENT_S else ""

    def _storm(self, now_s: float) -> bool:
        if len(self._starts) < STORM_STARTS or now_s - self._starts[0] > STORM_S:
            return False
        return now_s - self._starts[-1] < LASTED_S

    def _verdict(self) -> Verdict:
        if self._own is not None:
            return Verdict(None, (self._own,), self._own)
        if self._status is None:
            return Verdict(None, (), None)
        standing = self._status.faults
        return Verdict(self._status, standing, health.stopping(standing, len(self._status.lines)))
