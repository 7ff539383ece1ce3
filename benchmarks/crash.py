"""End a whole gateway at every step it takes and at random ones; look whether anything is lost or leaves twice.

    python benchmarks/crash.py [--random 1000] [--seed 41937] [--write]

Core, store and AT engine as they are, on a virtual modem, a SIM, a broker and a backend that outlive them; a step lies
before and after each commit, each command that the core lets act, and each octet string of a send or a deletion. The
next process finds the files as they were at that step. Exit status 1 when the books are wrong anywhere.
"""

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import results
from crash_world import World, strike

from kentongan.daemon.clock import SystemClock

MOST_CUTS = 8  # of one world


class Tally:
    """What all worlds together have shown."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def play(self, cuts: set[int], *, modem_too: bool) -> World:
        """Play one world and enter it; a wrong one is named so that it can be played again."""
        world = strike(cuts, modem_too=modem_too)
        self.counts["worlds"] += 1
        self.counts["deaths"] += world.lives
        self.counts["letters"] += len(world.letters)
        self.counts["sms"] += world.air().total()
        self.counts["doubted"] += world.doubted
        self.counts["wrong"] += len(world.wrong)
        for line in world.wrong:
            print(f"steps {sorted(cuts)}, modem too: {modem_too}: {line}")
        return world


def written(of: Counter[str], steps: int, worlds: int, seed: int, took_s: int) -> str:
    """Word the section."""
    return f"""## A gateway ended at every step

{steps} steps of a gateway that takes five letters, one of them long, acknowledges and answers each: ended at each step
in turn, once with and once without its modem, and in {worlds} worlds at 2 to {MOST_CUTS} random steps (seed {seed});
{took_s} s.
Core, store and AT engine, in virtual time; `make chaos` kills whole processes.

| What | Counted | Promised |
|---|---|---|
| worlds / deaths | {of["worlds"]} / {of["deaths"]} | |
| letters written / SMS sent | {of["letters"]} / {of["sms"]} | |
| replies in doubt and told so, at most one a death | {of["doubted"]} | |
| a letter not at the backend exactly once, an SMS twice, a wrong state told, a damaged file | {of["wrong"]} | 0 |
"""


def main() -> int:
    """Play, print, and write if asked."""
    parser = argparse.ArgumentParser(description="end a gateway at every step")
    parser.add_argument("--random", type=int, default=1_000, help="worlds with some cuts at random steps")
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    clock, chance, tally = SystemClock(), random.Random(options.seed), Tally()
    began = clock.monotonic()
    steps = tally.play(set(), modem_too=False).steps
    for modem_too in (False, True):
        for step in range(1, steps + 1):
            tally.play({step}, modem_too=modem_too)
    for _ in range(options.random):
        cuts = {chance.randint(1, steps) for _ in range(chance.randint(2, MOST_CUTS))}
        tally.play(cuts, modem_too=chance.random() < 0.5)
    body = written(tally.counts, steps, options.random, options.seed, round(clock.monotonic() - began))
    print(body)
    if options.write:
        results.write("crash", body)
    return 1 if tally.counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
