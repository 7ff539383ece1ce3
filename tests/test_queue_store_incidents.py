"""The memory of troubles survives restarts and crashes, and never grows without end."""

from pathlib import Path

import pytest
from queue_desk import BORN_MS, Desk

from kentongan.queue import store_incidents
from kentongan.queue.incidents import Climb, Incident, RungRecord


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def began(desk: Desk, cause: str, line: str = "") -> Incident:
    at = desk.at()
    return Incident(cause, line, at.wall_ms, at.steady_ms)


def test_a_fault_is_remembered_from_its_beginning_to_its_end_over_a_restart(desk: Desk) -> None:
    first = began(desk, "sim_missing", "a")
    desk.store.incidents.changed([first], [], desk.at())
    desk.later(60_000).crash()
    assert desk.store.incidents.standing() == [first]
    assert desk.store.incidents.standing()[0].lasted_ms(desk.now_ms) == 60_000
    desk.store.incidents.changed([], [("sim_missing", "a")], desk.at())
    assert desk.store.incidents.standing() == []
    (ended,) = desk.store.incidents.newest(10)
    assert (ended.ended_ms, ended.ended_steady_ms) == (desk.at().wall_ms, desk.now_ms)
    assert ended.lasted_ms(desk.now_ms + 1) == 60_000


def test_one_line_ending_its_fault_leaves_the_others(desk: Desk) -> None:
    desk.store.incidents.changed([began(desk, "sim_missing", "a"), began(desk, "sim_missing", "b")], [], desk.at())
    desk.store.incidents.changed([], [("sim_missing", "a"), ("modem_absent", "b")], desk.at())
    assert [(one.cause, one.line) for one in desk.store.incidents.standing()] == [("sim_missing", "b")]


def test_repeats_are_counted_within_a_window(desk: Desk) -> None:
    for _ in range(3):
        desk.later(10_000)
        desk.store.incidents.changed([began(desk, "overheated")], [("overheated", "")], desk.at())
    assert desk.store.incidents.repeats("overheated", "", desk.now_ms - 10_000) == 2
    assert desk.store.incidents.repeats("overheated", "a", 0) == 0


def test_the_newest_outages_of_a_month_are_listed_with_what_still_stands(desk: Desk) -> None:
    desk.store.incidents.changed([began(desk, "sim_missing", "a"), began(desk, "modem_absent", "b")], [], desk.at())
    desk.later(1_000)
    desk.store.incidents.changed([], [("modem_absent", "b")], desk.at())
    desk.later(1_000)
    desk.store.incidents.changed([began(desk, "overheated")], [], desk.at())
    found = desk.store.incidents.newest(10, since_ms=BORN_MS + desk.now_ms)
    assert [one.cause for one in found] == ["overheated", "sim_missing"]
    assert [one.cause for one in desk.store.incidents.newest(1)] == ["overheated"]


def test_old_incidents_make_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_incidents, "KEPT", 3)
    for _ in range(10):
        desk.store.incidents.changed([began(desk, "overheated")], [("overheated", "")], desk.at())
    assert len(desk.store.incidents.newest(100)) == 3


def test_a_climb_is_remembered_counted_and_forgotten_when_the_line_has_rested(desk: Desk) -> None:
    desk.store.incidents.changed([began(desk, "modem_not_responding", "a")], [], desk.at())
    for tries, rung in ((1, "resync"), (2, "resync"), (1, "reinit")):
        desk.later(1_000)
        desk.store.incidents.climbed(Climb("a", rung, tries, desk.now_ms), desk.at())
    desk.crash()
    assert desk.store.incidents.climbs() == [Climb("a", "reinit", 1, desk.now_ms)]
    assert desk.store.incidents.standing()[0].attempts == 3
    desk.store.incidents.recovered("a", "reinit", desk.at())
    assert desk.store.incidents.rungs() == [RungRecord("a", "resync", 2, 0), RungRecord("a", "reinit", 1, 1)]
    desk.store.incidents.rested("a", desk.at())
    assert desk.store.incidents.climbs() == []
    assert len(desk.store.incidents.rungs()) == 2


def test_a_fact_is_kept_replaced_and_removed(desk: Desk) -> None:
    facts = desk.store.incidents
    assert facts.noted("balance") is None
    facts.note("balance", "41250", desk.at())
    desk.later(5)
    facts.note("balance", "120", desk.at())
    desk.crash()
    fact = desk.store.incidents.noted("balance")
    assert fact is not None
    assert (fact.value, fact.steady_ms, fact.wall_ms) == ("120", desk.now_ms, desk.at().wall_ms)
    desk.store.incidents.forget("balance", desk.at())
    assert desk.store.incidents.noted("balance") is None
