# ruff: noqa: INP001, T201, S603, S311 - a script: it prints, starts programs, and draws lots
"""Cut the power at random moments while SMS flow both ways: 0 lost, 0 sent twice, no ticket number given out again.

    cuts.py CACHE [--cuts 100] [--seed N] [--keep FOLDER] [--write]

One cut of four comes while the machine boots, the others within seconds after it is online. The modem loses its supply
in the same moment; SIM and network keep what they have. A reply that is `uncertain` is no broken promise: nobody can
know, and no second one is sent. SIGINT to this process alone ends the cuts, not the counting. Exit status 1 when a
promise is broken.
"""

import argparse
import json
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from queue import Empty
from random import Random

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "examples")]

import backend  # noqa: E402 - the reference backend, from the folder above
import results  # noqa: E402
from machine import Machine  # noqa: E402
from prepare import COUNTY, GATEWAY, PORT  # noqa: E402

from kentongan.at import pdu  # noqa: E402
from kentongan.at.simulator import PtyModem, Timing, VirtualModem, by_name  # noqa: E402
from kentongan.daemon.clock import SystemClock  # noqa: E402
from kentongan.daemon.mortal import mortal  # noqa: E402
from kentongan.daemon.mosquitto import BrokerTls, Mosquitto, backend_user  # noqa: E402

PAGE = ROOT / "docs" / "appliance.md"
BEGIN, END = "<!-- power-cuts -->\n", "<!-- /power-cuts -->\n"
TIMING = Timing(other_s=0.005, send_s=0.08, report_s=0.3)
LOOK_S, ONLINE_S, SETTLE_S, QUIET_S = 0.05, 300.0, 1200.0, 15.0  # an emulated machine on a busy host is slow
IN_BOOT = 0.25  # the share of cuts that come before the gateway is online
IN_WRITE, WRITE_S, WRITE_LOOK_S = 0.5, 10.0, 0.0005  # the share that waits, how long, for a write without its flush
LIFE_S, PAUSE_S = (0.5, 15.0), (2.0, 6.0)
# What e2fsck, the initramfs and the kernel say of a file system that does not come up by itself.
BEYOND = ("UNEXPECTED INCONSISTENCY", "mount:", "EXT4-fs error", "FAT-fs (vda1): error")
CONNECTION = f"kentongan/v1/{COUNTY}/{GATEWAY}/status/connection"
NEWEST = """
    SELECT ticket_id, number, json_extract(body, '$.sender.number'), json_extract(body, '$.text') FROM ticket AS t
    WHERE revision = (SELECT max(revision) FROM ticket WHERE ticket_id = t.ticket_id)
"""
ALARMS = "SELECT topic FROM status WHERE topic LIKE '%/alarm/%' AND body LIKE '%\"active\"%'"
UNSETTLED = "SELECT count(*) FROM reply WHERE NOT final AND status NOT IN ('uncertain', 'sent')"


