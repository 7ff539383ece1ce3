"""Days on which no office works: fixed by law or listed by the county, never guessed."""

from datetime import date

import pytest

from kentongan.daemon import holidays, standards
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.holidays import EPOCH, Holidays, read_holidays
from kentongan.daemon.office import read_hours
from kentongan.queue.records import Moment
from kentongan.queue.store_ledger import Point

LIST = "# SKB 2027\n2027-03-10 Idul Fitri\n2027-03-11\tIdul Fitri  # hari kedua\n\n"


def day(text):
    return date.fromisoformat(text).toordinal() - EPOCH


def noon(text):
    return day(text) * 86_400_000 + 12 * 3_600_000


@pytest.mark.parametrize("text", ["2026-12-25", "2031-08-17", "2027-01-01", "2026-05-01", "2026-06-01"])
def test_what_the_law_fixes_needs_no_list(text):
    assert day(text) in Holidays()


def test_the_countys_list_is_taken_and_nothing_beside_it():
    listed = read_holidays(LIST)
    assert [day(f"2027-03-{n:02}") in listed for n in (9, 10, 11, 12)] == [False, True, True, False]
    assert "2027-03-10" not in listed


@pytest.mark.parametrize(
    "line", ["Idul Fitri", "2027-13-01 x", "2027-02-29", "10-03-2027", "2027-3-10", "2027-03-10Idul"]
)
def test_a_line_without_a_date_is_refused_with_its_number(line, tmp_path):
    (tmp_path / "libur.txt").write_text(f"2027-01-02\n{line}\n", "utf-8")
    with pytest.raises(ConfigError, match=r"holidays_file.*line 2"):
        holidays.load(str(tmp_path / "libur.txt"))


def test_a_list_that_is_not_there_or_no_text_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="holidays_file"):
        holidays.load(str(tmp_path / "none.txt"))
    (tmp_path / "libur.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="holidays_file"):
        holidays.load(str(tmp_path / "libur.txt"))
    assert holidays.load("") == Holidays()


@pytest.mark.parametrize(
    ("now", "amount", "days"),
    [
        ("2027-03-12", 1, 3),  # Friday: Thursday and Wednesday are feasts, so since Tuesday
        ("2027-03-15", 1, 3),  # Monday: since Friday
        ("2027-03-15", 2, 6),
        ("2027-03-09", 1, 1),
    ],
)
def test_a_workday_leaves_feasts_and_weekends_out(now, amount, days):
    leg = standards.Leg("x", "y", Point.RECEIVED, Point.ACKNOWLEDGED, amount, "workday", read_holidays(LIST))
    at = Moment(0, noon(now), synced=True)
    assert leg.allowed_ms(at, lambda _ms: 0) == days * standards.DAY_MS


def test_a_profile_takes_the_list():
    legs = standards.load("sp4n", standards.SHIPPED, read_holidays(LIST))
    assert all(day("2027-03-10") in leg.holidays for leg in legs)


def test_the_office_is_closed_on_a_feast():
    hours = read_hours("Sen-Jum 08:00-16:00", 0, read_holidays(LIST))
    assert [hours.is_open(noon(f"2027-03-{n:02}")) for n in (9, 10, 11, 12)] == [True, False, False, True]
    assert read_hours("", 0, read_holidays(LIST)).is_open(noon("2027-03-10"))
