"""The database file and its tables as peewee sees them: how a transaction runs, what its errors mean.

The one connection is lent to one thread at a time. Refuses to keep a connection that failed, so that service resumes
by itself when the cause is gone, and to create a file where one was open before: an empty store is never a repair.
"""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from peewee import (  # noqa: TID251  one of the store's modules
    BlobField,
    DatabaseError,
    IntegerField,
    IntegrityError,
    InterfaceError,
    Model,
    SqliteDatabase,
    TextField,
)

from kentongan.queue.errors import StoreCorrupt, StoreUnavailable
from kentongan.queue.records import Usage

BUSY_S = 5
# Small pages: a message touches about twenty, and each goes to the card whole (measured: 37 kB instead of 97 kB).
PAGE_OCTETS = 1_024
# 2 MB of log before its pages are written back: what a hundred messages share goes once, and the core never waits for
# more than that (measured: a log of 8 MB would spare another 4 %).
CHECKPOINT_PAGES = 2_000
LOG_LIMIT_OCTETS = 8 << 20  # a log that a long reader made grow is cut back to this
RESERVE_PAGES = 256  # beyond the limit, for a round of erasing: rows go and come back smaller
PRAGMAS = {
    "page_size": PAGE_OCTETS,
    "journal_mode": "wal",
    "synchronous": "full",  # the SIM's copy is deleted after a commit, so a commit may not be lost
    "foreign_keys": 1,
    "secure_delete": 1,  # what is erased is overwritten
    "wal_autocheckpoint": CHECKPOINT_PAGES,
    "journal_size_limit": LOG_LIMIT_OCTETS,
}
CAUSES = {
    sqlite3.SQLITE_FULL: "full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_PERM: "read_only",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
    sqlite3.SQLITE_IOERR: "io",
    sqlite3.SQLITE_CANTOPEN: "io",
    sqlite3.SQLITE_NOMEM: "io",
}
DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})

logging.getLogger("peewee").setLevel(logging.WARNING)  # at DEBUG it writes texts and numbers into the log

Row = tuple[Any, ...]  # columns of one statement, in its own order
# peewee translates what a statement raises, not what its rows raise later; and Python cannot read SQLite's complaint
# about a damaged schema when it quotes the damage.
Failure = DatabaseError | InterfaceError | sqlite3.Error | ValueError
FAILURES = (DatabaseError, InterfaceError, sqlite3.Error, ValueError)


