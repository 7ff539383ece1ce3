"""Run the examination on an open port: a small driver that blocks, and the certificate it prints.

Refuses to run beside the gateway: two programs on one port destroy each other's answers.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from textwrap import wrap
from typing import Protocol, TypeVar

from kentongan.at.blackbox import BlackBox
from kentongan.at.chat import Answered, Chat
from kentongan.at.dialogue import Procedure, Synchronise
from kentongan.at.exam import Basis, Check, Finding, Ground, Mark, prepare
from kentongan.at.exam_table import CHECKS, Grade, Verdict, judge
from kentongan.at.procedures_init import find_step
from kentongan.at.runner import Runner
from kentongan.at.unasked import RestartSeen, Urc

T = TypeVar("T")
WIDTH = 80  # a serial console's
LONGEST_WAIT_S = 5.0
SEARCH = Synchronise(attempts=10, interval_s=0.3)
HINT = "modem tidak menjawab: periksa daya, kabel, kecepatan (--baud), dan apakah ada program lain di port ini"


class Port(Protocol):
    """What the examination needs of a port; `at.port.SerialPort` is one."""

    def read(self, timeout_s: float) -> bytes: ...  # noqa: D102 - the class says it

    def write(self, data: bytes) -> None: ...  # noqa: D102


class Examiner:
    """One dialogue with one modem."""

    def __init__(self, port: Port, monotonic: Callable[[], float]) -> None:
        self._port = port
        self._monotonic = monotonic
        self._chat = Chat(BlackBox())
        self._runner = Runner(self._chat)
        self.heard: list[Urc] = []

    def run(self, procedure: Procedure[T]) -> T | None:
        """Run a dialogue to its end; `None` when the modem restarted or stopped answering."""
        results: list[T] = []
        self._runner.begin(procedure, lambda result, _now: results.append(result), self._monotonic())
        while self._runner.busy:
            self._turn()
        return results[0] if results else None

    def _turn(self) -> None:
        if data := self._chat.bytes_to_send():
            self._port.write(data)
        chat = self._chat.next_deadline()
        due = min(math.inf if chat is None else chat, self._runner.next_deadline())
        data = self._port.read(min(LONGEST_WAIT_S, max(0.0, due - self._monotonic())))
        now = self._monotonic()
        for happening in [*self._chat.receive(data, now), *self._chat.tick(now)]:
            match happening:
                case Answered(response):
                    self._runner.answered(response)
                case Urc():
                    self.heard.append(happening)
                case RestartSeen(banner):
                    self._runner.give_up(f"the modem restarted: {banner}", now)
        self._runner.resume(now)


class Examination:
    """The course of one examination."""

    def __init__(self, examiner: Examiner, port: str, target: str, when: str = "") -> None:
        self._examiner = examiner
        self._when = when  # in words, for the paper
        self._port = port
        self._target = target

    def hold(self, dialect: str, number: str, code: str) -> Iterator[str]:
        """Examine the modem; gives the certificate line by line, the last one is the verdict."""
        basis = None
        if self._examiner.run(find_step(SEARCH)):
            basis = self._examiner.run(prepare(dialect))
        if basis is None:
            yield from paper_end(Verdict(Grade.UNDECIDED, (HINT,)))
            return
        ground = Ground(basis, self._port, self._target, number, code, self._examiner.heard)
        yield from _head(basis, self._port, self._when)
        findings = {}
        for check in CHECKS:
            findings[check.number] = found = self._ask(check, ground)
            yield from _row(f"{check.number:>2}  {found.mark:<11}  ", f"{check.title}: {found.text}")
        marks = Counter(found.mark for found in findings.values())
        yield ""
        yield from _row("jumlah   : ", ", ".join(f"{marks[mark]} {mark}" for mark in Mark))
        yield from paper_end(judge(basis, findings, ground))

    def _ask(self, check: Check, ground: Ground) -> Finding:
        if ground.basis.sim != "READY":
            return Finding(Mark.UNTESTED, "kartu SIM belum bisa dipakai")
        forbidden = (check.sends and not ground.number) or (check.number == USSD and not ground.code)
        if check.ask is None or forbidden:
            return Finding(Mark.UNTESTED, check.how)
        found = self._examiner.run(check.ask(ground))
        if found is None:
            self._examiner.run(find_step(SEARCH))
            return Finding(Mark.FAILED, "modem berhenti menjawab di tengah pertanyaan")
        if found.mark is Mark.UNTESTED and check.how and not check.sends:
            return Finding(found.mark, f"{found.text}; {check.how}")
        return found


USSD = 13


def _head(basis: Basis, port: str, when: str) -> Iterator[str]:
    who = basis.identified
    signal = "?" if basis.dbm is None else f"{basis.dbm} dBm"
    yield "SERTIFIKAT UJI MODEM KENTONGAN"
    if when:
        yield f"waktu    : {when}"
    yield from _row("modem    : ", f"{who.manufacturer} {who.model}, {who.revision}, IMEI {who.imei or '?'}")
    yield from _row("port     : ", f"{port}, dialek {basis.dialect.name}")
    network = f"{basis.operator or '?'}, CREG {basis.registration}, sinyal {signal}, kartu {basis.sim}"
    yield from _row("jaringan : ", network)
    yield ""


def paper_end(verdict: Verdict) -> Iterator[str]:
    """Write the verdict and its reasons."""
    yield ""
    for reason in verdict.reasons:
        yield from _row("alasan   : ", reason)
    yield f"PUTUSAN  : {verdict.grade.upper()}"


def _row(head: str, text: str) -> list[str]:
    """Lay a row out for a console; what does not fit goes on below its text."""
    return wrap(text, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_on_hyphens=False)
