# ruff: noqa: N999 - the name is RPi.GPIO's own
"""The part of RPi.GPIO that Kentongan uses, on Debian's own libgpiod: Debian has no rpi-lgpio.

Works unprivileged on /dev/gpiochip*. BCM numbers are the offsets of the chip whose label names the header's controller.
"""

from pathlib import Path

import gpiod
from gpiod.line import Direction, Value

BCM, OUT, IN = 11, 0, 1
HEADERS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")

_held: dict[int, gpiod.LineRequest] = {}


def setwarnings(_wanted: bool) -> None:
    """Accept what RPi.GPIO knows; there are no warnings here."""


def setmode(mode: int) -> None:
    """Refuse every numbering but the processor's."""
    if mode != BCM:
        raise ValueError("BCM numbers alone")


def setup(pins: list[int], direction: int, initial: int = 0) -> None:
    """Take pins; raises OSError where they are not ours."""
    for pin in pins:
        cleanup([pin])
        settings = (
            gpiod.LineSettings(direction=Direction.OUTPUT, output_value=Value(initial))
            if direction == OUT
            else gpiod.LineSettings(direction=Direction.INPUT)
        )
        _held[pin] = gpiod.request_lines(_chip(), consumer="kentongan", config={pin: settings})


def output(pin: int, level: int) -> None:
    """Drive a pin."""
    _held[pin].set_value(pin, Value(level))


def input(pin: int) -> int:  # noqa: A001 - RPi.GPIO's own name
    """Read a pin."""
    return int(_held[pin].get_value(pin) is Value.ACTIVE)


def cleanup(pins: list[int]) -> None:
    """Give pins back."""
    for pin in pins:
        if request := _held.pop(pin, None):
            request.release()


def _chip() -> str:
    for path in sorted(Path("/dev").glob("gpiochip*")):
        with gpiod.Chip(str(path)) as chip:
            if chip.get_info().label in HEADERS:
                return str(path)
    raise RuntimeError("no GPIO header on this machine")
