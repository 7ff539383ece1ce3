"""A virtual modem behind a real pseudo-terminal: the only module of the simulator that touches the system.

Everything that touches the modem runs in the thread of `PtyModem`; other threads post through a queue and a wake pipe.
The thread sleeps until bytes, posts, control lines or the modem's own deadlines wake it.
"""

import fcntl
import os
import pty
import struct
import termios
import tty
from collections import deque
from collections.abc import Callable
from pathlib import Path
from queue import Queue, SimpleQueue
from selectors import EVENT_READ, EVENT_WRITE, SelectSelector
from threading import Event, Thread
from time import monotonic, time  # noqa: TID251 - the simulator is the world's clock, the gateway's is daemon.clock
from typing import TypeVar

from kentongan.at.simulator import world
from kentongan.at.simulator.books import Submitted
from kentongan.at.simulator.doorway import Doorway
from kentongan.at.simulator.faults import Fault
from kentongan.at.simulator.modem import VirtualModem

T = TypeVar("T")

BITS_PER_BYTE = 10  # 8N1
CHUNK_S = 0.002  # bytes leave in chunks of this length, as a UART's FIFO hands them over
READ_MAX = 4096
BACKLOG_MAX = 65536  # bytes that nobody reads; a UART would have lost them long ago
CALL_TIMEOUT_S = 10.0


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

    def write(self, data: bytes) -> int:
        """Hand bytes to the host; return how many it took."""
        try:
            return os.write(self.master, data)
        except OSError:
            return 0

    def close(self) -> None:
        """Vanish: the host's descriptor gets an I/O error."""
        os.close(self.master)
        os.close(self._slave)
        if self._link is not None and self._link.is_symlink() and self._link.readlink() == Path(self.name):
            self._link.unlink()


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

    def arrived(self, now: float) -> bytes:
        """Return what has reached the modem."""
        return self._to_modem.arrived(now)

    def say(self, data: bytes, now: float) -> None:
        """Put the modem's bytes on the wire and hand over what has arrived."""
        if self.port is None:
            return
        self._to_host.put(data, now)
        self._unread += self._to_host.arrived(now)
        del self._unread[:-BACKLOG_MAX]
        if self._unread:
            del self._unread[: self.port.write(bytes(self._unread))]

    def next(self) -> float | None:
        """Return the moment of the next arrival in either direction."""
        return min((due for line in (self._to_host, self._to_modem) if (due := line.next()) is not None), default=None)


class PtyModem:
    """Run a virtual modem behind a pseudo-terminal in a thread of its own.

    `path` is what a host opens; with `baud` bytes take the time of a UART both ways. Every SUBMIT that the network
    took comes out of `submissions`. `control` is the path of a Unix socket for JSON lines (`control.obey`).
    """

    def __init__(
        self, modem: VirtualModem, *, link: Path | None = None, baud: int | None = None, control: Path | None = None
    ) -> None:
        self.submissions = Queue[Submitted]()
        self._modem = modem
        self._wiring = Wiring(link, baud)
        self._doorway = Doorway(control) if control else None
        self._posts: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._running = False
        self._thread = Thread(target=self._run, name="simulator", daemon=True)
        modem.device.hooks.port_gone = self._wiring.gone
        modem.device.hooks.port_back = self._wiring.back

    @property
    def path(self) -> str:
        """Return the device that a host opens."""
        return self._wiring.path

    # ---- for other threads

    def start(self) -> None:
        """Begin to answer."""
        self._modem.device.network.wall_offset_s = time() - monotonic()
        self._modem.tick(monotonic())
        self._running = True
        self._thread.start()

    def stop(self) -> None:
        """End the thread and take the port away."""
        self.post(self._quit)
        self._thread.join(CALL_TIMEOUT_S)

    def post(self, action: Callable[[], None]) -> None:
        """Run something in the modem's thread."""
        self._posts.put(action)
        os.write(self._wake_write, b"w")

    def call(self, question: Callable[[VirtualModem], T]) -> T:
        """Ask the modem something in its thread and wait for the answer; what it refuses is raised here."""
        answers: list[T] = []
        refusals: list[Exception] = []
        done = Event()

        def ask() -> None:
            try:
                answers.append(question(self._modem))
            except (ValueError, LookupError) as refusal:
                refusals.append(refusal)
            done.set()

        self.post(ask)
        if not done.wait(CALL_TIMEOUT_S):
            raise TimeoutError("the simulator's thread does not answer")
        if refusals:
            raise refusals[0]
        return answers[0]

    def sms(self, sender: str, text: str) -> None:
        """Let somebody write an SMS to this modem."""
        self.call(lambda modem: modem.sms(sender, text))

    def deliver(self, pdu_hex: str) -> None:
        """Let the network deliver a PDU."""
        self.call(lambda modem: modem.deliver(pdu_hex))

    def inject(self, fault: Fault) -> None:
        """Put a fault on the schedule."""
        self.call(lambda modem: modem.inject(fault))

    def unplug(self) -> None:
        """Pull the modem out: the port vanishes and the supply with it."""
        self.call(lambda modem: world.unplug(modem.device))

    def plug(self, link: Path | None = None) -> None:
        """Put the modem back, under another name if one is given; it boots."""
        self.call(lambda modem: world.plug(modem.device, str(link or "")))

    # ---- in the modem's thread

    def _quit(self) -> None:
        self._running = False

    def _run(self) -> None:
        try:
            while self._running:
                self._wait()
                self._turn(monotonic())
        finally:
            self._wiring.gone()
            if self._doorway is not None:
                self._doorway.close()
            os.close(self._wake_read)

    def _wait(self) -> None:
        deadlines = (self._modem.next_deadline(), self._wiring.next())
        due = min((deadline for deadline in deadlines if deadline is not None), default=None)
        timeout = None if due is None else max(0.0, due - monotonic())
        with SelectSelector() as selector:
            selector.register(self._wake_read, EVENT_READ)
            if (interest := self._wiring.interest()) is not None:
                selector.register(*interest)
            for descriptor in self._doorway.descriptors() if self._doorway else ():
                selector.register(descriptor, EVENT_READ)
            ready = {key.fd for key, mask in selector.select(timeout) if mask & EVENT_READ}
        if self._wake_read in ready:
            os.read(self._wake_read, READ_MAX)
        if interest is not None and interest[0] in ready:
            self._wiring.hear(monotonic())
        if self._doorway is not None and ready:
            self._doorway.serve(ready, self._modem)

    def _turn(self, now: float) -> None:
        self._modem.tick(now)
        while not self._posts.empty():
            self._posts.get()()
        if heard := self._wiring.arrived(now):
            self._modem.receive(heard, now)
        self._wiring.say(self._modem.bytes_to_send(), now)
        for submitted in self._modem.submitted():
            self.submissions.put(submitted)
