"""Remember what the engine itself read in which slot, so that a delete need not read it again."""

from kentongan.at.events import digest
from kentongan.at.results import SlotEntry

MAX_SLOTS = 2000
"""More than the largest store holds (Balong: 500); beyond it a slot is simply read again before its delete."""


class Slots:
    """The known contents; a notice for a slot, a restart and a new card make them unknown."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, int], str] = {}

    def remember(self, storage: str, entry: SlotEntry) -> None:
        """Note what a slot holds."""
        if len(self._known) < MAX_SLOTS:
            self._known[storage, entry.index] = digest(entry.pdu_hex)

    def forget(self, storage: str, index: int) -> None:
        """Note that a slot may hold something else now."""
        self._known.pop((storage, index), None)

    def forget_all(self) -> None:
        """Note that nothing is known any more."""
        self._known.clear()

    def holds(self, storage: str, index: int, expected: str) -> bool:
        """Tell whether this slot is known to hold the PDU with this digest."""
        return self._known.get((storage, index)) == expected
