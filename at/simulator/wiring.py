"""The real pseudo-terminal and the time that bytes take on the wire behind it."""

import fcntl
import os
import pty
import struct
import termios
import tty
from collections import deque
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE

BITS_PER_BYTE = 10  # 8N1
CHUNK_S = 0.002  # bytes leave in chunks of this length, as a UART's FIFO hands them over
READ_MAX = 4096
BACKLOG_MAX = 65536  # bytes that nobody reads; a UART would have lost them long ago


SPEEDS = {
    getattr(termios, f"B{rate}"): rate for rate in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800)
}


class PacedLine:
    """Bytes on a wire of a given rate; each chunk arrives when its last bit has."""

    def __init__(self, baud: int | None) -> None:
        self._byte_s = BITS_PER_BYTE / baud if baud else 0.0
        self._chunk = max(1, int(CHUNK_S / self._byte_s)) if baud else READ_MAX
        self._chunks: deque[tuple[float, bytes]] = deque()
        self._free_at = 0.0

    def put(self, data: bytes, now: float) -> None:
        """Start sending bytes behind those on the wire."""
        for position in range(0, len(data), self._chunk):
            piece = data[position : position + self._chunk]
            self._free_at = max(self._free_at, now) + len(piece) * self._byte_s
            self._chunks.append((self._free_at, piece))

    def arrived(self, now: float) -> bytes:
        """Return what has arrived."""
        pieces = []
        while self._chunks and self._chunks[0][0] <= now:
            pieces.append(self._chunks.popleft()[1])
        return b"".join(pieces)

    def next(self) -> float | None:
        """Return the moment of the next arrival."""
        return self._chunks[0][0] if self._chunks else None

    def clear(self) -> None:
        """Lose what is on the wire."""
        self._chunks.clear()


class Port:
    """A pseudo-terminal: the master is the modem's side, the slave the host's device."""

    def __init__(self, link: Path | None) -> None:
        self.master, self._slave = pty.openpty()
        tty.setraw(self._slave)
        # Packet mode tells when a host opens the port and flushes it: old bytes must not reach it.
        fcntl.ioctl(self.master, termios.TIOCPKT, struct.pack("i", 1))
        os.set_blocking(self.master, False)
        self.name = os.ttyname(self._slave)
        self._link = link
        if link is not None:
            _point(link, self.name)

    def read(self) -> tuple[bytes, bool]:
        """Return the host's bytes, and whether it flushed its input."""
        try:
            packet = os.read(self.master, READ_MAX)
        except OSError:
            return b"", False
        if packet[:1] == b"\x00":
            return packet[1:], False
        return b"", bool(packet and packet[0] & termios.TIOCPKT_FLUSHREAD)

    def host_rate(self) -> int:
        """Return the rate that the host chose."""
        return SPEEDS.get(termios.tcgetattr(self.master)[4], 0)

    def write(self, data: bytes) -> int:
        """Hand bytes to the host; return how many it took."""
        try:
            return os.write(self.master, data)
        except OSError:
            return 0

    def close(self) -> None:
        """Vanish: the host's descriptor gets an I/O error. The name goes first: its number will be another's."""
        if self._link is not None and self._link.is_symlink() and self._link.readlink() == Path(self.name):
            self._link.unlink()
        os.close(self.master)
        os.close(self._slave)


def _point(link: Path, target: str) -> None:
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


class Wiring:
    """The port and the two directions of the wire behind it."""

    def __init__(self, link: Path | None, baud: int | None) -> None:
        self.link = link
        self.port: Port | None = Port(link)
        self._to_host, self._to_modem = PacedLine(baud), PacedLine(baud)
        self._unread = bytearray()  # arrived, and the host has not taken it yet

    @property
    def path(self) -> str:
        """Return the device that a host opens: the link where there is one."""
        return str(self.link) if self.link else self.port.name if self.port else ""

    def gone(self) -> None:
        """Let the port vanish with everything on the wire."""
        if self.port is None:
            return
        self.port.close()
        self.port = None
        self._to_host.clear()
        self._to_modem.clear()
        self._unread.clear()

    def back(self, name: str) -> None:
        """Make a new port, behind another link if a name is given."""
        if self.port is None:
            self.link = Path(name) if name else self.link
            self.port = Port(self.link)

    def interest(self) -> tuple[int, int] | None:
        """Return the descriptor to watch and for what."""
        if self.port is None:
            return None
        return self.port.master, EVENT_READ | (EVENT_WRITE if self._unread else 0)

    def hear(self, now: float) -> None:
        """Put the host's bytes on the wire."""
        if self.port is None:
            return
        data, flushed = self.port.read()
        self._to_modem.put(data, now)
        if flushed:
            self._unread.clear()

    def arrived(self, now: float, rate: int = 0) -> bytes:
        """Return what has reached the modem; at another rate than the host's nothing but framing errors."""
        data = self._to_modem.arrived(now)
        return data if self.fits(rate) else b""

    def fits(self, rate: int) -> bool:
        """Tell whether the host speaks at that rate; 0 is any."""
        return rate == 0 or self.host_rate() == rate

    def host_rate(self) -> int:
        """Return the rate that the host chose, 0 while there is no port."""
        return self.port.host_rate() if self.port else 0

    def say(self, data: bytes, now: float, rate: int = 0) -> None:
        """Put the modem's bytes on the wire and hand over what has arrived; at another rate it is rubbish."""
        if self.port is None:
            return
        self._to_host.put(data if self.fits(rate) else bytes(0x80 | octet >> 1 for octet in data), now)
        self._unread += self._to_host.arrived(now)
        del self._unread[:-BACKLOG_MAX]
        if self._unread:
            del self._unread[: self.port.write(bytes(self._unread))]

    def next(self) -> float | None:
        """Return the moment of the next arrival in either direction."""
        return min((due for line in (self._to_host, self._to_modem) if (due := line.next()) is not None), default=None)
