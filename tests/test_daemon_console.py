"""The technician's console: what is typed, what is asked of the gateway, what is printed."""

import pytest
from edge import NOW_MS, fault, line, status
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from kentongan.daemon import faults
from kentongan.daemon.answers import Template
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.console import IDLE_S, LOCK_S, MAX_LINE, TRIES, Ask, Box, Bye, LampTest, Say, Session, Step
from kentongan.daemon.console_orders import ORDERS
from kentongan.daemon.control import Refusal
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.printouts import TEXTS as TEXTS_BY_NAME
from kentongan.daemon.printouts import month_of
from kentongan.daemon.status import Status, StoreStatus

ZONE = OfficeZone("Asia/Makassar")
BOX = Box("LU2", "Kominfo Luwu Utara", "mqtt.lutra.go.id:8883", ZONE, "KUNCI7")
INCIDENT = {"cause": "sim_missing", "line": "a", "began_ms": NOW_MS, "ended_ms": None, "lasted_s": 90, "attempts": 0}
RUNG = {"line": "a", "rung": "resync", "climbed": 4, "succeeded": 3}
TICKET = {
    "number": "LU2-041-937-1",
    "seq": 5,
    "line": "a",
    "sender": "+62812*****890",
    "smsc_ms": NOW_MS - 3_600_000,
    "received_ms": NOW_MS,
    "synced": True,
    "revision": 1,
    "attempt": 2,
    "parts": "1/1",
    "thread": "new",
    "state": "accepted",
    "backend_ticket": "4711",
    "characters": 40,
    "text": "kata warga",
}
ANSWERS = {
    "tickets": [TICKET],
    "ticket": TICKET,
    "outbox": [
        {"message_id": 7, "accepted_ms": NOW_MS, "recipient": "+62812*****1", "priority": "reply", "state": "queued"}
    ],
    "journal": [{"at_ms": NOW_MS, "text": "ticket_opened number=LU2-041-937-1"}],
    "incidents": {"incidents": [INCIDENT], "rungs": [RUNG]},
    "trace": ["12.000 > AT", "12.010 < OK"],
    "month": {"figures": {"tickets": 12, "sms_out.sent": 1_234}, "waits_ms": [1_000, 2_000, 90_000]},
    "probe": {"begun": True},
    "send": {"message_id": 8},
    "cycle_power": {"line": "a"},
    "restart": {},
    "accept_sim": {"line": "a"},
}


class Cable:
    """A technician with a session, and a gateway that answers."""

    def __init__(self, now: Status | None = None, box: Box = BOX) -> None:
        self.session = Session(box, ORDERS)
        self.status = now or status()
        self.asked: list[dict[str, object]] = []
        self.now_s = 1_000.0
        self.ended = self.tested = False
        self.down: object = None

    def type(self, text: str | bytes) -> list[str]:
        """Type a line; gives what is printed."""
        step: Step | None = self.session.take(text if isinstance(text, bytes) else text.encode(), self.now_s)
        printed: list[str] = []
        while step is not None:
            match step:
                case Say(lines, following):
                    printed += lines
                    step = following
                case Ask(request, then):
                    self.asked.append(dict(request))
                    step = then(self.down or self._answer(str(request["request"])))
                case LampTest():
                    self.tested, step = True, None
                case Bye():
                    self.ended, step = True, None
        return printed

    def _answer(self, name: str) -> object:
        if name == "status":
            return to_builtins(self.status)
        return [] if name == "tickets" and self.asked[-1].get("before") else ANSWERS[name]

    def open(self) -> "Cable":
        assert "Terbuka" in self.type("buka kunci7")[0]
        return self


