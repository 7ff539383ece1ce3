"""Cut the power at every operation on the disk, on a disk that forgets what was not made to last.

    python benchmarks/power.py [--random 500] [--seed 41937] [--write]

A whole gateway as in crash.py, SQLite as it is; every write, truncation and sync that it hands to the operating system
is recorded. The cut comes before each of them in turn, and the next process finds what a disk that honours its
barriers may hold then: nothing of what was written since the last sync, all of it, or chance sectors of 512 octets.
Exit status 1 when the books are wrong anywhere.
"""

import argparse
import random
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import results
from power_world import PowerWorld, cut
from tally import enter, table

from kentongan.daemon.clock import SystemClock

MOST_CUTS = 6  # of one world
KINDS = 3  # of what becomes of unsynced writes


def play(of: Counter[str], cuts: set[int], seed: int) -> PowerWorld:
    """Play one world and enter it."""
    world = cut(cuts, seed)
    enter(of, world, f"operations {sorted(cuts)}, seed {seed}")
    return world


def written(of: Counter[str], steps: int, options: argparse.Namespace, took_s: int) -> str:
    """Word the section."""
    each = f"each {options.every}th" if options.every > 1 else "each"
    return f"""## The power cut at every operation on the disk

{steps} writes, truncations and syncs of a gateway that makes its store, takes five letters, one of them long,
acknowledges and answers each: cut before {each} of them, {KINDS} times (of what was written since the last sync
nothing, all, or chance sectors were there), and in {options.random} worlds at 2 to {MOST_CUTS} random operations (seed
{options.seed}); {took_s} s.

{table(of, "cut")}"""


def main() -> int:
    """Play, print, and write if asked."""
    parser = argparse.ArgumentParser(description="cut the power at every operation on the disk")
    parser.add_argument("--random", type=int, default=500, help="worlds with some cuts at random operations")
    parser.add_argument("--every", type=int, default=1, help="cut at each so many-th operation alone")
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    clock, chance, of = SystemClock(), random.Random(options.seed), Counter[str]()
    began = clock.monotonic()
    steps = play(of, set(), 0).steps
    for kind in range(KINDS):
        for step in range(1, steps + 1, options.every):
            play(of, {step}, KINDS * step + kind)
    for _ in range(options.random):
        play(of, {chance.randint(1, steps) for _ in range(chance.randint(2, MOST_CUTS))}, chance.randrange(1 << 20))
    body = written(of, steps, options, round(clock.monotonic() - began))
    print(body)
    if options.write:
        results.write("power", body)
    return 1 if of["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
