"""Statements on what waits for the broker; every function runs inside a transaction of the store."""

from collections.abc import Collection, Iterable

from kentongan.queue.models import File, Row
from kentongan.queue.records import Lane, SpoolDraft
from kentongan.queue.spool import ASIDE_CHANNELS, REPORT_AGAIN_MS, REPORT_CHANNEL, TICKET_CHANNEL, TICKET_TYPE

COLUMNS = "id, lane, channel, event_id, event_type, body, correlation, attempt, ticket_seq"

DUE = f"SELECT {COLUMNS} FROM spool WHERE lane = ? AND due_ms <= ? ORDER BY due_ms, id LIMIT ?"  # noqa: S608  own text
BY_ID = f"SELECT {COLUMNS} FROM spool WHERE id = ?"  # noqa: S608  own text
# What was published before and rests: events come anew by their own time, a replay is played once.
RESTING = (
    f"SELECT {COLUMNS} FROM spool NOT INDEXED"  # noqa: S608  own text
    " WHERE id > ? AND lane <= 2 AND attempt > 0 AND due_ms > ? ORDER BY id LIMIT ?"
)

REMEMBERED = 64  # acknowledgements that may overtake their PUBACK: more than any window holds


class Spool:
    """The spool table. Identifiers are never used twice in a process: the window remembers them."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._closed: dict[int, int] = {}  # spool_id -> seq of tickets acknowledged while on their way
        self._again_after: int | None = None  # spool_id up to which what rests was offered again, None: all was
        self._last_id = file.number("SELECT max(id) FROM spool")

    def add(self, draft: SpoolDraft, due_ms: int, seq: int | None = None) -> int:
        """Keep a finished event until its PUBACK; `seq` is the ticket it shows, and is erased with."""
        return self._insert(
            draft.lane, due_ms, draft.channel, draft.event_id, draft.event_type, draft.body, draft.correlation, seq
        )

    def add_ticket(self, seq: int, event_id: str, due_ms: int) -> int:
        """Keep a ticket's revision until it is acknowledged; its payload is made at each publication."""
        return self._insert(Lane.TICKET, due_ms, TICKET_CHANNEL, event_id, TICKET_TYPE, b"", b"", seq)

    def add_replay(self, seq: int, command_id: str, due_ms: int) -> int:
        """Keep a ticket to be played once more; its body names the command that asked for it."""
        row = self._file.one("SELECT event_id FROM ticket WHERE seq = ?", seq)
        event_id = row[0] if row else ""
        return self._insert(Lane.REPLAY, due_ms, TICKET_CHANNEL, event_id, TICKET_TYPE, command_id.encode(), b"", seq)

    def _insert(self, lane: Lane, due_ms: int, *values: object) -> int:
        self._last_id += 1
        self._file.run(
            "INSERT INTO spool (id, lane, due_ms, channel, event_id, event_type, body, correlation, ticket_seq)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            self._last_id,
            int(lane),
            due_ms,
            *values,
        )
        return self._last_id

    def due(self, now_ms: int, limit: int, exclude: Collection[int], responses: int) -> list[Row]:
        """Give what may be published now, by lane, then by the moment it became due; so many responses at most."""
        rows: list[Row] = []
        for lane in Lane:
            wanted = min(limit, responses) if lane is Lane.RESPONSE else limit - len(rows)
            if wanted <= 0:
                continue
            found = self._file.run(DUE, int(lane), now_ms, wanted + len(exclude))
            rows += [row for row in found if row[0] not in exclude][:wanted]
        return rows + self._resting(now_ms, limit - len(rows), exclude)

    def _resting(self, now_ms: int, wanted: int, exclude: Collection[int]) -> list[Row]:
        """Give what rests, each once after `offer_again`, the oldest first."""
        if self._again_after is None or wanted <= 0:
            return []
        found = self._file.run(RESTING, self._again_after, now_ms, wanted + len(exclude)).fetchall()
        rows = [row for row in found if row[0] not in exclude][:wanted]
        self._again_after = rows[-1][0] if len(rows) == wanted else None
        return rows

    def next_due(self, exclude: Collection[int], lanes: Iterable[Lane]) -> int | None:
        """Give the earliest moment at which anything of some lanes is due."""
        found: list[int] = []
        for lane in lanes:
            rows = self._file.run(
                "SELECT id, due_ms FROM spool WHERE lane = ? ORDER BY due_ms LIMIT ?", int(lane), 1 + len(exclude)
            )
            found += [due_ms for spool_id, due_ms in rows if spool_id not in exclude][:1]
        return min(found, default=None)

    def row(self, spool_id: int) -> Row | None:
        """Give one row."""
        return self._file.one(BY_ID, spool_id)

    def done(self, row: Row, now_ms: int) -> None:
        """Forget an event that has arrived; a report comes again until the backend says that it has it."""
        if row[2] == REPORT_CHANNEL:
            self.postpone(row[0], now_ms + REPORT_AGAIN_MS)
        else:
            self.remove(row[0])

    def due_of(self, seq: int, now_ms: int) -> int:
        """Give the moment at which a ticket is to be published, now for one that does not wait."""
        row = self._file.one("SELECT due_ms FROM spool WHERE ticket_seq = ? AND lane = ?", seq, int(Lane.TICKET))
        return int(row[0]) if row else now_ms

    def remove(self, spool_id: int) -> None:
        """Forget an event that has arrived."""
        self._file.run("DELETE FROM spool WHERE id = ?", spool_id)

    def close_ticket(self, seq: int) -> None:
        """Stop offering an acknowledged ticket; its PUBACK may be still on its way."""
        spool_id = self._file.number("SELECT id FROM spool WHERE ticket_seq = ? AND lane = ?", seq, int(Lane.TICKET))
        self.remove_ticket(seq, Lane.TICKET)
        if spool_id:
            self._closed[spool_id] = seq
            while len(self._closed) > REMEMBERED:
                del self._closed[next(iter(self._closed))]

    def closed(self, spool_id: int) -> int | None:
        """Give the ticket whose acknowledgement overtook this PUBACK, once."""
        return self._closed.pop(spool_id, None)

    def remove_ticket(self, seq: int, *lanes: Lane) -> None:
        """Take a ticket out of some lanes."""
        for lane in lanes:
            self._file.run("DELETE FROM spool WHERE ticket_seq = ? AND lane = ?", seq, int(lane))

    def forget_quarantine(self, before_ms: int) -> None:
        """Drop what still waits to tell of the quarantine since before a moment: the words are to be gone."""
        sql = "DELETE FROM spool WHERE lane = ? AND due_ms <= ? AND channel = ?"
        for channel in ASIDE_CHANNELS:
            self._file.run(sql, int(Lane.EVENT), before_ms, channel)

    def postpone(self, spool_id: int, due_ms: int) -> None:
        """Wait with the next publication; this one counts."""
        self._file.run("UPDATE spool SET due_ms = ?, attempt = attempt + 1 WHERE id = ?", due_ms, spool_id)

    def bring_forward(self, seq: int, due_ms: int) -> None:
        """Publish a ticket's waiting revision earlier."""
        self._file.run("UPDATE spool SET due_ms = ? WHERE ticket_seq = ? AND lane = ?", due_ms, seq, int(Lane.TICKET))

    def offer_again(self) -> None:
        """Take everything that rests for due, once; nothing is written, so a hundred thousand cost nothing."""
        self._again_after = 0
