"""The disk under SQLite, at the edge where SQLite hands octets to the operating system.

A `Disk` stands between them for every connection opened while it is there: it can refuse, and it remembers what was
written and what was made to last, so that any image that a power cut may leave can be laid down anywhere.
"""

import ctypes
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SQLITE = ctypes.CDLL("libsqlite3.so.0")  # the very library that Python's module is linked to
SECTOR = 512  # what a card writes whole or not at all
OK = 0
FULL, READ_ONLY, IO_READ, IO_WRITE, IO_SYNC = 13, 8, 266, 778, 1034

_p, _int, _i64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_DELETE = ctypes.CFUNCTYPE(_int, _p, _p, _int)
_OPEN = ctypes.CFUNCTYPE(_int, _p, _p, _p, _int, _p)  # SQLite goes on using the very name it hands over
_MOVE = ctypes.CFUNCTYPE(_int, _p, _p, _int, _i64)  # read, write
_TRUNCATE = ctypes.CFUNCTYPE(_int, _p, _i64)
_SYNC = ctypes.CFUNCTYPE(_int, _p, _int)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, https://sqlite.org/c3ref/vfs.html."""

    _fields_ = (
        ("version", _int),
        ("file_octets", _int),
        ("path_octets", _int),
        ("next", _p),
        ("name", ctypes.c_char_p),
        ("app_data", _p),
        ("open", _p),
        ("delete", _p),
        *((f"rest_{n}", _p) for n in range(14)),
    )


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, https://sqlite.org/c3ref/io_methods.html."""

    _fields_ = (
        ("version", _int),
        ("close", _p),
        ("read", _p),
        ("write", _p),
        ("truncate", _p),
        ("sync", _p),
        *((f"rest_{n}", _p) for n in range(13)),
    )


@dataclass(frozen=True, slots=True)
class Write:
    """Octets handed over; `data` is nothing for a file cut at `offset`."""

    offset: int
    data: bytes | None

    def onto(self, octets: bytearray) -> None:
        """Do it to an image of the file."""
        if self.data is None:
            del octets[self.offset :]
            return
        octets.extend(bytes(max(0, self.offset - len(octets))))
        octets[self.offset : self.offset + len(self.data)] = self.data


@dataclass(slots=True)
class Image:
    """What of a file lasts, and what was written since."""

    lasting: bytearray = field(default_factory=bytearray)
    pending: list[Write] = field(default_factory=list)

    def after(self, survives: Callable[[Write], Iterator[Write]]) -> bytes:
        """Give the file as a power cut may leave it."""
        octets = bytearray(self.lasting)
        for write in self.pending:
            for part in survives(write):
                part.onto(octets)
        return bytes(octets)


# -- what of the unsynced writes is there after a cut; the order of writes without a barrier means nothing -------------


def nothing(_write: Write) -> Iterator[Write]:
    """Lose them all."""
    yield from ()


def everything(write: Write) -> Iterator[Write]:
    """Lose none."""
    yield write


def by_chance(chance: random.Random) -> Callable[[Write], Iterator[Write]]:
    """Keep some of the sectors of some."""

    def survives(write: Write) -> Iterator[Write]:
        if write.data is None:
            yield from [write] * chance.randint(0, 1)
            return
        for start in range(0, len(write.data), SECTOR):
            if chance.random() < 0.5:
                yield Write(write.offset + start, write.data[start : start + SECTOR])

    return survives


class Disk:
    """Stands below SQLite. `before` sees each operation (write, truncate, sync, read) and may refuse it by a code."""

    def __init__(self, before: Callable[[str, str], int] = lambda _what, _name: OK) -> None:
        self.before = before
        self.images: dict[str, Image] = {}

    @contextmanager
    def inserted(self) -> Iterator["Disk"]:
        """Serve every connection within; one disk at a time."""
        BELOW.disk = self
        try:
            yield self
        finally:
            BELOW.disk = None

    def lay_down(self, folder: Path, survives: Callable[[Write], Iterator[Write]]) -> None:
        """Write the files as a power cut may leave them, and go on from there."""
        for name, image in self.images.items():
            octets = image.after(survives)
            (folder / name).write_bytes(octets)
            self.images[name] = Image(bytearray(octets))

    # -- what SQLite does ----------------------------------------------------------------------------------------------

    def wrote(self, name: str, write: Write) -> None:
        """Remember a write until it lasts."""
        self.images.setdefault(name, Image()).pending.append(write)

    def synced(self, name: str) -> None:
        """Let everything last that was written to a file."""
        image = self.images.setdefault(name, Image())
        image.lasting, image.pending = bytearray(image.after(everything)), []


