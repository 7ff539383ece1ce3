"""The gateway's process feeds systemd's watchdog only while every worker comes round."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from edge import write_config

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.mortal import mortal

WAIT_S = 60.0
# The program with short waits: a worker is late after two seconds, not after a minute.
HURRIED = """
import sys
from kentongan.daemon import standing, supervisor, workers
supervisor.LATE_S, supervisor.HOST_S, workers.BEAT_S, standing.REFRESH_MS = 2.0, 0.3, 0.5, 200
from kentongan.daemon.main import main
sys.argv[1:] = ["--config", "kentongan.toml", "run"]
main()
"""


class Systemd:
    """The end of the notification socket that systemd holds."""

    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        environ = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "1000000"}
        self.log = (folder / "log").open("wb")
        command = [sys.executable, "-c", HURRIED]
        self.process = subprocess.Popen(mortal(command), cwd=folder, env=environ, stderr=self.log)

    def hears(self, word: str, within_s: float) -> bool:
        """Tell whether a word comes in time."""
        end = self.clock.monotonic() + within_s
        while (left_s := end - self.clock.monotonic()) > 0:
            self._socket.settimeout(left_s)
            with suppress(TimeoutError):
                if self._socket.recv(200).decode() == word:
                    return True
        return False

    def drop(self, seconds: float) -> None:
        """Let what was said in this time be forgotten."""
        self.hears("nothing of the kind", seconds)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._socket.close()
        self.log.close()


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    write_config(tmp_path, 1)  # nobody listens there: a broker that is away is no reason to stop
    systemd = Systemd(tmp_path)
    yield systemd
    systemd.close()


def test_a_worker_that_hangs_in_a_call_ends_the_feeding_and_one_that_comes_back_resumes_it(
    systemd: Systemd, tmp_path: Path
) -> None:
    assert systemd.hears("READY=1", WAIT_S)
    assert systemd.hears("WATCHDOG=1", WAIT_S)
    trap = tmp_path / "run" / ".status.json.new"  # the core opens it for writing, and a pipe has no reader
    while not trap.is_fifo():
        with suppress(FileExistsError):
            os.mkfifo(trap)
    systemd.drop(2.5)
    assert not systemd.hears("WATCHDOG=1", 2.0)
    assert b'"worker_late", "workers": ["core"]' in (tmp_path / "log").read_bytes()
    reader = os.open(trap, os.O_RDONLY | os.O_NONBLOCK)
    trap.unlink(missing_ok=True)  # the core may have moved it into place already
    assert systemd.hears("WATCHDOG=1", WAIT_S)
    os.close(reader)


def test_a_gateway_without_modem_sim_and_broker_goes_on_feeding(systemd: Systemd) -> None:
    assert systemd.hears("READY=1", WAIT_S)
    systemd.drop(3.0)
    assert systemd.hears("WATCHDOG=1", 2.0)


def test_a_frozen_process_feeds_nobody(systemd: Systemd) -> None:
    assert systemd.hears("WATCHDOG=1", WAIT_S)
    os.kill(systemd.process.pid, signal.SIGSTOP)
    systemd.drop(0.5)
    assert not systemd.hears("WATCHDOG=1", 2.0)
