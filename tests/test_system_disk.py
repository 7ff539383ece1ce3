"""A disk that is sick while SMS arrive: they stay in the SIM, the cause is told, service resumes by itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from disk import FULL, IO_READ, IO_SYNC, IO_WRITE, READ_ONLY
from sick_disk import SickDisk

STAY = 4  # SMS that come once the disk is sick and that nobody has seen before


def assert_survived(world: SickDisk, cause: str, *, unreadable: bool = False) -> None:
    assert world.violations() == []
    assert world.in_sim - STAY in {0, unreadable}
    told = [detail for fault, detail in world.causes if fault == "storage_unavailable"]
    assert told
    assert all(detail.startswith(f"{cause}: ") for detail in told), told
    names = [note.name for note in world.notes]
    assert (
        names.count("store_lost") == names.count("store_back") >= 1
    )  # a small write may find room again in a full log


@pytest.mark.parametrize(
    ("what", "code", "cause"),
    [
        ("write", FULL, "full"),
        ("write", READ_ONLY, "read_only"),
        ("write", IO_WRITE, "io"),
        ("sync", IO_SYNC, "io"),
        (("write", "read"), IO_READ, "io"),
    ],
)
def test_what_cannot_be_stored_stays_in_the_sim(tmp_path: Path, what: str, code: int, cause: str) -> None:
    world = SickDisk(tmp_path, {what} if isinstance(what, str) else what, code)
    world.run()
    assert_survived(world, cause, unreadable=code == IO_READ)  # then a repetition is not recognised either


# -- a file system that really has no room, in a namespace of our own -------------------------------------------------

ENTER = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
MOUNTED = 'mount -t tmpfs -o size=1m none "$1" && exec "$2" -c "$3" "$1"'
WORLD = """
import sys
from pathlib import Path
from sick_disk import SickDisk
from test_system_disk import assert_survived

folder = Path(sys.argv[1])
world = SickDisk(folder)
filler = folder / "filler"

def fill():
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(512))
        except OSError as error:
            assert error.errno == 28, error

world.falls_ill, world.gets_well = fill, filler.unlink
world.run()
assert_survived(world, "full")
print("survived")
"""


def may_mount() -> bool:
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ENTER, "mount -t tmpfs none /mnt"], capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="this kernel lets nobody make a small file system of his own")
def test_a_file_system_without_room_is_survived(tmp_path: Path) -> None:
    folders = [str(Path(__file__).parent / "support"), str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [*ENTER, MOUNTED, "sh", tmp_path, sys.executable, WORLD],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "survived\n", "")
