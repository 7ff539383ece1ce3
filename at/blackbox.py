"""Keep the last lines of the dialogue for a fault report; texts, numbers and PINs never show.

A PDU carries a citizen's text, so long hex appears by its length alone; phone numbers and quoted text are masked.
"""

import re
from collections import deque

KEPT_LINES = 200
"""Lines kept each way: a whole start and the minutes before a fault, at 100 octets a line 40 kB."""

_PDU = re.compile(r"[0-9A-Fa-f]{20,}")
_NUMBER = re.compile(r"\+?\d{8,}")
_USSD = re.compile(r"(\+CUSD: ?\d, ?)\".*")


class BlackBox:
    """The last lines each way, with the moment; formatted and masked only when somebody asks."""

    def __init__(self) -> None:
        self._received: deque[tuple[float, int, str, str]] = deque(maxlen=KEPT_LINES)
        self._sent: deque[tuple[float, int, str, str]] = deque(maxlen=KEPT_LINES)
        self._count = 0

    def received(self, now: float, text: str) -> None:
        """Keep a line of the modem."""
        self._keep(self._received, now, "<", text)

    def sent(self, now: float, text: str) -> None:
        """Keep what was written."""
        self._keep(self._sent, now, ">", text)

    def note(self, now: float, text: str) -> None:
        """Keep a remark of the engine."""
        self._keep(self._sent, now, "#", text)

    def lines(self) -> list[str]:
        """Return both ways in order, masked."""
        merged = sorted([*self._received, *self._sent], key=lambda entry: entry[1])
        return [f"{now:.3f} {way} {_masked(text)}" for now, _, way, text in merged]

    def _keep(self, into: deque[tuple[float, int, str, str]], now: float, way: str, text: str) -> None:
        self._count += 1
        into.append((now, self._count, way, text))


def _masked(text: str) -> str:
    text = _PDU.sub(lambda found: f"({len(found.group())} hex digits)", text)
    text = _USSD.sub(r'\1"(text)"', text)
    return _NUMBER.sub(lambda found: f"{found.group()[:3]}*{found.group()[-2:]}", text)
