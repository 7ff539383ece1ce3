"""A damaged store on the whole core: what is rescued is offered again, and what lost its ticket gets another."""

import sqlite3
from contextlib import closing

import pytest
from core_bench import TOPICS, Bench, accepted, names, of

from kentongan.daemon.events import Publish


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "k.db", acknowledge=True)
    bench.ready()
    yield bench
    bench.core.close(bench.at)


def lose_tickets(bench, *numbers):
    """Lose rows as a rescue does that cannot read their page, and spoil the file for the next start."""
    bench.core.close(bench.at)
    with closing(sqlite3.connect(bench.path)) as database:
        marks = ", ".join("?" * len(numbers))
        database.execute("PRAGMA foreign_keys = 0")
        database.execute(f"DELETE FROM ticket WHERE seq IN ({marks})", numbers)
        database.execute("UPDATE store SET running = 1")
        (page,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'early_report'").fetchone()
        database.commit()
    with bench.path.open("r+b") as file:
        file.seek((page - 1) * 1024)
        file.write(b"\xff" * 1024)


def test_a_part_that_lost_its_ticket_gets_another_and_its_sender_no_second_answer(bench):
    bench.sms("jalan rusak", index=1)
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    lose_tickets(bench, 1)
    bench.start()
    assert bench.store.salvaged is not None
    commands = bench.pass_time(61)
    assert names(commands).count("part_reopened") == 1
    assert [ticket.text for ticket in bench.store.tickets(9)] == ["jalan rusak", "lampu mati"]
    assert len({ticket.number for ticket in bench.store.tickets(9)}) == 2
    assert len(bench.store.outbox(9)) == 2
    published = [c for c in of(Publish, bench.broker_up()) if c.publication.topic == TOPICS.event("ticket")]
    assert len(published) == 2
    assert "part_reopened" not in names(bench.pass_time(180))


def test_the_parts_of_a_long_one_find_each_other_again(bench):
    bench.sms("satu ", index=1, sequence=(7, 2, 1))
    bench.sms("dua", index=2, sequence=(7, 2, 2))
    bench.sms("lain", index=3, sender="+6285200001111")
    lose_tickets(bench, 1)
    bench.start()
    bench.pass_time(61)
    assert [ticket.text for ticket in bench.store.tickets(9)] == ["satu dua", "lain"]


def test_what_the_modem_shows_again_after_that_is_still_recognised(bench):
    bench.sms("jalan rusak", index=1)
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    lose_tickets(bench, 1)
    bench.start()
    bench.ready()
    bench.pass_time(61)
    assert names(bench.sms("jalan rusak", index=1)) == ["part_recognised"]


def test_what_is_kept_of_an_accepted_ticket_stays_closed(bench):
    bench.broker_up()
    accepted(bench, "jalan rusak")
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    lose_tickets(bench, 2)
    bench.start()
    bench.pass_time(61)
    tickets = {ticket.text: ticket.state for ticket in bench.store.tickets(9)}
    assert tickets == {"jalan rusak": "accepted", "lampu mati": "pending"}


# -- the log -----------------------------------------------------------------------------------------------------------


def spoil_log(bench, change):
    """Do to the log what a worn card does, between two lives of the process."""
    log = bench.path.with_name(f"{bench.path.name}-wal")
    octets = bytearray(log.read_bytes())
    files = {bench.path: bench.path.read_bytes(), log: bytes(change(octets))}
    bench.store._file.abandon()
    for path, content in files.items():
        path.write_bytes(content)
    bench.path.with_name(f"{bench.path.name}-shm").unlink(missing_ok=True)


def flipped(share):
    def change(octets):
        octets[int(share * (len(octets) - 1))] ^= 0x10
        return octets

    return change


def truncated(share):
    return lambda octets: octets[: int(share * len(octets))]


@pytest.mark.parametrize("damage", [flipped, truncated])
@pytest.mark.parametrize("share", [0.0, 0.31, 0.62, 0.83, 0.97, 1.0])
def test_what_a_damaged_log_has_lost_comes_again_from_the_sim(bench, damage, share):
    bench.sms("jalan rusak", index=1)
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    spoil_log(bench, damage(share))
    bench.start()
    bench.ready()
    bench.sms("jalan rusak", index=1)
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    bench.broker_up()
    assert sorted(ticket.text for ticket in bench.store.tickets(9)) == ["jalan rusak", "lampu mati"]
    assert len({ticket.number for ticket in bench.store.tickets(9)}) == 2
    assert bench.store.care.integrity() == ()
