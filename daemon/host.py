"""Measure the machine under us; what cannot be read is unknown, never an error."""

import os
from collections.abc import Callable
from pathlib import Path

from kentongan.daemon.status import HostStatus

ROOT = Path("/")  # where `sys` and `proc` are
UNDERVOLTAGE_NOW = 0x1  # bit 0 of the Raspberry Pi firmware's throttle flags
MB = 1_048_576
SECTOR = 512  # octets, whatever the device's own sectors are (Documentation/block/stat.rst)
WRITTEN = 6  # place of the sectors written in the device's `stat`


def measure(store: Path, mains: Callable[[], bool] | None = None, root: Path | None = None) -> HostStatus:
    """Read temperature, supply and the store's disk; `mains` reads a pin."""
    root = root or ROOT
    folder = store if store.is_dir() else store.parent
    total_mb, free_mb, read_only = _disk(folder)
    device = _device(folder, root)
    return HostStatus(
        temperature_c=_temperature_c(root),
        undervoltage=_undervoltage(root),
        disk_free_mb=free_mb,
        disk_used_percent=100 - round(100 * free_mb / total_mb) if total_mb and free_mb is not None else None,
        disk_read_only=read_only,
        disk_errors=_number(root / "sys/fs/ext4" / device.name / "errors_count") if device else None,
        disk_written_mb=_written_mb(device) if device else None,
        rtc=_number(root / "sys/class/rtc/rtc0/hctosys") == 1,
        mains=mains() if mains else None,
        damaged_stores=_damaged(store),
    )


def boot_id(root: Path | None = None) -> str:
    """Return the kernel's name for this life of the machine, empty when it has none."""
    return _read((root or ROOT) / "proc/sys/kernel/random/boot_id")


def uptime_ms(root: Path | None = None) -> int:
    """Return how long the machine has run."""
    seconds = _read((root or ROOT) / "proc/uptime").split()
    return round(float(seconds[0]) * 1000) if seconds else 0


def _temperature_c(root: Path) -> float | None:
    thousandths = _number(root / "sys/class/thermal/thermal_zone0/temp")
    return None if thousandths is None else round(thousandths / 1000, 1)


def _undervoltage(root: Path) -> bool | None:
    """Ask the firmware's flags, or the voltage monitor that newer kernels have instead."""
    try:
        return bool(int(_read(root / "sys/devices/platform/soc/soc:firmware/get_throttled"), 16) & UNDERVOLTAGE_NOW)
    except ValueError:
        pass
    for sensor in sorted((root / "sys/class/hwmon").glob("hwmon*")):
        if _read(sensor / "name") == "rpi_volt":
            return _read(sensor / "in0_lcrit_alarm") == "1"
    return None


def _disk(folder: Path) -> tuple[int, int | None, bool]:
    """Return total and free megabytes of a folder's file system, and whether it takes no writes any more."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0, None, False
    read_only = bool(disk.f_flag & os.ST_RDONLY)
    return disk.f_frsize * disk.f_blocks // MB, disk.f_frsize * disk.f_bavail // MB, read_only


def size_octets(store: Path) -> int:
    """Return the size of the file system under a store, 0 where it cannot be asked."""
    try:
        disk = os.statvfs(store.parent)
    except OSError:
        return 0
    return disk.f_frsize * disk.f_blocks


def _damaged(store: Path) -> int:
    """Count what the rescue of a damaged store has put away (queue.store_salvage)."""
    found = store.parent.glob(f"{store.name}.damaged-*")
    return sum(path.suffix[1:].removeprefix("damaged-").isdecimal() for path in found)


def _device(folder: Path, root: Path) -> Path | None:
    """Find the block device of a folder in `sys`."""
    try:
        number = folder.stat().st_dev
        return (root / f"sys/dev/block/{os.major(number)}:{os.minor(number)}").resolve(strict=True)
    except OSError:
        return None


def _written_mb(device: Path) -> int | None:
    fields = _read(device / "stat").split()
    return int(fields[WRITTEN]) * SECTOR // MB if len(fields) > WRITTEN and fields[WRITTEN].isdecimal() else None


def _number(path: Path) -> int | None:
    text = _read(path)
    return int(text) if text.lstrip("-").isdecimal() else None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
