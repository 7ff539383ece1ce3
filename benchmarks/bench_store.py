"""Measure the store by itself: what a message costs, how that grows, and how fast a backlog drains.

    python benchmarks/bench_store.py                       a minute: cost of a message and a backlog of 5,000
    python benchmarks/bench_store.py --stored 1000000      receive() on a store of so many messages against an empty one
    python benchmarks/bench_store.py --backlog 100000      that many arrive while the broker is away, then drain
    python benchmarks/bench_store.py --gammu 100           octets written by gammu-smsd for so many SMS beside ours
                                                           (Debian's packages gammu-smsd and libdbd-sqlite3)
    python benchmarks/bench_store.py --write               also writes it to benchmarks/RESULTS.md

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
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from time import perf_counter
from typing import TypeVar

import results

from kentongan.at.simulator import PtyModem, VirtualModem, by_name
from kentongan.queue.ids import Uuid7
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


def cost(folder: Path) -> list[str]:
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
        f"{MEASURED} SMS, each received, published, accepted by the backend and answered; milliseconds with fsyncs.",
        "",
        "| Operation | p50 | p95 | max |",
        "|---|---|---|---|",
        *(series.row() for series in steps.values()),
        "",
        f"{written / 1000:.1f} kB reach the disk per SMS with all of this, {size:.0f} octets stay in the file.",
    ]


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
    fill(office, stored)
    office.store.close(office.at())
    size = office.path.stat().st_size / stored
    clean, unclean, page = Series("start"), Series("start after an unclean stop"), Series("a page of 20 tickets")
    office.store = clean.time(office.open)
    office.store = unclean.time(office.open)
    page.time(lambda: office.store.tickets(20))
    counts = Series("figures")
    counts.time(lambda: office.store.counts(office.at()))
    empty, full = Series("receive, empty store"), Series(f"receive, {stored} stored")
    for _ in range(MEASURED):
        empty.time(fresh.receive)
        full.time(office.receive)
    rows = [series.row() for series in (empty, full, clean, unclean, page, counts)]
    factor = full.at(0.95) / empty.at(0.95)
    good = factor <= GROWTH_BOUND and max(clean.at(1), unclean.at(1)) <= START_BOUND_S * 1000
    text = f"p95 grows {factor:.2f} times (bound {GROWTH_BOUND}); {size:.0f} octets a message in the file."
    return ["| Operation | p50 | p95 | max |", "|---|---|---|---|", *rows, "", text], good


def fill(office: Office, stored: int) -> None:
    """Store and accept so many messages, without waiting for the disk."""
    file = office.store._file  # noqa: SLF001  a benchmark may hurry
    file.run("PRAGMA synchronous = OFF")
    while office.made < stored:
        ticket = office.receive()
        if ticket is not None:
            office.accept(ticket.ticket_id)
    file.run("PRAGMA synchronous = FULL")


def backlog(folder: Path, count: int) -> tuple[list[str], bool]:
    """Let messages arrive while the broker is away, then drain in order."""
    office = Office(folder)
    for _ in range(100):
        office.receive()
    before_kb = resident_kb()
    start = perf_counter()
    for _ in range(count):
        office.receive()
    arrived_s = perf_counter() - start
    office.store.answer(None, SpoolDraft(Lane.RESPONSE, "response", "r", "t", b"{}"), office.at())
    seen: list[int] = []
    first = office.due()[0]
    start = perf_counter()
    while items := office.due():
        for item in items:
            office.store.spool_published(item.spool_id, office.at())
            if item.ticket:
                seen.append(item.ticket.seq)
                office.accept(item.ticket.ticket_id)
    drained_s = perf_counter() - start
    grown_kb = resident_kb() - before_kb
    rate = len(seen) / drained_s
    ordered = first.lane is Lane.RESPONSE and seen == sorted(seen) and len(seen) == count + 100
    good = ordered and rate >= DRAIN_BOUND and grown_kb <= MEMORY_BOUND_KB
    text = (
        f"{count} SMS stored at {count / arrived_s:.0f}/s while the broker was away, then published and accepted at "
        f"{rate:.0f}/s (bound {DRAIN_BOUND}), {'in order' if ordered else 'OUT OF ORDER'}; "
        f"memory grew {grown_kb / 1024:.1f} MB (bound {MEMORY_BOUND_KB // 1024})."
    )
    return [text], good


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


def gammu(folder: Path, count: int) -> list[str]:
    """Let gammu-smsd store SMS from the virtual modem in its SQLite backend, and ours the same ones."""
    program = shutil.which("gammu-smsd", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or not GAMMU_TABLES.exists():
        return ["gammu-smsd is not installed: apt-get install gammu-smsd libdbd-sqlite3"]
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
        with subprocess.Popen([program, "-c", str(config)], **quiet) as process:
            try:
                theirs = drain(modem, events, process.pid, count)
            finally:
                process.kill()
    finally:
        modem.stop()
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
    text = (
        f"Octets written per SMS ({count} SMS): gammu-smsd with SQLite {theirs / 1000:.1f} kB to receive and delete, "
        f"ours {received / 1000:.1f} kB to receive, {whole / 1000:.1f} kB with publication, acceptance and close."
    )
    return [text]


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
    parser.add_argument("--stored", type=int, default=20_000, help="messages for the growth of receive()")
    parser.add_argument("--backlog", type=int, default=5_000, help="messages that wait for the broker")
    parser.add_argument("--gammu", type=int, default=0, help="SMS for gammu-smsd, and for ours beside it")
    parser.add_argument("--write", action="store_true", help="also write benchmarks/RESULTS.md")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kentongan-bench-") as name:
        folders = [Path(name) / part for part in ("cost", "growth", "backlog", "gammu")]
        for folder in folders:
            folder.mkdir()
        lines = ["## The store", "", *cost(folders[0]), ""]
        grown, grows_well = growth(folders[1], asked.stored)
        drained, drains_well = backlog(folders[2], asked.backlog)
        beside = ["", *gammu(folders[3], asked.gammu)] if asked.gammu else []
    text = "\n".join([*lines, *grown, "", *drained, *beside])
    print(text)
    if asked.write:
        results.write("store", text)
    return 0 if grows_well and drains_well else 1


if __name__ == "__main__":
    sys.exit(main())
