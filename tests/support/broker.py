"""What broker tests share: a link in its thread, a client that looks from outside, a proxy that falls silent, servers
that speak by script, certificates. Everything on loopback."""

import itertools
import queue
import selectors
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic  # noqa: TID251 - deadlines of real waits
from typing import Any, Self

from paho.mqtt import client as paho  # noqa: TID251 - a client from outside, not ours
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: TID251
from paho.mqtt.packettypes import PacketTypes  # noqa: TID251
from paho.mqtt.properties import Properties  # noqa: TID251

from kentongan.mqtt.client import Link
from kentongan.mqtt.events import BrokerDown, BrokerUp, MessageReceived, Publication, Published, Will
from kentongan.mqtt.settings import Address, LinkSettings, Subscription
from kentongan.mqtt.topics import Topics

COUNTY, GATEWAY = "3404", "kec-depok-01"
BACKEND, MONITOR, NEIGHBOUR = "backend-3404", "monitor", "kec-lain-02"
TOPICS = Topics("kentongan", COUNTY, GATEWAY)
USERS = {GATEWAY: "sandi-gw", BACKEND: "sandi-be", MONITOR: "sandi-mo", NEIGHBOUR: "sandi-ne"}
WAIT_S = 40.0  # a deadline costs nothing while all goes well, and a machine may be busy
PROTOCOLS = ("5", "3.1.1")


def link_settings(port: int, **changes: Any) -> LinkSettings:
    numbers = itertools.count(1)
    values: dict[str, Any] = {
        "address": Address("127.0.0.1", port, secure=False),
        "client_id": GATEWAY,
        "username": GATEWAY,
        "password": USERS[GATEWAY],
        "source": TOPICS.source,
        "will": lambda connection_id: Will(TOPICS.status("connection"), b"lost " + connection_id.encode()),
        "new_connection_id": lambda: f"c{next(numbers)}",
        "subscriptions": (Subscription(TOPICS.commands), Subscription(TOPICS.backend, retained=True, required=False)),
    }
    return LinkSettings(**(values | changes))


class Running:
    """A link in its thread, its events in a queue; leaves without a word at the end of the block."""

    def __init__(self, settings: LinkSettings, *, random: float = 0.02) -> None:
        self.events: queue.Queue[Any] = queue.Queue()
        self.link = Link(settings, self.events.put, clock=monotonic, random=lambda: random)
        self.thread = threading.Thread(target=self.link.run, name="link", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.link.stop()
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()

    def wait(self, *kinds: type, within: float = WAIT_S) -> Any:
        """Return the next event of these kinds; others on the way are dropped."""
        deadline = monotonic() + within
        while True:
            event = self.events.get(timeout=max(0.001, deadline - monotonic()))
            if isinstance(event, kinds):
                return event

    def next_event(self, within: float) -> Any:
        """Return the next event of any kind, `None` when none comes."""
        try:
            return self.events.get(timeout=within)
        except queue.Empty:
            return None

    def up(self) -> BrokerUp:
        return self.wait(BrokerUp)

    def down(self) -> BrokerDown:
        return self.wait(BrokerDown)

    def message(self) -> MessageReceived:
        return self.wait(MessageReceived)

    def published(self, count: int = 1) -> list[Published]:
        return [self.wait(Published) for _ in range(count)]

    def publish(self, token: int, topic: str, payload: bytes = b"{}", **more: Any) -> None:
        self.link.publish(Publication(token, topic, payload, **more))


class Outside:
    """A client of its own, paho's thread and all: what a backend or a monitor sees."""

    def __init__(
        self, port: int, user: str = BACKEND, *filters: str, version: str = "5", name: str = "", keep: bool = False
    ) -> None:
        v5 = version == "5"
        self.messages: queue.Queue[paho.MQTTMessage] = queue.Queue()
        self._answers: queue.Queue[int] = queue.Queue()
        self._port, self._filters, self._keep, self._v5 = port, filters, keep, v5
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name or f"outside-{user}-{id(self)}",
            clean_session=None if v5 else not keep,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        )
        self._client.username_pw_set(user, USERS[user])
        self._client.on_message = lambda _c, _d, message: self.messages.put(message)
        self._client.on_publish = lambda _c, _d, _i, reason, _p: self._answers.put(reason.value)
        self._client.on_subscribe = lambda _c, _d, _i, reasons, _p: self._answers.put(reasons[0].value)
        self._client.on_connect = lambda _c, _d, _f, reason, _p: self._answers.put(reason.value)

    def __enter__(self) -> Self:
        more: dict[str, Any] = {}
        if self._v5:
            more["clean_start"] = not self._keep
            if self._keep:
                more["properties"] = Properties(PacketTypes.CONNECT)
                more["properties"].SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", self._port, 30, **more)
        self._client.loop_start()
        assert self._answers.get(timeout=WAIT_S) == 0
        for wanted in self._filters:
            self._client.subscribe(wanted, qos=1)
            assert self._answers.get(timeout=WAIT_S) == 1
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes, *, retain: bool = False, correlation: bytes = b"") -> int:
        """Publish at QoS 1 and return the reason of the PUBACK."""
        properties = None
        if correlation:
            properties = Properties(PacketTypes.PUBLISH)
            properties.CorrelationData = correlation
        self._client.publish(topic, payload, qos=1, retain=retain, properties=properties)
        return self._answers.get(timeout=WAIT_S)

    def message(self, within: float = WAIT_S) -> paho.MQTTMessage:
        return self.messages.get(timeout=within)


