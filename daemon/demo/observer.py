"""See what passes the broker, as a client of its own that may read everything of the county and write nothing."""

import threading
from collections.abc import Callable
from random import random

from kentongan.daemon.demo.observations import BrokerSeen, Observation, Seen
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import BrokerDown, BrokerEvent, BrokerUp, MessageReceived, Published
from kentongan.mqtt.settings import LinkSettings, Subscription, read_url

USER = "pengamat"
STOP_S = 10.0  # the link itself waits five seconds at most


def access_rule(county: str) -> str:
    """Let the observer read all of the county; a line more than the contract's rules, for the demo alone."""
    return f"\nuser {USER}\ntopic read {county}/#\n"


class Observer:
    """Emits every message of the county, in a thread of its own."""

    def __init__(  # noqa: PLR0913 - as a client of its own it needs an address, a name and what to hear
        self,
        url: str,
        password: str,
        county: str,
        emit: Callable[[Observation], None],
        *,
        monotonic: Callable[[], float],
        topics: str = "#",
    ) -> None:
        settings = LinkSettings(
            address=read_url(url),
            client_id=USER,
            username=USER,
            password=password,
            source="",
            will=lambda _connection_id: None,
            new_connection_id=lambda: USER,
            subscriptions=(Subscription(f"{county}/{topics}", retained=True),),
        )
        self._county, self._tell = county, emit
        self._link = Link(settings, self._emit, clock=monotonic, random=random)
        self._thread = threading.Thread(target=self._link.run, name="observer", daemon=True)

    def start(self) -> None:
        """Connect, and connect again whenever the broker comes back."""
        self._thread.start()

    def kick(self) -> None:
        """Try the broker now."""
        self._link.kick()

    def stop(self) -> None:
        """Leave the broker."""
        self._link.stop()
        self._thread.join(STOP_S)

    def _emit(self, event: BrokerEvent) -> None:
        match event:
            case MessageReceived():
                self._link.ack(event.delivery)
                self._tell(Seen(below(event.topic, self._county), event.payload))
            case BrokerUp():
                self._tell(BrokerSeen(up=True))
            case BrokerDown():
                self._tell(BrokerSeen(up=False))
            case Published():
                pass  # it publishes nothing


def below(topic: str, county: str) -> str:
    """Name a topic as it stands below its gateway."""
    return topic.removeprefix(f"{county}/").partition("/")[2]
