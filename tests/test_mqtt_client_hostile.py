"""The link against servers that do not behave: silence, refusals, garbage, foreign protocols."""

import queue
import random
import socket
import struct
import threading

import pytest
from broker import GATEWAY, TOPICS, Running, Scripted, drain, link_settings, read_packet, until_closed

from kentongan.mqtt import session
from kentongan.mqtt.events import BrokerDown, BrokerUp, DownCause, PubackResult, Published
from kentongan.mqtt.settings import Address

CONNACK_V5 = bytes((0x20, 3, 0, 0, 0))
CONNACK_V311 = bytes((0x20, 2, 0, 0))
PINGREQ = b"\xc0\x00"
V5, V311 = 5, 4
TICKET = TOPICS.event("ticket")


def protocol_of(connect: bytes) -> int:
    return connect[connect.index(b"MQTT") + 4]


def keepalive_of(connect: bytes) -> int:
    start = connect.index(b"MQTT") + 6
    return struct.unpack(">H", connect[start : start + 2])[0]


def publish_id(packet: bytes) -> bytes:
    """Return the packet identifier of a PUBLISH."""
    if packet[0] & 0xF0 != 0x30:
        raise EOFError
    start = 2
    while packet[start - 1] & 0x80:
        start += 1
    start += 2 + struct.unpack(">H", packet[start : start + 2])[0]
    return packet[start : start + 2]


def serve_v311(connection):
    """Be a plain MQTT 3.1.1 broker that takes everything."""
    while True:
        packet = read_packet(connection)
        kind = packet[0] & 0xF0
        if kind == 0x80:
            connection.sendall(b"\x90\x04" + packet[2:4] + b"\x01\x01")
        elif kind == 0x30:
            connection.sendall(b"\x40\x02" + publish_id(packet))
        elif kind == 0xE0:
            return


def only_v311(answer):
    """Give v5 the answer, and 3.1.1 what it wants."""

    def script(connection):
        if protocol_of(read_packet(connection)) == V311:
            connection.sendall(CONNACK_V311)
            serve_v311(connection)
        elif answer is not None:
            connection.sendall(answer)
            until_closed(connection)

    return script


@pytest.mark.parametrize(
    "answer",
    [b"\x20\x02\x00\x01", b"\x20\x03\x00\x84\x00", None],
    ids=["refused as 3.1.1 does", "refused as 5 does", "closed without a word"],
)
def test_e23_a_broker_that_does_not_speak_mqtt_5_is_met_in_3(answer):
    with Scripted(only_v311(answer)) as server, Running(link_settings(server.port)) as running:
        assert running.down().cause is not DownCause.LOST
        assert running.up().protocol == "3.1.1"
        running.publish(1, TICKET)
        assert running.published()[0].result is PubackResult.ACCEPTED


def test_e23_a_broker_that_stays_silent_to_mqtt_5_is_met_in_3(monkeypatch):
    monkeypatch.setattr(session, "CONNACK_S", 0.2)

    def script(connection):
        if protocol_of(read_packet(connection)) == V311:
            connection.sendall(CONNACK_V311)
            serve_v311(connection)
        else:
            until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)) as running:
        assert [running.down().cause for _ in range(2)] == [DownCause.TIMEOUT] * 2
        assert running.up().protocol == "3.1.1"


def test_a_fixed_protocol_does_not_fall_back():
    refuses = only_v311(b"\x20\x02\x00\x01")
    with Scripted(refuses) as server, Running(link_settings(server.port, protocol="5")) as running:
        assert [running.down().cause for _ in range(3)] == [DownCause.PROTOCOL] * 3


