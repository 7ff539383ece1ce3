"""The commissioning of a real Pi, played dry: the real gateway on a virtual modem, and a technician made of rules."""

import os
import re
import sys
from pathlib import Path

import pytest
from appliance import Appliance

from kentongan.daemon import in_force
from kentongan.daemon.control import call
from kentongan.queue.numbers import format_number, parse_number

sys.path.insert(0, str(Path(__file__).parents[1] / "hw-tests" / "pi"))
sys.path.insert(0, str(Path(__file__).parents[1] / "hw-tests" / "dry"))

import langkah
import meja
import play as dry
import uji

CITIZEN = "+6281234567890"
SMALL = os.statvfs_result((4096, 4096, 100, 80, 70, 0, 0, 0, 0, 255))  # 280 kB left for anybody
QUICK = 10.0  # by how much the waits before a lamp tells are divided; `make hw-test-dry` divides none


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
            "balas tiket": self._reply,
            "cabut modemnya": self.appliance.modem.unplug,
            "Pasang kembali modem": lambda: self.appliance.modem.plug(self.appliance.folder / "modem"),
        }.items():
            if words in text:
                act()

    def answer(self, text: str) -> str:
        self.asked.append(text)
        if "Hitung kedipan" in text:
            status = call(self.appliance.folder / "run", {"request": "status"})  # the file may be a moment behind
            return str(max(fault["code"] for fault in status["faults"]))
        return "7 kali" if "menurut catatan" in text else "y"

    def later(self, text: str) -> None:
        self.asked.append(text)

    def _reply(self) -> None:
        ticket = list(self.appliance.county.tickets.values())[-1]
        self.appliance.county.reply(ticket["ticket_id"], "Sudah.", "uji-1")


@pytest.fixture
def appliance(tmp_path: Path) -> Appliance:
    with Appliance(tmp_path) as it:
        it.serve()
        yield it


def bench(appliance: Appliance, kernel: Path = Path("/proc")) -> meja.Bench:
    folder = appliance.folder
    return meja.Bench(Technician(appliance), folder / "run", folder, folder / "card", kernel)


def booted(folder: Path, boot: str) -> Path:
    """Give a /proc that names this boot."""
    path = folder / "proc" / langkah.BOOT_ID
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{boot}\n")
    return folder / "proc"


def steps(*names: str) -> tuple[langkah.Step, ...]:
    return tuple(step for step in (*langkah.STEPS, langkah.AFTER_FLASH) if step.name in names)


def test_the_sheet_fills_itself_from_what_was_measured(appliance: Appliance, tmp_path: Path) -> None:
    sheet = uji.Sheet(tmp_path / "catatan", "Sari")
    wanted = steps("menyala", "sms_masuk", "balasan", "modem_diam", "anjing_penjaga")

    assert uji.play(bench(appliance), sheet, wanted)

    assert {name: row[0] for name, row in sheet.rows.items()} == {step.name: uji.PASSED for step in wanted}
    paper = (tmp_path / "catatan" / "HASIL-UJI.txt").read_text()
    assert "Penguji: Sari" in paper
    assert re.search(
        r"\[LULUS   \] SMS masuk menjadi tiket\n +[-0-9]+ [:0-9]+  tiket LU2-[-0-9]+ setelah [0-9.]+ detik; ", paper
    )
    assert re.search(r"Nomor tiket terakhir: LU2-[-0-9]+\n", paper)
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


def test_a_frozen_board_passes_only_after_another_boot(appliance: Appliance, tmp_path: Path) -> None:
    verdicts = []
    for boot in ("a", "a", "a", "b"):  # the second time it did not freeze: asked again
        kernel = booted(tmp_path, boot)
        sheet = uji.Sheet(tmp_path / "catatan", "")
        uji.play(bench(appliance, kernel), sheet, steps("papan_membeku"))
        verdicts.append(sheet.rows.pop("papan_membeku", ["nanti"])[0])
        sheet.keep()
    assert verdicts == ["nanti", uji.FAILED, "nanti", uji.PASSED]


