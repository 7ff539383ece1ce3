"""The traps of contract section 3 as a whole gateway meets them, on a real mosquitto, under MQTT 5 and 3.1.1."""

import json
import os
import sqlite3
import threading
from contextlib import closing
from time import monotonic  # noqa: TID251  deadlines of real waits

import pytest
from broker import BACKEND, COUNTY, USERS, Outside, Proxy
from msgspec.structs import replace

from kentongan.daemon import logs
from kentongan.daemon.mosquitto import Mosquitto
from kentongan.daemon.simulation import Place, SimulatedGateway, configured, login_of
from kentongan.mqtt.topics import Topics
from kentongan.queue import models

NAME = "sim-001"
TOPICS = Topics("kentongan", COUNTY, NAME)
LEASE_S = 180
WAIT_S = 20.0


class Town:
    """A broker, a gateway, and somebody at the broker who sees everything of it and may command."""

    def __init__(self, broker, proxy, folder, protocol):
        self.broker, self.proxy, self.protocol = broker, proxy, protocol
        folder.mkdir(exist_ok=True)
        place = Place(f"mqtt://127.0.0.1:{proxy.port}", COUNTY, folder)
        config = configured(place, 1, login_of({NAME: "sandi"}, NAME, folder))
        self.config = replace(config, mqtt=replace(config.mqtt, protocol=protocol))
        self.died = []
        log = logs.configure("error", "json", os.environ)
        self.gateway = SimulatedGateway(self.config, log, self.died.append)

    def __enter__(self):
        self.backend = Outside(self.broker.port, BACKEND, f"{TOPICS.gateway}/event/#", f"{TOPICS.gateway}/status/#")
        self.backend.__enter__()
        self.gateway.start()
        self.until(lambda kind, body: kind == "status/connection" and body["state"] == "online")
        return self

    def __exit__(self, *_):
        self.gateway.stop()
        self.backend.__exit__()
        assert self.died == []

    def until(self, wanted):
        """Wait for a document; gives it and its message."""
        end = monotonic() + WAIT_S
        while True:
            message = self.backend.message(max(0.01, end - monotonic()))
            kind = message.topic.removeprefix(f"{TOPICS.gateway}/")
            body = json.loads(message.payload) if message.payload else {"state": ""}
            if wanted(kind, body):
                return body, message

    def wait(self, so):
        """Wait until something is so that tells nobody."""
        end, rest = monotonic() + WAIT_S, threading.Event()
        while not so():
            assert monotonic() < end
            rest.wait(0.02)

    def answer(self, command_id):
        return self.until(lambda kind, body: kind == "event/response" and body["command_id"] == command_id)[0]

    def ping(self, command_id):
        body = {"schema": "ping/1", "command_id": command_id}
        self.backend.publish(TOPICS.command("ping"), json.dumps(body).encode())
        return self.answer(command_id)["status"]


@pytest.fixture(params=["5", "3.1.1"])
def own(request, tmp_path, monkeypatch):
    """A town of the test's own, with a store that does not wait long for a lock."""
    monkeypatch.setattr(models, "BUSY_S", 0.1)
    monkeypatch.setitem(USERS, NAME, "sandi")
    with (
        Mosquitto(tmp_path / "broker", users=USERS, county_id=COUNTY) as broker,
        Proxy(broker.port) as proxy,
        Town(broker, proxy, tmp_path / "gateways", request.param) as town,
    ):
        yield town


@pytest.fixture(scope="module", params=["5", "3.1.1"])
def town(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("town")
    with (
        Mosquitto(folder / "broker", users=USERS | {NAME: "sandi"}, county_id=COUNTY) as broker,
        Proxy(broker.port) as proxy,
        Town(broker, proxy, folder / "gateways", request.param) as town,
    ):
        yield town


def test_e1_a_gateway_that_may_not_publish_keeps_the_ticket_and_says_so_where_it_can_know(own):
    acl = own.broker.folder / "acl"
    rules = [line for line in acl.read_text().splitlines() if "event/#" not in line]
    own.broker.kill()
    acl.write_text("\n".join(rules) + "\n")
    own.broker.start()
    own.gateway.air.sms("+6281234567890", "Jalan rusak di depan kantor desa")
    own.wait(lambda: own.gateway.status.store.unacknowledged == 1)
    if own.protocol == "5":
        own.wait(lambda: "mqtt_not_authorized" in {fault.cause for fault in own.gateway.status.faults})
    assert own.gateway.status.store.unacknowledged == 1


def test_e5_a_locked_database_ends_nothing_and_the_command_is_done_when_it_opens(own):
    with closing(sqlite3.connect(own.config.store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        own.backend.publish(TOPICS.command("ping"), b'{"schema":"ping/1","command_id":"e5"}')
        own.wait(lambda: own.gateway.status.store.state != "ok")
        other.execute("COMMIT")
    assert own.answer("e5")["status"] == "done"
    assert own.ping("behind") == "done"


def test_e15r_a_command_that_lies_retained_is_never_done_again(own):
    def refused(kind, body):
        return kind == "event/response" and body.get("error", {}).get("code") == "retained_not_allowed"

    own.backend.publish(TOPICS.command("ping"), b'{"schema":"ping/1","command_id":"e15r"}', retain=True)
    if own.protocol == "5":  # the mark is on the live delivery, and what lies there is not delivered
        own.until(refused)
    else:  # the live delivery hides the mark; each connection brings it again, marked
        assert own.answer("e15r")["status"] == "done"
        for _ in range(2):
            own.proxy.cut()
            own.until(refused)
    assert own.ping("behind") == "done"


def test_e41_commands_that_cannot_be_done_do_not_hold_those_behind_them(town):
    for number in range(60):  # thrice the broker's window
        town.backend.publish(TOPICS.command("reply"), b'{"schema":"reply/1","command_id":"bad-%d"}' % number)
    assert town.ping("behind") == "done"


def test_e42_what_says_that_it_is_there_is_a_lease(town):
    leases = {}
    with Outside(town.broker.port, BACKEND, f"{TOPICS.gateway}/status/#") as reader:
        while {"connection", "health", "info"} - set(leases):
            message = reader.message()
            assert message.retain
            leases[message.topic.rpartition("/")[2]] = getattr(message.properties, "MessageExpiryInterval", None)
    assert leases["info"] is None
    for name in ("connection", "health"):
        assert 0 < leases[name] <= LEASE_S if town.protocol == "5" else leases[name] is None


def test_e10_a_broker_that_forgot_everything_is_told_everything_again(own):
    own.broker.kill()
    own.broker.start()
    wanted = {"status/connection", "status/info", "status/health"}
    with Outside(own.broker.port, BACKEND, f"{TOPICS.gateway}/status/#") as reader:
        while wanted:
            wanted.discard(reader.message(WAIT_S).topic.removeprefix(f"{TOPICS.gateway}/"))


def test_e13_another_client_under_our_name_becomes_an_alarm(own):
    for _ in range(3):
        with Outside(own.broker.port, NAME, name=NAME):
            own.gateway._link.kick()
        own.until(lambda kind, body: kind == "status/connection" and body["state"] == "online")
    alarm, _ = own.until(lambda kind, _body: kind == "status/alarm/duplicate_client")
    assert alarm["state"] == "active"
