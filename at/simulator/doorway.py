"""The control socket: JSON lines over a Unix socket, served in the simulator's thread; it never waits for a client."""

import socket
from collections.abc import Iterable
from pathlib import Path

from kentongan.at.simulator.control import obey
from kentongan.at.simulator.modem import VirtualModem

LINE_MAX = 65536  # a longer request is nobody's
CLIENTS_MAX = 8
SEND_TIMEOUT_S = 2.0  # a client that does not read its answer is dropped


class Doorway:
    """Listen on a path and carry out the lines of the clients."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(CLIENTS_MAX)
        self._clients: dict[int, tuple[socket.socket, bytearray]] = {}

    def descriptors(self) -> list[int]:
        """Return what to wait for."""
        return [self._listener.fileno(), *self._clients]

    def serve(self, ready: Iterable[int], modem: VirtualModem) -> None:
        """Take new clients and answer those that wrote."""
        for descriptor in ready:
            if descriptor == self._listener.fileno():
                self._welcome()
            elif descriptor in self._clients:
                self._hear(descriptor, modem)

    def close(self) -> None:
        """Send everybody away."""
        for client, _ in self._clients.values():
            client.close()
        self._listener.close()
        self._path.unlink(missing_ok=True)

    def _welcome(self) -> None:
        client, _ = self._listener.accept()
        if len(self._clients) >= CLIENTS_MAX:
            client.close()
            return
        client.settimeout(SEND_TIMEOUT_S)
        self._clients[client.fileno()] = (client, bytearray())

    def _hear(self, descriptor: int, modem: VirtualModem) -> None:
        client, buffer = self._clients[descriptor]
        try:
            data = client.recv(LINE_MAX)
            buffer += data
            while (end := buffer.find(b"\n")) >= 0:
                line = bytes(buffer[:end])
                del buffer[: end + 1]
                client.sendall(obey(modem, line.decode("utf-8", "replace")).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(buffer) > LINE_MAX:
            client.close()
            del self._clients[descriptor]
