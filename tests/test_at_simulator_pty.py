"""The virtual modem on a real pseudo-terminal: time on the wire, cables pulled, the control socket, the program."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import termios
import tty
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from time import monotonic  # noqa: TID251 - the time on a real wire is what is measured

import pytest
from modem_bench import DELIVER, SUBMIT

from kentongan.at.errors import PduError
from kentongan.at.simulator import PtyModem, VirtualModem, by_name, parse_fault
from kentongan.at.simulator.control import DEEDS, obey
from kentongan.at.simulator.wiring import PacedLine
from kentongan.daemon.mortal import mortal

DEADLINE_S = 5.0


class Host:
    """The program that opens the port."""

    def __init__(self, path: str, speed: int = termios.B115200) -> None:
        self.fd = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(self.fd)
        attributes = termios.tcgetattr(self.fd)
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)
        termios.tcflush(self.fd, termios.TCIFLUSH)

    def read(self, until: bytes, deadline_s: float = DEADLINE_S) -> bytes:
        """Read until those bytes have come or the deadline has passed."""
        data, deadline = b"", monotonic() + deadline_s
        while until not in data and (left := deadline - monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                data += os.read(self.fd, 4096)
        return data

    def ask(self, command: str, until: bytes = b"\r\nOK\r\n") -> bytes:
        os.write(self.fd, command.encode() + b"\r")
        return self.read(until)

    def read_until_lost(self) -> None:
        """Read until the port is gone: a read of nothing, then an I/O error."""
        while select.select([self.fd], [], [], DEADLINE_S)[0]:
            if not os.read(self.fd, 4096):
                os.write(self.fd, b"x")

    def close(self) -> None:
        os.close(self.fd)


@contextmanager
def running(persona: str = "sim800", **options):
    modem = VirtualModem(by_name(persona), **options.pop("modem", {}))
    runner = PtyModem(modem, **options)
    runner.start()
    try:
        yield runner
    finally:
        runner.stop()


@contextmanager
def opened(runner: PtyModem, speed: int = termios.B115200):
    host = Host(runner.path, speed)
    try:
        yield host
    finally:
        host.close()


def return_of(runner: PtyModem) -> Event:
    """Return an event that is set when the port is back."""
    back = Event()

    def listen(modem: VirtualModem) -> None:
        come = modem.device.hooks.port_back

        def came(name: str) -> None:
            come(name)
            back.set()

        modem.device.hooks.port_back = came

    runner.call(listen)
    return back


def test_a_host_receives_and_sends_through_the_port():
    with running() as runner, opened(runner) as host:
        assert host.ask("ATE0") == b"ATE0\r\r\nOK\r\n"
        runner.sms("+6281234567890", "Jalan rusak")
        assert host.read(b"1\r\n") == b'\r\n+CMTI: "SM",1\r\n'
        assert host.ask("AT+CMGS=28", b"\r\n> ") == b"\r\n> "
        os.write(host.fd, SUBMIT.encode() + b"\x1a")
        assert host.read(b"OK\r\n") == b"\r\n+CMGS: 42\r\n\r\nOK\r\n"
        assert runner.submissions.get(timeout=DEADLINE_S).pdu_hex == SUBMIT
        assert runner.call(lambda modem: len(modem.books.delivered)) == 1


def test_a_sender_that_cannot_be_written_is_refused_in_the_callers_thread():
    with running() as runner, opened(runner) as host:
        with pytest.raises(PduError):
            runner.sms("ピカチュウ", "x")
        assert b"OK" in host.ask("AT")


def test_bytes_take_the_time_of_the_wire_in_both_directions():
    with running(baud=9600) as runner, opened(runner) as host:
        host.ask("ATE0")
        for _ in range(5):
            runner.deliver(DELIVER)
        host.read(b'"SM",5\r\n')
        began = monotonic()
        listing = host.ask("AT+CMGL=4")
        took = monotonic() - began
    expected = (len(b"AT+CMGL=4\r") + len(listing)) * 10 / 9600
    assert expected <= took < expected + 0.5


def test_a_paced_line_delivers_each_chunk_when_its_last_bit_has_arrived():
    line = PacedLine(115200)
    line.put(b"x" * 100, 10.0)
    assert line.arrived(10.0) == b""
    first = line.next()
    assert first == pytest.approx(10.0 + 23 * 10 / 115200)
    assert line.arrived(first) == b"x" * 23
    assert len(line.arrived(10.0 + 1000 / 115200 + 1e-9)) == 77
    assert line.next() is None


def test_an_idle_modem_does_not_wake_up():
    with running() as runner, opened(runner) as host:
        host.ask("AT")
        thread = f"/proc/self/task/{runner._thread.native_id}/status"

        def switches() -> int:
            lines = Path(thread).read_text("ascii").splitlines()
            return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)

        before = switches()
        assert host.read(b"x", 0.3) == b""
        assert switches() - before <= 1


def test_what_nobody_read_is_gone_when_a_host_opens_and_flushes_the_port():
    with running() as runner:
        for _ in range(30):
            runner.deliver(DELIVER)
        runner.call(lambda _modem: None)
        with opened(runner) as host:
            assert host.ask("AT").count(b"+CMTI") == 0


def test_a_pulled_modem_gives_an_io_error_and_comes_back_booting_behind_the_same_link(tmp_path):
    link = tmp_path / "modem"
    with running(link=link) as runner:
        assert runner.path == str(link)
        first = link.readlink()
        with opened(runner) as host:
            host.ask("AT")
            runner.unplug()
            assert not link.exists()
            with pytest.raises(OSError, match="Input/output error"):
                os.write(host.fd, b"AT\r")
            runner.plug()
        assert link.exists()
        with opened(runner) as host:
            assert b"SMS Ready" in host.read(b"SMS Ready\r\n")
        assert first != Path("/dev/null")
    assert not link.is_symlink()


def test_a_modem_comes_back_under_another_name(tmp_path):
    with running(link=tmp_path / "ttyUSB0") as runner:
        runner.unplug()
        runner.plug(tmp_path / "ttyUSB1")
        assert not (tmp_path / "ttyUSB0").is_symlink()
        with opened(runner) as host:
            assert host.fd > 0
            assert runner.path == str(tmp_path / "ttyUSB1")


def test_a_vanishing_port_does_not_stop_the_modem(tmp_path):
    link = tmp_path / "modem"
    with running(link=link) as runner, opened(runner) as host:
        host.ask("ATE0")
        back = return_of(runner)
        runner.inject(parse_fault("vanish:seconds=0.1"))
        assert not link.exists()
        runner.deliver(DELIVER)
        with pytest.raises(OSError, match="Input/output error"):
            host.read_until_lost()
        assert back.wait(DEADLINE_S)
        with opened(runner) as again:
            assert DELIVER.encode() in again.ask("AT+CMGL=4")
        assert runner.call(lambda modem: modem.books.restarts) == 0


def test_a_host_at_another_rate_hears_rubbish_and_is_not_heard():
    with running(strict_rate=True) as runner, opened(runner, termios.B9600) as host:
        os.write(host.fd, b"AT\r")
        runner.deliver(DELIVER)
        heard = host.read(b"\x86")
        assert heard
        assert b"CMTI" not in heard
        assert runner.call(lambda modem: modem.books.commands) == 0


def test_autobauding_finds_the_rate_by_the_first_at():
    modem = VirtualModem(by_name("sim800"))
    modem.device.settings.accept("+IPR", "0")
    runner = PtyModem(modem, strict_rate=True)
    runner.start()
    try:
        with opened(runner, termios.B19200) as host:
            assert b"OK" in host.ask("AT")
            assert runner.call(lambda m: m.device.rate) == 19200
            assert b"OK" in host.ask("AT+IPR=115200;&W")
            assert host.read(b"x", 0.05) == b""
            assert runner.call(lambda m: m.device.rate) == 115200
    finally:
        runner.stop()


def test_a_stick_leaves_the_bus_and_comes_back(tmp_path):
    link = tmp_path / "ttyUSB0"
    with running("e173", link=link) as runner, opened(runner) as host:
        host.ask("ATE0")
        back = return_of(runner)
        os.write(host.fd, b"AT^RESET\r")
        with pytest.raises(OSError, match="Input/output error"):
            host.read_until_lost()
        assert back.wait(DEADLINE_S)
        assert link.exists()


# ---- the control socket


def told(path: Path, *requests: dict) -> list[dict]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE_S)
        client.connect(str(path))
        lines = client.makefile("rw", encoding="utf-8")
        answers = []
        for request in requests:
            lines.write(json.dumps(request) + "\n")
            lines.flush()
            answers.append(json.loads(lines.readline()))
        return answers


def test_the_control_socket_writes_sms_and_keeps_the_books(tmp_path):
    path = tmp_path / "control"
    with running(control=path) as runner, opened(runner) as host:
        host.ask("ATE0")
        (answer,) = told(path, {"do": "sms", "from": "+6281234567890", "text": "Banjir di desa 🙏"})
        assert answer == {"ok": True, "parts": 1}
        assert b"+CMTI" in host.read(b"1\r\n")
        host.ask("AT+CMGS=28", b"> ")
        os.write(host.fd, SUBMIT.encode() + b"\x1a")
        host.read(b"OK\r\n")
        host.ask("AT+CMGD=1")
        submissions, books, state = told(path, {"do": "submissions"}, {"do": "books"}, {"do": "state"})
        assert submissions["submissions"][0]["pdu_hex"] == SUBMIT
        assert [entry["index"] for entry in books["deleted"]] == [1]
        assert (state["delivered"], state["deleted"], state["submitted"], state["used"]) == (1, 1, 1, 0)
    assert not path.exists()


def test_the_control_socket_pulls_and_plugs_and_breaks_things(tmp_path):
    path, link = tmp_path / "control", tmp_path / "modem"
    with running(control=path, link=link):
        deeds = [
            {"do": "unplug"},
            {"do": "plug"},
            {"do": "sim", "present": False},
            {"do": "sim", "present": True},
            {"do": "network", "stat": 2, "rssi": 3},
            {"do": "credit", "state": "cms38"},
            {"do": "call", "from": "0812"},
            {"do": "reports", "statuses": [0x46]},
            {"do": "sms_pdu", "pdu": DELIVER},
            {"do": "power", "on": True},
            {"do": "fault", "kind": "cms", "code": 38, "on": "+CMGS."},
        ]
        assert [answer["ok"] for answer in told(path, *deeds)] == [True] * len(deeds)
        assert told(path, {"do": "faults"})[0]["pending"][0]["code"] == 38
        assert told(path, {"do": "faults", "clear": True})[0]["pending"] == []
        state = told(path, {"do": "state"})[0]
        assert (state["stat"], state["credit"], state["sim"]) == (2, "cms38", True)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("no json", "Expecting value"),
        ("[]", "do must be one of sms,"),
        ('{"do": "dance"}', "do must be one of sms,"),
        ('{"do": "sms", "from": "0812"}', "text must be a text"),
        ('{"do": "sms", "from": "ピカチュウ", "text": "x"}', "cannot be encoded"),
        ('{"do": "sim", "present": "yes"}', "present must be true or false"),
        ('{"do": "network"}', "stat must be a number"),
        ('{"do": "credit", "state": "rich"}', "is not a valid Credit"),
        ('{"do": "reports", "statuses": [256]}', "list of octets"),
        ('{"do": "fault", "kind": "fire"}', "no fault 'fire'"),
        ('{"do": "sms_pdu", "pdu": "zz"}', "hexadecimal"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused_with_the_reason(line, reason):
    answer = json.loads(obey(VirtualModem(by_name("sim800")), line))
    assert answer["ok"] is False
    assert reason in answer["error"]


def test_help_names_the_deeds_and_the_faults():
    answer = json.loads(obey(VirtualModem(by_name("sim800")), '{"do": "help"}'))
    assert set(answer["deeds"]) == set(DEEDS)
    assert "sent-mute" in answer["kinds"]


# ---- the program


def test_the_program_makes_the_link_prints_what_happens_and_cleans_up(tmp_path):
    link, path = tmp_path / "modem", tmp_path / "control"
    command = [sys.executable, "-m", "kentongan.at.simulator", "--persona", "sim800", "--link", str(link)]
    options = ["--control", str(path), "--pin", "1234", "--sim-slots", "5", "--fault", "cms:code=38,on=+CMGS."]
    with subprocess.Popen(mortal([*command, *options]), stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout.readline() == f"sim800c on {link}\n"
        state = told(path, {"do": "state"})[0]
        assert (state["lock"], state["capacity"]) == ("SIM PIN", 5)
        told(path, {"do": "sms", "from": "+6281234567890", "text": "Halo"})
        assert process.stdout.readline() == "+6281234567890 writes 'Halo' (1 parts)\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [(["--persona", "nokia"], "no persona 'nokia'"), (["--fault", "fire"], "no fault 'fire'")],
)
def test_the_program_refuses_nonsense_in_one_line(arguments, reason, tmp_path):
    command = [sys.executable, "-m", "kentongan.at.simulator", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=30, check=False)
    assert result.returncode == 2
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_thread_that_ends_before_the_bell_rings_can_be_stopped(tmp_path):
    modem = PtyModem(VirtualModem(by_name("sim800")), link=tmp_path / "modem")
    modem.start()
    modem.post(modem._quit)
    modem._thread.join(10)
    modem.stop()
    modem.stop()
    assert not (tmp_path / "modem").exists()
