"""The power-cut run's disk: what QEMU's log of writes and flushes says was kept, and what the lot may take."""

import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "hw-tests" / "power"))

from lossy_disk import DISCARD, FLUSH, HEAD, HEADER, MAGIC, SECTOR, Disk

SECTORS = 8
Step = tuple[str, int]  # "write" or "discard" with a sector, "flush" with anything


class Card:
    """A small card, and the hand of the machine that writes on it."""

    def __init__(self, folder: Path) -> None:
        (folder / "new").write_bytes(b"\xff" * SECTORS * SECTOR)
        self.disk = Disk(folder / "new", folder)
        self._log = [HEAD.pack(MAGIC, 1)]
        self.log("flush", 0)

    def play(self, steps: list[Step]) -> None:
        """Log the steps."""
        for number, (what, sector) in enumerate(steps, 1):
            self.log(what, sector, number)

    def log(self, what: str, sector: int, number: int = 0) -> None:
        """Log one step; a write writes its number. The log is a sparse file: after the last entry come zeros."""
        flags = {"write": 0, "discard": DISCARD, "flush": FLUSH}[what]
        data = [bytes([number]) * SECTOR] if what == "write" else []
        self._log += [HEADER.pack(sector, what != "flush", flags, SECTOR * len(data)), *data]
        self.disk.log.write_bytes(b"".join(part.ljust(SECTOR, b"\0") for part in [*self._log, b""]))

    def cut(self, seed: int) -> list[int]:
        """Pull the plug; gives the first octet of each sector."""
        self.disk.power_off(Random(seed))
        return list(self.disk.path.read_bytes()[::SECTOR])


def kept(steps: list[Step]) -> list[int]:
    """Say what the sectors hold when all steps are."""
    sectors = [0xFF] * SECTORS
    for number, (what, sector) in enumerate(steps, 1):
        if what != "flush":
            sectors[sector] = number if what == "write" else 0
    return sectors


STEPS = st.lists(st.tuples(st.sampled_from(["write", "discard", "flush"]), st.integers(0, SECTORS - 1)), max_size=12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("card")


@given(before=STEPS, after=STEPS.map(lambda steps: [step for step in steps if step[0] != "flush"]), seed=st.integers())
def test_what_was_flushed_is_there_and_of_the_rest_each_sector_has_one_state(folder, before, after, seed):
    card = Card(folder)
    steps = [*before, ("flush", 0), *after]
    card.play(steps)
    found = card.cut(seed)
    for sector, octet in enumerate(found):
        writes = [(number, *step) for number, step in enumerate(after, len(before) + 2) if step[1] == sector]
        later = {number if what == "write" else 0 for number, what, _ in writes}
        assert octet in {kept(before)[sector], *later}
    assert card.disk.lost + card.disk.kept == len(after)


def test_the_lot_loses_none_some_and_all_of_what_was_not_flushed(tmp_path):
    steps: list[Step] = [("write", 0), ("flush", 0), *(("write", sector) for sector in range(1, SECTORS))]
    survivors = set()
    for seed in range(30):
        card = Card(tmp_path)
        card.play(steps)
        found = card.cut(seed)
        assert found[0] == 1
        survivors.add(sum(octet != 0xFF for octet in found[1:]))
    assert {0, SECTORS - 1} < survivors


def test_the_disk_holds_back_from_a_write_to_its_flush(tmp_path):
    card, seen = Card(tmp_path), []
    for what in ("write", "flush", "write", "discard"):
        card.log(what, 1)
        seen.append(card.disk.holds_back())
    assert seen == [True, False, True, True]


def test_a_log_that_was_not_begun_changes_nothing(tmp_path):
    card = Card(tmp_path)
    card.play([("write", 0)])
    card.disk.log.write_bytes(bytes(SECTOR))
    assert card.cut(1) == [0xFF] * SECTORS
