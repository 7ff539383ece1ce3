"""Hold a county's backend against the contract: plays a gateway towards it, point by point (contract 5, point 10).

Judges by what comes over the wire alone. What only the backend's side can do (answer a ticket, end its process) is an
errand: a person is asked for it in Indonesian, or a command of theirs does it. It may be skipped; a point that was not
tried is not passed.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

from kentongan.daemon.outward import Voice
from kentongan.daemon.overview import CAUSES
from kentongan.daemon.verdicts import Errand, Point, Verdict, Wish
from kentongan.mqtt import commands, payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.events import BrokerDown, BrokerEvent, BrokerUp, Delivery, MessageReceived, Publication
from kentongan.mqtt.topics import CommandTopic
from kentongan.queue.records import Encoding, Moment, Sender, Thread, Ticket, TicketState

MAX_PARTS = 6  # the limit that the reply of 2,000 characters breaks
SHORT = "Laporan Anda sudah kami teruskan."
LONG = "Laporan Anda sudah kami terima dan teruskan. " * 45  # 2,025 characters
BURST = 20  # tickets around the kill
REPEATS = 10  # patiences until a reply comes, or comes again: a person types, a backend repeats after half a minute
OFFERS = 4  # after a start: a program takes its time, and what reached the dying one went with it
HOLE_PATIENCES = 3  # tickets overtake each other, so a backend may wait before it asks
NO_REPLY = "kirim command/reply dengan ticket_id, command_id dan text"


@dataclass(frozen=True, slots=True)
class Wire:
    """How the play reaches the broker and the person."""

    publish: Callable[[Publication], None]
    ack: Callable[[Delivery], None]
    events: SimpleQueue[BrokerEvent]
    now: Callable[[], Moment]
    ask: Callable[[Wish], bool]  # returns when it is done; false when it is to be skipped
    waiting: Callable[[int], None] = lambda _seconds: None  # told before a wait that may be long


@dataclass(slots=True)
class Heard:
    """What the backend said so far."""

    commands: list[tuple[str, bytes]] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)
    numbers: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))  # of each ticket_id


class Play:
    """The gateway's part."""

    def __init__(self, wire: Wire, voice: Voice, patience_s: float, silence_s: float = 0) -> None:
        self._wire = wire
        self._voice = voice
        self._patience_ms = round(patience_s * 1000)
        self._silence_ms = round(silence_s * 1000) or self._patience_ms  # what proves that something ended
        self._heard = Heard()
        self._seq = 0

    def run(self) -> Iterator[Point]:
        """Play the list from its first to its last point."""
        if why := self._unconnected():
            yield Point("sambungan", Verdict.BAD, why, "periksa alamat, nama, sandi dan sertifikat")
            return
        first = self._ticket("Uji kesesuaian 1: jalan rusak di depan kantor")
        yield (acked := self._acknowledged("tiket diterima", first))
        if acked.verdict is Verdict.BAD:
            return
        yield self._acknowledged("tiket yang sama datang lagi", first, attempt=2)
        yield self._acknowledged("revisi baru dari SMS panjang", self._revised(first))
        yield self._survives(
            "sampah di event/ticket", (b"", b"{", b"\xff\xfe", b"[]", b'{"schema":"ticket/1"}', b"null")
        )
        yield self._foreign()
        yield self._grown()
        yield self._hole()
        yield self._pinged()
        yield from self._replies(first)
        yield self._struck()
        yield self._one_number()
        yield self._closed_book()

    # -- points --------------------------------------------------------------------------------------------------------

    def _acknowledged(self, name: str, ticket: Ticket, attempt: int = 1) -> Point:
        """Publish a ticket and wait for its acknowledgement."""
        self._publish_ticket(ticket, attempt)
        ack = self._wait(lambda kind, body: kind == "ticket_ack" and body.get("ticket_id") == ticket.ticket_id)
        if ack is None:
            mend = "simpan tiket dan kirim command/ticket_ack, setiap kali tiket datang"
            return Point(name, Verdict.BAD, f"tanpa ticket_ack dalam {self._patience_ms // 1000} s", mend)
        if ack.get("revision", ticket.revision) != ticket.revision:
            return Point(name, Verdict.BAD, "ticket_ack untuk revisi lain", "kirim revision dari tiket yang diterima")
        return Point(name, Verdict.GOOD, f"ticket_ack {ack['status']}")

    def _survives(self, name: str, rubbish: tuple[bytes, ...]) -> Point:
        """Throw rubbish, then see whether the next ticket is still taken."""
        for payload in rubbish:
            self._send("ticket", payload)
        point = self._acknowledged(name, self._ticket("Uji kesesuaian: setelah sampah"))
        mend = "tangkap kesalahan tiap pesan, ack ke broker, lanjutkan" if point.verdict is Verdict.BAD else ""
        return Point(name, point.verdict, point.found, mend)

    def _foreign(self) -> Point:
        """Publish a ticket whose payload names another gateway: the topic is the authority."""
        name = "isi menyebut gateway lain"
        made = json.loads(self._voice.ticket(self._ticket("Uji kesesuaian: palsu"), 1, self._wire.now()))
        self._send("ticket", json.dumps(made | {"gateway_id": "gateway-palsu"}).encode())
        after = self._acknowledged(name, self._ticket("Uji kesesuaian: sesudah yang palsu"))
        if any(made["ticket_id"].encode() in body for kind, body in self._heard.commands if kind == "ticket_ack"):
            return Point(name, Verdict.BAD, "diterima", "tolak bila county_id atau gateway_id berbeda dari topik")
        return after

    def _grown(self) -> Point:
        """Publish a ticket with fields of a later version."""
        ticket = self._ticket("Uji kesesuaian: versi berikut")
        made = json.loads(self._voice.ticket(ticket, 1, self._wire.now())) | {"baru_di_1_9": {"a": [1]}}
        self._send("ticket", json.dumps(made).encode())
        ack = self._wait(lambda kind, body: kind == "ticket_ack" and body.get("ticket_id") == ticket.ticket_id)
        name = "bidang yang belum dikenal"
        if ack is None:
            return Point(name, Verdict.BAD, "tiket ditolak", "abaikan bidang yang tidak dikenal")
        return Point(name, Verdict.GOOD, "diabaikan")

    def _hole(self) -> Point:
        """Leave a hole in `seq`, wait for the backend to ask for it, and fill it."""
        name = "lubang pada seq (atau basis data lama dipulihkan)"
        missing = [self._ticket(f"Uji kesesuaian: hilang {n}") for n in (1, 2)]
        self._publish_ticket(self._ticket("Uji kesesuaian: setelah lubang"), 1)
        asked = self._wait(lambda kind, _body: kind == "resend", patience=HOLE_PATIENCES)
        if asked is None:
            waited_s = HOLE_PATIENCES * self._patience_ms // 1000
            mend = "periksa seq per store_id; minta command/resend"
            return Point(name, Verdict.BAD, f"tidak ada resend dalam {waited_s} s", mend)
        result: payloads.Result = {"matched": len(missing), "replies": 0}
        self._respond(self._voice.response("resend", asked["command_id"], "accepted", self._wire.now(), result=result))
        for ticket in missing:
            self._send("ticket", self._voice.ticket(ticket, 1, self._wire.now(), asked["command_id"]))
        result = {"resent": len(missing), "erased": 0, "replies": 0, "next_seq": self._seq + 1, "more": False}
        self._respond(self._voice.response("resend", asked["command_id"], "done", self._wire.now(), result=result))
        if not self._unacknowledged(missing):
            return Point(name, Verdict.GOOD, f"resend {asked['select']['by']}, terisi")
        return Point(name, Verdict.BAD, "tiket susulan tanpa ticket_ack", "perlakukan seperti tiket lain, juga ack-nya")

    def _pinged(self) -> Point:
        """Answer the backend's ping: an integrator's first step."""
        name = "ping"
        if not self._wire.ask(Wish(Errand.PING, "Kirim command/ping dari sistem Anda.")):
            return Point(name, Verdict.SKIPPED, "tidak dicoba")
        ping = self._wait(lambda kind, _body: kind == "ping", patience=REPEATS)
        if ping is None:
            return Point(name, Verdict.BAD, "tidak ada command/ping", "kirim command/ping dengan command_id")
        answer = {"echo": ping["echo"]} if "echo" in ping else None
        self._respond(self._voice.response("ping", ping["command_id"], "done", self._wire.now(), result=answer))
        return self._stops(name, "ping", ping["command_id"], "dijawab")

    def _replies(self, ticket: Ticket) -> Iterator[Point]:
        """Withhold the answer to a reply, put it off once, accept it; then refuse a long one."""
        short = f"Balas tiket {ticket.number} dari sistem Anda dengan teks pendek."
        yield from self._repeated(Wish(Errand.REPLY, short, ticket.ticket_id, ticket.number, SHORT))
        long = f"Balas tiket {ticket.number} dengan teks 2.000 huruf."
        yield self._refused(Wish(Errand.REPLY, long, ticket.ticket_id, ticket.number, LONG))

    def _repeated(self, wish: Wish) -> Iterator[Point]:
        names = ("balasan diulang dengan isi yang sama", "penolakan sementara dicoba lagi")
        if not self._wire.ask(wish):
            yield from (Point(name, Verdict.SKIPPED, "tidak dicoba") for name in names)
            return
        first = self._wait(lambda kind, _body: kind == "reply", patience=REPEATS)
        if first is None:
            yield Point(names[0], Verdict.BAD, "tidak ada command/reply", NO_REPLY)
            return
        yield self._again(names[0], first, "ulangi sampai event/response dengan command_id itu datang")
        busy = commands.Refused(ErrorCode.RATE_LIMITED, "10 replies a minute", first["command_id"])
        self._respond(self._voice.refusal("reply", busy, self._wire.now()))
        later = self._again(names[1], first, "retryable: true berarti nanti: ulangi dengan isi yang sama")
        self._respond(
            self._voice.response("reply", first["command_id"], "accepted", self._wire.now(), result={"parts": 1})
        )
        yield (
            later if later.verdict is Verdict.BAD else self._stops(names[1], "reply", first["command_id"], later.found)
        )

    def _again(self, name: str, first: payloads.Result, mend: str) -> Point:
        """Wait for the same command once more."""
        again = self._wait(lambda _kind, body: body.get("command_id") == first["command_id"], patience=REPEATS)
        if again is None:
            return Point(name, Verdict.BAD, "tidak diulang", mend)
        if again != first:
            return Point(name, Verdict.BAD, "isi berubah", "kirim persis byte yang sama untuk command_id yang sama")
        return Point(name, Verdict.GOOD, "diulang")

    def _stops(self, name: str, command: str, command_id: str, found: str) -> Point:
        """See that a command is not repeated after its answer."""
        until_ms = self._wire.now().steady_ms + self._silence_ms
        if self._until(lambda kind, body: kind == command and body.get("command_id") == command_id, until_ms) is None:
            return Point(name, Verdict.GOOD, f"{found}, lalu berhenti")
        return Point(name, Verdict.BAD, "terus diulang", "berhenti setelah event/response")

    def _refused(self, wish: Wish) -> Point:
        name = "balasan 2.000 huruf ditolak"
        if not self._wire.ask(wish):
            return Point(name, Verdict.SKIPPED, "tidak dicoba")
        reply = self._wait(lambda kind, _body: kind == "reply", patience=REPEATS)
        if reply is None:
            mend = "kirim apa adanya; gateway yang memeriksa panjang"
            return Point(name, Verdict.BAD, "tidak ada command/reply", mend)
        details: payloads.Details = {"parts": 14, "max_parts": MAX_PARTS, "encoding": "gsm7"}
        why = f"text needs 14 SMS parts, the limit is {MAX_PARTS}"
        refused = commands.Refused(ErrorCode.TEXT_TOO_LONG, why, reply["command_id"], "text", details)
        self._respond(self._voice.refusal("reply", refused, self._wire.now()))
        point = self._stops(name, "reply", reply["command_id"], "ditolak")
        mend = "retryable: false berarti berhenti; tampilkan error.message" if point.verdict is Verdict.BAD else ""
        return replace(point, mend=mend)

    def _struck(self) -> Point:
        """Let the backend be killed between tickets; each must be acknowledged when it lives again."""
        name = "dimatikan paksa di antara tiket, lalu hidup lagi"
        tickets = [self._ticket(f"Uji kesesuaian: sekitar matinya sistem {n}") for n in range(BURST)]
        for ticket in tickets[: BURST // 2]:
            self._publish_ticket(ticket, 1)
        if not self._wire.ask(Wish(Errand.KILL, "Matikan paksa sistem Anda (kill -9) sekarang.")):
            return Point(name, Verdict.SKIPPED, "tidak dicoba")
        for ticket in tickets[BURST // 2 :]:
            self._publish_ticket(ticket, 1)
        self._wire.ask(Wish(Errand.START, "Hidupkan lagi sistem Anda."))
        left = tickets
        for attempt in range(2, 2 + OFFERS):
            for ticket in left:
                self._publish_ticket(ticket, attempt)
            left = self._unacknowledged(left)
            if not left:
                return Point(name, Verdict.GOOD, f"{BURST} tiket, semua dengan ticket_ack")
        mend = "simpan dahulu (commit), lalu ack ke broker; sesi MQTT tetap (clean_start=False)"
        return Point(name, Verdict.BAD, "ada tiket tanpa ticket_ack", mend)

    def _one_number(self) -> Point:
        """Judge whether a ticket that came twice was filed twice."""
        name = "satu tiket, satu nomor"
        doubled = [numbers for numbers in self._heard.numbers.values() if len(numbers) > 1]
        if not doubled:
            return Point(name, Verdict.GOOD, f"{len(self._heard.numbers)} tiket")
        mend = "UNIQUE(ticket_id, revision); yang sudah ada hanya di-ack lagi"
        return Point(name, Verdict.BAD, f"tercatat ganda: {', '.join(sorted(doubled[0]))}", mend)

    def _closed_book(self) -> Point:
        """Judge everything that the backend published on the way."""
        name = "semua perintah sesuai skema, tidak satu pun retained"
        if self._heard.bad:
            return Point(name, Verdict.BAD, "; ".join(sorted(set(self._heard.bad))[:5]), "lihat contract/schemas/")
        return Point(name, Verdict.GOOD, f"{len(self._heard.commands)} perintah")

    # -- the gateway's side --------------------------------------------------------------------------------------------

    def _unconnected(self) -> str:
        """Wait for the broker; gives why it did not come, or nothing."""
        deadline_ms, why = self._wire.now().steady_ms + self._patience_ms, "broker tidak menjawab"
        while (event := self._next(deadline_ms)) is not None:
            match event:
                case BrokerUp():
                    return ""
                case BrokerDown(cause=cause, detail=detail):
                    why = f"{CAUSES[cause]} ({detail})"
                case _:
                    pass
        return why

    def _ticket(self, text: str) -> Ticket:
        self._seq += 1
        at = self._wire.now()
        ticket_id = self._voice.ids.new(at.wall_ms)
        return Ticket(
            ticket_id=ticket_id,
            event_id=ticket_id,
            seq=self._seq,
            number=f"UJ1-000-{self._seq:03}-0",
            line="a",
            sender=Sender("+6281200000000", "+6281200000000", "s_ujikesesuaian"[:14], replyable=True),
            revision=1,
            text=text,
            lossy=False,
            encoding=Encoding.GSM7,
            data=b"",
            total=1,
            received=1,
            missing=(),
            received_ms=at.wall_ms,
            synced=True,
            smsc_ms=at.wall_ms // 1000 * 1000,
            smsc_offset_min=420,
            kind="complaint",
            thread=Thread.NEW,
            notes=(),
            state=TicketState.PENDING,
            attempt=1,
        )

    def _revised(self, ticket: Ticket) -> Ticket:
        event_id = self._voice.ids.new(self._wire.now().wall_ms)
        return replace(ticket, event_id=event_id, revision=2, text=f"{ticket.text} (lengkap)")

    def _publish_ticket(self, ticket: Ticket, attempt: int) -> None:
        self._send("ticket", self._voice.ticket(ticket, attempt, self._wire.now()))

    def _send(self, channel: str, payload: bytes) -> None:
        self._wire.publish(Publication(1, self._voice.topics.event(channel), payload))

    def _respond(self, response: payloads.Response) -> None:
        self._send("response", payloads.encode(response))

    # -- the backend's side --------------------------------------------------------------------------------------------

    def _wait(self, wanted: Callable[[str, dict[str, str]], bool], patience: int = 1) -> payloads.Result | None:
        """Wait for a command that should come."""
        if patience > 1:
            self._wire.waiting(patience * self._patience_ms // 1000)
        return self._until(wanted, self._wire.now().steady_ms + patience * self._patience_ms)

    def _until(self, wanted: Callable[[str, dict[str, str]], bool], deadline_ms: int) -> payloads.Result | None:
        """Listen for a command; what comes on the way is noted and judged."""
        while (event := self._next(deadline_ms)) is not None:
            if not isinstance(event, MessageReceived):
                continue
            self._wire.ack(event.delivery)
            topic = self._voice.topics.read(event.topic)
            if isinstance(topic, CommandTopic):
                body = self._noted(topic.name, event)
                if body is not None and wanted(topic.name, body):
                    return body
        return None

    def _unacknowledged(self, tickets: list[Ticket]) -> list[Ticket]:
        """Wait until each of them is acknowledged, or none for the length of a patience; gives those that are not."""
        left = {ticket.ticket_id: ticket for ticket in tickets}
        while left:
            ack = self._wait(lambda kind, body: kind == "ticket_ack" and body.get("ticket_id") in left)
            if ack is None:
                break
            del left[ack["ticket_id"]]
        return list(left.values())

    def _noted(self, name: str, event: MessageReceived) -> payloads.Result | None:
        self._heard.commands.append((name, event.payload))
        read = commands.read(name, event.payload, retained=event.retained)
        match read:
            case commands.Refused():
                self._heard.bad.append(f"{name}: {read.code.value} {read.field}".strip())
            case payloads.TicketAck(backend_ticket=str(number)):
                self._heard.numbers[read.ticket_id].add(number)
            case _:
                pass
        try:
            body = json.loads(event.payload)
        except ValueError:
            return None
        return body if isinstance(body, dict) else None

    def _next(self, deadline_ms: int) -> BrokerEvent | None:
        left_s = (deadline_ms - self._wire.now().steady_ms) / 1000
        if left_s <= 0:
            return None
        try:
            return self._wire.events.get(timeout=left_s)
        except Empty:
            return None
