"""The short variant of the fault run (`make fault-run`): three faults on the real processes, all at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fault_run
import pytest
from fault_scenarios import SCENARIOS

from kentongan.daemon import faults

SHORT = ("SIM pulled", "modem unplugged", "gateway killed, not restarted")
PATIENCE = 4.0  # of a machine that runs other tests beside it; the true limits hold for what `make fault-run` measured
MEASURED = Path(__file__).parent.parent / "docs" / "fault-run.json"
LAYERS = {
    "Power",
    "Supply",
    "SD",
    "Daemon",
    "AT channel",
    "Registration",
    "Store",
    "Money",
    "Content filter",
    "Path",
    "Uplink",
    "Backend",
}


def test_three_faults_are_shown_told_and_got_over_on_the_real_processes() -> None:
    chosen = [scenario for scenario in SCENARIOS if scenario.name in SHORT]
    assert len(chosen) == len(SHORT)
    with ThreadPoolExecutor(len(chosen)) as pool:
        outcomes = list(pool.map(lambda scenario: fault_run.struck(scenario, PATIENCE), chosen))
    assert [outcome.wrong for outcome in outcomes] == [[], [], []]


def test_every_layer_of_the_procedures_warning_is_struck_and_every_fault_of_the_table() -> None:
    assert {scenario.layer for scenario in SCENARIOS} >= LAYERS
    assert len({scenario.name for scenario in SCENARIOS}) == len(SCENARIOS)
    assert {scenario.cause for scenario in SCENARIOS} - {"blackout"} == set(faults.TABLE)


def test_what_was_measured_covers_every_scenario_and_kept_its_promises() -> None:
    if not MEASURED.exists():
        pytest.fail("run: make fault-run")
    measured = json.loads(MEASURED.read_text("utf-8"))
    rows, texts = measured["rows"], measured["texts"]
    assert [row[1] for row in rows] == [row[0] for row in texts] == [scenario.name for scenario in SCENARIOS]
    for scenario, row, words in zip(SCENARIOS, rows, texts, strict=True):
        evidence, lamp, alarm, clerk, _, well = (cell.rstrip("*") for cell in row[4:10])
        assert (evidence != "-") is (scenario.evidence is not None), row
        for cell, said, due in zip(
            (lamp, alarm, clerk), words[1:], (scenario.lights, scenario.alarm, scenario.clerk), strict=True
        ):
            assert (cell != "-") is (said != "-") is bool(due), row
        assert all(float(cell) <= fault_run.LAMP_S for cell in (lamp, alarm) if cell != "-"), row
        assert float(well) >= 0, row
    assert measured["again"] == []  # all of one run
    assert len(measured["promises"]) == len(fault_run.PROMISES)
    for words, _, seconds, limit in measured["promises"]:
        assert float(seconds) <= float(limit), words
