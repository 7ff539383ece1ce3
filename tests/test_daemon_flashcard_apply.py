"""The card at boot: taken over whole or not at all, secrets moved, nothing followed, nothing written twice."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flash_box import put, result, unboxed

from kentongan.daemon import config
from kentongan.daemon.flashcard_apply import Places, firstboot
from kentongan.daemon.in_force import rejected

GOOD = """kabupaten = Luwu Utara
awalan_tiket = LU2
zona_waktu = WITA
server = mqtt://127.0.0.1:1883
server_user = gw-lu2
server_sandi = rahasia-sekali
wifi_nama = Kantor Camat
wifi_sandi = sandi wifi kami
pin_kartu = 1234
"""


@pytest.fixture
def box(tmp_path: Path) -> Places:
    return unboxed(tmp_path)


def test_a_good_card_becomes_a_configuration_that_the_gateway_accepts(box: Places) -> None:
    put(box, GOOD)

    firstboot(box)

    loaded = config.load(box.etc / "kentongan.toml")
    assert loaded.gateway.ticket_prefix == "LU2"
    assert config.read_secret(loaded.mqtt.password_file) == "rahasia-sekali"
    assert config.read_secret(loaded.line[0].pin_file) == "1234"
    assert "DITERIMA" in result(box)
    assert "10000000abcdef01" in result(box)
    assert rejected(box.etc).state == "ok"


def test_secrets_leave_the_card_and_are_for_root_alone(box: Places) -> None:
    path = put(box, GOOD)

    firstboot(box)

    for secret in (b"rahasia-sekali", b"sandi wifi kami", b"1234"):
        assert all(secret not in each.read_bytes() for each in box.card.iterdir())
    assert path.read_text(encoding="utf-8-sig").count("(tersimpan)") == 3
    assert (box.etc / "credentials" / "mqtt").stat().st_mode & 0o077 == 0
    assert "Passphrase=sandi wifi kami" in (box.iwd / "Kantor Camat.psk").read_text()


def test_the_second_boot_with_the_same_card_writes_nothing(box: Places) -> None:
    put(box, GOOD)
    firstboot(box)
    firstboot(box)

    def inodes() -> dict[Path, int]:
        return {path: path.stat().st_ino for root in (box.card, box.etc, box.iwd) for path in root.rglob("*")}

    before = inodes()
    firstboot(box)

    assert inodes() == before
    assert config.read_secret(str(box.etc / "credentials" / "mqtt")) == "rahasia-sekali"


def test_a_bad_card_keeps_the_last_good_configuration_and_says_so(box: Places) -> None:
    path = put(box, GOOD)
    firstboot(box)
    before = (box.etc / "kentongan.toml").read_bytes()

    put(box, path.read_text(encoding="utf-8-sig").replace("WITA", "WITAA"))
    firstboot(box)

    assert (box.etc / "kentongan.toml").read_bytes() == before
    status = rejected(box.etc)
    assert status.state == "rejected"
    assert status.detail == "baris 3: zona_waktu: tulis WIB, WITA, atau WIT"
    assert "alat tetap memakai pengaturan lama" in result(box)

    put(box, path.read_text(encoding="utf-8-sig").replace("WITAA", "WIT"))
    firstboot(box)

    assert rejected(box.etc).state == "ok"
    assert config.load(box.etc / "kentongan.toml").gateway.timezone == "Asia/Jayapura"


def test_a_refused_card_keeps_its_secrets_so_that_they_need_not_be_typed_again(box: Places) -> None:
    path = put(box, GOOD.replace("LU2\n", "LUO\n"))

    firstboot(box)

    assert "rahasia-sekali" in path.read_text()
    assert not (box.etc / "credentials").exists()


@pytest.mark.parametrize("name", ["KONFIGURASI.txt.txt", "konfigurasi.TXT", "KONFIGURASI"])
def test_a_file_whose_ending_windows_has_hidden_is_found(box: Places, name: str) -> None:
    put(box, GOOD, name)

    assert not firstboot(box).blank


def test_the_empty_template_beside_the_filled_file_does_not_matter(box: Places) -> None:
    put(box, "kabupaten =\n")
    put(box, GOOD, "KONFIGURASI.txt.txt")

    assert not firstboot(box).errors


def test_two_filled_files_are_refused_by_their_names(box: Places) -> None:
    put(box, GOOD)
    put(box, GOOD.replace("LU2\n", "LU3\n"), "KONFIGURASI.txt.txt")

    assert "sisakan satu saja" in firstboot(box).errors[0].text
    assert not (box.etc / "kentongan.toml").exists()


def test_without_a_file_what_is_in_force_stays(box: Places) -> None:
    (box.etc / "kentongan.toml").write_text("as installed")

    assert firstboot(box).blank

    assert (box.etc / "kentongan.toml").read_text() == "as installed"
    assert "hanya menerima dan menyimpan" in result(box)


def test_mqtts_without_a_ca_or_with_something_else_in_its_place_is_refused(box: Places) -> None:
    put(box, GOOD.replace("mqtt://127.0.0.1:1883", "mqtts://mqtt.lutra.go.id"))
    assert "ca.crt tidak ada" in firstboot(box).errors[0].text

    (box.card / "ca.crt").write_text("-----BEGIN PRIVATE KEY-----\n")
    assert "bukan sertifikat CA" in firstboot(box).errors[0].text


def test_a_ca_beside_the_file_is_taken_over_and_stays_when_it_is_gone_from_the_card(box: Places) -> None:
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj"]
    subprocess.run(
        [*make, "/CN=Uji", "-keyout", "/dev/null", "-out", str(box.card / "ca.crt")], check=True, capture_output=True
    )
    put(box, GOOD.replace("mqtt://127.0.0.1:1883", "mqtts://mqtt.lutra.go.id"))
    assert not firstboot(box).errors

    (box.card / "ca.crt").unlink()

    assert not firstboot(box).errors
    assert config.load(box.etc / "kentongan.toml").mqtt.ca_file == str(box.etc / "ca.crt")


def test_a_link_a_folder_and_a_pipe_are_not_followed(box: Places, tmp_path: Path) -> None:
    secret = tmp_path / "shadow"
    secret.write_text(GOOD)
    (box.card / "KONFIGURASI.txt").symlink_to(secret)
    assert "bukan berkas biasa" in firstboot(box).errors[0].text

    (box.card / "KONFIGURASI.txt").unlink()
    os.mkfifo(box.card / "KONFIGURASI.txt")
    assert "bukan berkas biasa" in firstboot(box).errors[0].text

    (box.card / "KONFIGURASI.txt").unlink()
    (box.card / "KONFIGURASI.txt").mkdir()
    assert "bukan berkas biasa" in firstboot(box).errors[0].text


def test_after_a_power_cut_before_the_card_was_blanked_the_next_boot_finishes(box: Places) -> None:
    path = put(box, GOOD)
    firstboot(box)
    put(box, GOOD)  # as it was before: all taken over, the card not yet blanked
    shutil.rmtree(box.etc / "baru", ignore_errors=True)
    (box.etc / "baru").mkdir()  # and a half-built stage left behind

    assert not firstboot(box).errors

    assert "rahasia" not in path.read_text(encoding="utf-8-sig")
    assert not (box.etc / "baru").exists()


def test_a_card_that_cannot_be_written_to_still_gives_its_settings(box: Places) -> None:
    put(box, GOOD)
    (box.card / "~HASIL.txt").mkdir()  # so that neither root nor anybody can write the answer

    card = firstboot(box)

    assert not card.errors
    assert card.warnings[-1].text.startswith("HASIL.txt tidak dapat ditulis")
    assert config.load(box.etc / "kentongan.toml").gateway.ticket_prefix == "LU2"


def test_the_command_says_what_became_of_the_card_and_never_fails_for_it(box: Places) -> None:
    put(box, GOOD.replace("WITA", "WITAA"))
    places = ["--card", str(box.card), "--etc", str(box.etc), "--iwd", str(box.iwd)]

    done = subprocess.run(
        [sys.executable, "-m", "kentongan.daemon", "firstboot", *places], capture_output=True, text=True, check=True
    )

    assert done.stdout == "rejected\n"
    assert "3: zona_waktu" in done.stderr
