"""The child broker: it listens before `start` returns, it keeps the contract's access rules, it leaves nothing."""

import socket
import stat
from pathlib import Path

import pytest
from broker import BACKEND, COUNTY, GATEWAY, MONITOR, NEIGHBOUR, PROTOCOLS, TOPICS, USERS, Outside, drain

from kentongan.daemon import mosquitto
from kentongan.daemon.mosquitto import BrokerFailed, Mosquitto, access_rules, find_binary

SUCCESS, NO_SUBSCRIBER, FORBIDDEN = 0, 16, 135
OURS, THEIRS = "kentongan/v1/3404/kec-depok-01", "kentongan/v1/3404/kec-lain-02"
ELSEWHERE = "kentongan/v1/3402/kec-depok-01"


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    with Mosquitto(tmp_path_factory.mktemp("broker"), users=USERS, county_id=COUNTY) as broker:
        yield broker


@pytest.mark.parametrize(
    ("user", "topic", "allowed"),
    [
        (GATEWAY, f"{OURS}/status/health", True),
        (GATEWAY, f"{OURS}/event/ticket", True),
        (GATEWAY, f"{OURS}/command/reply", False),
        (GATEWAY, f"{THEIRS}/event/ticket", False),
        (GATEWAY, f"{THEIRS}/command/reply", False),
        (GATEWAY, f"{ELSEWHERE}/event/ticket", False),
        (GATEWAY, TOPICS.presence, False),
        (GATEWAY, "anything", False),
        (BACKEND, f"{OURS}/command/reply", True),
        (BACKEND, f"{THEIRS}/command/reply", True),
        (BACKEND, TOPICS.presence, True),
        (BACKEND, f"{OURS}/event/ticket", False),
        (BACKEND, f"{ELSEWHERE}/command/reply", False),
        (MONITOR, f"{OURS}/command/reply", False),
        (MONITOR, f"{OURS}/status/health", False),
    ],
)
def test_e18_who_may_publish_what(broker, user, topic, allowed):
    with Outside(broker.port, user) as client:
        reason = client.publish(topic, b"{}")
    assert (reason in {SUCCESS, NO_SUBSCRIBER}) is allowed
    assert allowed or reason == FORBIDDEN


@pytest.mark.parametrize("version", PROTOCOLS)
def test_e18_who_hears_what(broker, version):
    everything = "#"
    with (
        Outside(broker.port, GATEWAY, everything, version=version) as ours,
        Outside(broker.port, NEIGHBOUR, everything, version=version) as theirs,
        Outside(broker.port, MONITOR, everything, version=version) as monitor,
        Outside(broker.port, BACKEND, everything, name="listening", version=version) as backend,
        Outside(broker.port, BACKEND, version=version) as speaking,
        Outside(broker.port, GATEWAY, name=f"{GATEWAY}-wd", version=version) as watcher,
    ):
        speaking.publish(f"{OURS}/command/reply", b"command")
        speaking.publish(TOPICS.presence, b"presence")
        watcher.publish(f"{OURS}/event/ticket", b"ticket")
        watcher.publish(f"{OURS}/status/health", b"health")

        def heard(client):
            return {message.payload for message in drain(client.messages, 0.3)}

        assert heard(ours) == {b"command", b"presence"}
        assert heard(theirs) == {b"presence"}
        assert heard(monitor) == {b"health", b"presence"}
        assert heard(backend) == {b"ticket", b"health", b"presence"}


def test_a_wrong_password_and_a_stranger_stay_outside(broker):
    for user, password in ((GATEWAY, "salah"), ("nobody", "x")):
        client = Outside(broker.port, GATEWAY)
        client._client.username_pw_set(user, password)
        with pytest.raises(AssertionError), client:
            pass
        client.__exit__()


def test_it_listens_on_loopback_alone(broker):
    with socket.create_connection(("127.0.0.1", broker.port), timeout=1):
        pass
    listening = {
        line.split()[1].split(":")[0]
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == broker.port
    }
    assert listening == {"0100007F"}


def test_it_comes_back_on_the_same_port_without_its_memory(tmp_path):
    broker = Mosquitto(tmp_path, users=USERS, county_id=COUNTY)
    with broker:
        port, first = broker.port, broker.pid
        with Outside(port, GATEWAY) as client:
            client.publish(f"{OURS}/status/health", b"{}", retain=True)
        broker.kill()
        assert broker.pid == 0
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        broker.start()
        assert (broker.port, broker.pid != first) == (port, True)
        with Outside(port, MONITOR, f"{OURS}/status/#") as monitor:
            assert list(drain(monitor.messages, 0.2)) == []


def test_it_remembers_when_told_to(tmp_path):
    keep = ["persistence true", f"persistence_location {tmp_path}/"]
    broker = Mosquitto(tmp_path, users=USERS, county_id=COUNTY, extra=keep)
    with broker:
        with Outside(broker.port, GATEWAY) as client:
            client.publish(f"{OURS}/status/health", b"kept", retain=True)
        broker.stop()
        broker.start()
        with Outside(broker.port, MONITOR, f"{OURS}/status/#") as monitor:
            assert monitor.message().payload == b"kept"


def test_start_and_stop_may_be_repeated(tmp_path):
    broker = Mosquitto(tmp_path, users=USERS, county_id=COUNTY)
    broker.stop()
    broker.start()
    broker.start()
    first = broker.pid
    assert first
    broker.stop()
    broker.stop()
    assert not Path(f"/proc/{first}").exists()


def test_a_taken_port_is_named(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        broker = Mosquitto(tmp_path, users=USERS, county_id=COUNTY, port=taken.getsockname()[1])
        with pytest.raises(BrokerFailed, match="in use"):
            broker.start()


def test_a_wrong_line_of_configuration_is_named(tmp_path):
    with pytest.raises(BrokerFailed, match="no_such_option"):
        Mosquitto(tmp_path, users=USERS, county_id=COUNTY, extra=["no_such_option 1"]).start()


def test_a_missing_mosquitto_says_what_to_install(monkeypatch):
    monkeypatch.setattr(mosquitto.shutil, "which", lambda *_args, **_more: None)
    with pytest.raises(BrokerFailed, match="apt install mosquitto"):
        find_binary()


def test_passwords_are_hashed_and_private(tmp_path):
    Mosquitto(tmp_path, users={"a": "rahasia"}, county_id=COUNTY)
    path = tmp_path / "passwords"
    assert "rahasia" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_access_rules_follow_the_root():
    assert "pattern write kentongan-test/v1/3404/%u/event/#" in access_rules("kentongan-test", "3404")


def test_it_writes_its_log_to_the_folder(broker):
    assert "mosquitto version" in broker.log.read_text()
    assert broker.log.parent == broker.folder
