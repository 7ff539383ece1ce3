"""Put unsolicited lines together: two-line URCs with their PDU, USSD texts with their line ends, restarts.

Every line that is not part of an answer passes here; what it means for the modem is decided by the owner.
"""

import math
from dataclasses import dataclass

from kentongan.at.boots import BootWatch
from kentongan.at.results import SlotEntry, announced_octets, is_hex
from kentongan.at.urcs import TWO_LINES, UrcKind, classify

USSD_PATIENCE_S = 3.0
"""A USSD text arrives in pieces; after this silence what came is all there is (modem.md 2.8)."""

MAX_USSD = 4096
"""Longest USSD text kept: 182 octets are 728 hex digits, menus of several screens never come in one URC."""


@dataclass(frozen=True, slots=True)
class Urc:
    """An unsolicited line; `pdu_hex` is the second line of `+CMT`, `+CDS`, `+CBM`."""

    kind: UrcKind
    line: str
    pdu_hex: str = ""


@dataclass(frozen=True, slots=True)
class RestartSeen:
    """The module lost its settings; a step in flight has been aborted."""

    banner: str


class Unasked:
    """Collect the pieces of unsolicited messages."""

    def __init__(self) -> None:
        self.boots = BootWatch()
        self.deadline = math.inf
        self._header: tuple[UrcKind, str] | None = None
        self._ussd = ""

    def reset(self) -> None:
        """Forget what was begun."""
        self._header = None
        self._ussd = ""
        self.deadline = math.inf

    def take_pdu(self, text: str) -> Urc | None:
        """Take a line that is the PDU of the two-line URC begun before; `None` when it is not."""
        if self._header is None or not is_hex(text):
            return None
        (kind, header), self._header = self._header, None
        whole = SlotEntry(0, 0, announced_octets(header), text).is_whole
        return Urc(kind, header, text) if whole else None

    def answer_goes_on(self) -> None:
        """Give up a two-line URC whose PDU did not come: an answer line stands where it should be."""
        self._header = None

    def take_ussd(self, text: str, now: float) -> Urc | None:
        """Take a line while a USSD text is open; return the URC when its quote closes."""
        self._ussd = f"{self._ussd}\n{text}"[:MAX_USSD]
        self.deadline = now + USSD_PATIENCE_S
        return self.close_ussd() if text.count('"') % 2 else None

    @property
    def ussd_is_open(self) -> bool:
        """Tell whether a USSD text waits for its closing quote."""
        return bool(self._ussd)

    def close_ussd(self) -> Urc:
        """Return the USSD text as far as it came."""
        line, self._ussd, self.deadline = self._ussd, "", math.inf
        return Urc(UrcKind.USSD, line)

    def take(self, text: str, now: float) -> Urc | RestartSeen | None:
        """Take any other unsolicited line; `None` when more must come, or when nobody knows it."""
        kind = classify(text)
        if (kind is UrcKind.BANNER or text.startswith("+CPIN:")) and self.boots.is_restart(text, now):
            self.reset()
            return RestartSeen(text)
        if kind is None:
            return None
        if kind in TWO_LINES:
            self._header = (kind, text)
            return None
        if kind is UrcKind.USSD and text.count('"') % 2:
            self._ussd = text
            self.deadline = now + USSD_PATIENCE_S
            return None
        return Urc(kind, text)
