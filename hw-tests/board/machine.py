# ruff: noqa: INP001, S603, S607, TID251, D102 - a module beside a script: it starts programs
"""An emulated Raspberry Pi 3 with the real image as its card, a virtual modem on its UART, and lamps."""

import contextlib
import hashlib
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import glow

from kentongan.daemon.mortal import mortal

FAT_OFFSET = "1M"
HERE = Path(__file__).resolve().parent
OVERLAY = HERE.parents[1] / "image" / "overlays" / "emulated-console.dts"
GPLEV0 = 0x3F200034  # levels of the pins 0 to 31, BCM2835 ARM Peripherals, 6.1
LAMPS = {"LISTRIK": 22, "KARTU": 23, "SERVER": 24, "GANGGUAN": 25}
LOOK_S = 0.02
SSH_S = 180  # a login on an emulated board takes some seconds, its first one a new host key


class Card:
    """A copy of the image: what a person with a card reader can do with it."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.path, self._folder = folder / "card.img", folder
        subprocess.run(["cp", "--sparse=always", image, self.path], check=True)

    def put(self, name: str, data: bytes) -> None:
        source = self._folder / "put"
        source.write_bytes(data)
        subprocess.run(["mcopy", "-o", "-i", f"{self.path}@@{FAT_OFFSET}", source, f"::{name}"], check=True)

    def get(self, name: str) -> bytes:
        target = self._folder / "get"
        target.unlink(missing_ok=True)
        # Its complaints while the box is writing are the exception's.
        read = ["mcopy", "-n", "-i", f"{self.path}@@{FAT_OFFSET}", f"::{name}", target]
        subprocess.run(read, check=True, capture_output=True)
        return target.read_bytes()

    def digest(self) -> str:
        """Name the root partition's content: it must never change."""
        found = hashlib.sha256()
        with self.path.open("rb") as file:
            file.seek(257 << 20)
            for _ in range(1280):
                found.update(file.read(1 << 20))
        return found.hexdigest()


class Board:
    """The machine: `on` and `cut` are the plug in the wall."""

    def __init__(self, card: Card, uart: str, folder: Path) -> None:
        self._card, self._uart, self._folder = card, uart, folder
        self.console = folder / "console.log"
        self.boots = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._qtest = folder / "qtest"
        self._began = time.monotonic()
        self._door = _free_port()
        self._key = folder / "technician"
        if not self._key.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self._key], check=True)
        self.insert(card)

    def insert(self, card: Card) -> None:
        """Put a card in; the boot loader's work is done from outside, with the card's own files."""
        self._card = card
        for name in ("vmlinuz", "initrd.img", "bcm2837-rpi-3-b.dtb"):
            (self._folder / name).write_bytes(card.get(name))
        overlay = self._folder / "emulated.dtbo"
        subprocess.run(["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", overlay, OVERLAY], check=True)
        merged = ["-i", self._folder / "bcm2837-rpi-3-b.dtb", "-o", self._folder / "board.dtb", overlay]
        subprocess.run(["fdtoverlay", *merged], check=True)

    @property
    def key(self) -> bytes:
        """Return the technician's public key, for `ssh.pub` on the card."""
        return self._key.with_suffix(".pub").read_bytes()

    def _kernel_words(self) -> str:
        """Take the card's own command line; only the console moves, and the emulation's two needs are added.

        clock_usec stands in for NTP, which a machine on loopback has not; watchdog_sec=0: the emulated watchdog counts
        no time, it resets the machine as soon as it is armed.
        """
        own = self._card.get("cmdline.txt").decode().split()
        kept = [word for word in own if word not in {"console=tty0", "quiet"}]
        told = ["console=ttyS1,115200", "systemd.watchdog_sec=0", f"systemd.clock_usec={int(time.time() * 1e6)}"]
        show = ["systemd.show_status=1", "systemd.journald.forward_to_console=1"]
        return " ".join([*told, *show, "systemd.journald.max_level_console=info", *kept])

    def on(self) -> None:
        """Plug it in."""
        self._qtest.unlink(missing_ok=True)
        machine = ["-M", "raspi3b", "-m", "1G", "-smp", "4", "-accel", "tcg,thread=multi,tb-size=512", "-nographic"]
        command = [
            *("qemu-system-aarch64", *machine, "-monitor", "none", "-kernel", f"{self._folder}/vmlinuz"),
            *("-initrd", f"{self._folder}/initrd.img", "-dtb", f"{self._folder}/board.dtb"),
            *("-drive", f"if=sd,format=raw,file={self._card.path}", "-append", self._kernel_words()),
            *("-serial", self._uart, "-serial", f"file:{self.console}"),
            *("-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{self._door}-:22", "-device", "usb-net,netdev=n0"),
            *("-qtest", f"unix:{self._qtest},server=on,wait=off", "-qtest-log", "/dev/null"),
        ]
        self.boots += 1
        self._began = time.monotonic()
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(mortal(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def cut(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            shutil.copy(self.console, self._folder / f"console.{self.boots}.log")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def since(self) -> float:
        """Tell the seconds since the plug went in."""
        return time.monotonic() - self._began

    # -- a technician with a key on the card

    def ssh(self, command: str, *, check: bool = True) -> str:
        """Run a command in the machine; raises TimeoutError when nobody lets us in, AssertionError when it fails."""
        options = ["BatchMode=yes", "StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR"]
        options += ["ControlMaster=auto", f"ControlPath={self._folder}/door-{self.boots}", "ControlPersist=yes"]
        options += ["ConnectTimeout=60", "ServerAliveInterval=20"]
        words = ["ssh", "-i", self._key, "-p", str(self._door), *(f"-o{each}" for each in options)]
        end = time.monotonic() + SSH_S
        while True:
            done = subprocess.run(
                [*words, "root@127.0.0.1", command], capture_output=True, text=True, check=False, timeout=SSH_S
            )
            if done.returncode != 255:
                break
            if time.monotonic() > end or not self.running:
                raise TimeoutError(f"no SSH: {done.stderr.strip()}")
            time.sleep(11)  # the firewall lets in six a minute
        if check and done.returncode:
            raise AssertionError(f"{command}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout.strip()

    # -- an eye on the lamps

    def watch(self, seconds: float) -> dict[str, str]:
        """Look at the lamps for a while, in the level register of the emulated GPIO block, read from outside."""
        seen: dict[str, list[glow.Sample]] = {name: [] for name in LAMPS}
        with contextlib.closing(socket.socket(socket.AF_UNIX)) as wire:
            wire.settimeout(10)
            wire.connect(os.fspath(self._qtest))
            end = time.monotonic() + seconds
            while (now := time.monotonic()) < end:
                wire.sendall(f"readl {GPLEV0:#x}\n".encode())
                answer = wire.recv(100)
                found = re.match(rb"OK (0x[0-9a-f]+)", answer)
                if found is None:
                    raise AssertionError(f"the emulator says {answer!r}")
                for name, pin in LAMPS.items():
                    seen[name].append((now, bool(int(found[1], 16) >> pin & 1)))
                time.sleep(LOOK_S)
        return {name: glow.words(samples) for name, samples in seen.items()}


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
