"""Old databases come up to date; tests/data/queue_v*.sql are dumps made by the versions themselves."""

import sqlite3
from pathlib import Path

import pytest
from queue_desk import TETANGGA, Desk

from kentongan.queue import migrations
from kentongan.queue.errors import SchemaTooNew
from kentongan.queue.models import File
from kentongan.queue.records import TicketState

DATA = Path(__file__).parent / "data"
DUMPS = sorted(DATA.glob("queue_v*.sql"))
NEWEST = len(migrations.MIGRATIONS)


def restore(dump: Path, path: Path) -> int:
    connection = sqlite3.connect(path)
    connection.executescript(dump.read_text("utf-8"))
    version = int(dump.stem.removeprefix("queue_v"))
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    return version


def schema(path: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(path)
    names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")]
    found = {
        name: sorted(connection.execute(f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')"))
        for name in names
    }
    connection.close()
    return found


def test_there_is_a_dump_of_every_older_version() -> None:
    assert [dump.stem for dump in DUMPS] == [f"queue_v{version}" for version in range(1, NEWEST)]


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.stem)
def test_an_old_database_comes_up_to_date_and_goes_on(dump: Path, tmp_path: Path) -> None:
    restore(dump, tmp_path / "kentongan.db")
    desk = Desk(tmp_path)
    assert desk.store._file.number("PRAGMA user_version") == NEWEST
    tickets = desk.store.tickets(100)
    assert [ticket.seq for ticket in tickets] == [4, 3, 2, 1]
    assert tickets[0].text == "satu […]"
    assert {ticket.state for ticket in tickets} == {TicketState.ACCEPTED, TicketState.OFFERED, TicketState.PENDING}
    assert desk.state("c1").state == "uncertain"
    assert desk.state("c2").state == "queued"
    assert desk.later(86_400_000).sms("dua", of=(5, 2, 2), key="late part").ticket.text == "satu dua"
    assert desk.sms("baru", TETANGGA, key="new part").ticket.seq == 5
    assert desk.store._file.run("PRAGMA foreign_key_check").fetchall() == []
    (tmp_path / "new").mkdir()
    new = Desk(tmp_path / "new")
    assert schema(desk.path) == schema(new.path)


def test_a_migration_that_fails_leaves_the_version_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        migrations,
        "MIGRATIONS",
        (*migrations.MIGRATIONS, ("CREATE TABLE half (id INTEGER)", "CREATE TABLE store (id INTEGER)")),
    )
    file = File(tmp_path / "kentongan.db")
    with pytest.raises(Exception, match="already exists"):
        migrations.migrate(file)
    with file.reading():
        assert file.number("PRAGMA user_version") == NEWEST
        assert not file.has("half")
    file.abandon()


def test_a_newer_file_is_refused_by_name_and_left_alone(tmp_path: Path) -> None:
    Desk(tmp_path).store._file.abandon()
    connection = sqlite3.connect(tmp_path / "kentongan.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SchemaTooNew, match=r"kentongan\.db: schema 99 is newer") as caught:
        Desk(tmp_path)
    assert (caught.value.found, caught.value.known) == (99, NEWEST)
    assert list(tmp_path.glob("*.damaged*")) == []


def test_every_table_is_strict(tmp_path: Path) -> None:
    file = Desk(tmp_path).store._file
    assert (
        file.run(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND NOT strict AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        == []
    )
