"""A double of the pin library: remembers every level with its place in the order of calls."""

BCM, OUT, IN, HIGH, LOW = 11, 0, 1, 1, 0

levels: dict[int, int] = {}
calls: list[tuple[object, ...]] = []


def setwarnings(wanted: bool) -> None:
    calls.append(("setwarnings", wanted))


def setmode(mode: int) -> None:
    calls.append(("setmode", mode))


def setup(pins: list[int], direction: int, initial: int) -> None:
    calls.append(("setup", tuple(pins), direction, initial))
    levels.update(dict.fromkeys(pins, initial))


def output(pin: int, level: int) -> None:
    calls.append(("output", pin, level))
    levels[pin] = level


def cleanup(pins: list[int]) -> None:
    calls.append(("cleanup", tuple(pins)))
    for pin in pins:
        del levels[pin]
