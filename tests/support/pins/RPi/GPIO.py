"""A double of the pin library: remembers every level with its place in the order of calls.

With `PIN_LOG` in the environment every level is also appended to that file with its moment, for a reader outside; with
`PIN_INPUTS` a pin is read from the file `pin-N` in that folder.
"""

import os
import time
from pathlib import Path

BCM, OUT, IN, HIGH, LOW = 11, 0, 1, 1, 0

levels: dict[int, int] = {}
inputs: dict[int, int] = {}
calls: list[tuple[object, ...]] = []


def setwarnings(wanted: bool) -> None:
    calls.append(("setwarnings", wanted))


def setmode(mode: int) -> None:
    calls.append(("setmode", mode))


def setup(pins: list[int], direction: int, initial: int | None = None) -> None:
    if direction == IN:
        calls.append(("setup", pins, direction))
        return
    calls.append(("setup", tuple(pins), direction, initial))
    for pin in pins:
        _set(pin, initial)


def output(pin: int, level: int) -> None:
    calls.append(("output", pin, level))
    _set(pin, level)


def input(pin: int) -> int:  # noqa: A001 - the name in the library
    if folder := os.environ.get("PIN_INPUTS"):
        path = Path(folder) / f"pin-{pin}"
        return int(path.read_text()) if path.exists() else LOW
    return inputs.get(pin, LOW)


def cleanup(pins: list[int]) -> None:
    calls.append(("cleanup", tuple(pins)))
    for pin in pins:
        del levels[pin]


def _set(pin: int, level: int) -> None:
    levels[pin] = level
    if path := os.environ.get("PIN_LOG"):
        with Path(path).open("a") as log:
            log.write(f"{time.monotonic():.3f} {pin} {level}\n")  # noqa: TID251 - the reader's clock
