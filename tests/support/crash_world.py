"""A whole gateway that dies at any step it takes: core, store and AT engine against a world that outlives them.

A step is what a power cut can fall between: before and after each commit of the store, each command that the core lets
act, and each octet string of a send or a deletion. Time jumps from deadline to deadline, so that one life takes tenths
of a second.
"""

import json
import shutil
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from core_bench import TOPICS, Bench, deliver

from kentongan.at import pdu
from kentongan.at.events import SetRate
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.simulator import Submitted, Timing, VirtualModem, by_name, parse_fault
from kentongan.daemon.events import Acknowledge, Command, LineEvent, Publish, Tick, ToModem
from kentongan.mqtt.events import BrokerUp, Delivery, MessageReceived, PubackResult, Published
from kentongan.queue.models import PRAGMAS, File

TIMING = Timing(other_s=0.005, send_s=0.3, report_s=0.6)
STEP_S = 0.0005
CONNECT_S = 0.4  # from a start to the broker
LONGEST_S = 1_800.0  # a world that is not done by then never will be
ACTS = (b"+CMGS", b"+CMGD", b"\x1a")  # octets to the modem that cannot be taken back
LONG = (
    "Jembatan gantung di desa Sabbang rusak parah sejak hujan kemarin malam, anak sekolah tidak bisa lewat dan harus "
)
CITIZENS = [f"+62812000000{n:02}" for n in range(6)]


class PowerCut(BaseException):
    """The process is gone; nothing of ours may catch it."""


@dataclass(frozen=True, slots=True)
class Order:
    """A command that waits at the broker."""

    name: str
    body: bytes


@dataclass
class County:
    """The backend and the broker's memory of what goes to the gateway."""

    tickets: defaultdict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    owners: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    told: defaultdict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    waiting: list[Order] = field(default_factory=list)
    wanted: dict[str, tuple[str, str]] = field(default_factory=dict)  # command_id -> recipient, text

    def take(self, topic: str, payload: bytes) -> None:
        """Take what the gateway published."""
        document = json.loads(payload)
        if topic == TOPICS.event("ticket"):
            self._ticket(document)
        elif topic == TOPICS.event("reply"):
            self.told[document["command_id"]].append(document["status"])

    def _ticket(self, ticket: dict) -> None:
        ticket_id, revision = ticket["ticket_id"], ticket["revision"]
        known = self.tickets[ticket_id].setdefault(revision, ticket["text"])
        assert known == ticket["text"], "one revision, two texts"
        self.owners[ticket["seq"]].add(ticket_id)
        ack = {"schema": "ticket_ack/1", "ticket_id": ticket_id, "status": "accepted", "backend_ticket": ticket_id[-8:]}
        self._order("ticket_ack", ack | {"revision": revision})
        command_id = f"r-{ticket_id}"
        if command_id not in self.wanted:
            text = f"Laporan {ticket['seq']} diteruskan. " + (LONG * 2 if ticket["seq"] % 3 == 0 else "")
            self.wanted[command_id] = (ticket["sender"]["number"], text)
            reply = {"schema": "reply/1", "command_id": command_id, "ticket_id": ticket_id, "text": text}
            reply["delivery_report"] = ticket["seq"] % 2 == 0
            self._order("reply", reply)
            self._order("reply", reply)  # a backend that does not know whether it has asked asks again

    def _order(self, name: str, body: dict) -> None:
        self.waiting.append(Order(name, json.dumps(body).encode()))


class Broker:
    """What lies between the county and one life of the gateway: a connection, and commands in its hands."""

    def __init__(self, county: County, connect_at: float) -> None:
        self.connect_at = connect_at
        self.connection = ""
        self.pubacks: list[int] = []
        self._county = county
        self._handed = 0
        self._in_hand: Order | None = None

    def connect(self, life: int) -> BrokerUp:
        """Let the gateway in."""
        self.connection = f"0199c7d2-7a10-7c55-9d34-{life:012}"
        return BrokerUp(self.connection, "5.0", session_present=True, window=10, max_packet=65_536)

    def says(self) -> Published | MessageReceived | None:
        """Acknowledge a publication, or hand out a command that was not handed out in this life."""
        if self.pubacks:
            return Published(self.pubacks.pop(0), PubackResult.ACCEPTED)
        if not self.connection or self._handed >= len(self._county.waiting):
            return None
        self._in_hand = order = self._county.waiting[self._handed]
        self._handed += 1
        delivery = Delivery(self.connection, self._handed)
        return MessageReceived(TOPICS.command(order.name), order.body, False, b"", delivery)

    def forget(self) -> None:
        """Have the command acknowledged that was handed out last."""
        self._county.waiting.remove(self._in_hand)
        self._handed -= 1


