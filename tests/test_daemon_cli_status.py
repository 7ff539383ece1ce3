import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import edge
import msgspec
import pytest
from click.testing import CliRunner, Result
from edge import NOW_MS, fault, line, offline, status, write_config
from msgspec.structs import replace

from kentongan.daemon import faults, lamps, overview
from kentongan.daemon.cli_group import cli
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.control import ControlRequest, ControlServer, Refusal
from kentongan.daemon.status import FaultStatus, HostStatus, Status, StoreStatus
from kentongan.mqtt.events import DownCause

ZONE = OfficeZone("Asia/Makassar")


@contextmanager
def answering(run: Path, answer: object) -> Iterator[None]:
    def ask(request: ControlRequest) -> None:
        request.reply(answer)

    server = ControlServer(run, ask)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.stop()
        thread.join(10)


@pytest.fixture
def ask(tmp_path: Path) -> Callable[..., Result]:
    config = write_config(tmp_path, 1883)
    return lambda *arguments: CliRunner().invoke(cli, ["--config", str(config), *arguments], prog_name="kentongan")


def test_a_healthy_gateway_is_shown_as_a_technician_reads_it() -> None:
    shown = overview.overview(status(), "Kominfo Luwu Utara", "broker.example:8883", ZONE)
    assert shown == [
        "kec-depok-01  Kominfo Luwu Utara  versi 0.1.0  hidup 1j 00m",
        f"Waktu   {ZONE.clock(NOW_MS)}  sumber NTP",
        "Alat    daya baik  suhu 58 C  ruang bebas 20000 MB",
        "Jalur a SIM800C  TELKOMSEL  sinyal -77 dBm (baik)  SIAP  reset 0",
        "        kartu ...9200  memori 0/10",
        "Server  broker.example:8883 TERHUBUNG  antrian 0  belum diakui 0  tertua -",
        "SMS     masuk 0  laporan 0  keluar 0  antri 0  ragu 0  gagal 0  karantina 0",
    ]
    assert overview.faults_of((), ZONE) == ["GANGGUAN: tidak ada"]


TROUBLES = [
    (status(lines=(line(state="sim_absent"),)), "Jalur a SIM800C KARTU SIM TIDAK ADA"),
    (status(lines=(line(state="closed", model=""),)), "Jalur a TIDAK ADA MODEM"),
    (status(lines=(line(paused="credit_or_barred"),)), "TIDAK BISA KIRIM: pulsa habis"),
    (status(lines=(line(signal_dbm=-101),)), "sinyal -101 dBm (lemah)"),
    (status(lines=(line(signal_dbm=None),)), "sinyal ?"),
    (status(link=offline(DownCause.DNS, 1000)), "TERPUTUS: nama server tidak ditemukan"),
    (status(store=StoreStatus("unavailable", "disk full")), "PENYIMPANAN TIDAK BISA DIPAKAI: disk full"),
    (status(store=StoreStatus(unacknowledged=2, oldest_unacknowledged_s=3700)), "belum diakui 2  tertua 1j 01m"),
    (status(host=HostStatus(undervoltage=True)), "daya KURANG"),
    (status(host=HostStatus()), "daya tidak terukur"),
    (status(synced=False), "BELUM DISETEL"),
]


@pytest.mark.parametrize(("document", "words"), TROUBLES)
def test_trouble_is_named_in_its_place_within_eighty_columns_of_ascii(document: Status, words: str) -> None:
    shown = overview.overview(document, "Kominfo", "broker.example:8883", ZONE)
    assert words in "\n".join(shown)
    assert all(len(row) <= overview.WIDTH and row.isascii() for row in shown)


@pytest.mark.parametrize("row", faults.ROWS, ids=lambda row: row.cause)
def test_a_fault_says_its_code_its_meaning_and_three_things_to_do(row: faults.Fault) -> None:
    shown = overview.faults_of((fault(row.cause, row.code, name="a"),), ZONE)
    assert shown[0] == f"KODE {row.code}  {row.title} (jalur a)   sejak {ZONE.clock(NOW_MS)}"
    assert shown[1] == f"  Artinya : {row.means}"
    assert [text.partition(") ")[2] for text in shown[2:]] == list(row.todo)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 detik"), (-5, "0 detik"), (61, "01m"), (3600, "1j 00m"), (90_061, "1h 1j 01m")]
)
def test_durations_are_written_in_days_hours_and_minutes(seconds: int, words: str) -> None:
    assert overview.duration(seconds) == words


def test_every_cause_of_a_lost_broker_has_its_words() -> None:
    assert {*map(str, DownCause), ""} == set(overview.CAUSES)


def test_status_asks_the_gateway_and_shows_lamps_and_faults(ask: Callable[..., Result], tmp_path: Path) -> None:
    standing: tuple[FaultStatus, ...] = (fault("sim_missing", 3, name="a"),)
    with answering(tmp_path / "run", replace(status(), faults=standing)):
        pattern = lamps.follow(lamps.start(0), status(), standing, 2000)
        (tmp_path / "run" / "lamps.json").write_bytes(lamps.encode(lamps.shown(pattern, standing, os.getpid())))
        result = ask("status")
    assert result.exit_code == 1
    assert "KODE 3  KARTU SIM TIDAK ADA (jalur a)" in result.stdout
    assert "Lampu 4 GANGGUAN  kedip 3 kali" in result.stdout


def test_the_lamps_of_a_dead_watcher_are_not_shown(ask: Callable[..., Result], tmp_path: Path) -> None:
    with answering(tmp_path / "run", status()):
        shown = lamps.shown(lamps.start(0), (), 2**30)
        (tmp_path / "run" / "lamps.json").write_bytes(lamps.encode(shown))
        assert "Lampu" not in ask("status").output


def test_a_well_gateway_without_a_watcher_is_exit_code_zero(ask: Callable[..., Result], tmp_path: Path) -> None:
    with answering(tmp_path / "run", status()):
        result = ask("status")
        as_json = ask("status", "--json")
    assert (result.exit_code, as_json.exit_code) == (0, 0)
    assert "GANGGUAN: tidak ada" in result.stdout
    assert msgspec.json.decode(as_json.stdout, type=Status) == status()


def test_without_a_gateway_the_status_says_so_in_one_line(ask: Callable[..., Result], tmp_path: Path) -> None:
    result = ask("status")
    assert result.exit_code == 1
    assert result.output.startswith("SMS Gateway tidak dapat berjalan: ")
    assert result.output.count("\n") == 1


def test_a_gateway_that_refuses_is_no_traceback(ask: Callable[..., Result], tmp_path: Path) -> None:
    with answering(tmp_path / "run", Refusal("storage_unavailable", "disk full")):
        result = ask("status")
    assert result.exit_code == 1
    assert "disk full" in result.output


def test_an_answer_of_another_version_is_no_traceback(ask: Callable[..., Result], tmp_path: Path) -> None:
    with answering(tmp_path / "run", {"schema": "status/2"}):
        result = ask("status")
    assert result.exit_code == 1
    assert "another version" in result.output
    assert edge.LINE.name == "a"
