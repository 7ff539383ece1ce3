# ruff: noqa: INP001, T201 - a script: it prints what debugfs is to do
"""Tell debugfs how to fill an empty ext4 with a root, so that the bytes depend on the root alone.

    python3 image/populate.py ROOT EPOCH | debugfs -w -f - ROOT.ext4

`mke2fs -d` takes the files in the order in which the builder's own file system happens to list them, and numbers inodes
and blocks by it: the same root packed from another disk is another image. Here the order is that of the names.
"""

import os
import stat
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

# The boards start from the FAT partition, which is mounted over the second copy of all this.
ELSEWHERE = ("boot/firmware/*", "boot/vmlinuz-*", "boot/initrd.img-*", "vmlinuz*", "initrd.img*")
UNTOLD = frozenset({"security.selinux"})  # the builder's own label, not the root's
KINDS = {stat.S_IFCHR: "c", stat.S_IFBLK: "b"}


def quoted(path: str) -> str:
    """Quote a path; raises ValueError for one that debugfs would read otherwise."""
    if any(mark in path for mark in '"\n\\'):
        raise ValueError(f"debugfs cannot be told of {path!r}")
    return f'"{path}"'


def commands(root: Path, epoch: int) -> Iterator[str]:
    """Create everything, folder by folder in the order of names, then give each its owner, mode and times."""
    everything = list(paths(root, ""))
    first: dict[int, str] = {}
    folder = ""
    for path in sorted(everything, key=lambda each: (each.rpartition("/")[0], each)):
        if (parent := path.rpartition("/")[0]) != folder:
            folder = parent
            yield f"cd {quoted(folder or '/')}"
        yield created(root, path, first)
    for path in ["", *everything]:
        yield from told(quoted(path or "/"), (root / path[1:]).lstat(), epoch)


def paths(root: Path, folder: str) -> Iterator[str]:
    """Name all that goes into the image, as it is called there."""
    for name in sorted(each.name for each in (root / folder[1:]).iterdir()):
        path = f"{folder}/{name}"
        if any(fnmatch(path[1:], pattern) for pattern in ELSEWHERE):
            continue
        yield path
        if stat.S_ISDIR((root / path[1:]).lstat().st_mode):
            yield from paths(root, path)


def created(root: Path, path: str, first: dict[int, str]) -> str:
    """Create one entry in the folder that debugfs is in; raises ValueError for what it has no word for."""
    source, name = root / path[1:], quoted(path.rpartition("/")[2])
    found = source.lstat()
    if known := set(os.listxattr(source, follow_symlinks=False)) - UNTOLD:
        raise ValueError(f"{path} has attributes: {sorted(known)}")
    kind = stat.S_IFMT(found.st_mode)
    if kind == stat.S_IFDIR:
        return f"mkdir {name}"
    if found.st_nlink > 1 and found.st_ino in first:
        return f"ln {quoted(first[found.st_ino])} {name}"
    first[found.st_ino] = path
    if kind == stat.S_IFLNK:
        return f"symlink {name} {quoted(os.readlink(source))}"  # noqa: PTH115 - as it is written, not tidied up
    if kind in KINDS:
        return f"mknod {name} {KINDS[kind]} {os.major(found.st_rdev)} {os.minor(found.st_rdev)}"
    if kind != stat.S_IFREG:
        raise ValueError(f"{path} is neither file nor folder nor link nor device")
    return f"write {quoted(str(source))} {name}"


def told(name: str, found: os.stat_result, epoch: int) -> Iterator[str]:
    """Give an entry what it is created without; changed, read and made it was by the build."""
    fields = {"uid": found.st_uid, "gid": found.st_gid, "mode": f"0{found.st_mode:o}"}
    if not stat.S_ISDIR(found.st_mode):
        fields["links_count"] = found.st_nlink
    times = {"mtime": int(found.st_mtime), "atime": epoch, "ctime": epoch, "crtime": epoch}
    for field, value in (fields | {key: f"@{moment}" for key, moment in times.items()}).items():
        yield f"sif {name} {field} {value}"


if __name__ == "__main__":
    for command in commands(Path(sys.argv[1]).resolve(), int(sys.argv[2])):
        print(command)