class World:
    """The modem with its SIM, the air, the county; processes come and go."""

    def __init__(self, folder: Path, cuts: Collection[int] = (), *, modem_too: bool = False) -> None:
        self.folder = folder
        self.cuts = frozenset(cuts)
        self.modem_too = modem_too  # the cut takes the modem's supply as well
        self.steps = 0
        self.lives = 0
        self.now = 1_000.0
        self.county = County()
        self.vm = VirtualModem(by_name("sim800"), timing=TIMING)
        self.vm.inject(parse_fault("cms:on=+CMGS.,code=41,skip=1"))
        self.letters = list(letters())
        self._agenda = [(self.now + 3.0 + 0.7 * n, tpdu) for n, tpdu in enumerate(sendings(self.letters))]
        self._path = folder / "life-0" / "k.db"
        self._path.parent.mkdir()
        self.bench = None
        self.wrong: list[str] = []

    # -- lives and deaths ----------------------------------------------------------------------------------------------

    def run(self) -> "World":
        """Run processes until everything is done; each one that dies is followed by the next."""
        with self._watched():
            while True:
                try:
                    return self._live()
                except PowerCut:
                    self._bury()

    def step(self) -> None:
        """Come past a point at which the power may go; what is in the files then is what the next process finds."""
        self.steps += 1
        if self.steps in self.cuts:
            self.lives += 1
            folder = self.folder / f"life-{self.lives}"
            folder.mkdir()
            for name in ("k.db", "k.db-wal"):
                if (self._path.parent / name).exists():
                    shutil.copy(self._path.parent / name, folder / name)
            self._path = folder / "k.db"
            raise PowerCut

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Make a step before and after each commit; the disk may be quick, the cuts are not within its writes."""
        run = File.run

        def stepping(file: File, sql: str, *values: object) -> object:
            if sql != "COMMIT":
                return run(file, sql, *values)
            self.step()
            done = run(file, sql, *values)
            self.step()
            return done

        hurried = PRAGMAS | {"synchronous": "off"}
        with patch.object(File, "run", stepping), patch("kentongan.queue.models.PRAGMAS", hurried):
            yield

    def _bury(self) -> None:
        if self.bench is not None:
            self.bench.store._file.abandon()
            self.bench = None
        shutil.rmtree(self.folder / f"life-{self.lives - 1}")
        if self.modem_too:
            self.vm.power(False)
            self.vm.power(True)

    def _live(self) -> "World":
        self.modem = Modem(ModemSettings("a", "sim800"))
        self.broker = Broker(self.county, self.now + CONNECT_S)
        self._start()
        self.modem.opened(self.now)
        end = self.now + LONGEST_S
        while not self._done():
            assert self.now < end, self.unfinished()
            self._turn()
        self.bench.core.close(self.bench.at)
        return self

    def _start(self) -> None:
        """Compose a core, whose ids have nothing to do with those of the lives before."""
        self.bench = Bench(self._path, acknowledge=True, start_ms=round(self.now * 1000), seed=self.lives)

    # -- time ----------------------------------------------------------------------------------------------------------

    def _turn(self) -> None:
        """Let everything happen that can happen now, then go to the next deadline."""
        while self._exchange():
            self.vm.tick(self.now)
        dues = [self.vm.next_deadline(), self.bench.core.next_deadline() / 1000, self.modem.next_deadline()]
        dues += [self._agenda[0][0]] if self._agenda else []
        dues += [] if self.broker.connection else [self.broker.connect_at]
        self.now = max(self.now + STEP_S, min(due for due in dues if due is not None))
        self.bench.move(round(self.now * 1000))
        while self._agenda and self._agenda[0][0] <= self.now:
            self.vm.deliver(self._agenda.pop(0)[1])
        self.vm.tick(self.now)
        self.modem.tick(self.now)
        if not self.broker.connection and self.now >= self.broker.connect_at:
            self._do(self.broker.connect(self.lives))
        if self.bench.core.next_deadline() <= self.bench.at.steady_ms:
            self._do(Tick())

    def _exchange(self) -> bool:
        """Pass on what everybody has to say; tells whether anybody had."""
        moved = self._to_modem()
        if heard := self.vm.bytes_to_send():
            self.modem.receive(heard, self.now)
            moved = True
        for event in self.modem.events():
            moved = True
            self._do(LineEvent("a", event))
        for action in self.modem.actions():
            moved = True
            if not isinstance(action, SetRate):
                self.modem.lost("closed", self.now)
                self.modem.opened(self.now)
        if said := self.broker.says():
            self._do(said)
            moved = True
        return moved

    def _to_modem(self) -> bool:
        data = self.modem.bytes_to_send()
        if not data:
            return False
        act = any(mark in data for mark in ACTS)
        if act:
            self.step()
        self.vm.receive(data, self.now)
        if act:
            self.step()
        return True

    # -- what the core wants -------------------------------------------------------------------------------------------

    def _do(self, event: object) -> None:
        for command in self.bench.core.handle(event, self.bench.at):
            self._perform(command)

    def _perform(self, command: Command) -> None:
        match command:
            case ToModem(_, wish):
                self.step()
                self.modem.command(wish, self.now)
            case Publish(publication) if publication.token and self.broker.connection:
                self.step()
                self.county.take(publication.topic, publication.payload)
                self.step()
                self.broker.pubacks.append(publication.token)
            case Acknowledge():
                self.step()
                self.broker.forget()
                self.step()
            case _:
                pass

    # -- the books -----------------------------------------------------------------------------------------------------

    def _done(self) -> bool:
        return not self.unfinished()

    def unfinished(self) -> str:
        """Say what is still to be done, nothing when all is."""
        if self._agenda or self.vm.device.network.waiting or self.vm.device.tray.memory.slots:
            return "an SMS is at the operator or in the SIM"
        if self.county.waiting or not self.broker.connection or self.broker.pubacks:
            return f"{len(self.county.waiting)} commands wait at the broker"
        counts = self.bench.store.counts(self.bench.at)
        if counts.unacknowledged or counts.spool or counts.queued or self.modem.busy:
            return f"the gateway has work: {counts}"
        return ""

    def air(self) -> Counter[tuple[str, str, int]]:
        """Count what left: recipient, text of the part, its number."""
        return Counter(map(_sent, self.vm.books.submitted))

    def violations(self) -> list[str]:
        """List what is wrong in the books."""
        county, air = self.county, self.air()
        wanted = Counter((letter.sender, letter.text) for letter in self.letters)
        found = Counter(texts[max(texts)] for texts in county.tickets.values())
        wrong = (
            [] if found == Counter(text for _, text in wanted.elements()) else [f"letters {wanted}, tickets {found}"]
        )
        wrong += [f"seq {seq} has tickets {ids}" for seq, ids in county.owners.items() if len(ids) != 1]
        wrong += [f"sent {count} times: {part}" for part, count in air.items() if count != 1]
        for command_id, (recipient, text) in county.wanted.items():
            last = county.told[command_id][-1] if county.told[command_id] else "never told of"
            whole = "".join(
                part for to, part, _ in sorted(air, key=lambda one: one[2]) if to == recipient and part in text
            )
            if last not in {"sent", "delivered"} and (last != "uncertain" or not self.cuts):
                wrong.append(f"{command_id} is {last}")
            elif last != "uncertain" and whole != text:
                wrong.append(f"{command_id} is {last}, and on the phone is {whole!r}")
        if self.doubted > len(self.cuts):
            wrong.append(f"{self.doubted} replies in doubt after {len(self.cuts)} cuts")
        return wrong + [f"file: {fault}" for fault in integrity(self._path)]

    @property
    def doubted(self) -> int:
        """Count the replies of which nobody can know: each needs a cut of its own."""
        return sum(states[-1] == "uncertain" for states in self.county.told.values())


@dataclass(frozen=True, slots=True)
class Letter:
    """An SMS of a citizen."""

    sender: str
    text: str
    tpdus: tuple[str, ...]


def letters() -> Iterator[Letter]:
    """Write four short SMS and a long one."""
    for n in range(4):
        text = f"laporan warga nomor {n}"
        yield Letter(CITIZENS[n], text, (deliver(text, sender=CITIZENS[n], second=n),))
    first, second = "satu sampai tiga, ", "dan empat"
    parts = [deliver(text, sender=CITIZENS[4], sequence=(7, 2, n), second=9) for n, text in ((1, first), (2, second))]
    yield Letter(CITIZENS[4], first + second, tuple(parts))


def sendings(some: Collection[Letter]) -> Iterator[str]:
    """Send them; the network delivers one twice, and the parts in the wrong order."""
    for number, letter in enumerate(some):
        yield from reversed(letter.tpdus)
        if number == 1:
            yield letter.tpdus[0]


def integrity(path: Path) -> tuple[str, ...]:
    """Check the file."""
    bench = File(path)
    with bench.reading():
        found = [row[0] for row in bench.run("PRAGMA integrity_check") if row[0] != "ok"]
    bench.close()
    return tuple(found)


def strike(cuts: Collection[int], *, modem_too: bool = False) -> World:
    """Play one world to its end, in a folder of its own."""
    with TemporaryDirectory(prefix="kentongan-crash-") as folder:
        world = World(Path(folder), cuts, modem_too=modem_too).run()
        world.wrong = world.violations()
        return world


def _sent(submitted: Submitted) -> tuple[str, str, int]:
    tpdu = pdu.decode(submitted.pdu_hex).tpdu
    concat = tpdu.user_data.concat
    return tpdu.destination.text, tpdu.user_data.text, concat.sequence if concat else 1
