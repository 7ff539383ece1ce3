import ctypes
import time
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon.clock import NEVER, ZONES_MIN, OfficeZone, SystemClock, kernel_synced, resume
from kentongan.queue.records import Moment

MS = st.integers(min_value=0, max_value=4_000_000_000_000)


@given(steady=MS, before=MS, after=MS, was=st.booleans(), is_now=st.booleans())
def test_steady_time_never_goes_back_over_a_restart(
    steady: int, before: int, after: int, was: bool, is_now: bool
) -> None:
    assert resume(Moment(steady, before, was), after, is_now) > steady


def test_the_downtime_counts_only_between_two_trusted_wall_clocks() -> None:
    assert resume(Moment(1_000, 50_000, synced=True), 60_000, synced=True) == 11_001
    assert resume(Moment(1_000, 50_000, synced=True), 60_000, synced=False) == 1_001
    assert resume(Moment(1_000, 50_000, synced=False), 60_000, synced=True) == 1_001
    assert resume(Moment(1_000, 50_000, synced=True), 40_000, synced=True) == 1_001


def test_a_clock_that_says_decades_have_passed_is_not_believed_even_when_it_calls_itself_set() -> None:
    year_ms = 366 * 86_400_000
    assert resume(Moment(1_000, 50_000, synced=True), 50_000 + year_ms, synced=True) == 1_001 + year_ms
    assert resume(Moment(1_000, 50_000, synced=True), 50_000 + 56 * year_ms, synced=True) == 1_001


def test_a_clock_that_lost_its_time_never_shows_less_than_what_was_written() -> None:
    future = time.time_ns() // 1_000_000 + 86_400_000
    moment = SystemClock(Moment(5_000, future, synced=True), is_synced=lambda: False).now()
    assert moment.wall_ms >= future
    assert not moment.synced
    assert moment.steady_ms >= 5_001


def test_a_trusted_clock_is_believed_even_below_the_last_written_time() -> None:
    future = time.time_ns() // 1_000_000 + 86_400_000
    moment = SystemClock(Moment(5_000, future, synced=True), is_synced=lambda: True).now()
    assert moment.wall_ms < future
    assert moment.synced


def test_both_clocks_go_on() -> None:
    clock = SystemClock(NEVER)
    first, second = clock.now(), clock.now()
    assert second.steady_ms >= first.steady_ms >= 1
    assert clock.monotonic() <= clock.monotonic()


def test_the_kernels_flag_is_asked_and_nothing_is_set() -> None:
    libc = ctypes.CDLL(None)
    state = libc.adjtimex(ctypes.create_string_buffer(512))
    assert kernel_synced() is (0 <= state < 5)


@given(st.integers(min_value=0, max_value=4_000_000_000_000), st.sampled_from(sorted(ZONES_MIN)))
def test_the_office_zone_agrees_with_the_time_zone_database(wall_ms: int, name: str) -> None:
    zone = OfficeZone(name)
    local = datetime.fromtimestamp(max(wall_ms, 1_000_000_000_000) / 1000, ZoneInfo(name))
    wall_ms = max(wall_ms, 1_000_000_000_000)
    assert timedelta(minutes=zone.offset_min(wall_ms)) == local.utcoffset()
    assert zone.minute_of_day(wall_ms) == local.hour * 60 + local.minute
    assert zone.clock(wall_ms).startswith(f"{local:%d-%m-%Y %H:%M:%S}")


def test_where_the_kernel_may_not_be_asked_the_mark_of_the_time_service_tells(tmp_path) -> None:
    mark = tmp_path / "synchronized"
    assert not kernel_synced(lambda: -1, mark)
    mark.touch()
    assert kernel_synced(lambda: -1, mark)
    assert not kernel_synced(lambda: 5, mark)  # a kernel that answers is believed
    assert kernel_synced(lambda: 0, tmp_path / "none")
