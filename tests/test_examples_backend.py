"""The reference backend keeps section 5 of the contract: its process, a real mosquitto, the gateway's side played."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from broker import BACKEND as USER
from broker import COUNTY, GATEWAY, TOPICS, USERS, Running, link_settings

from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import Mosquitto
from kentongan.mqtt import commands
from kentongan.mqtt.events import MessageReceived
from kentongan.mqtt.payloads import Get, Ping, Reply, Resend, TicketAck

BACKEND = Path(__file__).resolve().parent.parent / "examples" / "backend.py"
IDS = {"county_id": COUNTY, "gateway_id": GATEWAY}
CONFIRM = "Laporan Anda sudah kami catat."


def ticket_id(number: int) -> str:
    return str(UUID(int=(0x0199C7D2 << 96) | (0x7F21 << 64) | (0x8A4C << 48) | number))


class County:
    """A broker, the backend as a process, and the gateway's link."""

    def __init__(self, folder: Path, broker: Mosquitto, gateway: Running) -> None:
        self.db, self.broker, self.gateway, self._folder = folder / "county.db", broker, gateway, folder
        (folder / "password").write_text(USERS[USER] + "\n")
        gateway.up()
        self._token = 0
        self.process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> None:
        url = ["--url", f"mqtt://127.0.0.1:{self.broker.port}", "--username", USER]
        self.process = self.call("run", *url, "--password-file", str(self._folder / "password"), *options)
        self.heard("presence", lambda body: body["state"] == "online")

    def call(self, verb: str, *options: str) -> "subprocess.Popen[str]":
        command = [sys.executable, str(BACKEND), verb, "--db", str(self.db), *options]
        return subprocess.Popen(mortal(command), stdout=subprocess.PIPE, text=True)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def event(self, name: str, **fields: Any) -> None:
        self.raw(name, json.dumps(IDS | fields).encode())

    def raw(self, name: str, payload: bytes) -> None:
        self._token += 1
        self.gateway.publish(self._token, TOPICS.event(name), payload)

    def ticket(self, number: int, revision: int = 1, **fields: Any) -> str:
        ident = ticket_id(number)
        body = {
            "ticket_id": ident,
            "revision": revision,
            "store_id": "7f3a9c1e",
            "seq": number,
            "text": f"aduan {number}",
        }
        self.event("ticket", schema="ticket/1", **(body | {"sender": {"ref": "s_q", "replyable": True}} | fields))
        return ident

    def message(self, name: str) -> MessageReceived:
        """Wait for the backend's next message of that name."""
        while not (seen := self.gateway.message()).topic.endswith(f"/{name}"):
            self.gateway.link.ack(seen.delivery)
        self.gateway.link.ack(seen.delivery)
        return seen

    def heard(self, name: str, where: Any = lambda _: True) -> dict[str, Any]:
        while True:
            body: dict[str, Any] = json.loads(self.message(name).payload)
            if where(body):
                return body

    def acknowledged(self, number: int) -> dict[str, Any]:
        """Publish a ticket and wait for its acknowledgement: everything published before it has been dealt with."""
        ident = self.ticket(number)
        return self.heard("ticket_ack", lambda body: body["ticket_id"] == ident)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(self.db) as db:
            return db.execute(query).fetchall()

    def due_now(self) -> None:
        with sqlite3.connect(self.db) as db:
            db.execute("UPDATE outbox SET due = 0")


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    with (
        Mosquitto(tmp_path / "broker", users=USERS, county_id=COUNTY) as broker,
        Running(link_settings(broker.port)) as gateway,
    ):
        county = County(tmp_path, broker, gateway)
        yield county
        county.kill()


def understood(seen: MessageReceived) -> commands.Command | commands.Refused:
    return commands.read(seen.topic.rpartition("/")[2], seen.payload, retained=seen.retained)


def test_a_ticket_is_stored_once_and_acknowledged_every_time(county: County) -> None:
    county.start()
    ident = county.ticket(1)
    first = county.message("ticket_ack")
    county.ticket(1)
    second = county.message("ticket_ack")
    assert understood(first) == TicketAck(
        ticket_id=ident, status="accepted", revision=1, backend_ticket="LPR-000001", backend_id="contoh"
    )
    assert first.payload == second.payload
    assert county.rows("SELECT ticket_id, revision FROM ticket") == [(ident, 1)]


def test_e40_a_ticket_that_came_once_is_acknowledged_once(county: County) -> None:
    county.start()
    idents = [county.ticket(number) for number in (1, 2)]
    assert [county.heard("ticket_ack")["ticket_id"] for _ in idents] == idents


def test_a_new_revision_keeps_the_countys_number(county: County) -> None:
    county.start()
    county.acknowledged(1)
    number = county.acknowledged(2)["backend_ticket"]
    county.ticket(2, revision=2)
    second = county.heard("ticket_ack", lambda body: body["revision"] == 2)
    assert second["backend_ticket"] == number == "LPR-000002"


