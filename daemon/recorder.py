"""The flight recorder: what a modem and we said to each other before a fault, written to a file when the fault comes.

Bounded in number and rate, for the card wears; a disk that takes nothing costs a recording and nothing else. Everything
is masked before it gets here: no text, no number, no PIN.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

FOLDER = "rekaman"
KEPT = 20  # files of about 20 kB
EVERY_S = 300.0  # at most one of a line in five minutes: a ladder climbs ten rungs in four


class Recorder:
    """Writes the recordings of one line."""

    def __init__(self, folder: Path, line: str, wall_ms: Callable[[], int]) -> None:
        self._folder = folder
        self._line = line
        self._wall_ms = wall_ms
        self._last_s: float | None = None

    def record(self, why: str, lines: Sequence[str], now_s: float) -> str:
        """Write one recording, unless one was written just before; gives the file's name, empty for none."""
        if self._last_s is not None and now_s - self._last_s < EVERY_S:
            return ""
        self._last_s = now_s
        stamp = datetime.fromtimestamp(self._wall_ms() / 1000, UTC)
        name = f"{self._line}-{stamp:%Y%m%d-%H%M%S}.txt"
        head = f"# line {self._line}, {stamp:%Y-%m-%d %H:%M:%S} UTC = {now_s:.3f}: {why}\n"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / name).write_text(head + "".join(f"{line}\n" for line in lines), "utf-8")
        except OSError:
            return ""
        self._forget()
        return name

    def _forget(self) -> None:
        old = sorted(self._folder.glob("*.txt"), key=lambda path: path.name.split("-", 1)[-1])
        for path in old[:-KEPT]:
            with suppress(OSError):
                path.unlink()
