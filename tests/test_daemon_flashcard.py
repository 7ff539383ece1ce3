"""KONFIGURASI.txt: every mistake of the person flashing the card is read rightly or answered with its correction."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon import flashcard, flashcard_report
from kentongan.daemon.flashcard import Flashcard, Note

GOOD = """; === WAJIB DIISI ===
kabupaten      = Luwu Utara
awalan_tiket   = LU2            ; 2 huruf + 1 angka, beda untuk tiap alat
zona_waktu     = WITA           ; WIB / WITA / WIT
hp_petugas     = 0812-3456-789, 0853 1111 222
server         = mqtts://mqtt.lutra.go.id:8883
server_user    = gw-lu2
server_sandi   = rahasia-sekali ; dihapus dari file ini setelah dibaca
hp_layanan     = 08114200000
balas_otomatis = ya
jam_kantor     = Sen-Jum 08:00-16:00
cek_pulsa      = *888#          ; beberapa operator perlu menu
"""
TEMPLATE = Path(__file__).parents[1] / "image" / "KONFIGURASI.txt"


def read(text: str, stored: frozenset[str] = frozenset()) -> Flashcard:
    return flashcard.read(text.encode(), stored=stored)


def with_line(old: str, new: str) -> Flashcard:
    """Read the good file with the line that begins with `old` replaced."""
    lines = [new if line.startswith(old) else line for line in GOOD.splitlines()]
    return read("\n".join(lines))


def only_error(card: Flashcard) -> Note:
    assert len(card.errors) == 1, card.errors
    return card.errors[0]


def test_a_well_filled_card_is_understood_whole() -> None:
    card = read(GOOD)

    assert not card.errors
    assert not card.warnings
    assert card.settings == {
        "kabupaten": "Luwu Utara",
        "awalan_tiket": "LU2",
        "zona_waktu": "Asia/Makassar",
        "hp_petugas": ("+628123456789", "+628531111222"),
        "server": "mqtts://mqtt.lutra.go.id:8883",
        "server_user": "gw-lu2",
        "server_sandi": "rahasia-sekali",
        "hp_layanan": "+628114200000",
        "balas_otomatis": True,
        "jam_kantor": "Sen-Jum 08:00-16:00",
        "cek_pulsa": "*888#",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_whichever_way_an_editor_saves_it_the_card_says_the_same(encoding: str, end: str) -> None:
    text = GOOD.replace("\n", end)

    assert flashcard.read(text.encode(encoding)).settings == read(GOOD).settings


@pytest.mark.parametrize(
    "line",
    [
        "kabupaten: Luwu Utara",
        "kabupaten=Luwu Utara",
        "  KABUPATEN\t=\tLuwu Utara  ",
        "kabupaten = \u201cLuwu Utara\u201d",
        "kabupaten = \u2018Luwu Utara\u2019",
        'kabupaten = "Luwu Utara" ; nama',
        "\u201ckabupaten\u201d = Luwu Utara",
        "kabupaten\u00a0=\u00a0Luwu Utara",
        "kabupaten \uff1d Luwu Utara",
        "\u200bkabupaten = Luwu Utara\u200b",
    ],
)
def test_separators_quotes_and_blanks_of_any_kind_are_taken(line: str) -> None:
    card = with_line("kabupaten", line)

    assert not card.errors
    assert card.settings["kabupaten"] == "Luwu Utara"


@pytest.mark.parametrize(
    "written",
    ["0812-3456-7890", "812 3456 7890", "+62 0812 3456 7890", "6281234567890", "'081234567890", "81234567890.0"],
)
def test_a_number_is_read_as_people_and_spreadsheets_write_it(written: str) -> None:
    card = with_line("hp_layanan", f"hp_layanan = {written}")

    assert not card.errors
    assert card.settings["hp_layanan"] == "+6281234567890"


@pytest.mark.parametrize("key", ["hp_layanan", "hp_petugas"])
@pytest.mark.parametrize("written", ["8,12E+11", "8.12345E+11", "8,12e11"])
def test_a_number_that_excel_has_destroyed_is_asked_for_and_never_guessed(key: str, written: str) -> None:
    note = only_error(with_line(key, f"{key} = {written}"))

    assert "dirusak Excel" in note.text
    assert note.line == GOOD.splitlines().index(next(line for line in GOOD.splitlines() if line.startswith(key))) + 1


@pytest.mark.parametrize(
    ("written", "stands"), [("lu2", "LU2"), ("LU 2", "LU2"), ("LU-2", "LU2"), ("\u201cLU2\u201d", "LU2")]
)
def test_a_prefix_may_be_written_loosely(written: str, stands: str) -> None:
    assert with_line("awalan_tiket", f"awalan_tiket = {written}").settings["awalan_tiket"] == stands


def test_a_letter_in_the_place_of_the_prefix_digit_is_answered_with_the_likely_one() -> None:
    assert "maksudnya LU0?" in only_error(with_line("awalan_tiket", "awalan_tiket = LUO")).text
    assert "maksudnya LU1?" in only_error(with_line("awalan_tiket", "awalan_tiket = LUl")).text


@pytest.mark.parametrize("written", ["wita", "WITA", "GMT+8", "UTC +8", "Asia/Makassar"])
def test_a_zone_may_be_written_in_any_common_way(written: str) -> None:
    assert with_line("zona_waktu", f"zona_waktu = {written}").settings["zona_waktu"] == "Asia/Makassar"


@pytest.mark.parametrize(
    ("written", "stands"),
    [
        ("mqtt.lutra.go.id", "mqtts://mqtt.lutra.go.id:8883"),
        ("MQTTS://mqtt.lutra.go.id:8884/", "mqtts://mqtt.lutra.go.id:8884"),
        ("mqtt.lutra.go.id:8884", "mqtts://mqtt.lutra.go.id:8884"),
    ],
)
def test_a_server_may_be_written_short(written: str, stands: str) -> None:
    assert with_line("server ", f"server = {written}").settings["server"] == stands


@pytest.mark.parametrize(
    "line",
    [
        "server = https://lapor.go.id",
        "server = mqtt://mqtt.lutra.go.id:1883",
        "server = mqtts://a:b@mqtt.lutra.go.id",
        "server = mqtts://mqtt.lutra.go.id:99999",
    ],
)
def test_a_server_that_cannot_be_right_is_refused_with_the_form_to_write(line: str) -> None:
    assert "mqtts://" in only_error(with_line("server ", line)).text


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("zona_waktu", "zona_waktu = WIBB", "WIB, WITA, atau WIT"),
        ("balas_otomatis", "balas_otomatis = mungkin", "ya atau tidak"),
        ("jam_kantor", "jam_kantor = pagi sampai sore", "Sen-Jum"),
        ("cek_pulsa", "cek_pulsa = *888#>4", "kodenya saja"),
        ("hp_layanan", "hp_layanan = 1708", "bukan nomor telepon"),
        ("hp_layanan", "pin_kartu = 12", "4 sampai 8 angka"),
        ("hp_layanan", "modem = serial", "HAT"),
        ("hp_layanan", "lampu = 17, 17, 22, 23", "empat nomor pin"),
        ("hp_layanan", "wifi_sandi = pendek", "8 sampai 63"),
        ("kabupaten", "kabupaten =", "kabupaten wajib diisi"),
        ("server_sandi", "server_sandi =", "server_sandi wajib diisi"),
        ("server_sandi", "server_sandi = ........ ; dihapus", "server_sandi wajib diisi"),
        ("hp_layanan", "kabupaten = Luwu", "dua kali dan berbeda"),
        ("kabupaten", "kabupaten = Luwu\x07Utara", "tidak tampak"),
    ],
)
def test_each_mistake_is_answered_with_its_correction(old: str, new: str, says: str) -> None:
    assert any(says in note.text for note in with_line(old, new).errors)


def test_an_unknown_key_is_a_warning_with_its_line_and_the_likely_name_but_never_its_value() -> None:
    card = read(GOOD + "server_sandy = s3cret\n")

    assert not card.errors
    assert card.warnings == [Note(13, '"server_sandy" tidak dikenal, diabaikan; maksudnya server_sandi?')]


def test_a_line_without_a_sign_is_a_warning() -> None:
    assert read(GOOD + "halo ini kartu kami\n").warnings[0].line == 13


def test_the_card_as_shipped_asks_for_nothing() -> None:
    card = flashcard.read(TEMPLATE.read_bytes())

    assert card.blank
    assert not card.errors
    assert not card.warnings


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\r\n\r\n"])
def test_an_empty_file_asks_for_nothing(data: bytes) -> None:
    assert flashcard.read(data).blank


@pytest.mark.parametrize("data", [b"\0\1\2" * 50, b"MZ\x90\0\3\0\0\0", b"\xff\xfe\x00", b"x" * 70_000])
def test_what_is_no_text_is_refused_whole(data: bytes) -> None:
    assert only_error(flashcard.read(data)).line == 0


def test_secrets_are_blanked_in_the_file_and_nothing_else_is_changed() -> None:
    text = GOOD + "pin_kartu = 1234\nwifi_sandi : \u201csandi wifi\u201d\n"

    clean = flashcard.blanked(text.encode("utf-16"))

    assert clean is not None
    assert clean.startswith(b"\xef\xbb\xbf")
    said = clean.decode("utf-8-sig").split("\r\n")
    assert "server_sandi   = (tersimpan)" in said
    assert "pin_kartu = (tersimpan)" in said
    assert "wifi_sandi : (tersimpan)" in said
    assert [line for line in said if "sandi" not in line and "pin" not in line] == [
        line for line in text.split("\n") if "sandi" not in line and "pin" not in line
    ]
    assert flashcard.blanked(clean) is None


def test_a_blanked_secret_stays_where_the_box_keeps_it_and_is_asked_for_on_a_new_card() -> None:
    text = GOOD.replace("rahasia-sekali", "(tersimpan)")

    assert read(text, frozenset({"server_sandi"})).kept == {"server_sandi"}
    assert "tulis lagi sandinya" in only_error(read(text)).text


def test_the_toml_says_what_the_card_says() -> None:
    told = tomllib.loads(flashcard_report.toml(read(GOOD), ca=True))

    assert told["gateway"] == {
        "county_id": "luwu-utara",
        "gateway_id": "gw-lu2",
        "ticket_prefix": "LU2",
        "timezone": "Asia/Makassar",
        "name": "Luwu Utara",
        "public_number": "+628114200000",
    }
    assert told["mqtt"]["password_file"] == "credentials/mqtt"
    assert "rahasia" not in str(told)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=60))
def test_no_name_can_break_out_of_its_place_in_the_toml(written: str) -> None:
    card = with_line("kabupaten", f"kabupaten = {written}")

    if not card.errors:
        told = tomllib.loads(flashcard_report.toml(card, ca=False))
        assert told["gateway"]["name"] == card.settings["kabupaten"]
        assert set(told) == {"gateway", "line", "mqtt", "store", "runtime", "answers", "clerk", "office"}


@given(st.binary(max_size=400))
def test_any_bytes_are_answered(data: bytes) -> None:
    card = flashcard.read(data)

    assert flashcard_report.hasil(card, [], first=True)


def test_the_result_tells_line_and_correction_and_shows_no_secret() -> None:
    card = with_line("zona_waktu", "zona_waktu = WIBB")

    said = flashcard_report.hasil(card, [("versi", "1")], first=False).decode("utf-8-sig")

    assert "DITOLAK: ada 1 kesalahan; alat tetap memakai pengaturan lama." in said
    assert "baris 4: zona_waktu: tulis WIB, WITA, atau WIT" in said
    assert "berkedip 8 kali" in said
    assert "rahasia" not in said
