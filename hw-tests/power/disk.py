# ruff: noqa: INP001, S603, S607 - a script that starts a program
"""A disk with a write cache that a power cut empties.

QEMU logs every write and every flush (`blklogwrites`). After the cut the disk is put together again from its state at
power-on: all writes up to the last flush that the machine got an answer to, and of those after it only as many as the
lot decides - none, half of them in no order, or all. An SD card that keeps its promises does no worse.
"""

import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

MAGIC = 0x6A736677736872
SECTOR = 512
FLUSH, DISCARD = 1, 4
HEADER = struct.Struct("<QQQQ")
SIZE = "256M"
LOG_SIZE = 1 << 32  # sparse; a life writes some megabytes
SURVIVE = (0.0, 0.5, 1.0)  # the share of what was not flushed


@dataclass(frozen=True, slots=True)
class Write:
    """One write or discard of the machine."""

    offset: int
    length: int
    at: int  # where its data is in the log; 0 for a discard


class Disk:
    """The data partition of one machine."""

    def __init__(self, folder: Path) -> None:
        self.path, self.log, self._before = folder / "data.img", folder / "data.log", folder / "data.before"
        self.flushes = self.lost = self.kept = 0
        self.path.unlink(missing_ok=True)
        subprocess.run(["truncate", "-s", SIZE, self.path], check=True)
        make = ["mke2fs", "-q", "-t", "ext4", "-L", "kentongan-data", "-E", "root_owner=0:0,lazy_itable_init=0"]
        subprocess.run([*make, self.path], check=True)

    def power_on(self) -> list[str]:
        """Remember the state; gives the nodes from which QEMU makes the disk, the last one named `data`."""
        subprocess.run(["cp", "--sparse=always", self.path, self._before], check=True)
        self.log.unlink(missing_ok=True)
        with self.log.open("wb") as file:
            file.truncate(LOG_SIZE)
        return [
            f"driver=file,filename={self.path},node-name=disk",
            f"driver=file,filename={self.log},node-name=log",
            "driver=blklogwrites,file=disk,log=log,log-sector-size=512,node-name=data",
        ]

    def power_off(self, random: Random) -> None:
        """Become what the power cut left."""
        durable, cached = self._entries()
        share = random.choice(SURVIVE)
        surviving = [write for write in cached if random.random() < share]
        self.lost += len(cached) - len(surviving)
        self.kept += len(surviving)
        self._before.replace(self.path)
        with self.log.open("rb") as log, self.path.open("r+b") as disk:
            for write in [*durable, *surviving]:
                log.seek(write.at)
                disk.seek(write.offset)
                disk.write(log.read(write.length) if write.at else bytes(write.length))

    def _entries(self) -> tuple[list[Write], list[Write]]:
        """Read the log: what was flushed, and what was in the cache."""
        durable: list[Write] = []
        cached: list[Write] = []
        for write in self._read():
            if write is None:
                self.flushes += 1
                durable += cached
                cached = []
            else:
                cached.append(write)
        return durable, cached

    def _read(self) -> Iterator[Write | None]:
        """Give each write of the log, None for a flush; an entry that was being written at the cut ends it."""
        with self.log.open("rb") as log:
            magic, version = struct.unpack("<QQ", log.read(16))
            if (magic, version) != (MAGIC, 1):
                return
            at = SECTOR
            while True:
                log.seek(at)
                sector, count, flags, _ = HEADER.unpack(log.read(HEADER.size))
                at += SECTOR
                if flags & FLUSH:
                    yield None
                elif not count:
                    return
                if count:
                    here = 0 if flags & DISCARD else at
                    yield Write(sector * SECTOR, count * SECTOR, here)
                    at += 0 if flags & DISCARD else count * SECTOR
