"""The short variant of the fault run (`make fault-run`): three faults on the real processes, all at the same time."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fault_run
import pytest
from fault_scenarios import SCENARIOS

from kentongan.daemon import faults

SHORT = ("SIM pulled", "modem unplugged", "gateway killed, not restarted")
MEASURED = Path(__file__).parent.parent / "docs" / "fault-run.json"
# Rows that need hardware, a reboot of the configuration, another box, or days.
UNSTRUCK = {
    "mains_lost",
    "power_overvoltage",
    "power_undervoltage_stop",
    "modem_busy",
    "modem_hilink",
    "sim_puk_required",
    "sim_locked",
    "sim_foreign",
    "neighbour_silent",
    "smsc_missing",
    "cannot_send",
    "credit_draining",
    "duplicate_client",
    "mqtt_not_authorized",
    "no_backend_subscribed",
    "clock_unsynced",
    "clock_skew",
    "clock_disagrees",
    "message_blocked",
    "certificate_expiring",
    "config_rejected",
}


def test_three_faults_are_shown_told_and_got_over_on_the_real_processes() -> None:
    chosen = [scenario for scenario in SCENARIOS if scenario.name in SHORT]
    assert len(chosen) == len(SHORT)
    with ThreadPoolExecutor(len(chosen)) as pool:
        outcomes = list(pool.map(fault_run.struck, chosen))
    assert [outcome.wrong for outcome in outcomes] == [[], [], []]


def test_every_layer_of_the_procedures_warning_is_struck_and_every_fault_is_either_struck_or_named() -> None:
    layers = {scenario.layer for scenario in SCENARIOS}
    assert layers >= {
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
    struck = {scenario.cause for scenario in SCENARIOS} - {"blackout"}
    assert struck | UNSTRUCK == set(faults.TABLE)
    assert not struck & UNSTRUCK


def test_what_was_measured_covers_every_scenario_and_kept_its_promises() -> None:
    if not MEASURED.exists():
        pytest.fail("run: make fault-run")
    rows = json.loads(MEASURED.read_text("utf-8"))["rows"]
    assert [row[1] for row in rows] == [scenario.name for scenario in SCENARIOS]
    for scenario, row in zip(SCENARIOS, rows, strict=True):
        lamp, alarm = row[4], row[5]
        assert (lamp != "-") is scenario.lights, row
        assert (alarm != "-") is bool(scenario.alarm), row
        assert (row[6] != "-") is bool(scenario.clerk), row
        assert row[7].rstrip("*") != "-", row
