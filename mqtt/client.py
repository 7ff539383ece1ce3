"""The link to the broker: one thread, one connection at a time, the only import of paho (contract 6).

Nothing polls: the thread sleeps in `poll()` on the broker's socket and on a socketpair of ours until bytes, an order or
a deadline. A fresh client per connection throws away paho's own queue and packet identifiers (contract E6, E20).
Callbacks only take notes; they never raise, wait, publish or acknowledge (contract E5, E12).
"""

import socket
import ssl
import struct
from collections.abc import Callable
from typing import assert_never

from msgspec.structs import replace

from kentongan.mqtt.lazily import lazily

lazily("urllib.request")

from paho.mqtt import client as paho  # noqa: TID251 - this is the module
from paho.mqtt.enums import CallbackAPIVersion, LogLevel, MQTTProtocolVersion  # noqa: TID251
from paho.mqtt.packettypes import PacketTypes  # noqa: TID251
from paho.mqtt.properties import MQTTException, Properties  # type: ignore[attr-defined]  # noqa: TID251 - 2.1's own
from paho.mqtt.reasoncodes import ReasonCode  # noqa: TID251
from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: TID251

from kentongan.mqtt import causes
from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.events import (
    BrokerDown,
    BrokerEvent,
    Delivery,
    DownCause,
    MessageReceived,
    Publication,
    Will,
)
from kentongan.mqtt.orders import READABLE, WRITABLE, Kick, Order, Orders, Stop
from kentongan.mqtt.reconnect import STABLE_S, Backoff, Poison, ProtocolChoice, Version
from kentongan.mqtt.session import UNLIMITED, UNSUPPORTED_VERSION, Connack, Notes, Session, Terms
from kentongan.mqtt.settings import RECEIVE_MAXIMUM, SESSION_EXPIRY_S, WILL_DELAY_S, LinkSettings, tls_context

CONNECT_S = 5.0  # TCP, and again for the TLS handshake
BEAT_S = 10.0  # longest sleep, so that the supervisor hears from this thread
TAKE_OVERS = 3  # connections in a row that were lost within a minute (contract E13)
# What paho's parsers raise on bytes or reason codes they do not know (contract E31)
PARSE_ERRORS = (ValueError, KeyError, IndexError, TypeError, AssertionError, struct.error, MQTTException)


