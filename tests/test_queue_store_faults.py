"""What goes wrong with the disk: the message stays where it was, and the same store serves again when it can."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from queue_desk import EVERY, TETANGGA, WARGA, Desk

from kentongan.queue.errors import SchemaTooNew, StoreCorrupt, StoreUnavailable
from kentongan.queue.models import PAGE_OCTETS
from kentongan.queue.records import Moment, PartSent, TicketAck, TicketState
from kentongan.queue.store import Store, last_moment, steady_base

HOUR_MS = 3_600_000
USER_VERSION = 60  # where SQLite keeps it in its header


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def fill(desk: Desk, count: int = 40) -> list[str]:
    texts = [f"laporan {n} " + "x" * 100 for n in range(count)]
    for text in texts:
        desk.later(2 * HOUR_MS).sms(text)
    return texts


# -- unavailable ------------------------------------------------------------------------------------------------------


def test_a_full_file_refuses_whole_and_the_same_store_goes_on_when_there_is_room(desk: Desk) -> None:
    pages = desk.store._file.number("PRAGMA page_count")
    desk.store._file.run(f"PRAGMA max_page_count = {pages + 2}")
    stored, error = until_unavailable(desk)
    assert error.cause == "full"
    assert isinstance(error, OSError)
    assert [ticket.seq for ticket in desk.store.tickets(1)] == [stored]
    assert len(desk.due(1000)) == stored
    assert desk.sms("ada tempat lagi", key=f"k{stored}").ticket.seq == stored + 1  # a new connection has no limit


def until_unavailable(desk: Desk) -> tuple[int, StoreUnavailable]:
    for stored in range(1000):
        try:
            desk.sms(f"laporan {stored} " + "x" * 500, key=f"k{stored}")
        except StoreUnavailable as error:
            return stored, error
    pytest.fail("it never was")


LIMITED = """
import resource, signal, sys
from pathlib import Path
from queue_desk import Desk
from test_queue_store_faults import until_unavailable

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
desk = Desk(Path(sys.argv[1]))
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, hard))
stored, error = until_unavailable(desk)
assert len(desk.due(1000)) == stored > 5, stored
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
assert desk.sms("lagi").ticket.seq == stored + 1
print(error.cause)
"""


def test_a_write_that_the_file_system_refuses_is_survived(tmp_path: Path) -> None:
    folders = [str(Path(__file__).parent / "support"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, tmp_path],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() in {"full", "io"}


def test_a_locked_file_is_unavailable_and_then_serves_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kentongan.queue.models.BUSY_S", 0.05)
    desk.store._file.abandon()
    other = sqlite3.connect(desk.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreUnavailable) as caught:
        desk.sms("halo", key="k")
    assert caught.value.cause == "locked"
    other.execute("ROLLBACK")
    assert desk.sms("halo", key="k").ticket.seq == 1
    other.close()


def test_a_read_only_store_can_be_read_and_takes_up_writing_by_itself(desk: Desk) -> None:
    fill(desk, 3)
    desk.store._file.run("PRAGMA query_only = 1")
    with pytest.raises(StoreUnavailable) as caught:
        desk.sms("halo", TETANGGA)
    assert caught.value.cause == "read_only"
    assert len(desk.store.tickets(10)) == 3
    assert desk.sms("halo", TETANGGA).ticket.seq == 4


def test_a_file_that_vanished_is_never_replaced_by_an_empty_one(desk: Desk) -> None:
    fill(desk, 1)
    desk.store._file.abandon()
    hidden = desk.path.rename(desk.path.with_name("hidden"))
    with pytest.raises(StoreUnavailable):
        desk.sms("halo")
    assert not desk.path.exists()
    hidden.rename(desk.path)
    assert desk.sms("halo", TETANGGA).ticket.seq == 2


def test_a_store_opens_for_reading_when_it_cannot_be_written_and_starts_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.reply("c1")
    due = desk.store.due_part("a", desk.at(), allowed=EVERY)
    desk.store.begin(due.part_id, desk.at())
    desk.store._file.abandon()
    monkeypatch.setattr("kentongan.queue.models.PRAGMAS", {"query_only": 1})
    desk.store = desk.open()
    assert desk.state("c1").command_id == "c1"
    with pytest.raises(StoreUnavailable):
        desk.sms("halo")
    monkeypatch.undo()
    desk.sms("halo")
    assert desk.state("c1").state == "uncertain"


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        Desk(tmp_path / "nowhere")


def test_a_mistake_of_ours_is_not_called_unavailable(desk: Desk) -> None:
    with pytest.raises(Exception, match="no such table") as caught, desk.store._file.writing():
        desk.store._file.run("SELECT 1 FROM elsewhere")
    assert not isinstance(caught.value, StoreUnavailable | StoreCorrupt)
    assert desk.sms("halo").opened


# -- damage -----------------------------------------------------------------------------------------------------------


def stop_uncleanly(desk: Desk) -> None:
    """Leave the file as a power cut does, its log written back."""
    desk.store._file.close()


def test_a_torn_page_costs_only_what_was_on_it(desk: Desk) -> None:
    texts = fill(desk, 60)
    desk.store.care.hold(WARGA.ref, desk.at())
    identity = desk.store.store_id
    stop_uncleanly(desk)
    page = page_of(desk.path, b"laporan 30 ")
    octets = bytearray(desk.path.read_bytes())
    octets[page : page + PAGE_OCTETS] = bytes(PAGE_OCTETS)
    desk.path.write_bytes(octets)
    desk.store = desk.open()
    salvaged = desk.store.salvaged
    assert salvaged is not None
    assert salvaged.kept_as.read_bytes() == bytes(octets)
    assert salvaged.unreadable > 0
    kept = [ticket.text for ticket in desk.store.tickets(100) if ticket.received]
    assert len(texts) - 10 < len(kept) < len(texts)
    assert set(kept) < set(texts)
    assert (desk.store.store_id, len(desk.due(200))) == (identity, len(texts))
    assert desk.store.care.erase_sender(WARGA.ref, desk.at()).held == (WARGA.ref,)
    assert desk.sms("sesudahnya", TETANGGA).ticket.seq == len(texts) + 1
    assert desk.restart().store.salvaged is None


def page_of(path: Path, needle: bytes) -> int:
    return path.read_bytes().index(needle) // PAGE_OCTETS * PAGE_OCTETS


@pytest.mark.parametrize("damage", ["first page", "half", "empty pages"])
def test_a_hopeless_file_is_put_away_and_the_new_one_says_so(desk: Desk, damage: str) -> None:
    fill(desk, 60)
    stop_uncleanly(desk)
    octets = desk.path.read_bytes()
    broken = {
        "first page": b"\xff" * 4096 + octets[4096:],
        "half": octets[: len(octets) // 2],
        "empty pages": octets[:4096] + bytes(len(octets) - 4096),
    }[damage]
    desk.path.write_bytes(broken)
    moment = last_moment(desk.path)
    assert moment.steady_ms <= desk.now_ms
    kept = list(desk.path.parent.glob("*.damaged-?"))
    assert [path.read_bytes() for path in kept] == [broken]
    desk.store = desk.open()
    assert desk.sms("sesudahnya", TETANGGA).opened


def test_a_second_rescue_keeps_the_first_file_too(desk: Desk) -> None:
    for _ in range(2):
        fill(desk, 5)
        stop_uncleanly(desk)
        octets = bytearray(desk.path.read_bytes())
        octets[4096:8192] = os.urandom(4096)
        desk.path.write_bytes(octets)
        desk.store = desk.open()
        assert desk.store.salvaged
    assert len(list(desk.path.parent.glob("*.damaged-?"))) == 2


@pytest.mark.parametrize("moved", [False, True])
def test_a_rescue_interrupted_while_renaming_is_finished_at_the_next_start(desk: Desk, moved: bool) -> None:
    fill(desk, 3)
    desk.store.close(desk.at())
    ready = desk.path.with_name("kentongan.db.salvaged")
    ready.write_bytes(desk.path.read_bytes())
    desk.path.with_name("kentongan.db.salvage").write_bytes(b"half")
    if moved:
        desk.path.rename(desk.path.with_name("kentongan.db.damaged-1"))
    assert last_moment(desk.path).steady_ms == desk.now_ms
    desk.store = desk.open()
    assert len(desk.store.tickets(10)) == 3
    assert not ready.exists()
    assert not desk.path.with_name("kentongan.db.salvage").exists()


def test_lost_rows_are_made_good_as_far_as_they_can_be(desk: Desk) -> None:
    desk.sms("halo")
    desk.reply("c1")
    with desk.store._file.writing():
        for statement in (
            "PRAGMA defer_foreign_keys = 1",
            "DELETE FROM spool",
            "DELETE FROM message_part",
            "DELETE FROM store",
        ):
            desk.store._file.run(statement)
    stop_uncleanly(desk)
    octets = bytearray(desk.path.read_bytes())
    octets[page_of(desk.path, b"0011AA") + 8] ^= 0xFF
    desk.path.write_bytes(octets)
    desk.store = desk.open()
    assert desk.store.salvaged
    assert [item.channel for item in desk.due()] == ["ticket"]
    assert (desk.state("c1").state, desk.state("c1").reason.code) == ("failed", "storage_damaged")
    assert desk.later(2 * HOUR_MS).sms("berikut").ticket.number[4:11] > "000-010"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_ends_in_a_store_that_serves(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    desk = Desk(tmp_path_factory.mktemp("bits"))
    fill(desk, 12)
    desk.publish_all()
    desk.reply("c1")
    stop_uncleanly(desk)
    octets = bytearray(desk.path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(octets) - 1))
        length = data.draw(st.sampled_from([1, 16, PAGE_OCTETS, 4096]))
        octets[start : start + length] = data.draw(st.sampled_from([b"\x00", b"\xff", b"\xa5"])) * len(
            octets[start : start + length]
        )
    desk.path.write_bytes(octets[: data.draw(st.sampled_from([len(octets), len(octets), len(octets) // 2 + 7]))])
    try:
        last_moment(desk.path)
        desk.store = desk.open()
    except SchemaTooNew:
        return  # the version number itself was hit: refusing is right
    try:
        use(desk)
    except StoreCorrupt:  # in an old row, where the first look did not go: the process ends, and the next start rescues
        desk.store = desk.open()
        use(desk)
    desk.store._file.abandon()


@pytest.mark.parametrize("octets", [b"\x00\x00\x00\x00", b"\xff\x00\x00\x05"])
def test_a_version_that_can_be_none_is_rescued_and_not_migrated(desk: Desk, octets: bytes) -> None:
    desk.sms("halo")
    stop_uncleanly(desk)
    content = bytearray(desk.path.read_bytes())
    content[USER_VERSION : USER_VERSION + 4] = octets
    desk.path.write_bytes(content)
    last_moment(desk.path)
    desk.store = desk.open()
    assert [ticket.text for ticket in desk.store.tickets(5)] == ["halo"]
    use(desk)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (b"thread TEXT", b"thr\xffad TEXT"),
        (b"part (ticket_seq) WHERE ticket_seq", b"part (ticket_seq) WHERE sequence  "),
        (b"\x05\x03\x01\x01\x02\x02", b"\x05\x03\x00\x01\x02\x02"),
    ],
    ids=["column", "condition of an index", "entry of an index"],
)
def test_what_names_and_finds_the_rows_may_be_damaged_and_costs_none(desk: Desk, wanted: bytes, found: bytes) -> None:
    texts = fill(desk, 3)
    desk.publish_all()
    stop_uncleanly(desk)
    content = desk.path.read_bytes()
    assert wanted in content
    desk.path.write_bytes(content.replace(wanted, found))
    last_moment(desk.path)
    desk.store = desk.open()
    assert desk.path.with_name("kentongan.db.damaged-1").exists()
    assert sorted(ticket.text for ticket in desk.store.tickets(5)) == texts
    use(desk)


def use(desk: Desk) -> None:
    """Do what every minute brings."""
    desk.sms("sesudahnya", TETANGGA)
    desk.due(1000)
    desk.store.tickets(100)
    desk.store.counts(desk.at())


def test_damage_met_while_running_is_named_and_the_next_start_rescues(desk: Desk) -> None:
    fill(desk, 60)
    stop_uncleanly(desk)
    octets = bytearray(desk.path.read_bytes())
    page = page_of(desk.path, b"laporan 30 ")
    octets[page : page + PAGE_OCTETS] = os.urandom(PAGE_OCTETS)
    desk.path.write_bytes(octets)
    with pytest.raises(StoreCorrupt):
        desk.due(1000)
    desk.store = desk.open()
    assert desk.store.salvaged
    assert len(desk.due(1000)) == 60


@pytest.mark.parametrize("where", ["newest row", "an old row", "the spool"])
def test_a_large_file_is_checked_where_it_may_be_torn_and_wholly_once_damage_was_met(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    fill(desk, 60)
    stop_uncleanly(desk)
    needle = {"newest row": b"laporan 59 ", "an old row": b"laporan 2 ", "the spool": b"kentongan.ticket.v1"}[where]
    octets = bytearray(desk.path.read_bytes())
    page = page_of(desk.path, needle)
    octets[page : page + PAGE_OCTETS] = os.urandom(PAGE_OCTETS)
    desk.path.write_bytes(octets)
    monkeypatch.setattr("kentongan.queue.store_salvage.CHECKED_WHOLE_OCTETS", 0)
    monkeypatch.setattr("kentongan.queue.store_salvage.NEWEST", 10)
    desk.store = desk.open()
    if where == "an old row":
        assert desk.store.salvaged is None
        with pytest.raises(StoreCorrupt):
            desk.store.tickets(100)
        desk.store.close(desk.at())
        desk.store = desk.open()
    assert desk.store.salvaged
    assert len(desk.store.tickets(100)) == 60
    assert not desk.path.with_name("kentongan.db.suspect").exists()


def test_a_log_torn_in_its_last_frame_loses_nothing_that_was_committed_before(desk: Desk) -> None:
    fill(desk, 10)
    log = desk.path.with_name("kentongan.db-wal")
    committed = log.stat().st_size
    desk.later(2 * HOUR_MS).sms("kesebelas")
    octets = log.read_bytes()
    folder = desk.path.parent / "torn"
    folder.mkdir()
    (folder / "kentongan.db").write_bytes(desk.path.read_bytes())
    (folder / "kentongan.db-wal").write_bytes(octets[: committed + (len(octets) - committed) // 2])
    desk.store._file.abandon()
    desk.path = folder / "kentongan.db"
    desk.store = desk.open()
    assert len(desk.store.tickets(20)) == 10
    assert desk.store.salvaged is None


# -- clocks -----------------------------------------------------------------------------------------------------------


def test_a_store_can_be_looked_at_beside_its_owner_and_not_written(desk: Desk) -> None:
    desk.sms("halo")
    desk.reply("c1")
    look = Store.look(desk.path)
    assert (look.store_id, look.tickets(10), look.outbox(10)) == (
        desk.store.store_id,
        desk.store.tickets(10),
        desk.store.outbox(10),
    )
    assert len(look.spool_due(desk.at(), limit=10, exclude=())) == 3
    assert look.care.integrity() == ()
    with pytest.raises(StoreUnavailable) as caught:
        look.cancel("c1", desk.at())
    assert caught.value.cause == "read_only"
    assert desk.later(2 * HOUR_MS).sms("lagi").opened
    assert len(look.tickets(10)) == 2


def test_looking_never_makes_a_file_nor_brings_one_up_to_date(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        Store.look(tmp_path / "kentongan.db")
    assert list(tmp_path.iterdir()) == []
    old = sqlite3.connect(tmp_path / "kentongan.db")
    old.execute("CREATE TABLE store (id)")
    old.execute("PRAGMA user_version = 1")
    old.close()
    with pytest.raises(StoreUnavailable, match="start the gateway once"):
        Store.look(tmp_path / "kentongan.db")


def test_a_new_store_has_no_past(tmp_path: Path) -> None:
    assert last_moment(tmp_path / "kentongan.db") == Moment(0, 0, synced=False)


def test_a_clean_stop_leaves_the_last_moment(desk: Desk) -> None:
    desk.later(5).store.close(desk.at())
    assert last_moment(desk.path) == desk.at()


def test_the_pair_of_clocks_is_written_once_a_minute_at_most(desk: Desk) -> None:
    def written() -> tuple[int, int]:
        return desk.store._file.one("SELECT steady_ms, wall_ms FROM store")

    first = (desk.at().steady_ms, desk.at().wall_ms)
    desk.later(59_999).store.note_clock(desk.at())
    assert written() == first
    desk.later(1).store.note_clock(desk.at())
    second = (desk.at().steady_ms, desk.at().wall_ms)
    assert written() == second
    desk.later(10).sms("halo")
    assert written() == second


def test_after_an_unclean_stop_steady_time_is_not_earlier_than_anything_written(desk: Desk) -> None:
    before = desk.now_ms
    desk.later(59_999).sms("halo")
    assert last_moment(desk.path).steady_ms == before + 60_000 >= desk.now_ms


def test_steady_time_goes_on_where_it_was_and_counts_the_time_off_only_when_both_clocks_are_trusted(desk: Desk) -> None:
    desk.store.close(desk.at())
    wall_ms = desk.at().wall_ms
    assert steady_base(desk.path, wall_ms + 60_000, synced=True) == desk.now_ms + 60_000
    assert steady_base(desk.path, wall_ms + 60_000, synced=False) == desk.now_ms
    assert steady_base(desk.path, wall_ms - 60_000, synced=True) == desk.now_ms


def test_a_wall_clock_in_1970_or_in_2082_starts_no_storm_and_ends_nothing(desk: Desk) -> None:
    ticket = desk.sms("halo").ticket
    desk.publish_all()
    desk.reply("c1")
    for wall_ms in (0, 3_540_000_000_000):
        moment = Moment(desk.now_ms + 1, wall_ms, synced=False)
        assert [i.lane for i in desk.store.spool_due(moment, limit=10, exclude=())] == [0, 1]
        assert desk.store.expire(moment) == 0
        desk.store.note_clock(moment)
    assert desk.store.ticket(ticket.ticket_id).state is TicketState.OFFERED
    assert desk.send(PartSent(1)).state == "sent"


def test_acknowledged_is_acknowledged_for_good(desk: Desk) -> None:
    ticket = desk.sms("halo").ticket
    desk.store.acknowledge(TicketAck(ticket.ticket_id, accepted=True), desk.at())
    for _ in range(3):
        assert desk.crash().due() == []