def test_a_ticket_published_while_the_backend_is_dead_is_acknowledged_when_it_lives(county: County) -> None:
    county.start()
    county.kill()
    assert county.heard("presence")["state"] == "lost"
    ident = county.ticket(1)
    county.start()
    assert county.heard("ticket_ack")["ticket_id"] == ident


def test_an_automatic_reply_is_ordered_once_under_an_id_made_from_the_ticket(county: County) -> None:
    county.start("--confirm", CONFIRM)
    ident = county.ticket(1)
    order = county.message("reply")
    assert understood(order) == Reply(
        command_id=f"{ident}:confirm", ticket_id=ident, text=CONFIRM, delivery_report=True
    )
    county.ticket(1)
    county.ticket(1, revision=2)
    county.ticket(2, sender={"ref": "s_q", "replyable": False})
    county.acknowledged(3)
    assert county.rows("SELECT command_id FROM reply WHERE command_id NOT LIKE '%3:confirm'") == [(f"{ident}:confirm",)]


def test_an_order_is_repeated_byte_by_byte_until_it_is_answered(county: County) -> None:
    county.start()
    ident = county.acknowledged(1)["ticket_id"]
    command_id = county.call("reply", ident, "Sudah diteruskan.").communicate()[0].strip()
    first = county.message("reply")
    county.due_now()
    assert county.message("reply").payload == first.payload
    retryable = {"code": "rate_limited", "message": "", "retryable": True}
    county.event("response", command_id=command_id, command="reply", status="rejected", error=retryable)
    county.acknowledged(2)
    county.due_now()
    assert county.message("reply").payload == first.payload
    county.event("response", command_id=command_id, command="reply", status="accepted")
    county.acknowledged(3)
    assert county.rows(f"SELECT id FROM outbox WHERE id = '{command_id}'") == []
    assert county.rows("SELECT command_id, status, final FROM reply") == [(command_id, "accepted", 0)]


def test_a_reply_whose_end_died_with_the_broker_is_asked_about(county: County) -> None:
    county.start()
    county.event("reply", command_id="LPR-1", status="sent", revision=2, final=False)
    county.acknowledged(1)
    county.due_now()
    question = understood(county.message("get"))
    assert question == Get(command_id="ask:LPR-1", what="reply", id="LPR-1")
    result = {"command_id": "LPR-1", "status": "delivered", "revision": 3, "final": True}
    county.event("response", command_id="ask:LPR-1", command="get", status="done", result=result)
    county.acknowledged(2)
    assert county.rows("SELECT * FROM reply") == [("LPR-1", "delivered", 3, 1)]
    assert county.rows("SELECT id FROM outbox WHERE id LIKE 'ask:%'") == []


def test_a_lower_revision_of_a_reply_is_ignored(county: County) -> None:
    county.start()
    for revision, status, final in ((1, "queued", False), (3, "delivered", True), (2, "sent", False)):
        county.event("reply", command_id="LPR-1", status=status, revision=revision, final=final)
    county.acknowledged(1)
    assert county.rows("SELECT * FROM reply") == [("LPR-1", "delivered", 3, 1)]


def test_a_hole_in_the_tickets_is_asked_for(county: County) -> None:
    county.start()
    county.acknowledged(1)
    county.acknowledged(4)
    county.due_now()
    order = understood(county.message("resend"))
    assert isinstance(order, Resend)
    assert (order.command_id, order.select.from_seq, order.select.to_seq) == ("gap:7f3a9c1e:2-3", 2, 3)


def test_what_is_not_of_the_contract_blocks_nothing(county: County) -> None:
    county.start()
    county.raw("ticket", b"\xff not json")
    county.raw("ticket", b'{"schema":"ticket/1"}')
    county.event("ticket", county_id="9999", ticket_id=ticket_id(7), revision=1)
    county.acknowledged(1)
    assert county.rows("SELECT count(*) FROM ticket") == [(1,)]


def test_an_alarm_is_shown_in_its_own_words(county: County) -> None:
    county.start()
    text = {"id": "SMS Gateway tidak dapat berjalan", "en": "The SMS gateway cannot run"}
    body = IDS | {"code": "gateway_not_running", "state": "active", "text": text}
    county.gateway.publish(900, TOPICS.alarm("gateway_not_running"), json.dumps(body).encode(), retain=True)
    assert county.process is not None
    assert county.process.stdout is not None
    assert f"ALARM {GATEWAY}: SMS Gateway tidak dapat berjalan\n" in iter(county.process.stdout.readline, "")


def test_a_ping_is_an_integrators_first_step(county: County) -> None:
    county.start()
    county.acknowledged(1)
    command_id = county.call("ping", GATEWAY).communicate()[0].strip()
    assert understood(county.message("ping")) == Ping(command_id=command_id, echo="halo")
    county.event("response", command_id=command_id, command="ping", status="done", result={"echo": "halo"})
    county.acknowledged(2)
    listing = county.call("list").communicate()[0]
    assert f"ticket {ticket_id(1)} 1" in listing
    assert command_id not in listing
