"""The control socket: JSON lines on a Unix socket, for the command line and the serial console of this machine.

The server thread only frames and checks; the core answers. Whatever arrives, the answer is one JSON line, never an
exception, and nothing sent here is unbounded.
"""

import os
import selectors
import socket
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import msgspec

from kentongan.daemon.errors import AlreadyRunning, ControlUnavailable, RuntimeUnusable
from kentongan.daemon.requests import Asked

SOCKET_NAME = "control.sock"
MODE = 0o660  # the group `kentongan` may talk to the gateway
MAX_REQUEST = 20_000  # octets of a line: a text of 4 000 characters of four octets each, and its frame
MAX_RESPONSE = 1_000_000  # octets a client is ready to hold
MAX_CLIENTS = 8  # a console, a status screen and some scripts; more is a mistake
ANSWER_S = 10.0  # a core that needs longer is not well, and the client should say so
SUN_PATH = 100  # octets of a socket's path; Linux allows 107


class Refusal(msgspec.Struct, frozen=True):
    """What a request gets that cannot be served; `code` is for programs, `message` for people."""

    code: str
    message: str


class Response(msgspec.Struct, frozen=True, omit_defaults=True):
    """The line that goes back: a result or an error."""

    ok: bool
    result: msgspec.Raw = msgspec.Raw()
    error: Refusal | None = None


class ControlRequest(msgspec.Struct, frozen=True):
    """A checked request for the core; `reply` takes its result or a `Refusal`, once, from any thread."""

    name: str
    args: Asked
    reply: Callable[[object], None]


def read(line: bytes) -> Asked | Refusal:
    """Check one line of a client."""
    try:
        asked: Asked = msgspec.json.decode(line, type=Asked)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Refusal("bad_request", str(error))
    return asked


def respond(result: object) -> bytes:
    """Write the line for a result (anything msgspec encodes) or a `Refusal`."""
    match result:
        case Refusal():
            response = Response(ok=False, error=result)
        case _:
            response = Response(ok=True, result=msgspec.Raw(msgspec.json.encode(result)))
    return msgspec.json.encode(response) + b"\n"


class _Client(msgspec.Struct, eq=False):
    connection: socket.socket
    received: bytearray = msgspec.field(default_factory=bytearray)
    unsent: bytearray = msgspec.field(default_factory=bytearray)
    waiting: bool = False  # the core owes an answer

    def close(self) -> None:
        self.connection.close()


