"""Whole gateways on virtual modems, many in one process: for an integrator without hardware, and to measure scale.

Each is composed as `kentongan run` composes it, with its own store, link and threads; only the supervisor is missing.
Citizens are invented; plain `mqtt://` to any host is allowed here, for no real person's words travel.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from random import Random, SystemRandom

from kentongan.at.simulator import PtyModem, VirtualModem, by_name
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.config import Config
from kentongan.daemon.events import Event, Stopping
from kentongan.daemon.logs import Log
from kentongan.daemon.modems import Modems
from kentongan.daemon.run import Gateway
from kentongan.daemon.sections import (
    GatewayConfig,
    LineConfig,
    LogConfig,
    MqttConfig,
    RuntimeConfig,
    SendingConfig,
    StoreConfig,
)
from kentongan.daemon.status import Status
from kentongan.daemon.workers import CoreWorker, Thread
from kentongan.mqtt.client import Link
from kentongan.queue.store import last_moment

STOP_S = 10.0
LINE = "a"
TEXTS = (
    "Jalan rusak di depan kantor desa {place}, mohon diperbaiki",
    "Lampu jalan di {place} mati sudah {n} hari",
    "mati lampu dari pagi di {place}",
    "Sampah menumpuk di pasar {place} bau sekali",
    "Antrian di puskesmas {place} lama sekali, hanya ada satu petugas",
    "pupuk langka di {place}, tlg dibantu pak",
    "Air PDAM di {place} tidak mengalir {n} hari",
    "KTP saya belum jadi {n} bulan di kecamatan {place}",
    "Jembatan di {place} hampir putus, bahaya utk anak sekolah yg lewat setiap hari. " * 3,
    "Terima kasih, jalan di {place} sdh bagus",
)
PLACES = ("Sukamaju", "Mulyorejo", "Karanganyar", "Sidomulyo", "Tanjung Sari", "Kali Bening", "Wonosari")


@dataclass(frozen=True, slots=True)
class Place:
    """Where the simulated gateways live."""

    url: str
    county_id: str
    folder: Path
    root: str = "kentongan"
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Login:
    """How one of them logs in; without a name, anonymously."""

    username: str = ""
    password_file: str = ""


def configured(place: Place, number: int, login: Login) -> Config:
    """Write the configuration of one gateway."""
    name = f"sim-{number:03}"
    folder = place.folder / name
    return Config(
        gateway=GatewayConfig(
            county_id=place.county_id,
            gateway_id=name,
            ticket_prefix=f"{chr(65 + number // 10 % 26)}{chr(65 + number // 260 % 26)}{number % 10}",
            timezone="Asia/Jakarta",
            name=f"Simulasi {number}",
        ),
        line=(LineConfig(name=LINE, port="", pace_s=0.2, per_hour=36_000, per_day=864_000),),
        mqtt=MqttConfig(
            url=place.url,
            root=place.root,
            username=login.username,
            password_file=login.password_file,
            ca_file=place.ca_file,
        ),
        store=StoreConfig(path=str(folder / "kentongan.db")),
        runtime=RuntimeConfig(directory=str(folder)),
        sending=SendingConfig(quiet_from="00:00", quiet_until="00:00", replies_per_minute=60_000, per_number_per_day=0),
        log=LogConfig(),
    )


class SimulatedGateway:
    """One gateway with its modem, running in threads of this process."""

    def __init__(self, config: Config, log: Log, died: Callable[[str], None], *, baud: int | None = None) -> None:
        folder = Path(config.store.path).parent
        folder.mkdir(parents=True, exist_ok=True)
        self.name = config.gateway.gateway_id
        self.status: Status | None = None
        self.air = PtyModem(VirtualModem(by_name("sim800")), link=folder / "modem", baud=baud)
        self._inbox = SimpleQueue[Event | None]()
        clock = SystemClock(last_moment(Path(config.store.path)))
        line = LineConfig(name=LINE, port=str(folder / "modem"))
        self._gateway = gateway = Gateway(config, clock)
        self._link = Link(gateway.link_settings(), self._inbox.put, clock=clock.monotonic, random=SystemRandom().random)
        self._modem = Modems(self._inbox.put, clock, log, gateway.past()).worker(line)
        self._core = CoreWorker(gateway.core(), self._inbox, {LINE: self._modem}, self._link, self._shown, clock, log)
        bodies = {
            "core": lambda: self._core.run(lambda _now: None),
            "modem": lambda: self._modem.run(lambda _now: None),
            "link": self._link.run,
        }
        self._threads = {kind: Thread(f"{self.name}-{kind}", body, log, died) for kind, body in bodies.items()}

    def start(self) -> None:
        """Start modem and threads."""
        self.air.start()
        for thread in self._threads.values():
            thread.start()

    def stop(self) -> None:
        """Leave as `kentongan run` does."""
        self._inbox.put(Stopping())
        self._threads["modem"].join(STOP_S)
        self._core.stop()
        self._threads["core"].join(STOP_S)
        self._link.stop(self._gateway.farewell(self._core.connection_id))
        self._threads["link"].join(STOP_S)
        self.air.stop()

    def _shown(self, status: Status) -> None:
        self.status = status

    @property
    def online(self) -> bool:
        """Tell whether it is at the broker."""
        return self.status is not None and self.status.link.state == "online"


@dataclass(frozen=True, slots=True)
class Totals:
    """All of them together."""

    gateways: int
    online: int
    tickets: int
    unacknowledged: int
    sent: int
    reconnects: int
    offline: tuple[tuple[str, int], ...] = ()  # why, and how many

    def line(self) -> str:
        """Write it on one line."""
        why = "".join(f"; {count} offline: {cause}" for cause, count in self.offline)
        return (
            f"{self.online}/{self.gateways} gateways online, {self.tickets} tickets, {self.unacknowledged} not yet"
            f" acknowledged, {self.sent} SMS sent, {self.reconnects} reconnections{why}"
        )


def totals(gateways: list[SimulatedGateway]) -> Totals:
    """Sum them up."""
    shown = [gateway.status for gateway in gateways if gateway.status is not None]
    offline = Counter(status.link.cause or "not tried yet" for status in shown if status.link.state != "online")
    return Totals(
        len(gateways),
        sum(gateway.online for gateway in gateways),
        sum(status.store.tickets for status in shown),
        sum(status.store.unacknowledged for status in shown),
        sum(status.store.sent for status in shown),
        sum(status.link.reconnects for status in shown),
        tuple(offline.most_common()),
    )


def invented(dice: Random) -> tuple[str, str]:
    """Invent a citizen and what they write."""
    number = f"+62812{dice.randrange(10**8):08}"
    return number, dice.choice(TEXTS).format(place=dice.choice(PLACES), n=dice.randrange(2, 20))


def login_of(passwords: dict[str, str], name: str, folder: Path) -> Login:
    """Give a gateway its own password, in a file as the program wants it."""
    if name not in passwords:
        return Login()
    path = folder / f"{name}.password"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(passwords[name] + "\n")
    return Login(name, str(path))
