"""The broker as the core sees it: whether it is there, what is on its way, what the backend says of itself.

Pure: broker events in, facts out.
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from kentongan.daemon.certificates import SERVER
from kentongan.daemon.status import LinkStatus
from kentongan.mqtt.events import BrokerDown, BrokerUp, PubackResult, Published
from kentongan.queue.records import Lane, Moment, SpoolItem

KEPT_FREE = 2  # places of the window that responses never take
STABLE_S = 60.0  # a connection that stood so long proves that nobody else has our name (contract E13)


class Broker:
    """The state of the link and the publications that wait for their PUBACK."""

    def __init__(self, own_ends: Callable[[], Mapping[str, int]] = dict) -> None:
        self._own_ends = own_ends
        self.up: BrokerUp | None = None
        self.in_flight: dict[int, SpoolItem] = {}
        self.status = LinkStatus()
        self._blocked: set[int] = set()  # tokens of publications that are too large for the broker

    @property
    def room(self) -> int:
        """How many more publications the window holds."""
        return self.up.window - len(self.in_flight) if self.up else 0

    @property
    def responses_room(self) -> int:
        """How many more answers to commands the window holds: a backend that floods may not keep tickets away."""
        if self.up is None:
            return 0
        answers = sum(item.lane is Lane.RESPONSE for item in self.in_flight.values())
        return max(1, self.up.window - KEPT_FREE) - answers

    def connected(self, event: BrokerUp, at: Moment) -> None:
        """Start a connection with an empty window."""
        self.up = event
        self.in_flight.clear()
        ends = {SERVER: round(event.certificate_until_s * 1000)} if event.certificate_until_s else {}
        whose, until_ms = min((ends | dict(self._own_ends())).items(), key=lambda end: end[1], default=("", 0))
        self.status = replace(
            self.status,
            state="online",
            cause="",
            detail="",
            since_ms=at.wall_ms,
            since_steady_ms=at.steady_ms,
            protocol=event.protocol,
            certificate_until_ms=until_ms,
            certificate_of=whose,
            not_authorized=False,
        )

    def disconnected(self, event: BrokerDown, at: Moment) -> None:
        """End a connection: what was on its way must be offered again. A repeated failure keeps its beginning."""
        was_up = self.up is not None
        self.up = None
        self.in_flight.clear()
        changes: dict[str, object] = {"state": "offline", "cause": str(event.cause), "detail": event.detail}
        if was_up or not self.status.cause:
            silent_ms = round(event.silent_s * 1000)
            changes |= {"since_ms": at.wall_ms - silent_ms, "since_steady_ms": at.steady_ms - silent_ms}
            changes |= {"lost_steady_ms": at.steady_ms}
        if was_up:
            short = self.status.short_lived + 1 if event.connected_s < STABLE_S else 0
            # whether the backend is there is heard anew: a broker that forgot it tells nothing, and it comes as news
            changes |= {"reconnects": self.status.reconnects + 1, "short_lived": short, "backend": "unknown"}
        self.status = replace(self.status, **changes)

    def answered(self, event: Published) -> None:
        """Take the facts out of a PUBACK."""
        if event.result is PubackResult.TOO_LARGE:
            self._blocked.add(event.token)
        else:
            self._blocked.discard(event.token)
        self.note(
            no_subscriber=event.result is PubackResult.NO_SUBSCRIBER,
            not_authorized=event.result is PubackResult.NOT_AUTHORIZED,
            blocked=len(self._blocked),
        )

    def note(self, **facts: object) -> None:
        """Change facts of the status that are not the connection itself."""
        self.status = replace(self.status, **facts)
