"""`kentongan conformance` finds what it looks for: a backend for each way of being wrong, all held to the list at once.

Each is a good backend with one flaw, behind a link of ours to a real mosquitto; those that play the gateway are the
program's own.
"""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from itertools import count
from queue import SimpleQueue
from time import monotonic  # noqa: TID251  deadlines of a real wait

import pytest
from broker import BACKEND, COUNTY, USERS, Running, link_settings

from kentongan.daemon import conformance
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.conformance import Play, Wire
from kentongan.daemon.mosquitto import Mosquitto
from kentongan.daemon.outward import Voice
from kentongan.daemon.verdicts import Errand, Verdict
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import MessageReceived, Publication
from kentongan.mqtt.settings import Subscription
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7

PATIENCE_S, SILENCE_S, RETRY_S = 6.0, 3.0, 0.25  # a busy machine lets two dozen backends wait for each other
KNOWN = {"schema", "event_id", "ticket_id", "ticket_number", "county_id", "gateway_id", "revision", "store_id", "seq"}
KNOWN |= {"attempt", "received_at", "smsc_at", "sent_at", "clock", "sender", "text", "text_lossy", "encoding", "parts"}
KNOWN |= {"thread", "kind", "line", "times", "replay_command_id", "categories", "urgent", "language", "public_text"}

NEW, AGAIN, REVISION = "tiket diterima", "tiket yang sama datang lagi", "revisi baru dari SMS panjang"
RUBBISH, FOREIGN, GROWN = "sampah di event/ticket", "isi menyebut gateway lain", "bidang yang belum dikenal"
HOLE, PING = "lubang pada seq (atau basis data lama dipulihkan)", "ping"
REPEATED, LATER, LONG = (
    "balasan diulang dengan isi yang sama",
    "penolakan sementara dicoba lagi",
    "balasan 2.000 huruf ditolak",
)
STRUCK, NUMBER = "dimatikan paksa di antara tiket, lalu hidup lagi", "satu tiket, satu nomor"
BOOK = "semua perintah sesuai skema, tidak satu pun retained"
# Each flaw and the points at which it must be found; the others must be good.
FLAWS = {
    "none": set(),
    "silent": {NEW},
    "acknowledges once": {AGAIN},
    "knows no revisions": {REVISION},
    "dies of rubbish": {RUBBISH, FOREIGN, GROWN, HOLE},  # and is started again by whoever is asked to do something
    "believes any payload": {FOREIGN},
    "refuses new fields": {GROWN},
    "sees no hole": {HOLE},
    "ignores a replay": {HOLE},
    "never pings": {PING},
    "never replies": {REPEATED, LONG},
    "asks once": {REPEATED, LATER},
    "changes what it repeats": {REPEATED, LATER},
    "takes later for never": {LATER},
    "never stops": {PING, LATER, LONG},
    "sends the refused again": {LONG},
    "cuts what is long": {LONG},
    "stays dead": {STRUCK},
    "files twice": {NUMBER},
    "retains": {BOOK},
    "misspells": {BOOK},
}


