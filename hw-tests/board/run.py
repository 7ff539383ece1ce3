# ruff: noqa: INP001, T201, D103, TID251 - a script: it prints
"""Boot the real image on an emulated Raspberry Pi 3 and play what can happen to a box in an office.

    python hw-tests/board/run.py build/kentongan-VERSION-arm64.img [--keep FOLDER] [--cuts N] [--write] [SCENARIO ...]

Needs qemu-system-aarch64, mtools, dtc, openssl, ssh and mosquitto. All servers are on loopback. Ends with 0 when
everything held. --write puts table and transcript into docs/appliance.md.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from county import County, Missed, Phones
from machine import Board, Card
from scenes import SCENES, cut_in_traffic, first_boot
from stand import Stand

PAGE = Path(__file__).resolve().parents[2] / "docs/appliance.md"
BEGIN, END = "<!-- hw-test -->\n", "<!-- /hw-test -->\n"
FAILURES = (Missed, AssertionError, OSError, ValueError, subprocess.SubprocessError)
Scene = Callable[[Stand], str]


def chosen_scenes(names: list[str], cuts: int) -> Iterator[Scene]:
    wanted = [scene for scene in SCENES if not names or scene.__name__ in names or scene is first_boot]
    for scene in wanted:
        yield from [scene] * (cuts if scene is cut_in_traffic else 1)


def play(stand: Stand, names: list[str], cuts: int) -> list[tuple[str, str, float, str]]:
    rows = []
    for scene in chosen_scenes(names, cuts):
        title = (scene.__doc__ or "").strip()
        stand.say(f"-- {title}")
        began = time.monotonic()
        try:
            seen, held = scene(stand), "held"
        except FAILURES as error:
            seen, held = f"{type(error).__name__}: {error}", "**did not hold**"
        rows.append((title, held, time.monotonic() - began, seen))
        stand.say(f"{held}: {seen}")
        if held != "held" and not recovered(stand):
            break
    return rows


def recovered(stand: Stand) -> bool:
    """Bring the board back for the next scenario."""
    try:
        stand.restart()
    except FAILURES as error:
        stand.say(f"the board does not come back: {error}")
        return False
    return True


def machine_words() -> str:
    """Describe the machine without naming it."""
    cpu = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{cpu[1].strip() if cpu else platform.machine()}, emulation on {len(os.sched_getaffinity(0))} of its cores"


def image_words(image: Path) -> str:
    """Name the image, with the sum of its compressed file where that lies beside it."""
    beside = image.with_name(f"{image.name}.xz.sha256")
    return f"`{image.name}`" + (f" (compressed: sha256 `{beside.read_text().split()[0]}`)" if beside.exists() else "")


def page(rows: list[tuple[str, str, float, str]], stand: Stand) -> str:
    table = "".join(f"| {title} | {held} | {seconds:.0f} | {seen} |\n" for title, held, seconds, seen in rows)
    head = "| Scenario | | Seconds | What was seen |\n|---|---|---|---|\n"
    lines = "\n".join(stand.transcript)
    load = f"load {min(stand.loads):.0f} to {max(stand.loads):.0f}"
    told = f"{image_words(stand.image)}; {machine_words()}, {load}."
    return f"{head}{table}\n{told}\n\n```text\n{lines}\n```\n"


def write(text: str) -> None:
    """Replace the section in the page."""
    old = PAGE.read_text("utf-8")
    head, _, rest = old.partition(BEGIN)
    PAGE.write_text(head + BEGIN + text + END + rest.partition(END)[2], "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("image", type=Path)
    parser.add_argument("scenes", nargs="*")
    parser.add_argument("--keep", type=Path, help="keep consoles and logs here")
    parser.add_argument("--cuts", type=int, default=2, help="how many power cuts in traffic")
    parser.add_argument("--write", action="store_true")
    chosen = parser.parse_intermixed_args()
    image = max(chosen.image.glob("kentongan-*-arm64.img")) if chosen.image.is_dir() else chosen.image
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        county, phones = County(folder), Phones()
        county.open()
        phones.modem.start()
        card = Card(image, folder)
        stand = Stand(image, folder, county, phones, card, Board(card, phones.modem.path, folder))
        try:
            rows = play(stand, chosen.scenes, chosen.cuts)
        finally:
            stand.board.cut()
            phones.modem.stop()
            county.close()
        text = page(rows, stand)
        (folder / "table.md").write_text(text, "utf-8")
    if chosen.write:
        write(text)
    print(text.partition("```")[0])
    return 0 if all(held == "held" for _, held, _, _ in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
