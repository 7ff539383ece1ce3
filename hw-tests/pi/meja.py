# ruff: noqa: INP001 - a script's own room
"""What the steps hold on to: the gateway's answers, the person in front of it, the clock, and what was written down."""

import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.status import Status

LOOK_S = 0.25
BLOCK = 4096  # of the file system
ANSWER_S = 120.0  # a gateway that was just started reads its store first
ASKS = 5  # an answer that cannot be read is asked for again
NOUGHT = re.compile(r"\b(padam|mati|tidak (ada|berkedip|menyala))\b")
COUNTS = 2  # whoever counted wrongly may count once more
YES = frozenset({"y", "ya", "iya", "yes", "sudah", "betul", "benar"})
NO = frozenset({"t", "tidak", "tdk", "tak", "belum", "bukan", "n", "no"})
DIGITS = ("nol", "satu", "dua", "tiga", "empat", "lima", "enam", "tujuh", "delapan", "sembilan")
FILLER = "uji-penuh"  # what fills the data partition, beside the store
Row = dict[str, object]


class Missed(Exception):
    """What had to be seen was not seen; the text is for the sheet."""


class Later(Exception):
    """The step goes on when the script is started again; the text says what to do meanwhile."""


class Passed(Exception):
    """The technician passes a step over; the text is the reason."""


class Person(Protocol):
    """The technician."""

    def do(self, text: str) -> None:
        """Ask for an act; returns when it is done. Raises `Passed`."""

    def answer(self, text: str) -> str:
        """Ask a question. Raises `Passed`."""

    def later(self, text: str) -> None:
        """Say what is to be done before the script is started again."""


@dataclass(slots=True)
class Bench:
    """A gateway on the table."""

    person: Person
    directory: Path  # of the control socket
    state: Path  # the gateway's state directory
    card: Path  # where HASIL.txt is
    kernel: Path = Path("/proc")
    memo: dict[str, str] = field(default_factory=dict)  # what a step has to know after a restart
    clock: SystemClock = field(default_factory=SystemClock)
    _words: int = 0
    _pause: threading.Event = field(default_factory=threading.Event)

    def ask(self, **request: object) -> object:
        """Ask the gateway; nothing when it does not answer."""
        try:
            answer = call(self.directory, request)
        except ControlUnavailable:
            return None
        return None if isinstance(answer, Refusal) else answer

    def status(self) -> Status | None:
        """Return how the gateway is."""
        found = self.ask(request="status")
        return msgspec.convert(found, Status) if found is not None else None

    def present(self) -> Status:
        """Return how the gateway is, after a start perhaps not at once; raises `Missed`."""
        found: list[Status] = []
        self.wait("program menjawab", lambda: found.extend(filter(None, [self.status()])) or found, ANSWER_S)
        return found[0]

    def rows(self, what: str) -> list[Row]:
        """Return the newest tickets or outgoing SMS."""
        found = self.ask(request=what, limit=200)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def codes(self) -> set[int]:
        """Return the codes that the red lamp shows."""
        found = self.status()
        return {fault.code for fault in found.faults if fault.code} if found else set()

    def wait(self, what: str, look: Callable[[], object], within_s: float) -> float:
        """Look until it is so; gives the seconds."""
        began = self.clock.monotonic()
        while not look():
            if self.clock.monotonic() - began > within_s:
                raise Missed(f"{what}: tidak dalam {within_s:.0f} detik")
            self._pause.wait(LOOK_S)
        return self.clock.monotonic() - began

    def yes(self, question: str) -> None:
        """Ask what only a person sees; raises `Missed` for no."""
        for _ in range(ASKS):
            words = re.findall(r"\w+", self.person.answer(f"{question} (y = ya, t = tidak)").lower())
            if words and words[0] in NO:
                raise Missed(f"jawaban tidak: {question}")
            if words and words[0] in YES:
                return
            question = question.removeprefix("Jawab y atau t. ")
            question = f"Jawab y atau t. {question}"
        raise Missed(f"tidak terjawab: {question}")

    def flashes(self, code: int) -> None:
        """Let the person count what the red lamp does; others that stand as well may take turns with it."""
        question = "Hitung kedipan lampu GANGGUAN dari jeda ke jeda. Berapa kali? Bila bergantian, tulis keduanya."
        for _ in range(COUNTS):
            found = self._count(question)
            standing = self.codes()
            if (code in found and found <= {code} | standing) or code not in standing:  # over before it was counted
                return
            question = f"Tadi Anda menghitung {_listed(found)}. Hitung sekali lagi, tiga putaran. Berapa kali?"
        raise Missed(f"lampu GANGGUAN berkedip {_listed(found)} kali, seharusnya {code}")

    def counted(self, code: int, question: str) -> None:
        """Ask for what was counted before; raises `Missed` when it was something else."""
        found = self._count(question)
        if code not in found:
            raise Missed(f"lampu GANGGUAN berkedip {_listed(found)} kali, seharusnya {code}")

    def _count(self, question: str) -> set[int]:
        for _ in range(ASKS):
            if counted := numbers(self.person.answer(question)):
                return counted
            question = "Tulis angkanya saja. Berapa kali?"
        raise Missed("kedipan lampu tidak terhitung")

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no room beside the store for anybody but root."""
        filler = self.state / FILLER
        handle = os.open(filler, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            self._fill(handle)
            yield
        finally:
            os.close(handle)
            filler.unlink()

    def _fill(self, handle: int) -> None:
        """Take all that is left; the gateway writes meanwhile, and a piece that does not fit is halved."""
        filled, piece = 0, self._room()
        while piece >= BLOCK:
            with suppress(OSError):
                os.posix_fallocate(handle, filled, piece)
                filled += piece
            piece = min(piece // 2, self._room())

    def _room(self) -> int:
        found = os.statvfs(self.state)
        return found.f_bavail * found.f_frsize

    def tidy(self) -> None:
        """Take away what a script that was cut off had left."""
        (self.state / FILLER).unlink(missing_ok=True)

    def word(self) -> str:
        """Give a text that was not used before."""
        self._words += 1
        return f"uji {os.urandom(2).hex()} {self._words}"

    def arrived(self, text: str) -> list[Row]:
        """Find the tickets with a text, however the phone has written it."""
        return [row for row in self.rows("tickets") if " ".join(str(row.get("text", "")).lower().split()) == text]

    def highest(self) -> int:
        """Return the counter of the last ticket number."""
        found = self.status()
        return found.store.counter if found else 0


def numbers(answer: str) -> set[int]:
    """Read the numbers of an answer, in digits or in words; a dark lamp is nought."""
    answer = NOUGHT.sub("nol", answer.lower())
    words = re.findall(r"[0-9]+|[a-z]+", answer)
    return {int(word) for word in words if word.isdecimal()} | {DIGITS.index(word) for word in words if word in DIGITS}


def _listed(counted: set[int]) -> str:
    return " dan ".join(map(str, sorted(counted)))
