"""Open, read and write a serial port: the one place that knows pyserial.

Every failure of the library or of the device leaves as `PortLost` or `PortBusy`; nothing here blocks without a limit.
"""

import contextlib
import errno
import select
import socket
from collections.abc import Iterator

import serial  # noqa: TID251 - this is the one place

from kentongan.at.errors import PortBusy, PortLost

WRITE_TIMEOUT_S = 5.0
"""A line without flow control takes a PDU in 40 ms; a hung USB device takes for ever."""

READ_OCTETS = 4096
"""At most this much per read: the kernel's own buffer for a terminal."""

_BUSY = frozenset({errno.EAGAIN, errno.EBUSY, errno.EWOULDBLOCK})


class SerialPort:
    """One exclusively opened port; all methods but `wake` belong to one thread."""

    def __init__(self, device: serial.Serial) -> None:
        self._device = device
        self._ear, self._mouth = socket.socketpair()
        self._ear.setblocking(False)
        self._mouth.setblocking(False)

    @classmethod
    def open(cls, path: str, baud: int) -> "SerialPort":
        """Open the port for ourselves alone; raise `PortBusy` when another program holds it, else `PortLost`."""
        try:
            # Reads never wait inside the library: changing its timeout reconfigures the port each time.
            device = serial.Serial(path, baud, timeout=0, write_timeout=WRITE_TIMEOUT_S, exclusive=True)
        except (serial.SerialException, OSError, ValueError) as error:
            number = getattr(error, "errno", None)
            if number in _BUSY:
                raise PortBusy(number, f"{path}: another program holds the port") from error
            raise PortLost(number, f"{path}: {error}") from error
        return cls(device)

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, waiting for the first byte at most so long; empty after the wait or a `wake`."""
        with _as_lost():
            port, ear = self._device.fileno(), self._ear.fileno()
            ready, _, _ = select.select([port, ear], [], [], timeout_s)
            if ear in ready:
                self._ear.recv(READ_OCTETS)
            if port not in ready:
                return b""
            data: bytes = self._device.read(READ_OCTETS)
            return data

    def write(self, data: bytes) -> None:
        """Write everything or raise `PortLost`; how much has left is then unknown."""
        with _as_lost():
            self._device.write(data)

    def wake(self) -> None:
        """End a `read` under way, or the next one; callable from any thread."""
        with contextlib.suppress(OSError):  # full: it is awake already; closed: nobody sleeps
            self._mouth.send(b"\0")

    def set_rate(self, baud: int) -> None:
        """Change the rate of the open port."""
        with _as_lost():
            self._device.baudrate = baud

    def close(self) -> None:
        """Release the port; never fails, a device that is gone cannot be closed better."""
        with contextlib.suppress(serial.SerialException, OSError, TypeError):
            self._device.close()
        self._ear.close()
        self._mouth.close()


@contextlib.contextmanager
def _as_lost() -> Iterator[None]:
    try:
        yield
    except (serial.SerialException, OSError, TypeError, ValueError) as error:  # TypeError, ValueError: a closed port
        raise PortLost(getattr(error, "errno", None), str(error)) from error
