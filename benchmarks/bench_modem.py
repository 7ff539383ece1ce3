"""Drain 500 messages through a SIM of 30 slots, send 100, all through the whole gateway; count an idle hour's commands.

    python benchmarks/bench_modem.py [--messages 500] [--write]

A pty at 115200 baud, real SQLite, real mosquitto, the reference backend. A message counts when it has been received,
committed, published and deleted from the SIM. Twice: with a modem that answers at once, and with realistic command
times (CMGD 80 ms, CMGR 30 ms, others 10 ms), beside the floor that the wire and those times allow. Exit status 1 when
a limit of the acceptance list is missed.
"""

import argparse
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

import results
from modem_field import Field
from rig import Rig, rig

from kentongan.at.simulator import INSTANT, Timing
from kentongan.at.simulator.timing import REALISTIC
from kentongan.daemon.demo.matches import running

SLOTS, OUT = 30, 100
IN_PER_S, OUT_PER_S, OF_FLOOR, IDLE_PER_MIN = 15.0, 10.0, 0.8, 12.0
WAIT_S = 180.0
OCTET_S = 10 / 115_200
TEXT = "Jalan rusak di depan kantor desa, laporan {}. Mohon diperbaiki."
PERSONAS = ("sim800c", "e173", "sim7600")
QUICK_NETWORK = Timing(other_s=0.010, commands=REALISTIC.commands)


def backlog(bench: Rig) -> int:
    """Count what is on the SIM and what the network still holds."""
    return bench._modem.call(lambda modem: len(modem.device.tray.memory.slots) + len(modem.device.network.waiting))  # noqa: SLF001


def let_in(bench: Rig, count: int) -> None:
    """Let everybody write at once."""
    letters = [(f"+62812{number:08}", TEXT.format(number)) for number in range(count)]
    bench._modem.call(lambda modem: [modem.sms(*letter) for letter in letters])  # noqa: SLF001


def until(bench: Rig, done: object) -> None:
    """Wait until something is so; raises TimeoutError."""
    deadline = bench.clock.monotonic() + WAIT_S
    while not done():
        bench.look()
        if bench.clock.monotonic() > deadline:
            raise TimeoutError("the bench has waited long enough")


def filed(bench: Rig) -> int:
    """Count the county's tickets."""
    return bench.county("SELECT count(DISTINCT ticket_id) FROM ticket")[0][0]


def drain(count: int, timing: Timing) -> float:
    """Time a drain; gives messages a second."""
    with rig(timing) as bench:
        bench.wait(running())
        until(bench, lambda: backlog(bench) == 0)
        began = bench.clock.monotonic()
        let_in(bench, count)
        until(bench, lambda: backlog(bench) == 0)
        took = bench.clock.monotonic() - began
        until(bench, lambda: filed(bench) >= count)
        if filed(bench) != count:
            raise AssertionError(f"{filed(bench)} tickets for {count} messages")
    return count / took


def send_out(count: int) -> float:
    """Time replies on a network without delay; gives messages a second."""
    with rig(INSTANT) as bench:
        bench.wait(running())
        let_in(bench, count)
        until(bench, lambda: filed(bench) == count and backlog(bench) == 0)
        ids = [ticket_id for (ticket_id,) in bench.county("SELECT DISTINCT ticket_id FROM ticket")]
        began = bench.clock.monotonic()
        for ticket_id in ids:
            bench.order(ticket_id, "Terima kasih, laporan sudah kami teruskan ke dinas.")
        until(bench, lambda: sent(bench) >= count)
        took = bench.clock.monotonic() - began
    return count / took


def sent(bench: Rig) -> int:
    """Count what the network took."""
    return bench._modem.call(lambda modem: len(modem.books.submitted))  # noqa: SLF001


def floor_s(timing: Timing, *, listed: bool) -> float:
    """Compute the least time of one message: read by its notice, or in a listing of all slots, and deleted."""
    pdu_octets = 2 * (8 + 20 + (len(TEXT.format(100)) * 7 + 7) // 8)
    entry = len('\r\n+CMGR: 0,"",72\r\n') + pdu_octets + 2
    delete = timing.of("+CMGD") + OCTET_S * (len("AT+CMGD=12\r") + len("\r\nOK\r\n"))
    if listed:
        return delete + OCTET_S * entry + (timing.of("+CMGL") + OCTET_S * len("AT+CMGL=4\r\r\nOK\r\n")) / SLOTS
    notice = OCTET_S * len('\r\n+CMTI: "SM",12\r\n')
    return delete + notice + timing.of("+CMGR") + OCTET_S * (len("AT+CMGR=12\r") + entry + len("\r\nOK\r\n"))


def idle_commands(persona: str) -> float:
    """Count the commands of an idle hour, a minute; time is simulated."""
    field = Field(persona).open().run(120)
    before = field.vm.books.commands
    field.run(3600)
    return (field.vm.books.commands - before) / 60


def main() -> int:
    """Measure and print, and write if asked."""
    parser = argparse.ArgumentParser(description="The modem line of the gateway under load, and idle")
    parser.add_argument("--messages", type=int, default=500)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    quick, real = drain(options.messages, INSTANT), drain(options.messages, QUICK_NETWORK)
    out = send_out(OUT)
    by_notice, by_list = (1 / floor_s(QUICK_NETWORK, listed=listed) for listed in (False, True))
    rows = [
        ("in, a modem that answers at once", f"{quick:.1f}/s", f">= {IN_PER_S:.0f}/s", quick >= IN_PER_S),
        (
            f"in, realistic command times; the floor is {by_notice:.1f}/s by notices, {by_list:.1f}/s by listings",
            f"{real:.1f}/s, {real / by_list:.0%} of the stricter",
            f">= {OF_FLOOR:.0%}",
            real >= OF_FLOOR * by_list,
        ),
        (f"out, {OUT} replies, a network without delay", f"{out:.1f}/s", f">= {OUT_PER_S:.0f}/s", out >= OUT_PER_S),
    ]
    for persona in PERSONAS:
        each = idle_commands(persona)
        rows.append(
            (f"commands of an idle minute, {persona}", f"{each:.1f}", f"<= {IDLE_PER_MIN:.0f}", each <= IDLE_PER_MIN)
        )
    table = "".join(f"| {what} | {met} | {limit} | {'yes' if kept else 'NO'} |\n" for what, met, limit, kept in rows)
    body = (
        f"## Modem line\n\n{options.messages} messages through {SLOTS} slots at 115200 baud, the whole gateway:"
        f" received, committed, published, deleted. Load of the machine meanwhile: {os.getloadavg()[0]:.0f}."
        f"\n\n| What | Measured | Limit | Kept |\n|---|---|---|---|\n{table}"
    )
    print(body)
    if options.write:
        results.write("modem", body)
    return 0 if all(kept for *_, kept in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
