"""Rescue of a damaged file: what can be read goes row by row into a new one, the old one is kept.

Refuses to repair in place and to begin empty in silence: it tells what it kept, what it could not read, and where the
old file is. Steps that a power cut may interrupt are taken up again at the next start.

    kentongan.db (damaged) --copy--> kentongan.db.salvage --complete--> kentongan.db.salvaged
    kentongan.db -> kentongan.db.damaged-1, kentongan.db.salvaged -> kentongan.db
"""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kentongan.queue import migrations
from kentongan.queue.errors import StoreCorrupt
from kentongan.queue.models import FAILURES, File, Row, suspicion

CHUNK = 500  # rowids read at a time
MOST_ERRORS = 20_000  # unreadable ranges of a table after which its rest counts as lost
HIGHEST = 1 << 24  # rowid up to which is searched when the end of a table cannot be read
CHECKED_WHOLE_OCTETS = 64 << 20  # a third of a second on a development machine, a few on the smallest Pi
NEWEST = 1_000  # rows of a large table that are read after an unclean stop
SIDES = ("-wal", "-shm")
SMALL = ("store", "spool", "hold", "wish")
WITHOUT_ROWID = frozenset({"hold", "wish"})
# References first: a row is inserted after what it refers to.
TABLES = (
    "store",
    "void_number",
    "hold",
    "ticket",
    "part",
    "spool",
    "message",
    "message_part",
    "early_report",
    "command",
    "incident",
    "climb",
    "rung",
    "fact",
    "tally",
    "wish",
)
# What refers to a lost row, and what was lost that can be made again.
REPAIRS = (
    "DELETE FROM spool WHERE ticket_seq IS NOT NULL AND ticket_seq NOT IN (SELECT seq FROM ticket)",
    "DELETE FROM message_part WHERE message_id NOT IN (SELECT id FROM message)",
    """UPDATE part SET ticket_seq = NULL, sequence = 0, reason = 'salvaged'
        WHERE ticket_seq IS NOT NULL AND ticket_seq NOT IN (SELECT seq FROM ticket)""",
    """INSERT INTO spool (lane, due_ms, channel, event_id, event_type, body, correlation, ticket_seq)
        SELECT 2, 0, 'ticket', event_id, 'kentongan.ticket.v1', x'', x'', seq FROM ticket
        WHERE state IN ('pending', 'offered')
            AND seq NOT IN (SELECT ticket_seq FROM spool WHERE lane = 2 AND ticket_seq IS NOT NULL)""",
    # Without its row a store gets a new identity; numbers, steady time and seq go on from what the rows show.
    """INSERT INTO store (id, store_id, born_ms, running, counter, steady_ms, wall_ms, synced)
        SELECT 1, lower(hex(randomblob(4))), wall_ms, 1, counter + 10, steady_ms, wall_ms, 0 FROM
            (SELECT ifnull(max(received_ms), 0) AS wall_ms, ifnull(max(
                CAST(substr(number, 5, 3) || substr(number, 9, 3) AS INTEGER)), 0) AS counter FROM ticket),
            (SELECT ifnull(max(steady_ms), 0) AS steady_ms FROM part)
        WHERE NOT EXISTS (SELECT 1 FROM store)""",
    """UPDATE message SET state = 'failed', final = 1, revision = revision + 1, reason_code = 'storage_damaged',
            closed_steady_ms = (SELECT steady_ms FROM store)
        WHERE state IN ('queued', 'sending')
            AND id NOT IN (SELECT message_id FROM message_part WHERE state IN ('queued', 'sending'))""",
)


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of a damaged file."""

    why: str
    kept_as: Path
    rows: int
    unreadable: int  # rows, or ranges of rows, that are lost


@dataclass(slots=True)
class Tally:
    """Counts while copying."""

    rows: int = 0
    unreadable: int = 0


def is_sound(path: Path) -> bool:
    """Tell whether a file has the schema it should and passes SQLite's own check, which takes any schema for granted.

    All of it when damage was met before, or when that is done in a moment; otherwise what a power cut can have torn,
    the small tables and the newest rows of the large ones: a start may not take a minute.
    """
    file = File(path, "ro")
    whole = suspicion(path).exists() or path.stat().st_size <= CHECKED_WHOLE_OCTETS
    try:
        with file.reading():
            if not _schema(file) >= _schema_wanted(path):
                return False
            if whole:
                return file.peek("PRAGMA integrity_check(1)") == [("ok",)]
            small = all(file.peek(f"PRAGMA quick_check({table})") == [("ok",)] for table in SMALL)
            newest = "SELECT * FROM {} ORDER BY rowid DESC LIMIT ?"
            large = (table for table in TABLES if table not in SMALL)
            return small and all(file.peek(newest.format(table), NEWEST) is not None for table in large)
    except (StoreCorrupt, *FAILURES):
        return False
    finally:
        file.abandon()


def _schema(file: File) -> set[Row]:
    return set(file.run("SELECT type, name, tbl_name, sql FROM sqlite_master"))


def _schema_wanted(path: Path) -> set[Row]:
    """Make the newest schema in memory."""
    new = File(path, "memory")
    try:
        migrations.migrate(new)
        with new.reading():
            return _schema(new)
    finally:
        new.abandon()


def take_up(path: Path) -> None:
    """Finish a rescue whose last renaming was interrupted, and forget one that was not complete."""
    ready = beside(path, ".salvaged")
    if ready.exists() and not path.exists():
        ready.replace(path)
        _sync(path.parent)
    for leftover in (beside(path, ".salvage"), ready):
        if leftover.exists():  # a disk that takes no writes refuses to remove even what is not there
            leftover.unlink()


def salvage(path: Path, why: str) -> Salvaged:
    """Replace a damaged file by what can be read of it."""
    working, ready = beside(path, ".salvage"), beside(path, ".salvaged")
    old, new, tally = File(path, "ro"), File(working), Tally()
    try:
        migrations.migrate(new)
        with new.reading():
            new.run("PRAGMA foreign_keys = 0")
            with old.reading():
                for table in TABLES:
                    _copy(old, new, table, tally)
        with new.writing():
            for statement in REPAIRS:
                new.run(statement)
        new.close()
    finally:
        old.abandon()
        new.abandon()
    working.replace(ready)
    kept_as = _put_away(path)
    ready.replace(path)
    _sync(path.parent)
    suspicion(path).unlink(missing_ok=True)
    return Salvaged(why, kept_as, tally.rows, tally.unreadable)


def beside(path: Path, ending: str) -> Path:
    """Name a file next to the store."""
    return path.with_name(path.name + ending)


def _copy(old: File, new: File, table: str, tally: Tally) -> None:
    """Copy the rows of a table that can be read and that keep the schema's rules."""
    chosen, columns = _columns(old, new, table)
    if not columns:
        tally.unreadable += 1
        return
    names, marks = ", ".join(columns), ", ".join("?" * len(columns))
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})"  # noqa: S608  names of our own schema
    # Read under our own names: Python cannot say a damaged one.
    ours = ", ".join(f"NULL AS {name}" for name in columns)
    select = f"SELECT {ours} WHERE 0 UNION ALL SELECT {chosen} FROM {table}"  # noqa: S608  names of our own schema
    with new.writing():
        for rows in _readable(old, table, select, tally):
            tally.rows += sum(new.fits(insert, *row) for row in rows)


