"""Hold a county's backend against the contract: plays a gateway towards it, point by point (contract 5, point 10).

Judges by what comes over the wire alone. What only a person can do (answer a ticket, end the backend's process) is
asked for in Indonesian and may be skipped; a point that was not tried is not passed.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from queue import Empty, SimpleQueue

from kentongan.daemon.outward import Voice
from kentongan.mqtt import commands, payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.events import BrokerEvent, BrokerUp, Delivery, MessageReceived, Publication
from kentongan.mqtt.topics import CommandTopic
from kentongan.queue.records import Encoding, Moment, Sender, Thread, Ticket, TicketState

MAX_PARTS = 6  # the limit that the reply of 2,000 characters breaks


class Verdict(StrEnum):
    """How a point ended, in the words of the report."""

    GOOD = "BAIK"
    BAD = "GAGAL"
    SKIPPED = "DILEWATI"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the list and how it ended; `mend` says what to do about a bad one."""

    name: str
    verdict: Verdict
    found: str
    mend: str = ""

    def line(self) -> str:
        """Write it for people."""
        return f"{self.verdict:<9} {self.name}: {self.found}" + (
            f"\n          perbaiki: {self.mend}" if self.mend else ""
        )


@dataclass(frozen=True, slots=True)
class Wire:
    """How the play reaches the broker and the person."""

    publish: Callable[[Publication], None]
    ack: Callable[[Delivery], None]
    events: SimpleQueue[BrokerEvent]
    now: Callable[[], Moment]
    ask: Callable[[str], bool]  # asks a person for something; false when it is to be skipped


@dataclass(slots=True)
class Heard:
    """What the backend said so far."""

    commands: list[tuple[str, bytes]] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)