class Backend:
    """A county's system in memory, with a flaw."""

    def __init__(self, running, topics, flaw):
        self.running, self.topics, self.flaw = running, topics, flaw
        self.tickets, self.last, self.outbox, self.awake = {}, 0, {}, True
        self._numbers, self._tokens = count(1), count(1)
        self._lock = threading.Lock()

    def turn(self):
        """Wait a moment for the broker, then repeat what is unanswered."""
        event = self.running.next_event(RETRY_S)
        if isinstance(event, MessageReceived):
            if self.awake:
                self.take(event)
            self.running.link.ack(event.delivery)
        with self._lock:
            due = [body for body, at in self.outbox.values() if at <= monotonic()] if self.awake else []
            for body in due:
                self.send(body)

    def take(self, event):
        try:
            body = json.loads(event.payload)
            named = (body["county_id"], body["gateway_id"]) == (self.topics.county_id, self.topics.gateway_id)
            if not named and self.flaw != "believes any payload":
                return
            if event.topic == self.topics.event("ticket"):
                self.ticket(body)
            elif event.topic == self.topics.event("response"):
                self.answered(body)
        except (ValueError, KeyError, TypeError):
            self.awake = self.flaw != "dies of rubbish"

    def ticket(self, body):
        ident = body["ticket_id"]
        if (self.flaw == "ignores a replay" and "replay_command_id" in body) or (
            self.flaw == "refuses new fields" and set(body) - KNOWN
        ):
            return
        hole = range(self.last + 1, body["seq"]) if self.last else range(0)
        self.last = max(self.last, body["seq"])
        if hole and self.flaw != "sees no hole":
            select = {"by": "seq", "from_seq": hole[0], "to_seq": hole[-1]}
            self.order({"schema": "resend/1", "command_id": f"gap-{hole[0]}", "select": select})
        known = ident in self.tickets
        if not known or self.flaw == "files twice":
            self.tickets[ident] = f"LPR-{next(self._numbers)}"
        if self.flaw == "silent" or (known and self.flaw == "acknowledges once" and body["revision"] == 1):
            return
        revision = 1 if self.flaw == "knows no revisions" else body["revision"]
        ack = {"schema": "ticket_ack/1", "ticket_id": ident, "revision": revision, "status": "accepted"}
        more = {"expire_at": "x"} if self.flaw == "misspells" else {}
        self.send(ack | {"backend_ticket": self.tickets[ident]} | more)

    def answered(self, body):
        error = body.get("error", {})
        if error.get("retryable") and self.flaw != "takes later for never":
            return
        if (error and self.flaw == "sends the refused again") or self.flaw == "never stops":
            return
        with self._lock:
            self.outbox.pop(body["command_id"], None)

    def order(self, body):
        with self._lock:
            self.outbox[body["command_id"]] = (body, 0.0)

    def send(self, body):
        name = body["schema"].partition("/")[0]
        sent = dict(body)
        if "command_id" in body:
            again = body["command_id"] in self.outbox and self.outbox[body["command_id"]][1] > 0
            if again and "text" in body and self.flaw == "changes what it repeats":
                sent["text"] += f" ({monotonic():.3f})"
            due = 1e9 if self.flaw == "asks once" else monotonic() + RETRY_S
            self.outbox[body["command_id"]] = (body, due)
        publication = Publication(next(self._tokens), self.topics.command(name), json.dumps(sent).encode())
        retain = self.flaw == "retains" and name == "ticket_ack"
        self.running.publish(publication.token, publication.topic, publication.payload, retain=retain)

    def wish(self, wish):
        """Do what a person would do at this backend."""
        self.awake = True
        match wish.errand:
            case Errand.PING if self.flaw != "never pings":
                self.order({"schema": "ping/1", "command_id": "p1", "echo": "halo"})
            case Errand.REPLY if self.flaw not in {"never replies", "cuts what is long"} or len(wish.text) < 200:
                if self.flaw != "never replies":
                    body = {"schema": "reply/1", "command_id": f"r{next(self._numbers)}", "ticket_id": wish.ticket_id}
                    self.order(body | {"text": wish.text})
            case Errand.KILL:
                self.awake = False
            case Errand.START:
                self.awake = self.flaw != "stays dead"
            case _:
                pass
        return True


def held(port, flaw, gateway):
    """Hold one backend to the list; gives the points."""
    topics, events, clock = Topics("kentongan", COUNTY, gateway), SimpleQueue(), SystemClock()
    numbers, ended = count(1), threading.Event()
    filters = (Subscription(topics.event("ticket")), Subscription(topics.event("response")))
    settings = link_settings(
        port,
        client_id=f"be-{gateway}",
        username=BACKEND,
        password=USERS[BACKEND],
        will=lambda _connection_id: None,
        subscriptions=filters,
    )
    ours = link_settings(
        port, client_id=gateway, username=gateway, password="sandi", subscriptions=(Subscription(topics.commands),)
    )
    link = Link(ours, events.put, clock=monotonic, random=lambda: 0.0)
    voice = Voice(topics, "0badcafe", Uuid7(lambda n: next(numbers).to_bytes(n, "big")), lambda _ms: 420)
    with ExitStack() as stack:
        running = stack.enter_context(Running(settings))
        running.up()
        backend = Backend(running, topics, flaw)

        def serve():
            while not ended.is_set():
                backend.turn()

        threads = [threading.Thread(target=link.run, daemon=True), threading.Thread(target=serve, daemon=True)]
        for thread in threads:
            thread.start()
            stack.callback(thread.join, 10)
        stack.callback(ended.set)
        stack.callback(link.stop)
        wire = Wire(link.publish, link.ack, events, clock.now, backend.wish)
        return list(Play(wire, voice, PATIENCE_S, SILENCE_S).run())


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory):
    gateways = {flaw: f"uji-{number:02}" for number, flaw in enumerate(FLAWS)}
    users = USERS | dict.fromkeys(gateways.values(), "sandi")
    with (
        pytest.MonkeyPatch.context() as patch,
        Mosquitto(tmp_path_factory.mktemp("broker"), users=users, county_id=COUNTY) as broker,
        ThreadPoolExecutor(len(FLAWS)) as pool,
    ):
        for factor in ("REPEATS", "HOLE_PATIENCES", "OFFERS"):
            patch.setattr(conformance, factor, 1)
        running = {flaw: pool.submit(held, broker.port, flaw, gateway) for flaw, gateway in gateways.items()}
        return {flaw: future.result(120) for flaw, future in running.items()}


@pytest.mark.parametrize("flaw", FLAWS)
def test_a_backend_with_a_flaw_is_found_out_where_it_is_and_nowhere_else(verdicts, flaw):
    bad = {point.name for point in verdicts[flaw] if point.verdict is Verdict.BAD}
    assert bad == FLAWS[flaw], [point.line() for point in verdicts[flaw]]


def test_every_bad_point_says_what_to_mend(verdicts):
    assert all(point.mend for points in verdicts.values() for point in points if point.verdict is Verdict.BAD)


def test_every_point_of_the_list_was_failed_by_somebody(verdicts):
    names = {point.name for point in verdicts["none"]}
    assert names == set().union(*FLAWS.values())