def _readable(old: File, table: str, select: str, tally: Tally) -> Iterator[list[Row]]:
    """Read a table in pieces, halving each range of rowids that cannot be read until single rows are left out."""
    if table in WITHOUT_ROWID:
        rows = old.peek(select)
        tally.unreadable += rows is None
        yield rows or []
        return
    edge = f"SELECT rowid FROM {table} ORDER BY rowid"  # noqa: S608  names of our own schema
    edges = [old.peek(f"{edge} {way} LIMIT 1") for way in ("ASC", "DESC")]
    if edges == [[], []]:
        return
    low, high = (found[0][0] if found else limit for found, limit in zip(edges, (1, HIGHEST), strict=True))
    errors = 0
    for start in range(low, high + 1, CHUNK):
        ranges = [(start, min(start + CHUNK - 1, high))]
        while ranges:
            first, last = ranges.pop()
            rows = old.peek(f"{select} WHERE rowid BETWEEN ? AND ?", first, last)
            if rows is not None:
                yield rows
                continue
            errors += 1
            if first == last or errors > MOST_ERRORS:
                tally.unreadable += 1
            else:
                middle = (first + last) // 2
                ranges += [(middle + 1, last), (first, middle)]
            if errors > MOST_ERRORS:
                return


def _columns(old: File, new: File, table: str) -> tuple[str, list[str]]:
    """Choose what to read, and name where it goes; nothing when the old schema cannot be read."""
    there = [row[1] for row in old.peek(f"PRAGMA table_info({table})") or ()]
    wanted = [row[1] for row in new.run(f"PRAGMA table_info({table})")]
    if len(there) == len(wanted):  # the same places: a name that was damaged costs no row
        return "*", wanted
    both = [name for name in wanted if name in there]
    return ", ".join(both), both


def _put_away(path: Path) -> Path:
    """Keep the damaged file with its log under the first free name."""
    number = next(n for n in itertools.count(1) if not beside(path, f".damaged-{n}").exists())
    kept_as = beside(path, f".damaged-{number}")
    for side in SIDES:
        if beside(path, side).exists():
            beside(path, side).replace(beside(kept_as, side))
    path.replace(kept_as)
    return kept_as


def _sync(folder: Path) -> None:
    """Make renamings last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
