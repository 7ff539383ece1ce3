"""The report of the month: figures that decide things, for people who read one page."""

import csv
import io
import json
from dataclasses import replace

import pytest
from backend_bench import ask, events, settle
from click.testing import CliRunner
from core_bench import CITIZEN, serving
from edge import write_config

from kentongan.daemon import monthly, monthly_page, monthly_sheet
from kentongan.daemon.cli_group import cli
from kentongan.daemon.cli_report import last_whole
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.monthly import Month, Span, Spread, Trouble, span_of
from kentongan.daemon.monthly_sheet import Heading, Unit, lasted, shown
from kentongan.queue.incidents import Incident

HOUR = 3_600_000
ZONE = OfficeZone("Asia/Makassar")
OCTOBER = monthly.span_of("2026-10", ZONE.offset_min)
BY = Heading("Kecamatan Sabbang", "kec-sabbang-01", OCTOBER.end_ms + HOUR, "1", ZONE)
MONTH = Month(
    "2026-10",
    OCTOBER,
    OCTOBER,
    {"tickets": 100, "follow_ups": 20, "category.infrastruktur": 80, "quarantined.operator": 7, "sms_out.failed": 2},
    Spread(100, 6_000, 900_000, 7_200_000),
    Spread(100, 1_000, 4_000, 60_000),
    Spread(90, 3 * HOUR, 30 * HOUR, 90 * HOUR),
    100,
    8,
    2,
    (Trouble("blackout", 2, 9 * HOUR), Trouble("credit_low", 1, 30 * HOUR)),
    (("blackout", Span(OCTOBER.start_ms, OCTOBER.start_ms + 9 * HOUR)),),
    9 * HOUR,
    2 * HOUR,
)


def incident(cause, began_h, ended_h, line=""):
    ended = None if ended_h is None else OCTOBER.start_ms + round(ended_h * HOUR)
    return Incident(cause, line, OCTOBER.start_ms + round(began_h * HOUR), 0, ended, 0)


def sheet(month=MONTH, last=None):
    return monthly_sheet.sheet(month, last, BY)


# -- the figures -------------------------------------------------------------------------------------------------------


def test_a_month_begins_at_the_offices_midnight():
    assert ZONE.clock(OCTOBER.start_ms) == "01-10-2026 00:00:00 WITA"
    assert ZONE.clock(OCTOBER.end_ms) == "01-11-2026 00:00:00 WITA"
    assert monthly.shifted("2026-01", -1) == "2025-12"


def test_what_stood_at_the_same_time_is_down_time_once():
    incidents = [incident("blackout", 1, 3), incident("modem_not_responding", 2, 5, "a"), incident("credit_low", 0, 90)]
    assert monthly._down_ms(incidents, OCTOBER, ("a",)) == 4 * HOUR
    (first, *_) = monthly.troubles(incidents, OCTOBER)
    assert (first.cause, first.count, first.lasted_ms) == ("credit_low", 1, 90 * HOUR)


def test_while_one_of_two_lines_serves_the_box_serves():
    incidents = [incident("sim_missing", 0, 10, "a"), incident("sim_missing", 8, 20, "b")]
    assert monthly._down_ms(incidents, OCTOBER, ("a", "b")) == 2 * HOUR


def test_trouble_is_cut_to_the_month_and_to_what_is_known():
    incidents = [incident("blackout", -5, 1), incident("blackout", 700, None)]
    known = Span(OCTOBER.start_ms, OCTOBER.start_ms + 710 * HOUR)
    assert monthly._down_ms(incidents, known, ("a",)) == 11 * HOUR


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, name="kentongan.db") as bench:
        yield bench


def test_a_reply_to_a_follow_up_answers_the_report(bench):
    settle(bench, bench.sms("jalan rusak"))
    (more,) = events(settle(bench, bench.sms("di desa sabbang", index=2)), "ticket")
    settle(bench, bench.sms("lampu mati", sender="+6281300000002", index=3))
    (closed,) = events(settle(bench, bench.sms("banjir", sender="+6281300000003", index=4)), "ticket")
    bench.pass_time(600)
    ask(bench, "reply", "r1", ticket_id=more["ticket_id"], text="Sudah kami teruskan")
    body = {"schema": "ticket_change/1", "command_id": "t1", "ticket_id": closed["ticket_id"], "close": "selesai"}
    settle(bench, bench.command("ticket", json.dumps(body).encode()))
    found = bench.store.ledger.answers(0, bench.at.wall_ms + 1)
    assert (found.reports, found.waiting, found.closed) == (3, 1, 1)
    assert [600_000 <= wait < 700_000 for wait in found.waits_ms] == [True]


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 detik"),
        (999, "1 detik"),
        (61_000, "1 menit 1 detik"),
        (3_600_000, "1 jam"),
        (52 * HOUR, "2 hari 4 jam"),
        (26 * HOUR + 60_000, "1 hari 2 jam"),
    ],
)
def test_a_wait_is_told_in_two_units(ms, words):
    assert lasted(ms) == words


def test_figures_are_written_as_indonesians_write_them():
    assert shown(1_234, Unit.COUNT) == "1.234"
    assert shown(97.25, Unit.PERCENT) == "97,2 %"
    assert shown(None, Unit.TIME) == "-"


def test_the_page_says_first_what_wants_a_decision():
    assert sheet().concerns == (
        "8 laporan belum ditanggapi. Minta dinas terkait menjawabnya.",
        "Alat tidak melayani 9 jam; terbanyak karena listrik padam. Pertimbangkan UPS atau baterai.",
        "Alat tidak terhubung ke aplikasi 2 jam; SMS warga tetap diterima dan disimpan.",
        "5 dari 100 SMS tertahan lebih dari 15 menit di operator, sebelum sampai di alat.",
        "2 SMS keluar tidak sampai ke warga.",
    )


