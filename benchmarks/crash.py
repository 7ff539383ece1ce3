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
from tally import enter, table

from kentongan.daemon.clock import SystemClock

MOST_CUTS = 8  # of one world


def play(of: Counter[str], cuts: set[int], *, modem_too: bool) -> World:
    """Play one world and enter it."""
    world = strike(cuts, modem_too=modem_too)
    enter(of, world, f"steps {sorted(cuts)}, modem too: {modem_too}")
    return world


def written(of: Counter[str], steps: int, worlds: int, seed: int, took_s: int) -> str:
    """Word the section."""
    return f"""## A gateway ended at every step

{steps} steps of a gateway that takes five letters, one of them long, acknowledges and answers each: ended at each step
in turn, once with and once without its modem, and in {worlds} worlds at 2 to {MOST_CUTS} random steps (seed {seed});
{took_s} s.
Core, store and AT engine, in virtual time; `make chaos` kills whole processes.

{table(of, "death")}"""


def main() -> int:
    """Play, print, and write if asked."""
    parser = argparse.ArgumentParser(description="end a gateway at every step")
    parser.add_argument("--random", type=int, default=1_000, help="worlds with some cuts at random steps")
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    clock, chance, of = SystemClock(), random.Random(options.seed), Counter[str]()
    began = clock.monotonic()
    steps = play(of, set(), modem_too=False).steps
    for modem_too in (False, True):
        for step in range(1, steps + 1):
            play(of, {step}, modem_too=modem_too)
    for _ in range(options.random):
        cuts = {chance.randint(1, steps) for _ in range(chance.randint(2, MOST_CUTS))}
        play(of, cuts, modem_too=chance.random() < 0.5)
    body = written(of, steps, options.random, options.seed, round(clock.monotonic() - began))
    print(body)
    if options.write:
        results.write("crash", body)
    return 1 if of["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
