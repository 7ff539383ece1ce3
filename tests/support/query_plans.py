"""A plugin for pytest: every statement that any test makes the program run is served by an index.

Statements are collected while the tests run, and explained at the end on a store of the newest schema.
"""

import sqlite3
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import peewee  # noqa: TID251  it is looked over its shoulder
import pytest

from kentongan.queue import migrations
from kentongan.queue.models import File

# Tables that stay small, or whose every row is wanted.
SMALL = {"store", "early_report", "void_number", "hold", "incident", "climb", "rung", "fact", "tally", "wish"}
NOT_TABLES = {"json_each", "sqlite_master", "CONSTANT", "allowed", "siblings", "pragma_table_info"}
ON_PURPOSE = " NOT INDEXED "
NEVER = "(0 = 1)"  # peewee's word for an empty list: nothing is read
RESCUE = "kentongan.queue.store_salvage"  # wants whole tables
KINDS = ("SELECT", "UPDATE", "DELETE", "WITH", "INSERT")
seen: dict[str, str] = {}  # statement -> the module that asked
found: list[str] = []


def pytest_configure() -> None:
    """Look over the shoulder of peewee's database."""
    execute = peewee.SqliteDatabase.execute_sql

    def noting(self: peewee.SqliteDatabase, sql: str, *args: object) -> sqlite3.Cursor:
        if sql not in seen:
            seen[sql] = _asker()
        return execute(self, sql, *args)

    peewee.SqliteDatabase.execute_sql = noting


def _asker() -> str:
    """Name the module of ours, or the test, that runs a statement."""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("peewee", "playhouse", "kentongan.queue.models", "contextlib")):
            return str(name)
        frame = frame.f_back
    return ""


def _ours(asker: str) -> bool:
    return asker.startswith("kentongan.queue.store") and asker != RESCUE


def scans() -> list[str]:
    """Name the statements seen that read a large table whole."""
    without = []
    with TemporaryDirectory() as folder:
        file = File(Path(folder) / "k.db")
        migrations.migrate(file)
        with file.reading():
            for sql, asker in list(seen.items()):
                if not _ours(asker) or not sql.lstrip().startswith(KINDS) or NEVER in sql:
                    continue
                try:
                    plan = list(file.run(f"EXPLAIN QUERY PLAN {sql}", *[None] * sql.count("?")))
                except peewee.DatabaseError:
                    continue  # a test's own statement on a table of its own
                without += [f"{detail}: {' '.join(sql.split())[:600]}" for *_, detail in plan if _is_scan(detail, sql)]
        file.abandon()
    return without


def _is_scan(detail: str, sql: str) -> bool:
    """Judge a line of a plan; the first rows of a table in its own order are no scan."""
    words = detail.split()
    if words[0] != "SCAN" or "INDEX" in words or "CONSTANT" in words or ON_PURPOSE in sql:
        return False
    table = sql.partition(' FROM "')[2].partition('"')[0] if words[1] == "t1" else words[1]  # peewee's first alias
    return table not in SMALL | NOT_TABLES and ("WHERE" in sql or "LIMIT" not in sql)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a large table was read whole."""
    found.extend(scans())
    if found and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was looked at."""
    asked = sum(_ours(asker) for asker in seen.values())
    terminalreporter.write_line(f"{asked} statements of the store in this process, {len(found)} without an index")
    for line in found:
        terminalreporter.write_line(f"no index: {line}", red=True)
