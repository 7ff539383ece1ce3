import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kentongan.daemon.gpio import DARK, NoLamps, PinLamps, open_input, open_lamps, open_output

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


def test_a_pin_that_is_driven_rests_at_its_other_level_and_is_never_given_back(pins: ModuleType) -> None:
    pin, why = open_output(5, active_low=False)
    assert pin is not None
    assert why == ""
    assert pins.levels == {5: 0}
    pin.set(True)
    assert pins.levels == {5: 1}
    pin.set(False)
    assert pins.levels == {5: 0}
    assert not [call for call in pins.calls if call[0] == "cleanup" and 5 in call[1]]


def test_a_key_that_is_pressed_at_low_level_rests_at_high(pins: ModuleType) -> None:
    pin, _ = open_output(4, active_low=True)
    assert pin is not None
    assert pins.levels[4] == 1
    pin.set(True)
    assert pins.levels[4] == 0


def test_a_supply_is_on_from_the_first_moment(pins: ModuleType) -> None:
    open_output(6, active_low=False, active=True)
    open_output(7, active_low=True, active=True)
    assert (pins.levels[6], pins.levels[7]) == (1, 0)
    assert ("setup", (6,), pins.OUT, 1) in pins.calls


def test_a_pin_that_is_read_tells_its_level(pins: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    pin, why = open_input(13)
    assert pin is not None
    assert why == ""
    assert not pin.read()
    monkeypatch.setitem(pins.inputs, 13, 1)
    assert pin.read()


@pytest.mark.parametrize("take", [lambda pin: open_output(pin, active_low=False), open_input])
def test_without_a_pin_or_a_board_there_is_nothing_and_a_reason(take) -> None:
    assert take(0) == (None, "no pin is configured")
    found, why = take(5)
    assert found is None
    assert why.startswith("ModuleNotFoundError: ")
