"""`kentongan console` on a real pseudo-terminal, and `kentongan periksa`, against a control socket that answers."""

import os
import pty
import selectors
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from edge import fault, status, write_config

from kentongan.daemon import lamps
from kentongan.daemon.cli_console import set_rate
from kentongan.daemon.cli_group import cli
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.control import ControlRequest, ControlServer
from kentongan.daemon.mortal import mortal
from kentongan.daemon.status import Status

WAIT_S = 60.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "word").write_text("KUNCI7\n")
    write_config(tmp_path, 1883, more='[console]\nword_file = "word"')
    return tmp_path


class Gateway:
    """A control socket with a status, and what was asked of it."""

    def __init__(self, run: Path, document: Status) -> None:
        self.asked: list[ControlRequest] = []
        self._document = document
        self._server = ControlServer(run, self._ask)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def _ask(self, request: ControlRequest) -> None:
        self.asked.append(request)
        rungs = [{"line": "a", "rung": "reopen", "climbed": 3, "succeeded": 2}]
        request.reply({"status": self._document, "incidents": {"incidents": [], "rungs": rungs}}.get(request.name, {}))

    def stop(self) -> None:
        self._server.stop()
        self._thread.join(WAIT_S)


class Terminal:
    """The far end of a technician's cable."""

    def __init__(self, folder: Path) -> None:
        self._clock = SystemClock()
        self._master, slave = pty.openpty()
        command = [sys.executable, "-m", "kentongan.daemon", "--config", str(folder / "kentongan.toml"), "console"]
        self.process = subprocess.Popen(
            mortal(command), stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._master, selectors.EVENT_READ)
        self._seen = b""

    def until(self, words: str) -> str:
        """Read until some words have come; gives everything read since the last call."""
        end = self._clock.monotonic() + WAIT_S
        while words.encode() not in self._seen:
            assert self._selector.select(end - self._clock.monotonic()), self._seen
            self._seen += os.read(self._master, 65_536)
        seen, self._seen = self._seen.decode(), b""
        return seen

    def type(self, text: str) -> None:
        os.write(self._master, text.encode() + b"\r")

    def close(self) -> int:
        code = self.process.wait(WAIT_S)
        self._selector.close()
        os.close(self._master)
        return code


@pytest.fixture
def terminal(folder: Path) -> Iterator[Terminal]:
    terminal = Terminal(folder)
    yield terminal
    if terminal.process.poll() is None:
        terminal.process.kill()
        terminal.process.wait()


def test_a_technician_reads_changes_and_leaves_over_a_cable(folder: Path, terminal: Terminal) -> None:
    gateway = Gateway(folder / "run", status(faults=(fault("credit_or_barred", 5, name="a"),)))
    terminal.until("> ")
    terminal.type("gangguan")
    assert "KODE 5  KARTU TIDAK BISA KIRIM (jalur a)" in terminal.until("> ")
    terminal.type("mulai ulang")
    assert "Perlu kata servis" in terminal.until("> ")
    terminal.type("buka kunci7")
    terminal.until("> ")
    terminal.type("mulai ulang")
    terminal.until("(y/t)")
    terminal.type("y")
    assert "dimulai ulang" in terminal.until("setengah menit")
    terminal.type("uji lampu")
    terminal.until("satu detik")
    assert (folder / "run" / lamps.TEST_NAME).exists()
    terminal.type("keluar")
    assert terminal.close() == 0
    gateway.stop()
    names = [request.name for request in gateway.asked]
    assert names.count("restart") == 1
    noted = [request.args.words for request in gateway.asked if request.name == "note_use"]
    assert noted == ["gangguan", "mulai ulang", "buka: benar", "mulai ulang", "ya", "uji lampu", "keluar"]


def test_a_line_that_nobody_set_is_set_to_the_rate_of_the_field_guide() -> None:
    near, far = os.openpty()
    try:
        set_rate(far)
        assert termios.tcgetattr(far)[4:6] == [termios.B115200, termios.B115200]
    finally:
        os.close(near)
        os.close(far)
    read, write = os.pipe()
    set_rate(read)  # no line: nothing to set
    os.close(read)
    os.close(write)


def test_without_a_gateway_the_console_says_that_it_cannot_run(terminal: Terminal) -> None:
    terminal.until("> ")
    terminal.type("status")
    assert "SMS GATEWAY TIDAK DAPAT BERJALAN" in terminal.until("> ")
    terminal.type("\x04")
    assert terminal.close() == 0


def test_a_broken_configuration_still_gives_a_console(folder: Path) -> None:
    (folder / "kentongan.toml").write_text("[gateway]\n")
    terminal = Terminal(folder)
    assert "Pengaturan salah:" in terminal.until("> ")
    terminal.type("kartu 8")
    assert "KONFIGURASI.txt" in terminal.until("> ")
    terminal.type("keluar")
    assert terminal.close() == 0


@pytest.fixture
def ask(folder: Path) -> Callable[..., Result]:
    return lambda *words: CliRunner().invoke(cli, ["--config", str(folder / "kentongan.toml"), *words])


def shown_by_a_watcher(folder: Path, pid: int) -> None:
    (folder / "run").mkdir(exist_ok=True)
    (folder / "run" / "lamps.json").write_bytes(lamps.encode(lamps.shown(lamps.start(0), (), pid)))


@pytest.mark.parametrize("name", ["periksa", "doctor"])
def test_a_box_that_is_well_is_examined_as_well(folder: Path, ask: Callable[..., Result], name: str) -> None:
    (folder / "kentongan.db").touch()
    shown_by_a_watcher(folder, os.getpid())
    gateway = Gateway(folder / "run", status())
    result = ask(name)
    gateway.stop()
    assert result.exit_code == 0, result.output
    assert "SALAH" not in result.output
    assert "GANGGUAN: tidak ada" in result.output


def test_an_examination_names_what_is_wrong_and_fails(folder: Path, ask: Callable[..., Result]) -> None:
    result = ask("periksa")
    assert result.exit_code == 1
    assert "[SALAH] program penjaga" in result.output
    assert "[SALAH] SMS Gateway tidak dapat berjalan" in result.output
    shown_by_a_watcher(folder, os.getpid())
    gateway = Gateway(folder / "run", status(faults=(fault("sim_missing", 3, name="a"),)))
    (folder / "kentongan.db").touch()
    result = ask("periksa")
    gateway.stop()
    assert result.exit_code == 1
    assert "KODE 3  KARTU SIM TIDAK ADA" in result.output
    assert "jalur a  buka ulang port      3x, berhasil 2x" in result.output


def test_everything_is_copied_for_somebody_far_away(folder: Path, ask: Callable[..., Result]) -> None:
    (folder / "stick").mkdir()
    (folder / "rekaman").mkdir()
    (folder / "rekaman" / "a-20261118-110640.txt").write_text("# line a\n")
    gateway = Gateway(folder / "run", status(faults=(fault("sim_missing", 3, name="a"),)))
    result = ask("ekspor", str(folder / "stick"))
    gateway.stop()
    assert result.exit_code == 0, result.output
    name, last = result.output.splitlines()
    assert "boleh dicabut" in last
    target = Path(name)
    names = {path.name for path in target.iterdir()}
    assert {"status.txt", "gangguan.txt", "riwayat.txt", "rekaman-a-20261118-110640.txt"} <= names
    assert "KODE 3" in (target / "gangguan.txt").read_text()
