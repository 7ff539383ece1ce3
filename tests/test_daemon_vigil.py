from edge import fault, status
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kentongan.daemon.status import Status
from kentongan.daemon.vigil import GONE_S, LASTED_S, SILENT_S, STORM_STARTS, Seen, Vigil


def causes(vigil: Vigil, seen: Seen, now_s: float) -> list[str]:
    verdict = vigil.look(seen, now_s, round(now_s * 1000))
    assert (verdict.stop is None) or verdict.stop in verdict.faults
    return [found.cause for found in verdict.faults]


def beat(number: int, boot: int = 0) -> Status:
    return status(steady_ms=number, boot_id=f"boot-{boot}")


def test_a_gateway_that_writes_and_lives_is_believed() -> None:
    vigil = Vigil(0.0)
    for second in range(100):
        verdict = vigil.look(Seen(beat(second), exists=True), second, 0)
        assert verdict.status == beat(second)
        assert verdict.faults == ()


def test_what_the_gateway_says_of_itself_is_handed_on() -> None:
    standing = (fault("modem_absent", name="a"), fault("broker_unreachable", 7))
    verdict = Vigil(0.0).look(Seen(replace(beat(1), faults=standing), exists=True), 1.0, 0)
    assert verdict.faults == standing
    assert verdict.stop == standing[0]


def test_a_dead_gateway_is_given_the_time_of_a_restart_then_called_stopped() -> None:
    vigil = Vigil(0.0)
    assert causes(vigil, Seen(beat(1), exists=True), 5.0) == []
    assert causes(vigil, Seen(beat(1), exists=False), 5.0 + GONE_S - 0.1) == []
    assert causes(vigil, Seen(beat(1), exists=False), 5.0 + GONE_S) == ["daemon_stopped"]
    assert GONE_S + 1.0 <= 30.0


def test_a_gateway_that_never_came_is_called_stopped() -> None:
    vigil = Vigil(100.0)
    assert causes(vigil, Seen(None, exists=False), 101.0) == []
    assert causes(vigil, Seen(None, exists=False), 100.0 + GONE_S) == ["daemon_stopped"]


def test_a_gateway_that_lives_but_is_silent_is_called_hung() -> None:
    vigil = Vigil(0.0)
    assert causes(vigil, Seen(beat(1), exists=True), 1.0) == []
    assert causes(vigil, Seen(beat(1), exists=True), 1.0 + SILENT_S - 0.1) == []
    assert causes(vigil, Seen(beat(1), exists=True), 1.0 + SILENT_S) == ["daemon_hung"]
    assert SILENT_S + 1.0 <= 30.0


def test_a_fault_of_its_own_hides_what_the_dead_gateway_said_and_keeps_its_beginning() -> None:
    vigil = Vigil(0.0)
    old = replace(beat(1), faults=(fault("modem_absent", name="a"),))
    vigil.look(Seen(old, exists=True), 1.0, 1_000)
    first = vigil.look(Seen(old, exists=True), 30.0, 30_000)
    later = vigil.look(Seen(old, exists=False), 60.0, 60_000)
    assert [found.cause for found in (*first.faults, *later.faults)] == ["daemon_hung", "daemon_stopped"]
    assert later.faults[0].since_ms == 30_000
    assert later.status is None


def test_the_alarm_ends_with_the_first_sign_of_life() -> None:
    vigil = Vigil(0.0)
    assert causes(vigil, Seen(beat(1), exists=False), 60.0) == ["daemon_stopped"]
    assert causes(vigil, Seen(beat(2, boot=1), exists=True), 61.0) == []


def test_a_fourth_start_within_ten_minutes_is_a_crash_loop_until_one_has_lasted() -> None:
    vigil = Vigil(0.0)
    for boot in range(STORM_STARTS - 1):
        assert causes(vigil, Seen(beat(1, boot), exists=True), boot * 10.0) == []
    storm_s = STORM_STARTS * 10.0
    assert causes(vigil, Seen(beat(1, STORM_STARTS), exists=True), storm_s) == ["daemon_crash_loop"]
    for second in range(1, round(LASTED_S)):
        seen = Seen(beat(second + 1, STORM_STARTS), exists=True)
        assert causes(vigil, seen, storm_s + second) == ["daemon_crash_loop"]
    assert causes(vigil, Seen(beat(1000, STORM_STARTS), exists=True), storm_s + LASTED_S) == []


def test_restarts_far_apart_are_no_crash_loop() -> None:
    vigil = Vigil(0.0)
    for boot in range(20):
        assert causes(vigil, Seen(beat(1, boot), exists=True), boot * 210.0) == []


LOOKS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans(), st.floats(0, 40)), max_size=30)


@given(LOOKS, st.booleans())
def test_after_any_history_thirty_seconds_of_death_or_silence_are_an_alarm(
    looks: list[tuple[int, int, bool, float]], exists: bool
) -> None:
    vigil, now_s, last = Vigil(0.0), 0.0, beat(0)
    for number, boot, alive, pause_s in looks:
        now_s, last = now_s + pause_s, beat(number, boot)
        vigil.look(Seen(last, alive), now_s, 0)
    vigil.look(Seen(last, exists), now_s, 0)
    assert vigil.look(Seen(last, exists), now_s + 30.0, 0).stop is not None
