"""The pins of the board: the only import of RPi.GPIO (on newer boards `rpi-lgpio` provides the same name)."""

from importlib import import_module
from threading import Event
from types import ModuleType
from typing import Protocol

Levels = tuple[bool, bool, bool, bool]
DARK: Levels = (False, False, False, False)
PULSE_S = 1.5  # PWRKEY for 1 s at least, older SIM800 1.2 s; 33 s would restart it


class Lamps(Protocol):
    """Four lamps: LISTRIK, KARTU, SERVER, GANGGUAN."""

    def show(self, levels: Levels) -> None:
        """Light and darken the lamps."""
        ...

    def close(self) -> None:
        """Give the pins back."""
        ...


class NoLamps:
    """A board without lamps."""

    def show(self, levels: Levels) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class PinLamps:
    """Lamps on four GPIO pins, numbered as the processor's maker does (BCM)."""

    def __init__(self, gpio: ModuleType, pins: tuple[int, ...], *, active_low: bool) -> None:
        self._gpio, self._pins, self._active_low = gpio, list(pins), active_low
        self._shown = DARK
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
        gpio.setup(self._pins, gpio.OUT, initial=self._level(lit=False))

    def show(self, levels: Levels) -> None:
        """Change the pins that differ."""
        for pin, was, lit in zip(self._pins, self._shown, levels, strict=True):
            if was is not lit:
                self._gpio.output(pin, self._level(lit=lit))
        self._shown = levels

    def close(self) -> None:
        """Give the pins back; the lamps go out."""
        self.show(DARK)
        self._gpio.cleanup(self._pins)

    def _level(self, *, lit: bool) -> int:
        return int(lit is not self._active_low)


def open_lamps(pins: tuple[int, ...], *, active_low: bool) -> tuple[Lamps, str]:
    """Take the pins; gives the lamps and why there are none, if there are none."""
    if not pins:
        return NoLamps(), "no pins are configured"
    try:
        return PinLamps(import_module("RPi.GPIO"), pins, active_low=active_low), ""
    except (ImportError, RuntimeError, OSError) as error:  # not a Raspberry Pi, or the pins are not ours
        return NoLamps(), f"{type(error).__name__}: {error}"


class PowerKey:
    """The key that switches a modem on and off, behind one GPIO pin: a pulse of high level presses it."""

    def __init__(self, gpio: ModuleType, pin: int) -> None:
        self._gpio, self._pin = gpio, pin
        self._pressed = Event()  # nobody sets it: a pulse is a wait that always runs to its end
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
        gpio.setup([pin], gpio.OUT, initial=gpio.LOW)

    def press(self, pulse_s: float = PULSE_S) -> None:
        """Press the key; blocks for the pulse."""
        self._gpio.output(self._pin, self._gpio.HIGH)
        self._pressed.wait(pulse_s)
        self._gpio.output(self._pin, self._gpio.LOW)


def open_power_key(pin: int) -> tuple[PowerKey | None, str]:
    """Take the pin of a modem's power key; gives none and the reason when there is none."""
    if not pin:
        return None, "no pin is configured"
    try:
        return PowerKey(import_module("RPi.GPIO"), pin), ""
    except (ImportError, RuntimeError, OSError) as error:
        return None, f"{type(error).__name__}: {error}"
