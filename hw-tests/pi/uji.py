#!/usr/bin/env python3
# ruff: noqa: T201 - a script for people, by their clock
"""Uji serah terima Kentongan pada Raspberry Pi sungguhan, dengan modem sungguhan dan telepon kedua.

    sudo python3 hw-tests/pi/uji.py [--nama NAMA] [--catatan FOLDER] [LANGKAH ...]
    sudo python3 hw-tests/pi/uji.py tulis_ulang

Jalankan di alat itu sendiri (lewat SSH). Skrip bertanya langkah demi langkah, mengukur sendiri yang dapat diukur, dan
menulis HASIL-UJI.txt. Listrik boleh dicabut: jalankan lagi dengan perintah yang sama, ia melanjutkan.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from langkah import AFTER_FLASH, STEPS, Step
from meja import Bench, Later, Missed

PASSED, FAILED, SKIPPED = "LULUS", "GAGAL", "DILEWATI"


class Terminal:
    """The technician at a terminal."""

    def do(self, text: str) -> None:
        """Ask for an act."""
        input(f"\n>> {text}\n   Tekan Enter bila sudah ... ")

    def answer(self, text: str) -> str:
        """Ask a question."""
        return input(f"\n?? {text} ")


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
        for number, step in enumerate((*STEPS, AFTER_FLASH), 1):
            verdict, when, seen = self.rows.get(step.name, ["BELUM", "", ""])
            lines += [f"{number:>2}. [{verdict:<8}] {step.title}", *([f"      {when}  {seen}"] if when else [])]
        done = [row[0] for row in self.rows.values()]
        good = len(done) > len(STEPS) and set(done) == {PASSED}
        lines += ["", "Semua LULUS: alat boleh dipasang." if good else "Belum semua LULUS: jangan dipasang dulu."]
        return "\n".join(lines) + "\n"


def play(bench: Bench, sheet: Sheet, steps: tuple[Step, ...]) -> bool:
    """Play the steps that have not passed; false when one has to go on after a restart."""
    bench.memo = sheet.memo
    for step in steps:
        if sheet.rows.get(step.name, [""])[0] == PASSED:
            continue
        print(f"\n=== {step.title}")
        when = time.strftime("%Y-%m-%d %H:%M")
        if step.root and os.geteuid():
            sheet.enter(step, SKIPPED, "perlu sudo", when)
            continue
        try:
            seen = step.act(bench)
        except Later as later:
            sheet.keep()
            print(f"\n>> {later}\n   Sesudah itu jalankan skrip ini lagi.")
            return False
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
    finished = play(Bench(Terminal(), options.run, options.state, options.kartu), sheet, steps)
    sheet.keep()
    print(f"\n{sheet.paper()}\n{options.catatan / 'HASIL-UJI.txt'}")
    return 0 if finished and all(row[0] == PASSED for row in sheet.rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
