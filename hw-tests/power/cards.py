# ruff: noqa: INP001, T201, S311, TID251 - a script: it prints, draws lots and looks at the clock
"""Start the emulated PC with hostile cards: it serves on its last good settings, whatever the FAT partition has become.

    cards.py CACHE [--lots 10] [--seed N] [--keep FOLDER] [--write]

First a good card is taken over. Then each damage of `fat.py` is done to that card, those by lot several times; the
machine is started, an SMS must become a ticket at the county's broker, and what the box says of its card is written
down. Exit status 1 when a start does not end so.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random

import fat
from cuts import ALARMS, NEWEST, PAGE, World, put, stage, workplace
from machine import Machine
from prepare import COUNTY, GATEWAY, HOST

BEGIN, END = "<!-- hostile-cards -->\n", "<!-- /hostile-cards -->\n"
START_S, TICKET_S = 300.0, 120.0  # an emulated machine on a busy host is slow
SETTINGS = """\
kabupaten      = Luwu Utara
kode_kabupaten = {county}
awalan_tiket   = LU2
zona_waktu     = WITA
server         = mqtts://{host}:{port}
server_user    = {gateway}
server_sandi   = {word}
balas_otomatis = tidak
"""


class Office:
    """One machine, its cards, and the world outside."""

    def __init__(self, machine: Machine, world: World, dice: Random, folder: Path) -> None:
        self.machine, self.world, self._dice = machine, world, dice
        self.fat, self._good = folder / "fat.img", b""
        self.rows: list[tuple[str, str, str, str]] = []
        self._texts = 0

    def take_out(self) -> fat.Fat:
        """Take the card out of the machine that is off."""
        with self.machine.disk.path.open("rb") as card:
            card.seek(fat.PLACE)
            self.fat.write_bytes(card.read(fat.SIZE))
        return fat.Fat(self.fat)

    def put_in(self) -> None:
        """Put it back."""
        with self.machine.disk.path.open("r+b") as card:
            card.seek(fat.PLACE)
            card.write(self.fat.read_bytes())

    def first(self, settings: str, ca: bytes) -> None:
        """Take a good card over."""
        card = self.take_out()
        card.put("KONFIGURASI.txt", settings.encode())
        card.put("ca.crt", ca)
        self.put_in()
        self._live("a good card")
        self.take_out().remove("HASIL.txt")  # what stands there later is new
        self._good = self.fat.read_bytes()

    def suffer(self, what: str, damage: fat.Damage) -> None:
        """Damage the good card and start with it."""
        self.fat.write_bytes(self._good)
        damage(fat.Fat(self.fat), self._dice)
        self.put_in()
        self._live(what)

    def _live(self, what: str) -> None:
        self.machine.on()
        self.world.supply(on=True)
        served = self._within(START_S, self.world.online) and self._within(TICKET_S, self._ticketed())
        alarms = sorted({topic.rpartition("/")[2] for (topic,) in self.world.ask(ALARMS)})
        self.machine.cut(self._dice)
        self.world.supply(on=False)
        said = self._said()
        self.rows.append((what, "yes" if served else "NO", ", ".join(alarms), said))
        print(*self.rows[-1], sep=" | ", flush=True)

    def _ticketed(self) -> Callable[[], bool]:
        """Send an SMS; gives the question whether it is a ticket."""
        self._texts += 1
        text = f"Kartu ke-{self._texts}: jalan rusak."
        self.world.modem.sms("+6281234567890", text)
        return lambda: any(text == found and number.startswith("LU2") for _, number, _, found in self.world.ask(NEWEST))

    def _said(self) -> str:
        """Read the verdict on the card, when the card can still be read."""
        try:
            said = self.take_out().get("HASIL.txt").decode("utf-8-sig", "replace")
        except (ZeroDivisionError, OSError):
            return ""
        return next((line for line in said.splitlines()[1:] if line), "")

    def _within(self, seconds: float, question: Callable[[], bool]) -> bool:
        end = time.monotonic() + seconds
        while self.machine.running and time.monotonic() < end:
            if question():
                return True
            time.sleep(0.1)
        return False


def report(office: Office, seed: int) -> str:
    """Word what was seen."""
    rows = "".join(f"| {' | '.join(row)} |\n" for row in office.rows)
    served = sum(row[1] == "yes" for row in office.rows)
    return (
        f"{served} of {len(office.rows)} starts ended in a gateway that serves on its last good settings (seed {seed})."
        f"\n\n"
        f"| The card | An SMS became a ticket | Alarms | HASIL.txt, as a computer reads it |\n|---|---|---|---|\n{rows}"
    )


def main() -> int:
    """Run; see the module."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cache", type=Path)
    parser.add_argument("--lots", type=int, default=10, help="how often each damage by lot is done")
    parser.add_argument("--seed", type=int, default=41937)
    parser.add_argument("--keep", type=Path, help="keep disk, consoles and the county's database here")
    parser.add_argument("--write", action="store_true", help="write docs/appliance.md")
    options = parser.parse_args()
    with ExitStack() as stack:
        cache, folder = options.cache.resolve(), workplace(stack, options.keep)
        world, machine, port = stage(stack, cache, folder, options.seed, None)
        office = Office(machine, world, Random(options.seed), folder)
        word = (cache / "tls/word").read_text()
        settings = SETTINGS.format(county=COUNTY, host=HOST, port=port, gateway=GATEWAY, word=word)
        office.first(settings, (cache / "tls/ca.crt").read_bytes())
        for what, damage in (*fat.NAMED.items(), *(each for each in fat.BY_LOT.items() for _ in range(options.lots))):
            office.suffer(what, damage)
        body = report(office, options.seed)
    print(body)
    if options.write:
        put(PAGE, BEGIN, body, END)
    return 0 if all(served == "yes" for _, served, _, _ in office.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