class File:
    """One SQLite file with its connection; `mode` is that of SQLite's URIs: ro, rw, rwc or memory."""

    def __init__(self, path: Path, mode: str = "rwc", budget_octets: int = 0) -> None:
        self.path = path
        self.budget_octets = budget_octets
        self._mode = mode
        self._lasting = True  # what the connection is set to
        self._connects = 0
        # One owner at a time: opened by the program's start, then used by the core's thread alone.
        self.database = SqliteDatabase(None, thread_safe=False, autoconnect=False)

    def run(self, sql: str, *values: object) -> sqlite3.Cursor:
        """Run one statement; only within `reading` or `writing`."""
        cursor: sqlite3.Cursor = self.database.execute_sql(sql, values)  # type: ignore[no-untyped-call]  # peewee's stub
        return cursor

    def one(self, sql: str, *values: object) -> Row | None:
        """Give the first row, or nothing."""
        row: Row | None = self.run(sql, *values).fetchone()
        return row

    def number(self, sql: str, *values: object) -> int:
        """Give the first column of the first row, 0 for none."""
        row = self.one(sql, *values)
        return int(row[0] or 0) if row is not None else 0

    def insert(self, table: str, values: dict[str, object]) -> int:
        """Insert a row; gives its rowid."""
        columns, marks = ", ".join(values), ", ".join("?" * len(values))
        cursor = self.run(
            f"INSERT INTO {table} ({columns}) VALUES ({marks})",  # noqa: S608  names of our own
            *values.values(),
        )
        return cursor.lastrowid or 0

    def has(self, table: str) -> bool:
        """Tell whether a table is there."""
        return self.one("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", table) is not None

    def peek(self, sql: str, *values: object) -> list[Row] | None:
        """Give all rows, or nothing where the file is damaged; the connection stays."""
        try:
            return list(self.run(sql, *values))
        except FAILURES:
            return None

    def fits(self, sql: str, *values: object) -> bool:
        """Run a statement; tells whether it kept the schema's rules."""
        try:
            self.run(sql, *values)
        except IntegrityError:
            return False
        return True

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Translate errors around statements that only read."""
        try:
            self._connect()
            yield
        except FAILURES as error:
            self._fail(error)

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[None]:
        """Run one transaction; an exception of any kind undoes it.

        One that is not `lasting` is not waited for: a power cut may undo it, and never without all that followed.
        """
        with self.reading():
            if lasting is not self._lasting:
                self.run(f"PRAGMA synchronous = {PRAGMAS['synchronous'] if lasting else 'normal'}")
                self._lasting = lasting
            self.run("BEGIN IMMEDIATE")
            committed = False
            try:
                yield
                self.run("COMMIT")
                committed = True
            finally:
                if not committed:
                    with suppress(*FAILURES):
                        self.run("ROLLBACK")

    @contextmanager
    def reserve(self) -> Iterator[None]:
        """Let a file that is full by its own limit grow by a little, so that what erases can begin."""
        self._limit(RESERVE_PAGES)
        try:
            yield
        finally:
            if not self.database.is_closed():
                self._limit(0)

    def _limit(self, more_pages: int) -> None:
        if self.budget_octets:
            with self.reading():
                pages = self.budget_octets // self.number("PRAGMA page_size") + more_pages
                self.run(f"PRAGMA max_page_count = {pages}")

    def empty_log(self) -> bool:
        """Write the log back into the file and cut it to nothing; tells whether no reader was in the way."""
        with self.reading():
            return self.number("PRAGMA wal_checkpoint(TRUNCATE)") == 0

    def close(self) -> None:
        """Write the log back into the file and close it."""
        self.empty_log()
        with self.reading():
            self.database.close()

    def version(self) -> tuple[int, ...]:
        """Name what the file holds now: it differs after every write, whoever made it; inside `reading`."""
        own: sqlite3.Connection = self.database.connection()  # type: ignore[no-untyped-call]  # peewee's stub
        return self._connects, own.total_changes, self.number("PRAGMA data_version")

    def usage(self) -> Usage:
        """Measure the space that rows use and that the file takes; inside `reading`."""
        page, pages = self.number("PRAGMA page_size"), self.number("PRAGMA page_count")
        log = self.path.with_name(self.path.name + "-wal")
        on_card = page * pages + (log.stat().st_size if log.exists() else 0)
        return Usage(page * (pages - self.number("PRAGMA freelist_count")), on_card, self.budget_octets)

    def abandon(self) -> None:
        """Drop the connection; whatever was not committed is undone."""
        with suppress(*FAILURES):
            self.database.close()

    def _connect(self) -> None:
        if not self.database.is_closed():
            return
        self.database.init(
            f"{self.path.absolute().as_uri()}?mode={self._mode}",
            pragmas=PRAGMAS if self._mode in {"rw", "rwc"} else {},
            timeout=BUSY_S,
            uri=True,
            check_same_thread=False,
        )
        self.database.connect()
        self._connects += 1
        self._lasting = True
        self.database.connection().text_factory = _text  # type: ignore[no-untyped-call]  # as above
        self._limit(0)
        if self._mode == "rwc":
            self._mode = "rw"

    def _fail(self, error: Failure) -> None:
        """Raise the store's own error; what is neither damage nor unavailability is a mistake of ours and stays."""
        original = getattr(error, "orig", error)
        code = getattr(original, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        self.abandon()
        if code in CAUSES:
            raise StoreUnavailable(CAUSES[code], f"{self.path}: {original}") from error
        if code in DAMAGED or isinstance(error, ValueError):  # a row holds what no value of ours is
            with suppress(OSError):
                suspicion(self.path).touch()
            raise StoreCorrupt(f"{self.path}: {original}") from error
        raise error


def suspicion(path: Path) -> Path:
    """Name the mark beside a file in which damage was met: the next start looks at all of it."""
    return path.with_name(path.name + ".suspect")


def _text(octets: bytes) -> str:
    """Read a text column; a flipped bit costs a character, not the row."""
    return octets.decode("utf-8", "replace")


# -- tables, for what is not done per message: there peewee's statements cost twenty times those written by hand ------


class Ticket(Model):
    """A citizen's SMS; the row outlives its text as a tombstone."""

    seq = IntegerField(primary_key=True)
    ticket_id = TextField()
    event_id = TextField()
    number = TextField()
    line = TextField()
    sender_number = TextField()
    sender_address = TextField()
    sender_ref = TextField()
    replyable = IntegerField()
    revision = IntegerField()
    published_revision = IntegerField()
    shown = IntegerField()
    total = IntegerField()
    concat_width = IntegerField()
    concat_reference = IntegerField()
    opened_steady_ms = IntegerField()
    received_ms = IntegerField()
    synced = IntegerField()
    kind = TextField()
    thread = TextField()
    notes = TextField()
    state = TextField()
    answered = IntegerField()
    backend_ticket = TextField()
    backend_id = TextField()
    closed_steady_ms = IntegerField(null=True)


class Part(Model):
    """One PDU; without a ticket it is in quarantine. The key stays as long as the row."""

    id = IntegerField(primary_key=True)
    key = BlobField()
    line = TextField()
    steady_ms = IntegerField()
    pdu_hex = TextField()
    ticket_seq = IntegerField(null=True)
    revision = IntegerField()
    sequence = IntegerField()
    text = BlobField()
    encoding = TextField()
    lossy = IntegerField()
    data = BlobField()
    smsc_ms = IntegerField(null=True)
    smsc_offset_min = IntegerField()
    reason = TextField()
    sender = TextField()
    sender_ref = TextField()
    hint_ms = IntegerField(null=True)
    read_ms = IntegerField(null=True)


class Message(Model):
    """An outgoing message; the row outlives its text as a tombstone."""

    id = IntegerField(primary_key=True)
    command_id = TextField(null=True)
    ticket_id = TextField()
    ref = TextField()
    line = TextField()
    recipient = TextField()
    text = TextField()
    encoding = TextField()
    priority = IntegerField()
    state = TextField()
    revision = IntegerField()
    final = IntegerField()
    delivery_report = IntegerField()
    attempts = IntegerField()
    accepted_ms = IntegerField()
    due_ms = IntegerField()
    expires_ms = IntegerField()
    validity_ms = IntegerField()
    settles_ms = IntegerField(null=True)
    reason_code = TextField()
    reason_message = TextField()
    reason_retryable = IntegerField()
    closed_steady_ms = IntegerField(null=True)
    anytime = IntegerField()
    refused_ms = IntegerField(null=True)


class MessagePart(Model):
    """One SUBMIT of a message."""

    id = IntegerField(primary_key=True)
    message_id = IntegerField()
    sequence = IntegerField()
    tpdu_octets = IntegerField()
    pdu_hex = TextField()
    state = TextField()
    line = TextField()
    attempts = IntegerField()
    begun_ms = IntegerField(null=True)
    reference = IntegerField(null=True)

    class Meta:
        """Where it is."""

        table_name = "message_part"


class Hold(Model):
    """A sender whose data may not be erased (legal hold)."""

    sender_ref = TextField(primary_key=True)
    wall_ms = IntegerField()


MODELS = (Ticket, Part, Message, MessagePart, Hold)
