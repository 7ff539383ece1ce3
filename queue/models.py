"""The database file: how it is opened, how a transaction runs, what its errors mean.

The one connection is lent to one thread at a time. Refuses to keep a connection that failed: the next call opens a new
one, so that service resumes by itself when the cause is gone.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from peewee import DatabaseError, InterfaceError, SqliteDatabase  # noqa: TID251  one of the store's modules

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


class File:
    """One SQLite file with its connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # One owner at a time: opened by the program's start, then used by the core's thread alone.
        self.database = SqliteDatabase(
            str(path), pragmas=PRAGMAS, timeout=BUSY_S, thread_safe=False, autoconnect=False, check_same_thread=False
        )

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

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Translate errors around statements that only read."""
        try:
            self.database.connect(reuse_if_open=True)
            yield
        except (DatabaseError, InterfaceError) as error:
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
                with suppress(DatabaseError):
                    self.run("ROLLBACK")
                raise

    def close(self) -> None:
        """Write the log back into the file and close it."""
        with self.reading():
            self.run("PRAGMA wal_checkpoint(TRUNCATE)")
            self.database.close()

    def abandon(self) -> None:
        """Drop the connection without a word; whatever was not committed is undone by whoever opens the file next."""
        with suppress(DatabaseError, InterfaceError):
            self.database.close()

    def _fail(self, error: DatabaseError | InterfaceError) -> None:
        """Raise the store's own error; what is neither damage nor unavailability is a mistake of ours and stays."""
        # peewee 3 hands the library's error over as an argument, peewee 4 as the context
        candidates = (*error.args, error.__cause__, error.__context__)
        original = next((inner for inner in candidates if isinstance(inner, sqlite3.Error)), error)
        code = getattr(original, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
        self.abandon()
        if code in CAUSES:
            raise StoreUnavailable(CAUSES[code], f"{self.path}: {original}") from error
        if code in DAMAGED:
            raise StoreCorrupt(f"{self.path}: {original}") from error
        raise error