@pytest.mark.parametrize(
    ("version", "connack", "cause"),
    [
        ("5", b"\x20\x03\x00\x86\x00", DownCause.CREDENTIALS),
        ("5", b"\x20\x03\x00\x87\x00", DownCause.CREDENTIALS),
        ("5", b"\x20\x03\x00\x8a\x00", DownCause.NOT_AUTHORIZED),
        ("5", b"\x20\x03\x00\x88\x00", DownCause.REFUSED),
        ("5", b"\x20\x03\x00\x9c\x00", DownCause.REFUSED),
        ("5", b"\x20\x03\x00\xf0\x00", DownCause.PROTOCOL),  # a reason nobody has defined
        ("3.1.1", b"\x20\x02\x00\x04", DownCause.CREDENTIALS),
        ("3.1.1", b"\x20\x02\x00\x05", DownCause.CREDENTIALS),
        ("3.1.1", b"\x20\x02\x00\x03", DownCause.REFUSED),
        ("3.1.1", b"\x20\x02\x00\x01", DownCause.PROTOCOL),
    ],
)
def test_a_refusal_is_named(version, connack, cause):
    def script(connection):
        read_packet(connection)
        connection.sendall(connack)
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port, protocol=version)) as running:
        assert running.down().cause is cause


def test_a_forbidden_subscription_is_named():
    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V5)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x05" + packet[2:4] + b"\x00\x87\x01")
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)) as running:
        down = running.down()
        assert (down.cause, TOPICS.commands in down.detail) == (DownCause.NOT_AUTHORIZED, True)


def test_a_forbidden_presence_does_not_keep_us_away():
    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V5)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x05" + packet[2:4] + b"\x00\x01\x87")
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)) as running:
        assert running.up()


@pytest.mark.parametrize(
    ("reason", "cause"),
    [(142, DownCause.TAKEN_OVER), (135, DownCause.NOT_AUTHORIZED), (139, DownCause.LOST), (149, DownCause.PROTOCOL)],
)
def test_the_brokers_goodbye_is_named(reason, cause):
    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V5)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x05" + packet[2:4] + b"\x00\x01\x01")
        connection.sendall(bytes((0xE0, 2, reason, 0)))
        connection.shutdown(socket.SHUT_WR)
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)) as running:
        down = running.down()
        # paho 2.1 reads no reason in a DISCONNECT this short
        assert down.cause is cause or (down.cause, down.detail) == (DownCause.LOST, "the broker said goodbye")


def test_a_smaller_keepalive_of_the_broker_is_obeyed():
    seen = []

    def script(connection):
        connect = read_packet(connection)
        seen.append(keepalive_of(connect))
        connection.sendall(b"\x20\x06\x00\x00\x03\x13" + struct.pack(">H", 2))
        packet = read_packet(connection)
        connection.sendall(b"\x90\x05" + packet[2:4] + b"\x00\x01\x01")
        while (packet := read_packet(connection)) != PINGREQ:
            pass
        seen.append(packet)
        connection.sendall(b"\xd0\x00")
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)) as running:
        assert running.up()
        assert running.events.empty()
        with pytest.raises(queue.Empty):
            running.wait(BrokerDown, within=2.4)
    assert seen[-2:] == [2, PINGREQ]


def test_a_puback_for_nothing_is_ignored():
    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V311)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x04" + packet[2:4] + b"\x01\x01" + b"\x40\x02\x12\x34")
        serve_v311(connection)

    with Scripted(script) as server, Running(link_settings(server.port, protocol="3.1.1")) as running:
        running.up()
        running.publish(1, TICKET)
        assert running.published() == [Published(1, PubackResult.ACCEPTED)]


def test_a_broker_that_reads_slowly_gets_everything_all_the_same():
    reading = threading.Event()

    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V311)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x04" + packet[2:4] + b"\x01\x01")
        reading.wait(10)
        serve_v311(connection)

    with Scripted(script) as server, Running(link_settings(server.port, protocol="3.1.1")) as running:
        running.up()
        for token in range(10):
            running.publish(token, TICKET, b"x" * 1_000_000)  # more than the kernel holds
        turns = queue.Queue()
        running.link.beat = lambda: turns.put(None)
        assert len(list(drain(turns, 0.2))) < 10  # it waits for room, it does not spin
        reading.set()
        assert [event.token for event in running.published(10)] == list(range(10))


def test_e31_an_unknown_puback_reason_ends_the_session_and_not_the_thread():
    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V5)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x05" + packet[2:4] + b"\x00\x01\x01")
        connection.sendall(b"\x40\x03" + publish_id(read_packet(connection)) + b"\x95")
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)) as running:
        running.up()
        running.publish(1, TICKET, b"x")
        event = running.wait(BrokerDown, Published)
        if isinstance(event, BrokerDown):
            assert event.unconfirmed == (1,)
            assert running.up()


