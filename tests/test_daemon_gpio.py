import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kentongan.daemon.gpio import DARK, NoLamps, PinLamps, open_lamps, open_power_key

PINS = (17, 27, 22, 23)
ALL = (True, True, True, True)


@pytest.fixture
def pins(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(Path(__file__).parent / "support" / "pins")
    yield importlib.import_module("RPi.GPIO")
    for name in ("RPi.GPIO", "RPi"):
        sys.modules.pop(name, None)


def test_the_pins_are_taken_dark_and_given_back_dark(pins: ModuleType) -> None:
    lamps, why = open_lamps(PINS, active_low=False)
    assert (type(lamps), why) == (PinLamps, "")
    assert pins.levels == dict.fromkeys(PINS, 0)
    lamps.show(ALL)
    assert pins.levels == dict.fromkeys(PINS, 1)
    lamps.close()
    assert pins.calls[-1] == ("cleanup", PINS)
    assert pins.calls[-2] == ("output", 23, 0)
    assert pins.levels == {}


def test_a_lamp_that_lights_at_low_level_is_driven_the_other_way_round(pins: ModuleType) -> None:
    lamps, _ = open_lamps(PINS, active_low=True)
    assert pins.levels == dict.fromkeys(PINS, 1)
    lamps.show((True, False, False, False))
    assert pins.levels == {17: 0, 27: 1, 22: 1, 23: 1}


def test_only_the_pins_that_differ_are_written(pins: ModuleType) -> None:
    lamps, _ = open_lamps(PINS, active_low=False)
    before = len(pins.calls)
    lamps.show(DARK)
    lamps.show((False, False, True, False))
    lamps.show((False, False, True, False))
    assert pins.calls[before:] == [("output", 22, 1)]


def test_without_pins_or_without_a_board_there_are_no_lamps_and_a_reason() -> None:
    lamps, why = open_lamps((), active_low=False)
    assert (type(lamps), why) == (NoLamps, "no pins are configured")
    lamps, why = open_lamps(PINS, active_low=False)
    assert type(lamps) is NoLamps
    assert why.startswith("ModuleNotFoundError: ")
    lamps.show(ALL)
    lamps.close()


def test_a_board_that_refuses_its_pins_leaves_us_without_lamps(
    pins: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_mode: int) -> None:
        raise RuntimeError("not running on a RPi!")

    monkeypatch.setattr(pins, "setmode", refuse)
    lamps, why = open_lamps(PINS, active_low=False)
    assert (type(lamps), why) == (NoLamps, "RuntimeError: not running on a RPi!")


def test_the_power_key_is_pressed_and_let_go(pins: ModuleType) -> None:
    key, why = open_power_key(5)
    assert key is not None
    assert why == ""
    assert pins.levels == {5: 0}
    before = len(pins.calls)
    key.press(pulse_s=0.001)
    assert pins.calls[before:] == [("output", 5, 1), ("output", 5, 0)]


def test_without_a_pin_or_a_board_there_is_no_power_key_and_a_reason() -> None:
    assert open_power_key(0) == (None, "no pin is configured")
    key, why = open_power_key(5)
    assert key is None
    assert why.startswith("ModuleNotFoundError: ")
