import os
import pty
import threading
import tty

import pytest

from kentongan.at.errors import PortBusy, PortLost
from kentongan.at.port import READ_OCTETS, SerialPort
from kentongan.daemon.clock import SystemClock

PATIENCE_S = 30.0  # nobody waits so long: each read is ended by bytes or by the bell


class Pty:
    """Both ends of a pseudo-terminal; `far` is the modem's."""

    def __init__(self):
        self.far, self._near = pty.openpty()
        tty.setraw(self._near)
        self.path = os.ttyname(self._near)

    def pull(self):
        """Close the modem's end, as a stick that is pulled out does."""
        if self.far >= 0:
            os.close(self.far)
            os.close(self._near)
        self.far = -1


def repeat(times, action, argument):
    for _ in range(times):
        action(argument)


@pytest.fixture
def line():
    line = Pty()
    yield line
    line.pull()


@pytest.fixture
def port(line):
    port = SerialPort.open(line.path, 115200)
    yield port
    port.close()


def test_bytes_go_both_ways(line, port):
    port.write(b"AT\r")
    assert os.read(line.far, 100) == b"AT\r"
    os.write(line.far, b"\r\nOK\r\n\x00\xff\x1a")
    assert port.read(PATIENCE_S) == b"\r\nOK\r\n\x00\xff\x1a"


def test_a_read_ends_empty_when_nothing_comes(port):
    assert port.read(0.0) == b""
    assert port.read(0.01) == b""


def test_a_read_gives_what_is_there_and_no_more_than_its_bound(line, port):
    os.write(line.far, b"x" * READ_OCTETS)
    assert len(port.read(PATIENCE_S)) <= READ_OCTETS


def woken(port: SerialPort) -> bool:
    """Read nothing; tells whether a wake ended it and not its time."""
    clock = SystemClock()
    began = clock.monotonic()
    return port.read(PATIENCE_S) == b"" and clock.monotonic() - began < PATIENCE_S


def test_a_sleeping_read_is_woken_from_another_thread(port):
    waker = threading.Timer(0.02, port.wake)
    waker.start()
    assert woken(port)
    waker.join()


def test_a_wake_before_the_read_is_not_lost_and_counts_once(port):
    port.wake()
    port.wake()
    assert woken(port)
    assert port.read(0.01) == b""


def test_bytes_are_not_lost_to_a_wake(line, port):
    port.wake()
    os.write(line.far, b"RING")
    assert port.read(PATIENCE_S) + port.read(0.01) == b"RING"


def test_a_flood_of_wakes_does_no_harm(port):
    for _ in range(100_000):
        port.wake()
    while port.read(0.0):
        pytest.fail("a wake brings no bytes")


def test_a_port_that_is_held_is_busy(line, port):
    with pytest.raises(PortBusy, match="another program"):
        SerialPort.open(line.path, 115200)


def test_a_port_that_is_not_there_is_lost():
    with pytest.raises(PortLost, match="/dev/kentongan-none"):
        SerialPort.open("/dev/kentongan-none", 115200)


def test_what_is_no_terminal_is_lost(tmp_path):
    (tmp_path / "file").write_text("no modem")
    with pytest.raises(PortLost):
        SerialPort.open(str(tmp_path / "file"), 115200)


def test_a_port_can_be_opened_again_after_it_was_closed(line):
    SerialPort.open(line.path, 115200).close()
    SerialPort.open(line.path, 9600).close()


def test_a_modem_that_is_pulled_out_is_lost_while_reading(line, port):
    line.pull()
    with pytest.raises(PortLost):
        repeat(100, port.read, PATIENCE_S)


def test_a_modem_that_is_pulled_out_is_lost_while_writing(line, port):
    line.pull()
    with pytest.raises(PortLost):
        repeat(100, port.write, b"AT\r")


def test_a_closed_port_is_lost_and_closing_it_again_does_nothing(port):
    port.close()
    port.close()
    port.wake()
    with pytest.raises(PortLost):
        port.read(0.0)
    with pytest.raises(PortLost):
        port.write(b"AT\r")


def test_the_rate_can_be_changed(port):
    port.set_rate(9600)
    assert port._device.baudrate == 9600
    with pytest.raises(PortLost):
        port.set_rate(-1)


def test_a_reader_that_does_not_read_ends_a_write(line, port, monkeypatch):
    monkeypatch.setattr(port._device, "_write_timeout", 0.05)
    with pytest.raises(PortLost):
        repeat(1000, port.write, b"x" * 4096)
