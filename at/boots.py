"""Decide which start-up lines of a module betray a restart, and which only report its progress.

A start prints `RDY`, `+CFUN: 1`, `+CPIN: READY`, `Call Ready`, `SMS Ready` over 3-15 s (SIM800), or `^BOOT` again and
again (some Huawei firmware): one start must not be taken for five.
"""

import math

BOOT_WINDOW_S = 30.0
"""How long the lines of one start may be spread: `SMS Ready` comes up to 30 s late in weak cover."""

BOOT_SILENCE_S = 60.0
"""A `^BOOT` is news only after this long without one; firmware that repeats it does so every few seconds."""

_STAGES = {"+CFUN: 1": 1, "+CPIN: READY": 2, "Call Ready": 3, "SMS Ready": 4}


class BootWatch:
    """Remember where a start stands."""

    def __init__(self) -> None:
        self._stage = 0
        self._window_ends = -math.inf
        self._last_boot = -math.inf
        self._sim_ready = True

    def expect(self, now: float) -> None:
        """Announce that start-up lines may come: the port was opened, `CFUN` or the PIN was written."""
        self._stage = 0
        self._window_ends = now + BOOT_WINDOW_S

    def is_restart(self, line: str, now: float) -> bool:
        """Tell whether this line means that the module has lost its settings."""
        if line.startswith("^BOOT"):
            return self._is_first_boot(now)
        stage = _STAGES.get(line)
        if stage is None:
            return self._is_sudden(line, now)
        if line == "+CPIN: READY" and not self._sim_ready:
            self._sim_ready = True
            self._begin(stage, now)
            return False
        expected = now < self._window_ends and stage > self._stage
        self._begin(stage, now)
        return not expected

    def _is_sudden(self, line: str, now: float) -> bool:
        if line.startswith("+CPIN:"):  # not ready, so that READY will be news of the SIM, not of a restart
            self._sim_ready = False
            return False
        if line.startswith("+CFUN:"):
            return False
        self._begin(0, now)
        return True

    def _is_first_boot(self, now: float) -> bool:
        silent = now - self._last_boot > BOOT_SILENCE_S
        self._last_boot = now
        return silent and now >= self._window_ends

    def _begin(self, stage: int, now: float) -> None:
        self._stage = stage
        self._window_ends = now + BOOT_WINDOW_S