class Proxy:
    """A TCP relay that can fall silent (bytes vanish, nothing closes) or cut everything."""

    def __init__(self, target: int) -> None:
        self.silent = False
        self.passed: queue.SimpleQueue[bytes] = queue.SimpleQueue()  # what came, from either side
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._near, self._far = socket.socketpair()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self) -> Self:
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._near, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._far.send(b"q")
        self._thread.join(WAIT_S)

    def cut(self) -> None:
        """End every connection as a pulled cable with a talkative switch would."""
        self._far.send(b"c")

    def _relay(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._near:
                    order = self._near.recv(1)
                    for one in list(self._pairs):
                        self._drop(one)
                    if order == b"q":
                        self._listener.close()
                        return
                elif key.fileobj is self._listener:
                    self._join(self._listener.accept()[0])
                else:
                    self._pass_on(key.fileobj)

    def _join(self, one: socket.socket) -> None:
        try:
            other = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            one.close()
            return
        self._pairs |= {one: other, other: one}
        for each in (one, other):
            self._selector.register(each, selectors.EVENT_READ)

    def _pass_on(self, one: Any) -> None:
        if one not in self._pairs:
            return
        data = b""
        with suppress(OSError):
            data = one.recv(65536)
        self.passed.put(data)
        if not data:
            self._drop(one)
        elif not self.silent:
            with suppress(OSError):
                self._pairs[one].sendall(data)

    def _drop(self, one: socket.socket) -> None:
        other = self._pairs.pop(one, None)
        if other is not None:
            del self._pairs[other]
            for each in (one, other):
                self._selector.unregister(each)
                each.close()


class Scripted:
    """A server that gives each connection to the next script, the last one for ever; scripts get the socket."""

    def __init__(self, *scripts: Callable[[socket.socket], None]) -> None:
        self._scripts = itertools.chain(scripts, itertools.repeat(scripts[-1]))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.packets: queue.Queue[bytes] = queue.Queue()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection = self._listener.accept()[0]
                connection.settimeout(WAIT_S)
                threading.Thread(target=self._play, args=(next(self._scripts), connection), daemon=True).start()

    def _play(self, script: Callable[[socket.socket], None], connection: socket.socket) -> None:
        with connection, suppress(OSError, EOFError):
            script(connection)


def read_packet(connection: socket.socket) -> bytes:
    """Read one MQTT packet, whole; raises EOFError at the end."""
    head = _exactly(connection, 1)
    length = shift = 0
    while True:
        byte = _exactly(connection, 1)
        head += byte
        length |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            return head + _exactly(connection, length)


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def until_closed(connection: socket.socket) -> None:
    """Swallow everything and answer nothing."""
    while connection.recv(4096):
        pass


@dataclass(frozen=True)
class Authority:
    """A certificate authority in a folder, made with the openssl program."""

    folder: Path

    @property
    def ca(self) -> Path:
        return self.folder / "ca.crt"

    def make(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "ca.cnf"
        config.write_text(
            "[ca]\ndefault_ca=d\n[d]\n"
            f"database={self.folder}/index.txt\nserial={self.folder}/serial\nnew_certs_dir={self.folder}\n"
            f"certificate={self.ca}\nprivate_key={self.folder}/ca.key\n"
            "default_md=sha256\npolicy=p\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n"
        )
        (self.folder / "index.txt").touch()
        (self.folder / "serial").write_text("1000\n")
        openssl(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=uji-ca -keyout",
            self.folder / "ca.key",
            "-out",
            self.ca,
        )
        return self

    def issue(self, name: str, alt: str = "", start: str = "", end: str = "") -> tuple[Path, Path]:
        """Make certificate and key; `start` and `end` are YYYYMMDDHHMMSSZ."""
        stem = f"{name}{start}{end}".replace("/", "_")
        cert, key, request = (self.folder / f"{stem}.{kind}" for kind in ("crt", "key", "csr"))
        extension = ["-addext", f"subjectAltName={alt}"] if alt else []
        openssl(
            f"req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={name} -keyout",
            key,
            "-out",
            request,
            *extension,
        )
        dates = [*(["-startdate", start] if start else []), *(["-enddate", end] if end else ["-days", "30"])]
        openssl("ca -batch -notext -config", self.folder / "ca.cnf", "-in", request, "-out", cert, *dates)
        return cert, key


def openssl(words: str, *more: object) -> None:
    subprocess.run(["openssl", *words.split(), *map(str, more)], check=True, capture_output=True, timeout=30)


def drain(messages: "queue.Queue[Any]", quiet_s: float) -> Iterable[Any]:
    """Yield until nothing has come for a while."""
    with suppress(queue.Empty):
        while True:
            yield messages.get(timeout=quiet_s)