def test_a_message_with_a_topic_that_is_no_text_can_still_be_acknowledged():
    def script(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V311)
        packet = read_packet(connection)
        connection.sendall(b"\x90\x04" + packet[2:4] + b"\x01\x01" + b"\x32\x07\x00\x02\xff\xfe\x00\x05x")
        acknowledged.put(read_packet(connection))
        until_closed(connection)

    acknowledged = queue.Queue()
    with Scripted(script) as server, Running(link_settings(server.port, protocol="3.1.1")) as running:
        message = running.message()
        assert message.topic == ""
        running.link.ack(message.delivery)
        assert acknowledged.get(timeout=40) == b"\x40\x02\x00\x05"


def garbage(seed):
    """Answer like a broker up to a random point, then with noise."""

    def script(connection):
        dice = random.Random(seed)
        version = protocol_of(read_packet(connection))
        if dice.random() < 0.8:
            connection.sendall(CONNACK_V5 if version == V5 else CONNACK_V311)
            if dice.random() < 0.8:
                packet = read_packet(connection)
                middle = b"\x90\x05" + packet[2:4] + b"\x00" if version == V5 else b"\x90\x04" + packet[2:4]
                connection.sendall(middle + b"\x01\x01")
        for _ in range(6):
            body = dice.randbytes(dice.randrange(0, 40))
            head = bytes((dice.choice((0x20, 0x30, 0x32, 0x40, 0x90, 0xB0, 0xD0, 0xE0, 0x50, 0x62, 0xF0, 0x00)),))
            connection.sendall(head + bytes((len(body),)) + body)

    return script


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_e5_no_bytes_kill_the_thread(version):
    scripts = [garbage(seed) for seed in range(150)]

    def sane(connection):
        read_packet(connection)
        connection.sendall(CONNACK_V5 if version == "5" else CONNACK_V311)
        packet = read_packet(connection)
        connection.sendall(
            b"\x90\x05" + packet[2:4] + b"\x00\x01\x01" if version == "5" else b"\x90\x04" + packet[2:4] + b"\x01\x01"
        )
        until_closed(connection)

    with (
        Scripted(*scripts, sane) as server,
        Running(link_settings(server.port, protocol=version), random=0.0) as running,
    ):
        ends = 0
        while ends < len(scripts):
            event = running.wait(BrokerDown, BrokerUp)
            if isinstance(event, BrokerUp):
                running.publish(ends, TICKET, event_id=f"e{ends}")
            else:
                ends += 1
        assert running.up()
        assert running.thread.is_alive()


def test_e7_a_refused_connection_and_an_unknown_host_are_named():
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    with Running(link_settings(port)) as running:
        assert running.down().cause is DownCause.REFUSED
    with Running(link_settings(port, address=Address("tidak-ada.invalid", port, secure=False))) as running:
        assert running.down().cause is DownCause.DNS


def test_a_port_that_is_no_broker_is_named(monkeypatch):
    monkeypatch.setattr(session, "CONNACK_S", 0.2)

    def http(connection):
        connection.recv(100)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Scripted(http) as server, Running(link_settings(server.port, protocol="5")) as running:
        assert running.down().cause in {DownCause.PROTOCOL, DownCause.TIMEOUT}


def test_the_connect_packet_is_what_the_contract_says():
    connects = queue.Queue()

    def script(connection):
        connects.put(read_packet(connection))
        until_closed(connection)

    with Scripted(script) as server, Running(link_settings(server.port)):
        connect = connects.get(timeout=40)
    assert connect[connect.index(b"MQTT") + 5] == 0b1110_1100  # name, password, retained will at QoS 1, no clean start
    assert keepalive_of(connect) == 30
    assert b"\x11" + struct.pack(">I", 604_800) in connect  # session expiry
    assert b"\x21" + struct.pack(">H", 20) in connect  # receive maximum
    assert b"\x27" not in connect[12:24]  # maximum packet size is not announced (contract E31)
    assert b"\x18" + struct.pack(">I", 15) in connect  # will delay
    assert GATEWAY.encode() in connect
