# ruff: noqa: INP001, T201, TID251, S603 - a script for root beside the program, with its own words
"""Boot the container, play the scenarios inside, show their table; with --write, keep it in docs/appliance.md."""

import argparse
import os
import platform
import pty
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "appliance.md"
BEGIN, END = "<!-- hw-test-fast -->\n", "<!-- /hw-test-fast -->\n"
BOOT_S, LONGEST_S = 60.0, 1800.0


class Machine:
    """One container on a copy of the folder that ends with it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache.resolve()
        self._console, self._terminal = pty.openpty()
        self._log = (self._cache / "console.log").open("wb")

    def __enter__(self) -> "Machine":
        self.began = time.monotonic()
        binds = {"packages": "/mnt/packages", "bench": "/mnt/bench"}
        self._child = subprocess.Popen(
            [
                *("setpriv", "--pdeathsig", "KILL", "--"),  # it ends with us, and the container with it
                *("systemd-nspawn", "--quiet", "--directory", self._cache / "base", "--boot", "--volatile=overlay"),
                *("--register=no", "--keep-unit", "--private-network", "--machine=kentongan-fast"),
                *(f"--bind-ro={self._cache / name}:{place}" for name, place in binds.items()),
            ],
            stdin=self._terminal,
            stdout=self._terminal,
            stderr=self._terminal,
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
            start_new_session=True,
        )
        os.close(self._terminal)
        threading.Thread(target=self._drain, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._log.close()

    def _drain(self) -> None:
        """Keep what the console says."""
        while True:
            try:
                self._log.write(os.read(self._console, 4096))
            except (OSError, ValueError):
                return

    def leader(self) -> int:
        """Find the container's first process."""
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            if re.search(rf"^PPid:\t{self._child.pid}$", text, re.MULTILINE) and re.search(
                r"^NSpid:.*\t1$", text, re.MULTILINE
            ):
                return int(status.parent.name)
        return 0

    def command(self, *words: str) -> list[str]:
        """Word a command that runs inside."""
        inside = ["env", "-i", "PATH=/usr/sbin:/usr/bin", "LANG=C.UTF-8", "PYTHONPATH=/mnt/bench", *words]
        return ["nsenter", "--target", str(self.leader()), "--all", *inside]

    def wait_until_up(self) -> float:
        """Wait for the end of the boot; gives its seconds."""
        pause = threading.Event()
        while time.monotonic() - self.began < BOOT_S:
            if self.leader():
                asked = subprocess.run(
                    self.command("systemctl", "is-system-running"), capture_output=True, text=True, check=False
                )
                if asked.stdout.strip() in {"running", "degraded"}:
                    return time.monotonic() - self.began
            if self._child.poll() is not None:
                break
            pause.wait(0.2)
        sys.exit(f"the container does not come up; see {self._cache / 'console.log'}")


def machine_words() -> str:
    """Describe the machine without naming it."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{cpu[1].strip() if cpu else platform.machine()}, {os.cpu_count()} cores"


def write(table: str) -> None:
    """Replace the table in the page."""
    text = PAGE.read_text()
    head, _, rest = text.partition(BEGIN)
    PAGE.write_text(head + BEGIN + table + END + rest.partition(END)[2])


def main() -> int:
    """Boot, play, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("cache", type=Path)
    parser.add_argument("scenarios", nargs="*")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    rows: list[str] = []
    with Machine(options.cache) as machine:
        boot_s = machine.wait_until_up()
        print(f"container up after {boot_s:.1f} s", flush=True)
        play = machine.command("python3", "-sP", "-u", "/mnt/bench/inside.py", *options.scenarios)
        with subprocess.Popen(play, stdout=subprocess.PIPE, text=True, start_new_session=True) as inside:
            watch = threading.Timer(LONGEST_S, inside.kill)
            watch.start()
            for line in inside.stdout or ():
                print(line, end="", flush=True)
                if line.startswith("|"):
                    rows.append(line)
            watch.cancel()
    if options.write:
        title = "| Scenario | | Seconds | What was seen |\n|---|---|---|---|\n"
        write(title + "".join(rows) + f"\nContainer up after {boot_s:.1f} s. Machine: {machine_words()}.\n")
    return inside.returncode


if __name__ == "__main__":
    sys.exit(main())
