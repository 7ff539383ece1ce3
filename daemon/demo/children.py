"""The demo's child processes: started in their own group, so that Ctrl-C reaches the demo alone, which ends them."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kentongan.daemon.mortal import mortal

STOP_S = 15.0  # a gateway finishes the SMS in flight before it goes
LAST_WORDS = 600  # characters of a log that are shown when a process ended by itself

LAST_LOG = 4_000  # characters of each log that a failed story shows


@dataclass(frozen=True, slots=True)
class Child:
    """A running process and the file that its output goes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> int | None:
        """Return the exit status, `None` while it runs."""
        return self.process.poll()

    def last_words(self) -> str:
        """Read the end of its output."""
        return self.log.read_text("utf-8", "replace").strip()[-LAST_WORDS:]

    def stop(self, timeout_s: float = STOP_S) -> int:
        """End it as systemd would: SIGTERM, then SIGKILL; returns its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class Family:
    """The processes of one run, ended in the reverse order of their start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, Child] = {}

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start one that is expected to go on."""
        self._running[name] = start(name, command, self._folder)

    def pid(self, name: str) -> int:
        """Return the process id."""
        return self._running[name].process.pid

    def end(self, name: str) -> int:
        """End one in order; returns its exit status."""
        return self._running.pop(name).stop()

    def kill(self, name: str) -> None:
        """End one as a power cut would."""
        child = self._running.pop(name)
        child.process.kill()
        child.process.wait()

    def end_all(self) -> None:
        """End what still runs."""
        for name in reversed(list(self._running)):
            self.end(name)

    def fallen(self) -> list[tuple[str, int, str]]:
        """Name those that ended by themselves since the last look, with exit status and last words."""
        ended = {name: code for name, child in self._running.items() if (code := child.ended()) is not None}
        return [(name, code, self._running.pop(name).last_words()) for name, code in ended.items()]

    def logs(self) -> dict[str, str]:
        """Read the end of what each process said."""
        logs = sorted(self._folder.glob("*.log"))
        return {path.stem: path.read_text("utf-8", "replace")[-LAST_LOG:] for path in logs}


def start(name: str, command: Sequence[str], folder: Path) -> Child:
    """Start a process in `folder`; what it prints goes to `<name>.log` there."""
    log = folder / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            mortal(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            process_group=0,
        )
    return Child(name, process, log)