def test_a_good_month_says_so():
    good = replace(MONTH, waiting=0, held=None, troubles=(), down_ms=0, offline_ms=0, counts={"tickets": 100})
    assert sheet(good).concerns == ("Tidak ada.",)
    assert '<div class="concerns none">' in monthly_page.page(sheet(good))


@pytest.mark.parametrize(("down_h", "why"), [(9, "alat sempat berhenti"), (0, "alat melayani seperti biasa")])
def test_fewer_reports_stand_beside_the_hours_of_service(down_h, why):
    now = replace(MONTH, reports=60, down_ms=down_h * HOUR)
    assert (
        sheet(now, replace(MONTH)).concerns[-1] == f"Laporan 40 persen lebih sedikit dari bulan lalu, sedangkan {why}."
    )


def test_a_month_that_is_known_in_part_is_compared_with_nothing():
    part = replace(MONTH, known=Span(OCTOBER.start_ms + HOUR, OCTOBER.end_ms))
    assert all(row.before is None for section in sheet(MONTH, part).sections for row in section.rows)
    assert all(row.before is None for row in sheet(MONTH, part).sums)


def test_every_line_fits_the_terminal():
    lines = monthly_sheet.text(sheet(MONTH, MONTH))
    assert max(map(len, lines)) <= 80
    assert "  Infrastruktur                                             80              80" in lines


def test_the_table_has_plain_numbers_with_a_decimal_comma():
    rows = list(
        csv.reader(
            io.StringIO("\n".join(";".join(f'"{c}"' for c in row) for row in monthly_sheet.cells(sheet()))),
            delimiter=";",
        )
    )
    found = {(row[0], row[1]): row[2:] for row in rows}
    assert found["Ringkasan", "Alat melayani"] == ["98,8", "", "%"]
    assert found["Seberapa cepat", "Tanggapan, separuh"] == ["180,0", "", "menit"]
    assert found["Daftar gangguan", "Listrik padam"][:2] == ["01/10/2026 00:00", "01/10/2026 09:00"]
    assert {len(row) for row in rows} == {len(monthly_sheet.HEAD)}


def test_a_countys_own_words_cannot_break_the_page():
    odd = replace(MONTH, counts={"category.<script>": 1})
    assert "<script>" not in monthly_page.page(sheet(odd)).lower()


def test_places_of_the_countys_own_rules_stand_by_themselves():
    counts = {"category.infrastruktur": 8, "category.desa-sabbang": 5, "category.desa-baebunta": 2}
    by = replace(BY, areas=frozenset({"desa-sabbang", "desa-baebunta", "desa-lain"}))
    made = monthly_sheet.sheet(replace(MONTH, counts=counts), None, by)
    found = {section.title: [(row.label, row.value) for row in section.rows] for section in made.sections}
    assert found["Tentang apa"] == [("Infrastruktur", 8)]
    assert found["Dari mana"] == [("Desa-Sabbang", 5), ("Desa-Baebunta", 2)]


# -- the command -------------------------------------------------------------------------------------------------------


def test_the_head_of_the_office_gets_page_and_table_without_a_person_in_them(bench, tmp_path):
    settle(bench, bench.sms("jalan rusak di desa sabbang"))
    config = write_config(tmp_path, 1883)
    month = ZONE.clock(bench.at.wall_ms)[3:10]
    run = lambda *words: CliRunner().invoke(cli, ["--config", str(config), "report", *words])  # noqa: E731
    made = run("--month", month, "--csv", str(tmp_path / "l.csv"), "--html", str(tmp_path / "l.html"))
    assert made.exit_code == 0, made.output
    table, page = (tmp_path / "l.csv").read_bytes(), (tmp_path / "l.html").read_text("utf-8")
    assert table.startswith(b"\xef\xbb\xbfBAGIAN;")
    shown_text = run("--month", month).output
    assert "PERLU PERHATIAN" in shown_text
    for words in (table.decode(), page, shown_text):
        assert CITIZEN[3:] not in words
        assert "sabbang" not in words.replace("kec-sabbang-01", "").replace("Sabbang", "")


def test_a_month_is_written_one_way_or_the_other(tmp_path):
    config = write_config(tmp_path, 1883)
    refused = CliRunner().invoke(cli, ["--config", str(config), "report", "--month", "oktober"])
    assert refused.exit_code == 2
    assert "2026-10" in refused.output


def test_a_box_in_its_first_month_tells_of_that_month_and_not_of_one_before_it_was_there():
    born_ms = span_of("2026-11", ZONE.offset_min).start_ms
    assert [last_whole(this, born_ms, ZONE) for this in ("2026-11", "2026-12")] == ["2026-11", "2026-11"]
    assert last_whole("2026-11", born_ms - 1, ZONE) == "2026-10"


def test_the_last_whole_month_goes_along_to_the_usb_stick(bench, tmp_path):
    settle(bench, bench.sms("jalan rusak"))
    (tmp_path / "stick").mkdir()
    config = write_config(tmp_path, 1883)
    copied = CliRunner().invoke(cli, ["--config", str(config), "ekspor", str(tmp_path / "stick")])
    assert copied.exit_code == 0, copied.output
    (table,) = (tmp_path / "stick").glob("*/laporan-*-20*.csv")
    assert table.read_bytes().startswith(b"\xef\xbb\xbfBAGIAN;")
    assert "<h1>Laporan bulanan" in table.with_suffix(".html").read_text("utf-8")
