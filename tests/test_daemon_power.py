import importlib
import stat
import sys
from pathlib import Path

import pytest

from kentongan.daemon.config import LineConfig
from kentongan.daemon.power import (
    NO_SWITCH,
    OFF_S,
    PULSE_S,
    RAIL_OFF_S,
    RAIL_ON_S,
    Power,
    PowerKey,
    Rail,
    UsbPort,
    open_power,
)


class Tape:
    """Remembers levels and pauses in their order."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    def pin(self, name: str) -> "TapedPin":
        return TapedPin(self, name)

    def pause(self, seconds: float) -> None:
        self.heard.append(seconds)


class TapedPin:
    def __init__(self, tape: Tape, name: str) -> None:
        self.tape, self.name = tape, name

    def set(self, active: bool) -> None:
        self.tape.heard.append(f"{self.name} {'on' if active else 'off'}")


class Status:
    def __init__(self, *, high: bool) -> None:
        self.high = high

    def read(self) -> bool:
        return self.high


PRESS = ["key on", PULSE_S, "key off"]


def key(tape: Tape, status: Status | None = None) -> PowerKey:
    return PowerKey(tape.pin("key"), status=status, pause=tape.pause)


def test_a_modem_that_hangs_is_switched_off_and_on_and_one_that_was_off_is_switched_on_the_next_time() -> None:
    tape = Tape()
    power_key = key(tape)
    assert power_key.cycle() == "power key pressed twice"
    assert tape.heard == [*PRESS, OFF_S, *PRESS]
    tape.heard.clear()
    assert power_key.cycle() == "power key pressed once"
    assert tape.heard == PRESS
    assert power_key.cycle() == "power key pressed twice"


@pytest.mark.parametrize(("high", "said"), [(True, "power key pressed twice"), (False, "power key pressed once")])
def test_a_status_pin_tells_whether_the_modem_must_be_switched_off_first(high: bool, said: str) -> None:
    power_key = key(Tape(), Status(high=high))
    assert [power_key.cycle(), power_key.cycle()] == [said, said]


def test_a_supply_is_cut_long_enough_and_the_key_is_pressed_when_there_is_one() -> None:
    tape = Tape()
    Rail(tape.pin("rail"), pause=tape.pause).cycle()
    assert tape.heard == ["rail off", RAIL_OFF_S, "rail on"]
    tape.heard.clear()
    Rail(tape.pin("rail"), key(tape), pause=tape.pause).cycle()
    assert tape.heard == ["rail off", RAIL_OFF_S, "rail on", RAIL_ON_S, *PRESS]


def test_several_switches_take_turns_and_none_says_so() -> None:
    tape = Tape()
    power = Power((key(tape), Rail(tape.pin("rail"), pause=tape.pause)))
    assert [power.cycle() for _ in range(3)] == [
        "power key pressed twice",
        "supply cut for 5 s",
        "power key pressed once",
    ]
    assert Power(()).cycle() == NO_SWITCH


def uhubctl(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> Path:
    program = folder / "uhubctl"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder / "asked"


def test_a_usb_port_is_cycled_by_uhubctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = uhubctl(tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked')
    assert UsbPort("1-1", "2").cycle() == "USB port 1-1:2 off for 5 s"
    assert asked.read_text() == "-l 1-1 -p 2 -a cycle -d 5\n"


def test_a_uhubctl_that_fails_or_is_missing_is_a_sentence_and_no_exception(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uhubctl(tmp_path, monkeypatch, "echo first >&2; echo 'No compatible devices detected!' >&2; exit 1")
    assert UsbPort("1-1", "2").cycle() == "uhubctl failed: No compatible devices detected!"
    uhubctl(tmp_path, monkeypatch, "exit 3")
    assert UsbPort("1-1", "2").cycle() == "uhubctl failed: 3"
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert UsbPort("1-1", "2").cycle().startswith("uhubctl failed: [Errno 2]")


def line(**facts: object) -> LineConfig:
    return LineConfig("a", "/dev/serial0", **facts)


def test_a_line_gets_what_its_configuration_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parent / "support" / "pins")
    pins = importlib.import_module("RPi.GPIO")
    keys = {"power_pin": 4, "power_active_low": True, "power_pulse_ms": 50, "status_pin": 13, "rail_pin": 6}
    power, missing = open_power(line(**keys, usb_power="1-1:2"))
    assert missing == ()
    assert (pins.levels[4], pins.levels[6]) == (1, 1)
    assert power.cycle() == "power key pressed once"  # STATUS is low: the modem is off
    levels = [call[2] for call in pins.calls if call[:2] == ("output", 4)]
    assert levels == [0, 1]
    for name in ("RPi.GPIO", "RPi"):
        sys.modules.pop(name, None)


def test_pins_that_cannot_be_had_are_named_and_the_line_runs_without_them() -> None:
    power, missing = open_power(line(power_pin=4, status_pin=13, rail_pin=6))
    assert power.cycle() == NO_SWITCH
    assert [why.partition(":")[0] for why in missing] == ["power_pin 4", "status_pin 13", "rail_pin 6"]
    assert open_power(line())[1] == ()
