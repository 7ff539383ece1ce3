# ruff: noqa: INP001 - a module beside a script
"""The FAT partition of a card, and what a hostile hand, a bad reader or a dying card makes of it.

Each damage is a function of the partition and of dice. It changes nothing outside the partition: what the card's other
two hold, nobody with a laptop reaches by accident.
"""

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

SECTOR, ENTRY = 512, 32
PLACE, SIZE = 1 << 20, 64 << 20  # on the card: hw-tests/power/run
SETTINGS = b"KONFIG~1TXT"  # the short name that mtools gives KONFIGURASI.txt
ARCHIVE = 0x20


class Fat:
    """A FAT32 file system in a file; `put` and the like leave a whole one, the rest writes past all rules."""

    def __init__(self, path: Path) -> None:
        self.path = path
        head = self.read(0, SECTOR)
        (self.reserved,) = struct.unpack_from("<H", head, 14)
        self.per_fat, self.root = struct.unpack_from("<I", head, 36)[0], struct.unpack_from("<I", head, 44)[0]
        self.copies, self.per_cluster = head[16], head[13]

    def read(self, at: int, length: int) -> bytes:
        """Read from the partition."""
        with self.path.open("rb") as file:
            file.seek(at)
            return file.read(length)

    def write(self, at: int, data: bytes) -> None:
        """Write into the partition."""
        with self.path.open("r+b") as file:
            file.seek(at)
            file.write(data)

    def put(self, name: str, data: bytes) -> None:
        """Copy a file onto the card."""
        self._mtools("mcopy", "-o", "-", f"::{name}", data=data)

    def folder(self, name: str) -> None:
        """Put a folder in a file's place."""
        self.remove(name)
        self._mtools("mmd", f"::{name}")

    def remove(self, name: str) -> None:
        """Take a file off the card, if it is there."""
        self._mtools("mdel", f"::{name}", check=False)

    def get(self, name: str) -> bytes:
        """Read a file as a computer would; empty when it cannot."""
        return self._mtools("mcopy", "-n", f"::{name}", "-", check=False)

    def label(self, name: str) -> None:
        """Name the partition."""
        self._mtools("mlabel", f"::{name}")

    def chain(self, cluster: int, following: int) -> None:
        """Say in every copy of the FAT which cluster follows."""
        for copy in range(self.copies):
            self.write((self.reserved + copy * self.per_fat) * SECTOR + cluster * 4, struct.pack("<I", following))

    def place(self, cluster: int) -> int:
        """Find a cluster's first octet."""
        return (self.reserved + self.copies * self.per_fat + (cluster - 2) * self.per_cluster) * SECTOR

    def entry(self, short: bytes) -> int:
        """Find a file's entry in the root folder's first cluster."""
        begin = self.place(self.root)
        return begin + self.read(begin, self.per_cluster * SECTOR).index(short)

    def _mtools(self, tool: str, *words: str, data: bytes = b"", check: bool = True) -> bytes:
        command = [tool, "-i", str(self.path), *words]
        return subprocess.run(command, input=data, capture_output=True, check=check).stdout  # noqa: S603 - our own words


def a_folder(fat: Fat, _: Random) -> None:
    """Put a folder where the settings are."""
    fat.folder("KONFIGURASI.txt")


def huge(fat: Fat, dice: Random) -> None:
    """Make the settings larger than any settings."""
    fat.put("KONFIGURASI.txt", dice.randbytes(40_000_000))


def endless(fat: Fat, _: Random) -> None:
    """Give the settings 4 GB, all of them in one cluster."""
    at = fat.entry(SETTINGS)
    high, low = struct.unpack("<H4xH", fat.read(at + 20, 8))
    first = high << 16 | low
    fat.chain(first, first)
    fat.write(at + 28, b"\xff\xff\xff\xff")


def endless_root(fat: Fat, _: Random) -> None:
    """Let the root folder go on with itself."""
    fat.chain(fat.root, fat.root)


