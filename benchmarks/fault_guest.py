"""Somebody else at the broker: another box of our name, the county's clerk with a command."""

import threading
from queue import SimpleQueue
from random import random

from kentongan.daemon.clock import SystemClock
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import BrokerEvent, BrokerUp, MessageReceived, Publication, Published
from kentongan.mqtt.settings import Address, LinkSettings, Subscription

WAIT_S = 10.0


class Guest:
    """One client, which comes back whenever it is thrown out, until it leaves."""

    def __init__(self, port: int, user: str, password: str, *, name: str) -> None:
        settings = LinkSettings(
            Address("127.0.0.1", port, secure=False),
            client_id=name,
            username=user,
            password=password,
            source="",
            will=lambda _connection_id: None,
            new_connection_id=lambda: name,
            subscriptions=(Subscription("tamu", required=False),),
        )
        self._events: SimpleQueue[BrokerEvent] = SimpleQueue()
        self._link = Link(settings, self._hear, clock=SystemClock().monotonic, random=random)
        self._thread = threading.Thread(target=self._link.run, name=name, daemon=True)
        self._thread.start()

    def say(self, topic: str, payload: bytes) -> None:
        """Publish, and wait until the broker has it."""
        self._wait(BrokerUp)
        self._link.publish(Publication(1, topic, payload))
        self._wait(Published)

    def leave(self) -> None:
        """Disconnect for good; a second time does nothing."""
        self._link.stop()
        self._thread.join(WAIT_S)

    def _hear(self, event: BrokerEvent) -> None:
        if isinstance(event, MessageReceived):
            self._link.ack(event.delivery)
        self._events.put(event)

    def _wait(self, kind: type[BrokerEvent]) -> None:
        while not isinstance(self._events.get(timeout=WAIT_S), kind):
            pass
