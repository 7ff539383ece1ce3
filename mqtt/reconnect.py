"""Stubbornness with manners: when to try again, in which protocol, and what not to send a fourth time. Pure."""

from collections.abc import Callable
from enum import StrEnum

import msgspec

from kentongan.mqtt.events import Publication
from kentongan.mqtt.settings import Protocol

FIRST_S, LONGEST_S = 1.0, 60.0
STABLE_S = 60.0  # before that a connection proves nothing: two clients of one name take over for ever (contract E13)
RETRY_V5_S = 86_400.0
SILENT_CONNECTS = 2  # CONNECTs without any answer before the older protocol is tried (contract E23)
DROPPED_S = 5.0  # a connection lost this soon after a publication is blamed on it (contract 6.6)
STRIKES = 3
REMEMBERED = 64  # suspects; more at once would be a broken broker, not poison


class Version(StrEnum):
    """The protocols we speak."""

    V5 = "5.0"
    V311 = "3.1.1"


class Sent(msgspec.Struct, frozen=True):
    """One publication that waits for its PUBACK since `at`."""

    publication: Publication
    at: float


class Backoff:
    """Full jitter between nothing and a ceiling that doubles; a stable connection resets it."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random  # uniform in [0, 1)
        self._ceiling_s = FIRST_S
        self.short_lived = 0  # connections in a row that were lost before they were stable

    def after(self, connected_s: float) -> float:
        """Tell how long to wait after a connection that stood so long, 0 when there was none."""
        if connected_s >= STABLE_S:
            self._ceiling_s, self.short_lived = FIRST_S, 0
        else:
            self.short_lived = self.short_lived + 1 if connected_s > 0 else 0
        delay_s = self._random() * self._ceiling_s
        self._ceiling_s = min(LONGEST_S, self._ceiling_s * 2)
        return delay_s


class ProtocolChoice:
    """MQTT 5 first; 3.1.1 when the broker says so or stays silent, remembered for a day once it answered."""

    def __init__(self, setting: Protocol) -> None:
        self._setting = setting
        self._silent = 0
        self._older = False
        self._older_until: float | None = None

    def version(self, now: float) -> Version:
        """Choose for the next connection."""
        if self._setting != "auto":
            return Version.V5 if self._setting == "5" else Version.V311
        if self._older_until is not None and now >= self._older_until:
            self._older, self._older_until = False, None
        return Version.V311 if self._older else Version.V5

    def answered(self, now: float) -> None:
        """Take note that a CONNACK accepted us."""
        self._silent = 0
        if self._older and self._older_until is None:
            self._older_until = now + RETRY_V5_S

    def refused(self) -> None:
        """Take note that the broker does not speak this version."""
        self._turn()

    def silent(self) -> None:
        """Take note that a CONNECT was sent and no CONNACK came."""
        self._silent += 1
        if self._silent >= SILENT_CONNECTS:
            self._turn()

    def _turn(self) -> None:
        self._older, self._older_until, self._silent = not self._older, None, 0


class Poison:
    """Counts connections that ended right after the same event, whose identity outlives them (contract E14)."""

    def __init__(self) -> None:
        self._strikes: dict[str, int] = {}  # in the order of the first accusation

    @property
    def suspicious(self) -> bool:
        """Tell whether to send one at a time, so that the next loss accuses the right one."""
        return any(count < STRIKES for count in self._strikes.values())

    def lost(self, waiting: tuple[Sent, ...], now: float) -> None:
        """Accuse the oldest unacknowledged event when the connection ended soon after it was sent."""
        events = [sent for sent in waiting if sent.publication.event_id]
        if not events or now - events[0].at > DROPPED_S:
            return
        key = events[0].publication.event_id
        self._strikes[key] = self._strikes.get(key, 0) + 1
        if len(self._strikes) > REMEMBERED:
            del self._strikes[next(iter(self._strikes))]

    def confirmed(self, publication: Publication) -> None:
        """Clear what the broker took."""
        self._strikes.pop(publication.event_id, None)

    def blocked(self, publication: Publication) -> bool:
        """Tell whether this one must not be sent any more."""
        return self._strikes.get(publication.event_id, 0) >= STRIKES
