"""The gateway's composition root: configuration in, threads out; the only place where everything is wired.

Field faults (no modem, no SIM, no broker, a full disk) never end the process; a configuration that cannot be used and a
store that cannot be opened do, by name and before the first thread.
"""

import os
import secrets
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from pathlib import Path
from queue import SimpleQueue
from random import SystemRandom

from kentongan.daemon import classify, holidays, host, logs, standards
from kentongan.daemon import config as configuration
from kentongan.daemon.answers import Acknowledger, Answers, lint
from kentongan.daemon.blackout import Boot
from kentongan.daemon.broker import Broker
from kentongan.daemon.cards import Cards
from kentongan.daemon.changing import Desks
from kentongan.daemon.clock import OfficeZone, SystemClock
from kentongan.daemon.config import Config
from kentongan.daemon.control import ControlServer
from kentongan.daemon.control_care import CareDesk, Informants
from kentongan.daemon.control_desk import ControlDesk, Panel
from kentongan.daemon.core import Core, Rooms
from kentongan.daemon.desk import County, Desk
from kentongan.daemon.events import Event
from kentongan.daemon.gpio import open_input
from kentongan.daemon.inbound import Ears, Office
from kentongan.daemon.inquiry import Sources
from kentongan.daemon.intake import Intake
from kentongan.daemon.journal import Journal
from kentongan.daemon.keeping import Outside, make_keeper
from kentongan.daemon.line import Line
from kentongan.daemon.modems import Modems, Past
from kentongan.daemon.notifying import Addressees
from kentongan.daemon.offering import Offering
from kentongan.daemon.office import read_hours
from kentongan.daemon.outward import Voice
from kentongan.daemon.papers import CAPABILITIES, METERED, OFFICE, Papers
from kentongan.daemon.pin_ledger import NAME as PIN_LEDGER
from kentongan.daemon.pin_ledger import PinLedger
from kentongan.daemon.recorder import FOLDER as RECORDINGS
from kentongan.daemon.recoveries import Recoveries
from kentongan.daemon.replies import ReplyRules
from kentongan.daemon.rounds import Rounds
from kentongan.daemon.sdnotify import Notifier
from kentongan.daemon.sending import Habits, Limits, QuietHours, Sending
from kentongan.daemon.standing import Identity, Standing
from kentongan.daemon.status import ConfigStatus
from kentongan.daemon.status_file import StatusFile
from kentongan.daemon.supervisor import Crew, Supervisor
from kentongan.daemon.tellings import Teller
from kentongan.daemon.version import VERSION
from kentongan.daemon.workers import CoreWorker
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import Publication
from kentongan.mqtt.settings import LinkSettings, Subscription, Tls, read_url
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7
from kentongan.queue.retention import DAY_MS, Retention
from kentongan.queue.store import Store, StoreSettings, last_moment

