"""The county's system of the system tests: a client at the broker with books of its own; acknowledges when told to."""

import json
from collections import defaultdict
from collections.abc import Callable
from threading import Condition, Event
from typing import Any, Self

from jsonschema import ValidationError
from paho.mqtt import client as paho  # noqa: TID251 - a client from outside, not ours
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: TID251
from paho.mqtt.packettypes import PacketTypes  # noqa: TID251
from paho.mqtt.properties import Properties  # noqa: TID251
from published import check

from kentongan.mqtt.topics import Topics

Document = dict[str, Any]
CONNECT_S = 10.0


class County:
    """Keeps every document that came, in order; `bell` rings at each."""

    def __init__(self, port: int, user: str, password: str, topics: Topics, bell: Condition) -> None:
        self.topics, self._bell, self._port = topics, bell, port
        self.acknowledging = True
        self.offers: list[Document] = []  # every delivery of event/ticket
        self.responses: defaultdict[str | None, list[Document]] = defaultdict(list)
        self.reply_events: defaultdict[str, list[Document]] = defaultdict(list)
        self.status: dict[str, Document] = {}  # the last retained document of each name
        self.invalid: list[str] = []  # what was said and is not as the contract's schemas have it
        self._subscribed = Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="county", protocol=MQTTProtocolVersion.MQTTv5)
        self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._take

    def __enter__(self) -> Self:
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 3600
        self._client.connect("127.0.0.1", self._port, 30, clean_start=False, properties=properties)
        self._client.loop_start()
        assert self._subscribed.wait(CONNECT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()
        assert self.invalid == [], "not as published in contract/schemas"

    # ---- what it does

    def command(self, name: str, body: Document | bytes, *, retain: bool = False) -> None:
        """Publish a command as it is."""
        payload = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._client.publish(self.topics.command(name), payload, qos=1, retain=retain)

    def reply(self, ticket_id: str, text: str, command_id: str, **more: Any) -> None:
        """Answer a ticket."""
        body = {"schema": "reply/1", "command_id": command_id, "ticket_id": ticket_id, "text": text}
        self.command("reply", body | more)

    def presence(self, state: str) -> None:
        """Say that somebody is there, or not."""
        body = {"schema": "presence/1", "backend_id": "kabupaten", "state": state}
        self._client.publish(self.topics.presence, json.dumps(body), qos=1, retain=True)

    def acknowledge(self, ticket: Document) -> None:
        """Say that a ticket is safe."""
        body = {"schema": "ticket_ack/1", "ticket_id": ticket["ticket_id"], "status": "accepted"}
        self.command("ticket_ack", body | {"revision": ticket["revision"], "backend_ticket": ticket["ticket_id"][-12:]})

    # ---- what it saw

    @property
    def tickets(self) -> dict[str, Document]:
        """The newest revision of each ticket."""
        newest: dict[str, Document] = {}
        for offer in self.offers:
            known = newest.get(offer["ticket_id"])
            if known is None or known["revision"] < offer["revision"]:
                newest[offer["ticket_id"]] = offer
        return newest

    def ticket(self, matches: Callable[[Document], bool]) -> Document | None:
        """Find a ticket by its newest revision."""
        return next((ticket for ticket in self.tickets.values() if matches(ticket)), None)

    def texts(self) -> list[str]:
        """The tickets' texts, oldest first."""
        return [ticket["text"] for ticket in self.tickets.values()]

    def states(self, command_id: str) -> list[str]:
        """The life of a reply as it was told."""
        return [event["status"] for event in self.reply_events[command_id]]

    def _connected(self, client: paho.Client, *_: object) -> None:
        client.subscribe([(f"{self.topics.gateway}/{kind}/#", 1) for kind in ("event", "status")])
        self.presence("online")

    def _take(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        kind, name = message.topic.removeprefix(f"{self.topics.gateway}/").split("/", 1)
        try:
            check(message.topic, message.payload)
        except (AssertionError, ValidationError, KeyError) as error:
            self.invalid.append(f"{message.topic}: {error}")
        document = json.loads(message.payload) if message.payload else {}
        with self._bell:
            if kind == "status":
                self.status[name] = document
            elif name == "ticket":
                self.offers.append(document)
            elif name == "response":
                self.responses[document["command_id"]].append(document)
            elif name == "reply":
                self.reply_events[document["command_id"]].append(document)
            self._bell.notify_all()
        if name == "ticket" and self.acknowledging:
            self.acknowledge(document)
