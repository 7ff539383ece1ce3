from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kentongan.at.dialogue import Synchronise
from kentongan.at.ladder import BUDGETS, STEADY_S, Ladder, Rung
from kentongan.at.network import EVERY_S, NetworkStep, NetworkWatch
from kentongan.at.recovery import FIRST_SEARCH, MISSING_S, Plan, Recovery


def climbs(ladder: Ladder, count: int, now: float = 0.0) -> list[Rung]:
    return [ladder.climb(now) for _ in range(count)]


def test_the_rungs_are_climbed_in_order_of_cost_and_the_last_one_for_ever():
    assert climbs(Ladder(), 15) == (
        [Rung.RESYNC] * 3
        + [Rung.REINIT] * 2
        + [Rung.REOPEN] * 2
        + [Rung.SOFT_RESTART] * 2
        + [Rung.POWER_CYCLE] * 3
        + [Rung.ALARM] * 3
    )


def test_a_rung_has_its_time_before_the_next_one():
    ladder = Ladder()
    for _ in range(20):
        rung = ladder.climb(100.0)
        assert ladder.earliest() == 100.0 + BUDGETS[rung].patience_s


def test_the_first_climb_needs_no_waiting():
    assert Ladder().earliest() < 0


def test_a_hung_modem_has_its_power_cycled_soon_enough_to_be_back_in_five_minutes():
    spent = sum(BUDGETS[rung].tries * BUDGETS[rung].patience_s for rung in list(Rung)[:4])
    assert 75 + spent + 30 <= 300


def test_a_line_that_was_ready_for_ten_minutes_starts_at_the_foot_again():
    ladder = Ladder()
    climbs(ladder, 8)
    ladder.ready(100.0)
    ladder.ready(100.0 + STEADY_S)
    assert not ladder.climbing
    assert ladder.climb(100.0 + STEADY_S) is Rung.RESYNC


def test_a_line_that_fails_again_soon_goes_on_where_it_stood():
    ladder = Ladder()
    climbs(ladder, 8)
    ladder.ready(100.0)
    ladder.ready(99.0 + STEADY_S)
    assert ladder.climb(100.0 + STEADY_S) is Rung.SOFT_RESTART
    ladder.ready(2000.0)
    assert ladder.climbing  # the time it was ready before does not count


def test_a_module_that_goes_off_needs_its_power_and_nothing_else():
    ladder = Ladder()
    ladder.skip_to(Rung.POWER_CYCLE)
    assert climbs(ladder, 4) == [Rung.POWER_CYCLE] * 3 + [Rung.ALARM]
    ladder.skip_to(Rung.RESYNC)
    assert ladder.climb(0.0) is Rung.ALARM


def test_a_ladder_goes_on_where_an_earlier_life_of_the_program_stood():
    before, after = Ladder(), Ladder()
    for now in range(0, 500, 100):
        before.climb(now)
    after.resume(before.rung, 2, 400)
    assert after.climbing
    assert after.earliest() == before.earliest()
    assert [after.climb(now) for now in (500, 600)] == [before.climb(now) for now in (500, 600)]
    after.ready(700)
    after.ready(700 + STEADY_S)
    assert after.climb(2_000) is Rung.RESYNC


def test_the_alarm_means_that_everything_cheaper_failed():
    ladder = Ladder()
    climbs(ladder, 12)
    assert not ladder.alarmed
    ladder.climb(0.0)
    assert ladder.alarmed


# -- the plan ---------------------------------------------------------------------------------------------------------


def test_a_plan_is_taken_once_at_its_moment():
    recovery = Recovery(115200)
    recovery.at(10.0, Plan.START)
    assert recovery.take(9.9) is None
    assert recovery.take(10.0) is Plan.START
    assert recovery.take(11.0) is None


def test_a_search_lasts_as_long_as_the_rung_allows():
    recovery = Recovery(115200)
    assert recovery.search() == FIRST_SEARCH
    for _ in range(12):
        rung = recovery.ladder.climb(0.0)
        search = recovery.search()
        assert isinstance(search, Synchronise)
        assert search.attempts * search.interval_s >= BUDGETS[rung].patience_s


def test_a_modem_that_was_heard_keeps_its_rate():
    recovery = Recovery(115200)
    recovery.heard()
    recovery.ladder.climb(0.0)
    assert recovery.rate_to_try() is None
    assert recovery.rate_found() is None


def test_a_modem_that_was_never_heard_is_called_at_each_rate_once():
    recovery = Recovery(115200)
    rates = []
    for _ in range(5):
        recovery.ladder.climb(0.0)
        rates.append(recovery.rate_to_try())
    assert rates == [9600, 57600, 38400, 19200, 115200]
    recovery.ladder.climb(0.0)
    assert recovery.rate_to_try() is None


def test_a_rate_that_was_found_is_set_again_when_the_port_is_opened_anew():
    recovery = Recovery(115200)
    recovery.ladder.climb(0.0)
    recovery.rate_to_try()
    recovery.heard()
    recovery.opened()
    assert recovery.rate_found() == 9600


def test_an_odd_configured_rate_is_left_for_the_usual_ones():
    recovery = Recovery(4800)
    recovery.ladder.climb(0.0)
    assert recovery.rate_to_try() == 115200


def test_a_missing_port_asks_for_power_after_two_minutes_and_then_every_ten():
    recovery = Recovery(115200)
    due = [second for second in range(2000) if recovery.port_missing(float(second))]
    assert due == [int(MISSING_S), int(MISSING_S) + 600, int(MISSING_S) + 1200, int(MISSING_S) + 1800]


# -- the network ------------------------------------------------------------------------------------------------------


def test_a_missing_network_is_met_with_growing_force_and_then_once_an_hour():
    watch = NetworkWatch()
    watch.lost(0.0)
    steps = [(second, watch.step(float(second))) for second in range(0, 9000, 10)]
    assert [met for met in steps if met[1] is not NetworkStep.NOTHING] == [
        (300, NetworkStep.CHOOSE_OPERATOR),
        (600, NetworkStep.SWITCH_RADIO),
        (1200, NetworkStep.CYCLE_POWER),
        (1200 + EVERY_S, NetworkStep.SWITCH_RADIO),
        (1200 + 2 * EVERY_S, NetworkStep.SWITCH_RADIO),
    ]


def test_a_network_that_was_found_starts_the_count_anew():
    watch = NetworkWatch()
    watch.lost(0.0)
    watch.lost(200.0)  # told again: the first moment counts
    assert watch.step(300.0) is NetworkStep.CHOOSE_OPERATOR
    watch.found()
    assert watch.step(10_000.0) is NetworkStep.NOTHING
    watch.lost(10_000.0)
    assert watch.step(10_299.0) is NetworkStep.NOTHING
    assert watch.step(10_300.0) is NetworkStep.CHOOSE_OPERATOR


@given(st.lists(st.tuples(st.sampled_from(["lost", "found", "step"]), st.floats(0, 5000)), max_size=60))
def test_the_network_is_never_forced_twice_within_five_minutes(story):
    watch, now, forced = NetworkWatch(), 0.0, []
    for what, passed in story:
        now += passed
        match what:
            case "lost":
                watch.lost(now)
            case "found":
                watch.found()
            case _ if watch.step(now) is not NetworkStep.NOTHING:
                forced.append(now)
    assert all(later - earlier >= 300 for earlier, later in pairwise(forced))
