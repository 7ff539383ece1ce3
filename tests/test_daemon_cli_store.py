"""The store's commands, beside a core that has the same file open."""

import sqlite3
import threading
from contextlib import closing, contextmanager
from queue import Queue

import pytest
from click.testing import CliRunner
from core_bench import CITIZEN, Bench, of
from edge import write_config

from kentongan.daemon.cli_group import cli
from kentongan.daemon.control import ControlServer
from kentongan.daemon.errors import ControlUnavailable, StoreUnreadable
from kentongan.daemon.events import Answer
from kentongan.queue.numbers import format_number


@pytest.fixture
def config(tmp_path):
    return write_config(tmp_path, 1883)


@pytest.fixture
def bench(tmp_path, config):
    (tmp_path / "sender.key").write_bytes(b"key")  # the bench's own
    bench = Bench(tmp_path / "kentongan.db")
    bench.ready()
    yield bench
    bench.core.close(bench.at)


@pytest.fixture
def run(config):
    return lambda *words, said="": CliRunner().invoke(cli, ["--config", str(config), *words], input=said)


@contextmanager
def serving(bench, tmp_path):
    """Let the core answer on the control socket; it stays on this test's thread's file until the server has ended."""
    asked = Queue()
    server = ControlServer(tmp_path / "run", asked.put)
    ending = object()

    def answer():
        while (request := asked.get(timeout=20)) is not ending:
            for command in of(Answer, bench.do(request)):
                command.request.reply(command.result)

    threads = [threading.Thread(target=body, daemon=True) for body in (server.run, answer)]
    for thread in threads:
        thread.start()
    yield
    asked.put(ending)
    server.stop()
    for thread in threads:
        thread.join(20)


def test_what_waits_is_told_beside_the_running_gateway(bench, run):
    bench.sms("jalan rusak")
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    result = run("queue")
    assert result.exit_code == 0
    assert "laporan belum diterima aplikasi : 2, paling lama LU2-000-001-2 sejak " in result.output
    assert "karantina                       : kosong" in result.output
    assert " persen dari " in result.output


def test_a_sound_store_is_called_so_and_a_spoilt_one_is_not(bench, run, tmp_path):
    bench.sms("jalan rusak")
    assert run("integrity").output.startswith("utuh: ")
    bench.store._file.empty_log()
    with closing(sqlite3.connect(tmp_path / "kentongan.db")) as database:
        database.execute("PRAGMA foreign_keys = 0")
        database.execute("DELETE FROM ticket")
        database.commit()
    result = run("integrity")
    assert result.exit_code == 1
    assert "RUSAK: part 1 refers to nothing\n" in result.output


def test_tickets_become_a_table_for_excel_with_masked_numbers(bench, run, tmp_path):
    bench.sms("=1+1; jalan rusak")
    target = tmp_path / "laporan.csv"
    result = run("export", str(target))
    assert result.output == f"1 laporan ditulis ke {target}\n"
    head, row = target.read_bytes().decode("utf-8").split("\r\n")[:2]
    assert head == "\ufeffNOMOR;DITERIMA;PENGIRIM;ISI;BAGIAN;KEADAAN;NOMOR APLIKASI;JEDA OPERATOR (DETIK)"
    number, _when, rest = row.split(";", 2)
    assert number == "LU2-000-001-2"
    assert rest == "'+62812*****890;\"'=1+1; jalan rusak\";1 dari 1;menunggu;;0,0"
    run("export", "--numbers", str(target))
    assert CITIZEN in target.read_text("utf-8")


def test_a_span_of_days_is_the_offices(bench, run, tmp_path):
    bench.sms("jalan rusak")  # on 18 November 2026, 20:26 in Masamba
    target = tmp_path / "laporan.csv"
    for since, until, count in (("18-11-2026", "18-11-2026", 1), ("19-11-2026", "", 0), ("", "17-11-2026", 0)):
        span = [*(["--since", since] if since else []), *(["--until", until] if until else [])]
        assert run("export", str(target), *span).output.startswith(f"{count} laporan")


def test_a_thread_is_erased_by_its_number_and_the_file_forgets_it(bench, run, tmp_path):
    bench.sms("jalan rusak")
    bench.sms("di desa sabbang", index=2)
    bench.sms("lampu mati", index=3, sender="+6285200001111")
    with serving(bench, tmp_path):
        assert run("erase", "LU2-000-001-2", said="n\n").exit_code == 1
        assert [ticket.text for ticket in bench.store.tickets(9)].count("") == 0
        result = run("erase", "lu2 000 001 2", said="y\n")
        assert result.output.endswith("dihapus: 2 laporan, 0 SMS keluar, 0 dari karantina\n")
        assert run("erase", "--yes", "LU2-000-001-2").output.startswith("dihapus: 0 laporan")
        assert "unknown_ticket" in run("erase", "--yes", format_number("LU2", 999)).output
    assert [ticket.text for ticket in bench.store.tickets(9)] == ["lampu mati", "", ""]
    assert b"sabbang" not in (tmp_path / "kentongan.db").read_bytes()


