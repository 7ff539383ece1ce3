"""Measure what an idle gateway costs on the wire: every octet of its links over TLS, both ways, for an hour.

    python benchmarks/idle_tls.py [--minutes 60] [--write]

Gateway and watcher are whole processes with the settings they come with, mosquitto speaks TLS 1.3, the county's backend
listens; no SMS comes. A relay of ours stands before the broker, one port a link, and counts what TCP carries (TLS
records included) and how many segments it took, so that the 52 octets of IP and TCP headers of each can be added: a
mobile operator counts those too. Both profiles of the link run side by side. Exit status 1 when a day of the metered
profile would exceed the limit of the acceptance list.
"""

import argparse
import selectors
import socket
import struct
import sys
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import results
from broker import Authority

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.demo.children import Family
from kentongan.daemon.mosquitto import BrokerTls, Mosquitto, backend_user

COUNTY = "3404"
LIMIT_KB = 300
PROFILES = ("office", "metered")
LINKS = ("run", "watch")
SETTLE_S = 90.0  # connecting, the birth documents and the modem's first words are not idleness
LOOK_S = 60.0
HEADERS = 52  # IPv4 20, TCP 20, its time stamps 12
ROOT = Path(__file__).resolve().parents[1]
SEGMENTS_AT = 136  # tcpi_segs_out and tcpi_segs_in in Linux's struct tcp_info
CONFIG = """\
[gateway]
county_id = "{county}"
gateway_id = "idle-{profile}"
ticket_prefix = "{prefix}"
timezone = "Asia/Jakarta"
name = "Diam"

[[line]]
name = "a"
port = "sim:sim800"

[mqtt]
url = "mqtts://127.0.0.1:{port}"
username = "idle-{profile}"
password_file = "../password"
ca_file = "../ca/ca.crt"
profile = "{profile}"

[store]
path = "kentongan.db"

[runtime]
directory = "{folder}/run"
"""


@dataclass(slots=True)
class Tally:
    """What passed since the meter was set up."""

    up: int = 0
    down: int = 0
    segments: int = 0
    connections: int = 0

    def since(self, before: "Tally") -> "Tally":
        """Subtract an earlier state."""
        return Tally(
            self.up - before.up,
            self.down - before.down,
            self.segments - before.segments,
            self.connections - before.connections,
        )

    @property
    def payload(self) -> int:
        """Octets that TCP carried."""
        return self.up + self.down

    @property
    def wire(self) -> int:
        """The same with the headers of IP and TCP."""
        return self.payload + HEADERS * self.segments


class Meter:
    """A TCP relay on a port of its own that counts."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._tally, self._lock = Tally(), threading.Lock()
        self._near: dict[socket.socket, socket.socket] = {}  # the gateway's side -> the broker's
        self._far: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._relay, daemon=True)

    def __enter__(self) -> Self:
        for one in (self._listener, self._woken):
            self._selector.register(one, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._wake.close()
        self._thread.join()

    def read(self) -> Tally:
        """Read the meter."""
        with self._lock:
            tally = self._tally
            live = sum(map(_segments, self._near))
            return Tally(tally.up, tally.down, tally.segments + live, tally.connections)

    def _relay(self) -> None:
        while True:
            for key, _ in self._selector.select():
                one = key.fileobj
                if one is self._woken:
                    return
                with self._lock:
                    if one is self._listener:
                        self._join(self._listener.accept()[0])
                    elif one in self._near or one in self._far:
                        assert isinstance(one, socket.socket)
                        self._pass_on(one)

    def _join(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            near.close()
            return
        self._near[near], self._far[far] = far, near
        self._tally.connections += 1
        for each in (near, far):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(each, selectors.EVENT_READ)

    def _pass_on(self, one: socket.socket) -> None:
        data = b""
        with suppress(OSError):
            data = one.recv(65536)
        if not data:
            self._drop(one)
            return
        if one in self._near:
            self._tally.up += len(data)
            self._near[one].sendall(data)
        else:
            self._tally.down += len(data)
            self._far[one].sendall(data)

    def _drop(self, one: socket.socket) -> None:
        near = one if one in self._near else self._far[one]
        far = self._near.pop(near)
        del self._far[far]
        self._tally.segments += _segments(near) + 2  # the ends of both directions are still to come
        for each in (near, far):
            self._selector.unregister(each)
            each.close()


def _segments(near: socket.socket) -> int:
    """Ask the kernel how many segments went over a connection, both ways, acknowledgements included."""
    info = near.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, SEGMENTS_AT + 8)
    return sum(struct.unpack_from("II", info, SEGMENTS_AT))


class Household:
    """A broker with TLS, a backend, and an idle appliance of each profile behind meters."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        authority = Authority(folder / "ca").make()
        tls = BrokerTls(authority.ca, *authority.issue("localhost", "DNS:localhost,IP:127.0.0.1"))
        (folder / "password").write_text("sandi\n")
        (folder / "password").chmod(0o600)
        users = {f"idle-{profile}": "sandi" for profile in PROFILES} | {backend_user(COUNTY): "sandi"}
        broker = stack.enter_context(Mosquitto(folder / "broker", users=users, county_id=COUNTY, tls=tls))
        self.meters: dict[tuple[str, str], Meter] = {}
        self.families = [self._backend(folder, broker.port)]
        stack.callback(lambda: [family.end_all() for family in reversed(self.families)])
        for number, profile in enumerate(PROFILES, start=1):
            self.families.append(self._appliance(folder, stack, broker.port, profile, f"DI{number}"))

    def _backend(self, folder: Path, port: int) -> Family:
        home = folder / "county"
        home.mkdir()
        options = ["--db", "county.db", "--county", COUNTY, "--url", f"mqtts://localhost:{port}"]
        options += ["--password-file", "../password", "--ca-file", "../ca/ca.crt"]
        family = Family(home)
        family.start("backend", [sys.executable, str(ROOT / "examples/backend.py"), "run", *options])
        return family

    def _appliance(self, folder: Path, stack: ExitStack, port: int, profile: str, prefix: str) -> Family:
        home = folder / profile
        (home / "run").mkdir(parents=True)
        family = Family(home)
        for name in reversed(LINKS):
            meter = self.meters[profile, name] = stack.enter_context(Meter(port))
            values = {"county": COUNTY, "profile": profile, "prefix": prefix, "folder": home, "port": meter.port}
            (home / f"{name}.toml").write_text(CONFIG.format(**values))
            family.start(name, [sys.executable, "-m", "kentongan.daemon", "--config", f"{name}.toml", name])
        return family

    def read(self) -> dict[tuple[str, str], Tally]:
        """Read all meters."""
        return {which: meter.read() for which, meter in self.meters.items()}

    def complaints(self) -> str:
        """Tell whether a process has ended, or a link never came up."""
        fallen = [f"{name} ended with {code}: {words}" for one in self.families for name, code, words in one.fallen()]
        silent = [f"{profile}/{name} never connected" for (profile, name), m in self.meters.items() if not m.read().up]
        return "; ".join(fallen + silent)


