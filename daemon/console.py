"""The technician's console: a typed line in, a step out; the same over a serial cable and on a terminal. Pure.

Hostile input is the rule: a line is short, printable and never echoed. Without the service word everything is read
only; no shell, no file and no program can be reached from here. Every line leaves a note for the record.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec

from kentongan.daemon import faults
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.control import Refusal
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.logs import mask
from kentongan.daemon.printouts import fit
from kentongan.daemon.status import Status

MAX_LINE = 120  # characters; the longest command is a test SMS of twenty
IDLE_S = 900.0  # after so long the service word must be said again
TRIES, LOCK_S = 5, 60.0  # wrong words, and how long none is taken then
SECRET = frozenset({"buka", "unlock"})  # commands whose words are not noted
# Codes of the control socket; one that is not here is shown in the gateway's own words.
REFUSALS: Mapping[str, str] = {
    "unknown_ticket": "tidak ada laporan dengan nomor itu",
    "unknown_line": "tidak ada jalur dengan nama itu",
    "sim_unknown": "kartu SIM tidak terbaca",
    "number_not_allowed": "bukan nomor telepon yang bisa dikirimi SMS",
    "text_not_sendable": "teks ini tidak bisa dikirim",
    "storage_unavailable": "penyimpanan tidak bisa dipakai",
    "busy": "terlalu banyak yang bertanya sekaligus, coba lagi",
}

# -- steps ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Print lines, then go on with the next step, if there is one."""

    lines: tuple[str, ...]
    next: "Step | None" = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the gateway; `then` takes its result, a `Refusal`, or why there is no answer."""

    request: Mapping[str, object]
    then: "Callable[[object], Step]"


@dataclass(frozen=True, slots=True)
class LampTest:
    """Let the watcher light all lamps for a second."""


@dataclass(frozen=True, slots=True)
class Bye:
    """End the session."""


Step = Say | Ask | LampTest | Bye


@dataclass(frozen=True, slots=True)
class Box:
    """What the console knows of its gateway; without a service word nothing can be changed."""

    prefix: str
    office: str
    broker: str
    zone: OfficeZone
    word: str = ""
    text_faults: tuple[str, ...] = ()  # what the automatic texts would not arrive for


@dataclass(frozen=True, slots=True)
class Order:
    """A command: its names, its help, what it does, whether it changes anything or costs money."""

    names: tuple[str, ...]
    help: str
    do: "Callable[[Session, list[str]], Step]"
    changes: bool = False


class Session:
    """One technician at one cable."""

    def __init__(self, box: Box, orders: Iterable[Order]) -> None:
        self._box = box
        self._orders = {name: order for order in orders for name in order.names}
        self._open_until_s = 0.0
        self._wrong = 0
        self._shut_until_s = 0.0
        self._pending: Step | None = None
        self._now_s = 0.0
        self.noted = ""  # the last line for the record, without anything personal

    def greeting(self) -> Say:
        """Say where one is."""
        return Say(
            fit([f"Kentongan GW-{self._box.prefix}  {self._box.office}", "Ketik  bantuan  untuk daftar perintah."])
        )

    def take(self, line: bytes, now_s: float) -> Step:
        """Take one line."""
        self._now_s = now_s
        words = _words(line)
        if words is None:
            self.noted = "baris tidak terbaca"
            return Say(("Baris terlalu panjang atau berisi karakter aneh. Ketik  bantuan",))
        if self._pending is not None:
            return self._confirm(words)
        if not words:
            self.noted = ""
            return Say(())
        return self._order(words)

    def _confirm(self, words: list[str]) -> Step:
        step, self._pending = self._pending, None
        agreed = [word.lower() for word in words] in (["y"], ["ya"], ["yes"])
        self.noted = "ya" if agreed else "tidak"
        return step if agreed and step is not None else Say(("dibatalkan",))

    def _order(self, words: list[str]) -> Step:
        for count in (2, 1):
            name = " ".join(words[:count]).lower()
            order = self._orders.get(name) if len(words) >= count else None
            if order is not None:
                self.noted = mask(" ".join([name, *(words[count:] if name not in SECRET else ["..."])]))[:80]
                if order.changes and not self._open:
                    return Say(("Perlu kata servis (tertulis di dalam kotak). Ketik  buka KATA",))
                return order.do(self, words[count:])
        self.noted = f"perintah tidak dikenal ({len(words)} kata)"
        return Say(fit([self._unknown(" ".join(words[:2]).lower())]))

    def _unknown(self, words: str) -> str:
        from difflib import get_close_matches  # noqa: PLC0415 - only a wrong command pays for it

        first, *_ = words.split()
        close = get_close_matches(words, self._orders, n=1) or get_close_matches(first, self._orders, n=1)
        hint = f" Maksudnya  {self._orders[close[0]].names[0]} ?" if close else ""
        return f"Perintah tidak dikenal.{hint} Ketik  bantuan"

    # -- the service word ----------------------------------------------------------------------------------------------

    @property
    def _open(self) -> bool:
        return self._now_s < self._open_until_s

    def unlock(self, words: list[str]) -> Step:
        """Take the service word."""
        if not self._box.word:
            return Say(("Kata servis belum diatur di alat ini ([console] word_file).",))
        if self._now_s < self._shut_until_s:
            return Say(("Terlalu banyak salah. Tunggu satu menit.",))
        if len(words) == 1 and hmac.compare_digest(words[0].upper().encode(), self._box.word.upper().encode()):
            self._wrong = 0
            self._open_until_s = self._now_s + IDLE_S
            self.noted = "buka: benar"
            return Say(("Terbuka selama 15 menit. Ketik  kunci  bila selesai.",))
        self._wrong += 1
        self.noted = "buka: salah"
        if self._wrong >= TRIES:
            self._wrong, self._shut_until_s = 0, self._now_s + LOCK_S
        return Say(("Kata salah.",))

    def lock(self, _words: list[str]) -> Step:
        """Be read-only again."""
        self._open_until_s = 0.0
        return Say(("Terkunci.",))

    def asks_first(self, question: str, step: Step) -> Step:
        """Do something only after a yes."""
        self._pending = step
        return Say((f"{question} Lanjut? (y/t)",))

    # -- asking --------------------------------------------------------------------------------------------------------

    def status(self, view: Callable[[Status], list[str]]) -> Step:
        """Ask for the status and show it."""
        return Ask({"request": "status"}, lambda answer: _with_status(answer, lambda found: Say(fit(view(found)))))

    def status_then(self, then: Callable[[Status], Step]) -> Step:
        """Ask for the status and go on with it."""
        return Ask({"request": "status"}, lambda answer: _with_status(answer, then))

    def ask(self, request: Mapping[str, object], view: Callable[[object], list[str]]) -> Step:
        """Ask for something and show it."""
        return Ask(request, lambda answer: refused(answer) or Say(fit(view(answer))))

    @property
    def box(self) -> Box:
        """What is known without asking."""
        return self._box


def _words(line: bytes) -> list[str] | None:
    """Split a line into words; nothing for a line that no person has typed."""
    text = line.decode("ascii", "replace").strip("\r\n")
    if len(text) > MAX_LINE or not text.replace("\t", " ").isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        return None
    return text.split()


def _with_status(answer: object, then: Callable[[Status], Step]) -> Step:
    if said := refused(answer):
        return said
    try:
        return then(msgspec.convert(answer, Status))
    except msgspec.ValidationError:
        return Say(("Program gateway versi lain yang menjawab. Hidupkan ulang alat.",))


def refused(answer: object) -> Say | None:
    """Say why there is no result; a gateway that does not answer is fault 1."""
    match answer:
        case ControlUnavailable():
            row = faults.TABLE["daemon_stopped"]
            steps = [f"  {n}) {step}" for n, step in enumerate(row.todo, 1)]
            return Say(fit([faults.NOT_RUNNING_ID.upper(), f"KODE {row.code}  {row.title}: tidak menjawab", *steps]))
        case Refusal(code, message):
            return Say(fit([f"ditolak: {REFUSALS.get(code, message)} ({code})"]))
    return None
