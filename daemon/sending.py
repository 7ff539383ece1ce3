"""Sending: which part goes next on a line, and what its outcome means.

Pure but for the store it is given. `SENDING` is committed before the command that makes the modem send is returned.
"""

from collections.abc import Callable, Iterable

import msgspec

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.daemon.events import Command, Note, ToModem
from kentongan.daemon.line import Line
from kentongan.queue import retry
from kentongan.queue.records import (
    DuePart,
    Moment,
    PartOutcome,
    PartRejected,
    PartSent,
    PartUncertain,
    PauseLine,
    Priority,
    RetryAfter,
    Verdict,
)
from kentongan.queue.store import Store

NEEDS_HELP = "modem_not_responding"  # the cause of a pause after which only a new start helps
HOUR_MS, DAY_MS = 3_600_000, 86_400_000
CAP_RECHECK_MS = 60_000  # how soon a line at its cap looks again
ALWAYS = frozenset({Priority.EMERGENCY, Priority.ACKNOWLEDGEMENT})  # allowed in quiet hours (decisions.md 7)
EVERYTHING = frozenset(Priority)


class Limits(msgspec.Struct, frozen=True):
    """Pace and caps of one line (decisions.md 7)."""

    pace_ms: int
    per_hour: int
    per_day: int
    per_number: int = 0  # messages a day to one recipient, 0 for any number of them


class Habits(msgspec.Struct, frozen=True):
    """What the office allows where something went wrong (decisions.md 4, 7)."""

    failover_ms: int = 0  # after which what waits for a line leaves on another one, 0 for never
    resend: bool = False  # a reply in doubt goes once more, at the risk of two SMS


HOLD = Habits()
RESEND_MS = 60_000  # until a reply in doubt goes again: the modem's late answer comes before that


class QuietHours(msgspec.Struct, frozen=True):
    """Minutes of the office's day between which only `ALWAYS` leaves; equal bounds mean never quiet."""

    from_min: int
    until_min: int
    minute_of_day: Callable[[int], int]  # Unix ms -> minute in the office's zone

    def quiet(self, moment: Moment) -> bool:
        """Tell whether it is quiet now; a clock nobody trusts silences nothing."""
        if self.from_min == self.until_min or not moment.synced:
            return False
        minute = self.minute_of_day(moment.wall_ms)
        if self.from_min < self.until_min:
            return self.from_min <= minute < self.until_min
        return minute >= self.from_min or minute < self.until_min


