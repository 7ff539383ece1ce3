"""A core on a real SQLite file with a hand-moved clock: events in, commands out, crash by throwing it away."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from published import check

from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.events import ModemState
from kentongan.daemon import classify, operators
from kentongan.daemon.answers import Acknowledger, Answers, Template
from kentongan.daemon.blackout import Blackout, Boot
from kentongan.daemon.broker import Broker
from kentongan.daemon.canary import Canary, Songs
from kentongan.daemon.cards import Cards
from kentongan.daemon.changing import Desks
from kentongan.daemon.clerk import Words
from kentongan.daemon.clerk_desk import ClerkDesk, Clerks
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.control_care import CareDesk, Informants
from kentongan.daemon.control_desk import ControlDesk, Panel
from kentongan.daemon.core import Core, Rooms
from kentongan.daemon.desk import County, Desk
from kentongan.daemon.events import Command, LineEvent, Note, Publish, Tick, ToModem
from kentongan.daemon.inbound import Ears, Office
from kentongan.daemon.inquiry import Sources
from kentongan.daemon.intake import Intake
from kentongan.daemon.journal import Journal
from kentongan.daemon.keeper import Duties, Keeper
from kentongan.daemon.line import Line
from kentongan.daemon.nightwatch import Beat, NightWatch
from kentongan.daemon.notifying import Addressees
from kentongan.daemon.offering import Offering
from kentongan.daemon.outward import Voice
from kentongan.daemon.own_sms import Post
from kentongan.daemon.papers import OFFICE, Papers
from kentongan.daemon.purses import Purses
from kentongan.daemon.recoveries import Recoveries
from kentongan.daemon.replies import ReplyRules
from kentongan.daemon.rounds import Rounds
from kentongan.daemon.sending import Limits, QuietHours, Sending
from kentongan.daemon.standards import Leg
from kentongan.daemon.standing import Identity, Standing
from kentongan.daemon.status import ConfigStatus
from kentongan.daemon.tellings import Teller
from kentongan.mqtt.events import BrokerDown, BrokerUp, Delivery, DownCause, MessageReceived, PubackResult, Published
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7
from kentongan.queue.records import Moment
from kentongan.queue.store import Store, StoreSettings

WALL_MS = 1_795_000_000_000  # November 2026
CITIZEN = "+6281234567890"
BEAT = Beat("LU2")
ANSWERS = Answers(acknowledge=True, signature="Kominfo Luwu Utara")
SONGS = {template.name: ANSWERS.text(template, "LU2-041-937-1") for template in Template}
BOOT = Boot("boot-1", 60_000, Moment(0, 0, synced=False))
RULES = classify.load()
TOPICS = Topics("kentongan", "7322", "kec-masamba-01")


@dataclass
class Bench:
    """Everything one gateway is made of, without threads and I/O other than its file."""

    path: Path
    acknowledge: bool = False
    pace_ms: int = 0
    per_hour: int = 1000
    quiet: tuple[int, int] = (0, 0)
    replies_per_minute: int = 1000
    clerks: tuple[str, ...] = ()
    balance_code: str = "off"
    beat: Beat = BEAT
    boot: Boot = BOOT
    people: Mapping[str, str] = field(default_factory=dict)
    broadcast_per_day: int = 0
    commands_per_minute: int = 600
    direct_to: tuple[str, ...] = ()
    sender_mode: str = "full"
    ack_mode: str = "required"
    legs: tuple[Leg, ...] = ()
    budget_octets: int = 0
    start_ms: int = 1_000_000
    seed: int = 0  # another one for each process: its ids are as random

    def __post_init__(self):
        self.at = Moment(self.start_ms, WALL_MS + self.start_ms - 1_000_000, synced=True)
        self._random = count(1 + (self.seed << 32))
        self._ids = Uuid7(lambda n: next(self._random).to_bytes(n, "big"))
        self._mr = count(1)
        self.start()

    # -- life ----------------------------------------------------------------------------------------------------------

    def start(self):
        """Compose a core on the file, as the process does at its start."""
        narrate = Voice(TOPICS, "", self._ids, lambda _ms: 480).narrate
        settings = StoreSettings("LU2", budget_octets=self.budget_octets)
        self.store = Store.open(self.path, settings, at=self.at, ids=self._ids, narrate=narrate)
        voice = Voice(TOPICS, self.store.store_id, self._ids, lambda _ms: 480, self.sender_mode, RULES)
        papers = Papers(
            voice, OFFICE, self._ids.new(WALL_MS), "0", "Asia/Makassar", "Kominfo", "", 6, 10, ack_mode=self.ack_mode
        )
        self.voice, broker, lines = voice, Broker(), {"a": Line("a")}
        identity = Identity("kec-masamba-01", "0", 1, papers.boot_id, WALL_MS, ConfigStatus(), self.at.steady_ms)
        standing = Standing(identity, papers, self.store, lines, broker)
        hours = QuietHours(*self.quiet, lambda ms: (ms // 60_000 + 480) % 1440)
        limits = {"a": Limits(self.pace_ms, self.per_hour, 10_000)}
        keeper = self._keeper(lines, hours)
        sources = Sources(self.store, broker, standing, papers, Journal(), "digest")
        office, tell = Office(b"key", ears=Ears(keeper.sorted, keeper.heed)), Teller(voice, ANSWERS)
        acknowledger = keeper.guarded(Acknowledger(Answers(self.acknowledge, "Kominfo Luwu Utara"), keeper.degraded))
        cards = self.cards = Cards(self.store.incidents, self.store.counter)
        recoveries = Recoveries(self.store.incidents)
        care = CareDesk(self.store, Informants(lines, sources.journal, keeper, recoveries))
        rooms = Rooms(
            Intake(self.store, office, acknowledger, tell),
            Sending(self.store, limits, hours, lambda: 0.5),
            Offering(self.store, broker, voice, closing=self.ack_mode == "puback"),
            Desk(sources, voice, self._county(Desks(office, acknowledger, tell))),
            ControlDesk(self.store, standing, Panel(lines, cards), care, "a"),
            standing,
            keeper,
            sources.journal,
            Rounds(self.store, voice, ("a",), self.legs),
            recoveries,
            cards,
        )
        self.core = Core(self.store, lines, broker, rooms)
        self.keeper = keeper
        self.standing = standing
        self.line = lines["a"]

    def _county(self, desks: Desks) -> County:
        allowed = Addressees("a", self.people, self.broadcast_per_day, secret=b"key")
        rules = ReplyRules(6, self.replies_per_minute, self.direct_to, "a", b"key")
        return County(rules, allowed, desks, self.commands_per_minute)

    def _some_bytes(self, length: int) -> bytes:
        return next(self._random).to_bytes(length, "little")

    def _keeper(self, lines, hours) -> Keeper:
        words, post = Words("LU2", OfficeZone("Asia/Makassar")), Post(self.store, lines)
        received = self.store.counts(self.at).received
        duties = Duties(
            ClerkDesk(self.store, post, words, Clerks(self.clerks, hours.quiet)),
            words,
            Purses(self.store, {"a": self.balance_code}, 350, 480, operators.load()),
            {"a": NightWatch(self.store, post, "a", self.beat, self._some_bytes, self.at)},
            Canary(self.store.incidents, post, "a", Songs(self.beat.own_number, lambda: dict(SONGS)), self.at),
            Blackout(self.store, self.boot, self.at, received),
            frozenset(self.clerks),
        )
        return Keeper(lines, duties, lambda at: self.standing.status(at))  # noqa: PLW0108  it comes later

    def crash(self):
        """Lose everything but the file, as `kill -9` does, and start again."""
        self.start()

    # -- events --------------------------------------------------------------------------------------------------------

    def do(self, event) -> list[Command]:
        """Hand one event over; whatever is published is a valid document of the contract."""
        commands = self.core.handle(event, self.at)
        for publish in of(Publish, commands):
            publication = publish.publication
            check(publication.topic, publication.payload, retained=publication.retain)
        return commands

    def modem(self, event) -> list[Command]:
        """Hand one event of the modem over."""
        return self.do(LineEvent("a", event))

    def pass_time(self, seconds: float) -> list[Command]:
        """Let time go on, with the ticks that the core asks for."""
        end = self.at.steady_ms + round(seconds * 1000)
        commands = []
        while self.core.next_deadline() <= end:
            self.move(max(self.core.next_deadline(), self.at.steady_ms + 1))
            commands += self.do(Tick())
        self.move(end)
        return commands

    def jump(self, seconds: float) -> list[Command]:
        """Let time go on without what would be done meanwhile, to the next round of housekeeping."""
        self.move(self.at.steady_ms + round(seconds * 1000))
        return self.do(Tick()) + self.pass_time(61)

    def move(self, steady_ms: int) -> None:
        """Set the clock forward; nothing is done yet."""
        gone = steady_ms - self.at.steady_ms
        self.at = self.at._replace(steady_ms=steady_ms, wall_ms=self.at.wall_ms + gone)

    def ready(self) -> list[Command]:
        """Bring the modem up."""
        commands = self.modem(at.Identified("SIMCOM", "SIM800C", "R14", "", "sim800"))
        commands += self.modem(at.SimIdentified("8962100000000001234", "510100000000001"))
        commands += self.modem(at.StorageMeasured("SM", 0, 30))
        return commands + self.modem(at.StateChanged(ModemState.SEARCHING, ModemState.READY, "registered"))

    def broker_up(self, window=10) -> list[Command]:
        """Bring the broker up."""
        self._connection = self._ids.new(self.at.wall_ms)
        self._packets = count(1)
        return self.do(BrokerUp(self._connection, "5.0", session_present=True, window=window, max_packet=65_536))

    def broker_down(self) -> list[Command]:
        """Lose the broker."""
        return self.do(BrokerDown(DownCause.LOST, "gone"))

    def puback(self, publish: Publish, result=PubackResult.ACCEPTED) -> list[Command]:
        """Answer a publication."""
        return self.do(Published(publish.publication.token, result))

    def command(self, name: str, payload: bytes, *, retained=False) -> list[Command]:
        """Deliver a command of the backend."""
        delivery = Delivery(self._connection, next(self._packets))
        return self.do(MessageReceived(TOPICS.command(name), payload, retained, b"", delivery))

    def sms(self, text: str, *, sender=CITIZEN, index=1, sequence: tuple[int, int, int] | None = None) -> list[Command]:
        """Let a slot with a citizen's text be found; `sequence` is (reference, total, number)."""
        return self.modem(slot(deliver(text, sender=sender, sequence=sequence), index))

    def sent(self, part: ToModem, reference: int | None = None) -> list[Command]:
        """Let the modem report that a part was sent."""
        mr = next(self._mr) if reference is None else reference
        return self.modem(at.SendEnded(part.command.job, at.Sent(mr)))


