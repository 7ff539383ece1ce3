import pytest

from kentongan.queue.retention import DAY_MS, Pressure, Retention, pressure


@pytest.mark.parametrize(
    ("used", "budget", "expected"),
    [
        (10**12, 0, Pressure.NONE),
        (599, 1000, Pressure.NONE),
        (600, 1000, Pressure.SOFT),
        (799, 1000, Pressure.SOFT),
        (800, 1000, Pressure.HARD),
        (2000, 1000, Pressure.HARD),
    ],
)
def test_pressure_rises_at_sixty_and_eighty_percent(used: int, budget: int, expected: Pressure) -> None:
    assert pressure(used, budget) is expected


@pytest.mark.parametrize("days", [-1, 91])
def test_a_body_is_never_kept_longer_than_ninety_days(days: int) -> None:
    with pytest.raises(ValueError, match="90 days"):
        Retention(body_ms=days * DAY_MS)


def test_the_proposed_periods_are_the_defaults() -> None:
    periods = Retention()
    found = [periods.pdu_ms, periods.quarantine_ms, periods.body_ms, periods.command_ms, periods.tombstone_ms]
    assert [period // DAY_MS for period in found] == [7, 14, 30, 400, 730]
