"""Kill the gateway at random moments while SMS flow both ways: 0 lost, 0 sent twice, the same ticket for every repeat.

    python benchmarks/chaos.py [--kills 200] [--seed N] [--write]

`kill -9`, then a new start, as a power cut and systemd would do it; modem, broker and the county's system go on. Parts
of long SMS come between one another and on both sides of a kill; two tickets of three are answered, some of them
with a long SMS. Every other kill comes at a moment drawn by lot, the rest within milliseconds of a log line drawn by
lot, so that the short steps are struck as well. Exit status 1 when a promise is broken. A reply that is `uncertain` is
no broken promise, sent or not: the gateway says that it cannot know, and sends no second one.
"""

import argparse
import json
import sys
from collections import Counter, deque
from random import Random

import results
from books import Books, Content, content_of, filed
from letters import letter, mixed
from rig import Rig, rig
from traffic import UNANSWERED, UNSETTLED, until

from kentongan.at.simulator import Timing
from kentongan.daemon.demo.matches import running

SETTLE_S = 240.0
LIFE_S = (0.05, 2.5)  # a start takes half a second: some lives end before the first SMS
PAUSE_S = (0.1, 0.6)  # between two SMS of the citizens
AIMS = ("ticket_opened", "published", "slot_freed", "command_handled", "part_sending", "part_ended")
AIM_S, AFTER_S = 1.0, (0.0, 0.008)  # how long the line is waited for, and the kill after it
LOOK_S = 0.001
TIMING = Timing(other_s=0.005, send_s=0.08, report_s=0.3)  # a send long enough to be struck
NEW = "SELECT rowid, ticket_id FROM ticket WHERE rowid > ? ORDER BY rowid"


class Storm:
    """The traffic and the kills."""

    def __init__(self, bench: Rig, kills: int, seed: int, life_s: tuple[float, float] = LIFE_S) -> None:
        self.bench, self.kills, self.life_s = bench, kills, life_s
        self.random = Random(seed)
        self.books = Books()
        self.sent: Counter[Content] = Counter()
        self.answers: dict[str, str] = {}  # ticket id -> text of the reply, empty for none
        self.struck: Counter[str] = Counter()  # what the gateway was doing
        self._air: deque[str] = deque()  # TPDUs on their way to the modem
        self.settled = False
        self._seen = 0  # the last row of the county's tickets that was looked at

    def blow(self) -> None:
        """Kill and start, with traffic in each life; then let it settle."""
        for _ in range(self.kills):
            heard = len(self.bench.words())
            self._live(self.random.uniform(*self.life_s))
            if self.random.random() < 0.5:
                self._aim(self.random.choice(AIMS), self.random.uniform(*AFTER_S))
            self.bench.kill_gateway()
            self.struck[struck(self.bench.words(heard))] += 1
            self.bench.start_service("run")
        while self._air:
            self.bench.deliver(self._air.popleft())
        self.settled = until(self.bench, self.books, self._settled, SETTLE_S)
        self.books.drain(self.bench, 1.0)

    def _live(self, seconds: float) -> None:
        now = self.bench.clock.monotonic
        end, post_at = now() + seconds, now()
        while (left_s := end - now()) > 0:
            if now() >= post_at:
                self._post()
                post_at = now() + self.random.uniform(*PAUSE_S)
            self._answer()
            self.books.drain(self.bench, min(0.05, left_s))

    def _aim(self, event: str, after_s: float) -> None:
        """Wait for a line of the log and a little longer."""
        now, heard = self.bench.clock.monotonic, len(self.bench.words())
        mark, end = f'"event": "{event}"'.encode(), now() + AIM_S
        self._post()
        while mark not in self.bench.words(heard) and now() < end:
            self.books.drain(self.bench, LOOK_S)
        end = now() + after_s
        while now() < end:
            pass  # milliseconds: a wait would be longer

    def _post(self) -> None:
        """Let the next TPDU come: of four letters, their parts between one another."""
        if not self._air:
            first = self.sent.total()
            some = [letter(first + n, self.random) for n in range(4)]
            self.sent.update(map(content_of, some))
            self._air.extend(mixed(some, self.random))
        self.bench.deliver(self._air.popleft())

    def _answer(self) -> None:
        """Answer two of three new tickets once."""
        for row, ticket in self.bench.county(NEW, self._seen):
            self._seen, ticket_id = int(str(row)), str(ticket)
            if ticket_id in self.answers:
                continue
            number = len(self.answers)
            self.answers[ticket_id] = _reply(number)
            if self.answers[ticket_id]:
                self.bench.order(ticket_id, self.answers[ticket_id], f"{ticket_id}:confirm")

    def _settled(self) -> bool:
        self._answer()
        waiting = [self.bench.county(query)[0][0] for query in (UNSETTLED, UNANSWERED)]
        if any(waiting) or len(self.answers) != self.sent.total():
            return False
        return not self.bench.slots_used() and Counter(one.content for one in filed(self.bench)) == self.sent

    def verdict(self) -> list[tuple[str, int, int | None]]:
        """Count; a wanted value of `None` is only told."""
        tickets = filed(self.bench)
        arrived = Counter(one.content for one in tickets)
        states = {str(key): str(status) for key, status in self.bench.county("SELECT command_id, status FROM reply")}
        told = {one.number: states.get(f"{one.ticket_id}:confirm", "") for one in tickets}
        read = {one.number: self.books.phone(one.number) == self.answers.get(one.ticket_id) for one in tickets}
        ordered = sum(text != "" for text in self.answers.values())
        doubted = [number for number, state in told.items() if state == "uncertain"]
        sent = [number for number, state in told.items() if state in {"sent", "delivered"}]
        ids = {ticket_id for ticket_id, _ in self.books.offers}
        return [
            ("SMS sent by citizens", self.sent.total(), None),
            ("SMS lost or changed", (self.sent - arrived).total(), 0),
            ("tickets offered", self.books.offers.total(), None),
            ("of these, repeats", self.books.offers.total() - len(self.books.offers), None),
            ("ticket ids beyond one for each SMS", len(ids) - self.sent.total(), 0),
            ("numbers in the sequence with two tickets", sum(len(of) > 1 for of in self.books.owners.values()), 0),
            ("replies ordered", ordered, None),
            ("SMS sent", self.books.air.total(), None),
            ("SMS sent twice", self.books.doubled, 0),
            ("replies told to be sent and not on the phone, letter by letter", sum(not read[one] for one in sent), 0),
            ("replies told to be neither sent nor uncertain", ordered - len(sent) - len(doubted), 0),
            ("replies told to be uncertain", len(doubted), None),
            ("of these, on the phone after all", sum(read[one] for one in doubted), None),
            ("SMS left on the SIM", self.bench.slots_used(), 0),
            ("storms that did not settle in time", int(not self.settled), 0),
        ]