def test_after_a_new_flash_a_number_that_went_back_fails_the_sheet(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for last, verdict in ((format_number("LU2", 0), uji.PASSED), ("LU2-041-937-1", uji.FAILED)):
        monkeypatch.setattr(Technician, "answer", lambda _self, _text, last=last: f" {last} ")
        sheet = uji.Sheet(tmp_path / verdict, "")
        uji.play(bench(appliance), sheet, (langkah.AFTER_FLASH,))
        assert sheet.rows["tulis_ulang"][0] == verdict, sheet.rows
    assert "Lembar kedua, sesudah kartu ditulis ulang: LULUS" in (tmp_path / uji.PASSED / "HASIL-UJI.txt").read_text()


def test_a_card_that_was_not_flashed_anew_does_not_pass_for_one(appliance: Appliance, tmp_path: Path) -> None:
    sheet = uji.Sheet(tmp_path / "catatan", "")
    sheet.memo["terakhir"] = format_number("LU2", 0)
    uji.play(bench(appliance), sheet, (langkah.AFTER_FLASH,))
    assert sheet.rows["tulis_ulang"][0] == uji.FAILED
    assert "belum ditulis ulang" in sheet.rows["tulis_ulang"][2]


def test_the_way_to_the_server_is_cut_while_nobody_can_be_asked(appliance: Appliance, tmp_path: Path) -> None:
    for cut in (False, True):  # the first time the technician sends his SMS and forgets the cable
        sheet, desk = uji.Sheet(tmp_path / "catatan", ""), bench(appliance)
        assert not uji.play(desk, sheet, steps("jaringan"))
        told = desk.person.asked[-1]
        assert "sambungan SSH ikut putus" in told
        if cut:
            appliance.broker.kill()
            appliance.wait(lambda: appliance.gateway.logged("broker_lost"), "the loss is noticed")
        texts = re.findall(r"^ +(uji [0-9a-f]{4} \d+)$", told, re.MULTILINE)
        before = len(appliance.gateway.logged("ticket_opened"))
        for text in texts:
            appliance.modem.sms(CITIZEN, text)
        appliance.wait(lambda n=before: len(appliance.gateway.logged("ticket_opened")) == n + 3, "stored")
        if cut:
            appliance.broker.start()
        sheet = uji.Sheet(tmp_path / "catatan", "")
        uji.play(bench(appliance), sheet, steps("jaringan"))
        assert sheet.rows["jaringan"][0] == (uji.PASSED if cut else uji.FAILED), sheet.rows


def test_sim_antenna_and_room_are_taken_away_and_brought_back_to_the_written_sheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = steps("kartu_sim", "antena", "penuh")
    monkeypatch.setattr(uji.os, "geteuid", lambda: 0)
    with dry.board(dry.PLAIN, hurry=QUICK) as box:
        monkeypatch.setattr(meja.os, "statvfs", lambda _path: SMALL)  # a double of a disk, that no real one is filled
        sheet = dry.play(box, tmp_path / "catatan", wanted)
    assert {name: row[0] for name, row in sheet.rows.items()} == {step.name: uji.PASSED for step in wanted}, sheet.rows
    paper = (tmp_path / "catatan" / "HASIL-UJI.txt").read_text()
    for code in (3, 4):
        assert re.search(rf"kode {code} setelah \d+ detik, selesai \d+ detik sesudah dipasang; SMS lagi", paper)
    assert re.search(r"kode 6; SMS tidak hilang; pulih \d+ detik", paper)


def test_a_step_that_waits_goes_on_first_and_what_failed_before_is_asked_again_at_the_end(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(langkah, "FAULT_S", 0.1)  # the SIM's absence is never told of in time
    monkeypatch.setattr(langkah, "OVER_S", 0.1)
    titles = []
    for boot in ("a", "b", "b"):
        kernel = booted(tmp_path, boot)
        monkeypatch.setattr("builtins.print", lambda *words, **_: titles.extend(w for w in words if "===" in str(w)))
        uji.play(bench(appliance, kernel), uji.Sheet(tmp_path / "catatan", ""), steps("kartu_sim", "papan_membeku"))
    assert ["SIM" in title for title in titles] == [True, False, False, True]


def test_what_filled_the_card_is_taken_away_even_after_a_script_that_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(meja.os, "statvfs", lambda _path: SMALL)
    desk = meja.Bench(Mumbler(), tmp_path, tmp_path, tmp_path)
    with desk.full():
        assert (tmp_path / meja.FILLER).stat().st_size >= 70 * 4096
    assert not (tmp_path / meja.FILLER).exists()
    (tmp_path / meja.FILLER).write_bytes(b"x")
    desk.tidy()
    desk.tidy()
    assert not (tmp_path / meja.FILLER).exists()


def ticket_of(box: dry.Board, sender: str) -> int:
    """Let a citizen write; gives the counter of the newest ticket number."""
    box.settle(lambda: box.line_state() == "ready" and box.account("link").get("state") == "online")
    before = box.account("store").get("tickets", 0)
    box.sms(sender, "jalan rusak")
    box.settle(lambda: box.account("store").get("tickets", 0) > before and box.sim() != {})
    newest = box.control({"request": "tickets", "limit": 1})[0]
    return parse_number(newest["number"]).counter


def test_an_update_and_the_way_back_from_it_use_no_ticket_number_twice() -> None:
    """Two cards take turns with one SIM, each at a server of its own that remembers nothing."""
    with dry.board(dry.PLAIN, hurry=QUICK) as old_card:
        first = ticket_of(old_card, "+6281234500001")
        old_card.kill_gateway()
        with dry.board(dry.PLAIN, old_card.sim(), QUICK) as new_card:
            second = ticket_of(new_card, "+6281234500002")
            sim = new_card.sim()
        old_card.put_in(sim)
        old_card.start_service("run")
        third = ticket_of(old_card, "+6281234500003")
    assert first < second < third


class Mumbler:
    """A technician who answers in his own way."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def do(self, text: str) -> None:
        self.asked.append(text)

    later = do

    def answer(self, text: str) -> str:
        self.asked.append(text)
        return self.answers.pop(0)


@pytest.mark.parametrize("said", [["Ya."], ["iya, betul"], ["SUDAH"], ["ngg", "", "y"]])
def test_yes_is_understood_as_people_say_it(said: list[str], tmp_path: Path) -> None:
    desk = meja.Bench(Mumbler(*said), tmp_path, tmp_path, tmp_path)
    desk.yes("Apakah lampu menyala?")
    assert desk.person.asked[-1].startswith("Apakah" if len(said) == 1 else "Jawab y atau t. Apakah")


@pytest.mark.parametrize("said", ["t", "tidak", "Belum.", "bukan"])
def test_no_is_a_miss_with_the_question(said: str, tmp_path: Path) -> None:
    desk = meja.Bench(Mumbler(said), tmp_path, tmp_path, tmp_path)
    with pytest.raises(meja.Missed, match="jawaban tidak: Apakah lampu menyala"):
        desk.yes("Apakah lampu menyala?")


def test_who_never_answers_misses(tmp_path: Path) -> None:
    desk = meja.Bench(Mumbler(*["hmm"] * 5), tmp_path, tmp_path, tmp_path)
    with pytest.raises(meja.Missed, match="tidak terjawab"):
        desk.yes("Apakah lampu menyala?")


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("3", {3}),
        ("tiga kali", {3}),
        ("3 kali, lalu 7", {3, 7}),
        ("tiga dan tujuh", {3, 7}),
        ("banyak", set()),
        ("Tidak berkedip", {0}),
    ],
)
def test_a_count_is_understood_in_digits_and_in_words(said: str, numbers: set[int]) -> None:
    assert meja.numbers(said) == numbers


@pytest.mark.parametrize(
    ("said", "standing", "right"),
    [
        (["2"], {2}, True),
        (["dua dan tujuh"], {2, 7}, True),
        (["4", "2"], {2}, True),
        (["tidak tahu", "2"], {2}, True),
        (["4", "4"], {2}, False),
        (["2 dan 5", "7"], {2, 7}, False),
        (["tidak berkedip", "padam"], {2}, False),
        (["padam"], set(), True),  # it was over before it was counted
    ],
)
def test_who_counts_wrongly_may_count_once_more(
    said: list[str], standing: set[int], right: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = meja.Bench(Mumbler(*said), tmp_path, tmp_path, tmp_path)
    monkeypatch.setattr(meja.Bench, "codes", lambda _self: standing)
    if right:
        desk.flashes(2)
    else:
        with pytest.raises(meja.Missed, match="seharusnya 2"):
            desk.flashes(2)
    assert not re.search(r"[0-9]", desk.person.asked[0]), "the question tells the answer"


def test_a_step_that_cannot_be_done_is_passed_over_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _text: "Lewati: antena tertanam")
    monkeypatch.setattr(meja.Bench, "codes", lambda _self: set())
    sheet = uji.Sheet(tmp_path / "catatan", "")
    uji.play(meja.Bench(uji.Terminal(), tmp_path, tmp_path, tmp_path), sheet, steps("antena"))
    assert sheet.rows["antena"][0::2] == [uji.SKIPPED, "antena tertanam"]
    assert "jangan dipasang dulu" in sheet.paper()


def test_a_modem_that_the_gateway_revives_before_the_lamp_tells_is_as_good(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Presser(Technician):
        """Presses the board's own key; the gateway presses it again."""

        def do(self, text: str) -> None:
            if "Buat modem diam" in text:
                self.asked.append(text)
                appliance.modem.call(lambda modem: (modem.power(on=False), modem.power(on=True)))
            else:
                super().do(text)

    monkeypatch.setattr(langkah, "FAULT_S", 30.0)
    desk, sheet = bench(appliance), uji.Sheet(tmp_path / "catatan", "")
    desk.person = Presser(appliance)
    uji.play(desk, sheet, steps("modem_diam"))
    assert sheet.rows["modem_diam"][0] == uji.PASSED, sheet.rows
    assert "alat sendiri menghidupkan modem lagi" in sheet.rows["modem_diam"][2]


def test_what_is_not_seen_fails_its_step_and_no_other(
    appliance: Appliance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(langkah, "TICKET_S", 0.5)
    monkeypatch.setattr(Technician, "do", lambda *_: None)  # nobody sends anything
    sheet = uji.Sheet(tmp_path / "catatan", "")
    assert uji.play(bench(appliance), sheet, steps("menyala", "sms_masuk"))
    assert [row[0] for row in sheet.rows.values()] == [uji.PASSED, uji.FAILED]
    assert "tidak dalam" in sheet.rows["sms_masuk"][2]
