"""The link against a real mosquitto: every trap of contract section 3 that a link can fall into."""

import queue
from contextlib import ExitStack
from pathlib import Path

import pytest
from broker import (
    BACKEND,
    COUNTY,
    GATEWAY,
    MONITOR,
    PROTOCOLS,
    TOPICS,
    USERS,
    Outside,
    Proxy,
    Running,
    drain,
    link_settings,
)

from kentongan.daemon.mosquitto import Mosquitto
from kentongan.mqtt import client, inflight, session
from kentongan.mqtt.events import BrokerDown, BrokerUp, DownCause, MessageReceived, PubackResult, Publication, Published
from kentongan.mqtt.settings import Rhythm

TICKET = TOPICS.event("ticket")
PING = TOPICS.command("ping")
PINGREQ, PINGRESP = b"\xc0\x00", b"\xd0\x00"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with Mosquitto(tmp_path_factory.mktemp("broker"), users=USERS, county_id=COUNTY) as broker:
        yield broker


@pytest.fixture
def own(tmp_path):
    """Start a broker of the test's own, which it may kill; takes lines of configuration."""
    with ExitStack() as stack:

        def start(*extra):
            broker = Mosquitto(tmp_path / "broker", users=USERS, county_id=COUNTY, extra=extra)
            broker.start()
            stack.callback(broker.kill)
            return broker

        yield start


@pytest.fixture(params=PROTOCOLS)
def protocol(request):
    return request.param


def test_it_is_up_only_after_the_suback(shared, protocol):
    with Running(link_settings(shared.port, protocol=protocol)) as running, Outside(shared.port) as backend:
        up = running.up()
        assert backend.publish(PING, b"one") == 0  # somebody is subscribed at this moment
        assert running.message().payload == b"one"
        assert (up.protocol, up.window) == ("5.0" if protocol == "5" else "3.1.1", 10)


def test_e1_a_forbidden_publication_is_named_by_mqtt_5(shared):
    with Running(link_settings(shared.port)) as running, Outside(shared.port, BACKEND, "kentongan/v1/3404/+/event/#"):
        running.up()
        running.publish(1, "kentongan/v1/3404/kec-lain-02/event/ticket")
        running.publish(2, TICKET)
        running.publish(3, TOPICS.status("health"))
        results = {event.token: event.result for event in running.published(3)}
    assert results == {
        1: PubackResult.NOT_AUTHORIZED,
        2: PubackResult.ACCEPTED,
        3: PubackResult.NO_SUBSCRIBER,
    }


def test_e1_mqtt_3_cannot_tell_a_forbidden_publication(shared):
    with Running(link_settings(shared.port, protocol="3.1.1")) as running:
        running.up()
        running.publish(1, "kentongan/v1/3404/kec-lain-02/event/ticket")
        assert running.published()[0].result is PubackResult.ACCEPTED


def test_e2_commands_wait_at_the_broker_while_the_gateway_is_away(shared, protocol):
    settings = link_settings(shared.port, protocol=protocol, client_id=f"{GATEWAY}-e2-{protocol}")
    with Running(settings) as running:
        running.up()
    with Outside(shared.port) as backend:
        backend.publish(PING, b"while away")
    with Running(settings) as running:
        assert running.up().session_present
        message = running.message()
        assert message.payload == b"while away"
        running.link.ack(message.delivery)


def test_e3_what_is_not_acknowledged_comes_again_and_the_rest_does_not(own, protocol):
    broker = own()
    with Proxy(broker.port) as proxy, Running(link_settings(proxy.port, protocol=protocol)) as running:
        running.up()
        with Outside(broker.port) as backend:
            for payload in (b"a", b"b", b"c"):
                backend.publish(PING, payload)
        messages = [running.message() for _ in range(3)]
        running.link.ack(messages[1].delivery)
        running.publish(1, TICKET)  # its PUBACK proves that the acknowledgement before it has left
        running.published()
        proxy.cut()
        running.up()
        assert {running.message().payload for _ in range(2)} == {b"a", b"c"}


@pytest.mark.parametrize("publishing", [True, False])
def test_e8_a_half_open_connection_is_noticed(shared, protocol, publishing, monkeypatch):
    monkeypatch.setattr(inflight, "PUBACK_S", 0.4)
    with Proxy(shared.port) as proxy:
        rhythm = Rhythm(1, answer_s=0.4)
        settings = link_settings(proxy.port, protocol=protocol, rhythm=rhythm, client_id=f"{GATEWAY}-e8")
        with Running(settings) as running:
            running.up()
            proxy.silent = True
            if publishing:
                running.publish(7, TICKET)
            down = running.down()
            proxy.silent = False
            assert down.cause is (DownCause.PUBACK_TIMEOUT if publishing else DownCause.LOST)
            assert down.unconfirmed == ((7,) if publishing else ())
            assert down.silent_s >= 0.4
            running.up()


