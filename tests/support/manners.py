"""How a modem's bytes come over the wire: every test of the engine runs in each of these manners."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from chat_bench import line_starts

QUIET = b"\r\n^RSSI:18\r\n"


@dataclass(frozen=True)
class Manner:
    """How the modem's bytes come: `chop` octets at a time, 0 for all at once; a URC at every place it may have."""

    chop: int = 0
    urcs: bool = False

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """Part what the modem says as it comes over the wire."""
        if self.urcs and data:
            starts = line_starts(data)
            data = b"".join(QUIET + data[at:end] for at, end in pairwise(starts)) + QUIET * (not data.endswith(b"> "))
        step = self.chop or max(1, len(data))
        return (data[at : at + step] for at in range(0, len(data), step))


WHOLE = Manner()
MANNERS = {"whole": WHOLE, "byte by byte": Manner(1), "with a URC everywhere": Manner(0, urcs=True)}