def hostile_names(fat: Fat, dice: Random) -> None:
    """Add entries to the root folder that no program would write."""
    first, count = 60_000, 4_800 * ENTRY // (fat.per_cluster * SECTOR)
    fat.chain(fat.root, first)
    for cluster in range(first, first + count):
        fat.chain(cluster, cluster + 1 if cluster < first + count - 1 else 0x0FFFFFFF)
        entries = range(fat.per_cluster * SECTOR // ENTRY)
        fat.write(fat.place(cluster), b"".join(noise_entry(dice) for _ in entries))


def noise_entry(dice: Random) -> bytes:
    """Give a file a name that no program would."""
    name = dice.choice([dice.randbytes(11), b"../../../etc"[:11], b"KONFIG~9TXT", b"RUBAH   TXT", b"CA      CRT"])
    return name + bytes([ARCHIVE]) + dice.randbytes(ENTRY - 12)


def two_files(fat: Fat, _: Random) -> None:
    """Add other settings beside the settings."""
    fat.put("KONFIGURASI.txt.txt", fat.get("KONFIGURASI.txt").replace(b"LU2", b"LU3"))


def wrong_word(fat: Fat, _: Random) -> None:
    """Make one setting wrong."""
    fat.put("KONFIGURASI.txt", fat.get("KONFIGURASI.txt").replace(b"WITA", b"WIBB"))


def an_answer_folder(fat: Fat, _: Random) -> None:
    """Put a folder where the answer goes."""
    fat.folder("HASIL.txt")


def no_room(fat: Fat, _: Random) -> None:
    """Take every cluster."""
    begin, length = fat.reserved * SECTOR, fat.per_fat * SECTOR
    table = fat.read(begin, length)
    full = b"".join(word if word != bytes(4) else b"\xf7\xff\xff\x0f" for (word,) in struct.iter_unpack("4s", table))
    for copy in range(fat.copies):
        fat.write(begin + copy * length, full)


def no_head(fat: Fat, _: Random) -> None:
    """Empty the first sector."""
    fat.write(0, bytes(SECTOR))


def other_name(fat: Fat, _: Random) -> None:
    """Name the partition otherwise."""
    fat.label("NO NAME")


def noise_table(fat: Fat, dice: Random) -> None:
    """Make noise of both copies of the FAT."""
    fat.write(fat.reserved * SECTOR, dice.randbytes(fat.copies * fat.per_fat * SECTOR))


def bent_head(fat: Fat, dice: Random) -> None:
    """Turn eight bits of the first sector."""
    head = bytearray(fat.read(0, 64))
    for _ in range(8):
        head[dice.randrange(11, 64)] ^= 1 << dice.randrange(8)
    fat.write(0, bytes(head))


def bad_sectors(fat: Fat, dice: Random) -> None:
    """Make noise of a hundred sectors."""
    end = fat.place(fat.root) + (1 << 17)
    for _ in range(100):
        fat.write(dice.randrange(0, end, SECTOR), dice.randbytes(SECTOR))


Damage = Callable[[Fat, Random], None]
NAMED: dict[str, Damage] = {
    "KONFIGURASI.txt is a folder": a_folder,
    "KONFIGURASI.txt holds 40 MB of noise": huge,
    "KONFIGURASI.txt has 4 GB in a chain that bites its tail": endless,
    "the root folder's chain bites its tail": endless_root,
    "the root folder has 4,800 more entries with names, sizes and places of noise": hostile_names,
    "there is a second, different KONFIGURASI.txt.txt": two_files,
    "zona_waktu is WIBB": wrong_word,
    "HASIL.txt is a folder": an_answer_folder,
    "the card is full to the last cluster": no_room,
    "the first sector is empty": no_head,
    "the partition has another name": other_name,
    "both copies of the FAT are noise": noise_table,
}
BY_LOT: dict[str, Damage] = {
    "eight bits of the first sector's figures are turned": bent_head,
    "a hundred sectors of tables and files are noise": bad_sectors,
}
