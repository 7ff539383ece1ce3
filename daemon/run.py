"""The gateway's composition root: configuration in, threads out; the only place where everything is wired.

Field faults (no modem, no SIM, no broker, a full disk) never end the process; a configuration that cannot be used and a
store that cannot be opened do, by name and before the first thread.
"""

import os
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from random import SystemRandom

from kentongan.daemon import config as configuration
from kentongan.daemon import host, logs
from kentongan.daemon.answers import Acknowledger
from kentongan.daemon.blackout import Boot
from kentongan.daemon.broker import Broker
from kentongan.daemon.cards import Cards
from kentongan.daemon.certificates import own_ends
from kentongan.daemon.changing import Desks
from kentongan.daemon.chosen import capabilities, choose, habits, limits, quiet_hours, store_settings
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.config import Config
from kentongan.daemon.control import ControlServer
from kentongan.daemon.control_care import CareDesk, Informants
from kentongan.daemon.control_desk import ControlDesk, Panel
from kentongan.daemon.core import Core, Rooms
from kentongan.daemon.desk import County, Desk
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.events import Event
from kentongan.daemon.gpio import open_input
from kentongan.daemon.inbound import Ears, Office
from kentongan.daemon.inquiry import Sources
from kentongan.daemon.intake import Intake
from kentongan.daemon.journal import Journal
from kentongan.daemon.keeper import Keeper
from kentongan.daemon.keeping import Outside, make_keeper
from kentongan.daemon.line import Line
from kentongan.daemon.modems import Modems, Past
from kentongan.daemon.notifying import Addressees
from kentongan.daemon.offering import Offering
from kentongan.daemon.outward import Voice
from kentongan.daemon.papers import METERED, OFFICE, Papers
from kentongan.daemon.pin_ledger import NAME as PIN_LEDGER
from kentongan.daemon.pin_ledger import PinLedger
from kentongan.daemon.recorder import FOLDER as RECORDINGS
from kentongan.daemon.recoveries import Recoveries
from kentongan.daemon.replies import ReplyRules
from kentongan.daemon.rounds import Rounds
from kentongan.daemon.sdnotify import Notifier
from kentongan.daemon.sender_key import sender_key
from kentongan.daemon.sending import QuietHours, Sending
from kentongan.daemon.standing import Identity, Standing
from kentongan.daemon.status import ConfigStatus
from kentongan.daemon.status_file import StatusFile
from kentongan.daemon.supervisor import Crew, Supervisor
from kentongan.daemon.tellings import Teller
from kentongan.daemon.uplink import Caller, link_settings, topics
from kentongan.daemon.version import VERSION
from kentongan.daemon.workers import CoreWorker
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import Publication
from kentongan.mqtt.settings import LinkSettings, Subscription
from kentongan.queue.ids import Uuid7
from kentongan.queue.retention import DAY_MS, Retention
from kentongan.queue.store import Store, last_moment

AS_ASKED = ConfigStatus()


def run(config: Config, asked: ConfigStatus) -> int:
    """Serve until told to stop; gives the exit code. Raises `ConfigError` and the store's errors before any thread.

    `asked` tells whether this configuration is the one that was asked for.
    """
    log = logs.configure(config.log.level, config.log.format, os.environ)
    inbox = SimpleQueue[Event | None]()
    runtime = Path(config.runtime.directory)
    control = ControlServer(runtime, inbox.put)  # first of all: it refuses a second gateway on the same directory
    clock = SystemClock(last_moment(Path(config.store.path)))
    gateway = Gateway(config, clock, asked)
    link = Link(gateway.link_settings(), inbox.put, clock=clock.monotonic, random=SystemRandom().random)
    maker = Modems(inbox.put, clock, log, gateway.past())
    modems = {line.name: maker.worker(line) for line in config.line}
    core = CoreWorker(gateway.core(), inbox, modems, link, StatusFile(runtime).write, clock, log)
    measure = partial(host.measure, Path(config.store.path), _mains(config.host.mains_pin))
    crew = Crew(core, link, modems, control, measure, gateway.farewell)
    if (saved := gateway.store.salvaged) is not None:
        log.error("store_salvaged", why=saved.why, kept=str(saved.kept_as), rows=saved.rows, lost=saved.unreadable)
    if asked.state != "ok":
        log.error("config_rejected", why=asked.detail)
    log.info("started", version=gateway.identity.version, lines=list(modems), store_id=gateway.store.store_id)
    return Supervisor(crew, clock, Notifier(os.environ), log).run()


