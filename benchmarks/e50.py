"""The contract under kills of everybody (E50): gateway, backend and broker end by `kill -9`, tickets and replies flow.

    python benchmarks/e50.py [--messages 300] [--kills 90] [--protocol 5|3.1.1] [--seed N] [--write]

Whole processes all: the gateway on a virtual modem, the reference backend, which answers every ticket by itself under
an id made from the ticket's, mosquitto without persistence. Judged is by what the world has at the end: the citizens'
phones and the county's database. A reply that is `uncertain` is told so and sent no second time, which is the promise.
Exit status 1 when a promise is broken.
"""

import argparse
import os
import sys
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Literal

import results
from books import Books, Content, content_of, filed
from letters import Letter, short, text_parts
from rig import QUICK, Rig, compile_package
from traffic import UNANSWERED, UNSETTLED, until

from kentongan.at.simulator import Timing
from kentongan.daemon.demo.matches import running
from kentongan.daemon.demo.stage import COUNTY, backend_file
from kentongan.daemon.mosquitto import backend_user

CONFIRM = "Laporan Anda sudah kami teruskan."
TIMING = Timing(other_s=0.005, send_s=0.08, report_s=0.3)  # a send long enough to be struck
VICTIMS = ("gateway", "backend", "broker")
DOWN_S = (0.0, 0.6)  # how long the victim stays away
SETTLE_S = float(os.environ.get("KENTONGAN_E50_SETTLE_S", "240"))
# The reference backend in a hurry: what takes a county half a minute takes a bench two seconds.
HASTY = f"""
import importlib.util, sys
spec = importlib.util.spec_from_file_location("backend", {str(backend_file())!r})
backend = importlib.util.module_from_spec(spec)
spec.loader.exec_module(backend)
backend.GAP_WAIT_S, backend.RETRY_S, backend.ASK_S = 2, (2, 2, 5), 4
backend.main()
"""


class Field(Rig):
    """The rig with a hasty backend that answers by itself, and everybody mortal."""

    def __init__(self, folder: Path, protocol: Literal["5", "3.1.1"]) -> None:
        self.config = QUICK.replace("[mqtt]\n", f'[mqtt]\nprotocol = "{protocol}"\n')
        super().__init__(folder, TIMING)

    def start_backend(self) -> None:
        """Start the county's system; it finds its database and its session at the broker as they are."""
        url = f"mqtt://127.0.0.1:{self._broker.port}"
        options = ["--db", "county.db", "--county", COUNTY, "--url", url, "--username", backend_user(COUNTY)]
        options += ["--password-file", "credentials/backend", "--confirm", CONFIRM]
        self._family.start("backend", [sys.executable, "-c", HASTY, "run", *options])

    def kill(self, victim: str) -> None:
        """End one by SIGKILL."""
        match victim:
            case "gateway":
                self.kill_gateway()
            case "backend":
                self._family.kill("backend")
            case _:
                self.kill_broker()

    def revive(self, victim: str) -> None:
        """Start it again."""
        match victim:
            case "gateway":
                self.start_service("run")
            case "backend":
                self.start_backend()
            case _:
                self.start_broker()