def test_an_idle_link_stays_up_by_pinging(shared, protocol):
    with Running(
        link_settings(shared.port, protocol=protocol, rhythm=Rhythm(1), client_id=f"{GATEWAY}-idle")
    ) as running:
        running.up()
        with pytest.raises(queue.Empty):
            running.wait(BrokerDown, within=2.1)  # the broker would end a silent client after 1.5 s


def test_a_broker_is_asked_for_a_sign_of_life_before_the_promise_obliges_us(shared, protocol):
    rhythm = Rhythm(600, probe_s=0.2, answer_s=20.0)
    with Proxy(shared.port) as proxy, Running(link_settings(proxy.port, protocol=protocol, rhythm=rhythm)) as running:
        running.up()
        for expected in (PINGREQ, PINGRESP, PINGREQ):  # it is asked, it answers, it is believed and asked again
            while proxy.passed.get(timeout=10) != expected:
                pass


def test_e9_a_puback_is_no_delivery(own, protocol):
    broker = own("max_queued_messages 10", "max_inflight_messages 5")
    filters = "kentongan/v1/3404/+/event/#"
    with Outside(broker.port, BACKEND, filters, name="be", keep=True):
        pass
    with Running(link_settings(broker.port, protocol=protocol)) as running:
        running.up()
        for token in range(40):
            running.publish(token, TICKET, b"%d" % token)
        assert {event.result for event in running.published(40)} == {PubackResult.ACCEPTED}
    with Outside(broker.port, BACKEND, name="be", keep=True) as backend:
        assert 0 < len(list(drain(backend.messages, 0.5))) < 40


def test_e10_after_a_killed_broker_everything_is_set_up_again(own, protocol):
    broker = own()
    with Running(link_settings(broker.port, protocol=protocol)) as running:
        running.up()
        broker.kill()
        assert running.down().cause is DownCause.LOST
        assert running.wait(BrokerDown).cause is DownCause.REFUSED
        broker.start()
        running.link.kick()
        assert not running.up().session_present
        with Outside(broker.port) as backend:
            backend.publish(PING, b"again")
        assert running.message().payload == b"again"


def test_what_was_unconfirmed_is_named_at_the_end(own, protocol):
    broker = own()
    with Proxy(broker.port) as proxy, Running(link_settings(proxy.port, protocol=protocol)) as running:
        running.up()
        proxy.silent = True
        for token in (11, 12, 13):
            running.publish(token, TICKET)
        broker.kill()
        down = running.down()
        assert down.unconfirmed == (11, 12, 13)
        assert down.connected_s > 0


def test_e13_another_client_with_our_name_is_named(own, protocol):
    broker = own()
    settings = link_settings(broker.port, protocol=protocol)
    with Running(settings) as one, Running(settings) as other:
        for running in (one, other):
            downs = iter(lambda running=running: running.down().cause, DownCause.TAKEN_OVER)
            assert set(downs) <= {DownCause.LOST}


def test_e14_a_publication_above_the_announced_limit_is_not_sent(own):
    broker = own("max_packet_size 3000")
    with Running(link_settings(broker.port)) as running:
        assert running.up().max_packet == 3000 - 1024
        running.publish(1, TICKET, b"x" * 4000, event_id="e1")
        running.publish(2, TICKET, b"small", event_id="e2")
        assert {event.token: event.result for event in running.published(2)} == {
            1: PubackResult.TOO_LARGE,
            2: PubackResult.NO_SUBSCRIBER,
        }


@pytest.mark.parametrize(
    ("version", "limit"), [("3.1.1", "max_packet_size 3000"), ("5", "message_size_limit 3000")], ids=["e14", "e31"]
)
def test_poison_does_not_keep_what_is_behind_it(own, version, limit):
    broker = own(limit)
    with Running(link_settings(broker.port, protocol=version)) as running:
        results = {}
        while len(results) < 2:
            event = running.wait(BrokerUp, Published)
            if isinstance(event, Published):
                results[event.token] = event.result
            else:  # the core offers again what has no PUBACK
                for token, payload in ((1, b"x" * 4000), (2, b"small")):
                    if token not in results:
                        running.publish(token, TICKET, payload, event_id=f"e{token}")
    assert results[1] in {PubackResult.TOO_LARGE, PubackResult.REFUSED}
    assert results[2] in {PubackResult.ACCEPTED, PubackResult.NO_SUBSCRIBER}


