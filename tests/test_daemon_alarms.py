import json
import os

import pytest
from edge import NOW_MS, STEADY_MS, fault

from kentongan.daemon import faults
from kentongan.daemon.alarms import KEEP_MS, Alarms
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.watcher import Words
from kentongan.mqtt.payloads import Alarm, encode
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7
from kentongan.queue.records import Moment

WORDS = Words(Topics("kentongan", "3404", "kec-depok-01"), Uuid7(os.urandom), OfficeZone("Asia/Makassar"))


def at(later_ms: int = 0) -> Moment:
    return Moment(STEADY_MS + later_ms, NOW_MS + later_ms, synced=True)


def said(alarms: list[Alarm]) -> list[tuple[str, str, str]]:
    return [(alarm.code, alarm.state, str(alarm.cause)) for alarm in alarms]


def test_an_alarm_is_raised_once_and_cleared_once() -> None:
    alarms = Alarms(WORDS)
    broken = (fault("modem_absent", name="a"),)
    assert said(alarms.update(broken, at())) == [("line_not_running", "active", "modem_absent")]
    assert alarms.update(broken, at(1000)) == []
    assert said(alarms.update((), at(2000))) == [("line_not_running", "cleared", "modem_absent")]
    assert alarms.update((), at(3000)) == []


def test_a_document_says_what_happened_since_when_and_what_to_do() -> None:
    (alarm,) = Alarms(WORDS).update((fault("backend_silent", 7),), at(30_000))
    document = json.loads(encode(alarm))
    assert document["schema"] == "alarm/1"
    assert (document["county_id"], document["gateway_id"]) == ("3404", "kec-depok-01")
    assert document["severity"] == "major"
    assert document["text"]["id"].startswith("APLIKASI TIDAK MENJAWAB: ")
    assert document["raised_at"] == WORDS.time(NOW_MS)
    assert document["source"] == "daemon"
    assert document["details"] == {
        "fault": "backend_silent",
        "lamp": 7,
        "means": faults.of("backend_silent").means,
    }
    assert document["remedy"]["id"].count(";") == 2


def test_a_repeated_alarm_counts() -> None:
    alarms = Alarms(WORDS)
    counts = []
    for minute in range(3):
        (raised,) = alarms.update((fault("disk_low", 6),), at(minute * 60_000))
        counts.append(raised.count)
        alarms.update((), at(minute * 60_000 + 1000))
    assert counts == [1, 2, 3]


def test_a_new_cause_of_the_same_alarm_is_told_and_keeps_its_beginning() -> None:
    alarms = Alarms(WORDS)
    (first,) = alarms.update((fault("modem_absent", name="a"),), at())
    (second,) = alarms.update((fault("sim_missing", 3, name="a", since_ms=NOW_MS + 5000),), at(5000))
    assert (second.cause, second.raised_at, second.count) == ("sim_missing", first.raised_at, 1)
    assert second.event_id != first.event_id


def test_two_lines_with_one_trouble_are_one_alarm_that_names_both() -> None:
    (alarm,) = Alarms(WORDS).update((fault("modem_absent", name="b"), fault("sim_missing", 3, name="a")), at())
    assert alarm.cause == "modem_absent"
    assert isinstance(alarm.details, dict)
    assert alarm.details["lines"] == ("a", "b")


def test_a_cleared_alarm_stays_a_day_and_is_then_removed_once() -> None:
    alarms = Alarms(WORDS)
    alarms.update((fault("disk_low", 6),), at())
    assert alarms.expired(at(10 * KEEP_MS)) == []
    alarms.update((), at(1000))
    assert [alarm.state for alarm in alarms.standing()] == ["cleared"]
    assert alarms.expired(at(1000 + KEEP_MS - 1)) == []
    assert alarms.expired(at(1000 + KEEP_MS)) == ["disk_low"]
    assert alarms.expired(at(1000 + KEEP_MS)) == []
    assert alarms.standing() == []


@pytest.mark.parametrize("cause", [row.cause for row in faults.ROWS if row.stops])
def test_only_the_watcher_says_that_the_gateway_cannot_run(cause: str) -> None:
    standing = (fault(cause, name="a"),)
    assert "gateway_not_running" not in [alarm.code for alarm in Alarms(WORDS).update(standing, at())]
    (alarm,) = Alarms(WORDS, source="watchdog").update(standing, at())
    document = json.loads(encode(alarm))
    assert document["code"] == "gateway_not_running"
    assert document["text"] == {"id": "SMS Gateway tidak dapat berjalan", "en": "The SMS gateway cannot run"}
    assert document["cause"] == faults.of(cause).stops
    assert document["details"]["fault"] == cause
    assert document["severity"] == "critical"
    assert document["source"] == "watchdog"


def test_the_watcher_is_silent_about_what_does_not_stop_the_gateway() -> None:
    assert Alarms(WORDS, source="watchdog").update((fault("backend_silent", 7),), at()) == []


def test_what_only_the_lamp_shows_is_no_alarm() -> None:
    assert Alarms(WORDS).update((fault("network_searching", 4, name="a"),), at()) == []


def test_what_an_earlier_life_may_have_left_is_named() -> None:
    alarms = Alarms(WORDS)
    everything = alarms.stale()
    assert {"disk_low", "line_not_running", "backend_silent"} <= set(everything)
    assert "gateway_not_running" not in everything
    assert Alarms(WORDS, source="watchdog").stale() == ["gateway_not_running"]
    alarms.update((fault("disk_low", 6),), at())
    assert set(everything) - set(alarms.stale()) == {"disk_low"}
