"""A whole gateway on a disk that is sick for a while: the citizens' SMS stay in the SIM, and it goes on by itself."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from crash_world import World
from disk import OK, Disk

from kentongan.daemon.events import Command, Note, Show

SICK_S, WELL_S = 4.2, 31.0  # after the first letter, until long after the last


class SickDisk(World):
    """A world whose disk refuses some operations by a code between two moments."""

    def __init__(self, folder: Path, what: Collection[str] = (), code: int = OK) -> None:
        super().__init__(folder)
        self._born = self.now
        self._disk = Disk(lambda kind, _name: code if kind in what and self.sick else OK)
        self.notes: list[Note] = []
        self.causes: set[tuple[str, str]] = set()  # of faults shown while it was sick, with the store's own words
        self.in_sim = 0  # at the end of the sickness
        self.falls_ill: Callable[[], None] = lambda: None
        self.gets_well: Callable[[], None] = lambda: None
        self._was_sick = False

    @property
    def sick(self) -> bool:
        """Tell whether the disk refuses now."""
        return SICK_S <= self.now - self._born < WELL_S

    @contextmanager
    def _watched(self) -> Iterator[None]:
        with self._disk.inserted():
            yield

    def step(self) -> None:
        """Let nobody die."""

    def _turn(self) -> None:
        super()._turn()
        if self.sick and not self._was_sick:
            self.falls_ill()
        if self._was_sick and not self.sick:
            self.gets_well()
        self._was_sick = self.sick
        if self.sick:
            self.in_sim = len(self.vm.device.tray.memory.slots)

    def _perform(self, command: Command) -> None:
        if isinstance(command, Note):
            self.notes.append(command)
        if isinstance(command, Show) and self.sick:
            self.causes |= {(fault.cause, command.status.store.detail) for fault in command.status.faults}
        super()._perform(command)

    def unfinished(self) -> str:
        """Say what is still to be done."""
        if self.now - self._born < WELL_S:
            return "the disk is not well yet"
        return super().unfinished()
