from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.daemon.office import HoursUnreadable, OfficeHours, read_hours

WITA = 480


def wall_ms(text: str, offset_min: int = WITA) -> int:
    local = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return round((local - timedelta(minutes=offset_min)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-23 08:00", True),  # a Monday
        ("2026-11-23 07:59", False),
        ("2026-11-27 15:59", True),
        ("2026-11-27 16:00", False),
        ("2026-11-28 09:00", True),
        ("2026-11-28 12:00", False),
        ("2026-11-29 09:00", False),
    ],
)
def test_the_hours_of_an_office_hold_in_its_own_zone(moment: str, is_open: bool) -> None:
    hours = read_hours("Sen-Jum 08:00-16:00, Sab 8:00-12:00", WITA)
    assert hours.is_open(wall_ms(moment)) is is_open


def test_days_may_run_over_the_end_of_the_week() -> None:
    hours = read_hours("Sab-Sen 00:00-24:00", WITA)
    assert [hours.is_open(wall_ms(f"2026-11-{day} 12:00")) for day in (27, 28, 29, 30)] == [False, True, True, True]


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000_000))
def test_without_hours_the_office_is_always_open(moment: int) -> None:
    assert OfficeHours().is_open(moment)
    assert read_hours(" ").is_open(moment)


@pytest.mark.parametrize(
    "text",
    ["Senin 08:00-16:00", "Sen 8-16", "Sen 16:00-08:00", "Xyz 08:00-16:00", "Sen 08:00-25:00", "Sen 08:00-08:00"],
)
def test_what_says_no_hours_is_refused(text: str) -> None:
    with pytest.raises(HoursUnreadable):
        read_hours(text)
