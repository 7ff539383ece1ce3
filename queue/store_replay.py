"""Statements on playing again: which tickets and replies, and their place in the slow lane (contract 4.9, replay).

Everything is planned in one transaction: a restart goes on where it was. Refuses to reopen anything: what was accepted
stays accepted, and is offered once per request.
"""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kentongan.queue.ids import earliest
from kentongan.queue.inbox import GROUP_WINDOW_MS
from kentongan.queue.models import File
from kentongan.queue.records import CommandRecord, Lane, Moment, OutboundMessage, SpoolDraft
from kentongan.queue.store_messages import Messages
from kentongan.queue.store_spool import Spool
from kentongan.queue.store_tickets import LISTED

PACE_MS = 100  # ten a second: live tickets are never held up
FINISHED_KEPT_MS = 72 * 3_600_000  # how long the last state of a finished reply is played (contract 4.8)
# Each part has an index of its own: finished of late, waiting, expected to change.
WORTH_TELLING = """
    command_id IS NOT NULL AND id IN (
        SELECT id FROM message INDEXED BY message_closed
            WHERE closed_steady_ms IS NOT NULL AND recipient != '' AND closed_steady_ms >= ?
        UNION SELECT id FROM message INDEXED BY message_open WHERE state IN ('queued', 'sending')
        UNION SELECT id FROM message INDEXED BY message_settles WHERE settles_ms IS NOT NULL)
"""
LAST = (1 << 63) - 1  # above every seq and time

Transaction = Callable[[Moment], AbstractContextManager[None]]
Keep = Callable[[CommandRecord | None, SpoolDraft, Moment], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which tickets: bounds are inclusive but `until_ms`; `ticket_ids` empty means any."""

    from_seq: int = 1
    to_seq: int = LAST
    since_ms: int = 0
    until_ms: int = LAST
    ticket_ids: tuple[str, ...] = ()
    unacknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """What a request finds: tickets oldest first, how many of the range are erased, where the next page begins."""

    seqs: tuple[int, ...]
    erased: int
    next_seq: int
    more: bool


class Replays:
    """The slow lane of the spool."""

    def __init__(self, file: File, transaction: Transaction, keep: Keep, spool: Spool, messages: Messages) -> None:
        self._file = file
        self._transaction = transaction
        self._keep = keep
        self._spool = spool
        self._messages = messages

    def waiting(self) -> int:
        """Count what is still to be played."""
        with self._file.reading():
            return self._file.number("SELECT count(*) FROM spool WHERE lane = ?", int(Lane.REPLAY))

    def choose(self, wanted: Wanted, limit: int) -> Chosen:
        """Find the tickets of a request."""
        where = "seq BETWEEN ? AND ? AND received_ms >= ? AND received_ms < ?"
        values: list[object] = [wanted.from_seq, wanted.to_seq, wanted.since_ms, wanted.until_ms]
        if wanted.since_ms:
            where += " AND seq >= ifnull((SELECT seq FROM ticket WHERE ticket_id >= ? ORDER BY ticket_id LIMIT 1), ?)"
            values += [earliest(wanted.since_ms - GROUP_WINDOW_MS), LAST]
        if wanted.ticket_ids:
            where += f" AND ticket_id IN {LISTED}"
            values.append(json.dumps(wanted.ticket_ids))
        if wanted.unacknowledged:
            where += " AND seq IN (SELECT ticket_seq FROM spool WHERE lane = ?)"
            values.append(int(Lane.TICKET))
        with self._file.reading():
            rows = self._file.run(
                f"SELECT seq, state FROM ticket WHERE {where} ORDER BY seq LIMIT ?",  # noqa: S608  conditions of our own
                *values,
                limit + 1,
            ).fetchall()
        page = rows[:limit]
        seqs = tuple(seq for seq, state in page if state != "erased")
        next_seq = page[-1][0] + 1 if page else wanted.from_seq
        return Chosen(seqs, len(page) - len(seqs), next_seq, more=len(rows) > limit)

    def replies(self, at: Moment, limit: int, ticket_ids: Sequence[str] = ()) -> list[OutboundMessage]:
        """Give the replies whose state is worth telling again, oldest first: unfinished, or finished of late."""
        since_ms = at.steady_ms - FINISHED_KEPT_MS
        where = WORTH_TELLING
        values: list[object] = [since_ms]
        if ticket_ids:
            where = (
                "command_id IS NOT NULL AND (closed_steady_ms IS NULL OR closed_steady_ms >= ?)"
                f" AND ticket_id != '' AND ticket_id IN {LISTED}"
            )
            values = [since_ms, json.dumps(list(ticket_ids))]
        with self._file.reading():
            return self._messages.some(f"{where} ORDER BY id LIMIT ?", *values, limit)

    def begin(  # noqa: PLR0913, PLR0917  one transaction takes all of it
        self,
        chosen: Chosen,
        states: Sequence[SpoolDraft],
        record: CommandRecord,
        response: SpoolDraft,
        done: SpoolDraft,
        at: Moment,
    ) -> None:
        """Plan the tickets, the states of replies and the last word, behind what is being played already."""
        with self._transaction(at):
            self._keep(record, response, at)
            due_ms = max(
                at.steady_ms,
                self._file.number("SELECT max(due_ms) FROM spool WHERE lane = ?", int(Lane.REPLAY)) + PACE_MS,
            )
            for seq in chosen.seqs:
                self._spool.add_replay(seq, record.command_id, due_ms)
                due_ms += PACE_MS
            for draft in (*states, done):
                self._spool.add(draft, due_ms)
                due_ms += PACE_MS
