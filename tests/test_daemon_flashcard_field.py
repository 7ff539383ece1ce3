"""The card as people really leave it: torn out too early, copied twice, changed later, meant to do harm."""

import base64
import errno
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from edge import fault, line, status
from flash_box import put, result, unboxed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.daemon import config, flashcard, flashcard_report
from kentongan.daemon.cli_group import cli
from kentongan.daemon.cli_hasil import standing
from kentongan.daemon.flashcard_apply import Places, firstboot, tell
from kentongan.daemon.in_force import rejected
from kentongan.daemon.status import StoreStatus

GOOD = """kabupaten = Luwu Utara
awalan_tiket = LU2
zona_waktu = WITA
server = mqtt://127.0.0.1:1883
server_user = gw-lu2
server_sandi = rahasia-sekali
hp_petugas = 0812-3456-789
"""


@pytest.fixture
def box(tmp_path: Path) -> Places:
    return unboxed(tmp_path)


def in_force(box: Places) -> dict[str, object]:
    return tomllib.loads((box.etc / "kentongan.toml").read_text())


# -- torn out before Windows had written it ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "left",
    [
        b"\0" * 512,  # the entry was written, the clusters were not
        GOOD.encode()[:60] + b"\0" * 400,
        GOOD.encode()[:75],  # cut in the middle of a key
        b"\xff" * 4096,  # erased flash
    ],
)
def test_a_file_that_was_not_written_out_is_refused_and_the_old_settings_stay(box: Places, left: bytes) -> None:
    put(box, GOOD)
    firstboot(box)
    before = (box.etc / "kentongan.toml").read_bytes()
    put(box, left)

    assert firstboot(box).errors

    assert (box.etc / "kentongan.toml").read_bytes() == before
    assert rejected(box.etc).state == "rejected"
    assert "DITOLAK" in result(box)


def test_an_entry_without_content_counts_as_no_file(box: Places) -> None:
    put(box, b"")
    assert firstboot(box).blank


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(cut=st.integers(0, len(GOOD)), more=st.binary(max_size=64))
def test_wherever_a_file_breaks_off_the_box_has_a_configuration_it_can_use(box: Places, cut: int, more: bytes) -> None:
    put(box, GOOD)
    firstboot(box)
    put(box, GOOD.encode()[:cut] + more)
    firstboot(box)
    assert config.load(box.etc / "kentongan.toml").gateway.timezone == "Asia/Makassar"


class PowerCut(BaseException):
    """Nothing after it happens, not even what a `finally` would do."""


class Writes:
    """Count what changes a disk, and pull the plug before one of them."""

    def __init__(self, cut_at: int) -> None:
        self.done, self._cut_at = 0, cut_at

    def counted(self, original: Callable[..., object]) -> Callable[..., object]:
        def act(*arguments: object, **more: object) -> object:
            if self.done == self._cut_at:
                raise PowerCut
            self.done += 1
            return original(*arguments, **more)

        return act


def taken(box: Places) -> dict[str, bytes]:
    """Read everything that the box keeps."""
    return {
        str(path.relative_to(box.etc.parent)): path.read_bytes()
        for root in (box.etc, box.iwd, box.card)
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != "HASIL.txt"  # where the order in which keys were understood shows
    }