def test_a_number_is_erased_wherever_it_stands_unless_it_is_held(bench, run, tmp_path):
    bench.sms("jalan rusak")
    ref = bench.store.tickets(1)[0].sender.ref
    with serving(bench, tmp_path):
        bench.store.care.hold(ref, bench.at)
        held = run("erase", "--yes", "0812-3456-7890")
        assert (held.exit_code, "ditahan" in held.output) == (1, True)
        bench.store.care.release(ref, bench.at)
        assert run("erase", "--yes", "0812-3456-7890").output.startswith("dihapus: 1 laporan")
    assert bench.store.tickets(1)[0].text == ""


def test_a_legal_hold_stands_above_erasing_until_it_is_released(bench, run, tmp_path):
    bench.sms("jalan di sabbang rusak")
    (tmp_path / "sender.key").write_bytes(b"key")
    with serving(bench, tmp_path):
        assert run("hold", CITIZEN).output == f"ditahan: {CITIZEN}\n"
        assert run("erase", "--yes", "LU2-000-001-2").exit_code == 1
        assert bench.store.tickets(1)[0].text == "jalan di sabbang rusak"
        assert run("hold", "--release", "LU2-000-001-2").output == "dilepas: LU2-000-001-2\n"
        assert run("erase", "--yes", "LU2-000-001-2").exit_code == 0
        assert "unknown_ticket" in run("hold", format_number("LU2", 999)).output
    assert bench.store.tickets(1)[0].text == ""


def test_what_is_still_on_the_card_can_be_named_without_naming_anybody(bench, run, tmp_path):
    bench.sms("jalan di sabbang rusak")
    bench.sms("lampu mati", index=2, sender="+6285200001111")
    gone, _ = sorted(bench.store.tickets(9), key=lambda ticket: ticket.seq)
    bench.store.care.erase_tickets([gone.ticket_id], bench.at)
    target = tmp_path / "kartu.csv"
    result = run("manifest", str(target))
    assert result.output == f"1 laporan masih ada di kartu, ditulis ke {target}\n"
    head, row, _ = target.read_bytes().decode("utf-8").split("\r\n")
    assert head == "\ufeffNOMOR;DITERIMA;PENGIRIM (SANDI);KEADAAN;TICKET ID"
    (left,) = (ticket for ticket in bench.store.tickets(9) if ticket.text)
    assert row.split(";")[0] == left.number
    assert row.split(";")[2:] == [left.sender.ref, "menunggu", left.ticket_id]
    assert "6285200001111" not in target.read_text("utf-8")
    assert "lampu" not in target.read_text("utf-8")


def test_what_cannot_be_done_is_said_with_what_to_do(run, config, tmp_path):
    for words in (["queue"], ["integrity"], ["export", "-"]):
        assert str(run(*words).exception).endswith(
            "there is no store; start the gateway once, or give the right --config"
        )
    assert isinstance(run("queue").exception, StoreUnreadable)
    (tmp_path / "kentongan.db").write_bytes(b"")
    assert "start the gateway once" in str(run("queue").exception)
    assert isinstance(run("erase", "--yes", "LU2-041-937-1").exception, ControlUnavailable)
    assert "sender.key" in str(run("erase", "--yes", CITIZEN).exception)
    assert "neither" in run("erase", "--yes", "halo").output


def test_pages_go_on_where_the_last_one_ended(bench, run, tmp_path):
    for number in range(5):
        bench.sms(f"laporan {number}", index=number + 1, sender=f"+628520000111{number}")
    with serving(bench, tmp_path):
        first = run("tickets", "--limit", "2").output.splitlines()
        assert first[-1] == "berikutnya: --before 4"
        second = run("tickets", "--limit", "2", "--before", "4").output.splitlines()
        assert [line[:11] for line in second[1:3]] == ["LU2-000-003", "LU2-000-002"]
        last = run("tickets", "--limit", "2", "--before", "2").output.splitlines()
        assert not last[-1].startswith("berikutnya")
        assert run("outbox").output == "tidak ada SMS keluar\n"
