"""Every cause of "cannot connect" has its own name, on a real mosquitto, under both protocols (contract 6.2, E27)."""

import os
import signal
import socket
from contextlib import ExitStack, contextmanager

import pytest
from broker import COUNTY, GATEWAY, PROTOCOLS, TOPICS, USERS, Authority, Outside, Running, link_settings

from kentongan.daemon.mosquitto import BrokerTls, Mosquitto
from kentongan.daemon.overview import CAUSES as WORDS
from kentongan.mqtt import client, session
from kentongan.mqtt.events import BrokerUp, DownCause, PubackResult
from kentongan.mqtt.settings import Address, Tls

LOCAL = "IP:127.0.0.1,DNS:localhost"
PAST, FUTURE = ("20200101000000Z", "20210101000000Z"), ("20990101000000Z", "20991231000000Z")


class World:
    """Certificates and brokers, each made when it is first wanted."""

    def __init__(self, factory, stack):
        self._factory, self._stack, self._brokers = factory, stack, {}
        self.county = Authority(factory.mktemp("county")).make()
        self.stranger = Authority(factory.mktemp("stranger")).make()

    def plain(self):
        """Start a broker without TLS, where the clients of two tests do not meet."""
        return self._started("plain", None)

    def secure(self, name, *certificate, mutual=False):
        """Start a broker with that certificate."""
        if name not in self._brokers:
            own = self.county.issue(name, *certificate)
            return self._started(name, BrokerTls(self.county.ca, *own, require_certificate=mutual))
        return self._brokers[name]

    def _started(self, name, tls):
        if name not in self._brokers:
            broker = Mosquitto(self._factory.mktemp(name), users=USERS, county_id=COUNTY, tls=tls)
            self._brokers[name] = self._stack.enter_context(broker)
        return self._brokers[name]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with ExitStack() as stack:
        yield World(tmp_path_factory, stack)


def over_tls(broker, tls, **changes):
    return {"address": Address("127.0.0.1", broker.port, secure=True), "tls": tls} | changes


def unknown_host(_world):
    return {"address": Address("broker.invalid", 1883, secure=False)}


def nobody_listens(_world):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return {"address": Address("127.0.0.1", probe.getsockname()[1], secure=False)}


def foreign_ca(world):
    return over_tls(world.secure("good", LOCAL), Tls(world.stranger.ca))


def expired(world):
    return over_tls(world.secure("expired", LOCAL, *PAST), Tls(world.county.ca))


def not_yet_valid(world):
    return over_tls(world.secure("early", LOCAL, *FUTURE), Tls(world.county.ca))


def other_name(world):
    return over_tls(world.secure("other", "DNS:mqtt.example.go.id"), Tls(world.county.ca))


def plain_port(world):
    return over_tls(world.plain(), Tls(world.county.ca))


def wrong_password(world):
    return {"address": Address("127.0.0.1", world.plain().port, secure=False), "password": "salah"}


def unknown_user(world):
    return {"address": Address("127.0.0.1", world.plain().port, secure=False), "username": "siapa"}


def wrong_password_over_tls(world):
    return over_tls(world.secure("good", LOCAL), Tls(world.county.ca), password="salah")


def no_certificate(world):
    return over_tls(world.secure("mutual", LOCAL, mutual=True), Tls(world.county.ca))


def foreign_certificate(world):
    tls = Tls(world.county.ca, *world.stranger.issue(GATEWAY))
    return over_tls(world.secure("mutual", LOCAL, mutual=True), tls)


CAUSES = {
    unknown_host: DownCause.DNS,
    nobody_listens: DownCause.REFUSED,
    foreign_ca: DownCause.TLS_UNTRUSTED,
    expired: DownCause.TLS_EXPIRED,
    not_yet_valid: DownCause.TLS_NOT_YET_VALID,
    other_name: DownCause.TLS_HOSTNAME,
    plain_port: DownCause.TLS_FAILED,
    wrong_password: DownCause.CREDENTIALS,
    unknown_user: DownCause.CREDENTIALS,
    wrong_password_over_tls: DownCause.CREDENTIALS,
    no_certificate: DownCause.CREDENTIALS,
    foreign_certificate: DownCause.CREDENTIALS,
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("made", CAUSES, ids=lambda made: made.__name__)
def test_a_cause_has_its_own_name(world, made, protocol, monkeypatch):
    monkeypatch.setattr(client, "CONNECT_S", 2.0)
    with Running(link_settings(0, **(made(world) | {"protocol": protocol}))) as running:
        down = running.down()
    assert (down.cause, bool(down.detail)) == (CAUSES[made], True)


def test_every_cause_has_words_for_the_office():
    assert set(DownCause) <= set(WORDS)
    assert len(set(WORDS.values())) == len(WORDS)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_host_that_does_not_answer_is_a_matter_of_time(protocol, monkeypatch):
    """A listener whose queue is full: the kernel drops what knocks, as a firewall does."""
    monkeypatch.setattr(client, "CONNECT_S", 0.3)
    with socket.socket() as full, ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            knocking = stack.enter_context(socket.socket())
            knocking.setblocking(False)
            knocking.connect_ex(full.getsockname())
        settings = link_settings(full.getsockname()[1], protocol=protocol)
        with Running(settings) as running:
            assert running.down().cause is DownCause.TIMEOUT


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_broker_that_hangs_is_a_matter_of_time(world, protocol, monkeypatch):
    """A stopped mosquitto still accepts, in the kernel, and says nothing."""
    monkeypatch.setattr(session, "CONNACK_S", 0.3)
    broker = world.plain()
    with stopped(broker.pid), Running(link_settings(broker.port, protocol=protocol)) as running:
        assert running.down().cause is DownCause.TIMEOUT


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_another_client_with_our_name_is_told_from_a_lost_connection(world, protocol):
    settings = link_settings(world.plain().port, protocol=protocol, client_id=f"{GATEWAY}-{protocol}-twin")
    with Running(settings) as running:
        for _ in range(6):
            running.link.kick()
            running.wait(BrokerUp)
            with Outside(world.plain().port, GATEWAY, name=settings.client_id, version=protocol):
                down = running.down()
            if down.cause is DownCause.TAKEN_OVER:
                return
        raise AssertionError(down)


def test_what_may_not_be_published_is_not_authorised_and_keeps_the_connection(world):
    """Mosquitto grants every subscription and lets everybody in who has a password: only a PUBACK of MQTT 5 tells."""
    with Running(link_settings(world.plain().port, client_id=f"{GATEWAY}-acl")) as running:
        running.up()
        running.publish(1, TOPICS.command("ping"))
        running.publish(2, TOPICS.event("ticket"))
        answers = {event.token: event.result for event in running.published(2)}
    assert answers[1] is PubackResult.NOT_AUTHORIZED
    assert answers[2] is not PubackResult.NOT_AUTHORIZED


@contextmanager
def stopped(pid):
    """Hold a process for the length of the block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