@contextmanager
def serving(folder: Path, *, name: str = "k.db", window: int = 100, **wishes) -> Iterator[Bench]:
    """Open a bench whose modem is ready and whose broker is there."""
    bench = Bench(folder / name, **wishes)
    bench.ready()
    bench.broker_up(window=window)
    yield bench
    bench.core.close(bench.at)


def deliver(text: str, *, sender=CITIZEN, sequence=None, second=0, code=0x00) -> str:
    """Write the PDU of a DELIVER; `sender` may be a name, `code` is the DCS octet."""
    alphabet = pdu.dcs_of(code).alphabet
    originator = pdu.address_of(sender) if sender.lstrip("+").isdigit() else pdu.name_of(sender)
    elements = (pdu.Concat(sequence[0], 8, sequence[1], sequence[2]),) if sequence else ()
    stamp = pdu.scts_of(WALL_MS + 1000 * second, 420)
    tpdu = pdu.Deliver(originator, 0, pdu.dcs_of(code), stamp, pdu.write_text(text, alphabet, elements))
    return pdu.encode(tpdu).pdu_hex


def slot(pdu_hex: str, index=1) -> at.SlotFound:
    """Say that a slot holds this PDU."""
    return at.SlotFound("SM", index, 0, len(pdu_hex) // 2 - 1 - int(pdu_hex[:2], 16), pdu_hex)


def of(kind, commands):
    """Pick the commands of one kind."""
    return [command for command in commands if isinstance(command, kind)]


def names(commands):
    """Name the notes among some commands."""
    return [note.name for note in of(Note, commands)]


def accepted(bench, text, index=1):
    """Bring a ticket to its end."""
    commands = bench.sms(text, index=index)
    (publish,) = [c for c in of(Publish, commands) if c.publication.topic == TOPICS.event("ticket")]
    for each in of(Publish, commands):
        bench.puback(each)
    ticket = json.loads(publish.publication.payload)
    ack = {"schema": "ticket_ack/1", "ticket_id": ticket["ticket_id"], "status": "accepted", "backend_ticket": "1"}
    bench.command("ticket_ack", json.dumps(ack).encode())
    return ticket
