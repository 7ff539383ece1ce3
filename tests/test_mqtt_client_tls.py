"""TLS with a pinned CA and client certificates, and every way it fails, each under its own name (contract E27)."""

from datetime import UTC, datetime

import pytest
from broker import (
    BACKEND,
    COUNTY,
    GATEWAY,
    PROTOCOLS,
    TOPICS,
    USERS,
    Authority,
    Running,
    Scripted,
    link_settings,
    until_closed,
)

from kentongan.daemon.mosquitto import BrokerTls, Mosquitto
from kentongan.mqtt import client
from kentongan.mqtt.events import DownCause, PubackResult
from kentongan.mqtt.settings import Address, Rhythm, Tls

LOCAL = "IP:127.0.0.1,DNS:localhost"


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("county")).make()


@pytest.fixture(scope="module")
def stranger(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("stranger")).make()


@pytest.fixture(scope="module")
def start(tmp_path_factory, county):
    """Start a broker with this server certificate."""
    running = []

    def start(cert, key, **more):
        folder = tmp_path_factory.mktemp("broker")
        broker = Mosquitto(folder, users=USERS, county_id=COUNTY, tls=BrokerTls(county.ca, cert, key, **more))
        broker.start()
        running.append(broker)
        return broker

    yield start
    for broker in running:
        broker.kill()


@pytest.fixture(scope="module")
def broker(start, county):
    return start(*county.issue("broker", LOCAL))


@pytest.fixture(scope="module")
def mutual(start, county):
    return start(*county.issue("broker2", LOCAL), require_certificate=True)


def secure(port, tls, **changes):
    return link_settings(port, **({"address": Address("127.0.0.1", port, secure=True), "tls": tls} | changes))


@pytest.mark.parametrize("version", PROTOCOLS)
def test_a_password_over_tls_with_the_countys_ca_works(broker, county, version):
    with Running(secure(broker.port, Tls(county.ca), protocol=version)) as running:
        running.up()
        running.publish(1, TOPICS.event("ticket"), b"x" * 40_000)  # more than one TLS record
        assert running.published()[0].result in {PubackResult.NO_SUBSCRIBER, PubackResult.ACCEPTED}


def test_the_end_of_the_brokers_certificate_is_told(start, county):
    broker = start(*county.issue("until", LOCAL, "20240101000000Z", "20910203040506Z"))
    with Running(secure(broker.port, Tls(county.ca))) as running:
        assert running.up().certificate_until_s == datetime(2091, 2, 3, 4, 5, 6, tzinfo=UTC).timestamp()


def test_commands_that_share_a_tls_record_are_all_read(broker, county):
    settings = secure(broker.port, Tls(county.ca), client_id=f"{GATEWAY}-records")
    with Running(settings) as running:
        running.up()
    sender = secure(broker.port, Tls(county.ca), client_id="sender", username=BACKEND, password=USERS[BACKEND])
    with Running(sender) as backend:
        backend.up()
        for token in range(10):  # they wait at the broker and arrive in one piece
            backend.publish(token, TOPICS.command("ping"), b"%d" % token)
        backend.published(10)
    with Running(settings) as running:
        assert [running.message().payload for _ in range(10)] == [b"%d" % token for token in range(10)]


def test_a_host_name_is_checked_as_well_as_an_address(broker, county):
    address = Address("localhost", broker.port, secure=True)
    with Running(secure(broker.port, Tls(county.ca), address=address)) as running:
        assert running.up()


@pytest.mark.parametrize("version", PROTOCOLS)
def test_e27_the_certificates_name_is_the_identity(mutual, county, version):
    tls = Tls(county.ca, *county.issue(GATEWAY))
    with Running(secure(mutual.port, tls, username="", password="", protocol=version)) as running:
        running.up()
        running.publish(1, TOPICS.event("ticket"))
        running.publish(2, "kentongan/v1/3404/kec-lain-02/event/ticket")
        named = [PubackResult.NO_SUBSCRIBER, PubackResult.NOT_AUTHORIZED]
        silent = [PubackResult.ACCEPTED] * 2  # 3.1.1 has no words for it (contract E1)
        assert [event.result for event in running.published(2)] == (named if version == "5" else silent)


@pytest.mark.parametrize("version", PROTOCOLS)
def test_e27_another_ca_is_untrusted(broker, stranger, version):
    with Running(secure(broker.port, Tls(stranger.ca), protocol=version)) as running:
        down = running.down()
        assert down.cause is DownCause.TLS_UNTRUSTED
        assert "certificate verify failed" in down.detail


@pytest.mark.parametrize("version", PROTOCOLS)
def test_e27_a_missing_client_certificate_is_named(mutual, county, version):
    with Running(secure(mutual.port, Tls(county.ca), protocol=version)) as running:
        assert running.down().cause is DownCause.CREDENTIALS


@pytest.mark.parametrize("version", PROTOCOLS)
def test_e27_a_strangers_client_certificate_is_named(mutual, county, stranger, version):
    with Running(secure(mutual.port, Tls(county.ca, *stranger.issue(GATEWAY)), protocol=version)) as running:
        assert running.down().cause is DownCause.CREDENTIALS


@pytest.mark.parametrize(
    ("certificate", "cause"),
    [
        ((LOCAL, "20200101000000Z", "20210101000000Z"), DownCause.TLS_EXPIRED),
        ((LOCAL, "20990101000000Z", "20991231000000Z"), DownCause.TLS_NOT_YET_VALID),
        (("DNS:mqtt.example.go.id,IP:192.0.2.1",), DownCause.TLS_HOSTNAME),
    ],
    ids=["expired", "not yet valid", "another host"],
)
def test_what_is_wrong_with_the_brokers_certificate_is_named(start, county, certificate, cause):
    broker = start(*county.issue("wrong", *certificate))
    with Running(secure(broker.port, Tls(county.ca))) as running:
        assert running.down().cause is cause


def test_a_plain_server_behind_a_tls_address_is_named(county):
    def plain(connection):
        connection.recv(1)
        connection.sendall(b"\x20\x02\x00\x05 this is no TLS")

    with Scripted(plain) as server, Running(secure(server.port, Tls(county.ca))) as running:
        assert running.down().cause is DownCause.TLS_FAILED


def test_e7_a_silent_peer_does_not_hold_the_handshake(county, monkeypatch):
    monkeypatch.setattr(client, "CONNECT_S", 0.3)
    with Scripted(until_closed) as server, Running(secure(server.port, Tls(county.ca), rhythm=Rhythm(600))) as running:
        assert running.down().cause is DownCause.TIMEOUT


def test_a_certificate_file_that_disappears_is_named_and_waited_for(broker, county, tmp_path):
    ca = tmp_path / "ca.crt"
    with Running(secure(broker.port, Tls(ca))) as running:
        down = running.down()
        assert (down.cause, "mqtt.ca_file" in down.detail) == (DownCause.TLS_FAILED, True)
        ca.write_bytes(county.ca.read_bytes())
        running.link.kick()
        assert running.up()


def test_a_wrong_password_over_tls_is_a_matter_of_credentials(broker, county):
    with Running(secure(broker.port, Tls(county.ca), username=BACKEND, password="salah")) as running:
        assert running.down().cause is DownCause.CREDENTIALS
