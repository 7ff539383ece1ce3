"""Send SMS of every kind through the whole appliance and replies back: nothing changed, nothing lost, nothing twice.

    python benchmarks/traffic.py [--messages 200] [--write]

A pty at 115200 baud, a SIM of 30 slots that the network keeps filling, real SQLite, real mosquitto, the reference
backend. Compared is what the citizens' phones sent and received with what lies in the county's database.
"""

import argparse
import queue
import sys
from collections import Counter
from collections.abc import Iterator
from random import Random

import results
from rig import Rig, rig

from kentongan.daemon.demo.matches import running
from kentongan.daemon.demo.observations import Observation, SmsOut

SEED = 41937
ALPHABETS = {
    "GSM 7 bit": "abc defghij klmnopq rstuvwxyz ABC 0123456789 .,!?()'@",
    "GSM 7 bit with its extension": "harga {100}€ [a] ~ \\ | ^ rusak sekali",
    "UCS-2": "jalan “rusak” \N{EN DASH} mohon … café ñ",
    "UTF-16 with emoji": "banjir 🌊🙏 di desa 🏞️ tolong",
}
LENGTHS = (1, 20, 70, 71, 153, 160, 161, 400, 700)
WAIT_S = 120.0


def texts(count: int, random: Random) -> Iterator[tuple[str, str]]:
    """Make texts of all alphabets and lengths, each one another; gives kind and text."""
    kinds = list(ALPHABETS.items())
    for number in range(count):
        kind, letters = kinds[number % len(kinds)]
        length = LENGTHS[random.randrange(len(LENGTHS))]
        yield kind, f"{number}: " + "".join(random.choice(letters) for _ in range(length)).strip() + "."


class Phones:
    """What the citizens' phones show: long SMS joined, each with its sender."""

    def __init__(self) -> None:
        self.received: Counter[tuple[str, str]] = Counter()
        self._parts: dict[str, list[str]] = {}

    def take(self, seen: Observation) -> None:
        """Take a part that left the modem; the parts of a reply leave in order."""
        if not isinstance(seen, SmsOut):
            return
        parts = self._parts.setdefault(seen.number, [])
        parts.append(seen.text)
        if seen.part == seen.total:
            self.received[seen.number, "".join(parts)] += 1
            parts.clear()

    def drain(self, bench: Rig) -> None:
        """Take what is there."""
        while True:
            try:
                self.take(bench.seen.get(timeout=0.05).what)
            except queue.Empty:
                return


def number_of(index: int) -> str:
    """Give every citizen a telephone number."""
    return f"+62812{index:08}"


def stored(bench: Rig) -> Counter[tuple[str, str]]:
    """Read what lies in the county's database, newest revisions."""
    rows = bench.county(
        "SELECT json_extract(body, '$.sender.number'), json_extract(body, '$.text') FROM ticket AS t WHERE revision ="
        " (SELECT max(revision) FROM ticket WHERE ticket_id = t.ticket_id)"
    )
    return Counter((str(sender), str(text)) for sender, text in rows)


def until(bench: Rig, phones: Phones, query: str, count: int) -> bool:
    """Wait until a query of the county's database counts so many; false when it does not in time."""
    deadline = bench.clock.monotonic() + WAIT_S
    while bench.county(query)[0][0] != count:
        bench.look()
        phones.drain(bench)
        if bench.clock.monotonic() >= deadline:
            return False
    return True


def play(bench: Rig, count: int) -> list[tuple[str, int, int]]:
    """Send and answer; gives for each promise what was wanted and what was counted."""
    phones, random = Phones(), Random(SEED)  # the same texts every time
    sent = Counter({(number_of(n), text): 1 for n, (_, text) in enumerate(texts(count, random))})
    for sender, text in sent:
        bench.sms(sender, text)
    until(bench, phones, "SELECT count(DISTINCT ticket_id) FROM ticket", count)
    answers = {str(ticket): f"Balasan {n}: {text}" for n, (ticket, text) in enumerate(_answers(bench, count, random))}
    for ticket, text in answers.items():
        bench.order(ticket, text)
    until(bench, phones, "SELECT count(*) FROM reply WHERE final", count)
    phones.drain(bench)
    back = Counter({(_sender(bench, ticket), text): 1 for ticket, text in answers.items()})
    arrived = stored(bench)
    return [
        ("SMS in the county's database, letter by letter", count, (sent & arrived).total()),
        ("tickets beyond those", 0, arrived.total() - (sent & arrived).total()),
        ("SMS left on the SIM", 0, bench.slots_used()),
        ("replies on the citizens' phones, letter by letter", count, (back & phones.received).total()),
        ("SMS to citizens beyond those", 0, phones.received.total() - (back & phones.received).total()),
    ]


def _answers(bench: Rig, count: int, random: Random) -> Iterator[tuple[object, str]]:
    tickets = bench.county("SELECT DISTINCT ticket_id FROM ticket ORDER BY rowid")
    # what the citizen's phone shows is what was sent: only letters that no alphabet of ours would replace
    plain = [text for kind, text in texts(4 * count, random) if kind.startswith("GSM")]
    yield from ((row[0], text) for row, text in zip(tickets, plain, strict=False))


def _sender(bench: Rig, ticket: str) -> str:
    return str(
        bench.county("SELECT json_extract(body, '$.sender.number') FROM ticket WHERE ticket_id = ?", ticket)[0][0]
    )


def main() -> int:
    """Play, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Two hundred SMS in, two hundred out")
    parser.add_argument("--messages", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with rig() as bench:
        bench.wait(running())
        began = bench.clock.monotonic()
        rows = play(bench, options.messages)
        took_s = bench.clock.monotonic() - began
    good = all(wanted == counted for _, wanted, counted in rows)
    table = "".join(f"| {what} | {wanted} | {counted} |\n" for what, wanted, counted in rows)
    body = f"## Traffic\n\n{options.messages} SMS of {len(ALPHABETS)} kinds in and {options.messages} replies out, "
    body += f"in {took_s:.0f} s.\n\n| What | Wanted | Counted |\n|---|---|---|\n{table}"
    print(body)
    if options.write:
        results.write("traffic", body)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
