# ruff: noqa: INP001, S603, S607, TID251, D102 - a script: it starts programs
"""An emulated Raspberry Pi 3 with the real image as its card, a virtual modem on its UART, and lamps."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

FAT_OFFSET = "1M"
HERE = Path(__file__).resolve().parent
OVERLAY = HERE.parents[1] / "image" / "overlays" / "emulated-console.dts"
GPLEV0 = 0x3F200034
LAMPS = {"LISTRIK": 22, "KARTU": 23, "SERVER": 24, "GANGGUAN": 25}


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
        subprocess.run(["mcopy", "-n", "-i", f"{self.path}@@{FAT_OFFSET}", f"::{name}", target], check=True)
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
        self._process: subprocess.Popen[bytes] | None = None
        self._qtest = folder / "qtest"
        self.booted_at = 0.0
        for name in ("vmlinuz", "initrd.img", "bcm2837-rpi-3-b.dtb"):
            (folder / name).write_bytes(card.get(name))
        overlay = folder / "emulated.dtbo"
        subprocess.run(["dtc", "-q", "-@", "-I", "dts", "-O", "dtb", "-o", overlay, OVERLAY], check=True)
        merged = ["fdtoverlay", "-i", folder / "bcm2837-rpi-3-b.dtb", "-o", folder / "board.dtb", overlay]
        subprocess.run(merged, check=True)

    def on(self) -> None:
        """Plug it in."""
        self._qtest.unlink(missing_ok=True)
        # clock_usec stands in for NTP, which a machine on loopback has not; watchdog_sec=0: the emulated watchdog
        # bites a boot that takes minutes.
        words = (
            "console=ttyS1,115200 root=LABEL=rootfs rootfstype=ext4 ro rootwait panic=10 net.ifnames=0 "
            f"systemd.watchdog_sec=0 systemd.clock_usec={int(time.time() * 1e6)} systemd.show_status=1 "
            "systemd.journald.forward_to_console=1 systemd.journald.max_level_console=info"
        )
        command = [
            *[
                "qemu-system-aarch64",
                "-M",
                "raspi3b",
                "-m",
                "1G",
                "-smp",
                "4",
                "-accel",
                "tcg,thread=multi,tb-size=512",
                "-nographic",
            ],
            *("-monitor", "none", "-no-reboot", "-kernel", f"{self._folder}/vmlinuz"),
            *("-initrd", f"{self._folder}/initrd.img", "-dtb", f"{self._folder}/board.dtb"),
            *("-drive", f"if=sd,format=raw,file={self._card.path}", "-append", words),
            *("-serial", self._uart, "-serial", f"file:{self.console}"),
            *("-netdev", "user,id=n0", "-device", "usb-net,netdev=n0"),
            *("-qtest", f"unix:{self._qtest},server=on,wait=off", "-qtest-log", "/dev/null"),
        ]
        self.booted_at = time.monotonic()
        log = (self._folder / "qemu.log").open("ab")
        self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def cut(self) -> None:
        """Pull the plug."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None
            shutil.copy(self.console, self.console.with_suffix(f".{int(time.time())}.log"))

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def since(self) -> float:
        """Tell the seconds since the plug went in."""
        return time.monotonic() - self.booted_at

    def lamps(self) -> dict[str, bool]:
        """Look at the lamps: the level register of the emulated GPIO block, read from outside."""
        with socket.socket(socket.AF_UNIX) as wire:
            wire.settimeout(10)
            wire.connect(os.fspath(self._qtest))
            wire.sendall(f"readl {GPLEV0:#x}\n".encode())
            level = int(wire.recv(100).split()[1], 16)
        return {name: bool(level >> pin & 1) for name, pin in LAMPS.items()}
