import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from broker import MONITOR, TOPICS, USERS, Outside
from edge import NOW_MS, fault, status, write_config
from msgspec.structs import replace

from kentongan.daemon import lamps
from kentongan.daemon.gpio import NoLamps, PinLamps
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import Mosquitto
from kentongan.daemon.status import Status, encode
from kentongan.daemon.vigil import GONE_S, Seen, Verdict
from kentongan.daemon.watcher import LAMPS_NAME, STATUS_NAME, Board, StatusReader

ALARM = TOPICS.alarm("gateway_not_running")
WITHIN_S = 30.0  # issue: the watcher raises the alarm within 30 s of the gateway's death


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path / "mosquitto", users=USERS, county_id="3404") as broker:
        yield broker


@contextmanager
def watching(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "kentongan.daemon", "watch", "--config", str(config)]
    process = subprocess.Popen(mortal(command), cwd=config.parent, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        _, log = process.communicate(timeout=60)
        assert process.returncode == 0, log.decode()
        assert b"Traceback" not in log


@contextmanager
def gateway(run: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Stand in for a gateway: a process that lives and has written its status."""
    process = subprocess.Popen(mortal([sys.executable, "-c", "import sys; sys.stdin.read()"]), stdin=subprocess.PIPE)
    run.mkdir(exist_ok=True)
    write_status(run, status(pid=process.pid))
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()


def write_status(run: Path, document: Status) -> None:
    (run / "new").write_bytes(encode(document))
    (run / "new").replace(run / STATUS_NAME)


def alarm(outside: Outside, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    while True:
        message = outside.message(within=WITHIN_S)
        if message.payload and wanted(document := json.loads(message.payload)):
            return document


def test_a_killed_gateway_is_an_alarm_within_thirty_seconds_and_its_return_ends_it(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    run, config = tmp_path / "run", write_config(tmp_path, mosquitto.port)
    with Outside(mosquitto.port, MONITOR, ALARM) as outside, gateway(run) as first, watching(config):
        assert outside.message(within=WITHIN_S).payload == b""  # whatever an earlier life left is taken back
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        raised = alarm(outside, lambda document: document["state"] == "active")
        assert raised["cause"] == "daemon_hung"
        assert raised["details"]["fault"] == "daemon_stopped"
        assert raised["text"]["id"] == "SMS Gateway tidak dapat berjalan"
        assert raised["source"] == "watchdog"
        shown = lamps.decode((run / LAMPS_NAME).read_bytes())
        assert shown.codes == (1,)
        with gateway(run) as second:
            write_status(run, status(pid=second.pid, boot_id="0199c7d1-0000-7abc-8def-000000000002"))
            cleared = alarm(outside, lambda document: document["state"] == "cleared")
            assert cleared["raised_at"] == raised["raised_at"]


def test_what_the_gateway_says_of_itself_is_raised_told_anew_and_repeated_to_a_broker_that_forgot(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    run, config = tmp_path / "run", write_config(tmp_path, mosquitto.port)
    with gateway(run) as process, watching(config):
        broken = status(pid=process.pid, faults=(fault("modem_absent", name="a"),))
        with Outside(mosquitto.port, MONITOR, ALARM) as outside:
            write_status(run, broken)
            assert alarm(outside, lambda document: document["cause"] == "modem_not_responding")["count"] == 1
            write_status(run, replace(broken, faults=(fault("sim_missing", 3, name="a"),)))
            assert alarm(outside, lambda document: document["cause"] == "sim_missing")["count"] == 1
        mosquitto.kill()  # without persistence: everything retained is gone
        mosquitto.start()
        with Outside(mosquitto.port, MONITOR, ALARM) as outside:
            assert alarm(outside, lambda document: document["cause"] == "sim_missing")["state"] == "active"


def test_the_watcher_lives_without_a_broker_and_writes_what_the_lamps_show(tmp_path: Path) -> None:
    run, config = tmp_path / "run", write_config(tmp_path, 1)
    with gateway(run) as process, watching(config) as watcher:
        write_status(run, status(pid=process.pid, faults=(fault("sim_missing", 3, name="a"),)))
        assert watcher.stderr is not None
        for line in watcher.stderr:
            if (said := json.loads(line))["event"] == "red_lamp":
                assert said["codes"] == [3]
                break
        shown = lamps.decode((run / LAMPS_NAME).read_bytes())
        assert shown.codes == (3,)
        assert shown.titles == ("KARTU SIM TIDAK ADA",)
    assert not (run / LAMPS_NAME).exists()


def test_a_status_file_is_read_when_it_changes_and_garbage_is_no_word_of_the_gateway(tmp_path: Path) -> None:
    reader = StatusReader(tmp_path)
    assert reader.look() == Seen(None, exists=False)
    alive = status(pid=os.getpid())
    write_status(tmp_path, alive)
    assert reader.look() == Seen(alive, exists=True)
    for garbage in (b"", b"\xff", b'{"schema":"status/9"}', b"[" * 100_000):
        (tmp_path / "new").write_bytes(garbage)
        (tmp_path / "new").replace(tmp_path / STATUS_NAME)
        assert reader.look().status == alive
    (tmp_path / STATUS_NAME).unlink()
    assert reader.look() == Seen(alive, exists=True)
    write_status(tmp_path, replace(alive, pid=2**30))
    assert reader.look().exists is False


def test_a_dead_process_that_nobody_has_fetched_does_not_live(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    write_status(tmp_path, status(pid=process.pid))
    assert StatusReader(tmp_path).look().exists is False
    process.wait()


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(Path(__file__).parent / "support" / "pins")
    yield importlib.import_module("RPi.GPIO")
    for name in ("RPi.GPIO", "RPi"):
        sys.modules.pop(name, None)


def test_the_pins_follow_the_verdict_after_the_lamp_test(tmp_path: Path, pins: ModuleType) -> None:
    board = Board(tmp_path, PinLamps(pins, (17, 27, 22, 23), active_low=False), 0)
    assert board.drive(0) == 1.0
    assert pins.levels == {17: 1, 27: 1, 22: 1, 23: 1}
    stopped = fault("daemon_stopped", 1, since_ms=NOW_MS)
    board.follow(Verdict(None, (stopped,), stopped), 500)  # still testing
    assert board.drive(500) == 0.5
    assert pins.levels == {17: 1, 27: 1, 22: 1, 23: 1}
    board.follow(Verdict(None, (stopped,), stopped), 1000)
    assert board.drive(1000) == 0.3
    assert pins.levels == {17: 1, 27: 0, 22: 0, 23: 1}
    assert board.drive(1300) == 2.0
    assert pins.levels == {17: 1, 27: 0, 22: 0, 23: 0}


def test_the_pins_flash_at_the_tempo_of_the_configuration(tmp_path: Path, pins: ModuleType) -> None:
    board = Board(tmp_path, PinLamps(pins, (17, 27, 22, 23), active_low=False), 0, lamps.Tempo(600, 400, 2_500))
    stopped = fault("daemon_stopped", 1, since_ms=NOW_MS)
    board.follow(Verdict(None, (stopped,), stopped), 1_000)
    assert board.drive(1_000) == 0.6
    assert board.drive(1_600) == 2.5


def test_a_lamp_test_can_be_asked_for_and_comes_once(tmp_path: Path, pins: ModuleType) -> None:
    board = Board(tmp_path, PinLamps(pins, (17, 27, 22, 23), active_low=False), 0)
    board.follow(Verdict(status(), (), None), 1_000)
    board.drive(2_000)
    assert not board.test_if_asked(2_000)
    (tmp_path / lamps.TEST_NAME).touch()
    assert board.test_if_asked(2_000)
    board.drive(2_000)
    assert pins.levels == {17: 1, 27: 1, 22: 1, 23: 1}
    assert not board.test_if_asked(2_001)
    board.follow(Verdict(status(), (), None), 3_000)
    board.drive(3_300)
    assert pins.levels[23] == 0


def test_a_board_without_lamps_is_not_woken_for_flashes(tmp_path: Path) -> None:
    board = Board(tmp_path, NoLamps(), 0)
    stopped = fault("daemon_stopped", 1)
    board.follow(Verdict(None, (stopped,), stopped), 2000)
    assert board.drive(2000) == 1.0


def test_a_runtime_directory_that_vanished_stops_neither_lamps_nor_watcher(tmp_path: Path) -> None:
    run = tmp_path / "run"
    run.mkdir()
    board = Board(run, NoLamps(), 0)
    (run / LAMPS_NAME).unlink()
    run.rmdir()
    board.follow(Verdict(status(), (), None), 2000)
    board.close()


def test_the_time_until_a_dead_gateway_is_told_leaves_room_for_a_restart() -> None:
    assert 5.0 < GONE_S < WITHIN_S - 10.0
