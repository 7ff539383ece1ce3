"""Start `run` or `watch` on a board that is not there: pins, kernel files and uhubctl are doubles in a folder.

    python benchmarks/fault_box.py FOLDER HURRY [--config PATH] run|watch

HURRY divides the waits that are long by design (a quarter of an hour before the clerk is told, the night watch's
rhythm); 1 leaves everything as it is.
"""

import os
import sys
from importlib import import_module
from pathlib import Path

# Every place a long wait is read from: a module imports the number, not the name.
WAITS = (
    ("clerk_desk", "STANDS_MS"),
    ("clerk_desk", "OVER_MS"),
    ("patrol", "PATIENCE_MS"),
    ("patrol", "AGAIN_MS"),
    ("patrol", "SLOWLY_MS"),
    ("nightwatch", "PATIENCE_MS"),
    ("nightwatch", "SETTLE_MS"),
    ("canary", "PATIENCE_MS"),
    ("canary", "AGAIN_MS"),
    ("canary", "FIRST_MS"),
    ("blackout", "SETTLE_MS"),
    ("blackout", "CLOCK_MS"),
    ("health", "BACKEND_SILENT_S"),
    ("health", "RESTARTS_MS"),
    ("health", "SUPPLY_HOLD_MS"),
    ("health", "CLOCK_MS"),
    ("queue.retry", "LINE_PAUSE_MS"),
)
# A file in the folder: the kernel says that it remounted the store read-only, which nobody else can make it do.
READ_ONLY = "read-only"
# Another one: no NTP client keeps the kernel's clock.
UNSYNCED = "unsynced"


def prepare(folder: Path, hurry: float) -> None:
    """Put the doubles in the place of the board."""
    os.environ |= {"PIN_LOG": str(folder / "pins.log"), "PIN_INPUTS": str(folder)}
    os.environ |= {"STATE_DIRECTORY": str(folder / "state"), "RUNTIME_DIRECTORY": str(folder / "run")}
    os.environ["PATH"] = f"{folder / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support" / "pins"))
    host = import_module("kentongan.daemon.host")
    host.ROOT = folder / "root"  # type: ignore[attr-defined]
    real = os.statvfs

    def statvfs(path: str | Path) -> os.statvfs_result:
        found = real(path)
        if not (folder / READ_ONLY).exists():
            return found
        return os.statvfs_result((*found[:8], found.f_flag | os.ST_RDONLY, found.f_namemax))

    os.statvfs = statvfs  # type: ignore[assignment]
    clock = import_module("kentongan.daemon.clock")
    clock.SystemClock.__init__.__kwdefaults__["is_synced"] = lambda: not (folder / UNSYNCED).exists()
    usb = import_module("kentongan.daemon.usb")
    usb.open_device.__kwdefaults__["root"] = folder / "root/sys/bus/usb/devices"
    places = [
        (import_module(f"kentongan.{module if '.' in module else f'daemon.{module}'}"), name) for module, name in WAITS
    ]
    for place, name in places if hurry != 1 else ():  # imported before: each holds its own copy of a number
        setattr(place, name, hurried(getattr(place, name), hurry))


def hurried(wait: object, hurry: float) -> object:
    """Divide a wait, or each of a table of waits."""
    if isinstance(wait, dict):
        return {name: hurried(each, hurry) for name, each in wait.items()}
    if not isinstance(wait, int | float):
        raise TypeError(wait)
    return type(wait)(wait / hurry)


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), float(sys.argv[2]))
    sys.argv[1:] = sys.argv[3:]
    import_module("kentongan.daemon.main").main()