READ_ONLY = [
    ("status", "GANGGUAN: tidak ada"),
    ("gangguan", "GANGGUAN: tidak ada"),
    ("modem", "CREG 1 (terdaftar)"),
    ("jaringan", "Server: TERHUBUNG"),
    ("antrian", "7  24-11-2026"),
    ("ANTREAN", "Menunggu kirim"),
    ("tiket", "LU2-041-937-1"),
    ("tiket LU2-041-937-1", "tertahan 1j 00m di operator"),
    ("pulsa", "belum diketahui"),
    ("waktu", "sumber NTP"),
    ("log 5", "ticket_opened"),
    ("riwayat", "cari langkah"),
    ("rekaman", "12.000 > AT"),
    ("laporan", "SMS keluar terkirim"),
    ("laporan bulan 10", "LAPORAN 2026-10"),
    ("ekspor", "urut;nomor;tanggal"),
    ("kartu 5", "5  TIDAK BISA KIRIM SMS"),
    ("kartu", "Tulis jumlah kedip"),
    ("uji teks", "lolos"),
    ("uji mqtt", "Server: TERHUBUNG"),
    ("bantuan", "mulai ulang"),
    ("help", "perlu kata servis"),
]
TEXTS = {"texts_of": 6, "texts_ms": NOW_MS - 3_600_000}
CANARY = [
    ({"texts_of": 6, "texts_left": 4}, "teks otomatis 2 dari 6 selesai, tiap teks ditunggu paling lama 10 menit"),
    ({"texts_of": 6, "texts_left": 6, "texts_held": True}, "0 dari 6 selesai, menunggu SMS mandiri kembali"),
    (TEXTS, "teks otomatis OK 24-11-2026"),
    (TEXTS | {"texts_filtered": ("ACK", "NO_SMS")}, "teks otomatis TIDAK SAMPAI: laporan, BERHENTI SEMUA"),
    (TEXTS | {"texts_left": 1, "texts_filtered": ("ACK",)}, "teks otomatis TIDAK SAMPAI: laporan"),
]
CHANGES = ["uji pulsa", "uji kenari", "uji sendiri", "uji sms 081234567890", "putus modem", "mulai ulang", "terima sim"]
CONFIRMED = [name for name in CHANGES if name != "uji pulsa"]


@pytest.mark.parametrize(("typed", "shown"), READ_ONLY)
def test_everything_can_be_read_without_the_service_word(typed: str, shown: str) -> None:
    printed = Cable().type(typed)
    assert any(shown in line for line in printed), printed


@pytest.mark.parametrize(("facts", "shown"), CANARY)
def test_the_status_tells_how_far_the_automatic_texts_are_until_their_end(facts: dict[str, object], shown: str) -> None:
    printed = Cable(status(lines=(line(**facts),))).type("status")
    assert any(shown in each for each in printed), printed
    assert all(len(each) <= 80 for each in printed)


def test_every_automatic_text_has_a_name_that_a_technician_knows() -> None:
    assert set(TEXTS_BY_NAME) == {template.name for template in Template}


def test_a_fault_can_be_asked_for_by_its_number_whether_it_stands_or_not() -> None:
    cable = Cable(status(faults=(fault("sim_missing", 3, name="a"), fault("broker_unreachable", code=7))))
    assert cable.type("gangguan 7")[0].startswith("KODE 7  TIDAK TERHUBUNG KE SERVER")
    assert not any("KODE 3" in each for each in cable.type("gangguan 7"))
    for code, page in faults.CARD.items():
        if code not in {3, 7}:
            printed = cable.type(f"gangguan {code}")
            assert printed[0].startswith(f"Gangguan {code} sekarang tidak ada.")
            assert printed[1:] == [f"{code}  {page.heading}", *(f"  {n}) {do}" for n, do in enumerate(page.todo, 1))]
            assert all(len(each) <= 80 for each in printed)
    assert "1 sampai 9" in cable.type("gangguan 10")[0]
    assert "1 sampai 9" in cable.type("gangguan x")[0]


def test_the_system_s_own_words_about_the_server_do_not_push_ours_off_the_screen() -> None:
    link = replace(status().link, state="offline", cause="refused", detail="ConnectionRefusedError: [Errno 111] no")
    shown = ["Server: TERPUTUS: sambungan ditolak  MQTT 5.0  sambung ulang 0x", f"        kata sistem: {link.detail}"]
    assert Cable(status(link=link)).type("jaringan")[-2:] == Cable(status(link=link)).type("uji mqtt") == shown


def test_a_supply_of_which_the_modem_complains_is_not_called_good() -> None:
    assert "daya KURANG kata modem" in Cable(status(faults=(fault("power_undervoltage"),))).type("status")[2]


