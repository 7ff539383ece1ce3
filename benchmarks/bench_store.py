"""Measure the store by itself: what a message costs, how that grows, and how fast a backlog drains.

    python benchmarks/bench_store.py                         a short look at all of it, one minute
    python benchmarks/bench_store.py growth --stored 1000000 receive() on so many messages against an empty store
    python benchmarks/bench_store.py backlog --waiting 100000 that many wait for the broker, then drain
    python benchmarks/bench_store.py gammu --count 100       octets written by gammu-smsd for so many SMS beside ours
                                                             (Debian's packages gammu-smsd and libdbd-sqlite3)
    --write                                                  also writes it to benchmarks/RESULTS.md

The file is made in the temporary folder (TMPDIR): the figures hold for that disk. Octets written are what
`/proc/self/io` says was handed to the block layer, so a folder in memory shows none. Exit status 1 when a bound of the
store's issue is broken.
"""

import argparse
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from time import perf_counter
from typing import TypeVar
from unittest.mock import patch

import results

from kentongan.at.simulator import PtyModem, VirtualModem, by_name
from kentongan.daemon.mortal import mortal
from kentongan.queue.ids import Uuid7
from kentongan.queue.models import File
from kentongan.queue.records import (
    Encoding,
    InboundPart,
    Lane,
    Moment,
    OutboundDraft,
    OutboundMessage,
    PartDraft,
    PartSent,
    Priority,
    Sender,
    SpoolDraft,
    SpoolItem,
    TextPart,
    Ticket,
    TicketAck,
)
from kentongan.queue.store import Answered, Store, StoreSettings

BORN_MS = 1_770_000_000_000
SENDERS = 5_000  # people of a district who ever write
TEXT = "Lampu jalan di Jl. Kaliurang km 5 mati sudah 3 hari. Mohon diperbaiki, terima kasih. (laporan {n})"
EVERY = frozenset(Priority)
GROWTH_BOUND = 1.5  # p95 of receive() on the full against the empty store
DRAIN_BOUND = 500  # a second
MEMORY_BOUND_KB = 20 * 1024
START_BOUND_S = 3.0
MINUTE_MS = 60_000
MEASURED = 2_000
AT_ONCE = 1_000  # messages of one transaction where nobody is measuring
T = TypeVar("T")


@dataclass
class Series:
    """Durations of one operation."""

    name: str
    seconds: list[float] = field(default_factory=list)

    def time(self, work: Callable[[], T]) -> T:
        """Run and measure."""
        start = perf_counter()
        done = work()
        self.seconds.append(perf_counter() - start)
        return done

    def at(self, share: float) -> float:
        """Give a percentile in milliseconds."""
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(len(self.seconds) * share))] * 1000

    def row(self) -> str:
        """Word the percentiles as a row of a table."""
        return f"| {self.name} | {self.at(0.5):.2f} | {self.at(0.95):.2f} | {self.at(1):.1f} |"


class Office:
    """A store with its citizens and its backend."""

    def __init__(self, folder: Path, *, answering: bool = False) -> None:
        self.path = folder / "kentongan.db"
        self.steady_ms = MINUTE_MS
        self.made = 0
        self.answering = answering
        self.store = self.open()

    def open(self) -> Store:
        """Open the file."""
        ids = Uuid7(os.urandom)
        return Store.open(self.path, StoreSettings("LU2"), at=self.at(), ids=ids, narrate=narrate)

    def at(self) -> Moment:
        """Give the moment of the office's own clock."""
        return Moment(self.steady_ms, BORN_MS + self.steady_ms, synced=True)

    def sms(self) -> InboundPart:
        """Make the next citizen's SMS."""
        self.made += 1
        self.steady_ms += MINUTE_MS
        number = f"+62812{self.made * 7919 % SENDERS:07}"
        sender = Sender(number, number, f"s_{self.made * 7919 % SENDERS:012}", replyable=True)
        content = TextPart(sender, TEXT.format(n=self.made), Encoding.GSM7, smsc_ms=BORN_MS + self.steady_ms)
        return InboundPart("a", "89620000000000000000", os.urandom(130).hex(), os.urandom(16).hex(), content)

    def receive(self) -> Ticket | None:
        """Take the next SMS in."""
        return self.store.receive(self.sms(), self.at(), answer=self._answer).ticket

    def _answer(self, ticket: Ticket, _answered: Answered) -> OutboundDraft | None:
        if not self.answering:
            return None
        part = PartDraft(150, "11" * 150)
        text = f"Laporan Anda sudah kami terima. Tiket: {ticket.number}."
        return OutboundDraft(
            "a",
            ticket.sender.number,
            text,
            Encoding.GSM7,
            (part,),
            Priority.ACKNOWLEDGEMENT,
            ticket_id=ticket.ticket_id,
        )

    def due(self, limit: int = 10) -> list[SpoolItem]:
        """Give what the link would publish."""
        return self.store.spool_due(self.at(), limit=limit, exclude=())

    def accept(self, ticket_id: str) -> None:
        """Let the backend have a ticket."""
        self.store.acknowledge(TicketAck(ticket_id, accepted=True, revision=1, backend_ticket="LPR-1"), self.at())


