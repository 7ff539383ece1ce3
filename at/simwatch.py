"""Watch over the card of a line: whether its PIN may be tried, and when the holder is looked at again.

Refuses a second attempt with a PIN that did not open the card before, whatever else happens in this process; the rule
that is handed in extends that over restarts.
"""

from collections.abc import Callable

from kentongan.at.dialect import Dialect

ASK_S = 10.0
"""Without a usable card the modem is asked for it this often: six commands a minute."""

RESCAN_EVERY = 6
"""Every minute the radio is switched off and on, where the holder has no switch that tells of a new card."""


class SimWatch:
    """What is known of the card of one line."""

    def __init__(self, allowed: Callable[[str], bool], ended: Callable[[str, bool], None]) -> None:
        self._allowed = allowed
        self._ended = ended
        self._tried: set[str] = set()
        self._asked = 0

    def may_try_pin(self, iccid: str) -> bool:
        """Tell whether the PIN may be tried on this card, and remember that it was."""
        if iccid in self._tried:
            return False
        self._tried.add(iccid)
        return self._allowed(iccid)

    def pin_ended(self, iccid: str, accepted: bool) -> None:
        """Note how the try ended: a PIN that opened the card may open it after its next power cut too."""
        if accepted:
            self._tried.discard(iccid)
        self._ended(iccid, accepted)

    def usable(self) -> None:
        """Note that the card can be used."""
        self._asked = 0

    def wants_rescan(self, dialect: Dialect) -> bool:
        """Tell whether this time the holder is to be looked at again."""
        self._asked += 1
        return dialect.rescans_sim and self._asked % RESCAN_EVERY == 0
