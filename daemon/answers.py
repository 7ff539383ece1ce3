"""The texts the gateway itself sends to citizens, and when it may.

Every text is one GSM-7 segment of the basic table with its longest values, holds no run of more than three digits and
none of the words that Indonesian operators filter (domain.md 0.2, 3.1); `lint` proves it at start.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from kentongan.at import pdu
from kentongan.daemon.drafts import drafts
from kentongan.daemon.errors import ConfigError
from kentongan.queue.records import Encoding, OutboundDraft, Priority, Thread, Ticket
from kentongan.queue.store import Answered

LONGEST_TICKET = "LU2-041-937-1"
ANYBODY = "+6281234567890"
DIGIT_RUN = re.compile(r"\d{4,}")
# Words for which a text from an ordinary number was seen to vanish (domain.md 0.2).
RISK_WORDS = re.compile(
    r"\b(?:kode|verifikasi|otp|pin|akun|username|password|token|dana|selamat|nomor|juta|hadiah|menang|transfer|"
    r"rekening|klik)\b|https?|www",
    re.IGNORECASE,
)
VALIDITY_MIN = 1_440
LIFETIME_MS = 3_600_000  # an acknowledgement an hour late only confuses
PER_HOUR, PER_DAY = 1, 3  # acknowledgements to one sender (domain.md 3.1)


class Template(StrEnum):
    """The automatic texts; `{t}` is the ticket number, `{c}` the office's signature."""

    ACK = (
        "Laporan Anda sudah kami terima. Tiket: {t}. Kami teruskan ke dinas terkait. "
        "Balas SMS ini utk menambah lokasi/keterangan. {c}"
    )
    DEGRADED = (
        "Laporan Anda aman tersimpan, tiket {t}. Sistem pusat sedang gangguan, kami teruskan setelah pulih. "
        "Tak perlu kirim ulang. {c}"
    )
    APPEND = "Tambahan keterangan sudah masuk ke tiket {t}. Tidak perlu kirim ulang. {c}"
    NO_NEWS = (
        "Baik, HP ini tidak akan dikirimi info lagi, kecuali tanggapan atas aduan Anda. "
        "Ketik MULAI utk menerima lagi. {c}"
    )
    NO_SMS = (
        "Baik, HP ini tidak akan dikirimi SMS apa pun lagi. Aduan Anda tetap kami proses. "
        "Ketik MULAI utk menerima lagi. {c}"
    )
    NEWS = "HP ini akan menerima info layanan lagi. Ketik BERHENTI kapan saja utk berhenti. {c}"


@dataclass(frozen=True, slots=True)
class Answers:
    """The office's choices: whether citizens get an acknowledgement, and how the office signs."""

    acknowledge: bool
    signature: str

    def text(self, template: Template, number: str) -> str:
        """Fill a template."""
        return template.format(t=number, c=self.signature).strip()

    def message(self, template: Template, line: str, to: str) -> OutboundDraft:
        """Make the message that carries a text about no ticket."""
        return _message(self.text(template, ""), line, to, "")

    def to(self, ticket: Ticket, *, last_hour: int, last_day: int, degraded: bool = False) -> str:
        """Give the acknowledgement due to a freshly opened ticket, or nothing.

        A thread's first SMS is always answered within the daily cap; a follow-up at most once an hour. It promises no
        forwarding while the county cannot be reached (`degraded`).
        """
        if not self.acknowledge or not ticket.sender.replyable or last_day >= PER_DAY:
            return ""
        if ticket.thread is Thread.NEW:
            return self.text(Template.DEGRADED if degraded else Template.ACK, ticket.number)
        return self.text(Template.APPEND, ticket.number) if last_hour < PER_HOUR else ""


_SPOKEN = re.compile(
    "|".join(
        re.escape(template.value).replace(r"\{t\}", r"[A-Z]{2}\d-\d{3}-\d{3}-\d").replace(r"\{c\}", ".*")
        for template in Template
    ),
    re.DOTALL,
)


def is_an_answer(text: str) -> bool:
    """Tell whether a gateway like this one wrote the text: two of them must not talk to each other (domain.md 0.7)."""
    return _SPOKEN.fullmatch(text) is not None


def faults_of(text: str) -> list[str]:
    """Name what would keep an automatic text from arriving; empty when nothing would."""
    found = []
    segmented = pdu.segment(text, ANYBODY, reference=0, report=False, validity_min=1440)
    if segmented.encoding != Encoding.GSM7 or segmented.changes:
        found.append("has a character outside the GSM 7-bit alphabet")
    elif len(segmented.parts) > 1:
        found.append("does not fit into one SMS")
    if run := DIGIT_RUN.search(text):
        found.append(f"has the digit run {run.group()!r}, which operators filter")
    if word := RISK_WORDS.search(text):
        found.append(f"has the word {word.group()!r}, which operators filter")
    return found


def lint(answers: Answers) -> None:
    """Check every text with its longest ticket number; raises `ConfigError` that names the signature."""
    for template in Template:
        for fault in faults_of(answers.text(template, LONGEST_TICKET)):
            why = f"with this signature the text {template.name} {fault}"
            raise ConfigError("answers.signature", why, "write a shorter, plain signature")


class Acknowledger:
    """Turns an answer's text into the message that carries it."""

    def __init__(self, answers: Answers, degraded: Callable[[], bool] = lambda: False) -> None:
        self._answers = answers
        self._degraded = degraded

    def __call__(self, ticket: Ticket, answered: Answered) -> OutboundDraft | None:
        """Give the acknowledgement due to a freshly opened ticket, encoded; `None` when none is due."""
        text = self._answers.to(
            ticket, last_hour=answered.last_hour, last_day=answered.last_day, degraded=self._degraded()
        )
        if not text:
            return None
        return _message(text, ticket.line, ticket.sender.number, ticket.ticket_id)


def _message(text: str, line: str, to: str, ticket_id: str) -> OutboundDraft:
    segmented = pdu.segment(text, to, reference=0, report=False, validity_min=VALIDITY_MIN, max_parts=1)
    return OutboundDraft(
        line,
        to,
        text,
        Encoding(segmented.encoding),
        drafts(segmented),
        Priority.ACKNOWLEDGEMENT,
        ticket_id=ticket_id,
        lifetime_ms=LIFETIME_MS,
    )
