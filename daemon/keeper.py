"""The keeper of the box: everything that is done about its condition beside lamps and alarms.

Looks when the standing was looked at, and heeds what comes in that is no citizen's. A store that is away postpones it
all: whatever was due is due again.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from kentongan.at.events import UssdAnswered
from kentongan.daemon import faults
from kentongan.daemon.blackout import Blackout
from kentongan.daemon.canary import Canary
from kentongan.daemon.clerk import Words, read_command
from kentongan.daemon.clerk_desk import STANDS_MS, ClerkDesk
from kentongan.daemon.events import Command, Note
from kentongan.daemon.line import Line
from kentongan.daemon.nightwatch import NightWatch
from kentongan.daemon.purses import Purses
from kentongan.daemon.status import Status
from kentongan.daemon.wishes import REASONS, read_wish
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.records import InboundPart, Moment, OutboundDraft, Quarantined, TextPart, Ticket
from kentongan.queue.store import Answered

CLERK, GATEWAY, OWN, OPERATORS = "clerk", "gateway", "own", frozenset({"operator", "short_code"})


@dataclass(frozen=True, slots=True)
class Duties:
    """Who does what."""

    desk: ClerkDesk
    words: Words
    purses: Purses
    watches: Mapping[str, NightWatch]  # by line
    canary: Canary
    blackout: Blackout
    clerks: frozenset[str]

    @property
    def first_watch(self) -> NightWatch:
        """The first line's: the way of the automatic texts, and to the neighbours."""
        return next(iter(self.watches.values()))


class Keeper:
    """The duties together."""

    def __init__(self, lines: Mapping[str, Line], duties: Duties, status: Callable[[Moment], Status]) -> None:
        self._lines = lines
        self._duties = duties
        self._status = status
        self._now: Moment | None = None
        self._strangers = 0  # clerk's commands from other numbers, not told yet
        self._seen: Status | None = None

    @property
    def neighbours_silent(self) -> int:
        """Count the paired gateways that do not answer."""
        return self._duties.first_watch.neighbours_silent

    def look(self, status: Status, at: Moment) -> list[Command]:
        """Do what is due."""
        self._now, self._seen = at, status
        duties, commands = self._duties, list[Command]()
        if self._strangers:
            commands.append(Note("stranger_gave_clerks_command", (("count", self._strangers),)))
            self._strangers = 0
        try:
            for line in self._lines.values():
                if line.pace.cause:
                    duties.purses.refused(line, at)
                commands += duties.purses.look(line, at)
            for name, watch in duties.watches.items():
                commands += watch.look(self._lines[name], at)
            first = next(iter(self._lines.values()))
            commands += duties.canary.look(first, at, path_proven=duties.first_watch.proven)
            commands += duties.desk.look(status, at)
            commands += duties.blackout.look(status, duties.words, duties.desk, at)
        except StoreUnavailable:
            return commands
        return commands

    def degraded(self) -> bool:
        """Tell whether the county has not been reached for a quarter of an hour."""
        if self._seen is None:
            return False
        stands = [fault for fault in self._seen.faults if faults.of(fault.cause).clerk == faults.SERVER]
        return any(self._seen.steady_ms - fault.since_steady_ms >= STANDS_MS for fault in stands)

    def ussd(self, line: Line, event: UssdAnswered, at: Moment) -> list[Command]:
        """Take an operator's answer."""
        return self._duties.purses.answered(line, event, at)

    def sorted(self, part: InboundPart) -> InboundPart:
        """Set aside what is no citizen's: a clerk's command, the night watch's own words, a wish for no more SMS."""
        content = part.content
        if not isinstance(content, TextPart) or content.concat is not None:
            return part
        number, reason = content.sender.number, ""
        if read_command(content.text) is not None:
            if number in self._duties.clerks:
                reason = CLERK
            else:  # not obeyed, but a citizen may write STATUS too: it becomes a ticket like any other
                self._strangers += 1
        elif any(watch.is_ours(number, content.text) for watch in self._duties.watches.values()):
            reason = GATEWAY
        elif content.sender.replyable and (wish := read_wish(content.text)) is not None:
            reason = REASONS[wish]
        if not reason:
            return part
        kept = Quarantined(reason, content.sender, content.text)
        return replace(part, content=kept)

    def heed(self, name: str, content: Quarantined, at: Moment) -> list[Command]:
        """Act on what was set aside, once it is stored."""
        line = self._lines[name]
        number = content.sender.number if content.sender is not None else ""
        if content.reason == CLERK:
            return self._duties.desk.asked(line.name, number, content.text, self._status(at), at)
        if content.reason in OPERATORS:
            self._duties.purses.heard(line, content.text, at)
            return []
        if content.reason not in {GATEWAY, OWN}:
            return []
        heard = self._duties.canary.heard(number, content.text, at)
        for watch in self._duties.watches.values():
            heard = heard or watch.heard(line, number, content.text, at)
        return heard

    def guarded(
        self, acknowledge: Callable[[Ticket, Answered], OutboundDraft | None]
    ) -> Callable[[Ticket, Answered], OutboundDraft | None]:
        """Keep the automatic answers back while the SIM cannot send or a clerk has switched them off."""

        def guard(ticket: Ticket, answered: Answered) -> OutboundDraft | None:
            refused = bool(self._lines[ticket.line].pace.cause)
            silent = self._now is not None and self._duties.desk.silent(self._now)
            return None if refused or silent else acknowledge(ticket, answered)

        return guard

    def test(self, way: str, at: Moment) -> bool:
        """Test a way now, as soon as its line is free; tells whether there is such a way."""
        if way == "texts":
            if not self._duties.first_watch.proven:  # the texts wait for a plain one that comes back
                self._duties.first_watch.test_now(at)
            return self._duties.canary.now(at)
        if way == "own":
            begun = [watch.test_now(at) for watch in self._duties.watches.values()]
        else:
            begun = [self._duties.purses.ask_now(line, at) for line in self._lines.values()]
        return any(begun)

    def close(self, at: Moment) -> None:
        """Note that the gateway was stopped in order."""
        with suppress(StoreUnavailable):  # the next start then takes this end for a power cut, if the machine restarted
            self._duties.blackout.stopped(at)
