"""The demo's child processes: started in their own group, so that Ctrl-C reaches the demo alone, which ends them."""

import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

STOP_S = 15.0  # a gateway finishes the SMS in flight before it goes
LAST_WORDS = 600  # characters of a log that are shown when a process ended by itself


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

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self.process.send_signal(number)


def start(name: str, command: Sequence[str], folder: Path) -> Child:
    """Start a process in `folder`; what it prints goes to `<name>.log` there."""
    log = folder / f"{name}.log"
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own programs, no shell
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            process_group=0,
        )
    return Child(name, process, log)
