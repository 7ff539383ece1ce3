import re
from pathlib import Path

import pytest

from kentongan.daemon import faults, lamps
from kentongan.mqtt.payloads.fields import AlarmCode

CONTRACT_CAUSES = {  # contract 4.10
    "modem_not_responding",
    "sim_missing",
    "sim_pin_required",
    "network_not_registered",
    "storage_unavailable",
    "daemon_hung",
    "daemon_crash_loop",
    "power_undervoltage",
}
TESTS = "\n".join(
    (Path(__file__).parent / name).read_text() for name in ("test_daemon_health.py", "test_daemon_vigil.py")
)


def test_the_nine_codes_of_the_card_are_all_there_and_no_other() -> None:
    assert {row.code for row in faults.ROWS} == set(range(1, 10))
    assert len(faults.TABLE) == len(faults.ROWS)


@pytest.mark.parametrize("row", faults.ROWS, ids=lambda row: row.cause)
def test_a_row_is_complete_readable_on_a_console_and_short_enough(row: faults.Fault) -> None:
    texts = (row.title, row.means, row.means_en, *row.todo, *row.todo_en)
    assert all(text and text.isascii() and text == text.strip() for text in texts)
    assert len(f"KODE {row.code}  {row.title} (jalur a)   sejak 24-11-2026 08:15:02 WITA") <= 80
    assert all(len(f"            3) {text}") <= 80 for text in row.todo)
    assert len(f"  Artinya : {row.means}") <= 80
    assert row.title == row.title.upper()
    assert len(set(row.todo)) == 3
    assert row.detector
    assert row.detector.isascii()
    assert row.clerk in {"", faults.STOPPED, faults.SERVER, faults.CREDIT, faults.VALIDITY}
    pattern = AlarmCode.__metadata__[0].pattern
    assert not row.alarm or re.search(pattern, row.alarm)


@pytest.mark.parametrize("row", faults.ROWS, ids=lambda row: row.cause)
def test_every_fault_has_a_test_of_its_own(row: faults.Fault) -> None:
    assert f'"{row.cause}"' in TESTS


def test_what_stops_the_gateway_is_critical_and_named_as_the_contract_names_it() -> None:
    for row in faults.ROWS:
        assert not row.stops or row.stops in CONTRACT_CAUSES
        assert bool(row.stops) == (row.severity is faults.Severity.CRITICAL)
    assert {row.stops for row in faults.ROWS if row.stops} == CONTRACT_CAUSES


def test_the_clerk_hears_of_everything_that_stops_the_gateway() -> None:
    for row in faults.ROWS:
        assert not row.stops or row.clerk == faults.STOPPED
    assert {row.clerk for row in faults.ROWS} == {"", faults.STOPPED, faults.SERVER, faults.CREDIT, faults.VALIDITY}


def test_every_row_leads_from_its_lamps_to_one_card_line_that_can_be_read() -> None:
    for code in range(1, 10):
        rhythm = lamps.code((code,))
        assert rhythm.words == f"kedip {code} kali"
        assert lamps.shortest_flash_ms(rhythm) >= 250
        assert rhythm.period_ms <= 10_000


def test_only_a_passing_state_and_a_missing_broker_are_no_alarm() -> None:
    silent = {row.cause for row in faults.ROWS if not row.alarm}
    assert silent == {"network_searching", "broker_unreachable", "broker_refused"}


def test_a_cause_of_a_newer_version_is_still_shown() -> None:
    assert faults.of("something_new") is faults.UNKNOWN