def narrate(_message: OutboundMessage, _at: Moment) -> SpoolDraft | None:
    """Tell nobody: an acknowledgement of our own has no event."""
    return None


def octets_written(process: int | str = "self") -> int:
    """Read what a process handed to the block layer."""
    lines = Path(f"/proc/{process}/io").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("write_bytes")).split()[1])


def resident_kb() -> int:
    """Read the resident memory of this process."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def cost(folder: Path) -> tuple[list[str], bool]:
    """Measure a message's way: received, published, accepted, its acknowledgement sent."""
    office = Office(folder, answering=True)
    steps = {name: Series(name) for name in ("receive", "spool_due", "spool_published", "acknowledge", "send")}
    start = octets_written()
    for _ in range(MEASURED):
        steps["receive"].time(office.receive)
        for item in steps["spool_due"].time(office.due):
            steps["spool_published"].time(lambda item=item: office.store.spool_published(item.spool_id, office.at()))
            if item.ticket:
                ticket_id = item.ticket.ticket_id
                steps["acknowledge"].time(lambda ticket_id=ticket_id: office.accept(ticket_id))
        steps["send"].time(lambda: send(office))
    office.store.close(office.at())
    written = (octets_written() - start) / MEASURED
    size = office.path.stat().st_size / MEASURED
    return [
        "## What a message costs",
        "",
        f"{MEASURED} SMS, each received, published, accepted by the backend and answered; milliseconds with fsyncs.",
        "",
        "| Operation | p50 | p95 | max |",
        "|---|---|---|---|",
        *(series.row() for series in steps.values()),
        "",
        f"{written / 1000:.1f} kB reach the disk per SMS with all of this, {size:.0f} octets stay in the file.",
    ], True


def send(office: Office) -> None:
    """Send what is due."""
    part = office.store.due_part("a", office.at(), allowed=EVERY)
    if part is not None:
        office.store.begin(part.part_id, office.at())
        office.store.finish(part.part_id, PartSent(part.part_id % 256), None, office.at())


