# ruff: noqa: INP001 - a script's own room
"""What the steps hold on to: the gateway's answers, the person in front of it, the clock, and what was written down."""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.status import Status

LOOK_S = 0.25
Row = dict[str, object]


class Missed(Exception):
    """What had to be seen was not seen; the text is for the sheet."""


class Later(Exception):
    """The step goes on when the script is started again; the text says what to do meanwhile."""


class Person(Protocol):
    """The technician."""

    def do(self, text: str) -> None:
        """Ask for an act; returns when it is done."""

    def answer(self, text: str) -> str:
        """Ask a question."""


@dataclass(slots=True)
class Bench:
    """A gateway on the table."""

    person: Person
    directory: Path  # of the control socket
    state: Path  # the gateway's state directory
    card: Path  # where HASIL.txt is
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

    def rows(self, what: str) -> list[Row]:
        """Return the newest tickets or outgoing SMS."""
        found = self.ask(request=what, limit=200)
        return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []

    def codes(self) -> set[int]:
        """Return the codes that the red lamp shows."""
        found = self.status()
        return {fault.code for fault in found.faults} if found else set()

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
        if not self.person.answer(f"{question} (y/t)").lower().startswith("y"):
            raise Missed(f"jawaban tidak: {question}")

    def flashes(self, code: int) -> None:
        """Let the person count what the red lamp does."""
        said = self.person.answer("Hitung kedipan lampu GANGGUAN. Berapa kali?").strip()
        if said != str(code):
            raise Missed(f"lampu GANGGUAN berkedip {said} kali, seharusnya {code}")

    def word(self) -> str:
        """Give a text that was not used before."""
        self._words += 1
        return f"uji {os.urandom(2).hex()} {self._words}"

    def arrived(self, text: str) -> list[Row]:
        """Find the tickets with a text."""
        return [row for row in self.rows("tickets") if str(row.get("text", "")).strip().lower() == text]

    def highest(self) -> int:
        """Return the counter of the last ticket number."""
        found = self.status()
        return found.store.counter if found else 0
