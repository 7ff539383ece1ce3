"""Let gateways live through days in the field in accelerated time, and count what they told wrongly.

    python benchmarks/field_life.py [--seeds 30] [--write]

Core, AT engine and virtual modem as they are, the clock jumping from deadline to deadline. Each seed is a day with
every kind of blow in random order and length, heat, a full disk and a mains cut at any time beside them. Exit status 1
when anything was told wrongly, not told, or done to the modem by force without a cause.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import results
from field_days import DAY_S, MACHINE, REFRESH_MS, STRIKES, live
from field_life import Life

from kentongan.daemon import standing

COLUMNS = ("Seed", "Blows", "Tickets", "Faults told", "False", "Missed", "Forced for no cause", "Standing at the end")


def main() -> int:
    """Live, print, and write if asked."""
    parser = argparse.ArgumentParser(description="Days in the field")
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    options = parser.parse_args()
    standing.REFRESH_MS = REFRESH_MS
    rows = [day(seed) for seed in range(1, options.seeds + 1)]
    sums = [sum(row[place] for row in rows) for place in range(1, len(COLUMNS))]
    if options.write:
        results.write("field-life", page(rows, sums))
    return int(any(sums[3:]))


def day(seed: int) -> list[int]:
    """Live one day; gives the row of the table."""
    with TemporaryDirectory(prefix="kentongan-field-life-") as folder:
        life = live(Path(folder), seed)
        row = [seed, len(life.blows), life.wrote, told(life), *wrong(life)]
        life.bench.core.close(life.bench.at)
    print("  ".join(f"{name} {cell}" for name, cell in zip(COLUMNS, row, strict=True)), flush=True)
    for what in (*life.false_alarms(), *(blow.name for blow in life.missed()), *life.unexplained()):
        print(f"  {what}")
    return row


def told(life: Life) -> int:
    """Count the faults raised."""
    return sum(name == "fault_raised" for _, name in life.notes)


def wrong(life: Life) -> tuple[int, int, int, int]:
    """Count what must not be."""
    lost = life.last is None or life.last.store.tickets != life.wrote
    return (
        len(life.false_alarms()),
        len(life.missed()) + lost,
        len(life.unexplained()),
        len(life.shown[-1][1]),
    )


def page(rows: list[list[int]], sums: list[int]) -> str:
    """Write the section of the results."""
    kinds = len(STRIKES) + len(MACHINE)
    lines = [f"| {' | '.join(map(str, row))} |" for row in [*rows, ["**all**", *sums]]]
    head = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    return f"""## Days in the field

{len(rows)} days of {DAY_S / 3600:.0f} hours, {kinds} kinds of blows, in accelerated time (`make field-life`).

{head}
{chr(10).join(lines)}
"""


if __name__ == "__main__":
    sys.exit(main())
