"""A whole gateway whose power goes at any operation on the disk, with a disk that forgets what was not made to last.

The steps of a world are the store's writes, cuts and syncs, as SQLite hands them to the operating system: between two
of them nothing else happens. What the next process finds is what lasts, with nothing, all, or chance sectors of what
was written since.
"""

import random
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from crash_world import PowerCut, World
from disk import IO_WRITE, OK, Disk, by_chance, everything, nothing

from kentongan.queue.errors import StoreUnavailable

STEPS = frozenset({"write", "truncate", "sync"})


class PowerWorld(World):
    """A world whose steps are those of its disk."""

    def __init__(self, folder: Path, cuts: Collection[int] = (), *, seed: int = 0) -> None:
        super().__init__(folder, cuts, modem_too=True)
        chance = random.Random(seed)
        self._survives = [nothing, everything, by_chance(chance)][seed % 3]
        self._disk = Disk(self._before)
        self._dead = False

    def step(self) -> None:
        """Let nothing happen between the operations of the disk."""

    def _before(self, what: str, _name: str) -> int:
        """Count an operation; the one at which the power goes is not done any more, nor is any after it."""
        if self._dead:
            return IO_WRITE
        self.steps += what in STEPS
        if what not in STEPS or self.steps not in self.cuts:
            return OK
        self._dead = True
        self.lives += 1
        folder = self.folder / f"life-{self.lives}"
        folder.mkdir()
        self._disk.lay_down(folder, self._survives)
        self._path = folder / "k.db"
        return IO_WRITE

    @contextmanager
    def _watched(self) -> Iterator[None]:
        with self._disk.inserted():
            yield

    def _live(self) -> World:
        self._dead = False
        try:
            return super()._live()
        except StoreUnavailable as error:
            raise PowerCut if self._dead else error from error

    def _start(self) -> None:
        super()._start()
        if self._dead:
            raise PowerCut

    def _do(self, event: object) -> None:
        commands = self.bench.core.handle(event, self.bench.at)
        if self._dead:
            raise PowerCut
        for command in commands:
            self._perform(command)

    def _bury(self) -> None:
        if self.bench is not None:
            self.bench.store._file.abandon()
            self.bench = None
        shutil.rmtree(self.folder / f"life-{self.lives - 1}")
        self.vm.power(False)
        self.vm.power(True)


def cut(cuts: Collection[int], seed: int) -> PowerWorld:
    """Play one world to its end, in a folder of its own; `seed` says what becomes of unsynced writes."""
    with TemporaryDirectory(prefix="kentongan-power-") as folder:
        world = PowerWorld(Path(folder), cuts, seed=seed)
        world.run()
        world.wrong = world.violations()
        return world
