from kentongan.at.events import ModemEvent, SlotFreed, StorageMeasured
from kentongan.daemon.line import Line
from kentongan.queue.records import Moment

FULL, ROOM = StorageMeasured("SM", 30, 30), StorageMeasured("SM", 29, 30)
FREED = SlotFreed("SM", 3, "digest")


def full_since(*events: ModemEvent) -> int:
    """Let something happen each second from the first on; tell since when the memory is full and nothing is freed."""
    line = Line("a")
    for second, event in enumerate(events, 1):
        line.observe(event, Moment(second * 1000, 1_795_500_000_000, synced=True))
    return line.status().full_steady_ms


def test_a_memory_is_full_since_it_was_first_found_so() -> None:
    assert full_since(ROOM, FULL, FULL) == 2000


def test_a_full_memory_that_is_drained_is_full_since_the_last_slot_was_freed() -> None:
    assert full_since(FULL, FREED, FREED, FULL) == 3000


def test_a_memory_with_room_is_not_full_and_freeing_its_slots_changes_nothing() -> None:
    assert full_since(FULL, FREED, ROOM) == 0
    assert full_since(ROOM, FREED) == 0
    assert full_since(StorageMeasured("SM", 0, 0)) == 0