def test_e31_the_brokers_receive_maximum_is_kept(own):
    broker = own("max_inflight_messages 3")
    with Running(link_settings(broker.port)) as running:
        assert running.up().window == 3
        for token in range(30):
            running.publish(token, TICKET)
        assert [event.token for event in running.published(30)] == list(range(30))


def test_e15r_a_retained_command_is_not_played_on_every_connection(own):
    broker = own()
    with Outside(broker.port) as backend:
        backend.publish(PING, b"stale", retain=True)
        with Running(link_settings(broker.port)) as running:
            running.up()
            backend.publish(PING, b"live", retain=True)
            message = running.message()
            assert (message.payload, message.retained) == (b"live", True)


def test_e15r_under_mqtt_3_a_retained_command_is_marked(own):
    broker = own()
    with Outside(broker.port) as backend:
        backend.publish(PING, b"stale", retain=True)
    with Running(link_settings(broker.port, protocol="3.1.1")) as running:
        message = running.message()
        assert (message.payload, message.retained) == (b"stale", True)


def test_the_backends_retained_presence_is_read_at_once(own, protocol):
    broker = own()
    with Outside(broker.port) as backend:
        backend.publish(TOPICS.presence, b"here", retain=True)
    with Running(link_settings(broker.port, protocol=protocol)) as running:
        message = running.message()
        assert (message.topic, message.payload) == (TOPICS.presence, b"here")


def test_e20_an_acknowledgement_of_an_earlier_connection_acknowledges_nothing(own, protocol):
    broker = own()
    with Proxy(broker.port) as proxy, Running(link_settings(proxy.port, protocol=protocol)) as running:
        running.up()
        with Outside(broker.port) as backend:
            backend.publish(PING, b"old")
        old = running.message()
        broker.kill()  # and with it the session: packet identifiers begin at 1 again
        broker.start()
        running.up()
        with Outside(broker.port) as backend:
            backend.publish(PING, b"new")
        new = running.message()
        assert new.delivery.packet_id == old.delivery.packet_id
        running.link.ack(old.delivery)
        running.publish(1, TICKET)
        running.published()
        proxy.cut()
        running.up()
        assert running.message().payload == b"new"


def test_a_publication_for_another_connection_is_forgotten(shared):
    with Running(link_settings(shared.port, client_id=f"{GATEWAY}-old")) as running:
        up = running.up()
        running.publish(1, TICKET, connection_id="an earlier one")
        running.publish(2, TICKET, connection_id=up.connection_id)
        assert running.published()[0].token == 2


def test_e42_a_status_is_a_lease(own):
    broker = own()
    topic = TOPICS.status("connection")
    with Running(link_settings(broker.port)) as running:
        running.up()
        running.publish(1, topic, b"online", retain=True, expiry_s=1)
        running.published()
        with Outside(broker.port, MONITOR, topic) as monitor:
            assert monitor.message().payload == b"online"
        while True:
            with Outside(broker.port, MONITOR, topic, version="3.1.1") as monitor:
                if not list(drain(monitor.messages, 0.3)):
                    return


def test_e43_an_event_is_a_cloudevent_for_mqtt_5_and_plain_json_for_3(shared):
    with (
        Running(link_settings(shared.port, client_id=f"{GATEWAY}-e43")) as running,
        Outside(shared.port, BACKEND, TICKET) as modern,
        Outside(shared.port, BACKEND, TICKET, version="3.1.1") as old,
    ):
        running.up()
        running.publish(1, TICKET, b'{"a":1}', event_id="e-1", event_type="kentongan.ticket.v1", correlation=b"k")
        message = modern.message()
        assert old.message().payload == message.payload == b'{"a":1}'
        assert message.properties.ContentType == "application/json"
        assert message.properties.CorrelationData == b"k"
        assert dict(message.properties.UserProperty) == {
            "specversion": "1.0",
            "id": "e-1",
            "source": "/kentongan/v1/3404/kec-depok-01",
            "type": "kentongan.ticket.v1",
        }


