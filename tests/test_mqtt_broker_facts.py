"""What a real broker does, and the contract therefore does not rely on: should one of these change, read it again."""

import queue

import pytest
from broker import BACKEND, COUNTY, GATEWAY, PROTOCOLS, TOPICS, USERS, Outside, Running, drain, link_settings
from paho.mqtt.packettypes import PacketTypes  # noqa: TID251 - a backend's own client
from paho.mqtt.properties import Properties  # noqa: TID251

from kentongan.daemon.mosquitto import Mosquitto
from kentongan.mqtt.events import MessageReceived

TICKET, PING = TOPICS.event("ticket"), TOPICS.command("ping")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Mosquitto(tmp_path_factory.mktemp("broker"), users=USERS, county_id=COUNTY) as broker:
        yield broker


def test_e11_a_command_with_an_mqtt_expiry_disappears_in_silence(broker):
    settings = link_settings(broker.port, client_id=f"{GATEWAY}-e11")
    with Running(settings) as running:
        running.up()
    expiring = Properties(PacketTypes.PUBLISH)
    expiring.MessageExpiryInterval = 1
    with Outside(broker.port) as backend:
        backend._client.publish(PING, b"gone", qos=1, properties=expiring)
        assert backend._answers.get(timeout=10) == 0  # the backend is told that all is well
        backend.publish(PING, b"kept")
        with pytest.raises(queue.Empty):
            backend.message(within=2.1)  # nobody is told
    with Running(settings) as running:
        assert running.message().payload == b"kept"


def test_e40_overlapping_filters_deliver_twice_under_mqtt_5(broker):
    copies = {}
    for version in ("5", "3.1.1"):
        with (
            Outside(broker.port, BACKEND, "kentongan/v1/3404/+/event/#", TICKET, version=version) as backend,
            Outside(broker.port, GATEWAY) as gateway,
        ):
            gateway.publish(TICKET, b"once")
            copies[version] = len(list(drain(backend.messages, 0.3)))
    assert copies == {"5": 2, "3.1.1": 1}


def test_e40_an_absent_member_of_a_shared_subscription_hoards(broker):
    shared = "$share/group/kentongan/v1/3404/+/event/#"
    with Outside(broker.port, BACKEND, shared, name="absent", keep=True):
        pass
    with Outside(broker.port, BACKEND, shared, name="present") as present, Outside(broker.port, GATEWAY) as gateway:
        for number in range(10):
            gateway.publish(TICKET, b"%d" % number)
        assert len(list(drain(present.messages, 0.3))) < 10
    with Outside(broker.port, BACKEND, name="absent"):
        pass  # a clean start takes its session away


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_e41_a_command_that_is_not_acknowledged_does_not_hold_those_behind_it(broker, protocol):
    settings = link_settings(broker.port, protocol=protocol, client_id=f"{GATEWAY}-e41-{protocol}")
    with Running(settings) as running, Outside(broker.port) as backend:
        running.up()
        for number in range(30):
            backend.publish(PING, b"%d" % number)
        for number in range(30):
            message = running.wait(MessageReceived)
            assert message.payload == b"%d" % number
            if number:  # the first one never
                running.link.ack(message.delivery)
