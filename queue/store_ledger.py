"""Statements on what is counted and what is due: figures of a month, time standards, broadcasts, the monthly report.

Each public method is one transaction. Refuses to remember persons: a figure has a month, a name and a number.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

from kentongan.queue.ids import earliest
from kentongan.queue.inbox import GROUP_WINDOW_MS
from kentongan.queue.models import File
from kentongan.queue.records import (
    CommandRecord,
    Lane,
    Moment,
    OutboundDraft,
    OutboundState,
    SpoolDraft,
    Ticket,
)
from kentongan.queue.spool import REPORT_CHANNEL
from kentongan.queue.store_inbox import Inbox
from kentongan.queue.store_messages import Messages
from kentongan.queue.store_spool import Spool

Transaction = Callable[[Moment], AbstractContextManager[None]]
Keep = Callable[[CommandRecord | None, SpoolDraft, Moment], None]

PERIODS = 24  # months of figures that stay (domain.md 4.3)
BATCH = 200


class Point(StrEnum):
    """What happens to a ticket and can be waited for."""

    RECEIVED = "received"
    PUBLISHED = "published"
    ACKNOWLEDGED = "acknowledged"
    REPLIED = "replied"
    SENT = "sent"


# To the citizen: what the office's own people were told of a ticket (a notice, 3) answers nobody.
_REPLY = (
    "SELECT 1 FROM message m WHERE m.ticket_id = ticket.ticket_id AND m.ticket_id != '' AND m.command_id IS NOT NULL"
    " AND m.priority < 3"
)
_MET = {
    Point.PUBLISHED: "published_revision > 0",
    Point.ACKNOWLEDGED: "state IN ('accepted', 'refused', 'erased')",
    Point.REPLIED: f"EXISTS ({_REPLY})",
    Point.SENT: f"EXISTS ({_REPLY} AND m.state IN ('sent', 'delivered', 'undelivered'))",
}


# Of each report: whether it was closed or refused, and how long its citizen waited for the first reply.
ANSWERS = """
    SELECT t.state = 'refused' OR instr(t.notes, '["closed",') > 0, (
        SELECT min(m.accepted_ms) - t.received_ms FROM ticket u JOIN message m ON m.ticket_id = u.ticket_id
        WHERE u.number = t.number AND m.command_id IS NOT NULL AND m.ticket_id != '' AND m.priority < 3)
    FROM ticket t WHERE t.ticket_id >= ? AND t.thread = 'new' AND t.received_ms >= ? AND t.received_ms < ?
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """How reports were answered: waits for the first reply in milliseconds, the shortest first."""

    waits_ms: tuple[int, ...]
    closed: int  # without a reply
    reports: int

    @property
    def waiting(self) -> int:
        """Count the reports that have neither reply nor end."""
        return self.reports - self.closed - len(self.waits_ms)


@dataclass(frozen=True, slots=True)
class Examined:
    """A ticket whose time for a leg is over; `mark` orders them."""

    mark: int
    ticket_id: str
    number: str
    since_steady_ms: int
    met: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How a broadcast's messages stand."""

    command_id: str
    states: dict[OutboundState, int]

    @property
    def final(self) -> bool:
        """Tell whether nothing of it waits."""
        return not {OutboundState.QUEUED, OutboundState.SENDING} & self.states.keys()