def test_a_power_cut_at_any_write_is_finished_by_the_next_boot(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # a write of its own below, but not a slow one
    first = GOOD + "wifi_nama = Kantor\nwifi_sandi = sandi wifi kami\npin_kartu = 1234\n"
    second = first.replace("WITA", "WIT").replace("rahasia-sekali", "sandi-baru").replace("1234", "4321")

    def boot(*, cut_at: int) -> tuple[Places, int]:
        """Take the second card over in the place of the first, and pull the plug before a write."""
        root = tmp_path_factory.mktemp("box")
        box = Places(*(root / name for name in ("card", "etc", "iwd", "serial")))
        box.card.mkdir()
        box.etc.mkdir()
        put(box, first)
        firstboot(box)
        put(box, second)
        with monkeypatch.context() as patch:
            writes = Writes(cut_at)
            for name in ("replace", "fsync", "unlink", "mkdir", "write"):
                patch.setattr(os, name, writes.counted(getattr(os, name)))
            patch.setattr(shutil, "rmtree", writes.counted(shutil.rmtree))
            with suppress(PowerCut):
                firstboot(box)
        return box, writes.done

    whole, writes = boot(cut_at=-1)
    assert writes > 20
    for cut_at in range(writes):
        box, _ = boot(cut_at=cut_at)
        loaded = config.load(box.etc / "kentongan.toml")
        assert loaded.gateway.timezone in {"Asia/Makassar", "Asia/Jayapura"}
        firstboot(box)
        assert taken(box) == taken(whole), cut_at


# -- changed later -----------------------------------------------------------------------------------------------------


def test_rubah_changes_only_what_it_names_and_holds_as_long_as_it_lies_there(box: Places) -> None:
    put(box, GOOD)
    firstboot(box)
    changes = put(box, "zona_waktu = WIT\nserver_sandi : sandi-baru\n", "rubah.TXT")

    for _ in range(2):
        assert not firstboot(box).errors
        loaded = config.load(box.etc / "kentongan.toml")
        assert loaded.gateway.timezone == "Asia/Jayapura"
        assert loaded.gateway.ticket_prefix == "LU2"
        assert config.read_secret(loaded.mqtt.password_file) == "sandi-baru"
        assert "(tersimpan)" in changes.read_text(encoding="utf-8-sig")

    changes.unlink()
    firstboot(box)
    assert config.load(box.etc / "kentongan.toml").gateway.timezone == "Asia/Makassar"


def test_rubah_alone_builds_on_what_the_box_took_over_last(box: Places) -> None:
    put(box, GOOD)
    firstboot(box)
    (box.card / "KONFIGURASI.txt").unlink()
    put(box, "hp_petugas = 0853 1111 2222\n", "RUBAH.txt")

    assert not firstboot(box).errors

    assert in_force(box)["clerk"] == {"numbers": ["+6285311112222"]}
    assert config.load(box.etc / "kentongan.toml").gateway.name == "Luwu Utara"
    assert (box.etc / "dari-kartu").stat().st_mode & 0o077 == 0
    assert b"rahasia" not in (box.etc / "dari-kartu").read_bytes()


def test_a_mistake_in_rubah_is_told_with_its_file_and_changes_nothing(box: Places) -> None:
    put(box, GOOD)
    firstboot(box)
    before = (box.etc / "kentongan.toml").read_bytes()
    put(box, "\nzona_waktu = WIBB\n", "RUBAH.txt")

    firstboot(box)

    assert (box.etc / "kentongan.toml").read_bytes() == before
    assert "RUBAH.txt baris 2: zona_waktu: tulis WIB" in result(box)
    assert rejected(box.etc).detail.startswith("RUBAH.txt baris 2")


def test_rubah_may_put_a_mistake_right_and_an_empty_one_says_nothing(box: Places) -> None:
    put(box, GOOD.replace("WITA", "WITAA"))
    put(box, "zona_waktu = WITA\n", "RUBAH.txt")
    assert not firstboot(box).errors
    put(box, "; nanti saja\n", "RUBAH.txt")
    assert firstboot(box).errors


# -- re-flashed: one file, and no number twice -------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["LU2-041-937-1", "lu2 041 937 1", "LU2.041.937.1"])
def test_the_last_ticket_number_of_an_old_card_is_the_floor_of_a_new_one(box: Places, written: str) -> None:
    put(box, GOOD + f"tiket_terakhir = {written}\n")

    assert not firstboot(box).errors

    assert config.load(box.etc / "kentongan.toml").store.number_floor == 41_937
    assert "LU2-041-937-1" in result(box)


@pytest.mark.parametrize("written", ["LU2-041-937-2", "41937", "LU3-041-937-3"])
def test_a_ticket_number_that_was_misread_is_never_guessed(box: Places, written: str) -> None:
    put(box, GOOD + f"tiket_terakhir = {written}\n")
    assert any("tiket" in note.text for note in firstboot(box).errors)


# -- which modem -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "pin", "low", "baud", "port"),
    [
        ("", 0, False, 115_200, "hat"),
        ("HAT", 0, False, 115_200, "hat"),
        ("usb", 0, False, 115_200, "usb"),
        ("Waveshare SIM868", 4, True, 115_200, "hat"),
        ("waveshare-sim800c", 4, True, 115_200, "hat"),
        ("NadHAT", 26, False, 115_200, "hat"),
        ("Itead SIM800", 17, False, 9_600, "hat"),
        ("SIM800L", 0, False, 115_200, "hat"),
    ],
)
def test_a_boards_name_brings_its_power_key(  # noqa: PLR0917 - a row of the wiring table
    box: Places, written: str, pin: int, low: bool, baud: int, port: str
) -> None:
    put(box, GOOD + f"modem = {written}\n")

    assert not firstboot(box).errors

    (line_,) = config.load(box.etc / "kentongan.toml").line
    assert (line_.power_pin, line_.power_active_low, line_.baud) == (pin, low, baud)
    assert line_.port == f"/dev/kentongan/{port}"


