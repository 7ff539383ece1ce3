"""Send SMS of every kind through the whole appliance and replies back: nothing changed, nothing lost, nothing twice.

    python benchmarks/traffic.py [--messages 200] [--write]

A pty at 115200 baud, a SIM of 30 slots that the network keeps filling, real SQLite, real mosquitto, the reference
backend. Compared is what the citizens' phones sent and received with what lies in the county's database.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Callable
from random import Random

import results
from books import Books, Filed, content_of, filed
from letters import letters, long, mixed, short
from rig import Rig, rig

from kentongan.daemon.demo.matches import running

SEED = 41937
WAIT_S = 120.0
UNSETTLED = "SELECT count(*) FROM reply WHERE NOT final AND status NOT IN ('uncertain', 'sent')"
# Orders of the county; a hole and a reply without an end it asks about again and again.
UNANSWERED = "SELECT count(*) FROM outbox WHERE id NOT LIKE 'gap:%' AND id NOT LIKE 'ask:%'"


def until(bench: Rig, books: Books, done: Callable[[], bool], within_s: float = WAIT_S) -> bool:
    """Keep the books until something is so; false when it does not come in time."""
    deadline = bench.clock.monotonic() + within_s
    while not done():
        books.drain(bench)
        if bench.clock.monotonic() >= deadline:
            return False
    return True


def answer_text(index: int, random: Random) -> str:
    """Word a reply: letters of every alphabet, every fourth longer than an SMS."""
    _, text, _ = long(index, random) if index % 4 == 3 else short(index, random)
    return f"Balasan {text}"


def play(bench: Rig, count: int) -> list[tuple[str, int, int]]:
    """Send and answer; gives for each promise what was wanted and what was counted."""
    books, random = Books(), Random(SEED)  # the same letters every time
    sent = list(letters(count, random))
    wanted = Counter(map(content_of, sent))
    for pdu_hex in mixed(sent, random):
        bench.deliver(pdu_hex)
    until(bench, books, lambda: Counter(one.content for one in filed(bench)) == wanted)
    until(bench, books, lambda: bench.slots_used() == 0)
    arrived = filed(bench)
    answers = {one.ticket_id: answer_text(index, random) for index, one in enumerate(arrived)}
    for ticket_id, text in answers.items():
        bench.order(ticket_id, text)
    until(bench, books, lambda: bench.county("SELECT count(*) FROM reply WHERE final")[0][0] == count)
    until(bench, books, lambda: len(filed(bench)) != count, within_s=1.0)  # what comes too late, or too much
    return _verdict(bench, books, wanted, arrived, answers)


def _verdict(
    bench: Rig, books: Books, wanted: Counter[tuple[str, str, str]], arrived: list[Filed], answers: dict[str, str]
) -> list[tuple[str, int, int]]:
    count = wanted.total()
    got = Counter(one.content for one in filed(bench))
    read = sum(books.phone(one.number) == answers[one.ticket_id] for one in arrived)
    ids = {ticket_id for ticket_id, _ in books.offers}
    return [
        ("SMS in the county's database, letter by letter", count, (wanted & got).total()),
        ("tickets beyond those", 0, got.total() - (wanted & got).total()),
        ("ticket ids ever offered", count, len(ids)),
        ("SMS left on the SIM", 0, bench.slots_used()),
        ("replies on the citizens' phones, letter by letter", count, read),
        ("SMS to anybody else", 0, len({sms.number for sms in books.air} - {one.number for one in arrived})),
        ("SMS, or parts of one, that left twice", 0, books.doubled),
    ]


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
    made = Counter(letter.kind for letter in letters(options.messages, Random(SEED)))
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(made.items()))
    body = (
        f"## Traffic\n\n{options.messages} SMS in and {options.messages} replies out in {took_s:.0f} s, modem at 115200"
        f" baud, 30 slots. In: {kinds}; from mobile, fixed and foreign numbers, long ones of 2 to 4 parts between one"
        f" another. Out: every alphabet, every fourth of 2 to 4 parts.\n\n"
        f"| What | Wanted | Counted |\n|---|---|---|\n{table}"
    )
    print(body)
    if options.write:
        results.write("traffic", body)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
