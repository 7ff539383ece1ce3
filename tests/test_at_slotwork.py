import pytest
from modem_field import Field

from kentongan.at import events as at
from kentongan.at.commands import FreeSlot
from kentongan.at.slotwork import BATCH, ReadNew, ReadSlot, SlotWork

FREE = FreeSlot("SM", 9, "0" * 64)


def announced(count, tries=0):
    work = SlotWork()
    for index in range(count):
        work.announce("SM", index, 0.0, tries)
    return work


def test_one_announced_slot_is_read_at_once():
    assert announced(1).take(0.0) == ReadSlot("SM", 0, 0)


def test_many_announced_slots_are_read_by_one_listing():
    work = announced(BATCH)
    assert work.take(0.0) == ReadNew("SM", frozenset(range(BATCH)))
    assert work.take(0.0) is None


def test_what_a_listing_did_not_show_is_read_one_by_one():
    work = announced(BATCH, tries=1)
    assert [work.take(0.0) for _ in range(BATCH)] == [ReadSlot("SM", index, 1) for index in range(BATCH)]


def test_a_read_waits_for_no_more_than_a_batch_of_deletes():
    work = announced(1)
    for _ in range(3 * BATCH):
        work.free(FREE)
    jobs = [work.take(0.0) for _ in range(BATCH + 1)]
    assert jobs == [FREE] * BATCH + [ReadSlot("SM", 0, 0)]


def test_a_slot_is_not_read_before_its_moment():
    work = SlotWork()
    work.announce("SM", 1, 5.0)
    assert work.take(4.9) is None
    assert work.next_deadline() == 5.0
    assert work.take(5.0) == ReadSlot("SM", 1, 0)


@pytest.mark.parametrize("persona", ["sim800c", "sim800l", "e173", "me909s", "sim7600"])
@pytest.mark.parametrize(
    "fault",
    [
        "",
        "garble:on=+CMGL,count=5,times=3",
        "cms:on=+CMGL,code=500,times=3",
        "lose:on=+CMGL,position=60,count=40,times=2",
    ],
)
def test_a_flood_is_taken_whole_whatever_happens_to_the_listings(persona, fault):
    field = Field(persona).open().run(10)
    if fault:
        field.inject(fault)
    field.inject("flood:count=100")
    field.run(200)
    assert field.modem.state is at.ModemState.READY
    assert field.messages_on_the_way() == []
    assert field.still_stored() == 0
