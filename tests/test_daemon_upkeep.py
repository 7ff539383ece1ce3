"""The store is looked after by the running core: texts go when their time is over, and a full store makes room."""

import json
from itertools import count

import pytest
from core_bench import TOPICS, Bench, accepted, names, of

from kentongan.daemon.events import Publish
from kentongan.daemon.upkeep import FIRST_MS

DAY_S, HOUR_S = 86_400, 3_600
BUDGET = 400 << 10


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "k.db")
    yield bench
    bench.core.close(bench.at)


def texts(bench):
    return [ticket.text for ticket in bench.store.tickets(100)]


def test_a_text_whose_time_is_over_is_erased_within_the_hour(bench):
    bench.ready()
    bench.broker_up()
    accepted(bench, "jalan rusak")
    bench.pass_time(HOUR_S)
    bench.broker_down()
    bench.jump(29 * DAY_S)
    bench.jump(HOUR_S)
    assert texts(bench) == ["jalan rusak"]
    bench.jump(DAY_S)
    bench.jump(HOUR_S)
    assert texts(bench) == [""]
    assert b"jalan rusak" not in bench.path.read_bytes()


def test_what_nobody_has_acknowledged_is_never_erased(bench):
    bench.ready()
    bench.sms("lampu mati")
    for _ in range(4):
        bench.jump(400 * DAY_S)
        bench.jump(HOUR_S)
    assert texts(bench) == ["lampu mati"]


def test_much_that_is_overdue_goes_a_round_a_minute_and_then_it_is_quiet(bench, monkeypatch):
    monkeypatch.setattr("kentongan.queue.store_care.Care.tidy.__defaults__", (2,))
    bench.ready()
    bench.broker_up()
    for number in range(7):
        accepted(bench, f"laporan {number}", number + 1)
    bench.broker_down()
    bench.jump(31 * DAY_S)
    bench.pass_time(FIRST_MS / 1000 - 60)
    left = []
    while any(texts(bench)):
        left.append(sum(text != "" for text in texts(bench)))
        bench.pass_time(60)
    assert left in ([5, 3, 1], [7, 5, 3, 1])  # the minutes do not begin with the jump


def test_a_store_that_is_full_makes_room_by_itself_and_never_of_what_nobody_has(tmp_path):
    bench = Bench(tmp_path / "k.db", budget_octets=BUDGET)
    bench.ready()
    bench.broker_up()
    bench.sms("belum diakui", index=1)
    for done in count():
        accepted(bench, f"jalan rusak {done} " + "x" * 130, index=2)
        bench.at = bench.at._replace(steady_ms=bench.at.steady_ms + 1)
        if bench.store.care.usage().used > 0.9 * BUDGET:
            break
    bench.broker_down()
    number = 0
    while "store_lost" not in names(bench.sms(f"laporan {number} " + "x" * 130, index=3)):
        number += 1
    assert "store_back" in names(bench.pass_time(6))
    assert "store_lost" not in names(bench.sms("masih bisa", index=4))
    kept = [ticket.text for ticket in bench.store.tickets(10_000) if ticket.text]
    assert kept[0] == "masih bisa"
    assert kept[-1] == "belum diakui"
    assert sum(text.startswith("laporan") for text in kept) == number
    bench.core.close(bench.at)


def test_the_standing_tells_how_full_the_store_is_and_which_number_was_the_last(tmp_path):
    bench = Bench(tmp_path / "k.db", budget_octets=BUDGET)
    bench.ready()
    bench.store.counter.stay_above(500, bench.at)
    bench.sms("jalan rusak")
    store = bench.standing.status(bench.at).store
    usage = bench.store.care.usage()
    assert (store.counter, store.used_percent) == (511, 100 * usage.used // usage.budget)
    info = [c for c in of(Publish, bench.broker_up()) if c.publication.topic == TOPICS.status("info")]
    assert json.loads(info[0].publication.payload)["ticket_counter"] == 511
    bench.core.close(bench.at)