@pytest.mark.parametrize("written", ["Waveshare SIM7600", "serial", "SIM900", "HAT USB"])
def test_a_board_that_is_not_known_is_asked_for_and_its_key_never_guessed(box: Places, written: str) -> None:
    put(box, GOOD + f"modem = {written}\n")
    assert "Waveshare, NadHAT" in firstboot(box).errors[0].text


def test_a_lamp_on_the_pin_of_the_power_key_is_refused(box: Places) -> None:
    put(box, GOOD + "modem = NadHAT\nlampu = 22, 23, 24, 26\n")
    assert "26" in firstboot(box).errors[0].text


# -- the technician's cable --------------------------------------------------------------------------------------------


def test_the_console_and_its_word_come_from_the_card_and_go_with_it(box: Places) -> None:
    path = put(box, GOOD + "konsol = ya\nkata_servis = gong77\n")
    assert not firstboot(box).errors
    assert (box.etc / "konsol").exists()
    assert config.read_secret(config.load(box.etc / "kentongan.toml").console.word_file) == "gong77"
    assert "gong77" not in path.read_text(encoding="utf-8-sig")

    assert not firstboot(box).errors
    assert config.read_secret(str(box.etc / "credentials" / "console")) == "gong77"

    put(box, path.read_text(encoding="utf-8-sig").replace("konsol = ya", "konsol = tidak"))
    firstboot(box)
    assert not (box.etc / "konsol").exists()


def test_a_service_word_that_cannot_be_typed_on_every_keyboard_is_refused(box: Places) -> None:
    put(box, GOOD + "kata_servis = gong!\n")
    assert "6 sampai 20" in firstboot(box).errors[0].text


# -- the county's certificate ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("ca") / "ca.crt"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    subprocess.run(
        [*make, "-subj", "/CN=Uji", "-keyout", "/dev/null", "-out", str(path)], check=True, capture_output=True
    )
    return path.read_bytes()


def der(pem: bytes) -> bytes:
    return base64.b64decode(b"".join(pem.splitlines()[1:-1]))


