"""One connection's life, without a socket, a clock or paho: what was heard goes in, broker events come out.

    CONNECTING --CONNACK--> SUBSCRIBING --SUBACK--> UP --stop--> LEAVING --PUBACK--> LEFT --closed--> down
        any of them --refusal, silence, loss, overdue PUBACK--> down

Refuses to outlive its connection: whatever is unacknowledged at the end is forgotten here and offered again by the
core, and a delivery is acknowledged on the connection it came from or not at all (contract E20).
"""

from enum import Enum
from typing import Protocol

import msgspec

from kentongan.mqtt import causes
from kentongan.mqtt.events import (
    BrokerDown,
    BrokerEvent,
    BrokerUp,
    Delivery,
    DownCause,
    MessageReceived,
    Publication,
    Published,
)
from kentongan.mqtt.inflight import HEADROOM, PUBACK_S, Outbox, Pulse
from kentongan.mqtt.reconnect import Poison, Version
from kentongan.mqtt.settings import Rhythm, Subscription

CONNACK_S = 10.0  # also for the SUBACK
FAREWELL_S = 5.0  # for the last word's PUBACK, then we leave anyway
WINDOW = 10  # unacknowledged publications; the broker may want fewer (contract E31)
UNLIMITED = 268_435_455  # octets in the largest MQTT packet
UNSUPPORTED_VERSION = 132
FAILURE = 128  # reasons from here on are failures


class Connack(msgspec.Struct, frozen=True):
    """The broker's answer to CONNECT; `reason` in MQTT 5 numbers, 0 is yes."""

    reason: int
    text: str
    session_present: bool = False
    receive_maximum: int = 65_535
    max_packet: int = UNLIMITED
    keepalive_s: int = 0  # what the broker wants, 0 when it does not say


class Notes(msgspec.Struct):
    """What the library called back since the last turn."""

    connack: Connack | None = None
    suback: tuple[int, ...] | None = None
    pubacks: list[tuple[int, int]] = msgspec.field(default_factory=list)  # packet identifier, reason
    messages: list[MessageReceived] = msgspec.field(default_factory=list)
    goodbye: int | None = None  # the reason of the broker's DISCONNECT
    report: str = ""  # the library's last error


class Wire(Protocol):
    """What a session does to its connection."""

    secure: bool
    certificate_until_s: float

    def subscribe(self) -> None:
        """Ask for all subscriptions in one packet."""

    def publish(self, publication: Publication) -> int:
        """Send at QoS 1 and return the packet identifier."""

    def ack(self, packet_id: int) -> None:
        """Tell the broker that we have it."""

    def ping(self) -> None:
        """Send a PINGREQ."""

    def disconnect(self) -> None:
        """Leave properly: the broker drops the will."""


class Phase(Enum):
    """Where a connection stands."""

    CONNECTING = "connecting"
    SUBSCRIBING = "subscribing"
    UP = "up"
    LEAVING = "leaving"  # the last word is on its way
    LEFT = "left"  # DISCONNECT is


class Terms(msgspec.Struct, frozen=True):
    """What differs between two connections."""

    connection_id: str
    version: Version
    subscriptions: tuple[Subscription, ...]
    rhythm: Rhythm


ENDING = frozenset({Phase.LEAVING, Phase.LEFT})


