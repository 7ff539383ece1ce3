"""The database file as peewee opens it: how a transaction runs, what its errors mean.

The one connection is lent to one thread at a time. Refuses to keep a connection that failed, so that service resumes
by itself when the cause is gone, and to create a file where one was open before: an empty store is never a repair.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from peewee import DatabaseError, IntegrityError, InterfaceError, SqliteDatabase  # noqa: TID251  one of the store's modules

from kentongan.queue.errors import StoreCorrupt, StoreUnavailable

BUSY_S = 5
# 8 MB of log before its pages are written back: many messages share the hot pages of one checkpoint, which spares the
# card; after a power cut it is replayed in well under a second.
CHECKPOINT_PAGES = 2_000
LOG_LIMIT_OCTETS = 16 << 20  # a log that a long reader made grow is cut back to this
PRAGMAS = {
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

Row = tuple[Any, ...]  # columns of one statement, in its own order
# peewee translates what a statement raises, not what its rows raise later.
Failure = DatabaseError | InterfaceError | sqlite3.Error
FAILURES = (DatabaseError, InterfaceError, sqlite3.Error)


class File:
    """One SQLite file with its connection; `mode` is that of SQLite's URIs: ro, rw or rwc."""

    def __init__(self, path: Path, mode: str = "rwc") -> None:
        self.path = path
        self._mode = mode
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
    def writing(self) -> Iterator[None]:
        """Run one transaction; an exception of any kind undoes it."""
        with self.reading():
            self.run("BEGIN IMMEDIATE")
            try:
                yield
                self.run("COMMIT")
            except BaseException:
                with suppress(*FAILURES):
                    self.run("ROLLBACK")
                raise

    def close(self) -> None:
        """Write the log back into the file and close it."""
        with self.reading():
            self.run("PRAGMA wal_checkpoint(TRUNCATE)")
            self.database.close()

    def abandon(self) -> None:
        """Drop the connection; whatever was not committed is undone."""
        with suppress(*FAILURES):
            self.database.close()

    def _connect(self) -> None:
        if not self.database.is_closed():
            return
        self.database.init(
            f"{self.path.absolute().as_uri()}?mode={self._mode}",
            pragmas={} if self._mode == "ro" else PRAGMAS,
            timeout=BUSY_S,
            uri=True,
            check_same_thread=False,
        )
        self.database.connect()
        self.database.connection().text_factory = _text  # type: ignore[no-untyped-call]  # as above
        if self._mode == "rwc":
            self._mode = "rw"

    def _fail(self, error: Failure) -> None:
        """Raise the store's own error; what is neither damage nor unavailability is a mistake of ours and stays."""
        original = getattr(error, "orig", error)
        code = getattr(original, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        self.abandon()
        if code in CAUSES:
            raise StoreUnavailable(CAUSES[code], f"{self.path}: {original}") from error
        if code in DAMAGED:
            raise StoreCorrupt(f"{self.path}: {original}") from error
        raise error


def _text(octets: bytes) -> str:
    """Read a text column; a flipped bit costs a character, not the row."""
    return octets.decode("utf-8", "replace")