@pytest.mark.parametrize("name", ["ca.crt", "CA.CRT", "ca.crt.txt", "ca.cer", "ca.pem"])
@pytest.mark.parametrize("form", ["pem", "crlf", "mark", "utf-16", "der"])
def test_a_certificate_is_taken_as_it_comes(box: Places, authority: bytes, name: str, form: str) -> None:
    forms = {
        "pem": authority,
        "crlf": authority.replace(b"\n", b"\r\n"),
        "mark": b"\xef\xbb\xbf" + authority,
        "utf-16": authority.decode().encode("utf-16"),
        "der": der(authority),
    }
    put(box, GOOD.replace("mqtt://127.0.0.1:1883", "mqtts://mqtt.lutra.go.id"))
    put(box, forms[form], name)

    assert not firstboot(box).errors

    assert (box.etc / "ca.crt").read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")


@pytest.mark.parametrize("data", [b"", b"\x30\x82" + b"\xff" * 300, b"x" * 300_000, b"-----BEGIN CERTIFICATE-----\n"])
def test_what_is_no_certificate_is_refused_and_the_old_one_stays(box: Places, authority: bytes, data: bytes) -> None:
    put(box, GOOD.replace("mqtt://127.0.0.1:1883", "mqtts://mqtt.lutra.go.id"))
    put(box, authority, "ca.crt")
    firstboot(box)
    put(box, data, "ca.crt")

    assert "bukan sertifikat CA" in firstboot(box).errors[0].text

    assert (box.etc / "ca.crt").read_bytes() == authority


# -- meant to do harm --------------------------------------------------------------------------------------------------

TARGETS = ("KONFIGURASI.txt", "RUBAH.txt", "HASIL.txt", "~HASIL.txt", "~KONFIGURASI.txt", "ca.crt")


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    path = tmp_path / "outside"
    path.write_text("not on the card")
    return path


@pytest.mark.parametrize("name", TARGETS)
@pytest.mark.parametrize("kind", ["link", "link to a folder", "folder", "pipe", "socket", "dangling", "loop"])
def test_whatever_stands_in_a_files_place_nothing_else_is_read_or_written(
    box: Places, outside: Path, name: str, kind: str
) -> None:
    put(box, GOOD)
    firstboot(box)
    before = (box.etc / "kentongan.toml").read_bytes()
    path = box.card / name
    path.unlink(missing_ok=True)
    match kind:
        case "link":
            path.symlink_to(outside)
        case "link to a folder":
            path.symlink_to(box.etc)
        case "folder":
            path.mkdir()
            (path / "KONFIGURASI.txt").write_text(GOOD.replace("LU2", "XX9"))
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, 0o140644)
        case "dangling":
            path.symlink_to(outside.with_name("nowhere"))
        case _:
            path.symlink_to(path.name)

    firstboot(box)

    assert outside.read_text() == "not on the card"
    assert not outside.with_name("nowhere").exists()
    assert (box.etc / "kentongan.toml").read_bytes() == before
    assert sorted(each.name for each in box.etc.iterdir() if each.name != "ditolak") == [
        "credentials",
        "dari-kartu",
        "kentongan.toml",
    ]


