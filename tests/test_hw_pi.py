"""The commissioning of a real Pi, played dry: the real gateway on a virtual modem, and a technician made of rules."""

import json
import re
import sys
from pathlib import Path

import pytest
from appliance import Appliance

from kentongan.daemon import in_force
from kentongan.queue.numbers import format_number

sys.path.insert(0, str(Path(__file__).parents[1] / "hw-tests" / "pi"))

import langkah
import meja
import uji

CITIZEN = "+6281234567890"


class Technician:
    """Does what the script asks for, on the virtual world."""

    def __init__(self, appliance: Appliance) -> None:
        self.appliance = appliance
        self.asked: list[str] = []

    def do(self, text: str) -> None:
        self.asked.append(text)
        if found := re.search(r"dengan isi: (.*)", text):
            self.appliance.modem.sms(CITIZEN, found[1])
        if "dibekukan" in text:  # here nobody but us is systemd
            self.appliance.gateway.kill()
            self.appliance.start()
        for words, act in {
            "Balas tiket": self._reply,
            "Cabut kabel jaringan": self.appliance.broker.kill,
            "Pasang kembali jaringan": self.appliance.broker.start,
            "Cabut modem": self.appliance.modem.unplug,
            "Pasang kembali modem": lambda: self.appliance.modem.plug(self.appliance.folder / "modem"),
        }.items():
            if words in text:
                act()

    def answer(self, text: str) -> str:
        self.asked.append(text)
        if "Hitung kedipan" in text:
            status = json.loads((self.appliance.folder / "run" / "status.json").read_text())
            return str(max(fault["code"] for fault in status["faults"]))
        return "y"

    def _reply(self) -> None:
        ticket = list(self.appliance.county.tickets.values())[-1]
        self.appliance.county.reply(ticket["ticket_id"], "Sudah.", "uji-1")


@pytest.fixture
def appliance(tmp_path: Path) -> Appliance:
    with Appliance(tmp_path) as it:
        it.serve()
        yield it


def bench(appliance: Appliance) -> meja.Bench:
    folder = appliance.folder
    return meja.Bench(Technician(appliance), folder / "run", folder, folder / "card")


def steps(*names: str) -> tuple[langkah.Step, ...]:
    return tuple(step for step in (*langkah.STEPS, langkah.AFTER_FLASH) if step.name in names)


def test_the_sheet_fills_itself_from_what_was_measured(appliance: Appliance, tmp_path: Path) -> None:
    sheet = uji.Sheet(tmp_path / "catatan", "Sari")
    wanted = steps("menyala", "sms_masuk", "balasan", "jaringan", "modem_diam", "anjing_penjaga")

    assert uji.play(bench(appliance), sheet, wanted)

    assert {name: row[0] for name, row in sheet.rows.items()} == {step.name: uji.PASSED for step in wanted}
    paper = (tmp_path / "catatan" / "HASIL-UJI.txt").read_text()
    assert "Penguji: Sari" in paper
    assert re.search(
        r"\[LULUS   \] SMS masuk menjadi tiket\n +[-0-9]+ [:0-9]+  tiket LU2-[-0-9]+ setelah [0-9.]+ detik", paper
    )
    assert "jangan dipasang dulu" in paper


def test_a_power_cut_ends_the_script_and_the_next_start_goes_on_where_it_was(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(langkah, "CUTS", 2)
    for cut in range(3):
        sheet = uji.Sheet(tmp_path / "catatan", "")
        assert uji.play(bench(appliance), sheet, steps("listrik")) is (cut == 2)
        for text in [each for each in sheet.memo["listrik_sms"].split(",") if each]:
            appliance.modem.sms(CITIZEN, text)
        appliance.gateway.kill()
        appliance.serve()
    assert sheet.rows["listrik"][0] == uji.PASSED
    assert "10 SMS: 0 hilang, 0 ganda" in sheet.rows["listrik"][2]


def test_a_wrong_card_and_its_correction_are_recognised(appliance: Appliance, tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    wanted = steps("pengaturan_salah", "pengaturan_benar")
    for rejected in (False, True, False):
        appliance.gateway.stop()
        marker = tmp_path / in_force.MARKER
        marker.write_text("baris 3: zona_waktu\n") if rejected else marker.unlink(missing_ok=True)
        (tmp_path / "card" / "HASIL.txt").write_text("DITERIMA")
        appliance.serve()
        sheet = uji.Sheet(tmp_path / "catatan", "")
        finished = uji.play(bench(appliance), sheet, wanted)
    assert finished
    assert [row[0] for row in sheet.rows.values()] == [uji.PASSED, uji.PASSED]


def test_a_frozen_board_passes_only_after_another_boot(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(langkah, "BOOT_ID", tmp_path / "boot_id")
    verdicts = []
    for boot in ("a", "a", "b"):
        (tmp_path / "boot_id").write_text(boot)
        sheet = uji.Sheet(tmp_path / "catatan", "")
        uji.play(bench(appliance), sheet, steps("papan_membeku"))
        verdicts.append(sheet.rows.get("papan_membeku", ["nanti"])[0])
    assert verdicts == ["nanti", uji.FAILED, uji.PASSED]


def test_after_a_new_flash_a_number_that_went_back_fails_the_sheet(appliance: Appliance, tmp_path: Path) -> None:
    for last, verdict in ((format_number("LU2", 0), uji.PASSED), ("LU2-041-937-1", uji.FAILED)):
        sheet = uji.Sheet(tmp_path / verdict, "")
        desk = bench(appliance)
        sheet.memo["terakhir"] = last
        uji.play(desk, sheet, (langkah.AFTER_FLASH,))
        assert sheet.rows["tulis_ulang"][0] == verdict, sheet.rows


def test_what_is_not_seen_fails_its_step_and_no_other(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(langkah, "TICKET_S", 0.5)
    monkeypatch.setattr(Technician, "do", lambda *_: None)  # nobody sends anything
    sheet = uji.Sheet(tmp_path / "catatan", "")
    assert uji.play(bench(appliance), sheet, steps("menyala", "sms_masuk"))
    assert [row[0] for row in sheet.rows.values()] == [uji.PASSED, uji.FAILED]
    assert "tidak dalam" in sheet.rows["sms_masuk"][2]
