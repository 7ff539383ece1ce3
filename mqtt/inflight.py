"""Publications on their way and the broker's pulse, on one connection and gone with it. Pure."""

from collections import deque
from collections.abc import Iterator

from kentongan.mqtt.events import PubackResult, Publication, Published
from kentongan.mqtt.reconnect import Poison, Sent
from kentongan.mqtt.settings import Rhythm

PUBACK_S = 20.0  # a broker that answers pings but does not acknowledge is dead too (contract 4.4)
HEADROOM = 1024  # octets of header and properties we keep free below the broker's limit (contract 6.3)
NO_SUBSCRIBER, NOT_AUTHORIZED, FAILURE = 16, 135, 128  # MQTT 5.0 §3.4.2.1


class Outbox:
    """What waits for the window and what waits for its PUBACK, on one connection."""

    def __init__(self, poison: Poison) -> None:
        self._poison = poison
        self._backlog: deque[Publication] = deque()  # the core keeps to the window, so this stays short
        self._sent: dict[int, Sent] = {}  # in the order of sending
        self._window = 0
        self._max_packet = 0

    @property
    def empty(self) -> bool:
        """Tell whether nothing waits."""
        return not self._backlog and not self._sent

    def open(self, window: int, max_packet: int) -> None:
        """Begin to send; both as the broker announced them."""
        self._window, self._max_packet = window, max_packet

    def put(self, publication: Publication) -> None:
        """Queue a publication."""
        self._backlog.append(publication)

    def last(self, publication: Publication) -> None:
        """Queue the last word and forget what else would wait for the window."""
        self._backlog.clear()
        self._backlog.append(publication)

    def ready(self) -> Iterator[Publication]:
        """Yield what may be sent now; each must be refused or `sent` before the next is asked for."""
        while self._backlog and len(self._sent) < self._allowed():
            yield self._backlog.popleft()

    def refusal(self, publication: Publication) -> PubackResult | None:
        """Tell why this one must not be sent (contract E14)."""
        octets = len(publication.topic.encode()) + len(publication.payload) + len(publication.correlation)
        too_large = octets > self._max_packet - HEADROOM or self._poison.blocked(publication)
        return PubackResult.TOO_LARGE if too_large else None

    def sent(self, packet_id: int, publication: Publication, now: float) -> None:
        """Remember what was sent under this packet identifier."""
        self._sent[packet_id] = Sent(publication, now)

    def acknowledged(self, packet_id: int, reason: int) -> Iterator[Published]:
        """Take a PUBACK; one for nothing we sent is ignored."""
        sent = self._sent.pop(packet_id, None)
        if sent is not None:
            self._poison.confirmed(sent.publication)
            yield Published(sent.publication.token, _result(reason))

    def deadline(self) -> float | None:
        """Tell when the oldest has waited too long."""
        oldest = next(iter(self._sent.values()), None)
        return None if oldest is None else oldest.at + PUBACK_S

    def abandon(self, now: float) -> tuple[int, ...]:
        """Forget everything and list the tokens that were sent and not acknowledged, oldest first."""
        waiting = tuple(self._sent.values())
        self._poison.lost(waiting, now)
        self._sent.clear()
        self._backlog.clear()
        return tuple(sent.publication.token for sent in waiting)

    def _allowed(self) -> int:
        return min(1, self._window) if self._poison.suspicious else self._window


class Pulse:
    """When to ask the broker for a sign of life, and when to stop believing in it (contract E8)."""

    def __init__(self, rhythm: Rhythm, now: float) -> None:
        self._rhythm = rhythm
        self._heard_at = self._spoke_at = now
        self._asked_at: float | None = None

    @property
    def asking(self) -> bool:
        """Tell whether a sign of life is being waited for."""
        return self._asked_at is not None

    def heard(self, now: float) -> None:
        """Take note of bytes from the broker."""
        self._heard_at, self._asked_at = now, None

    def spoke(self, now: float) -> None:
        """Take note of bytes to the broker."""
        self._spoke_at = now

    def asked(self, now: float) -> None:
        """Take note of a ping."""
        self._spoke_at = self._asked_at = now

    def silent_s(self, now: float) -> float:
        """Tell for how long nothing has been heard."""
        return now - self._heard_at

    def deadline(self) -> float:
        """Tell when to ask, or when the answer is overdue."""
        if self._asked_at is not None:
            return self._asked_at + self._rhythm.answer_s
        keepalive_s = self._rhythm.keepalive_s
        return min(self._heard_at + (self._rhythm.probe_s or keepalive_s), self._spoke_at + keepalive_s)


def _result(reason: int) -> PubackResult:
    if reason == NO_SUBSCRIBER:
        return PubackResult.NO_SUBSCRIBER
    if reason == NOT_AUTHORIZED:
        return PubackResult.NOT_AUTHORIZED
    return PubackResult.REFUSED if reason >= FAILURE else PubackResult.ACCEPTED
