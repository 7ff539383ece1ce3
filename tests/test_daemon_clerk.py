"""The clerk's texts fit, say what is true, and nothing but the few commands is one."""

import pytest
from edge import NOW_MS, STEADY_MS, fault, line, status
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kentongan.daemon import faults
from kentongan.daemon.answers import faults_of
from kentongan.daemon.clerk import AskCredit, AskQueue, AskStatus, Silence, Words, grouped, minutes, read_command
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.status import StoreStatus

WORDS = Words("LU2", OfficeZone("Asia/Makassar"))
DAY_MS = 86_400_000
MANY = 9_999_999
COUNTS = st.integers(0, MANY)
STORES = st.builds(
    StoreStatus,
    received=COUNTS,
    tickets=COUNTS,
    sent=COUNTS,
    unacknowledged=st.integers(0, 99_999),
    oldest_unacknowledged_s=st.integers(0, 90 * 86_400),
    queued=st.integers(0, 9_999),
    uncertain=st.integers(0, 999),
    failed=st.integers(0, 99_999),
)
LINES = st.builds(
    line,
    balance_rp=st.none() | st.integers(0, MANY),
    sends_left=st.none() | st.integers(0, 999),
    valid_until_ms=st.sampled_from([0, NOW_MS + 99 * DAY_MS]),
    state=st.sampled_from(["ready", "down"]),
    signal_dbm=st.none() | st.integers(-113, -51),
)
TOLD = [row for row in faults.ROWS if row.clerk]


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("STATUS", AskStatus()),
        (" status. ", AskStatus()),
        ("Pulsa", AskCredit()),
        ("antrian", AskQueue()),
        ("ANTREAN", AskQueue()),
        ("MATIKAN BALASAN 2 JAM", Silence(2)),
        ("matikan  balasan\n24 jam", Silence(24)),
        ("Nyalakan Balasan!", Silence(0)),
    ],
)
def test_a_command_is_read_however_it_is_typed(text, command) -> None:
    assert read_command(text) == command


@pytest.mark.parametrize(
    "text",
    [
        "",
        "status jalan di desa saya rusak",
        "MATIKAN BALASAN 0 JAM",
        "MATIKAN BALASAN 25 JAM",
        "MATIKAN BALASAN 100 JAM",
        "MATIKAN BALASAN",
        "HAPUS SEMUA",
        "STATUS" + " " * 40,
        "\x1b[2JSTATUS",
    ],
)
def test_everything_else_is_no_command(text: str) -> None:
    assert read_command(text) is None


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    command = read_command(text)
    assert command is None or len(text) <= 40


@settings(deadline=None)
@given(STORES, LINES, st.sampled_from(TOLD), st.integers(15, 30 * 1_440), st.booleans())
def test_every_notice_and_answer_arrives_as_one_sms(store, one, row, stands_min, over) -> None:
    worst = replace(fault(row.cause, row.code, name="a"), since_steady_ms=STEADY_MS - stands_min * 60_000)
    now = status(store=store, lines=(one,), faults=(worst, fault("overheated", 9)))
    texts = [
        WORDS.notice(row.clerk, worst, now),
        WORDS.over(row.clerk, now),
        WORDS.state(now),
        WORDS.state(replace(now, faults=())),
        *(WORDS.state(replace(now, faults=(fault(one.cause, one.code, name="a"),) * 3)) for one in faults.ROWS),
        WORDS.credit(now),
        WORDS.queue(now),
        WORDS.silenced(24, NOW_MS),
        WORDS.silenced(0, NOW_MS),
        WORDS.blackout(NOW_MS, NOW_MS + 1, store.received),
        WORDS.blackout(0, 0, 0),
    ]
    for text in texts:
        assert faults_of(text) == [], text
        assert text.startswith("GW-LU2: ")


def test_two_lines_credit_fits_too() -> None:
    both = tuple(
        line(name=name * 16, balance_rp=MANY, sends_left=28_571, valid_until_ms=NOW_MS + DAY_MS) for name in "ab"
    )
    text = WORDS.credit(status(lines=both))
    assert faults_of(text) == []
    assert text.count("Rp 9.999.999 (cukup 28.571 SMS)") == 2


def test_the_notices_say_what_the_clerk_can_do() -> None:
    offline = replace(fault("broker_unreachable", 7), since_steady_ms=STEADY_MS - 900_000)
    now = status(store=StoreStatus(unacknowledged=4), lines=(line(sends_left=12, valid_until_ms=NOW_MS + 14 * DAY_MS),))
    assert WORDS.notice("server", offline, now) == (
        "GW-LU2: tdk terhubung ke server 15 mnt. 4 laporan menunggu di alat, SMS warga TETAP diterima. "
        "Cek internet/router kantor."
    )
    assert WORDS.notice("credit", fault("credit_low", 5, name="a"), now) == (
        "GW-LU2: pulsa hampir habis, cukup utk 12 SMS lagi. Isi pulsa hari ini supaya balasan ke warga tidak berhenti."
    )
    assert WORDS.notice("validity", fault("sim_expiring", 5, name="a"), now) == (
        "GW-LU2: masa aktif kartu habis 14 hari lagi. Isi ulang sekarang, kalau lewat masa tenggang kartu hangus."
    )
    assert WORDS.notice("stopped", fault("path_broken", 4, name="a"), now) == (
        "GW-LU2: SMS GATEWAY TIDAK DAPAT BERJALAN: SMS TIDAK SAMPAI. Lampu merah kedip 4 kali. Lihat kartu di alat, "
        "panggil teknisi."
    )
    assert "TIDAK BISA KIRIM" in WORDS.notice("credit", fault("credit_or_barred", 5, name="a"), now)
    assert "aplikasi kabupaten" in WORDS.notice("server", fault("backend_silent", 7), now)


def test_numbers_and_durations_have_no_long_runs_of_digits() -> None:
    assert [grouped(n) for n in (0, 999, 1_000, 1_234_567)] == ["0", "999", "1.000", "1.234.567"]
    assert [minutes(n) for n in (0, 119, 120, 2_879, 2_880)] == ["0 mnt", "119 mnt", "2 jam", "47 jam", "2 hari"]
