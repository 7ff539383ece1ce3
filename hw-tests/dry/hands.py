# ruff: noqa: INP001, S603 - a script's own room; it starts our own program
"""A technician made of rules: does what the sheet asks for on the virtual world, and answers by what can be seen.

Refuses what no rule of his covers: a question that hands and eyes cannot answer ends the play.
"""

import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

from fault_field import PINS, RED, Field

from kentongan.daemon import in_force

CITIZEN = "+6281234567890"
COUNT_S, LONGEST_COUNT_S, LOOK_S = 9.0, 30.0, 10.0
BLIP_S = 0.4  # a short flash, of a lamp that is dark otherwise
BOOT = "proc/sys/kernel/random/boot_id"
WATCHDOG_S = 30.0  # WatchdogSec of kentongan.service: here we are systemd
MINUTE_S = 60.0
Act = Callable[[Field], None]


class Hands:
    """One technician with a second phone, before one box."""

    def __init__(self, it: Field, say: Callable[[str], None], noted: str = "") -> None:
        self.it, self._say = it, say
        self.hurried = it.hurry
        self._on_s = it.clock.monotonic()
        self._noted = noted  # on paper

    # -- what the script says -----------------------------------------------------------------------------------------

    def do(self, text: str) -> None:
        """Do one thing."""
        self._say(f">> {text}")
        acts: dict[str, Act] = {
            "Buat modem diam": Field.pull_modem,
            "Pasang kembali modem,": Field.plug_modem,
            "Keluarkan kartu SIM": Field.pull_sim,
            "Pasang kembali kartu SIM": Field.insert_sim,
            "Lepas antena": lambda it: it.inject("no-network:code=2"),
            "pasang kembali antena": lambda it: it.inject("network"),
            "balas tiket": lambda it: it.order(it.newest_ticket(), "Sudah kami teruskan.", f"uji-{uuid4().hex[:8]}"),
        }
        done = [act for words, act in acts.items() if words in text]
        for act in done:
            act(self.it)
        if found := re.search(r"dengan isi: (.*)", text):
            self.it.sms(CITIZEN, found[1].capitalize())  # as a phone writes it
        elif not done:
            raise NotImplementedError(text)
        if "dibekukan" in text:
            self._bite()

    def answer(self, text: str) -> str:
        """Answer one question."""
        said = self._look(text)
        self._say(f"?? {text} {said}")
        return said

    def later(self, text: str) -> None:
        """Do what is to be done while the script does not run."""
        self._say(f">> {text}\n   Sesudah itu jalankan skrip ini lagi.")
        texts = re.findall(r"^ +(uji [0-9a-f]{4} \d+)$", text, re.MULTILINE)
        if "Cabut kabel jaringan" in text:
            self._without_server(texts)
        elif "Putus listrik" in text:
            self._without_power(texts)
        elif "sysrq-trigger" in text:
            self._boot()
        elif "WIBB" in text:
            self._card("WIBB")
        elif "Perbaiki zona_waktu" in text:
            self._card("WITA")
        else:
            raise NotImplementedError(text)

    # -- eyes ---------------------------------------------------------------------------------------------------------

    def _look(self, text: str) -> str:
        if "Hitung kedipan lampu GANGGUAN" in text or "Hitung sekali lagi" in text:
            return self._count()
        if "lihat keempat lampu" in text:
            return "ya" if any(self._all_well() for _ in range(round(MINUTE_S / LOOK_S))) else "tidak"
        if "menurut catatan Anda" in text or "pada lembar lama" in text:
            return self._noted
        if number := re.search(r"jawaban yang memuat nomor (\S+)\?", text):
            self.it.settle(lambda: any(number[1] in said.text for _, said in self.it.said), MINUTE_S)
            return "ya" if any(number[1] in said.text for _, said in self.it.said) else "tidak"
        if "balasan itu tiba" in text:
            count = sum("Sudah kami teruskan" in said.text for _, said in self.it.said)
            return "sudah, satu kali" if count == 1 else "tidak"
        if "Ketika kartu di komputer" in text:
            return "ya" if "baris 3" in self._refusal() else "tidak"
        if "(tersimpan)" in text:
            return "y" if "(tersimpan)" in self._settings().read_text("utf-8-sig") else "t"
        if "hidup lagi tanpa listriknya" in text:
            return "Ya."
        raise NotImplementedError(text)

    def _count(self) -> str:
        """Count the red lamp's flashes until every number was seen whole; in a hurry ask the watcher."""
        if self.hurried != 1:
            self.it.settle(lambda: bool(self.it.lamp_codes()), LOOK_S)
            return " dan ".join(map(str, self.it.lamp_codes())) or "nol"
        began = self.it.clock.monotonic()
        whole: list[int] = []
        while self.it.clock.monotonic() - began < LONGEST_COUNT_S:
            self.it.pause(1.0)
            whole = [number for _, number in self.it.flashes(began)][1:-1]  # the first and the last may be cut
            if self.it.clock.monotonic() - began > COUNT_S and len(whole) > 1:
                break
        return " dan ".join(map(str, sorted(set(whole)))) or "nol"

    def _all_well(self) -> bool:
        began = self.it.clock.monotonic()
        self.it.pause(LOOK_S)
        others = [pin for pin in PINS if pin != RED]
        return not self.it.flashes(began) and all(self._blinks(pin, began) for pin in others)

    def _blinks(self, pin: int, since_s: float) -> bool:
        edges = self._edges(pin, since_s)
        lit = [(begin, end) for (begin, on), (end, _) in pairwise(edges) if on]
        return len(lit) > 1 and all(end - begin < BLIP_S for begin, end in lit)

    def _edges(self, pin: int, since_s: float = 0.0) -> list[tuple[float, bool]]:
        steps = [line.split() for line in (self.it.folder / "pins.log").read_text().splitlines()]
        return [(float(at), level == "1") for at, name, level in steps if int(name) == pin and float(at) >= since_s]

    # -- hands --------------------------------------------------------------------------------------------------------

    def _bite(self) -> None:
        """Be systemd: the watchdog is not fed."""
        self.it.pause(WATCHDOG_S / self.hurried)
        self.it.kill_gateway()
        self.it.start_service("run")

    def _without_server(self, texts: list[str]) -> None:
        self.it.freeze_broker(frozen=True)  # nobody answers any more, as without a cable
        self.it.settle(lambda: self.it.account("link").get("state") == "offline", 2 * MINUTE_S)
        self.it.settle(lambda: 7 in self.it.lamp_codes(), MINUTE_S)
        if self._edges(PINS[2])[-1][1]:
            raise AssertionError("SERVER is lit without a server")
        self._noted = f"{self._count()} kali"
        for text in texts:
            self.it.sms(CITIZEN, text)
        self.it.pause(LOOK_S)
        self.it.freeze_broker(frozen=False)

    def _without_power(self, texts: list[str]) -> None:
        self.it.order(self.it.newest_ticket(), "Terima kasih.", f"uji-{uuid4().hex[:8]}")
        for text in texts[:3]:
            self.it.sms(CITIZEN, text)
        self._off()
        self.it.modem(lambda modem: modem.power(on=False))
        for text in texts[3:]:
            self.it.sms(CITIZEN, text)
        self.it.pause(LOOK_S / self.hurried)
        self.it.modem(lambda modem: modem.power(on=True))
        self._on()

    def _boot(self) -> None:
        self._off()
        self._on()

    def _off(self) -> None:
        self.it.kill_gateway()
        self.it.kill_service("watch")

    def _on(self) -> None:
        self._on_s = self.it.clock.monotonic()
        self.it.root(BOOT, f"boot-{uuid4().hex}")
        self.it.start_service("watch")
        self.it.start_service("run")

    def tell_uptime(self) -> None:
        """Write how long the box has been on, as the kernel does."""
        self.it.root("proc/uptime", f"{self.it.clock.monotonic() - self._on_s:.2f} 0.00")

    # -- the card in the computer -------------------------------------------------------------------------------------

    def _card(self, zone: str) -> None:
        """Switch off, edit the card's file, let the program itself read it at the boot, switch on."""
        self._off()
        card, etc = self.it.folder / "card", self.it.folder / "etc"
        for folder in (card, etc):
            folder.mkdir(exist_ok=True)
        settings = self._settings()
        if not settings.exists():
            settings.write_text(SETTINGS, "utf-8-sig")
            self._firstboot()
        settings.write_text(re.sub(r"zona_waktu = \S+", f"zona_waktu = {zone}", settings.read_text("utf-8-sig")))
        self._firstboot()
        marker, mine = etc / in_force.MARKER, self.it.folder / in_force.MARKER
        if marker.exists():
            mine.write_bytes(marker.read_bytes())
            (self.it.folder / "ditolak.txt").write_text((card / "HASIL.txt").read_text("utf-8-sig"))
        else:
            mine.unlink(missing_ok=True)
        self._on()

    def _firstboot(self) -> None:
        folder = self.it.folder
        places = ["--card", str(folder / "card"), "--etc", str(folder / "etc"), "--iwd", str(folder / "iwd")]
        program = [sys.executable, "-m", "kentongan.daemon", "firstboot", *places]
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _settings(self) -> Path:
        return self.it.folder / "card" / "KONFIGURASI.txt"

    def _refusal(self) -> str:
        return (self.it.folder / "ditolak.txt").read_text()


SETTINGS = """\
kabupaten = Luwu Utara
awalan_tiket = LU2
zona_waktu = WITA
hp_petugas = 0812 3456 789
server = mqtt://127.0.0.1:1883
server_user = gw-lu2
server_sandi = rahasia-panjang
"""