class Play:
    """The gateway's part."""

    def __init__(self, wire: Wire, voice: Voice, patience_s: float) -> None:
        self._wire = wire
        self._voice = voice
        self._patience_ms = round(patience_s * 1000)
        self._heard = Heard()
        self._seq = 0

    def run(self) -> Iterator[Point]:
        """Play the list from its first to its last point."""
        if not self._connected():
            yield Point("sambungan", Verdict.BAD, "broker tidak menjawab", "periksa alamat, nama dan sandi")
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
        yield from self._replies(first)
        yield self._away()
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
        if ack is None:
            return Point("bidang yang belum dikenal", Verdict.BAD, "tiket ditolak", "abaikan bidang yang tidak dikenal")
        return Point("bidang yang belum dikenal", Verdict.GOOD, "diabaikan")

    def _hole(self) -> Point:
        """Leave a hole in `seq` and wait for the backend to ask for it."""
        name = "lubang pada seq (atau basis data lama dipulihkan)"
        self._seq += 2
        self._publish_ticket(self._ticket("Uji kesesuaian: setelah lubang"), 1)
        asked = self._wait(lambda kind, _body: kind == "resend", patience=3)
        if asked is None:
            return Point(name, Verdict.BAD, "tidak ada resend", "periksa seq per store_id; minta command/resend")
        result = {"matched": 0, "replies": 0}
        self._respond(self._voice.response("resend", asked["command_id"], "accepted", self._wire.now(), result=result))
        return Point(name, Verdict.GOOD, f"resend {asked['select']['by']}")

    def _replies(self, ticket: Ticket) -> Iterator[Point]:
        """Withhold the answer to a reply, then refuse a long one."""
        name = "balasan diulang dengan isi yang sama"
        if not self._wire.ask(f"Balas tiket {ticket.number} dari sistem Anda dengan teks pendek."):
            yield Point(name, Verdict.SKIPPED, "tidak dicoba")
        else:
            yield self._repeated(name)
        name = "balasan 2.000 huruf ditolak"
        if not self._wire.ask(f"Balas tiket {ticket.number} dengan teks 2.000 huruf."):
            yield Point(name, Verdict.SKIPPED, "tidak dicoba")
        else:
            yield self._refused(name)

    def _repeated(self, name: str) -> Point:
        first = self._wait(lambda kind, _body: kind == "reply", patience=10)
        if first is None:
            return Point(name, Verdict.BAD, "tidak ada command/reply", "kirim command/reply dengan ticket_id")
        again = self._wait(
            lambda kind, body: kind == "reply" and body.get("command_id") == first["command_id"], patience=10
        )
        self._respond(
            self._voice.response("reply", first["command_id"], "accepted", self._wire.now(), result={"parts": 1})
        )
        if again is None:
            return Point(
                name, Verdict.BAD, "tidak diulang", "ulangi sampai event/response dengan command_id itu datang"
            )
        if again != first:
            return Point(name, Verdict.BAD, "isi berubah", "kirim persis byte yang sama untuk command_id yang sama")
        more = self._wait(lambda kind, body: kind == "reply" and body.get("command_id") == first["command_id"])
        if more is not None:
            return Point(name, Verdict.BAD, "terus diulang", "berhenti setelah event/response")
        return Point(name, Verdict.GOOD, "diulang sekali, lalu berhenti")

    def _refused(self, name: str) -> Point:
        reply = self._wait(lambda kind, _body: kind == "reply", patience=10)
        if reply is None:
            return Point(
                name, Verdict.BAD, "tidak ada command/reply", "kirim apa adanya; gateway yang memeriksa panjang"
            )
        details: payloads.Details = {"parts": 14, "max_parts": MAX_PARTS, "encoding": "gsm7"}
        why = f"text needs 14 SMS parts, the limit is {MAX_PARTS}"
        refused = commands.Refused(ErrorCode.TEXT_TOO_LONG, why, reply["command_id"], "text", details)
        self._respond(self._voice.refusal("reply", refused, self._wire.now()))
        more = self._wait(
            lambda kind, body: kind == "reply" and body.get("command_id") == reply["command_id"], patience=3
        )
        if more is not None:
            return Point(
                name, Verdict.BAD, "tetap diulang", "retryable: false berarti berhenti; tampilkan error.message"
            )
        return Point(name, Verdict.GOOD, "berhenti setelah ditolak")

    def _away(self) -> Point:
        """Publish while the backend is dead; its broker session must have kept the ticket, or the offer again must."""
        name = "sistem dimatikan paksa, lalu hidup lagi"
        if not self._wire.ask("Matikan paksa sistem Anda (kill -9) sekarang."):
            return Point(name, Verdict.SKIPPED, "tidak dicoba")
        ticket = self._ticket("Uji kesesuaian: ketika sistem mati")
        self._publish_ticket(ticket, 1)
        self._wire.ask("Hidupkan lagi sistem Anda.")
        return self._acknowledged(name, ticket, attempt=2)

    def _closed_book(self) -> Point:
        """Judge everything that the backend published on the way."""
        name = "semua perintah sesuai skema, tidak satu pun retained"
        if self._heard.bad:
            return Point(name, Verdict.BAD, "; ".join(sorted(set(self._heard.bad))[:5]), "lihat contract/schemas/")
        return Point(name, Verdict.GOOD, f"{len(self._heard.commands)} perintah")

    # -- the gateway's side --------------------------------------------------------------------------------------------

    def _connected(self) -> bool:
        deadline_ms = self._wire.now().steady_ms + self._patience_ms
        while (event := self._next(deadline_ms)) is not None:
            if isinstance(event, BrokerUp):
                return True
        return False

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
        """Wait for a command; what comes on the way is noted and judged."""
        deadline_ms = self._wire.now().steady_ms + patience * self._patience_ms
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

    def _noted(self, name: str, event: MessageReceived) -> payloads.Result | None:
        self._heard.commands.append((name, event.payload))
        read = commands.read(name, event.payload, retained=event.retained)
        if isinstance(read, commands.Refused):
            self._heard.bad.append(f"{name}: {read.code.value} {read.field}".strip())
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
