"""A day in the field in accelerated time: no false alarm, no missed one, no force without a cause."""

from pathlib import Path

import pytest
from field_days import REFRESH_MS, live

from kentongan.daemon import standing


@pytest.mark.parametrize("seed", [1])  # thirty of them: make field-life
def test_a_day_in_the_field_has_no_false_alarm_no_missed_one_and_no_force_without_a_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(standing, "REFRESH_MS", REFRESH_MS)
    life = live(tmp_path, seed)
    assert life.false_alarms() == []
    assert life.missed() == []
    assert life.unexplained() == []
    assert life.shown[-1][1] == frozenset()
    assert life.last is not None
    assert life.last.store.unacknowledged == 0
    assert life.last.store.tickets == life.wrote
    raised = [name for _, name in life.notes if name == "fault_raised"]
    cleared = [name for _, name in life.notes if name == "fault_cleared"]
    assert len(raised) == len(cleared)
    assert len(raised) <= 2 * len(life.blows)  # raised once each, some by way of a milder one
    life.bench.core.close(life.bench.at)
