"""Faults and ladders outlive the process: what stood goes on standing, what was climbed is not climbed again."""

import pytest
from core_bench import Bench, of

from kentongan.at import events as at
from kentongan.at.events import ModemState
from kentongan.at.ladder import STEADY_S, Rung
from kentongan.daemon.events import HostMeasured, Note, Show
from kentongan.daemon.recoveries import RESUME_MS, Recoveries
from kentongan.daemon.status import HostStatus
from kentongan.queue.incidents import RungRecord


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "k.db")
    yield bench
    bench.core.close(bench.at)


def down(bench):
    return bench.modem(at.StateChanged(ModemState.READY, ModemState.DOWN, "no answer"))


def climb(bench, rung, times=1):
    for _ in range(times):
        bench.modem(at.RungClimbed(rung, "no answer"))
        bench.pass_time(10)


def standing(bench):
    return bench.standing.status(bench.at).faults


def test_a_fault_that_stood_before_a_restart_keeps_its_beginning_and_its_attempts(bench):
    bench.ready()
    down(bench)
    bench.pass_time(1)
    climb(bench, "resync", 2)
    (before,) = [fault for fault in standing(bench) if fault.line]
    assert (before.cause, before.attempts) == ("modem_not_responding", 2)
    bench.pass_time(60)
    bench.crash()
    (after,) = [fault for fault in standing(bench) if fault.line]
    assert after == before
    assert not [n for n in of(Note, bench.pass_time(5)) if n.name == "fault_raised" and dict(n.facts)["line"]]


def test_a_fault_that_is_gone_after_a_restart_is_cleared_and_has_an_end(bench):
    bench.ready()
    down(bench)
    bench.pass_time(1)
    bench.crash()
    bench.ready()
    bench.pass_time(1)
    assert [fault.cause for fault in standing(bench) if fault.line] == []
    (incident,) = bench.store.incidents.newest(10)
    assert incident.cause == "modem_not_responding"
    assert incident.ended_steady_ms is not None


def test_a_fault_is_counted_each_time_it_comes_within_a_day(bench):
    for count in (1, 2, 3):
        bench.ready()
        bench.pass_time(1)
        down(bench)
        bench.pass_time(1)
        assert [f.count for f in of(Show, bench.pass_time(6))[-1].status.faults if f.line] == [count]
        bench.crash()
    bench.ready()
    bench.pass_time(86_400)
    down(bench)
    bench.pass_time(1)
    assert [f.count for f in of(Show, bench.pass_time(6))[-1].status.faults if f.line] == [1]


def test_a_ladder_is_taken_up_where_it_stood_within_the_hour(bench):
    bench.ready()
    down(bench)
    climb(bench, "resync", 3)
    climb(bench, "reinit", 2)
    bench.crash()
    assert Recoveries(bench.store.incidents).resume("a", bench.at) == (Rung.REINIT, 2, 10.0)
    assert Recoveries(bench.store.incidents).resume("b", bench.at) is None
    bench.pass_time(RESUME_MS / 1000)
    assert Recoveries(bench.store.incidents).resume("a", bench.at) is None


def test_the_rung_after_which_the_line_served_is_credited_once(bench):
    bench.ready()
    down(bench)
    climb(bench, "resync", 3)
    climb(bench, "reinit")
    notes = of(Note, bench.ready())
    assert dict(next(n for n in notes if n.name == "line_recovered").facts) == {
        "line": "a",
        "rung": "reinit",
        "tries": 1,
    }
    bench.modem(at.StateChanged(ModemState.READY, ModemState.SEARCHING, "registration 2"))
    bench.ready()
    bench.crash()
    bench.ready()
    assert bench.store.incidents.rungs() == [RungRecord("a", "resync", 3, 0), RungRecord("a", "reinit", 1, 1)]


def test_a_line_that_served_ten_minutes_starts_at_the_foot_again(bench):
    bench.ready()
    down(bench)
    climb(bench, "resync")
    bench.ready()
    bench.pass_time(STEADY_S - 10)
    assert bench.store.incidents.climbs() != []
    bench.pass_time(90)
    assert bench.store.incidents.climbs() == []
    down(bench)
    climb(bench, "resync")
    assert bench.store.incidents.climbs()[0].tries == 1


def test_a_supply_that_sagged_is_remembered_when_it_is_well_again(bench):
    bench.ready()
    bench.do(HostMeasured(HostStatus(undervoltage=True)))
    bench.do(HostMeasured(HostStatus(undervoltage=False)))
    assert "power_undervoltage" in [fault.cause for fault in standing(bench)]
    bench.pass_time(601)
    assert "power_undervoltage" not in [fault.cause for fault in standing(bench)]


@pytest.mark.parametrize("banner", ["UNDER-VOLTAGE POWER DOWN", "RDY"])
def test_restarts_that_nobody_asked_for_are_counted_and_those_of_our_own_force_are_not(bench, banner):
    bench.ready()
    climb(bench, "soft_restart")
    bench.modem(at.Restarted("RDY"))
    assert bench.line.status().restarted_steady_ms == ()
    bench.pass_time(200)
    for _ in range(3):
        bench.modem(at.Restarted(banner))
        bench.ready()
        bench.pass_time(60)
    causes = [fault.cause for fault in standing(bench) if fault.cause in {"modem_restarting", "power_undervoltage"}]
    assert causes == (["modem_restarting"] if banner == "RDY" else ["power_undervoltage"])
