"""The appliance of the fault run: the real processes on a board of doubles, watched from outside alone.

What it tells comes from the red lamp's pin, the broker, the air and the status file, each with its moment.
"""

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

from rig import QUICK, Rig

from kentongan.at.simulator import Timing, parse_fault
from kentongan.daemon.control import call
from kentongan.daemon.demo.observations import Observation, Seen, SmsOut
from kentongan.daemon.demo.stage import GATEWAY, Secrets
from kentongan.daemon.demo.watching import Files
from kentongan.daemon.mosquitto import password_line

BOX = Path(__file__).resolve().parent / "fault_box.py"
CLERK, OWN, CITIZEN = "+6281100000001", "+6281100009200", "+6281234567001"
RED, PINS = 23, (17, 27, 22, 23)
TIMING = Timing(other_s=0.01, send_s=0.3, report_s=1.0, boot_scale=0.5)
CONFIG = (
    QUICK.replace('name = "Luwu Utara"', f'name = "Luwu Utara"\npublic_number = "{OWN}"')
    .replace("acknowledge = false", "acknowledge = true")
    .replace("[sending]", '[sending]\nquiet_from = "00:00"\nquiet_until = "00:00"')
    .replace('path = "kentongan.db"', 'path = "store/kentongan.db"')
    .replace("baud = ", 'usb_power = "1-1:2"\nbalance_code = "*888#"\nbaud = ')
    + f'\n[lamps]\npins = {list(PINS)}\n\n[clerk]\nnumbers = ["{CLERK}"]\n'
)
ROOT = {
    "sys/class/thermal/thermal_zone0/temp": "52000",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0x0",
    "proc/sys/kernel/random/boot_id": "boot-1",
    "proc/uptime": "600.00 0.00",
}
MB = 1_048_576
DISK_OCTETS = 220 * MB  # more than what counts as little room
PAUSE_S = 1.0  # a dark time that ends a number on the red lamp