class Ledger:
    """Figures, deadlines, broadcasts."""

    def __init__(  # noqa: PLR0913, PLR0917  the store hands its tables in once
        self, file: File, transaction: Transaction, keep: Keep, spool: Spool, messages: Messages, inbox: Inbox
    ) -> None:
        self._file = file
        self._transaction = transaction
        self._keep = keep
        self._spool = spool
        self._messages = messages
        self._inbox = inbox

    # -- figures -------------------------------------------------------------------------------------------------------

    def count(self, period: str, names: Iterable[str]) -> None:
        """Add one to each figure; inside the caller's transaction."""
        for name in names:
            self._file.run(
                "INSERT INTO tally (period, name, count) VALUES (?, ?, 1)"
                " ON CONFLICT (period, name) DO UPDATE SET count = count + 1",
                period,
                name,
            )

    def figures(self, period: str) -> dict[str, int]:
        """Give the figures of a month."""
        with self._file.reading():
            return dict(self._file.run("SELECT name, count FROM tally WHERE period = ? ORDER BY name", period))

    def waits(self, since_ms: int, until_ms: int) -> list[int]:
        """Give how long the tickets of a time waited for their acknowledgement, in milliseconds, the shortest first."""
        with self._file.reading():
            rows = self._file.run(
                "SELECT closed_steady_ms - opened_steady_ms AS waited FROM ticket"
                " WHERE ticket_id >= ? AND received_ms >= ? AND received_ms < ? AND closed_steady_ms IS NOT NULL"
                " ORDER BY waited",
                *_span(since_ms, until_ms),
            )
            return [max(0, row[0]) for row in rows]

    def held(self, since_ms: int, until_ms: int) -> list[int]:
        """Give how long the operator held the SMS that opened the tickets of a time, in milliseconds, in order.

        Only where both clocks can be believed: the service centre's stamp and ours of that moment.
        """
        with self._file.reading():
            rows = self._file.run(
                "SELECT max(0, t.received_ms - p.smsc_ms) AS held FROM ticket t JOIN part p ON p.ticket_seq = t.seq"
                " WHERE t.ticket_id >= ? AND t.received_ms >= ? AND t.received_ms < ? AND t.synced = 1"
                " AND p.sequence = 1 AND p.smsc_ms IS NOT NULL ORDER BY held",
                *_span(since_ms, until_ms),
            )
            return [row[0] for row in rows]

    def answers(self, since_ms: int, until_ms: int) -> Answers:
        """Tell how the reports of a time were answered: a reply to any SMS of a report's thread counts."""
        with self._file.reading():
            rows = self._file.run(ANSWERS, *_span(since_ms, until_ms))
            found = [(closed, waited) for closed, waited in rows]
        waits = sorted(max(0, waited) for _, waited in found if waited is not None)
        return Answers(tuple(waits), sum(closed and waited is None for closed, waited in found), len(found))

    def life(self) -> tuple[int, int]:
        """Tell when the store was made and when it was written last, on the wall clock: it knows of nothing else."""
        with self._file.reading():
            row = self._file.one("SELECT born_ms, wall_ms FROM store")
        return (row[0], row[1]) if row else (0, 0)

    def outgoing(self, since_ms: int, until_ms: int) -> dict[str, int]:
        """Count the outgoing messages of a time by their state."""
        with self._file.reading():
            rows = self._file.run(
                "SELECT 'sms_out.' || state, count(*) FROM message WHERE accepted_ms >= ? AND accepted_ms < ?"
                " GROUP BY state",
                since_ms,
                until_ms,
            )
            return dict(rows)

    # -- the report ----------------------------------------------------------------------------------------------------

    def reported(self) -> str:
        """Name the last month that has a report, empty when none has."""
        return self._fact("report.period")

    def report_drift_ms(self, at: Moment) -> int:
        """Measure how far the wall clock has moved against the steady one since the last report; 0 before the first."""
        with self._file.reading():
            row = self._file.one("SELECT wall_ms, steady_ms FROM fact WHERE name = 'report.period'")
        return abs(at.wall_ms - row[0] - (at.steady_ms - row[1])) if row else 0

    def report(self, period: str, draft: SpoolDraft | None, at: Moment) -> None:
        """Keep a month's report for the broker, and remember that it is made; `None` begins with the next month."""
        with self._transaction(at):
            if draft is not None:
                self._spool.add(draft, at.steady_ms)
            self._note("report.period", period, at)
            self._file.run(
                "DELETE FROM tally WHERE period NOT IN"
                " (SELECT DISTINCT period FROM tally ORDER BY period DESC LIMIT ?)",
                PERIODS,
            )

    def has_report(self, period: str) -> bool:
        """Tell whether a month's report waits for its acknowledgement."""
        with self._file.reading():
            return bool(self._reports(period))

    def report_acknowledged(self, period: str, record: CommandRecord, response: SpoolDraft, at: Moment) -> None:
        """Stop offering a month's report."""
        with self._transaction(at):
            for spool_id in self._reports(period):
                self._spool.remove(spool_id)
            self._keep(record, response, at)

    def _reports(self, period: str) -> list[int]:
        rows = self._file.run(
            "SELECT id, body FROM spool WHERE lane = ? AND channel = ?", int(Lane.EVENT), REPORT_CHANNEL
        )
        return [spool_id for spool_id, body in rows if json.loads(body)["period"] == period]

    # -- time standards ------------------------------------------------------------------------------------------------

    def examine(self, leg: str, start: Point, end: Point, before_steady_ms: int) -> list[Examined]:
        """Give the tickets whose time for a leg ended since the last look, oldest first."""
        since = "opened_steady_ms" if start is Point.RECEIVED else "closed_steady_ms"
        order = "seq" if start is Point.RECEIVED else "closed_steady_ms"
        known = "1" if start is Point.RECEIVED else "state IN ('accepted', 'refused') AND state = 'accepted'"
        with self._file.reading():
            mark = int(self._fact(f"sla.{leg}") or 0)
            rows = self._file.run(
                f"SELECT {order}, ticket_id, number, {since}, {_MET[end]} FROM ticket"  # noqa: S608  columns of ours
                f" WHERE {order} > ? AND {since} <= ? AND {known} ORDER BY {order} LIMIT ?",
                mark,
                before_steady_ms,
                BATCH,
            )
            return [Examined(row[0], row[1], row[2], row[3], bool(row[4])) for row in rows]

    def examined(self, leg: str, mark: int, events: Sequence[SpoolDraft], period: str, at: Moment) -> None:
        """Remember how far a leg was looked at, with what it brought to light."""
        with self._transaction(at):
            self._note(f"sla.{leg}", str(mark), at)
            for event in events:
                self._spool.add(event, at.steady_ms)
                self.count(period, [f"sla.{leg}"])

    def begin_leg(self, leg: str, start: Point, at: Moment) -> bool:
        """Begin with what comes from now on; tells whether the leg is new."""
        with self._file.reading():
            if self._fact(f"sla.{leg}"):
                return False
            mark = self._file.number("SELECT max(seq) FROM ticket") if start is Point.RECEIVED else at.steady_ms
        self.examined(leg, mark, (), "", at)
        return True

    # -- broadcasts ----------------------------------------------------------------------------------------------------

    def broadcast(
        self, drafts: Sequence[OutboundDraft], record: CommandRecord, response: SpoolDraft, at: Moment
    ) -> None:
        """Queue the messages of a broadcast; their `ref` is its command."""
        with self._transaction(at):
            self._keep(record, response, at)
            for draft in drafts:
                self._messages.add(draft, at)
            self._note(f"broadcast.{record.command_id}", "{}", at)

    def broadcast_today(self, since_wall_ms: int) -> int:
        """Count the messages of broadcasts accepted since a wall moment."""
        with self._file.reading():
            return self._file.number(
                "SELECT count(*) FROM message INDEXED BY message_broadcast WHERE priority = 4 AND accepted_ms >= ?",
                since_wall_ms,
            )

    def stop_broadcast(self, command_id: str, at: Moment) -> int:
        """Cancel what of a broadcast has not begun to leave; gives how many."""
        with self._transaction(at):
            return self._messages.cancel_all("priority = 4 AND ref = ?", command_id, at=at)

    def progress(self, command_id: str) -> Progress | None:
        """Tell how a broadcast stands, or nothing when there is none."""
        with self._file.reading():
            rows = self._file.run(
                "SELECT state, count(*) FROM message INDEXED BY message_broadcast"
                " WHERE priority = 4 AND ref = ? GROUP BY state",
                command_id,
            ).fetchall()
        return Progress(command_id, {OutboundState(state): count for state, count in rows}) if rows else None

    def untold(self) -> list[Progress]:
        """Give the broadcasts that stand otherwise than was told last."""
        with self._file.reading():
            rows = self._file.run("SELECT name, value FROM fact WHERE name GLOB 'broadcast.*'").fetchall()
        found = [(self.progress(name.removeprefix("broadcast.")), value) for name, value in rows]
        return [progress for progress, value in found if progress and _spelt(progress) != value]

    def told(self, progress: Progress, event: SpoolDraft, at: Moment) -> None:
        """Remember what was told; a final word ends it."""
        with self._transaction(at):
            self._spool.add(event, at.steady_ms)
            if progress.final:
                self._file.run("DELETE FROM fact WHERE name = ?", f"broadcast.{progress.command_id}")
            else:
                self._note(f"broadcast.{progress.command_id}", _spelt(progress), at)

    # -- tickets -------------------------------------------------------------------------------------------------------

    def annotate(  # noqa: PLR0913  one transaction takes all of it
        self,
        ticket: Ticket,
        notes: Sequence[tuple[str, str]],
        record: CommandRecord,
        response: SpoolDraft,
        events: Sequence[SpoolDraft],
        *,
        at: Moment,
    ) -> None:
        """Replace a ticket's notes, and tell whom it concerns now."""
        with self._transaction(at):
            self._keep(record, response, at)
            self._inbox.annotate(ticket.seq, notes)
            for event in events:
                self._spool.add(event, at.steady_ms, ticket.seq)

    # -- facts ---------------------------------------------------------------------------------------------------------

    def _fact(self, name: str) -> str:
        row = self._file.one("SELECT value FROM fact WHERE name = ?", name)
        return str(row[0]) if row else ""

    def _note(self, name: str, value: str, at: Moment) -> None:
        self._file.run("DELETE FROM fact WHERE name = ?", name)
        self._file.insert("fact", {"name": name, "value": value, "wall_ms": at.wall_ms, "steady_ms": at.steady_ms})


def _spelt(progress: Progress) -> str:
    return json.dumps({str(state): count for state, count in sorted(progress.states.items())})


def _span(since_ms: int, until_ms: int) -> tuple[str, int, int]:
    """Bound the tickets received in a time: from where to look by their identifiers, which grow, and the time itself.

    A ticket may be as much younger than its last part as parts wait for each other.
    """
    return earliest(since_ms - GROUP_WINDOW_MS), since_ms, until_ms
