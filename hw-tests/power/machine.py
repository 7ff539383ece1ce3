# ruff: noqa: INP001, S603, TID251 - a script that starts a program and looks at the clock
"""An x86-64 machine with a plug: read-only root, a data disk that loses its cache, the modem on its serial port."""

import signal
import subprocess
import time
from pathlib import Path
from random import Random

from disk import Disk

WORDS = (
    "console=ttyS1,115200 root=LABEL=rootfs rootfstype=ext4 ro panic=10 net.ifnames=0 quiet systemd.show_status=1"
    " modprobe.blacklist=ata_piix,floppy,psmouse,pcspkr,i2c_piix4,parport_pc"  # which the board has not either
    " no_timer_check"  # an emulated timer that is late on a busy host is no broken one
)
CPU = {"kvm": "host", "tcg": "Nehalem"}
MEMORY_MB = 512  # a Pi Zero 2 W's


class Machine:
    """`on` and `cut` are the plug in the wall."""

    def __init__(self, cache: Path, folder: Path, uart: str, kind: str) -> None:
        self.disk = Disk(folder)
        self.console = folder / "console.log"
        self.console.write_bytes(b"")
        self._cache, self._folder, self._uart = cache, folder, uart
        self._process: subprocess.Popen[bytes] | None = None
        self._on_at = 0.0
        self.kind = kind

    def on(self) -> None:
        """Plug it in."""
        part = self._folder / "console.part"
        part.unlink(missing_ok=True)
        command = [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", self.kind),
            *("-cpu", CPU[self.kind], "-smp", "1", "-m", str(MEMORY_MB)),
            *("-nodefaults", "-display", "none", "-no-reboot", "-append", WORDS),
            *("-kernel", f"{self._cache}/vmlinuz", "-initrd", f"{self._cache}/initrd.img"),
            *("-drive", f"file={self._cache}/root.img,format=raw,if=virtio,readonly=on"),
            *(word for node in self.disk.power_on() for word in ("-blockdev", node)),
            *("-device", "virtio-blk-pci,drive=data,write-cache=on", "-device", "virtio-rng-pci"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"),
            *("-chardev", f"serial,id=modem,path={self._uart}", "-serial", "chardev:modem"),
            *("-serial", f"file:{part}"),
        ]
        self._on_at = time.monotonic()
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def unplug(self) -> None:
        """Pull the plug for good."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def cut(self, random: Random) -> str:
        """Pull the plug; gives what the console said in this life."""
        self.unplug()
        self.disk.power_off(random)
        said = (self._folder / "console.part").read_bytes()
        with self.console.open("ab") as whole:
            whole.write(said)
        return said.decode(errors="replace")

    @property
    def running(self) -> bool:
        """Tell whether it is plugged in and has not gone out by itself."""
        return self._process is not None and self._process.poll() is None

    def since(self) -> float:
        """Tell the seconds since the plug went in."""
        return time.monotonic() - self._on_at