class ControlServer:
    """The server side; `run` is the body of its thread."""

    def __init__(self, directory: Path, ask: Callable[[ControlRequest], None]) -> None:
        self._path = directory / SOCKET_NAME
        self._ask = ask
        self._answers: deque[tuple[_Client, bytes]] = deque()
        self._clients: set[_Client] = set()
        self._stopping = False
        self._listener = _listen(self._path)
        self._wake_out, self._wake_in = socket.socketpair()
        self._selector = selectors.DefaultSelector()
        for ready in (self._listener, self._wake_out):
            ready.setblocking(False)
            self._selector.register(ready, selectors.EVENT_READ)
        self._wake_in.setblocking(False)

    def run(self) -> None:
        """Serve until `stop`; sleeps without a timeout, for only a client or an answer gives it work."""
        while not self._stopping:
            for key, events in self._selector.select():
                self._serve(key, events)
        for client in list(self._clients):
            self._drop(client)
        for part in (self._selector, self._listener, self._wake_in, self._wake_out):
            part.close()
        self._path.unlink(missing_ok=True)

    def stop(self) -> None:
        """End `run`; from any thread."""
        self._stopping = True
        self._wake()

    def _serve(self, key: selectors.SelectorKey, events: int) -> None:
        if key.fileobj is self._listener:
            self._accept()
        elif key.fileobj is self._wake_out:
            self._deliver()
        elif key.data in self._clients:
            if events & selectors.EVENT_READ:
                self._receive(key.data)
            if events & selectors.EVENT_WRITE:
                self._flush(key.data)

    def _accept(self) -> None:
        with suppress(OSError):  # the client is gone already
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            client = _Client(connection)
            self._clients.add(client)
            self._selector.register(connection, selectors.EVENT_READ, client)
            if len(self._clients) > MAX_CLIENTS:
                self._refuse(client, Refusal("busy", f"{MAX_CLIENTS} clients are connected already"))

    def _receive(self, client: _Client) -> None:
        try:
            data = client.connection.recv(MAX_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        client.received += data
        if not data:
            self._drop(client)
        elif len(client.received) > MAX_REQUEST and b"\n" not in client.received[:MAX_REQUEST]:
            self._refuse(client, Refusal("bad_request", f"a line of more than {MAX_REQUEST} octets"))
        else:
            self._next(client)

    def _next(self, client: _Client) -> None:
        """Hand the next whole line on, unless the last one is still being answered."""
        while not client.waiting and client in self._clients:
            line, newline, rest = client.received.partition(b"\n")
            if not newline:
                return
            client.received = rest
            asked = read(bytes(line))
            if isinstance(asked, Refusal):
                self._refuse(client, asked)
            else:
                client.waiting = True
                name = str(asked.__struct_config__.tag)
                self._ask(ControlRequest(name, asked, partial(self._reply, client)))

    def _reply(self, client: _Client, result: object) -> None:
        """Take the core's answer, on the core's thread."""
        self._answers.append((client, respond(result)))
        self._wake()

    def _wake(self) -> None:
        with suppress(BlockingIOError, OSError):  # full: it is awake anyway; closed: it has ended
            self._wake_in.send(b"\0")

    def _deliver(self) -> None:
        self._wake_out.recv(4096)
        while self._answers:
            client, line = self._answers.popleft()
            if client in self._clients and client.waiting:
                client.waiting = False
                self._queue(client, line)
                self._next(client)

    def _refuse(self, client: _Client, refusal: Refusal) -> None:
        """Say why, once, and hang up: whoever speaks wrongly starts anew."""
        with suppress(OSError):
            client.connection.send(respond(refusal), socket.MSG_NOSIGNAL)
        self._drop(client)

    def _queue(self, client: _Client, line: bytes) -> None:
        client.unsent += line
        self._flush(client)

    def _flush(self, client: _Client) -> None:
        try:
            sent = client.connection.send(client.unsent, socket.MSG_NOSIGNAL)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._drop(client)
            return
        del client.unsent[:sent]
        # a client that does not read its answers gets no new ones: its next line waits
        events = selectors.EVENT_WRITE if client.unsent else selectors.EVENT_READ
        self._selector.modify(client.connection, events, client)

    def _drop(self, client: _Client) -> None:
        self._clients.discard(client)
        self._selector.unregister(client.connection)
        client.close()


def call(directory: Path, request: dict[str, object], *, timeout_s: float = ANSWER_S) -> object:
    """Ask the gateway of this runtime directory; raises `ControlUnavailable`, returns the result or a `Refusal`."""
    path = directory / SOCKET_NAME
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, _short(path) as address:
            connection.settimeout(timeout_s)
            connection.connect(address)
            connection.sendall(msgspec.json.encode(request) + b"\n")
            line = _read_line(connection)
    except TimeoutError as error:
        raise ControlUnavailable(str(path), f"no answer in {timeout_s:g} s", "see journalctl -u kentongan") from error
    except PermissionError as error:
        raise ControlUnavailable(str(path), "not allowed", "use sudo, or join the group kentongan") from error
    except OSError as error:
        why = "the gateway is not running"
        raise ControlUnavailable(str(path), why, "start it: systemctl start kentongan") from error
    return _result(path, line)


def _result(path: Path, line: bytes) -> object:
    try:
        response = msgspec.json.decode(line, type=Response)
        return msgspec.json.decode(response.result) if response.ok else response.error
    except msgspec.MsgspecError as error:
        raise ControlUnavailable(str(path), "the answer is cut short", "see journalctl -u kentongan") from error


def _read_line(connection: socket.socket) -> bytes:
    line = bytearray()
    while not line.endswith(b"\n") and len(line) <= MAX_RESPONSE:
        data = connection.recv(65_536)
        if not data:
            break
        line += data
    return bytes(line)


def _listen(path: Path) -> socket.socket:
    """Bind the socket; a dead gateway's is taken over, a live one's is not."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        running = _answers(path)
        if not running:
            path.unlink(missing_ok=True)
            _bind(listener, path)
    except OSError as error:
        listener.close()
        raise RuntimeUnusable(str(path.parent), error.strerror or str(error)) from error
    if running:
        listener.close()
        raise AlreadyRunning(str(path.parent))
    return listener


def _bind(listener: socket.socket, path: Path) -> None:
    with _short(path) as address:
        listener.bind(address)
    path.chmod(MODE)
    listener.listen(MAX_CLIENTS)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe, _short(path) as address:
        probe.settimeout(1.0)
        return probe.connect_ex(address) == 0


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """Give an address that fits into `sun_path`, however deep the folder lies."""
    if len(os.fsencode(path)) <= SUN_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
