# ruff: noqa: INP001, S603, TID251 - a script that starts a program and looks at the clock
"""A PC with its own kernel and a plug: the disk loses its cache when it is pulled, the modem is on its serial port.

QEMU emulates it instruction by instruction, so that any host will do. A cut is SIGKILL: nothing of the machine runs on,
not even its kernel, and `lossy_disk.py` decides what the disk has kept.
"""

import subprocess
import time
from pathlib import Path
from random import Random

from lossy_disk import Disk

from kentongan.daemon.mortal import mortal

CARD_WORDS = Path(__file__).resolve().parents[2] / "image" / "cmdline.txt"
MEMORY_MB = 512  # a Pi Zero 2 W's
# What an emulated PC has and the board has not, or what nothing here answers: it only makes each life longer.
QUICK = (
    "nokaslr mitigations=off lsm= audit=0 cryptomgr.notests no_timer_check systemd.ssh_auto=no"
    " modprobe.blacklist=ata_piix,vsock,vmw_vmci,i2c_piix4,parport_pc,psmouse,button"
)
MASKED = (
    *("iwd", "systemd-resolved", "systemd-timesyncd", "dbus", "dbus.socket", "systemd-hostnamed.socket"),
    *("modprobe@configfs", "modprobe@efi_pstore", "modprobe@fuse", "modprobe@drm", "kmod-static-nodes"),
    *("sys-kernel-debug.mount", "sys-kernel-tracing.mount", "dev-hugepages.mount", "dev-mqueue.mount"),
    *("sys-kernel-config.mount", "sys-fs-fuse-connections.mount", "proc-sys-fs-binfmt_misc.automount"),
    *("systemd-network-generator", "systemd-udev-load-credentials", "systemd-networkd-persistent-storage"),
    *("systemd-random-seed", "systemd-user-sessions", "systemd-modules-load", "systemd-remount-fs", "systemd-sysctl"),
    *("systemd-tmpfiles-setup-dev", "systemd-tmpfiles-setup-dev-early", "systemd-journal-flush"),
)


class Machine:
    """`on` and `cut` are the plug in the wall."""

    def __init__(self, cache: Path, folder: Path, uart: str) -> None:
        self.disk = Disk(cache / "card.img", folder)
        self._cache, self._folder, self._uart = cache, folder, uart
        self._console = folder / "console"
        self._process: subprocess.Popen[bytes] | None = None
        self._on_at = 0.0

    @property
    def kernel(self) -> str:
        """Name its kernel."""
        return (self._cache / "kernel").read_text().strip()

    def on(self) -> None:
        """Plug it in."""
        self._console.unlink(missing_ok=True)
        command = [
            *("qemu-system-x86_64", "-machine", "pc", "-accel", "tcg", "-cpu", "Nehalem", "-m", str(MEMORY_MB)),
            *("-nodefaults", "-display", "none", "-no-reboot", "-append", _kernel_words()),
            *("-kernel", f"{self._cache}/vmlinuz", "-initrd", f"{self._cache}/initrd.img"),
            *self.disk.power_on(),
            *("-device", "virtio-blk-pci,drive=card,write-cache=on", "-device", "virtio-rng-pci"),
            *("-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"),
            *("-chardev", f"serial,id=modem,path={self._uart}", "-serial", "chardev:modem"),
            *("-serial", f"file:{self._console}"),
        ]
        self._on_at = time.monotonic()
        with (self._folder / "qemu.log").open("ab") as log:
            self._process = subprocess.Popen(mortal(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def cut(self, random: Random) -> str:
        """Pull the plug; gives what the console said in this life."""
        self.unplug()
        self.disk.power_off(random)
        said = self._console.read_bytes()
        with self._console.with_suffix(".log").open("ab") as whole:
            whole.write(said)
        return said.decode(errors="replace")

    def unplug(self) -> None:
        """Pull the plug for good."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def running(self) -> bool:
        """Tell whether it is plugged in and has not gone out by itself."""
        return self._process is not None and self._process.poll() is None

    def since(self) -> float:
        """Tell the seconds since the plug went in."""
        return time.monotonic() - self._on_at


def _kernel_words() -> str:
    """Take the card's own command line; only the console moves."""
    own = [word for word in CARD_WORDS.read_text().split() if word != "console=tty0"]
    masked = [f"systemd.mask={unit if '.' in unit else unit + '.service'}" for unit in MASKED]
    return " ".join(["console=ttyS1,115200", "systemd.show_status=1", *own, QUICK, *masked])