def _reply(number: int) -> str:
    """Word a reply no part of which is like another; every third ticket gets none."""
    if number % 3 == 2:
        return ""
    if number % 9:
        return f"Balasan {number}: laporan Anda sudah diteruskan."
    return " ".join(f"Balasan {number}.{word} diteruskan;" for word in range(9))


def struck(words: bytes) -> str:
    """Tell by the log of one life what the gateway was doing when it was killed."""
    lines = [json.loads(line) for line in words.splitlines() if line.startswith(b"{") and line.endswith(b"}")]
    seen = Counter(line["event"] for line in lines)
    tickets = sum(line["event"] == "published" and line["channel"] == "ticket" for line in lines)
    if not any(line.get("new") == "ready" for line in lines):
        return "starting"
    if seen["part_sending"] > seen["part_ended"]:
        return "sending an SMS"
    if seen["ticket_opened"] > tickets:
        return "between the commit of an SMS and its PUBACK"
    return "between two messages"


def main() -> int:
    """Storm, print, and write if asked."""
    parser = argparse.ArgumentParser(description="kill -9 at random moments")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    with rig(TIMING) as bench:
        bench.wait(running())
        began = bench.clock.monotonic()
        storm = Storm(bench, options.kills, options.seed)
        storm.blow()
        rows = storm.verdict()
        took_s = bench.clock.monotonic() - began
    table = "".join(f"| {what} | {count} | {'' if want is None else want} |\n" for what, count, want in rows)
    moments = ", ".join(f"{count} {what}" for what, count in storm.struck.most_common())
    body = (
        f"## Chaos\n\n`kill -9` of the gateway at {options.kills} random moments (seed {options.seed})"
        f" in {took_s:.0f} s, SMS both ways. It was struck: {moments}.\n\n"
        f"| What | Counted | Promised |\n|---|---|---|\n{table}"
    )
    print(body)
    if options.write:
        results.write("chaos", body)
    return 0 if all(want is None or want == count for _, count, want in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
