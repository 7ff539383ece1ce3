#!/usr/bin/env python3
# ruff: noqa: T201 - a script for people, by their clock
"""Uji serah terima Kentongan pada Raspberry Pi sungguhan, dengan modem sungguhan dan telepon kedua.

    python3 uji.py [--nama NAMA] [--catatan FOLDER] [LANGKAH ...]
    python3 uji.py tulis_ulang

Jalankan di alat itu sendiri, lewat SSH, sebagai root. Skrip bertanya langkah demi langkah, mengukur sendiri yang dapat
diukur, dan menulis HASIL-UJI.txt. Listrik dan jaringan boleh putus: jalankan lagi dengan perintah yang sama, ia
melanjutkan. Langkah yang tidak dapat dilakukan: tulis "lewati" dan sebabnya.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

from langkah import AFTER_FLASH, STEPS, Step
from meja import Bench, Later, Missed, Passed

PASSED, FAILED, SKIPPED = "LULUS", "GAGAL", "DILEWATI"
SKIP_WORD = "lewati"
WAITING = "menunggu"  # in the memo: the step that goes on at the next start


class Terminal:
    """The technician at a terminal."""

    def do(self, text: str) -> None:
        """Ask for an act."""
        self.answer(f"{text}.\n   Tekan Enter bila sudah ...", sign=">>")

    def answer(self, text: str, *, sign: str = "??") -> str:
        """Ask a question."""
        said = input(f"\n{sign} {text} ").strip()
        if said.lower().startswith(SKIP_WORD):
            raise Passed(said[len(SKIP_WORD) :].strip(" :,.") or "tanpa sebab")
        return said

    def later(self, text: str) -> None:
        """Say what is to be done before the next start."""
        print(f"\n>> {text}\n   Sesudah itu jalankan skrip ini lagi.")


class Sheet:
    """What was found so far, on disk, so that a power cut costs nothing."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path, self._paper = folder / "uji.json", folder / "HASIL-UJI.txt"
        folder.mkdir(parents=True, exist_ok=True)
        found = json.loads(self._path.read_text()) if self._path.exists() else {}
        self.name = name or found.get("name", "")
        self.memo: dict[str, str] = found.get("memo", {})
        self.rows: dict[str, list[str]] = found.get("rows", {})  # step: verdict, when, what was seen

    def enter(self, step: Step, verdict: str, seen: str, when: str) -> None:
        """Write one row."""
        self.rows[step.name] = [verdict, when, seen]
        self.keep()

    def keep(self) -> None:
        """Write everything down, durably."""
        data = json.dumps({"name": self.name, "memo": self.memo, "rows": self.rows}, ensure_ascii=False, indent=1)
        for path, text in ((self._path, data), (self._paper, self.paper())):
            aside = path.with_suffix(".baru")
            with aside.open("w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)

    def paper(self) -> str:
        """Word the sheet."""
        lines = ["LEMBAR UJI SERAH TERIMA KENTONGAN", f"Penguji: {self.name or '____________'}", ""]
        second = self.rows.keys() == {AFTER_FLASH.name}  # on a new card the other rows are on the first sheet
        for number, step in enumerate((*STEPS, AFTER_FLASH), 1):
            if second and step is not AFTER_FLASH:
                continue
            verdict, when, seen = self.rows.get(step.name, ["BELUM", "", ""])
            lines += [f"{number:>2}. [{verdict:<8}] {step.title}", *([f"      {when}  {seen}"] if when else [])]
        return "\n".join([*lines, "", *self._verdict()]) + "\n"

    def _verdict(self) -> list[str]:
        """Say what to do now: the card is flashed anew as the last step, and this sheet goes with the old one."""
        done = {name for name, row in self.rows.items() if row[0] == PASSED}
        flashed, steps = AFTER_FLASH.name in done, {step.name for step in STEPS}
        last = self.memo.get("terakhir")
        note = [f"Nomor tiket terakhir: {last}"] if last else []
        if flashed and not self.rows.keys() & steps:
            return ["Lembar kedua, sesudah kartu ditulis ulang: LULUS. Lembar pertama juga LULUS: alat boleh dipasang."]
        if not steps <= done:
            return [*note, "Belum semua LULUS: jangan dipasang dulu. Kirim lembar ini dan HASIL.txt kepada pengelola."]
        return [
            *note,
            f"Langkah 1 sampai {len(STEPS)} LULUS. Simpan lembar ini di komputer, tulis ulang kartu SD dengan Etcher,",
            "isi berkas yang sama, hidupkan, salin lagi folder ini ke alat, jalankan: python3 uji.py tulis_ulang",
        ]


def play(bench: Bench, sheet: Sheet, steps: tuple[Step, ...]) -> bool:
    """Play the steps that have not passed; false when one has to go on after a restart.

    It goes on with the step that waits: what failed before that has its next turn when all were played.
    """
    bench.memo = sheet.memo
    bench.tidy()
    waiting = sheet.memo.pop(WAITING, "")
    names = [step.name for step in steps]
    for step in steps[names.index(waiting) if waiting in names else 0 :]:
        if sheet.rows.get(step.name, [""])[0] == PASSED:
            continue
        print(f"\n=== {step.title}")
        when = time.strftime("%Y-%m-%d %H:%M")
        if step.root and os.geteuid():
            sheet.enter(step, SKIPPED, "perlu root", when)
            continue
        try:
            seen = step.act(bench)
        except Later as later:
            sheet.memo[WAITING] = step.name
            sheet.keep()
            bench.person.later(str(later))
            return False
        except Passed as passed:
            sheet.enter(step, SKIPPED, str(passed), when)
            print(f"   {SKIPPED}: {passed}")
        except Missed as missed:
            sheet.enter(step, FAILED, str(missed), when)
            print(f"   {FAILED}: {missed}")
        else:
            sheet.enter(step, PASSED, seen, when)
            print(f"   {PASSED}: {seen}")
    return True


def main() -> int:
    """Ask, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("langkah", nargs="*", choices=[[], *(step.name for step in (*STEPS, AFTER_FLASH))])
    parser.add_argument("--nama", default="", help="nama penguji")
    parser.add_argument("--catatan", type=Path, default=Path("/var/lib/kentongan-uji"), help="folder lembar uji")
    parser.add_argument("--run", type=Path, default=Path("/run/kentongan"))
    parser.add_argument("--state", type=Path, default=Path("/var/lib/kentongan"))
    parser.add_argument("--kartu", type=Path, default=Path("/boot/firmware"))
    options = parser.parse_args()
    sheet = Sheet(options.catatan, options.nama)
    steps = tuple(step for step in (*STEPS, AFTER_FLASH) if step.name in options.langkah) or STEPS
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))  # SSH is gone: what a step has set up is taken back
    try:
        finished = play(Bench(Terminal(), options.run, options.state, options.kartu), sheet, steps)
    except (KeyboardInterrupt, EOFError):
        print("\nDihentikan. Jalankan lagi dengan perintah yang sama untuk melanjutkan.")
        finished = False
    sheet.keep()
    print(f"\n{sheet.paper()}\n{options.catatan / 'HASIL-UJI.txt'}")
    return 0 if finished and all(row[0] == PASSED for row in sheet.rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