def growth(folder: Path, stored: int) -> tuple[list[str], bool]:
    """Measure receive() on an empty and on a full store in turn, and what else may slow down."""
    (folder / "empty").mkdir()
    (folder / "full").mkdir()
    fresh, office = Office(folder / "empty"), Office(folder / "full")
    hurry(office, stored, accept=True, cache_kb=400_000)
    office.store.close(office.at())
    size = office.path.stat().st_size / stored
    clean, unclean, page = Series("start"), Series("start after an unclean stop"), Series("a page of 20 tickets")
    office.store = clean.time(office.open)
    office.store = unclean.time(office.open)
    for before in (None, stored, stored // 2, 21):
        page.time(lambda before=before: office.store.tickets(20, before_seq=before))
    counts = Series("figures for health and status")
    counts.time(lambda: office.store.counts(office.at()))
    empty, full = Series("receive, empty store"), Series(f"receive, {stored} stored")
    for _ in range(MEASURED):
        empty.time(fresh.receive)
        full.time(office.receive)
    rows = [series.row() for series in (empty, full, clean, unclean, page, counts)]
    factor = full.at(0.95) / empty.at(0.95)
    start_s = max(clean.at(1), unclean.at(1)) / 1000
    grows_well, starts_well = factor <= GROWTH_BOUND, start_s <= START_BOUND_S
    lines = [
        f"## The store with {stored} messages",
        "",
        "Milliseconds with fsyncs; both stores in turn, on the same disk. Pages at both ends and in the middle.",
        "",
        "| Operation | p50 | p95 | max |",
        "|---|---|---|---|",
        *rows,
        "",
        "| What | Measured | Limit | Kept |",
        "|---|---|---|---|",
        f"| p95 of receive, full against empty | {factor:.2f} times | {GROWTH_BOUND} | {kept(grows_well)} |",
        f"| the slower start | {start_s:.2f} s | {START_BOUND_S} s | {kept(starts_well)} |",
        f"| octets a message takes in the file | {size:.0f} | | |",
    ]
    return lines, grows_well and starts_well


def kept(good: bool) -> str:
    """Word a verdict."""
    return "yes" if good else "NO"


def hurry(office: Office, stored: int, *, accept: bool, cache_kb: int = 2_000) -> None:
    """Store messages through the store's own methods, many in one transaction and without waiting for the disk."""
    file = office.store._file  # noqa: SLF001  a benchmark may hurry
    with file.reading():
        for pragma in ("synchronous = OFF", f"cache_size = -{cache_kb}", "wal_autocheckpoint = 200000"):
            file.run(f"PRAGMA {pragma}")
    while office.made < stored:
        with file.writing(), patch.object(File, "writing", joined):
            for _ in range(min(AT_ONCE, stored - office.made)):
                ticket = office.receive()
                if accept and ticket is not None:
                    office.accept(ticket.ticket_id)
    file.abandon()  # the next connection has the settings it should


def joined(_file: File, *, lasting: bool = True) -> nullcontext[None]:  # noqa: ARG001  as `File.writing`
    """Let a transaction be part of the one around it."""
    return nullcontext()


def backlog(folder: Path, waiting: int) -> tuple[list[str], bool]:
    """Let messages wait for the broker, then drain in order; in the middle the broker goes and comes back."""
    office = Office(folder)
    hurry(office, 100, accept=False)
    before_kb = resident_kb()
    while office.made < waiting:
        hurry(office, min(waiting, office.made + 10_000), accept=False)
    office.store.answer(None, SpoolDraft(Lane.RESPONSE, "response", "r", "t", b"{}"), office.at())
    arrived_kb = resident_kb() - before_kb
    first, again = office.due()[0], Series("reconnect")
    seen: list[int] = []
    start = perf_counter()
    while items := office.due():
        for item in items:
            office.store.spool_published(item.spool_id, office.at())
            if item.ticket:
                seen.append(item.ticket.seq)
                office.accept(item.ticket.ticket_id)
        if len(again.seconds) == 0 and len(seen) > waiting / 2:
            again.time(lambda: (office.store.offer_again(), office.due()))
    drained_s = perf_counter() - start
    grown_kb = resident_kb() - before_kb
    rate = len(seen) / drained_s
    ordered = first.lane is Lane.RESPONSE and seen == sorted(seen) and len(seen) == waiting
    drains_well, stays_small = rate >= DRAIN_BOUND, grown_kb <= MEMORY_BOUND_KB
    lines = [
        f"## {waiting} messages wait for the broker",
        "",
        "Published ten at a time; each PUBACK and each acceptance by the backend is a transaction of its own.",
        "",
        "| What | Measured | Limit | Kept |",
        "|---|---|---|---|",
        f"| drained | {rate:.0f}/s | >= {DRAIN_BOUND}/s | {kept(drains_well)} |",
        f"| answers to commands first, then tickets by age | {kept(ordered)} | yes | {kept(ordered)} |",
        f"| memory grown until all had come | {arrived_kb / 1024:.1f} MB | | |",
        f"| until all had gone | {grown_kb / 1024:.1f} MB | {MEMORY_BOUND_KB // 1024} MB | {kept(stays_small)} |",
        f"| the broker's return with half of them waiting | {again.at(1):.1f} ms | | |",
    ]
    return lines, ordered and drains_well and stays_small


GAMMU_CONFIG = """
[gammu]
device = {folder}/modem
connection = at115200
[smsd]
service = sql
driver = sqlite3
dbdir = {folder}/
database = smsd.db
commtimeout = 1
receivefrequency = 0
checksecurity = 0
"""
GAMMU_TABLES = Path("/usr/share/doc/gammu-smsd/examples/sqlite.sql")
DEADLINE_S = 30.0


def gammu(folder: Path, count: int) -> tuple[list[str], bool]:
    """Let gammu-smsd store SMS from the virtual modem in its SQLite backend, and ours the same ones."""
    program = shutil.which("gammu-smsd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or not GAMMU_TABLES.exists():
        return ["gammu-smsd is not installed: apt-get install gammu-smsd libdbd-sqlite3"], False
    theirs = smsd(program, folder, count)
    office = Office(folder)
    start = octets_written()
    for _ in range(count):
        office.receive()
    received = (octets_written() - start) / count
    while items := office.due():
        for item in items:
            office.store.spool_published(item.spool_id, office.at())
            if item.ticket:
                office.accept(item.ticket.ticket_id)
    office.store.close(office.at())
    whole = (octets_written() - start) / count
    return [
        "## Octets that reach the disk, beside gammu-smsd",
        "",
        f"{count} SMS one by one from the same virtual modem's texts, each committed; what each process handed to the",
        "block layer.",
        "",
        "| What | kB for an SMS |",
        "|---|---|",
        f"| gammu-smsd with SQLite: received and deleted | {theirs / 1000:.1f} |",
        f"| ours: received | {received / 1000:.1f} |",
        f"| ours: received, published, accepted by the backend, file closed | {whole / 1000:.1f} |",
    ], whole < theirs


def smsd(program: str, folder: Path, count: int) -> float:
    """Run gammu-smsd on the virtual modem; gives the octets it wrote for an SMS."""
    with closing(sqlite3.connect(folder / "smsd.db")) as tables:
        tables.executescript(GAMMU_TABLES.read_text("utf-8"))
    config = folder / "smsdrc"
    config.write_text(GAMMU_CONFIG.format(folder=folder), "ascii")
    virtual = VirtualModem(by_name("sim800"))
    events: Queue[str] = Queue()
    virtual.device.hooks.note = events.put
    modem = PtyModem(virtual, link=folder / "modem")
    modem.start()
    try:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(mortal([program, "-c", config]), **quiet) as process:
            try:
                return drain(modem, events, process.pid, count)
            finally:
                process.kill()
    finally:
        modem.stop()


def drain(modem: PtyModem, events: "Queue[str]", process: int, count: int) -> float:
    """Send SMS one after the other, each deleted before the next; gives the octets written for one."""
    start = 0
    for n in range(count + 1):
        modem.sms(f"+62812345{n:05}", TEXT.format(n=n))
        while not events.get(timeout=DEADLINE_S).startswith("deleted"):
            pass
        if n == 0:
            start = octets_written(process)
    return (octets_written(process) - start) / count


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description="Measure the store by itself.")
    parser.add_argument("part", nargs="*", help="cost, growth, backlog, gammu; all but the last when none is named")
    parser.add_argument("--stored", type=int, default=20_000, help="messages for the growth of receive()")
    parser.add_argument("--waiting", type=int, default=5_000, help="messages that wait for the broker")
    parser.add_argument("--count", type=int, default=100, help="SMS for gammu-smsd, and for ours beside it")
    parser.add_argument("--write", action="store_true", help="also write benchmarks/RESULTS.md")
    asked = parser.parse_args()
    parts: dict[str, Callable[[Path], tuple[list[str], bool]]] = {
        "cost": cost,
        "growth": lambda folder: growth(folder, asked.stored),
        "backlog": lambda folder: backlog(folder, asked.waiting),
        "gammu": lambda folder: gammu(folder, asked.count),
    }
    good = True
    for name in asked.part or ("cost", "growth", "backlog"):
        with tempfile.TemporaryDirectory(prefix="kentongan-bench-") as folder:
            lines, kept_all = parts[name](Path(folder))
        print("\n".join([*lines, ""]))
        good = good and kept_all
        if asked.write:
            results.write(f"store-{name}", "\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
