"""What both directions need: an instant, and the alphabet of a text.

Two clocks: `steady_ms` never jumps and is the only one that schedules (it goes on over restarts); `wall_ms` is
Unix time in UTC and is data for people, as good as `synced` says.
"""

from enum import StrEnum
from typing import NamedTuple


class Moment(NamedTuple):
    """One instant on both clocks, in milliseconds."""

    steady_ms: int
    wall_ms: int
    synced: bool


class Encoding(StrEnum):
    """The alphabet a text arrived or leaves in (contract 4.5)."""

    GSM7 = "gsm7"
    UCS2 = "ucs2"
    BINARY = "binary"
