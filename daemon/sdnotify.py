"""Tell systemd how we are: sd_notify(3) in a few lines; says nothing where no one listens."""

import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """The socket systemd gave us in `NOTIFY_SOCKET`; a lost datagram is never an error of ours."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) if path else None
        usec = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1_000_000 if usec.isdecimal() else 0.0  # 0: nobody waits for us

    def ready(self) -> None:
        """Report that start-up is over."""
        self._send("READY=1")

    def watchdog(self) -> None:
        """Report progress; due more often than every `watchdog_s`."""
        self._send("WATCHDOG=1")

    def status(self, text: str) -> None:
        """Show one line in `systemctl status`."""
        self._send(f"STATUS={text.splitlines()[0] if text else ''}")

    def stopping(self) -> None:
        """Report that we are on our way out."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if self._socket is None:
            return
        with suppress(OSError):  # systemd restarts, or its queue is full: the next beat comes
            self._socket.sendto(message.encode(), socket.MSG_DONTWAIT | socket.MSG_NOSIGNAL, self._address)