def test_a_commands_correlation_data_is_handed_on(shared):
    with Running(link_settings(shared.port, client_id=f"{GATEWAY}-cd")) as running, Outside(shared.port) as backend:
        running.up()
        backend.publish(PING, b"x", correlation=b"\x00\xff")
        assert running.message().correlation == b"\x00\xff"


def test_the_will_speaks_when_the_link_is_cut_and_not_when_it_leaves(own, protocol, monkeypatch):
    monkeypatch.setattr(client, "WILL_DELAY_S", 1)
    broker = own()
    topic = TOPICS.status("connection")
    with Outside(broker.port, MONITOR, topic) as monitor, Proxy(broker.port) as proxy:
        running = Running(link_settings(proxy.port, protocol=protocol))
        running.thread.start()
        running.up()
        running.link.stop(Publication(1, topic, b"offline", retain=True))
        running.thread.join(5)
        assert isinstance(running.wait(Published), Published)
        assert running.down().cause is DownCause.STOPPED
        assert monitor.message().payload == b"offline"

        with Running(link_settings(proxy.port, protocol=protocol), random=0.999) as running:
            running.up()
            broker_sees = monitor.messages
            proxy.cut()
            running.down()
            if protocol == "5":  # the delay keeps it back while the link returns in time
                running.up()
                assert list(drain(broker_sees, 1.5)) == []
            else:
                assert monitor.message().payload == b"lost c1"


def test_a_stop_does_not_wait_for_the_back_off(shared):
    running = Running(link_settings(shared.port, password="salah"), random=0.999)
    with running:
        assert running.down().cause is DownCause.CREDENTIALS
        running.link.stop()
        running.thread.join(0.5)
        assert not running.thread.is_alive()


def test_a_kick_ends_the_back_off(own):
    broker = own()
    broker.stop()
    with Running(link_settings(broker.port), random=0.999) as running:
        for _ in range(4):
            assert running.down().cause is DownCause.REFUSED
            running.link.kick()
        running.down()
        broker.start()
        running.link.kick()
        assert running.wait(BrokerUp, within=2)  # the back-off would be 16 s by now


def test_an_idle_link_sleeps(shared):
    """A turn is counted by the heartbeat; an idle link makes one every ten seconds, not four a second."""
    with Running(link_settings(shared.port, client_id=f"{GATEWAY}-quiet")) as running:
        running.up()
        turns: queue.Queue[None] = queue.Queue()
        running.link.beat = lambda: turns.put(None)
        running.publish(1, TICKET)
        running.published()
        assert len(list(drain(turns, 0.5))) <= 4


def test_a_burst_is_published_in_order_and_nothing_is_lost(shared, protocol):
    settings = link_settings(shared.port, protocol=protocol, client_id=f"{GATEWAY}-burst")
    with Running(settings) as running, Outside(shared.port, BACKEND, TICKET) as backend:
        running.up()
        for token in range(500):
            running.publish(token, TICKET, b"%d" % token)
        assert [event.token for event in running.published(500)] == list(range(500))
        assert [backend.message().payload for _ in range(500)] == [b"%d" % token for token in range(500)]


def test_a_flood_of_commands_is_held_to_the_receive_maximum(own):
    broker = own()
    with Running(link_settings(broker.port)) as running, Outside(broker.port) as backend:
        running.up()
        for number in range(60):
            backend.publish(PING, b"%d" % number)
        seen = list(drain(running.events, 0.5))
        assert len(seen) == 20  # unacknowledged; the others wait at the broker
        while len(seen) < 60:
            running.link.ack(seen[len(seen) - 20].delivery)
            seen.append(running.wait(MessageReceived))
        assert [event.payload for event in seen] == [b"%d" % number for number in range(60)]


def test_descriptors_are_given_back(own):
    broker = own()
    before = _descriptors()
    with Running(link_settings(broker.port)) as running:
        running.up()
        for _ in range(5):
            broker.kill()
            running.down()
            broker.start()
            running.up()
        during = _descriptors()
    assert during <= before + 3  # the socket and the bell
    assert _descriptors() <= before


def test_a_suback_that_never_comes_is_named(monkeypatch, own):
    monkeypatch.setattr(session, "CONNACK_S", 0.3)
    broker = own()
    with Proxy(broker.port) as proxy:
        proxy.silent = True
        with Running(link_settings(proxy.port)) as running:
            down = running.down()
            assert down.cause is DownCause.TIMEOUT
            assert "connecting" in down.detail


def _descriptors():
    return len(list(Path("/proc/self/fd").iterdir()))