class Gateway:
    """The rooms of one gateway, made from its configuration."""

    def __init__(self, config: Config, clock: SystemClock, asked: ConfigStatus = AS_ASKED) -> None:
        self._config = config
        self._clock = clock
        self._chosen = choose(config)
        self._ids = Uuid7(os.urandom)
        self.store = self._open_store()
        self._key = sender_key(Path(config.store.path))
        self.identity = self._identify(asked)
        self._papers = self._make_papers()
        self.recoveries = Recoveries(self.store.incidents)
        self.cards = Cards(self.store.incidents, self.store.counter)

    def past(self) -> Past:
        """Collect what earlier lives of the program left behind."""
        store = Path(self._config.store.path)
        pins = PinLedger(store.with_name(PIN_LEDGER), self._key)
        return Past(self.recoveries, pins, self.cards, store.with_name(RECORDINGS))

    def link_settings(self) -> LinkSettings:
        """Say how to reach the broker and as whom."""
        names = self._papers.voice.topics
        subscriptions = (
            Subscription(names.commands),
            Subscription(names.backend, retained=True, required=False),
            Subscription(names.info, retained=True, required=False),
        )
        caller = Caller(self.identity.gateway_id, subscriptions, self._papers.will)
        return link_settings(self._config, caller, self._clock)

    def farewell(self, connection_id: str) -> Publication | None:
        """Say goodbye on the connection that stands, if one does."""
        return self._papers.farewell(connection_id, self._clock.now()) if connection_id else None

    def core(self) -> Core:
        """Compose the core."""
        config, store, voice = self._config, self.store, self._papers.voice
        broker = Broker(partial(own_ends, config.mqtt.ca_file, config.mqtt.cert_file))
        lines = {line.name: Line(line.name) for line in config.line}
        standing = Standing(self.identity, self._papers, store, lines, broker)
        keeper = make_keeper(config, store, lines, self._outside(standing))
        sources = Sources(store, broker, standing, self._papers, Journal(), _digest(config))
        desks = self._desks(keeper)
        care = CareDesk(store, Informants(lines, sources.journal, keeper, self.recoveries))
        rooms = Rooms(
            Intake(store, desks.office, desks.acknowledge, desks.tell),
            Sending(store, limits(config), self._quiet_hours(), SystemRandom().random, habits(config)),
            Offering(store, broker, voice, closing=config.mqtt.ack_mode == "puback"),
            Desk(sources, voice, _county(config, desks)),
            ControlDesk(store, standing, Panel(lines, self.cards), care, config.line[0].name),
            standing,
            keeper,
            sources.journal,
            Rounds(store, voice, tuple(lines), self._chosen.legs),
            self.recoveries,
            self.cards,
        )
        return Core(store, lines, broker, rooms)

    def _open_store(self) -> Store:
        path, narrate = Path(self._config.store.path), self._voice("").narrate
        if not path.parent.is_dir():
            raise ConfigError("store.path", f"there is no folder {path.parent}", "create it, writable by the service")
        return Store.open(path, store_settings(self._config), at=self._clock.now(), ids=self._ids, narrate=narrate)

    def _voice(self, store_id: str) -> Voice:
        names, mode = topics(self._config), self._config.mqtt.sender_mode
        return Voice(names, store_id, self._ids, self._chosen.zone.offset_min, mode, self._chosen.rules)

    def _identify(self, asked: ConfigStatus) -> Identity:
        now = self._clock.now()
        boot_id = self._ids.new(now.wall_ms)
        name = self._config.gateway.gateway_id
        return Identity(name, VERSION, os.getpid(), boot_id, now.wall_ms, asked, now.steady_ms, self._chosen.hours)

    def _make_papers(self) -> Papers:
        gateway, sending = self._config.gateway, self._config.sending
        return Papers(
            self._voice(self.store.store_id),
            METERED if self._config.mqtt.profile == "metered" else OFFICE,
            self.identity.boot_id,
            self.identity.version,
            gateway.timezone,
            gateway.name,
            gateway.public_number,
            sending.max_parts,
            sending.replies_per_minute,
            capabilities(self._config),
            self._config.mqtt.ack_mode,
            Retention().body_ms // DAY_MS,
        )

    def _desks(self, keeper: Keeper) -> Desks:
        own = frozenset({line.number for line in self._config.line} | {self._config.gateway.public_number}) - {""}
        office = Office(self._key, own, Ears(keeper.sorted, keeper.heed))
        answers = self._chosen.answers
        acknowledge = keeper.guarded(Acknowledger(answers, keeper.degraded))
        return Desks(office, acknowledge, Teller(self._papers.voice, answers))

    def _outside(self, standing: Standing) -> Outside:
        boot = Boot(host.boot_id(), host.uptime_ms(), self._clock.base)
        return Outside(boot, self._quiet_hours().quiet, standing.status, self._clock.now())

    def _quiet_hours(self) -> QuietHours:
        return quiet_hours(self._config, self._chosen.zone)


def _digest(config: Config) -> str:
    """Name the configuration in force by its content."""
    return sha256(configuration.effective(config).encode()).hexdigest()[:16]


def _county(config: Config, desks: Desks) -> County:
    sending, people = config.sending, {person.role: person.number for person in config.person}
    secret, line = desks.office.secret, config.line[0].name
    allowed = Addressees(line, people, config.broadcast.per_day, sending.max_parts, secret)
    rules = ReplyRules(sending.max_parts, sending.replies_per_minute, sending.direct_to, line, secret)
    return County(rules, allowed, desks)


def _mains(pin: int) -> Callable[[], bool] | None:
    """Take the pin that tells whether there is mains; without one nobody knows."""
    return found.read if (found := open_input(pin)[0]) is not None else None