def test_every_command_is_tested_here() -> None:
    tested = {typed.lower() for typed, _ in READ_ONLY} | set(CHANGES) | {"uji lampu", "buka", "kunci", "keluar"}
    for order in ORDERS:
        assert any(typed.startswith(name) for typed in tested for name in order.names), order.names


@pytest.mark.parametrize("typed", CHANGES)
def test_what_changes_or_costs_needs_the_service_word(typed: str) -> None:
    cable = Cable()
    assert "Perlu kata servis" in cable.type(typed)[0]
    assert cable.asked == []
    cable.open().type(typed)
    assert bool(cable.asked) is (typed not in CONFIRMED)


@pytest.mark.parametrize("typed", CONFIRMED)
def test_and_a_yes(typed: str) -> None:
    cable = Cable().open()
    assert cable.type(typed)[0].endswith("Lanjut? (y/t)")
    assert cable.type("t") == ["dibatalkan"]
    assert cable.asked == []
    cable.type(typed)
    assert cable.type("Y")
    assert len(cable.asked) == 1


def test_the_service_word_is_forgotten_after_a_while_and_on_request() -> None:
    cable = Cable().open()
    cable.now_s += IDLE_S
    assert "Perlu kata servis" in cable.type("putus modem")[0]
    cable.open().type("kunci")
    assert "Perlu kata servis" in cable.type("putus modem")[0]


def test_wrong_words_close_the_door_for_a_minute_and_are_noted_without_the_word() -> None:
    cable = Cable()
    for _ in range(TRIES):
        assert cable.type("buka rahasia") == ["Kata salah."]
        assert cable.session.noted == "buka: salah"
    assert "Tunggu" in cable.type("buka KUNCI7")[0]
    cable.now_s += LOCK_S
    cable.open()
    assert cable.session.noted == "buka: benar"


def test_without_a_word_nothing_can_be_opened() -> None:
    cable = Cable(box=replace_word(""))
    assert "belum diatur" in cable.type("buka ")[0]
    assert "belum diatur" in cable.type("buka x")[0]


def replace_word(word: str) -> Box:
    return Box(BOX.prefix, BOX.office, BOX.broker, BOX.zone, word)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("statsu", "status"), ("ganguan", "gangguan"), ("uji lampo", "uji lampu"), ("antri", "antrian")],
)
def test_a_mistyped_command_is_guessed_and_not_obeyed(typed: str, meant: str) -> None:
    cable = Cable()
    (said,) = cable.type(typed)
    assert f"Maksudnya  {meant} ?" in said
    assert cable.asked == []


def test_what_is_not_a_number_is_asked_for_again_before_anything_is_confirmed() -> None:
    cable = Cable(box=replace_word("BAMBU7"))
    cable.type("buka BAMBU7")
    for number in ("abc", "+62812345678901234567890", "0812;AT+CMGD=1,4", "1"):
        assert cable.type(f"uji sms {number}") == ["Tulis nomornya:  uji sms 081234567890"]
    assert cable.asked == []


@pytest.mark.parametrize(
    "typed",
    [b"\x1b[2J\x1b]0;x\x07", b"status\x00", "gangguan\N{DEGREE SIGN}".encode(), b"x" * (MAX_LINE + 1), b"\xff\xfe"],
)
def test_what_no_person_types_is_neither_obeyed_nor_echoed(typed: bytes) -> None:
    cable = Cable()
    (said,) = cable.type(typed)
    assert said.startswith("Baris terlalu panjang")
    assert cable.asked == []
    assert cable.session.noted == "baris tidak terbaca"


@settings(deadline=None)
@given(st.binary(max_size=300), st.booleans())
def test_no_line_breaks_the_console_and_whatever_it_prints_is_plain(typed: bytes, opened: bool) -> None:
    cable = Cable(Status(**{**fields(status()), "faults": (fault("credit_or_barred", 5, name="a"),)}))
    if opened:
        cable.open()
    for printed in cable.type(typed):
        assert printed.isascii()
        assert printed.isprintable()
        assert len(printed) <= 80 or printed.startswith("urut;")


def fields(document: Status) -> dict[str, object]:
    return {name: getattr(document, name) for name in document.__struct_fields__}


