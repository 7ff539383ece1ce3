#!/usr/bin/env python3
# ruff: noqa: T201 - a script for people
"""Play the whole commissioning of a real Pi dry, to its written sheet: the real gateway and watcher, nobody there.

    python hw-tests/dry/play.py [--write] [STEP ...]

The processes, the broker and the county's system are real; modem, pins and the kernel's files are doubles, and the
technician is made of rules (hands.py), who counts the red lamp at its pin. The full disk is a real one of memory, for
which root is needed. `--write` puts the sheet into docs/appliance.md. Exit status 1 unless every step passed.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "pi"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))

import langkah
import meja
import uji
from box import NO_DISK
from fault_field import PLAIN, Field, Wiring
from hands import Hands

PAGE = Path(__file__).resolve().parents[2] / "docs" / "appliance.md"
BEGIN, END = "<!-- pi-dry -->\n", "<!-- /pi-dry -->\n"
BOX = Path(__file__).resolve().parent / "box.py"
DISK = Wiring(disk_mb=220)  # more than what counts as little room
ROUNDS = 40  # starts of the script: each cut of the power is one
SETTLED_S = 60.0
Phonebook = dict[int, tuple[str, str]]


class Board(Field):
    """A field appliance whose waits before a lamp tells can be hurried too; its SIM may have been in another box."""

    def __init__(self, folder: Path, hurry: float, wiring: Wiring = PLAIN, sim: Phonebook | None = None) -> None:
        super().__init__(folder, hurry, wiring)
        self._sim = sim or {}

    def sim(self) -> Phonebook:
        """Take the SIM out and read its phonebook."""
        return dict(self._modem.call(lambda modem: modem.device.tray.card.phonebook))

    def put_in(self, sim: Phonebook) -> None:
        """Put a SIM in whose phonebook another box has written, before the next start."""
        self._sim = sim

    def start_service(self, name: str) -> None:
        """Start `run` or `watch`."""
        if not self.wiring.disk_mb:
            (self.folder / NO_DISK).touch()
        if self._sim:
            self._modem.call(lambda modem: modem.device.tray.card.phonebook.update(self._sim))
        program = [sys.executable, str(BOX), str(self.folder), str(self.hurry)]
        self._family.start(name, [*program, "--config", "kentongan.toml", name])


@contextmanager
def board(wiring: Wiring, sim: Phonebook | None = None, hurry: float = 1) -> Iterator[Board]:
    """Set one up in a temporary folder."""
    with tempfile.TemporaryDirectory() as place, Board(Path(place), hurry, wiring, sim) as it:
        yield it


def play(it: Field, notes: Path, steps: tuple[langkah.Step, ...], noted: str = "") -> uji.Sheet:
    """Start the script as often as it wants to be started; gives the sheet. `noted` is what an older sheet said."""
    hands = Hands(it, print, noted)
    for _ in range(ROUNDS):
        it.settle(lambda: it.line_state() == "ready" and it.account("link").get("state") == "online", SETTLED_S)
        hands.tell_uptime()
        sheet = uji.Sheet(notes, "teknisi kering")
        bench = meja.Bench(hands, it.folder / "run", it.disk, it.folder / "card", it.folder / "root" / "proc")
        if uji.play(bench, sheet, steps):
            sheet.keep()
            return sheet
    raise RuntimeError("the script never came to its end")


def flashed_anew(sim: Phonebook, last: str) -> uji.Sheet:
    """Put the SIM into a box with a new card, at a server that remembers nothing either."""
    with tempfile.TemporaryDirectory() as notes, board(PLAIN, sim) as it:
        return play(it, Path(notes), (langkah.AFTER_FLASH,), last)


def write(sheet: str) -> None:
    """Replace the sheet in the page."""
    head, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}```text\n{sheet}```\n{END}{rest.partition(END)[2]}")


def main() -> int:
    """Play, show the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("steps", nargs="*", choices=[[], *(step.name for step in langkah.STEPS)])
    parser.add_argument("--write", action="store_true")
    told = parser.parse_args()
    steps = tuple(step for step in langkah.STEPS if not told.steps or step.name in told.steps)
    with tempfile.TemporaryDirectory() as notes, board(DISK) as it:
        sheet = play(it, Path(notes), steps)
        sim = it.sim()
    papers, passed = [sheet.paper()], [row[0] for row in sheet.rows.values()]
    if not told.steps:
        sheet = flashed_anew(sim, sheet.memo["terakhir"])
        papers, passed = [*papers, sheet.paper()], [*passed, sheet.rows[langkah.AFTER_FLASH.name][0]]
    print(*papers, sep="\n")
    if told.write:
        write("\n".join(papers))
    return 0 if set(passed) == {uji.PASSED} else 1


if __name__ == "__main__":
    sys.exit(main())
