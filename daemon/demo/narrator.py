"""Turn what was observed into lines for a person: Indonesian, and each kind of line explained once in English. Pure."""

from dataclasses import dataclass, field
from enum import Enum
from typing import Any, assert_never

import msgspec

from kentongan.daemon.demo.observations import (
    BrokerSeen,
    Key,
    LampsSeen,
    Observation,
    ProcessEnded,
    Seen,
    SmsOut,
    StatusSeen,
)

MAX_TEXT = 160  # characters of a text on the screen; the whole of it is in the ticket

Document = dict[str, Any]  # a message of the contract as JSON, read here as any consumer would read it


class Tone(Enum):
    """How a line is shown."""

    PLAIN = "plain"
    GOOD = "good"
    BAD = "bad"
    QUIET = "quiet"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the story: who it is about, what happened, and in English what it means (once)."""

    who: str
    text: str
    gloss: str = ""
    tone: Tone = Tone.PLAIN


# What each kind of line means, told when it is seen for the first time.
GLOSSES = {
    "ticket": "the SMS is stored and published as a numbered ticket, offered until the county acknowledges it",
    "ticket_ack": "the county's own system has it in its database: only now is the ticket out of the gateway's hands",
    "reply": "the county asks for an SMS; it names the ticket, not the phone number",
    "response": "the gateway has stored the order (or says why not); the same order twice sends one SMS",
    "reply_event": "how far the reply has come; 'final' ends it",
    "sms_out": "an SMS leaves through the modem",
    "connection": "retained: whoever looks sees at once whether the gateway is there",
    "alarm": "the one warning of the procedure: everybody learns it, with its cause",
    "lamps": "the four lamps on the box: the red one flashes the number of the fault",
    "broker": "seen by an observing client of the demo's own",
    "presence": "the county's system says that it is there",
}


def shortened(text: str) -> str:
    """Show a text on one line."""
    flat = " / ".join(text.splitlines())
    return f"“{flat if len(flat) <= MAX_TEXT else flat[: MAX_TEXT - 1] + '…'}”"


@dataclass(slots=True)
class Narrator:
    """Remembers what was already explained."""

    numbers: dict[str, str] = field(default_factory=dict)  # ticket id -> ticket number
    _explained: set[str] = field(default_factory=set)
    _last: dict[str, Line] = field(default_factory=dict)

    def tell(self, seen: Observation) -> list[Line]:
        """Word one observation; most status traffic is not worth a line."""
        match seen:
            case SmsOut():
                part = f" ({seen.part}/{seen.total})" if seen.total > 1 else ""
                return [self._line("sms_out", Line("SMS KELUAR", f"ke {seen.number}{part}: {shortened(seen.text)}"))]
            case Seen():
                return self._message(seen)
            case LampsSeen():
                return self._lamps(seen)
            case ProcessEnded():
                why = f"{seen.name} berhenti sendiri, kode {seen.code}. {seen.last_words}".strip()
                return [Line("PROSES", why, "a process of the demo ended by itself", Tone.BAD)]
            case BrokerSeen():
                words = "broker menjawab" if seen.up else "broker tidak menjawab"
                return self._once("broker", Line("BROKER", words, tone=Tone.QUIET))
            case StatusSeen() | Key():
                return []
            case _:
                assert_never(seen)

    def _message(self, seen: Seen) -> list[Line]:
        if not seen.payload:
            return []
        document: Document = msgspec.json.decode(seen.payload)
        kind, _, name = seen.name.partition("/")
        if kind == "event":
            return self._event(name, document)
        if kind == "command":
            return self._command(name, document)
        if name.startswith("alarm/"):
            return self._alarm(document)
        if name == "connection":
            return self._once("connection", Line("STATUS", f"gateway {document['state']}", tone=_state(document)))
        if name == "presence":
            return self._once("presence", Line("KABUPATEN", f"sistem kabupaten {document['state']}", tone=Tone.QUIET))
        return []

    def _event(self, name: str, document: Document) -> list[Line]:
        match name:
            case "ticket":
                number = str(document.get("ticket_number") or document["ticket_id"])
                self.numbers[document["ticket_id"]] = number
                again = f" (tawaran ke-{document['attempt']})" if document["attempt"] > 1 else ""
                more = " tambahan" if document.get("thread") == "follow_up" else ""
                text = f"event/ticket {number}{more}{again}: {shortened(document['text'])}"
                return [self._line("ticket", Line("TIKET", text, tone=Tone.GOOD))]
            case "response":
                error = document.get("error", {})
                what = f"event/response {document['command']}: {document['status']}"
                tone = Tone.BAD if error else Tone.PLAIN
                return [self._line("response", Line("JAWABAN", f"{what} {error.get('code', '')}".strip(), tone=tone))]
            case "reply":
                final = ", selesai" if document["final"] else ""
                what = f"event/reply {self._number(document)}: {document['status']}{final}"
                return [self._line("reply_event", Line("BALASAN", what, tone=Tone.QUIET))]
            case _:
                return []

    def _command(self, name: str, document: Document) -> list[Line]:
        match name:
            case "ticket_ack":
                what = f"command/ticket_ack {self._number(document)}: {document['status']}"
                what += f", nomor kabupaten {document['backend_ticket']}" if "backend_ticket" in document else ""
                return [self._line("ticket_ack", Line("KABUPATEN", what, tone=Tone.GOOD))]
            case "reply":
                what = f"command/reply {self._number(document)}: {shortened(document['text'])}"
                return [self._line("reply", Line("KABUPATEN", what))]
            case _:
                return [Line("KABUPATEN", f"command/{name}")]

    def _alarm(self, document: Document) -> list[Line]:
        active = document["state"] == "active"
        cause = f" ({document['cause']})" if "cause" in document else ""
        text = f"{document['text']['id']}{cause}" if active else f"pulih: {document['text']['id']}{cause}"
        line = Line("ALARM", text, tone=Tone.BAD if active else Tone.GOOD)
        return self._once(f"alarm/{document['code']}", line, gloss="alarm")

    def _lamps(self, seen: LampsSeen) -> list[Line]:
        if not seen.codes:
            words = f"tidak ada gangguan; LISTRIK {seen.words[0]}" if seen.words else "tidak ada gangguan"
            return self._once("lamps", Line("LAMPU", words, tone=Tone.GOOD))
        told = ", ".join(f"kode {code}" for code in seen.codes)
        return self._once("lamps", Line("LAMPU", f"merah {told}: {', '.join(seen.titles)}", tone=Tone.BAD))

    def _number(self, document: Document) -> str:
        ticket_id = str(document.get("ticket_id", ""))
        return self.numbers.get(ticket_id) or ticket_id or str(document.get("command_id", ""))

    def _once(self, key: str, line: Line, gloss: str = "") -> list[Line]:
        """Tell a state when it is another one; it is refreshed for ever."""
        if self._last.get(key) == line:
            return []
        self._last[key] = line
        return [self._line(gloss or key, line)]

    def _line(self, kind: str, line: Line) -> Line:
        if kind in self._explained:
            return line
        self._explained.add(kind)
        return Line(line.who, line.text, GLOSSES[kind], line.tone)


def _state(document: Document) -> Tone:
    return Tone.GOOD if document["state"] == "online" else Tone.BAD