class World:
    """Everything outside the machine: the county, the citizens, the modem, and the books of what was promised."""

    def __init__(self, folder: Path, random: Random) -> None:
        self.clock, self.random = SystemClock(), random
        self.modem = PtyModem(VirtualModem(by_name("sim800"), timing=TIMING, seed=7), baud=115_200)
        self.sent: dict[str, str] = {}  # number -> text
        self.answers: dict[str, tuple[str, str]] = {}  # ticket id -> number, text
        self.air: Counter[tuple[str, str, int]] = Counter()  # number, text of the part, part
        self.boots: set[str] = set()
        self.alarms: set[str] = set()
        self._db = folder / "county.db"
        backend.Backend(str(self._db), COUNTY).db.close()  # its tables
        self._next = 0.0
        self._pause = threading.Event()

    def ask(self, query: str, *values: object) -> list[tuple[str, ...]]:
        """Ask the county's database."""
        with closing(sqlite3.connect(self._db, timeout=10)) as db:
            return db.execute(query, values).fetchall()

    def turn(self) -> None:
        """Let a moment pass: SMS come, tickets are answered, what was sent is entered."""
        now = self.clock.monotonic()
        if now >= self._next:
            self._next = now + self.random.uniform(*PAUSE_S)
            self._send()
            self._answer()
            self.alarms |= {topic.rpartition("/")[2] for (topic,) in self.ask(ALARMS)}
        self.enter()
        self._pause.wait(LOOK_S)

    def enter(self) -> None:
        """Enter what the phones got."""
        try:
            while True:
                tpdu = pdu.decode(self.modem.submissions.get_nowait().pdu_hex).tpdu
                concat = tpdu.user_data.concat
                self.air[tpdu.destination.text, tpdu.user_data.text, concat.sequence if concat else 1] += 1
        except Empty:
            return

    def online(self) -> bool:
        """Tell whether this boot has said hello."""
        for (body,) in self.ask("SELECT body FROM status WHERE topic = ?", CONNECTION):
            document = json.loads(body)
            if document.get("state") == "online" and document["boot_id"] not in self.boots:
                self.boots.add(document["boot_id"])
                return True
        return False

    def settled(self) -> bool:
        """Tell whether nothing is on its way any more."""
        self._answer()
        done = len(self.ask(NEWEST)) >= len(self.sent) == len(self.answers)
        return done and not int(self.ask(UNSETTLED)[0][0]) and not self.left()

    def left(self) -> int:
        """Count what lies on the SIM and what the network still holds."""
        return self.modem.call(lambda modem: len(modem.device.tray.memory.slots) + len(modem.device.network.waiting))

    def supply(self, *, on: bool) -> None:
        """Give the modem its power, or take it."""
        self.modem.call(lambda modem: modem.power(on))

    def _send(self) -> None:
        index = len(self.sent)
        number = f"+62812{index:08}"
        long = " Sudah lama begitu, belum ada yang datang." * (index % 4 // 3 * 6)
        self.sent[number] = f"Laporan {index}: jalan rusak di desa kami.{long}"
        self.modem.sms(number, self.sent[number])

    def _answer(self) -> None:
        for ticket_id, _, number, _ in self.ask(NEWEST):
            if ticket_id in self.answers:
                continue
            index = len(self.answers)
            self.answers[ticket_id] = number, f"Balasan {index}: laporan Anda sudah diteruskan."
            county = backend.Backend(str(self._db), COUNTY)
            with county.db:
                county.reply(ticket_id, self.answers[ticket_id][1], f"{ticket_id}:1")
            county.db.close()

    def verdict(self) -> list[tuple[str, int, int | None]]:
        """Count; a wanted value of `None` is only told."""
        self.enter()
        tickets = self.ask(NEWEST)
        arrived = Counter((number, text) for _, _, number, text in tickets)
        wanted = Counter(self.sent.items())
        states = dict(self.ask("SELECT command_id, status FROM reply"))
        doubted = {ticket for ticket in self.answers if states[f"{ticket}:1"] == "uncertain"}
        known = [answer for ticket, answer in self.answers.items() if ticket not in doubted]
        return [
            ("SMS sent by citizens", wanted.total(), None),
            ("SMS lost or changed", (wanted - arrived).total(), 0),
            ("tickets beyond one for each SMS", (arrived - wanted).total(), 0),
            ("ticket numbers given out twice", len(tickets) - len({number for _, number, _, _ in tickets}), 0),
            ("replies ordered", len(self.answers), None),
            ("SMS sent twice", sum(count - 1 for count in self.air.values()), 0),
            ("replies told to be sent and not on the phone", sum(not self.air[*answer, 1] for answer in known), 0),
            ("replies told to be uncertain", len(doubted), None),
            ("of these, on the phone after all", sum(self.air[*self.answers[one], 1] for one in doubted), None),
            ("SMS left on the SIM", self.left(), 0),
        ]


class Storm:
    """The lives of one machine."""

    def __init__(self, machine: Machine, world: World) -> None:
        self.machine, self.world = machine, world
        self.starts_s: list[float] = []  # from the plug to the gateway's hello
        self.cuts = self.in_boot = self.repaired = self.beyond = 0
        self.enough = False

    def blow(self, cuts: int) -> None:
        """Plug in and cut, again and again until there are enough; then let it settle."""
        while self.cuts < cuts and not self.enough:
            self._life()
            self.cuts += 1
            print(f"cut {self.cuts}: {self.words()}", flush=True)
        self._plug_in()
        self._until(self.world.online, ONLINE_S, "the machine comes up")
        self._until(self.world.settled, SETTLE_S, "everything arrives", sending=False)
        self._pause(QUIET_S)  # what should never come has this long to come

    def abate(self) -> None:
        """Let this cut be the last one."""
        self.enough = True

    def words(self) -> str:
        """Say how far it is."""
        disk = self.machine.disk
        return f"{len(self.world.sent)} SMS, {len(self.world.answers)} answered, {disk.lost} unflushed writes lost"

    def _life(self) -> None:
        random = self.world.random
        self._plug_in()
        if self.starts_s and random.random() < IN_BOOT:
            self.in_boot += 1
            end = self.world.clock.monotonic() + random.uniform(0.5, statistics.median(self.starts_s))
        else:
            self._until(self.world.online, ONLINE_S, "the machine comes up")
            self.starts_s.append(self.machine.since())
            end = self.world.clock.monotonic() + random.uniform(*LIFE_S)
        while self.world.clock.monotonic() < end:
            self.world.turn()
        if random.random() < IN_WRITE:
            self._await_write()
        self._cut()

    def _await_write(self) -> None:
        """Wait for a moment in which the disk has not yet what it was told to keep."""
        end = self.world.clock.monotonic() + WRITE_S
        while not self.machine.disk.holds_back() and self.world.clock.monotonic() < end:
            self._pause(WRITE_LOOK_S)

    def _plug_in(self) -> None:
        self.machine.on()
        self.world.supply(on=True)

    def _cut(self) -> None:
        said = self.machine.cut(self.world.random)
        self.world.supply(on=False)
        self.world.enter()
        self.repaired += "recovering journal" in said
        self.beyond += any(word in said for word in BEYOND)

    def _until(self, question: Callable[[], bool], within_s: float, what: str, *, sending: bool = True) -> None:
        end = self.world.clock.monotonic() + within_s
        while not question():
            if not self.machine.running:
                raise RuntimeError("the machine went out by itself; see console.log")
            if self.world.clock.monotonic() > end:
                raise TimeoutError(f"not within {within_s:g} s: {what}")
            if sending:
                self.world.turn()
            else:
                self._pause(LOOK_S)

    def _pause(self, seconds: float) -> None:
        self.world.enter()
        threading.Event().wait(seconds)


def outside(stack: ExitStack, cache: Path, folder: Path, port: int | None) -> int:
    """Start broker, on a free port unless one is given, and backend; they end with the stack. Gives the port."""
    tls = BrokerTls(cache / "tls/ca.crt", cache / "tls/broker.crt", cache / "tls/broker.key")
    word = (cache / "tls/word").read_text()
    users = {GATEWAY: word, f"{GATEWAY}-wd": word, backend_user(COUNTY): word}
    broker = stack.enter_context(Mosquitto(folder / "broker", users=users, county_id=COUNTY, tls=tls, port=port))
    log = stack.enter_context((folder / "backend.log").open("wb"))
    words = ["--db", folder / "county.db", "--county", COUNTY, "--url", f"mqtts://127.0.0.1:{broker.port}"]
    words += ["--username", backend_user(COUNTY), "--password-file", cache / "tls/word", "--ca-file", tls.ca_file]
    child = subprocess.Popen(
        mortal([sys.executable, ROOT / "examples/backend.py", "run", *words]), stdout=log, stderr=log
    )
    stack.callback(child.wait)
    stack.callback(child.terminate)
    return broker.port


def report(storm: Storm, seed: int, took_s: float) -> tuple[str, bool]:
    """Word what was counted; tells whether every promise was kept."""
    disk, world, cuts = storm.machine.disk, storm.world, storm.cuts
    rows = [("cuts after which file systems and gateway came up", cuts - storm.beyond, cuts), *world.verdict()]
    table = "".join(f"| {what} | {count} | {'' if want is None else want} |\n" for what, count, want in rows)
    starts = sorted(storm.starts_s)
    body = (
        f"{cuts} cuts (seed {seed}) in {took_s / 60:.0f} minutes, {storm.in_boot} of them while it booted."
        f" {disk.lost} writes that were in the disk's cache were lost with it, {disk.kept} lived;"
        f" the journal was replayed {storm.repaired} times. From the plug to the gateway's hello at the broker:"
        f" median {statistics.median(starts):.1f} s, longest {starts[-1]:.1f} s"
        f" ({storm.machine.kernel} on an emulated PC)."
        f" Alarms meanwhile: {', '.join(sorted(world.alarms)) or 'none'}.\n\n"
        f"| What | Counted | Promised |\n|---|---|---|\n{table}\nMachine: {results.machine()}.\n"
    )
    return body, all(want is None or want == count for _, count, want in rows)


def workplace(stack: ExitStack, keep: Path | None) -> Path:
    """Make the folder of a run: one to keep, or one that goes with the run."""
    folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def stage(stack: ExitStack, cache: Path, folder: Path, seed: int, port: int | None) -> tuple[World, Machine, int]:
    """Set up a machine that is off, its modem and the county; gives the broker's port with them."""
    port = outside(stack, cache, folder, port)
    world = World(folder, Random(seed))
    world.modem.start()
    stack.callback(world.modem.stop)
    machine = Machine(cache, folder, world.modem.path)
    stack.callback(machine.unplug)
    return world, machine, port


def put(page: Path, begin: str, body: str, end: str) -> None:
    """Write a report between its marks."""
    head, _, rest = page.read_text().partition(begin)
    page.write_text(head + begin + body + end + rest.partition(end)[2])


def main() -> int:
    """Storm, print, and write if asked."""
    parser = argparse.ArgumentParser(description="power cuts of a whole machine in traffic")
    parser.add_argument("cache", type=Path)
    parser.add_argument("--cuts", type=int, default=100)
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--keep", type=Path, help="keep disk, consoles and the county's database here")
    parser.add_argument("--write", action="store_true", help="write docs/appliance.md")
    options = parser.parse_args()
    with ExitStack() as stack:
        world, machine, _ = stage(stack, options.cache.resolve(), workplace(stack, options.keep), options.seed, PORT)
        storm, began = Storm(machine, world), world.clock.monotonic()
        signal.signal(signal.SIGINT, lambda *_: storm.abate())
        storm.blow(options.cuts)
        body, kept = report(storm, options.seed, world.clock.monotonic() - began)
    print(body)
    if options.write:
        put(PAGE, BEGIN, body, END)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