class Sending:
    """One part at a time per line."""

    def __init__(
        self,
        store: Store,
        limits: dict[str, Limits],
        hours: QuietHours,
        jitter: Callable[[], float],
        habits: Habits = HOLD,
    ) -> None:
        self._store = store
        self._limits = limits
        self._hours = hours
        self._jitter = jitter
        self._habits = habits
        self._idle_ms: dict[str, int] = {}  # steady moment since when a line cannot send
        self.stopped = False  # the process is to end

    def next(self, line: Line, moment: Moment) -> list[Command]:
        """Start the next part if the line may send now; otherwise note when to look again in `line.look_ms`."""
        if self.stopped:
            line.look_ms = NEVER_MS  # or the core would come round at once, for ever
        if self.stopped or line.sending is not None or not line.ready or moment.steady_ms < line.look_ms:
            return []
        if line.strange_sim:
            line.look_ms = NEVER_MS
            return []
        if moment.steady_ms < (until_ms := max(line.pace.paused_until_ms, line.sags_until_ms)):
            line.look_ms = until_ms
            return []
        allowed = ALWAYS if self._hours.quiet(moment) else EVERYTHING
        due = self._store.due_part(line.name, moment, allowed=allowed)
        if due is None:
            line.look_ms = self._look_again(line, moment)
            return []
        if due.sequence == 1 and (wait := self._held_back(line, moment)):
            line.look_ms = wait
            return []
        if due.sequence == 1 and (until_ms := self._number_full(line, due, moment)):
            self._store.rest(due.message.message_id, until_ms, moment)
            return [Note("recipient_rests", (("line", line.name), ("message", due.message.message_id)))]
        self._store.begin(due.part_id, moment)
        line.sending = due
        return [
            Note("part_sending", (("line", line.name), ("part", due.part_id), ("message", due.message.message_id))),
            ToModem(line.name, to_modem.SendPart(due.part_id, due.draft.tpdu_octets, due.draft.pdu_hex)),
        ]

    def _look_again(self, line: Line, moment: Moment) -> int:
        """Find when something may become due; a due message that is not allowed now waits a minute."""
        due = self._store.send_next_due(line.name)
        if due is None:
            return NEVER_MS
        return due if due > moment.steady_ms else moment.steady_ms + CAP_RECHECK_MS

    def _held_back(self, line: Line, moment: Moment) -> int:
        """Give the moment until which pace or caps hold a new message back, 0 when they do not."""
        limits = self._limits[line.name]
        if moment.steady_ms < line.pace.next_ms:
            return line.pace.next_ms
        for window_ms, most in ((HOUR_MS, limits.per_hour), (DAY_MS, limits.per_day)):
            if self._store.sends_since(line.name, moment.steady_ms - window_ms) >= most:
                return moment.steady_ms + CAP_RECHECK_MS
        return 0

    def _number_full(self, line: Line, due: DuePart, moment: Moment) -> int:
        """Give the moment from which the recipient may get another SMS, 0 for now."""
        most = self._limits[line.name].per_number
        recipient = due.message.recipient
        nth_ms = self._store.begun_to(line.name, recipient, moment.steady_ms - DAY_MS, nth=most) if most else 0
        return nth_ms + DAY_MS if nth_ms else 0

    # -- other lines ---------------------------------------------------------------------------------------------------

    def round(self, lines: Iterable[Line], moment: Moment) -> list[Command]:
        """Let what waits for a line that cannot send for too long leave on one that can; broadcasts wait."""
        lines = list(lines)
        if not self._habits.failover_ms:
            return []
        able = [line for line in lines if line.able]
        self._idle_ms = {line.name: self._idle_ms.get(line.name, moment.steady_ms) for line in lines if not line.able}
        commands: list[Command] = []
        for name, since_ms in self._idle_ms.items():
            if able and moment.steady_ms - since_ms >= self._habits.failover_ms:
                moved = self._store.move(name, able[0].name, moment)
                able[0].look_ms = 0
                facts = (("line", name), ("to", able[0].name), ("messages", moved))
                commands += [Note("line_replaced", facts)] if moved else []
        return commands

    # -- outcomes ------------------------------------------------------------------------------------------------------

    def ended(self, line: Line, event: at.SendEnded, moment: Moment) -> list[Command]:
        """Commit the outcome of the part on its way."""
        due = line.sending
        if due is None or due.part_id != event.job:
            return [Note("send_ended_unasked", (("line", line.name), ("part", event.job)))]
        outcome = _outcome(event.outcome)
        verdict = self._verdict(line, due, outcome)
        message = self._store.finish(due.part_id, outcome, verdict, moment)
        line.sending = None
        line.look_ms = 0
        pace_ms = self._limits[line.name].pace_ms
        help_wanted: list[Command] = []
        if isinstance(verdict, PauseLine):
            line.pace.pause(moment, verdict.delay_ms, verdict.cause)
            if verdict.cause == NEEDS_HELP:
                help_wanted.append(ToModem(line.name, to_modem.Recover(repr(event.outcome))))
        elif isinstance(outcome, PartSent):
            line.pace.sent(moment, pace_ms)
        else:
            line.pace.next_ms = moment.steady_ms + pace_ms
        facts = (("line", line.name), ("part", due.part_id), ("outcome", repr(event.outcome)), ("state", message.state))
        return [Note("part_ended", facts), *help_wanted]

    def _verdict(self, line: Line, due: DuePart, outcome: PartOutcome) -> Verdict | None:
        """Ask the retry tables what a refusal means, and the office what a doubt does."""
        if isinstance(outcome, PartUncertain):
            once = self._habits.resend and bool(due.message.command_id) and not due.message.attempts
            return RetryAfter(RESEND_MS) if once else None
        if not isinstance(outcome, PartRejected):
            return None
        dialect, attempt = line.status().dialect, due.message.attempts
        # a code that may mean the card or the number means the card once it has met several numbers (modem.md 7.1)
        numbers = self._store.refused_numbers(line.name, due.message.recipient)
        return retry.decide(dialect, outcome.family, outcome.code, attempt, self._jitter(), numbers=numbers)

    def traced(self, line: Line, event: at.SendTraced, moment: Moment) -> list[Command]:
        """Tell what the references say of a part in doubt; one that provably never left is sent again."""
        again = None
        if event.proven and not event.attempted:
            again = self._store.never_left(event.job, moment)
            line.look_ms = 0
        facts = (("line", line.name), ("part", event.job), ("attempted", event.attempted), ("again", again is not None))
        return [Note("uncertain_traced", facts)]

    def late(self, line: Line, event: at.LateSubmit, moment: Moment) -> list[Command]:
        """Commit the evidence that an uncertain part was sent after all."""
        message = self._store.submitted_late(event.job, event.reference, moment)
        facts = (("line", line.name), ("part", event.job), ("resolved", message is not None))
        return [Note("late_submit", facts)]


NEVER_MS = 1 << 62


def _outcome(outcome: at.SendOutcome) -> PartOutcome:
    """Translate the modem island's outcome into the store's."""
    match outcome:
        case at.Sent(reference):
            return PartSent(reference)
        case at.Rejected(family, code):
            return PartRejected(str(family), code)
        case at.Uncertain(why):
            return PartUncertain(why)
