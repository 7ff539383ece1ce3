"""How a store's file is opened and its clocks are kept: what happens before and around the transactions."""

from pathlib import Path

from kentongan.queue import migrations
from kentongan.queue.errors import StoreCorrupt
from kentongan.queue.models import FAILURES, File, Row, suspicion
from kentongan.queue.records import Moment
from kentongan.queue.store_salvage import is_sound, salvage, take_up

CLOCK_EVERY_MS = 60_000  # how often the pair of clocks is written down


def last_moment(path: Path) -> Moment:
    """Read the last moment of a store, zero for a new one; before the clock is built.

    Steady time may never go back under what is scheduled: after an unclean stop it is as late as it can have been, and
    a damaged file is rescued first.
    """
    take_up(path)
    if not path.exists():
        return Moment(0, 0, synced=False)
    try:
        row = _read_moment(path)
    except (StoreCorrupt, *FAILURES) as error:
        if not isinstance(error, StoreCorrupt) and is_sound(path):
            raise
        salvage(path, str(error))
        row = _read_moment(path)
    return Moment(row[0], row[1], bool(row[2])) if row else Moment(0, 0, synced=False)


def _read_moment(path: Path) -> Row | None:
    file = File(path, "ro")
    try:
        with file.reading():
            if migrations.version(file) == 0:
                return None
            return file.one("SELECT steady_ms + running * ?, wall_ms, synced FROM store", CLOCK_EVERY_MS)
    finally:
        file.abandon()


def steady_base(path: Path, wall_ms: int, *, synced: bool) -> int:
    """Give the steady moment to go on from: the time off counts only when both wall clocks can be trusted."""
    last = last_moment(path)
    off_ms = max(0, wall_ms - last.wall_ms) if last.synced and synced else 0
    return last.steady_ms + off_ms


def open_file(path: Path, budget_octets: int) -> File:
    """Open a file at the newest schema.

    It is checked first when it was not closed cleanly, has lost its own row, or damage was met in it.
    """
    file = File(path, budget_octets=budget_octets)
    try:
        new = migrations.migrate(file) == 0
        with file.reading():
            row = file.one("SELECT running FROM store")
    except FAILURES as error:
        file.abandon()
        if is_sound(path):
            raise
        raise StoreCorrupt(f"{path}: {error}") from error
    suspect = suspicion(path)
    if not new and (row != (0,) or suspect.exists()) and not is_sound(path):
        file.abandon()
        raise StoreCorrupt(f"{path}: the check after an unclean stop failed")
    if suspect.exists():  # a disk that takes no writes refuses to remove even what is not there
        suspect.unlink()
    return file


def create(file: File, store_id: str, at: Moment) -> None:
    """Write the row of a new store."""
    file.insert(
        "store",
        {
            "id": 1,
            "store_id": store_id,
            "born_ms": at.wall_ms,
            "running": 0,
            "counter": 0,
            "steady_ms": at.steady_ms,
            "wall_ms": at.wall_ms,
            "synced": int(at.synced),
        },
    )


def write_clock(file: File, at: Moment) -> None:
    """Write the pair of clocks down; steady time never goes back."""
    file.run(
        "UPDATE store SET steady_ms = max(steady_ms, ?), wall_ms = ?, synced = ?",
        at.steady_ms,
        at.wall_ms,
        int(at.synced),
    )
