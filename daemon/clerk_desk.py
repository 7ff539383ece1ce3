"""The clerk's desk: notices by SMS on a line that still sends, and answers to the few commands the clerk may give.

At most one notice per condition in six hours and one word when it is over, both kept over restarts: what was told is
written down before it is sent, so that a crash costs a notice and never doubles one.
"""

from collections.abc import Callable, Iterable

import msgspec

from kentongan.at.events import ModemState
from kentongan.daemon import faults
from kentongan.daemon.clerk import AskCredit, AskQueue, AskStatus, ClerkCommand, Silence, Words, read_command
from kentongan.daemon.events import Command, Note
from kentongan.daemon.own_sms import Post
from kentongan.daemon.status import FaultStatus, LineStatus, Status
from kentongan.queue.records import Moment
from kentongan.queue.store import Store

HOUR_MS = 3_600_000
STANDS_MS = 900_000  # a fault that goes by itself within a quarter of an hour is nobody's work
REST_MS = 6 * HOUR_MS  # between two notices of one condition (domain.md 3.2)
OVER_MS = 300_000  # so long it must be gone before it is called over
NOTICE_LIFE_MS = HOUR_MS  # an older notice would no longer be true
ANSWERS_A_DAY = 40  # to all clerks together: a forged sender may not empty the credit
NOTICES = (faults.STOPPED, faults.SERVER, faults.CREDIT, faults.VALIDITY)
SILENT_UNTIL = "clerk.silent_until"
TOLD, OVER = "told", "over"


class Clerks(msgspec.Struct, frozen=True):
    """Whom to tell, and when even a notice has to wait for the morning."""

    numbers: tuple[str, ...]
    quiet: Callable[[Moment], bool]


class ClerkDesk:
    """What is told to the clerk and answered to them."""

    def __init__(self, store: Store, post: Post, words: Words, clerks: Clerks) -> None:
        self._store = store
        self._post = post
        self._words = words
        self._clerks = clerks
        self._told: dict[str, tuple[str, int]] = {}  # notice -> its state, steady moment of the notice
        self._gone_ms: dict[str, int] = {}  # steady moment since when a told condition is gone
        self._answered: list[int] = []  # steady moments of the answers of the last day
        fact = store.incidents.noted(SILENT_UNTIL)
        self._silent_until_ms = int(fact.value) if fact is not None else 0

    def silent(self, at: Moment) -> bool:
        """Tell whether a clerk has switched the automatic answers off."""
        return at.steady_ms < self._silent_until_ms

    # -- notices -------------------------------------------------------------------------------------------------------

    def look(self, status: Status, at: Moment) -> list[Command]:
        """Tell what has to be told now, if there is a line to tell it on."""
        line = speaking(status.lines)
        if not self._clerks.numbers or line is None:
            return []
        return [command for notice in NOTICES for command in self._look_at(notice, line.name, status, at)]

    def _look_at(self, notice: str, line: str, status: Status, at: Moment) -> Iterable[Command]:
        standing = [fault for fault in status.faults if faults.of(fault.cause).clerk == notice]
        state, told_ms = self._told_before(notice)
        if standing:
            self._gone_ms.pop(notice, None)
            rested = not state or at.steady_ms - told_ms >= REST_MS
            if state != TOLD and rested and self._ripe(notice, standing, at):
                yield from self._tell(notice, TOLD, line, self._words.notice(notice, standing[0], status), at)
        elif state == TOLD:
            since_ms = self._gone_ms.setdefault(notice, at.steady_ms)
            if at.steady_ms - since_ms >= OVER_MS and not self._clerks.quiet(at):
                yield from self._tell(notice, OVER, line, self._words.over(notice, status), at)

    def _told_before(self, notice: str) -> tuple[str, int]:
        """Recall what was told last of a condition, and when."""
        if notice not in self._told:
            fact = self._store.incidents.noted(f"clerk.{notice}")
            state, _, told_ms = fact.value.partition(" ") if fact is not None else ("", "", "0")
            self._told[notice] = state, int(told_ms)
        return self._told[notice]

    def _ripe(self, notice: str, standing: list[FaultStatus], at: Moment) -> bool:
        stands = at.steady_ms - min(fault.since_steady_ms for fault in standing) >= STANDS_MS
        return stands and (notice == faults.STOPPED or not self._clerks.quiet(at))

    def _tell(self, notice: str, state: str, line: str, text: str, at: Moment) -> Iterable[Command]:
        """Write down that it was told, then send it; the rest counts from the notice, not from its end."""
        self._gone_ms.pop(notice, None)
        told_ms = self._told_before(notice)[1] if state == OVER else at.steady_ms
        self._store.incidents.note(f"clerk.{notice}", f"{state} {told_ms}", at)
        self._told[notice] = state, told_ms
        yield from self.tell(line, text, at)
        yield Note("clerk_told", (("notice", notice), ("state", state)))

    def tell(self, line: str, text: str, at: Moment) -> list[Command]:
        """Send a text to every clerk."""
        for number in self._clerks.numbers:
            self._post.send(line, number, text, at, NOTICE_LIFE_MS)
        return []

    # -- commands ------------------------------------------------------------------------------------------------------

    def asked(self, line: str, number: str, text: str, status: Status, at: Moment) -> list[Command]:
        """Answer a command of an allowed number, once."""
        command = read_command(text) if number in self._clerks.numbers else None
        if command is None:
            return []
        self._answered = [ms for ms in self._answered if at.steady_ms - ms < 24 * HOUR_MS]
        if len(self._answered) >= ANSWERS_A_DAY:
            return [Note("clerk_asked", (("line", line), ("answered", False)))]
        self._answered.append(at.steady_ms)
        self._post.send(line, number, self._answer(command, status, at), at)
        return [Note("clerk_asked", (("line", line), ("command", type(command).__name__)))]

    def _answer(self, command: ClerkCommand, status: Status, at: Moment) -> str:
        match command:
            case AskStatus():
                return self._words.state(status)
            case AskCredit():
                return self._words.credit(status)
            case AskQueue():
                return self._words.queue(status)
            case Silence(hours):
                self._silent_until_ms = at.steady_ms + hours * HOUR_MS
                self._store.incidents.note(SILENT_UNTIL, str(self._silent_until_ms), at)
                return self._words.silenced(hours, at.wall_ms + hours * HOUR_MS)


def speaking(lines: tuple[LineStatus, ...]) -> LineStatus | None:
    """Choose a line that can send, or nothing."""
    return next((line for line in lines if line.state == ModemState.READY and not line.paused), None)
