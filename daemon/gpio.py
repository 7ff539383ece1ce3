"""The pins of the board: the only import of RPi.GPIO (on newer boards `rpi-lgpio` provides the same name)."""

from importlib import import_module
from types import ModuleType
from typing import Protocol

Levels = tuple[bool, bool, bool, bool]
DARK: Levels = (False, False, False, False)
NO_PIN = "no pin is configured"


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


class OutputPin:
    """One pin that we drive: a modem's key or the switch of its supply; it keeps its level when we end."""

    def __init__(self, gpio: ModuleType, pin: int, *, active_low: bool, active: bool = False) -> None:
        self._gpio, self._pin, self._active_low = gpio, pin, active_low
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
        gpio.setup([pin], gpio.OUT, initial=self._level(active))

    def set(self, active: bool) -> None:
        """Drive the pin to its active level, or to the other one."""
        self._gpio.output(self._pin, self._level(active))

    def _level(self, active: bool) -> int:
        return int(active is not self._active_low)


class InputPin:
    """One pin that we read."""

    def __init__(self, gpio: ModuleType, pin: int) -> None:
        self._gpio, self._pin = gpio, pin
        gpio.setwarnings(False)
        gpio.setmode(gpio.BCM)
        gpio.setup([pin], gpio.IN)

    def read(self) -> bool:
        """Tell whether the level is high."""
        return bool(self._gpio.input(self._pin))


def open_output(pin: int, *, active_low: bool, active: bool = False) -> tuple[OutputPin | None, str]:
    """Take a pin to drive; gives none and the reason when there is none."""
    if not pin:
        return None, NO_PIN
    try:
        return OutputPin(import_module("RPi.GPIO"), pin, active_low=active_low, active=active), ""
    except (ImportError, RuntimeError, OSError) as error:
        return None, f"{type(error).__name__}: {error}"


def open_input(pin: int) -> tuple[InputPin | None, str]:
    """Take a pin to read; gives none and the reason when there is none."""
    if not pin:
        return None, NO_PIN
    try:
        return InputPin(import_module("RPi.GPIO"), pin), ""
    except (ImportError, RuntimeError, OSError) as error:
        return None, f"{type(error).__name__}: {error}"
