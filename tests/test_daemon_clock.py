import ctypes
import platform
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import forbidden_clock
import pytest
from forbidden_clock import CALLS
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.events import NetworkTime, SlotFound
from kentongan.daemon.clock import (
    BORN_MS,
    NEVER,
    ZONES_MIN,
    OfficeZone,
    SystemClock,
    ahead_of,
    kernel_synced,
    resume,
)
from kentongan.daemon.events import LineEvent
from kentongan.daemon.modems import listen, stamped_ms
from kentongan.queue.records import Moment

REPORT = "06912618010000062A0D91261832547698F0621132514050826211325140908200"
DELIVER_ZONE_0 = "06912618010000040D91261832547698F000006211325140500006D427F3E93C02"


def delivered(stamp: pdu.Scts) -> str:
    """Write an SMS that the service centre took at this moment."""
    return DELIVER_ZONE_0.replace("62113251405000", stamp.raw.hex().upper())


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


# -- what others say of the time --------------------------------------------------------------------------------------

HOUR_MS = 3_600_000


@given(shown=MS, told=MS, zone=st.sampled_from((0, 7, 8, 9)))
def test_whatever_is_told_the_time_never_goes_back_and_never_leaps_farther_than_three_years(shown, told, zone) -> None:
    better = ahead_of(shown, (told, told + zone * HOUR_MS))
    assert better is None or shown < better <= shown + 3 * 366 * 86_400_000


def test_a_clock_without_ntp_takes_the_networks_time_and_goes_on_from_there() -> None:
    now_ms = time.time_ns() // 1_000_000
    clock = SystemClock(is_synced=lambda: False)
    clock.hear("a", now_ms + 40 * 86_400_000)
    moment = clock.now()
    assert 0 <= moment.wall_ms - now_ms - 40 * 86_400_000 < 60_000
    assert not moment.synced


def test_a_network_that_is_behind_or_decades_ahead_changes_nothing() -> None:
    now_ms = time.time_ns() // 1_000_000
    clock = SystemClock(is_synced=lambda: False)
    for told_ms in (0, now_ms - HOUR_MS, now_ms + 1024 * 7 * 86_400_000):
        clock.hear("a", told_ms)
        assert 0 <= clock.now().wall_ms - now_ms < 60_000


def test_a_clock_kept_by_ntp_listens_to_nobody() -> None:
    now_ms = time.time_ns() // 1_000_000
    clock = SystemClock(is_synced=lambda: True)
    clock.hear("a", now_ms + HOUR_MS)
    assert clock.now().wall_ms < now_ms + HOUR_MS


def test_of_two_readings_the_nearest_counts_so_that_a_modem_in_utc_is_understood() -> None:
    shown = 1_795_000_000_000
    off = 2 * HOUR_MS  # how long the box was off
    utc_modem = (shown + off - 8 * HOUR_MS, shown + off)
    assert ahead_of(shown, utc_modem) == shown + off
    local_modem = (shown + off, shown + off + 8 * HOUR_MS)
    assert ahead_of(shown, local_modem) == shown + off
    assert ahead_of(shown, (shown - 1000, shown - 1000 + 8 * HOUR_MS)) is None  # a second behind is no leap of hours


def test_a_box_that_starts_in_1970_shows_at_least_the_year_it_was_made(monkeypatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 5_000_000_000)
    moment = SystemClock(is_synced=lambda: False).now()
    assert moment.wall_ms >= BORN_MS
    assert SystemClock(is_synced=lambda: True).now().wall_ms == 5_000  # NTP is believed


def test_an_sms_tells_the_time_where_nobody_else_does() -> None:
    now_ms = time.time_ns() // 1_000_000
    clock, passed = SystemClock(is_synced=lambda: False), []
    stamp = pdu.scts_of(now_ms + 9 * 86_400_000, 420)
    event = LineEvent("a", SlotFound("SM", 1, 0, 26, delivered(stamp)))
    listen(clock, passed.append, event)
    assert passed == [event]
    assert abs(clock.now().wall_ms - now_ms - 9 * 86_400_000) < 60_000


@pytest.mark.parametrize("pdu_hex", ["", "zz", "0691", DELIVER_ZONE_0, REPORT])
def test_what_has_no_stamp_of_this_country_tells_nothing(pdu_hex) -> None:
    assert stamped_ms(pdu_hex) is None


def test_the_modems_time_is_heard_on_its_way_to_the_core() -> None:
    now_ms = time.time_ns() // 1_000_000
    clock, passed = SystemClock(is_synced=lambda: False), []
    event = LineEvent("a", NetworkTime(now_ms // 1000 + 86_400, 28_800))
    listen(clock, passed.append, event)
    assert passed == [event]
    assert abs(clock.now().wall_ms - now_ms - 86_400_000) < 60_000


@pytest.mark.skipif(
    platform.machine() not in CALLS, reason="the numbers of the system calls are known for two machines"
)
def test_under_the_units_own_filter_the_mark_decides(tmp_path) -> None:
    mark, script = tmp_path / "synchronized", Path(forbidden_clock.__file__)
    said = []
    for _ in range(2):
        run = subprocess.run([sys.executable, script, mark], capture_output=True, text=True, check=True)
        said.append(run.stdout.split())
        mark.touch()
    assert said == [["-1", "False"], ["-1", "True"]]