def measure(folder: Path, minutes: float) -> tuple[dict[tuple[str, str], Tally], dict[tuple[str, str], Tally], float]:
    """Give what the beginning cost, what the idle time cost, and how many seconds that was."""
    clock, rest = SystemClock(), threading.Event()
    with ExitStack() as stack:
        household = Household(folder, stack)
        rest.wait(SETTLE_S)
        if words := household.complaints():
            raise SystemExit(words)
        first, began = household.read(), clock.monotonic()
        while (gone_s := clock.monotonic() - began) < 60 * minutes:
            rest.wait(min(LOOK_S, 60 * minutes - gone_s))
            if words := household.complaints():
                raise SystemExit(words)
            now = household.read()
            spent = {"/".join(which): now[which].since(first[which]).payload for which in now}
            print(f"{clock.monotonic() - began:.0f} s: {spent}", flush=True)
        return first, {which: tally.since(first[which]) for which, tally in household.read().items()}, gone_s


def table(first: dict[tuple[str, str], Tally], idle: dict[tuple[str, str], Tally], seconds: float) -> str:
    """Lay it out, a line for each link and one for each appliance."""
    day = 86_400 / seconds
    rows = []
    for profile in PROFILES:
        for name in LINKS:
            one, birth = idle[profile, name], first[profile, name]
            rows.append(
                f"| {profile}, `{name}` | {birth.payload} | {one.up} / {one.down} | {one.connections}"
                f" | {day * one.payload / 1000:.0f} kB | {day * one.wire / 1000:.0f} kB |"
            )
        both = [idle[profile, name] for name in LINKS]
        payload, wire = (day * sum(each) / 1000 for each in ([b.payload for b in both], [b.wire for b in both]))
        rows.append(f"| **{profile}, both** | | | | **{payload:.0f} kB** | {wire:.0f} kB |")
    return "\n".join(rows)


def main() -> int:
    """Measure and print, and write if asked."""
    parser = argparse.ArgumentParser(description="An idle link's traffic over TLS")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="kentongan-idle-") as folder:
        first, idle, seconds = measure(Path(folder), options.minutes)
    metered_kb = 86_400 / seconds * sum(idle["metered", name].payload for name in LINKS) / 1000
    body = f"""## An idle day over TLS

{seconds / 60:.0f} minutes without an SMS, gateway and watcher as whole processes with the settings they come with,
octets of TCP with TLS records both ways; a day is that by the clock. Limit: {LIMIT_KB} kB a day for profile `metered`
({"kept" if metered_kb <= LIMIT_KB else "exceeded"}: {metered_kb:.0f} kB).

| Link | to connect, octets | idle, up / down | reconnections | a day | with IP and TCP headers |
|---|---|---|---|---|---|
{table(first, idle, seconds)}
"""
    print(body)
    if options.write:
        results.write("idle-tls", body)
    return 0 if metered_kb <= LIMIT_KB else 1


if __name__ == "__main__":
    sys.exit(main())
