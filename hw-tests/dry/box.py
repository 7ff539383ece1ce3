# ruff: noqa: INP001 - a script's own room
"""Start `run` or `watch` on the board of doubles, with shorter waits before a lamp tells of modem, SIM and network.

box.py FOLDER HURRY [--config PATH] run|watch      HURRY 1 leaves everything as it is
"""

import sys
from contextlib import nullcontext
from importlib import import_module
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "pi"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "benchmarks"))
sys.path.append(str(Path(__file__).resolve().parents[2] / "tests" / "support"))

from disk import FULL, OK, Disk
from fault_box import hurried, prepare
from meja import FILLER

WAITS = (
    ("daemon.health", "PORT_GONE_MS"),
    ("daemon.health", "SIM_GONE_MS"),
    ("daemon.health", "SEARCHING_MS"),
    ("at.modem", "ASK_S"),
)

READS = "read"
NO_DISK = "no-disk"  # a file in the folder: the store has no disk of its own, so that a double tells when it is full


def disk_of(folder: Path) -> Disk:
    """Give the store a disk that takes nothing more while the filler lies beside it."""
    filler = folder / "store" / FILLER
    return Disk(lambda what, _name: FULL if what != READS and filler.exists() else OK)


if __name__ == "__main__":
    hurry = float(sys.argv[2])
    prepare(Path(sys.argv[1]), hurry)
    for module, name in WAITS:
        place = import_module(f"kentongan.{module}")
        setattr(place, name, hurried(getattr(place, name), hurry))
    folder = Path(sys.argv[1])
    sys.argv[1:] = sys.argv[3:]
    with disk_of(folder).inserted() if (folder / NO_DISK).exists() else nullcontext():
        import_module("kentongan.daemon.main").main()
