"""Measure what an idle appliance takes: memory after its first SMS, wake-ups a minute, and fsyncs for an SMS.

    python benchmarks/idle.py [--seconds 120] [--messages 20] [--write]

The two processes are looked at from outside: /proc for memory and context switches, strace (where it is installed) for
the fsyncs. Exit status 1 when gateway and watcher together are above the budget.
"""

import argparse
import re
import signal
import subprocess
import sys
from pathlib import Path
from shutil import which
from threading import Event

import results
from latency import RSS_MB, weight_mb
from rig import Rig, rig

from kentongan.daemon.demo.matches import message, running

SERVICES = ("run", "watch")
SETTLE_S = 10.0  # after the first SMS


def switches(pid: int) -> dict[str, int]:
    """Count how often each thread was put on a processor."""
    counted = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        counts = re.findall(r"ctxt_switches:\s*(\d+)", (task / "status").read_text("utf-8"))
        counted[task.name] = sum(map(int, counts))
    return counted


def wake_ups(bench: Rig, seconds: float) -> dict[str, float]:
    """Count the wake-ups of each service a minute while nothing happens."""
    before = {name: switches(bench.pid(name)) for name in SERVICES}
    Event().wait(seconds)
    after = {name: switches(bench.pid(name)) for name in SERVICES}
    return {
        name: sum(count - before[name].get(task, 0) for task, count in after[name].items()) * 60 / seconds
        for name in SERVICES
    }


def one_sms(bench: Rig, number: int) -> None:
    """Let one SMS go all its way: to the county, acknowledged, off the SIM."""
    text = f"Lampu jalan padam sejak {number} hari."
    bench.sms(f"+62813{number:08}", text)
    _, ticket = bench.wait(message("event/ticket", text=text))
    bench.wait(message("command/ticket_ack", ticket_id=ticket["ticket_id"]))
    while bench.slots_used():
        pass  # each question waits for the modem's thread


def fsyncs(bench: Rig, count: int) -> float | None:
    """Count the fsyncs of the gateway for each SMS, by strace; `None` without it."""
    if which("strace") is None:
        return None
    counts = bench.folder / "strace"
    calls = "trace=fsync,fdatasync,sync_file_range,syncfs,msync"
    tracer = subprocess.Popen(
        ["strace", "-f", "-c", "-e", calls, "-o", str(counts), "-p", str(bench.pid("run"))],
        stderr=subprocess.PIPE,
    )
    if tracer.stderr is not None:
        tracer.stderr.readline()  # it says when it is attached
    for number in range(count):
        one_sms(bench, number + 1)
    tracer.send_signal(signal.SIGINT)
    tracer.wait(timeout=30)
    rows = re.findall(r"^(?:\s*[\d.]+){3}\s+(\d+)\s+(?:\d+\s+)?\w*sync", counts.read_text("utf-8"), re.MULTILINE)
    return sum(map(int, rows)) / count


def main() -> int:
    """Measure, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Memory, wake-ups and fsyncs of an idle appliance")
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to watch it do nothing")
    parser.add_argument("--messages", type=int, default=20, help="SMS for the fsyncs")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with rig() as bench:
        bench.wait(running())
        one_sms(bench, 0)
        Event().wait(SETTLE_S)
        weights = {name: weight_mb(bench.pid(name)) for name in SERVICES}
        shared = sum(weight_mb(bench.pid(name), "Pss") for name in SERVICES)
        woken = wake_ups(bench, options.seconds)
        synced = fsyncs(bench, options.messages)
    total, release = sum(weights.values()), ".".join(map(str, sys.version_info[:2]))
    rows = [
        (f"resident memory, gateway {weights['run']:.1f} MB + watcher {weights['watch']:.1f} MB", f"{total:.1f} MB"),
        ("the same, shared pages counted once", f"{shared:.1f} MB"),
        ("wake-ups a minute, gateway", f"{woken['run']:.0f}"),
        ("wake-ups a minute, watcher (without lamps)", f"{woken['watch']:.0f}"),
        ("fsyncs for an SMS received, published and acknowledged", "no strace" if synced is None else f"{synced:.1f}"),
    ]
    body = f"## An idle appliance on Python {release}\n\nAfter the first SMS; budget of memory {RSS_MB:.0f} MB.\n\n"
    body += "| What | Measured |\n|---|---|\n" + "".join(f"| {what} | {value} |\n" for what, value in rows)
    print(body)
    if options.write:
        results.write(f"idle-{release}", body)
    return 0 if total <= RSS_MB else 1


if __name__ == "__main__":
    sys.exit(main())
