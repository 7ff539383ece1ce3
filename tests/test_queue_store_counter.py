from pathlib import Path

from queue_desk import BORN_MS, Desk

HOUR_MS = 3_600_000


def test_the_high_water_mark_is_the_last_number_given(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.store.counter.given() == 0
    for n in range(3):
        desk.later(2 * HOUR_MS).sms(f"laporan {n}")
    assert desk.store.counter.given() == 3


def test_a_mark_that_turns_up_later_is_stayed_above(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.sms("satu")
    assert desk.store.counter.stay_above(1_041, desk.at())
    assert desk.later(2 * HOUR_MS).sms("dua").ticket.number[4:11] == "001-052"
    assert not desk.store.counter.stay_above(1_041, desk.at())
    assert not desk.store.counter.stay_above(0, desk.at())
    assert desk.later(2 * HOUR_MS).sms("tiga").ticket.number[4:11] == "001-053"


def test_every_skipped_range_is_on_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path, number_floor=95)
    assert desk.store.counter.void() == [(1, 105, BORN_MS + 1_000)]
    desk.sms("satu")
    desk.later(1_000).crash()
    desk.store.counter.stay_above(500, desk.at())
    assert [(first, last) for first, last, _ in desk.store.counter.void()] == [(1, 105), (107, 110), (111, 510)]
