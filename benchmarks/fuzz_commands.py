"""Throw commands at a whole core: schema-aware, hostile, repeated; none may stay unanswered, none may cost memory.

    python benchmarks/fuzz_commands.py [--commands 200000] [--seed 1] [--write]

A core on a real SQLite file, as in the tests; every answer is checked against the published schemas. Exit status 1 when
a command stays unanswered or unacknowledged, or the memory grows.
"""

import argparse
import json
import random
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import msgspec
import results
from core_bench import TOPICS, Bench, of

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.events import Acknowledge, Command, Note, Publish
from kentongan.mqtt.commands import COMMANDS
from kentongan.mqtt.examples import EXAMPLES

GROWTH_MB = 8.0  # from the tenth part of the run to its end: caches of SQLite and the allocator
TICKETS = 40
JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 2**63, 10**30, 1.5, "", " ", "x" * 5_000, "\x00", "😀" * 80, "+62812", [], {}, [[]],
    ["a"] * 300, {"a": {"b": {}}}, "'; DROP TABLE ticket; --", "2026-13-40T99:99:99+99:99", "../../etc/passwd", "${x}",
)  # fmt: skip


def plain(name: str, dice: random.Random) -> dict[str, Any]:
    """Take an example of a command, with an id that may have been used before."""
    tag = str(COMMANDS[name].__struct_config__.tag).partition("/")[0]
    body: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(dice.choice(EXAMPLES[tag])))
    if "command_id" in body:
        body["command_id"] = f"f{dice.randrange(50_000)}"
    return body


def mutated(body: dict[str, Any], tickets: list[str], dice: random.Random) -> dict[str, Any]:
    """Change nothing, or a field or two, somewhere."""
    if tickets and dice.random() < 0.5 and "ticket_id" in body:
        body["ticket_id"] = dice.choice(tickets)
    for _ in range(dice.choice((0, 0, 1, 1, 2, 3))):
        spot: Any = body
        while isinstance(spot, dict) and spot:
            key = dice.choice(list(spot))
            if isinstance(spot[key], dict) and spot[key] and dice.random() < 0.5:
                spot = spot[key]
                continue
            match dice.randrange(4):
                case 0:
                    del spot[key]
                case 1:
                    spot[dice.choice(("x_own", "expire_at", "sender_id", "priority", key + "_"))] = dice.choice(JUNK)
                case _:
                    spot[key] = dice.choice(JUNK)
            break
    return body


def octets(body: dict[str, Any], dice: random.Random) -> bytes:
    """Write it, now and then badly."""
    data = json.dumps(body, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")
    match dice.randrange(40):
        case 0:
            return data[: dice.randrange(len(data))]
        case 1:
            spot = dice.randrange(len(data))
            return data[:spot] + bytes([dice.randrange(256)]) + data[spot + 1 :]
        case 2:
            return dice.randbytes(dice.randrange(200))
        case 3:
            return data.replace(b"{", b'{"command_id":"twice",', 1)
        case 4:
            return b"[" * dice.randrange(1, 20_000)
        case 5:
            return data + b" " * dice.randrange(20_000)
        case _:
            return data


def answered(bench: Bench, commands: list[Command]) -> int:
    """Let the broker take everything; gives how many answers were among it."""
    ahead, answers = of(Publish, commands), 0
    while ahead:
        publication = ahead.pop().publication
        answers += publication.topic == TOPICS.event("response")
        if publication.token:
            ahead += of(Publish, bench.puback(Publish(publication)))
    return answers


def memory_mb() -> float:
    """Read our resident memory."""
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def run(bench: Bench, count: int, dice: random.Random) -> tuple[Counter[str], list[float]]:
    """Throw them; gives what went wrong and how, and the memory over time."""
    found: Counter[str] = Counter()
    weights = []
    names = list(COMMANDS)
    for number in range(TICKETS):
        answered(bench, bench.sms(f"Laporan {number}", sender=f"+62813456700{number:02}", index=number + 1))
    tickets = [ticket.ticket_id for ticket in bench.store.tickets(TICKETS)]
    for number in range(count):
        if number % (count // 10 or 1) == 0:
            weights.append(memory_mb())
            print(f"{number:>8} {weights[-1]:.1f} MB", flush=True)
        name = dice.choice(names) if dice.random() < 0.98 else dice.choice(("reboot", "reply/x", "", "+", "../reply"))
        body = mutated(plain(name, dice), tickets, dice) if name in COMMANDS else {"schema": f"{name}/1"}
        commands = bench.command(name or "x", octets(body, dice), retained=dice.random() < 0.02)
        found["unacknowledged"] += len(of(Acknowledge, commands)) != 1
        if answered(bench, commands) == 0:
            outcome = next((dict(note.facts).get("outcome") for note in of(Note, commands)), "")
            found["silent"] += 1
            found["unanswered"] += name != "ticket_ack" or outcome not in {"accepted", "refused"}
        found["commands"] += 1
        if number % 50 == 0:
            answered(bench, bench.pass_time(1))
    weights.append(memory_mb())
    return found, weights


def main() -> int:
    """Run and print, and write if asked."""
    parser = argparse.ArgumentParser(description="Fuzz the command side")
    parser.add_argument("--commands", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    clock = SystemClock()
    with TemporaryDirectory(prefix="kentongan-fuzz-") as folder:
        bench = Bench(
            Path(folder) / "k.db",
            people={"koordinator": "+6281100001234"},
            broadcast_per_day=50,
            commands_per_minute=4_000,  # about as many as come, so that both sides of the limit are met
        )
        bench.ready()
        answered(bench, bench.broker_up(window=10))
        bench.core._rooms.sending.stopped = True  # noqa: SLF001  the modem is not what is tested
        began = clock.monotonic()
        found, weights = run(bench, options.commands, random.Random(options.seed))
        took_s = clock.monotonic() - began
        good_acks = found["silent"]  # told apart below: only a good ticket_ack may be silent
        bench.core.close(bench.at)
    growth = weights[-1] - weights[1]
    body = f"""## Commands, fuzzed

{found["commands"]} commands, schema-aware and hostile, seed {options.seed}, in {took_s:.0f} s
({found["commands"] / took_s:.0f} a second with a commit each and every answer validated).

| What | Measured | Limit |
|---|---|---|
| not acknowledged to the broker | {found["unacknowledged"]} | 0 |
| without an answer and no good `ticket_ack` | {found["unanswered"]} | 0 |
| good `ticket_ack`, which has none | {good_acks - found["unanswered"]} | |
| memory from the tenth part to the end | {growth:+.1f} MB | {GROWTH_MB} MB |
"""
    print(body)
    if options.write:
        results.write("fuzz", body)
    return 0 if not (found["unacknowledged"] or found["unanswered"]) and growth <= GROWTH_MB else 1


if __name__ == "__main__":
    sys.exit(main())
