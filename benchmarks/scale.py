"""Run hundreds of whole gateways against one mosquitto, kill the broker in the middle, and count what arrived.

    python benchmarks/scale.py [--gateways 300] [--processes 6] [--rate 600] [--seconds 120] [--write]

Every gateway is the real program on a virtual modem, with its own database and link; the backend is the reference one,
which also answers every ticket. Exit status 1 when a ticket is missing at the backend, or a gateway does not come back.
"""

import argparse
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from threading import Event

import results

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import Mosquitto, backend_user

COUNTY = "3404"
ROOT = Path(__file__).resolve().parents[1]
TOTALS = re.compile(r"(\d+)/(\d+) gateways online, (\d+) tickets, (\d+) not yet acknowledged, (\d+) SMS sent")
CONNECTED = re.compile(r"^(\S+): New client connected from \S+ as (sim-\d+)")
DOWN_S = 3.0  # how long the broker is away
SETTLE_S = 15.0  # the second half's last tickets are acknowledged, and answered


def cpu_s(pid: int) -> float:
    """Read the processor time of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def rss_mb(pid: int) -> float:
    """Read the resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


class Province:
    """A broker, a backend and the processes full of gateways."""

    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.folder, self.options, self.clock = folder, options, SystemClock()
        names = [f"sim-{number:03}" for number in range(1, options.gateways + 1)]
        users = {name: f"sandi-{name}" for name in names} | {backend_user(COUNTY): "sandi"}
        (folder / "passwords").write_text("".join(f"{user}:{word}\n" for user, word in users.items()))
        (folder / "backend").write_text("sandi\n")
        # The contract must not need them, but a queue of 1,000 is small for a backend of 300 gateways.
        self.broker = Mosquitto(folder / "broker", users=users, county_id=COUNTY, extra=["max_queued_messages 20000"])
        self.children: list[subprocess.Popen[str]] = []
        self._rest = Event()

    def start(self) -> None:
        """Start everything."""
        options = self.options
        self.broker.start()
        url = f"mqtt://127.0.0.1:{self.broker.port}"
        command = [sys.executable, str(ROOT / "examples/backend.py"), "run", "--db", str(self.folder / "county.db")]
        command += ["--county", COUNTY, "--url", url, "--username", backend_user(COUNTY)]
        command += ["--password-file", str(self.folder / "backend"), "--confirm", "Laporan Anda kami teruskan."]
        self.backend = subprocess.Popen(mortal(command), stdout=subprocess.DEVNULL, text=True)
        each = -(-options.gateways // options.processes)
        for first in range(1, options.gateways + 1, each):
            count = min(each, options.gateways + 1 - first)
            rate = options.rate * count / options.gateways
            command = [sys.executable, "-m", "kentongan.daemon", "simulate", "--url", url, "--county", COUNTY]
            command += ["--gateways", str(count), "--first", str(first), "--rate", str(rate), "--seed", str(first)]
            command += ["--passwords", str(self.folder / "passwords")]
            out = (self.folder / f"out-{first}").open("w")
            self.children.append(subprocess.Popen(mortal(command), stdout=out, text=True))

    def wait(self, seconds: float) -> None:
        """Let it run."""
        self._rest.wait(seconds)

    def said(self) -> list[tuple[int, ...]]:
        """Read the last figures of every process."""
        found = []
        for path in sorted(self.folder.glob("out-*")):
            lines = TOTALS.findall(path.read_text("utf-8"))
            if lines:
                found.append(tuple(int(field) for field in lines[-1]))
        return found

    def all_online(self, within_s: float) -> float:
        """Wait until every gateway is at the broker; gives how long it took."""
        began = self.clock.monotonic()
        while self.clock.monotonic() - began < within_s:
            if len(self.connections()) >= self.options.gateways:
                return self.clock.monotonic() - began
            self.wait(0.5)
        raise SystemExit(f"only {len(self.connections())} of {self.options.gateways} gateways came within {within_s} s")

    def connections(self) -> dict[str, datetime]:
        """Read from the broker's log when each gateway connected first, since the broker's start."""
        found: dict[str, datetime] = {}
        for line in self.broker.log.read_text("utf-8", "replace").splitlines():
            if match := CONNECTED.match(line):
                found.setdefault(match[2], datetime.fromisoformat(match[1]))
        return found

    def county(self, query: str) -> int:
        """Ask the backend's database for a number."""
        with closing(sqlite3.connect(self.folder / "county.db", timeout=30)) as db:
            return int(db.execute(query).fetchone()[0])

    def stop(self) -> None:
        """End everything in order: the gateways first, so that they say their last figures."""
        for child in self.children:
            child.terminate()
        for child in self.children:
            child.wait(120)
        self.wait(3)
        self.backend.terminate()
        self.backend.wait(10)
        self.broker.stop()


def main() -> int:
    """Run and print, and write if asked."""
    parser = argparse.ArgumentParser(description="Hundreds of gateways on one broker")
    parser.add_argument("--gateways", type=int, default=300)
    parser.add_argument("--processes", type=int, default=6)
    parser.add_argument("--rate", type=float, default=600, help="SMS a minute, all together")
    parser.add_argument("--seconds", type=float, default=120, help="before and after the kill, together")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with TemporaryDirectory(prefix="kentongan-scale-") as folder:
        return measure(Province(Path(folder), options))


@dataclass(frozen=True, slots=True)
class Flow:
    """What half the time showed, before the kill."""

    tickets_s: float
    fleet: float  # processor, as a share of one core
    broker: float
    backend: float
    gateways_mb: float  # all of them
    broker_mb: float


def flow(province: Province, seconds: float) -> Flow:
    """Let tickets flow, and weigh."""
    pids = [child.pid for child in province.children]
    weighed = (*pids, province.broker.pid, province.backend.pid)
    before, began = [cpu_s(pid) for pid in weighed], province.clock.monotonic()
    seen = province.county("SELECT count(*) FROM ticket")
    province.wait(seconds)
    took_s = province.clock.monotonic() - began
    *fleet, broker, backend = [(cpu_s(pid) - was) / took_s for pid, was in zip(weighed, before, strict=True)]
    arrived = province.county("SELECT count(*) FROM ticket") - seen
    weights = sum(map(rss_mb, pids))
    return Flow(arrived / took_s, sum(fleet), broker, backend, weights, rss_mb(province.broker.pid))


def storm(province: Province) -> tuple[list[float], float]:
    """Kill the broker and start it again; gives when each gateway was back, and when all were seen to be."""
    province.broker.kill()
    province.wait(DOWN_S)
    province.broker.start()
    up = datetime.now().replace(microsecond=0)  # noqa: DTZ005, TID251  as mosquitto writes its log
    back_s = province.all_online(180)
    return sorted(max(0.0, (at - up).total_seconds()) for at in province.connections().values()), back_s


def measure(province: Province) -> int:
    """Play it and judge."""
    options = province.options
    province.start()
    first_s = province.all_online(300)
    flowed = flow(province, options.seconds / 2)
    waits, back_s = storm(province)
    province.wait(options.seconds / 2 + SETTLE_S)
    province.stop()
    said = province.said()
    tickets, unacknowledged, sent = (sum(each[field] for each in said) for field in (2, 3, 4))
    arrived = province.county("SELECT count(DISTINCT ticket_id) FROM ticket")
    count, share = options.gateways, 100 * flowed.fleet
    body = f"""## Scale

{count} whole gateways in {options.processes} processes, one mosquitto, one reference backend that answers every ticket;
{options.rate:.0f} SMS a minute; the broker killed once and away for {DOWN_S:.0f} s.

| What | Measured |
|---|---|
| all gateways online after the start | {first_s:.0f} s |
| tickets a second, gateway to acknowledged | {flowed.tickets_s:.1f} |
| processor, all gateways | {share:.0f} % of a core ({share / count:.2f} % each) |
| processor, broker / backend | {100 * flowed.broker:.0f} % / {100 * flowed.backend:.0f} % |
| memory of a gateway (shared interpreter) | {flowed.gateways_mb / count:.1f} MB |
| memory of the broker | {flowed.broker_mb:.1f} MB |
| after the broker's return: half / last gateway back | {median(waits):.0f} s / {waits[-1]:.0f} s (seen after {back_s:.0f} s) |
| most connections in one second of the storm | {max(Counter(waits).values())} of {count} |
| tickets opened / at the backend / not acknowledged at the end | {tickets} / {arrived} / {unacknowledged} |
| SMS sent (acknowledgements and replies) | {sent} |
"""  # noqa: E501  a table
    print(body)
    if options.write:
        results.write("scale", body)
    return 0 if arrived >= tickets and not unacknowledged else 1


if __name__ == "__main__":
    sys.exit(main())
