# ruff: noqa: INP001, S603, S607, T201 - a script: it asks the tools that made the card
"""Look a finished card over, from outside and without mounting it: what must be on it, and what must not.

    python3 image/check.py build/kentongan-VERSION-arm64.img

Exits with 1 and one line for each thing that is wrong.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

MIB = 1 << 20
FAT_AT, ROOT_AT, DATA_AT = 1, 257, 1537  # MiB; image/pack lays them out
BOARDS = {
    "Raspberry Pi 3 B": "bcm2837-rpi-3-b.dtb",
    "Raspberry Pi 3 A+": "bcm2837-rpi-3-a-plus.dtb",
    "Raspberry Pi 3 B+": "bcm2837-rpi-3-b-plus.dtb",
    "Raspberry Pi Zero 2 W": "bcm2837-rpi-zero-2-w.dtb",
    "Raspberry Pi 4": "bcm2711-rpi-4-b.dtb",
}
# gpu_mem=16 takes the small firmware (_cd); the others are there for whoever raises it.
FIRMWARE = ("bootcode.bin", "start.elf", "fixup.dat", "start_cd.elf", "fixup_cd.dat")
FIRMWARE_4 = ("start4.elf", "fixup4.dat", "start4cd.elf", "fixup4cd.dat")
OURS = (
    "config.txt",
    "cmdline.txt",
    "KONFIGURASI.txt",
    "LICENSES.txt",
    "LICENSE-kentongan.txt",
    "vmlinuz",
    "initrd.img",
)
UNITS = {
    "sysinit.target.wants/kentongan-grow.service",
    "multi-user.target.wants/kentongan.service",
    "multi-user.target.wants/kentongan-watch.service",
    "multi-user.target.wants/kentongan-firstboot.service",
    "multi-user.target.wants/kentongan-ssh.service",
    "sysinit.target.wants/nftables.service",
    "sysinit.target.wants/systemd-timesyncd.service",
}
UNWANTED = {"multi-user.target.wants/ssh.service", "sockets.target.wants/ssh.socket"}
# Nothing renews packages by itself on a root that is read-only: an update is a new card (docs/appliance.md, Updates).
MASKED = ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer")


def passwords(shadow: str) -> list[str]:
    """Name the accounts that a password opens, an empty one included."""
    fields = (line.split(":") for line in shadow.splitlines() if line)
    return [name for name, word, *_ in fields if word[:1] not in {"!", "*"}]


def consoles(cmdline: str) -> list[str]:
    """Name the kernel's consoles."""
    return re.findall(r"(?:^|\s)console=(\S+)", cmdline)


def filled_in(settings: str) -> list[str]:
    """Name the keys of the delivered KONFIGURASI.txt that identify a box or hold a secret and are not empty."""
    pairs = (line.split(";")[0].partition("=") for line in settings.splitlines())
    told = {key.strip(): value.strip() for key, _, value in pairs if key.strip()}
    open_keys = {"modem", "balas_otomatis", "jam_kantor", "konsol"}
    return [key for key, value in told.items() if value and key not in open_keys]


def is_masked(said: str) -> bool:
    """Tell whether debugfs' `stat` shows a link to nothing."""
    return 'Fast link dest: "/dev/null"' in said


class Card:
    """Reads both file systems of the image."""

    def __init__(self, image: Path, scratch: Path) -> None:
        self._image, self._scratch = image, scratch

    def fat_names(self) -> set[str]:
        """List the FAT partition."""
        said = self._run("mdir", "-/", "-b", "-i", f"{self._image}@@{FAT_AT}M")
        return {line.removeprefix("::/") for line in said.splitlines()}

    def fat(self, name: str) -> Path:
        """Copy a file out of the FAT partition."""
        target = self._scratch / name.replace("/", "_")
        self._run("mcopy", "-n", "-o", "-i", f"{self._image}@@{FAT_AT}M", f"::{name}", str(target))
        return target

    def root(self, request: str) -> str:
        """Ask debugfs about the root file system."""
        return self._run("debugfs", "-R", request, f"{self._image}?offset={ROOT_AT * MIB}")

    def links(self) -> set[str]:
        """List what is enabled below /etc/systemd/system."""
        folders = ("sysinit.target.wants", "multi-user.target.wants", "sockets.target.wants", "timers.target.wants")
        said = {folder: self.root(f"ls -p /etc/systemd/system/{folder}") for folder in folders}
        return {
            f"{folder}/{name}"
            for folder, text in said.items()
            for name in re.findall(r"/([^/\s]+)/\d*/$", text, re.MULTILINE)
        }

    def sound(self) -> list[str]:
        """Name the file systems in which e2fsck finds something."""
        found = []
        for name, at in (("root", ROOT_AT), ("data", DATA_AT)):
            done = subprocess.run(
                ["e2fsck", "-fn", f"{self._image}?offset={at * MIB}"], capture_output=True, text=True, check=False
            )
            found += [f"{name} partition: {done.stdout.strip()}"] if done.returncode else []
        return found

    def _run(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def boot_faults(card: Card) -> Iterator[str]:
    """Look at what the boards' own boot loader reads."""
    names = card.fat_names()
    for name in (*FIRMWARE, *FIRMWARE_4, *OURS, "overlays/kentongan-uart.dtbo", *BOARDS.values()):
        if name not in names:
            yield f"the FAT partition has no {name}"
    overlay = card.fat("overlays/kentongan-uart.dtbo")
    for board, tree in BOARDS.items():
        if tree in names:
            merged = ["fdtoverlay", "-i", card.fat(tree), "-o", "/dev/null", overlay]
            if subprocess.run(merged, capture_output=True, check=False).returncode:
                yield f"{board}: the modem's overlay does not fit {tree}"
    told = consoles(card.fat("cmdline.txt").read_text())
    if told != ["tty0"]:
        yield f"the kernel's consoles are {told}"
    if "ro" not in card.fat("cmdline.txt").read_text().split():
        yield "the kernel mounts the root writable"
    if wrong := filled_in(card.fat("KONFIGURASI.txt").read_text("utf-8-sig")):
        yield f"KONFIGURASI.txt is delivered with values: {wrong}"


def root_faults(card: Card) -> Iterator[str]:
    """Look at the root file system."""
    if found := passwords(card.root("cat /etc/shadow")):
        yield f"accounts with a password: {found}"
    if "ssh_host_" in card.root("ls -p /etc/ssh"):
        yield "every box would have the same SSH host key"
    if card.root("cat /etc/machine-id").strip():
        yield "every box would have the same machine-id"
    if card.root("cat /root/.ssh/authorized_keys").strip():
        yield "somebody's key is in /root/.ssh"
    links = card.links()
    yield from (f"{name} is not enabled" for name in sorted(UNITS - links))
    yield from (f"{name} is enabled" for name in sorted(UNWANTED & links))
    for name in MASKED:
        if not is_masked(card.root(f"stat /etc/systemd/system/{name}")):
            yield f"{name} would write to the read-only root"
    if "unattended-upgrade" in card.root("ls -p /usr/bin"):
        yield "unattended-upgrades is on the card"
    yield from card.sound()


def main() -> int:
    """Look the card over; gives the exit code."""
    with tempfile.TemporaryDirectory() as scratch:
        card = Card(Path(sys.argv[1]), Path(scratch))
        faults = [*boot_faults(card), *root_faults(card)]
    for fault in faults:
        print(f"kentongan: {fault}", file=sys.stderr)
    if not faults:
        print(f"{len(BOARDS)} boards find firmware, kernel and device tree; no password, no key, no file system error")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
