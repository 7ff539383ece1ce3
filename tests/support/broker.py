"""What broker tests share: a real mosquitto, a link in its thread, a second client to look from outside."""

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from kentongan.daemon.mosquitto import Mosquitto
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import BrokerDown, BrokerEvent, BrokerUp, Publication, Will
from kentongan.mqtt.settings import Address, LinkSettings, Subscription
from kentongan.mqtt.topics import Topics

COUNTY, GATEWAY = "3404", "kec-depok-01"
TOPICS = Topics("kentongan", COUNTY, GATEWAY)
USERS = {GATEWAY: "rahasia-gw", "backend-3404": "rahasia-be", "monitor": "rahasia-mo", "kec-lain-02": "rahasia-02"}
WAIT_S = 10.0


def settings(port: int, **changes: Any) -> LinkSettings:
    numbers = iter(range(1, 1_000_000))
    values: dict[str, Any] = {
        "address": Address("127.0.0.1", port, secure=False),
        "client_id": GATEWAY,
        "username": GATEWAY,
        "password": USERS[GATEWAY],
        "source": TOPICS.source,
        "will": lambda connection_id: Will(TOPICS.status("connection"), f'{{"lost":"{connection_id}"}}'.encode()),
        "new_connection_id": lambda: f"c{next(numbers)}",
        "subscriptions": (Subscription(TOPICS.commands), Subscription(TOPICS.backend, retained=True, required=False)),
    }
    return LinkSettings(**(values | changes))


class Held:
    """A link in its thread with its events in a queue."""

    def __init__(self, link_settings: LinkSettings, random: Callable[[], float] = lambda: 0.05) -> None:
        self.events: queue.Queue[BrokerEvent] = queue.Queue()
        self.link = Link(link_settings, self.events.put, clock=time.monotonic, random=random)
        self.thread = threading.Thread(target=self.link.run, name="link", daemon=True)
        self.thread.start()

    def wait(self, kind, timeout=WAIT_S, where=lambda _: True):
        """Return the next event of a kind; others on the way are dropped."""
        deadline = time.monotonic() + timeout
        while True:
            event = self.events.get(timeout=max(0.001, deadline - time.monotonic()))
            if isinstance(event, kind) and where(event):
                return event

    def up(self, timeout: float = WAIT_S) -> BrokerUp:
        return self.wait(BrokerUp, timeout)

    def down(self, timeout: float = WAIT_S) -> BrokerDown:
        return self.wait(BrokerDown, timeout)

    def publish(self, token: int, topic: str, payload: bytes = b"{}", **more: Any) -> None:
        self.link.publish(Publication(token, topic, payload, **more))
