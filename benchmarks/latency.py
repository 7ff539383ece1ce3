"""Measure how quickly an SMS is on the county's broker, how quickly the gateway starts, and what it weighs.

    python benchmarks/latency.py [--messages 200] [--write]

One message at a time through a pty at 115200 baud, real SQLite, real mosquitto. The clock starts before the virtual
modem writes `+CMTI` and stops when another client has the ticket from the broker, which is an upper bound of the PUBACK
(mosquitto sends both in the same turn of its loop). Exit status 1 when a limit of the acceptance list is exceeded.
"""

import argparse
import subprocess
import sys
from pathlib import Path
from statistics import median, quantiles

import results
from rig import Rig, rig

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.demo.matches import message, running

P50_MS, P95_MS = 80.0, 200.0
HELP_S, FIRST_S, RSS_MB = 0.3, 2.0, 64.0
STARTS = 10


def latencies(bench: Rig, count: int) -> list[float]:
    """Time messages, each after the last one has left the SIM."""
    took = []
    for number in range(count):
        text = f"Jalan rusak di depan kantor desa, laporan {number}. Mohon diperbaiki."
        began = bench.clock.monotonic()
        bench.sms(f"+62812{number:08}", text)
        at, ticket = bench.wait(message("event/ticket", text=text))
        took.append((at - began) * 1000)
        bench.wait(message("command/ticket_ack", ticket_id=ticket["ticket_id"]))
        while bench.slots_used():
            pass  # each question waits for the modem's thread
    return took


def first_sms(bench: Rig) -> float:
    """Time a start of the gateway, to its first ticket."""
    bench.switch_off()
    bench.sms("+6281399990001", "SMS yang menunggu di kartu")
    began = bench.clock.monotonic()
    bench.start_service("run")
    at, _ = bench.wait(message("event/ticket", text="SMS yang menunggu di kartu"))
    return at - began


def help_starts() -> list[float]:
    """Time `kentongan --help`."""
    clock, took = SystemClock(), []
    for _ in range(STARTS):
        began = clock.monotonic()
        subprocess.run([sys.executable, "-m", "kentongan.daemon", "--help"], check=True, stdout=subprocess.DEVNULL)
        took.append(clock.monotonic() - began)
    return took


def weight_mb(pid: int, what: str = "Rss") -> float:
    """Read the resident memory of a process; `Pss` counts a page that n processes share as its nth part."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def main() -> int:
    """Measure and print, and write if asked."""
    parser = argparse.ArgumentParser(description="Latency, start and memory of the gateway")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with rig() as bench:
        bench.wait(running())
        took = latencies(bench, options.messages)
        weights = {name: weight_mb(bench.pid(name)) for name in ("run", "watch")}
        shared = sum(weight_mb(bench.pid(name), "Pss") for name in ("run", "watch"))
        first_s = first_sms(bench)
    starts = help_starts()
    p50, p95 = median(took), quantiles(took, n=20)[-1]
    total = sum(weights.values())
    rows = [
        ("+CMTI to the ticket at another client, p50", f"{p50:.0f} ms", f"{P50_MS:.0f} ms", p50 <= P50_MS),
        ("the same, p95", f"{p95:.0f} ms", f"{P95_MS:.0f} ms", p95 <= P95_MS),
        ("the same, the slowest", f"{max(took):.0f} ms", "", True),
        ("start of the gateway to its first ticket", f"{first_s:.2f} s", f"{FIRST_S} s", first_s <= FIRST_S),
        ("kentongan --help, median", f"{median(starts):.2f} s", f"{HELP_S} s", median(starts) <= HELP_S),
        (
            f"resident memory, gateway {weights['run']:.1f} MB + watcher {weights['watch']:.1f} MB",
            f"{total:.1f} MB",
            f"{RSS_MB:.0f} MB",
            total <= RSS_MB,
        ),
        ("the same, shared pages counted once", f"{shared:.1f} MB", "", True),
    ]
    table = "".join(
        f"| {what} | {value} | {limit} | {'yes' if good else 'NO'} |\n" for what, value, limit, good in rows
    )
    body = f"## Latency, start, memory\n\n{options.messages} messages, one at a time, modem at 115200 baud.\n\n"
    body += f"| What | Measured | Limit | Kept |\n|---|---|---|---|\n{table}"
    print(body)
    if options.write:
        results.write("latency", body)
    return 0 if all(good for *_, good in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