KEY_FILE = "sender.key"  # beside the database; without it the sender references of a county change
KEY_OCTETS = 32
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
        self._zone = OfficeZone(config.gateway.timezone)
        self._answers = Answers(config.answers.acknowledge, config.answers.signature or config.gateway.name)
        lint(self._answers)
        rules_file, sla_file = config.inbound.rules_file, config.sla.file
        self._rules = classify.load(Path(rules_file) if rules_file else classify.SHIPPED)
        self._holidays = holidays.load(config.office.holidays_file)
        sla_path = Path(sla_file) if sla_file else standards.SHIPPED
        self._legs = standards.load(config.sla.profile, sla_path, self._holidays)
        self._ids = Uuid7(os.urandom)
        self._topics = Topics(config.mqtt.root, config.gateway.county_id, config.gateway.gateway_id)
        self._boot_id = self._ids.new(clock.now().wall_ms)
        self.store = self._open_store()
        self.identity = Identity(
            config.gateway.gateway_id,
            VERSION,
            os.getpid(),
            self._boot_id,
            clock.now().wall_ms,
            asked,
            clock.now().steady_ms,
        )
        self._papers = self._make_papers()
        self.recoveries = Recoveries(self.store.incidents)
        self.cards = Cards(self.store.incidents, self.store.counter)

    def past(self) -> Past:
        """Collect what earlier lives of the program left behind."""
        recordings = Path(self._config.store.path).with_name(RECORDINGS)
        return Past(self.recoveries, self.pins(), self.cards, recordings)

    def pins(self) -> PinLedger:
        """Open the ledger of PINs, beside the database."""
        store = Path(self._config.store.path)
        return PinLedger(store.with_name(PIN_LEDGER), _secret(store))

    def _voice(self, store_id: str) -> Voice:
        mode = self._config.mqtt.sender_mode
        return Voice(self._topics, store_id, self._ids, self._zone.offset_min, mode, self._rules)

    def _open_store(self) -> Store:
        inbound, path = self._config.inbound, Path(self._config.store.path)
        settings = StoreSettings(
            prefix=self._config.gateway.ticket_prefix,
            thread_window_ms=inbound.thread_window_min * 60_000,
            follow_ups=inbound.follow_ups,
            partial_after_ms=round(inbound.publish_partial_after_s * 1000),
            budget_octets=host.size_octets(path) * self._config.store.disk_percent // 100,
        )
        narrate = self._voice("").narrate
        return Store.open(path, settings, at=self._clock.now(), ids=self._ids, narrate=narrate)

    def _make_papers(self) -> Papers:
        gateway, sending = self._config.gateway, self._config.sending
        return Papers(
            self._voice(self.store.store_id),
            METERED if self._config.mqtt.profile == "metered" else OFFICE,
            self._boot_id,
            self.identity.version,
            gateway.timezone,
            gateway.name,
            gateway.public_number,
            sending.max_parts,
            sending.replies_per_minute,
            CAPABILITIES + _chosen(self._config),
            self._config.mqtt.ack_mode,
            Retention().body_ms // DAY_MS,
        )

    def core(self) -> Core:
        """Compose the core."""
        config, store, voice = self._config, self.store, self._papers.voice
        broker = Broker()
        lines = {line.name: Line(line.name) for line in config.line}
        own = frozenset({config.gateway.public_number} - {""})
        standing = Standing(self.identity, self._papers, store, lines, broker)
        standing.hours = read_hours(config.office.hours, self._zone.offset_min(0), self._holidays)
        keeper = make_keeper(config, store, lines, self._outside(standing))
        office = Office(_secret(Path(config.store.path)), own, Ears(keeper.sorted, keeper.heed))
        acknowledge = keeper.guarded(Acknowledger(self._answers, keeper.degraded))
        digest = sha256(configuration.effective(config).encode()).hexdigest()[:16]
        sources = Sources(store, broker, standing, self._papers, Journal(), digest)
        desks = Desks(office, acknowledge, Teller(voice, self._answers))
        care = CareDesk(store, Informants(lines, sources.journal, keeper, self.recoveries))
        rooms = Rooms(
            Intake(store, desks.office, desks.acknowledge, desks.tell),
            Sending(store, _limits(config), self._quiet_hours(), SystemRandom().random, _habits(config)),
            Offering(store, broker, voice, closing=config.mqtt.ack_mode == "puback"),
            Desk(sources, voice, _county(config, desks)),
            ControlDesk(store, standing, Panel(lines, self.cards), care, config.line[0].name),
            standing,
            keeper,
            sources.journal,
            Rounds(store, voice, tuple(lines), self._legs),
            self.recoveries,
            self.cards,
        )
        return Core(store, lines, broker, rooms)

    def _outside(self, standing: Standing) -> Outside:
        boot = Boot(host.boot_id(), host.uptime_ms(), self._clock.base)
        return Outside(boot, self._quiet_hours().quiet, standing.status, self._clock.now())

    def _quiet_hours(self) -> QuietHours:
        sending = self._config.sending
        return QuietHours(_minute(sending.quiet_from), _minute(sending.quiet_until), self._zone.minute_of_day)

    def link_settings(self) -> LinkSettings:
        """Say how to reach the broker and as whom."""
        mqtt = self._config.mqtt
        address = read_url(mqtt.url)
        tls = Tls(Path(mqtt.ca_file), _path(mqtt.cert_file), _path(mqtt.key_file)) if address.secure else None
        return LinkSettings(
            address,
            client_id=self._config.gateway.gateway_id,
            username=mqtt.username,
            password=configuration.read_secret(mqtt.password_file) if mqtt.password_file else "",
            source=self._topics.source,
            will=self._papers.will,
            new_connection_id=self._connection_ids(),
            subscriptions=(
                Subscription(self._topics.commands),
                Subscription(self._topics.backend, retained=True, required=False),
                Subscription(self._topics.info, retained=True, required=False),
            ),
            tls=tls,
            protocol=mqtt.protocol,
            keepalive_s=self._papers.profile.keepalive_s,
        )

    def _connection_ids(self) -> Callable[[], str]:
        """Give the link's thread a maker of ids of its own: one that two threads share is not monotone."""
        ids = Uuid7(os.urandom)
        return lambda: ids.new(self._clock.now().wall_ms)

    def farewell(self, connection_id: str) -> Publication | None:
        """Say goodbye on the connection that stands, if one does."""
        return self._papers.farewell(connection_id, self._clock.now()) if connection_id else None


def _chosen(config: Config) -> tuple[str, ...]:
    """Name the capabilities that the office has switched on."""
    chosen = {"notify": config.person, "broadcast": config.broadcast.per_day, "sla": config.sla.profile}
    return tuple(name for name, on in chosen.items() if on)


def _county(config: Config, desks: Desks) -> County:
    sending, people = config.sending, {person.role: person.number for person in config.person}
    secret = desks.office.secret
    allowed = Addressees(config.line[0].name, people, config.broadcast.per_day, sending.max_parts, secret)
    return County(ReplyRules(sending.max_parts, sending.replies_per_minute), allowed, desks)


def _mains(pin: int) -> Callable[[], bool] | None:
    """Take the pin that tells whether there is mains; without one nobody knows."""
    return found.read if (found := open_input(pin)[0]) is not None else None


def _limits(config: Config) -> dict[str, Limits]:
    most = config.sending.per_number_per_day
    return {line.name: Limits(round(line.pace_s * 1000), line.per_hour, line.per_day, most) for line in config.line}


def _habits(config: Config) -> Habits:
    return Habits(config.sending.failover_after_min * 60_000, config.sending.on_uncertain == "resend")


def _path(name: str) -> Path | None:
    return Path(name) if name else None


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _secret(store: Path) -> bytes:
    """Read the key of the sender references, or make it at the first start; readable by this user alone."""
    path = store.with_name(KEY_FILE)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        secret = secrets.token_bytes(KEY_OCTETS)
        temporary = path.with_suffix(".new")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
        return secret
