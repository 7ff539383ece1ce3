"""UUIDv7 as RFC 9562 defines it, in an order that never goes back.

Reads no clock and no randomness of its own; an identifier is never made twice, whatever the wall clock does.
"""

from collections.abc import Callable

VERSION, VARIANT = 0x7, 0b10
COUNTER_BITS = 12  # rand_a, RFC 9562 §6.2 method 1: a counter with a random start in its lower half
TIMESTAMP_MASK = (1 << 48) - 1


class Uuid7:
    """Make identifiers, each greater than the last; `random_bytes` is `os.urandom` in the program."""

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._last = 0  # timestamp and counter of the last one, as one number

    def new(self, wall_ms: int) -> str:
        """Return a new identifier; a clock that stands or went back only makes the counter grow."""
        random = int.from_bytes(self._random_bytes(10), "big")
        fresh = (max(wall_ms, 0) & TIMESTAMP_MASK) << COUNTER_BITS | (random >> 69)
        self._last = fresh if fresh >> COUNTER_BITS > self._last >> COUNTER_BITS else self._last + 1
        timestamp, counter = self._last >> COUNTER_BITS, self._last & 0xFFF
        tail = random & ((1 << 62) - 1)
        value = timestamp << 80 | VERSION << 76 | counter << 64 | VARIANT << 62 | tail
        text = f"{value:032x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"

    def seen(self, identifier: str) -> None:
        """Stay above an identifier made before this process began; an empty one says nothing."""
        digits = identifier.replace("-", "") or "0" * 32
        self._last = max(self._last, int(digits[:12], 16) << COUNTER_BITS | int(digits[13:16], 16))


def earliest(wall_ms: int) -> str:
    """Give the text below which every identifier is older than a moment."""
    digits = f"{max(wall_ms, 0) & TIMESTAMP_MASK:012x}"
    return f"{digits[:8]}-{digits[8:]}"
