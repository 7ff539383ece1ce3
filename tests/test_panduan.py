"""The field guide shows what the program prints today: its blocks are held against the program itself."""

import re
from pathlib import Path

import pytest

from kentongan.daemon import flashcard
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.flashcard_apply import Places, firstboot
from kentongan.daemon.overview import faults_of, overview
from kentongan.daemon.status import SCHEMA, HostStatus, LineStatus, LinkStatus, Status, StoreStatus

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "PANDUAN.md").read_text("utf-8")
ZONE = OfficeZone("Asia/Makassar")
WRONG = """\
kabupaten = Luwu Utara
awalan_tiket = LU2
zona_waktu = WIBB
hp_petugas = 0812 3456 789
server = mqtts://mqtt.contoh.go.id:8883
server_user = gw-lu2
server_sandi = rahasia-panjang
warna = merah
"""


def block(name: str) -> str:
    """Give the guide's block under a mark."""
    found = re.search(rf"<!-- {name}: [^>]* -->\n```text\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_guides_status_is_the_programs() -> None:
    line = LineStatus(
        "a",
        "ready",
        model="SIMCOM_SIM800C",
        sim="8901",
        registration=1,
        operator="TELKOMSEL",
        signal_dbm=-77,
        slots_total=30,
    )
    store = StoreStatus(received=412, tickets=388, sent=655, counter=388, quarantined=17)
    host = HostStatus(temperature_c=52.0, undervoltage=False, disk_free_mb=27_410)
    at_ms = 1_795_679_702_000
    status = Status(
        SCHEMA,
        "gw-lu2",
        "0.1.0",
        1,
        "b",
        at_ms - 269_702_000,
        at_ms,
        0,
        True,
        (line,),
        LinkStatus(state="online"),
        store,
        host,
    )
    lines = overview(status, "Luwu Utara", "mqtt.contoh.go.id:8883", ZONE) + faults_of((), ZONE)

    assert "\n".join(lines) + "\n" == block("status")


@pytest.mark.parametrize("count", [0, 9, 99, 12_345, 1_234_567])
def test_no_count_of_the_status_is_cut_off_at_the_screens_edge(count: int) -> None:
    store = StoreStatus(received=count, tickets=count, sent=count, queued=count, failed=count, quarantined=count)
    status = Status(SCHEMA, "g", "0", 1, "b", 0, 0, 0, True, (), LinkStatus(), store)

    assert f"karantina {count}" in "\n".join(overview(status, "o", "b", ZONE)).split("\n")[-1]


def test_the_guides_hasil_is_the_programs(tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    (tmp_path / "etc").mkdir()
    (card / "KONFIGURASI.txt").write_text(WRONG)

    firstboot(Places(card, tmp_path / "etc", tmp_path / "iwd"))

    said = re.sub(r"(nomor seri +: ).*", r"\1tidak diketahui", (card / "HASIL.txt").read_text("utf-8-sig"))
    assert said.replace("\r\n", "\n").strip() == block("hasil").strip()


def test_every_setting_of_the_card_that_the_guide_names_exists() -> None:
    named = set(re.findall(r"`([a-z]+_[a-z]+) = ", GUIDE)) | set(re.findall(r"`([a-z]+) = ", GUIDE))

    assert {"tiket_terakhir", "konsol", "lampu", "modem"} <= named
    assert named <= set(flashcard.READERS)


def test_the_guides_way_to_check_an_image_is_the_scripts() -> None:
    script = (ROOT / "image" / "signing.py").read_text("utf-8")

    for word in ("periksa", "--kunci", "--terpasang", "BOLEH DITULIS", "JANGAN DITULIS", "kentongan-image"):
        assert word in GUIDE
        assert word in script