class _Below:
    """What is registered with SQLite, once for the process: it may call these functions long after a test."""

    def __init__(self) -> None:
        self.disk: Disk | None = None
        self._names: dict[int, str] = {}
        self._tables: dict[int, _Methods] = {}
        self._functions: list[object] = []
        SQLITE.sqlite3_vfs_find.restype = _p
        self._theirs = _Vfs.from_address(SQLITE.sqlite3_vfs_find(None))
        self._opened, self._deleted = _OPEN(self._theirs.open), _DELETE(self._theirs.delete)
        self._mine = _Vfs.from_buffer_copy(self._theirs)
        self._mine.name = b"kentongan-disk"
        self._mine.open, self._mine.delete = self._keep(_OPEN(self._open)), self._keep(_DELETE(self._delete))
        SQLITE.sqlite3_vfs_register(ctypes.byref(self._mine), 1)

    def _keep(self, function: object) -> int:
        self._functions.append(function)
        return ctypes.cast(function, _p).value or 0

    def _open(self, _vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        code = self._opened(ctypes.addressof(self._theirs), name, file, flags, out)
        if code == OK and name and self.disk is not None:
            self._names[file] = _name(name)
            self.disk.images.setdefault(self._names[file], Image())
            methods = _p.from_address(file)
            methods.value = ctypes.addressof(self._table(methods.value or 0))
        return int(code)

    def _delete(self, _vfs: int, name: int, sync: int) -> int:
        if self.disk is not None:
            self.disk.images.pop(_name(name), None)
        return int(self._deleted(ctypes.addressof(self._theirs), name, sync))

    def _table(self, address: int) -> _Methods:
        """Make the methods of our files out of those of the file system."""
        if address in self._tables:
            return self._tables[address]
        theirs = _Methods.from_address(address)
        mine = self._tables[address] = _Methods.from_buffer_copy(theirs)
        read, write = _MOVE(theirs.read), _MOVE(theirs.write)
        truncate, sync = _TRUNCATE(theirs.truncate), _SYNC(theirs.sync)

        def refused(what: str, file: int) -> int:
            return self.disk.before(what, self._names[file]) if self.disk is not None else OK

        def read_(file: int, data: int, octets: int, offset: int) -> int:
            return refused("read", file) or read(file, data, octets, offset)

        def write_(file: int, data: int, octets: int, offset: int) -> int:
            if code := refused("write", file):
                return code
            if self.disk is not None:
                self.disk.wrote(self._names[file], Write(offset, ctypes.string_at(data, octets)))
            return int(write(file, data, octets, offset))

        def truncate_(file: int, size: int) -> int:
            if code := refused("truncate", file):
                return code
            if self.disk is not None:
                self.disk.wrote(self._names[file], Write(size, None))
            return int(truncate(file, size))

        def sync_(file: int, flags: int) -> int:
            if code := refused("sync", file):
                return code
            if self.disk is None:
                return int(sync(file, flags))
            self.disk.synced(self._names[file])
            return OK  # the real disk need not wait: ours knows what lasts

        mine.read, mine.write = self._keep(_MOVE(read_)), self._keep(_MOVE(write_))
        mine.truncate, mine.sync = self._keep(_TRUNCATE(truncate_)), self._keep(_SYNC(sync_))
        return mine


def _name(pointer: int) -> str:
    """Read a file's name."""
    return Path(ctypes.string_at(pointer).decode()).name


BELOW = _Below()