class Storm:
    """Letters at a steady pace, and kills among them."""

    def __init__(self, field: Field, messages: int, kills: int, seed: int) -> None:
        self.field, self.books, self.random = field, Books(), Random(seed)
        self.letters = [_letter(index, self.random) for index in range(messages)]
        self.kills = [VICTIMS[index % len(VICTIMS)] for index in range(kills)]
        self.random.shuffle(self.kills)
        self.killed: Counter[str] = Counter()

    def blow(self) -> bool:
        """Let it blow, then settle; false when it does not settle in time."""
        waiting = list(self.letters)
        each = -(-len(waiting) // max(1, len(self.kills)))
        for victim in self.kills:
            self._pause(self.random.uniform(0.1, 0.9))
            for _ in range(min(each, len(waiting))):
                self.field.deliver(waiting.pop(0).pdus[0])
                self._pause(self.random.uniform(0.0, 0.1))
            self.field.kill(victim)
            self.killed[victim] += 1
            self._pause(self.random.uniform(*DOWN_S))
            self.field.revive(victim)
        for letter in waiting:
            self.field.deliver(letter.pdus[0])
        return until(self.field, self.books, self._settled, SETTLE_S)

    def _pause(self, seconds: float) -> None:
        until(self.field, self.books, lambda: False, seconds)

    def _settled(self) -> bool:
        if any(self.field.county(query)[0][0] for query in (UNSETTLED, UNANSWERED)):
            return False
        return self.field.county("SELECT count(*) FROM reply")[0][0] == len(self.letters)

    def verdict(self) -> list[tuple[str, int, int | None]]:
        """Count; a wanted value of `None` is only told."""
        self.books.drain(self.field, 1.0)
        wanted = Counter(content_of(letter) for letter in self.letters)
        tickets = filed(self.field)
        arrived: Counter[Content] = Counter(one.content for one in tickets)
        states = {str(key): str(status) for key, status in self.field.county("SELECT command_id, status FROM reply")}
        told = {one.number: states.get(f"{one.ticket_id}:confirm", "") for one in tickets}
        phones = Counter(sms.number for sms in self.books.air)
        done = [number for number, state in told.items() if state in {"sent", "delivered"}]
        doubted = [number for number, state in told.items() if state == "uncertain"]
        offers = self.books.offers
        return [
            ("tickets lost or changed", (wanted - arrived).total(), 0),
            ("tickets doubled", (arrived - wanted).total(), 0),
            ("replies lost: told to be sent and not on the phone", sum(phones[one] != 1 for one in done), 0),
            ("replies lost: told neither sent nor uncertain", len(wanted) - len(done) - len(doubted), 0),
            ("SMS that left twice", self.books.doubled, 0),
            ("replies told to be uncertain", len(doubted), None),
            ("of these, on the phone after all", sum(phones[one] for one in doubted), None),
            ("repeated deliveries of a ticket that an observer saw", offers.total() - len(offers), None),
        ]


def _letter(index: int, random: Random) -> Letter:
    number = f"+62812{index:08}"
    kind, text, alphabet = short(index, random)
    return Letter(kind, number, text, b"", text_parts(number, text, alphabet, 0))


def _row(same: tuple[tuple[str, int, int | None], ...]) -> str:
    """Lay out one line, the protocols side by side."""
    what, _, promised = same[0]
    counted = " / ".join(str(count) for _, count, _ in same)
    return f"| {what} | {counted} | {'' if promised is None else promised} |\n"


def play(
    folder: Path, protocol: Literal["5", "3.1.1"], messages: int, kills: int, seed: int
) -> tuple[Storm, bool, list[tuple[str, int, int | None]], float]:
    """Play one storm: its books, whether it settled, the verdict and the seconds."""
    compile_package()
    with Field(folder, protocol) as field:
        field.wait(running())
        began = field.clock.monotonic()
        storm = Storm(field, messages, kills, seed)
        settled = storm.blow()
        return storm, settled, storm.verdict(), field.clock.monotonic() - began


def main() -> int:
    """Play, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Kills of gateway, backend and broker")
    parser.add_argument("--messages", type=int, default=300)
    parser.add_argument("--kills", type=int, default=90)
    parser.add_argument("--seed", type=int, default=50)
    parser.add_argument("--protocol", choices=("5", "3.1.1"), help="one alone; without it both, one after the other")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    good, heads, columns = True, [], []
    for protocol in [options.protocol] if options.protocol else ["5", "3.1.1"]:
        with TemporaryDirectory(prefix="kentongan-e50-") as folder:
            storm, settled, rows, took_s = play(Path(folder), protocol, options.messages, options.kills, options.seed)
        good = good and settled and all(want is None or want == count for _, count, want in rows)
        killed = ", ".join(f"{name} {storm.killed[name]}" for name in VICTIMS)
        heads.append(f"MQTT {protocol}: {took_s:.0f} s, killed: {killed}{'' if settled else ', NOT SETTLED'}.")
        columns.append(rows)
    table = "".join(map(_row, zip(*columns, strict=True)))
    body = (
        f"## Kills of gateway, backend and broker (E50)\n\n{options.messages} tickets and {options.messages} replies,"
        f" `kill -9` {options.kills} times (seed {options.seed}), broker without persistence. {' '.join(heads)}\n\n"
        f"| What | Counted | Promised |\n|---|---|---|\n{table}"
    )
    print(body)
    if options.write:
        results.write("e50", body)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