def test_hostile_answers_are_made_harmless_too() -> None:
    evil = "\x1b[31mHALO\r\n" + "x" * 200
    cable = Cable(status(lines=(line(model=evil, operator=evil, state="down", why=evil),)))
    for typed in ("status", "modem", "jaringan", "gangguan"):
        for printed in cable.type(typed):
            assert printed.isprintable()
            assert len(printed) <= 80


def test_numbers_in_a_command_are_masked_in_the_note() -> None:
    cable = Cable().open()
    cable.type("uji sms 081234567890")
    assert cable.session.noted == "uji sms 0812*****890"


def test_a_gateway_that_does_not_answer_is_fault_one_with_its_steps() -> None:
    cable = Cable()
    cable.down = ControlUnavailable("/run/kentongan/control.sock", "the gateway is not running", "start it")
    printed = cable.type("status")
    assert printed[0] == "SMS GATEWAY TIDAK DAPAT BERJALAN"
    assert printed[1] == "KODE 1  PROGRAM BERHENTI: tidak menjawab"
    assert len(printed) == 5


def test_a_refusal_is_said() -> None:
    cable = Cable()
    cable.down = Refusal("unknown_ticket", "this gateway has no such ticket")
    assert cable.type("tiket LU2-000-000-0") == ["ditolak: tidak ada laporan dengan nomor itu (unknown_ticket)"]


def test_every_fault_is_printed_with_three_steps() -> None:
    for row in faults.ROWS:
        printed = Cable(status(faults=(fault(row.cause, row.code, name="a"),))).type("gangguan")
        assert printed[0].startswith(f"KODE {row.code}  {row.title}")
        assert [text for text in row.todo if any(text in shown for shown in printed)] == list(row.todo)


def test_a_status_shows_credit_probes_and_faults() -> None:
    one = line(probe_ok_ms=NOW_MS, balance_rp=41_250, sends_left=117, valid_until_ms=NOW_MS + 86_400_000, draining=True)
    cable = Cable(status(lines=(one,), faults=(fault("clock_unsynced", 7),)))
    assert any("SMS mandiri OK" in shown for shown in cable.type("status"))
    assert any("GANGGUAN 7: JAM BELUM DISETEL" in shown for shown in cable.type("status"))
    printed = cable.type("pulsa")
    assert printed[0].startswith("Jalur a: pulsa Rp 41.250, cukup untuk 117 SMS")
    assert any("LEBIH CEPAT" in shown for shown in printed)
    assert any("GAGAL 2x" in shown for shown in Cable(status(lines=(line(probes_failed=2),))).type("status"))


def test_no_printout_shows_a_citizens_words() -> None:
    for typed in ("tiket", "tiket LU2-041-937-1", "antrian", "log", "ekspor", "laporan", "status"):
        assert not any("kata warga" in shown for shown in Cable(status(store=StoreStatus(queued=1))).type(typed))


def test_an_export_walks_through_the_pages_until_the_month_begins() -> None:
    cable = Cable()
    printed = cable.type("ekspor bulan 11")
    assert printed == [
        "urut;nomor;tanggal;jam;jalur;pengirim;bagian;jenis;keadaan;nomor_server",
        "5;LU2-041-937-1;24/11/2026;14:00:00;a;+62812*****890;1/1;new;accepted;4711",
    ]
    assert [asked.get("before") for asked in cable.asked] == [None, 0, 5]


@pytest.mark.parametrize(("typed", "wanted"), [(0, "2026-11"), (11, "2026-11"), (12, "2025-12"), (1, "2026-01")])
def test_a_month_is_the_last_one_of_its_number_in_the_offices_zone(typed: int, wanted: str) -> None:
    period, start_ms, end_ms = month_of(typed, NOW_MS, ZONE)
    assert period == wanted
    assert ZONE.clock(start_ms).startswith("01-")
    assert "00:00:00 WITA" in ZONE.clock(start_ms)
    assert ZONE.clock(end_ms - 1).endswith("23:59:59 WITA")


def test_the_lamps_are_tested_and_the_session_ends() -> None:
    cable = Cable()
    cable.type("uji lampu")
    assert cable.tested
    cable.type("keluar")
    assert cable.ended


def test_the_greeting_says_where_one_is() -> None:
    assert Session(BOX, ORDERS).greeting().lines[0] == "Kentongan GW-LU2  Kominfo Luwu Utara"