class Field(Rig):
    """One appliance in the field."""

    config = CONFIG

    def __init__(self, folder: Path, hurry: float, *, own_disk: bool) -> None:
        self.hurry = hurry
        self.disk = folder / "store"
        self._own_disk = own_disk
        self.loops_back = True  # the network delivers what we send to ourselves
        self.filters = False  # the network loses the automatic texts
        self.said: deque[tuple[float, SmsOut]] = deque()
        self.alarms: deque[tuple[float, dict[str, object]]] = deque()
        self._rest = Event()
        super().__init__(folder, TIMING)
        self._emit = self._take
        self.files = Files(folder / "run", self._take)

    def _take(self, what: Observation) -> None:
        match what:
            case SmsOut(number, text):
                self.said.append((self.clock.monotonic(), what))
                if number == OWN and self.loops_back and not (self.filters and "iket" in text):
                    self._modem.sms(OWN, text)
            case Seen(name, payload) if name.startswith("status/alarm/") and payload:
                self.alarms.append((self.clock.monotonic(), json.loads(payload)))
            case _:
                pass

    def _write_files(self, words: Secrets) -> None:
        super()._write_files(words)
        for name, text in ROOT.items():
            self.root(name, text)
        self.disk.mkdir()
        if self._own_disk:
            mount("-t", "tmpfs", "-o", f"size={DISK_OCTETS}", "tmpfs", str(self.disk))
        (self.folder / "bin").mkdir()
        switch = self.folder / "bin" / "uhubctl"
        switch.write_text(f"#!/bin/sh\ntouch {self.folder}/power-cut\n")
        switch.chmod(0o755)

    def __exit__(self, *facts: object) -> None:
        try:
            super().__exit__(*facts)
        finally:
            if self._own_disk:
                subprocess.run(["umount", "-l", str(self.disk)], check=True)

    def fill_disk(self, leave_mb: int = 0) -> None:
        """Leave so little room on the store's disk."""
        room = os.statvfs(self.disk)
        blocks = room.f_bavail * room.f_frsize // MB - leave_mb
        with suppress(OSError), (self.disk / "filler").open("wb", buffering=0) as filler:
            for _ in range(blocks + (leave_mb == 0)):
                filler.write(b"x" * MB)

    def change_password(self, password: str) -> None:
        """Let the broker know another password for the gateway, and start it anew."""
        file = self.folder / "broker" / "passwords"
        mine = password_line(GATEWAY, password, b"saltsaltsalt")
        others = [line for line in file.read_text().splitlines() if not line.startswith(f"{GATEWAY}:")]
        file.write_text("\n".join([*others, mine]) + "\n")
        self.kill_broker()
        self.start_broker()

    @property
    def password(self) -> str:
        """Tell the gateway's own password."""
        return (self.folder / "credentials" / "mqtt").read_text().strip()

    def empty_disk(self) -> None:
        """Give the room back."""
        (self.disk / "filler").unlink()

    def remount(self, how: str) -> None:
        """Let the store's disk be read-only, `ro`, or not, `rw`."""
        mount("-o", f"remount,{how}", str(self.disk))

    def start_service(self, name: str) -> None:
        """Start `run` or `watch` on the board of doubles."""
        box = [sys.executable, str(BOX), str(self.folder), str(self.hurry)]
        self._family.start(name, [*box, "--config", "kentongan.toml", name])

    def kill_service(self, name: str) -> None:
        """Kill a process, and do not start it again."""
        self._family.kill(name)

    def root(self, name: str, text: str) -> None:
        """Let the kernel say something."""
        path = self.folder / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def inject(self, *faults: str) -> None:
        """Put faults on the virtual modem's schedule."""
        for fault in faults:
            self._modem.inject(parse_fault(fault))

    def control(self, request: dict[str, object]) -> object:
        """Ask the gateway through its control socket."""
        return call(self.folder / "run", request)

    def wait_for_life(self, before: str) -> None:
        """Wait until another life of the gateway has written its status."""
        while self.life() in {"", before}:
            self.look()
            self._rest.wait(0.1)

    def modem(self, action: Callable[[object], object]) -> object:
        """Do something in the virtual modem's thread."""
        return self._modem.call(action)

    def look(self) -> None:
        """Look around; a power cut that was asked for happens."""
        super().look()
        wish = self.folder / "power-cut"
        if wish.exists():
            wish.unlink()
            self._modem.call(lambda modem: (modem.power(on=False), modem.power(on=True)))

    # -- what can be seen ---------------------------------------------------------------------------------------------

    def causes(self) -> set[str]:
        """Name the faults in the gateway's own account."""
        return {fault["cause"] for fault in self._account().get("faults", [])}

    def line_state(self) -> str:
        """Name the line's state in the gateway's own account."""
        lines = self._account().get("lines") or [{}]
        return str(lines[0].get("state", ""))

    def life(self) -> str:
        """Name the gateway's present life."""
        return str(self._account().get("boot_id", ""))

    def _account(self) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads((self.folder / "run" / "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return document

    def lamp_codes(self) -> tuple[int, ...]:
        """Name the codes the watcher says it shows."""
        try:
            return tuple(json.loads((self.folder / "run" / "lamps.json").read_bytes())["codes"])
        except (OSError, ValueError):
            return ()

    def flashes(self, since_s: float) -> list[tuple[float, int]]:
        """Count the numbers on the red lamp's pin: when each began, and how many flashes it had."""
        steps = [line.split() for line in (self.folder / "pins.log").read_text().splitlines()]
        edges = [(float(moment), int(level)) for moment, pin, level in steps if int(pin) == RED]
        lit = [moment for moment, level in edges if level and moment >= since_s]
        dark = [moment for moment, level in edges if not level]
        numbers: list[tuple[float, int]] = []
        for before, moment in pairwise([-PAUSE_S * 9, *lit]):
            ended = max((end for end in dark if end <= moment), default=before)
            if moment - max(before, ended) >= PAUSE_S:
                numbers.append((moment, 1))
            elif numbers:
                numbers[-1] = (numbers[-1][0], numbers[-1][1] + 1)
        return numbers


def mount(*options: str) -> None:
    """Mount something; only root may."""
    subprocess.run(["mount", *options], check=True)


@contextmanager
def field(hurry: float = 1, *, own_disk: bool = False) -> Iterator[Field]:
    """Set one up in a temporary folder; with a disk of its own only root may."""
    with (
        TemporaryDirectory(prefix="kentongan-field-") as folder,
        Field(Path(folder), hurry, own_disk=own_disk) as it,
    ):
        yield it