class Session:
    """One connection from CONNECT to its end; every method takes the monotonic time in seconds."""

    def __init__(self, wire: Wire, terms: Terms, poison: Poison, now: float) -> None:
        self.terms = terms
        self.down: BrokerDown | None = None
        self.connack: Connack | None = None
        self._wire = wire
        self._phase, self._until = Phase.CONNECTING, now + CONNACK_S
        self._outbox = Outbox(poison)
        self._pulse = Pulse(terms.rhythm, now)
        self._events: list[BrokerEvent] = []
        self._held: list[MessageReceived] = []  # came before the SUBACK
        self._up_at: float | None = None

    def events(self) -> list[BrokerEvent]:
        """Hand over what happened since the last call."""
        happened, self._events = self._events, []
        return happened

    def deadline(self) -> float:
        """Tell when `tick` is due."""
        due = self._pulse.deadline()
        if self._phase is not Phase.UP:
            due = min(due, self._until)
        overdue = self._outbox.deadline()
        return due if overdue is None else min(due, overdue)

    # -- orders -------------------------------------------------------------------------------------------------------

    def publish(self, publication: Publication, now: float) -> None:
        """Send it as soon as the window allows; forget it when it was meant for another connection."""
        if self._phase is Phase.UP and publication.connection_id in {"", self.terms.connection_id}:
            self._outbox.put(publication)
            self._pump(now)

    def ack(self, delivery: Delivery, now: float) -> None:
        """Acknowledge a message of this connection; one of an earlier connection will be delivered again."""
        if delivery.connection_id == self.terms.connection_id and delivery.packet_id:
            self._wire.ack(delivery.packet_id)
            self._pulse.spoke(now)

    def leave(self, farewell: Publication | None, now: float) -> None:
        """Say the last word, wait for its PUBACK, then disconnect; if it does not come, the will speaks for us."""
        if self._phase in ENDING:
            return
        if farewell is None or self._phase is not Phase.UP:
            self._disconnect(now)
            return
        self._phase, self._until = Phase.LEAVING, now + FAREWELL_S
        self._outbox.last(farewell)
        self._pump(now)

    # -- what was heard -----------------------------------------------------------------------------------------------

    def heard(self, notes: Notes, now: float) -> None:
        """Take what the broker sent."""
        self._pulse.heard(now)
        if notes.connack is not None:
            self._answered(notes.connack, now)
        if notes.suback is not None:
            self._subscribed(notes.suback, now)
        for packet_id, reason in notes.pubacks:
            self._events.extend(self._outbox.acknowledged(packet_id, reason))
        if self._phase is Phase.UP:
            self._events.extend(notes.messages)
            self._pump(now)
        elif self._phase is Phase.SUBSCRIBING:
            self._held.extend(notes.messages)
        elif self._phase is Phase.LEAVING:
            self._pump(now)
            if self._outbox.empty:
                self._disconnect(now)

    def closed(self, notes: Notes, now: float) -> None:
        """Take note that the connection is gone, and name the cause as well as it can be known."""
        if self._phase in ENDING:
            self.end(DownCause.STOPPED, "left", now)
        elif notes.goodbye is not None:
            reason = f" with reason {notes.goodbye}" if notes.goodbye else ""
            self.end(causes.of_disconnect(notes.goodbye), f"the broker said goodbye{reason}", now)
        elif causes.rejects_certificate(notes.report):
            self.end(DownCause.CREDENTIALS, f"the broker refuses our certificate: {notes.report}", now)
        elif self.connack is None and self._wire.secure:
            self.end(DownCause.CREDENTIALS, "closed without an answer; certificate or password refused?", now)
        elif self.connack is None:
            self.end(DownCause.PROTOCOL, f"closed without an answer to CONNECT (MQTT {self.terms.version})", now)
        else:
            self.end(DownCause.LOST, notes.report or "the connection was closed", now)

    def tick(self, now: float) -> None:
        """Act on what is overdue."""
        overdue = self._outbox.deadline()
        if self._phase in ENDING and now >= self._until:
            self.end(DownCause.STOPPED, "left without the last PUBACK", now)
        elif self._phase is not Phase.UP and now >= self._until:
            self.end(DownCause.TIMEOUT, f"no answer in {CONNACK_S:.0f} s while {self._phase.value}", now)
        elif overdue is not None and now >= overdue:
            self._give_up(DownCause.PUBACK_TIMEOUT, f"no PUBACK in {PUBACK_S:.0f} s", now)
        elif now >= self._pulse.deadline():
            self._feel_pulse(now)

    def end(self, cause: DownCause, detail: str, now: float, silent_s: float = 0.0) -> None:
        """Close the book on this connection; the first cause stands."""
        if self.down is None:
            stood_s = now - self._up_at if self._up_at is not None else 0.0
            self.down = BrokerDown(cause, detail, stood_s, self._outbox.abandon(now), silent_s)

    # -- inside -------------------------------------------------------------------------------------------------------

    def _answered(self, connack: Connack, now: float) -> None:
        self.connack = connack
        if connack.reason == UNSUPPORTED_VERSION:
            self.end(DownCause.PROTOCOL, f"the broker does not speak MQTT {self.terms.version}", now)
        elif connack.reason:
            self.end(causes.of_connack(connack.reason), f"refused: {connack.text}", now)
        elif connack.keepalive_s and connack.keepalive_s < self.terms.rhythm.keepalive_s:
            self.end(DownCause.PROTOCOL, f"the broker wants a keepalive of {connack.keepalive_s} s", now)
        elif self._phase is Phase.CONNECTING:
            self._phase, self._until = Phase.SUBSCRIBING, now + CONNACK_S
            if self.terms.subscriptions:
                self._wire.subscribe()
                self._pulse.spoke(now)
            else:
                self._subscribed((), now)

    def _subscribed(self, reasons: tuple[int, ...], now: float) -> None:
        if self._phase is not Phase.SUBSCRIBING or self.connack is None:
            return
        for subscription, reason in zip(self.terms.subscriptions, reasons, strict=False):
            if reason >= FAILURE and subscription.required:
                self.end(DownCause.NOT_AUTHORIZED, f"may not subscribe to {subscription.filter}", now)
                return
        self._phase, self._up_at = Phase.UP, now
        window = min(WINDOW, self.connack.receive_maximum)
        self._outbox.open(window, self.connack.max_packet)
        self._events.append(
            BrokerUp(
                self.terms.connection_id,
                self.terms.version.value,
                self.connack.session_present,
                window,
                self.connack.max_packet - HEADROOM,
                self._wire.certificate_until_s,
            )
        )
        self._events.extend(self._held)

    def _pump(self, now: float) -> None:
        for publication in self._outbox.ready():
            refusal = self._outbox.refusal(publication)
            if refusal is not None:
                self._events.append(Published(publication.token, refusal))
                continue
            self._outbox.sent(self._wire.publish(publication), publication, now)
            self._pulse.spoke(now)

    def _feel_pulse(self, now: float) -> None:
        if self._pulse.asking:
            self._give_up(DownCause.LOST, f"silent for {self.terms.rhythm.answer_s:.0f} s after a ping", now)
        else:
            self._wire.ping()
            self._pulse.asked(now)

    def _give_up(self, cause: DownCause, detail: str, now: float) -> None:
        self.end(cause, detail, now, self._pulse.silent_s(now))

    def _disconnect(self, now: float) -> None:
        self._wire.disconnect()
        self._phase, self._until = Phase.LEFT, now + FAREWELL_S
