"""Kill the gateway at random moments while SMS flow both ways: 0 lost, 0 sent twice, the same ticket for every repeat.

    python benchmarks/chaos.py [--kills 200] [--seed N] [--write]

`kill -9`, then a new start, as a power cut and systemd would do it; modem, broker and the county's system go on. Exit
status 1 when a promise is broken. A reply that is `uncertain` is no broken promise, sent or not: the gateway says that
it cannot know, and sends no second one.
"""

import argparse
import sys
from collections import Counter
from random import Random

import results
from rig import Rig, rig
from traffic import Phones, number_of, stored

from kentongan.daemon.demo.matches import running

SETTLE_S = 180.0
LIFE_S = (0.05, 2.5)  # a start takes half a second: some lives end before the first SMS
UNSETTLED = "SELECT count(*) FROM reply WHERE NOT final AND status NOT IN ('uncertain', 'sent')"


class Storm:
    """The traffic and the kills."""

    def __init__(self, bench: Rig, kills: int, seed: int) -> None:
        self.bench, self.kills = bench, kills
        self.random = Random(seed)
        self.phones = Phones()
        self.sent: Counter[tuple[str, str]] = Counter()
        self.answered: dict[str, str] = {}  # ticket id -> text of the reply

    def blow(self) -> None:
        """Kill and start, with traffic in each life; then let it settle."""
        for number in range(self.kills):
            self._live(self.random.uniform(*LIFE_S), number)
            self.bench.kill_gateway()
            self.bench.start_service("run")
        deadline = self.bench.clock.monotonic() + SETTLE_S
        while not self._settled() and self.bench.clock.monotonic() < deadline:
            self._answer()
            self.bench.look()
            self.phones.drain(self.bench)

    def _live(self, seconds: float, number: int) -> None:
        text = f"Laporan {number}: jalan rusak, mohon diperbaiki."
        sender = number_of(number)
        self.sent[sender, text] += 1
        until = self.bench.clock.monotonic() + seconds
        self.bench.sms(sender, text)
        while self.bench.clock.monotonic() < until:
            self._answer()
            self.bench.files.look()
            self.phones.drain(self.bench)

    def _answer(self) -> None:
        """Answer each new ticket once."""
        for (ticket,) in self.bench.county("SELECT DISTINCT ticket_id FROM ticket"):
            if str(ticket) not in self.answered:
                self.answered[str(ticket)] = f"Balasan untuk {ticket}"
                self.bench.order(str(ticket), self.answered[str(ticket)], f"{ticket}:confirm")

    def _settled(self) -> bool:
        tickets = self.bench.county("SELECT count(DISTINCT ticket_id) FROM ticket")[0][0]
        waiting = self.bench.county("SELECT count(*) FROM outbox")[0][0]
        return tickets == len(self.sent) == len(self.answered) and not waiting and not self._unsettled()

    def _unsettled(self) -> int:
        return int(str(self.bench.county(UNSETTLED)[0][0]))

    def verdict(self) -> list[tuple[str, int, int | None]]:
        """Count; a wanted value of `None` is only told."""
        arrived = stored(self.bench)
        copies = Counter(text for (_, text), n in self.phones.received.items() for _ in range(n))
        states = {str(key): str(status) for key, status in self.bench.county("SELECT command_id, status FROM reply")}
        silent = [
            ticket
            for ticket, text in self.answered.items()
            if not copies[text] and states.get(f"{ticket}:confirm") not in {"uncertain", "failed", "expired"}
        ]
        uncertain = [key for key, status in states.items() if status == "uncertain"]
        left = sum(copies[self.answered[key.removesuffix(":confirm")]] > 0 for key in uncertain)
        return [
            ("SMS sent by citizens", len(self.sent), None),
            ("SMS lost", len(self.sent) - (self.sent & arrived).total(), 0),
            ("SMS that became a second ticket", arrived.total() - (self.sent & arrived).total(), 0),
            ("replies ordered", len(self.answered), None),
            ("replies sent twice", sum(n > 1 for n in copies.values()), 0),
            ("replies neither sent nor reported as uncertain", len(silent), 0),
            ("replies reported as uncertain", len(uncertain), None),
            ("of these, sent after all", left, None),
            ("SMS left on the SIM", self.bench.slots_used(), 0),
        ]


def main() -> int:
    """Storm, print, and write if asked."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with rig() as bench:
        bench.wait(running())
        began = bench.clock.monotonic()
        storm = Storm(bench, options.kills, options.seed)
        storm.blow()
        rows = storm.verdict()
        took_s = bench.clock.monotonic() - began
    table = "".join(f"| {what} | {count} | {'' if want is None else want} |\n" for what, count, want in rows)
    body = (
        f"## Chaos\n\n`kill -9` of the gateway at {options.kills} random moments in {took_s:.0f} s, SMS both ways.\n\n"
    )
    body += f"| What | Counted | Promised |\n|---|---|---|\n{table}"
    print(body)
    if options.write:
        results.write("chaos", body)
    return 0 if all(want is None or want == count for _, count, want in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
