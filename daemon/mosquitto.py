"""A real mosquitto on a free loopback port, with the contract's access rules: for the demo, the tests, the benchmarks.

Refuses to be a production set-up: it keeps nothing on disk unless asked, listens on 127.0.0.1 alone, and dies with us.
"""

import base64
import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from kentongan.daemon.mortal import mortal

LOOPBACK = "127.0.0.1"
START_S, STEP_S = 10.0, 0.02  # a Pi Zero starts it in well under a second
STOP_S = 5.0
PORT_ATTEMPTS = 5  # another process may take the free port before mosquitto does
HASH_ROUNDS = 101  # mosquitto's own default


class BrokerFailed(Exception):
    """Mosquitto is not installed or did not start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class BrokerTls:
    """The listener's certificate; with `require_certificate` the client's CN is its user name (contract E27)."""

    ca_file: Path
    cert_file: Path
    key_file: Path
    require_certificate: bool = False


def find_binary() -> Path:
    """Find mosquitto, also where an ordinary user's PATH does not look; raises BrokerFailed."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which("mosquitto", path=path)
    if found is None:
        raise BrokerFailed("mosquitto is not installed; on Debian and Raspberry Pi OS: sudo apt install mosquitto")
    return Path(found)


def backend_user(county_id: str) -> str:
    """Name the county's backend at the broker."""
    return f"backend-{county_id}"


MONITOR_USER = "monitor"


def access_rules(root: str, county_id: str) -> str:
    """Write the access rules of contract 4.3: gateways by their user name, one backend, one monitor."""
    county = f"{root}/v1/{county_id}"
    return f"""# every gateway and its watcher: user name = gateway_id
pattern write {county}/%u/status/#
pattern write {county}/%u/event/#
pattern read {county}/%u/command/#
pattern read {county}/%u/status/info
pattern read {county}/backend/#

user {backend_user(county_id)}
topic read {county}/+/status/#
topic read {county}/+/event/#
topic write {county}/+/command/#
topic write {county}/backend/#

user {MONITOR_USER}
topic read {county}/+/status/#
"""


def password_line(user: str, password: str, salt: bytes) -> str:
    """Write one line of mosquitto's password file (PBKDF2 with SHA-512)."""
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, HASH_ROUNDS)
    fields = (base64.b64encode(part).decode() for part in (salt, digest))
    return f"{user}:$7${HASH_ROUNDS}${'$'.join(fields)}"


class Mosquitto:
    """One broker as a child process; after `kill` or `stop` it starts again on the same port."""

    def __init__(  # noqa: PLR0913 - every one is a line of mosquitto's configuration
        self,
        folder: Path,
        *,
        users: Mapping[str, str],
        county_id: str,
        root: str = "kentongan",
        tls: BrokerTls | None = None,
        extra: Sequence[str] = (),
        port: int | None = None,
    ) -> None:
        self.folder = folder
        self.port = port or 0
        self._tls = tls
        self.extra = tuple(extra)  # read at each start
        self._child: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        lines = [password_line(user, password, os.urandom(12)) for user, password in users.items()]
        self._private("passwords", "".join(f"{line}\n" for line in lines))
        self._private("acl", access_rules(root, county_id))

    @property
    def log(self) -> Path:
        """Where mosquitto writes what it does, since its last start."""
        return self.folder / "mosquitto.log"

    @property
    def pid(self) -> int:
        """Return the process id, 0 when it does not run."""
        return 0 if self._child is None else self._child.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and return when it accepts connections; raises BrokerFailed."""
        if self._child is not None:
            return
        binary = find_binary()
        if self.port and not _is_free(self.port):
            raise BrokerFailed(f"port {self.port} is in use; is another broker running?")
        attempts = 1 if self.port else PORT_ATTEMPTS
        for _ in range(attempts):
            port = self.port or _free_port()
            self.log.unlink(missing_ok=True)
            if self._started(binary, port):
                self.port = port
                return
        raise BrokerFailed(f"mosquitto did not start: {self._first_complaint()}")

    def stop(self) -> None:
        """End it in order: sessions are closed, and saved if it was told to persist."""
        if self._child is None:
            return
        self._child.terminate()
        try:
            self._child.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
        self._child = None

    def kill(self) -> None:
        """End it as a power cut would (`kill -9`)."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def _started(self, binary: Path, port: int) -> bool:
        config = self.folder / "mosquitto.conf"
        config.write_text(self._config(port))
        with self.log.open("ab") as log:
            child = _spawn([str(binary), "-c", str(config)], log)
        for _ in range(int(START_S / STEP_S)):
            accepted = _accepts(port)
            try:
                child.wait(0 if accepted else STEP_S)
            except subprocess.TimeoutExpired:
                if accepted:
                    self._child = child
                    return True
            else:
                return False  # it has ended; whoever accepted is not ours
        child.kill()
        child.wait()
        return False

    def _config(self, port: int) -> str:
        lines = [
            *(["user root"] if os.geteuid() == 0 else []),  # as root it would become another user, who cannot read this
            f"listener {port} {LOOPBACK}",
            "allow_anonymous false",
            f"password_file {self.folder / 'passwords'}",
            f"acl_file {self.folder / 'acl'}",
            f"log_dest file {self.log}",
            "log_timestamp_format %Y-%m-%dT%H:%M:%S",
            "set_tcp_nodelay true",
            *(self._tls_lines(self._tls) if self._tls is not None else []),
            *self.extra,
        ]
        return "".join(f"{line}\n" for line in lines)

    @staticmethod
    def _tls_lines(tls: BrokerTls) -> list[str]:
        lines = [
            f"cafile {tls.ca_file}",
            f"certfile {tls.cert_file}",
            f"keyfile {tls.key_file}",
            "tls_version tlsv1.2",
        ]
        if tls.require_certificate:
            lines += ["require_certificate true", "use_identity_as_username true"]
        return lines

    def _private(self, name: str, content: str) -> None:
        path = self.folder / name
        path.touch(0o600)
        path.write_text(content)

    def _first_complaint(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        return next((line for line in lines if "Error" in line), "it said nothing")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections that linger are no obstacle
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def _spawn(command: Sequence[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(mortal(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603 - our own words