class Wire:
    """One paho client for one connection; runs in the link's thread alone."""

    def __init__(self, settings: LinkSettings, terms: Terms) -> None:
        self.secure = settings.address.secure
        self.certificate_until_s = 0.0
        self._settings = settings
        self._terms = terms
        self._notes = Notes()
        self._client = self._build()

    def open(self, will: Will | None) -> None:
        """Connect and send CONNECT; raises whatever names the cause."""
        address, client = self._settings.address, self._client
        if self._settings.tls is not None and self.secure:
            client.tls_set_context(tls_context(self._settings.tls))
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True, properties=self._will_properties())
        if self._terms.version is Version.V5:
            properties = _properties_of(PacketTypes.CONNECT)
            properties.SessionExpiryInterval = SESSION_EXPIRY_S
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            client.connect(
                address.host, address.port, self._terms.rhythm.keepalive_s, clean_start=False, properties=properties
            )
        else:
            client.connect(address.host, address.port, self._terms.rhythm.keepalive_s)
        connection = client.socket()
        if isinstance(connection, socket.socket):  # without it a publication waits 40 ms for the one before
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if isinstance(connection, ssl.SSLSocket):
            certificate = connection.getpeercert() or {}
            self.certificate_until_s = ssl.cert_time_to_seconds(str(certificate["notAfter"]))

    def fileno(self) -> int:
        """Return what to poll, -1 once the connection is gone."""
        connection = self._client.socket()
        return -1 if connection is None else connection.fileno()

    def want_write(self) -> bool:
        """Tell whether bytes wait for the socket."""
        return self._client.want_write()

    def read(self) -> None:
        """Let paho take what has arrived, TLS records included."""
        self._client.loop_read()
        while (connection := self._client.socket()) is not None and getattr(connection, "pending", int)() > 0:
            self._client.loop_read()

    def write(self) -> None:
        """Let paho send what waits."""
        self._client.loop_write()

    def ping(self) -> None:
        """Send a PINGREQ now; an answer is a sign of life like any byte."""
        self._client._send_pingreq()  # noqa: SLF001 - `loop_misc` pings at the announced keepalive and not before

    def close(self) -> None:
        """Drop the connection without a DISCONNECT: the will stays in force."""
        connection = self._client.socket()
        if connection is not None:
            connection.close()

    def notes(self) -> Notes:
        """Hand over what was called back since the last time."""
        taken, self._notes = self._notes, Notes(goodbye=self._notes.goodbye, report=self._notes.report)
        return taken

    def subscribe(self) -> None:
        """Ask for all subscriptions in one packet (contract E15r)."""
        if self._terms.version is Version.V5:
            self._client.subscribe(
                [
                    (
                        wanted.filter,
                        SubscribeOptions(
                            qos=1,
                            retainAsPublished=True,
                            retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
                            if wanted.retained
                            else SubscribeOptions.RETAIN_DO_NOT_SEND,
                        ),
                    )
                    for wanted in self._terms.subscriptions
                ]
            )
        else:
            self._client.subscribe([(wanted.filter, 1) for wanted in self._terms.subscriptions])

    def publish(self, publication: Publication) -> int:
        """Send at QoS 1 and return the packet identifier."""
        properties = self._properties(publication) if self._terms.version is Version.V5 else None
        info = self._client.publish(
            publication.topic, publication.payload, qos=1, retain=publication.retain, properties=properties
        )
        return info.mid

    def ack(self, packet_id: int) -> None:
        """Send the PUBACK of a message."""
        self._client.ack(packet_id, 1)

    def disconnect(self) -> None:
        """Send DISCONNECT."""
        self._client.disconnect()

    # -- building -----------------------------------------------------------------------------------------------------

    def _build(self) -> paho.Client:
        v5 = self._terms.version is Version.V5
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._settings.client_id,
            clean_session=None if v5 else False,
            protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_S
        if self._settings.username:  # a client certificate may be the whole identity
            client.username_pw_set(self._settings.username, self._settings.password)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        client.on_disconnect = self._on_disconnect
        client.on_log = self._on_log
        return client

    def _will_properties(self) -> Properties | None:
        if self._terms.version is not Version.V5:
            return None
        properties = _properties_of(PacketTypes.WILLMESSAGE)
        properties.WillDelayInterval = WILL_DELAY_S
        properties.PayloadFormatIndicator = 1
        properties.ContentType = "application/json"
        return properties

    def _properties(self, publication: Publication) -> Properties:
        """Set what contract 4.4 promises: JSON, and a CloudEvents event in binary mode (contract E43)."""
        properties = _properties_of(PacketTypes.PUBLISH)
        if publication.payload:
            properties.PayloadFormatIndicator = 1
            properties.ContentType = "application/json"
        if publication.expiry_s:
            properties.MessageExpiryInterval = publication.expiry_s
        if publication.correlation:
            properties.CorrelationData = publication.correlation
        if publication.event_id:
            properties.UserProperty = [
                ("specversion", "1.0"),
                ("id", publication.event_id),
                ("source", self._settings.source),
                ("type", publication.event_type),
            ]
        return properties

    # -- callbacks: notes only ----------------------------------------------------------------------------------------

    def _on_connect(self, _c: object, _d: object, flags: paho.ConnectFlags, reason: ReasonCode, said: object) -> None:
        self._notes.connack = Connack(
            reason.value,
            str(reason),
            flags.session_present,
            getattr(said, "ReceiveMaximum", 65_535),
            getattr(said, "MaximumPacketSize", UNLIMITED),
            getattr(said, "ServerKeepAlive", 0),
        )

    def _on_subscribe(self, _c: object, _d: object, _id: int, reasons: list[ReasonCode], _said: object) -> None:
        self._notes.suback = tuple(reason.value for reason in reasons)

    def _on_publish(self, _c: object, _d: object, packet_id: int, reason: ReasonCode, _said: object) -> None:
        self._notes.pubacks.append((packet_id, reason.value))

    def _on_message(self, _c: object, _d: object, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # no broker should let it pass; unreadable, but to be acknowledged like any other
            topic = ""
        self._notes.messages.append(
            MessageReceived(
                topic,
                bytes(message.payload),
                message.retain,
                getattr(message.properties, "CorrelationData", b""),
                Delivery(self._terms.connection_id, message.mid if message.qos else 0),
            )
        )

    def _on_disconnect(
        self, _c: object, _d: object, flags: paho.DisconnectFlags, reason: ReasonCode, _said: object
    ) -> None:
        if flags.is_disconnect_packet_from_server and self._notes.goodbye is None:
            self._notes.goodbye = reason.value

    def _on_log(self, _c: object, _d: object, level: int, report: str) -> None:
        if level == LogLevel.MQTT_LOG_ERR:
            self._notes.report = report


def _properties_of(packet_type: int) -> Properties:
    return Properties(packet_type)  # type: ignore[no-untyped-call]  # paho's own gap


class Link:
    """The broker as the core sees it. `run` is a thread's body; `publish`, `ack`, `kick` and `stop` any thread's."""

    def __init__(
        self,
        settings: LinkSettings,
        emit: Callable[[BrokerEvent], None],
        *,
        clock: Callable[[], float],
        random: Callable[[], float],
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.beat = beat
        self._settings = settings
        self._emit = emit
        self._clock = clock
        self._orders = Orders()
        self._stopping = False
        self._backoff = Backoff(random)
        self._choice = ProtocolChoice(settings.protocol)
        self._poison = Poison()
        self._rhythm = settings.rhythm

    def publish(self, publication: Publication) -> None:
        """Send it on the present connection; without one it is forgotten, as `BrokerDown` said."""
        self._orders.put(publication)

    def ack(self, delivery: Delivery) -> None:
        """Acknowledge a message after the commit."""
        self._orders.put(delivery)

    def kick(self) -> None:
        """Try again now instead of waiting out the back-off."""
        self._orders.put(Kick())

    def stop(self, farewell: Publication | None = None) -> None:
        """Say the last word, wait up to 5 s for its PUBACK, disconnect, and let `run` return."""
        self._orders.put(Stop(farewell))

    def run(self) -> None:
        """Hold the connection until told to stop; every end is reported and followed by a new beginning."""
        while not self._stopping:
            down = self._connection()
            self._emit(down)
            self._rest(self._backoff.after(down.connected_s))
        self._orders.close()

    def _connection(self) -> BrokerDown:
        """Open one connection, serve it to its end and say why it ended."""
        self.beat()
        terms = Terms(
            self._settings.new_connection_id(),
            self._choice.version(self._clock()),
            self._settings.subscriptions,
            self._rhythm,
        )
        will = self._settings.will(terms.connection_id)
        wire = Wire(self._settings, terms)
        try:
            wire.open(will)
        except SettingsRefused as error:
            return BrokerDown(DownCause.TLS_FAILED, str(error))
        except (OSError, *PARSE_ERRORS) as error:
            return BrokerDown(causes.of_connect(error, secure=wire.secure), f"{type(error).__name__}: {error}")
        session = Session(wire, terms, self._poison, self._clock())
        try:
            down = self._serve(wire, session)
        finally:
            wire.close()
        self._learn(session)
        return self._named(down)

    def _serve(self, wire: Wire, session: Session) -> BrokerDown:
        while session.down is None:
            self.beat()
            try:
                self._turn(wire, session)
            except PARSE_ERRORS as error:
                session.end(DownCause.PROTOCOL, f"unreadable answer: {type(error).__name__}: {error}", self._clock())
            for event in session.events():
                self._emit(event)
        return session.down

    def _turn(self, wire: Wire, session: Session) -> None:
        """Sleep, then let paho work and the session judge."""
        descriptor = wire.fileno()
        wait_s = min(BEAT_S, session.deadline() - self._clock()) if descriptor >= 0 else 0.0
        ready = self._orders.sleep(wait_s, descriptor, writing=wire.want_write())
        for order in self._orders.take():
            self._obey(session, order)
        if ready & WRITABLE:
            wire.write()
        if ready & READABLE:
            wire.read()
            session.heard(wire.notes(), self._clock())
        session.tick(self._clock())
        if wire.fileno() < 0:
            session.closed(wire.notes(), self._clock())

    def _obey(self, session: Session, order: Order) -> None:
        match order:
            case Publication():
                session.publish(order, self._clock())
            case Delivery():
                session.ack(order, self._clock())
            case Stop():
                self._stopping = True
                session.leave(order.farewell, self._clock())
            case Kick():
                pass
            case _:
                assert_never(order)

    def _rest(self, wait_s: float) -> None:
        """Wait out the back-off; publications meant for the lost connection are forgotten."""
        until = self._clock() + wait_s
        kicked = False
        while not (self._stopping or kicked) and (left_s := until - self._clock()) > 0:
            self.beat()
            self._orders.sleep(min(BEAT_S, left_s))
            orders = self._orders.take()
            self._stopping = any(isinstance(order, Stop) for order in orders)
            kicked = any(isinstance(order, Kick) for order in orders)

    def _learn(self, session: Session) -> None:
        """Remember for the next connection what this one taught about the broker."""
        connack = session.connack
        if connack is None:
            self._choice.silent()
        elif connack.reason == UNSUPPORTED_VERSION:
            self._choice.refused()
        elif connack.reason == 0:
            self._choice.answered(self._clock())
            self._rhythm = self._rhythm.within(connack.keepalive_s)

    def _named(self, down: BrokerDown) -> BrokerDown:
        """Name the other appliance with our name when connection after connection is lost at once (contract E13)."""
        repeated = self._backoff.short_lived + 1 >= TAKE_OVERS and 0 < down.connected_s < STABLE_S
        if down.cause is not DownCause.LOST or self._poison.suspicious or not repeated:
            return down
        detail = (
            f"{TAKE_OVERS} connections in a row were lost; is there another client named {self._settings.client_id}?"
        )
        return replace(down, cause=DownCause.TAKEN_OVER, detail=detail)
