# ruff: noqa: INP001, S603, S607 - a script that starts a program
"""A disk with a write cache that a power cut empties.

QEMU logs every write and every flush (`blklogwrites`). After the cut the disk gets, on its state at power-on, all
writes up to the last flush that was answered, and of those after it only as many as the lot decides - none, half of
them in no order, or all. An SD card that keeps its promises does no worse.
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
HEAD = struct.Struct("<QQ")
HEADER = struct.Struct("<QQQQ")
LOG_SIZE = 1 << 32  # sparse; a life writes some megabytes
SURVIVE = (0.0, 0.5, 1.0)  # the share of what was not flushed


@dataclass(frozen=True, slots=True)
class Write:
    """One write or discard of the machine."""

    offset: int
    length: int
    at: int  # where its data is in the log; 0 for a discard


class Disk:
    """The card of one machine. What the machine writes goes into a layer above it, which the cut throws away."""

    def __init__(self, card: Path, folder: Path) -> None:
        self.path, self.log, self._layer = folder / "card.img", folder / "card.log", folder / "card.layer"
        self.flushes = self.lost = self.kept = 0
        self._seen = SECTOR
        subprocess.run(["cp", "--sparse=always", card, self.path], check=True)

    def power_on(self) -> list[str]:
        """Give QEMU's words for the disk, the last node named `card`."""
        layer = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", self.path.resolve(), "-F", "raw", self._layer]
        subprocess.run(layer, check=True)
        self._seen = SECTOR
        self.log.unlink(missing_ok=True)
        with self.log.open("wb") as file:
            file.truncate(LOG_SIZE)
        return [
            *("-blockdev", f"driver=qcow2,node-name=layer,file.driver=file,file.filename={self._layer}"),
            *("-blockdev", f"driver=file,filename={self.log},node-name=log"),
            *("-blockdev", "driver=blklogwrites,file=layer,log=log,log-sector-size=512,node-name=card"),
        ]

    def power_off(self, random: Random) -> None:
        """Become what the power cut left."""
        durable, cached = self._entries()
        share = random.choice(SURVIVE)
        surviving = [write for write in cached if random.random() < share]
        self.lost += len(cached) - len(surviving)
        self.kept += len(surviving)
        with self.log.open("rb") as log, self.path.open("r+b") as disk:
            for write in [*durable, *surviving]:
                log.seek(write.at)
                disk.seek(write.offset)
                disk.write(log.read(write.length) if write.at else bytes(write.length))

    def holds_back(self) -> bool:
        """Tell whether the newest entry is a write: the cache is not empty."""
        newest: Write | None = None
        if entries := list(self._read(self._seen)):
            newest, self._seen = entries[-1]
        return newest is not None

    def _entries(self) -> tuple[list[Write], list[Write]]:
        """Read the log: what was flushed, and what was in the cache."""
        durable: list[Write] = []
        cached: list[Write] = []
        for write, _ in self._read(SECTOR):
            if write is None:
                self.flushes += 1
                durable += cached
                cached = []
            else:
                cached.append(write)
        return durable, cached

    def _read(self, at: int) -> Iterator[tuple[Write | None, int]]:
        """Give each write of the log from a place on, None for a flush, with the place after it.

        An entry that was being written at the cut ends it.
        """
        with self.log.open("rb") as log:
            if HEAD.unpack(log.read(HEAD.size)) != (MAGIC, 1):
                return
            while True:
                log.seek(at)
                sector, count, flags, _ = HEADER.unpack(log.read(HEADER.size))
                at += SECTOR
                data = 0 if flags & DISCARD else count * SECTOR
                if flags & FLUSH:
                    yield None, at
                elif not count:
                    return
                if count:
                    yield Write(sector * SECTOR, count * SECTOR, at if data else 0), at + data
                    at += data
