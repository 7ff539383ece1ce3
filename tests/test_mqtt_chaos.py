"""E50 at the size of a link: two loops of our own over a broker that is killed again and again lose and double nothing.

The gateway's side here is a table of tickets that are offered until acknowledged, the backend's a set that swallows
repetitions; both talk through real links to a real mosquitto without persistence.
"""

import json
import random

import pytest
from broker import BACKEND, COUNTY, PROTOCOLS, TOPICS, USERS, Running, link_settings

from kentongan.daemon.mosquitto import Mosquitto
from kentongan.mqtt.events import BrokerUp, MessageReceived, Publication
from kentongan.mqtt.settings import Subscription

TICKETS = 200
KILLS = 8
TICKET, ACK = TOPICS.event("ticket"), TOPICS.command("ticket_ack")


class Gateway:
    """Tickets in a table; a lost connection forgets the window and nothing else."""

    def __init__(self, running):
        self.running, self.open, self.room = running, list(range(TICKETS)), 0

    def offer_all(self):
        """What reconnection and presence do: everything unacknowledged is due at once."""
        for number in self.open:
            body = json.dumps({"ticket_id": number}).encode()
            self.running.link.publish(Publication(number, TICKET, body, event_id=f"t{number}"))

    def handle(self, event):
        match event:
            case BrokerUp():
                self.offer_all()
            case MessageReceived(payload=payload, delivery=delivery):
                number = json.loads(payload)["ticket_id"]
                if number in self.open:
                    self.open.remove(number)
                self.running.link.ack(delivery)


class Backend:
    """A set with a primary key."""

    def __init__(self, running):
        self.running, self.seen, self.repeated = running, set(), 0

    def handle(self, event):
        if isinstance(event, MessageReceived):
            number = json.loads(event.payload)["ticket_id"]
            self.repeated += number in self.seen
            self.seen.add(number)
            self.running.link.publish(Publication(number, ACK, event.payload))
            self.running.link.ack(event.delivery)


def backend_settings(port, protocol):
    return link_settings(
        port,
        protocol=protocol,
        client_id="chaos-backend",
        username=BACKEND,
        password=USERS[BACKEND],
        will=lambda _connection_id: None,
        subscriptions=(Subscription(TICKET),),
    )


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_e50_a_broker_that_is_killed_again_and_again_loses_nothing(tmp_path, protocol):
    dice = random.Random(50)
    broker = Mosquitto(tmp_path, users=USERS, county_id=COUNTY)
    broker.start()
    try:
        with (
            Running(link_settings(broker.port, protocol=protocol)) as ours,
            Running(backend_settings(broker.port, protocol)) as theirs,
        ):
            gateway, backend = Gateway(ours), Backend(theirs)
            kills = sorted(dice.sample(range(10, TICKETS - 10), KILLS))
            while gateway.open or kills:  # the last kills may come when all is done: that, too, must lose nothing
                for side, running in ((gateway, ours), (backend, theirs)):
                    while not running.events.empty():
                        side.handle(running.events.get())
                if kills and len(gateway.open) <= TICKETS - kills[0]:
                    kills.pop(0)
                    broker.kill()
                    broker.start()
                elif ours.events.empty() and theirs.events.empty():
                    event = ours.next_event(0.5)
                    if event is None:
                        gateway.offer_all()  # the schedule's next turn: a message was lost on the way
                    else:
                        gateway.handle(event)
            assert backend.seen == set(range(TICKETS))
            assert backend.repeated > 0  # the wire did repeat; the key swallowed it
    finally:
        broker.kill()