def test_a_device_is_never_opened(box: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    (box.card / "KONFIGURASI.txt").symlink_to("/dev/null")
    opened: list[object] = []
    original = os.open

    def spy(path: object, *rest: object, **more: object) -> int:
        opened.append(path)
        return original(path, *rest, **more)

    monkeypatch.setattr(os, "open", spy)
    assert firstboot(box).errors
    assert box.card / "KONFIGURASI.txt" not in opened


def test_a_huge_file_and_a_crowd_of_files_cost_neither_memory_nor_patience(box: Places) -> None:
    with put(box, GOOD).open("r+b") as file:
        file.truncate(4_000_000_000)  # sparse
    with put(box, b"", "ca.crt").open("r+b") as file:
        file.truncate(4_000_000_000)
    for number in range(2_000):
        (box.card / f"KONFIGURASI ({number}).txt").touch()

    card = firstboot(box)

    assert any("terlalu besar" in note.text for note in card.errors)
    assert not (box.etc / "kentongan.toml").exists()


@pytest.mark.parametrize("broken", ["does not answer", "never ends"])
def test_a_card_whose_tables_are_broken_counts_as_no_card(
    box: Places, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    put(box, GOOD)
    firstboot(box)
    before = (box.etc / "kentongan.toml").read_bytes()
    original = os.scandir

    @contextmanager
    def scandir(path: Path) -> Iterator[Iterable[SimpleNamespace]]:
        if path != box.card:
            with original(path) as entries:
                yield entries
        elif broken == "never ends":
            yield (SimpleNamespace(name=f"x{number}") for number in count())
        else:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "scandir", scandir)

    assert firstboot(box).blank

    assert (box.etc / "kentongan.toml").read_bytes() == before


@pytest.mark.parametrize(
    "name", ["../../etc/x", "/etc/passwd", "..", "a/b", "$(reboot)", "`reboot`", "-rf", "%00", "Kantor\u202eterbalik"]
)
def test_a_network_name_that_looks_like_a_path_or_a_command_is_only_a_name(box: Places, name: str) -> None:
    put(box, GOOD + f"wifi_nama = {name}\nwifi_sandi = sandi wifi kami\n")

    firstboot(box)

    written = list(box.iwd.rglob("*")) if box.iwd.exists() else []
    assert all(each.parent == box.iwd and each.suffix == ".psk" for each in written)
    assert sorted(each.name for each in box.iwd.parent.iterdir()) == sorted(
        {"card", "etc", "serial"} | ({"iwd"} if written else set())
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(flashcard.READERS)), st.text(max_size=40), min_size=4))
def test_no_values_whatever_make_a_configuration_that_the_gateway_refuses(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]
) -> None:
    root = tmp_path_factory.mktemp("box")
    box = Places(*(root / name for name in ("card", "etc", "iwd", "serial")))
    box.card.mkdir()
    box.etc.mkdir()
    put(box, GOOD)
    firstboot(box)
    put(box, "".join(f"{key} = {value}\n" for key, value in values.items()), "RUBAH.txt")

    firstboot(box)

    assert config.load(box.etc / "kentongan.toml")
    folder = box.etc.parent
    assert {each.name for each in folder.iterdir()} <= {"card", "etc", "iwd"}


# -- what the card tells afterwards ------------------------------------------------------------------------------------


def test_the_card_tells_how_the_box_is_and_keeps_what_it_said_of_the_settings(box: Places, tmp_path: Path) -> None:
    put(box, GOOD)
    firstboot(box)
    loaded = config.load(box.etc / "kentongan.toml")
    well = status(lines=(line(),), store=StoreStatus(counter=41_937))

    for found in (status(faults=(fault("sim_absent"),)), well):
        tell(box, standing(loaded, found))

    said = result(box)
    assert said.count(flashcard_report.STANDING) == 1
    assert "DITERIMA" in said
    for words in ("TELKOMSEL", "sinyal -77 dBm", "kartu ...9200", "tiket_terakhir = LU2-041-937-1", "GANGGUAN: tidak"):
        assert words in said
    assert said.replace("\r\n", "").isprintable()


def test_a_gateway_that_does_not_answer_is_told_of_on_the_card(box: Places) -> None:
    put(box, GOOD)
    firstboot(box)
    told = CliRunner().invoke(cli, ["hasil", "--config", str(box.etc / "kentongan.toml"), "--card", str(box.card)])
    assert told.exit_code == 0, told.output
    assert "program tidak menjawab" in result(box)


def test_a_card_that_is_gone_is_a_plain_refusal(box: Places, tmp_path: Path) -> None:
    put(box, GOOD)
    firstboot(box)
    command = ["hasil", "--config", str(box.etc / "kentongan.toml"), "--card", str(tmp_path / "nowhere")]
    told = subprocess.run(
        [sys.executable, "-m", "kentongan.daemon", *command], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "tidak dapat ditulis" in told.stderr
