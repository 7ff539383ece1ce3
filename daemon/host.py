"""Measure the machine under us; what cannot be read is unknown, never an error."""

import os
from pathlib import Path

from kentongan.daemon.status import HostStatus

UNDERVOLTAGE_NOW = 0x1  # bit 0 of the Raspberry Pi firmware's throttle flags
MB = 1_048_576


def measure(store: Path, root: Path = Path("/")) -> HostStatus:
    """Read temperature, supply and the store's disk; `root` is where `sys` is found."""
    total_mb, free_mb = _disk(store)
    return HostStatus(
        temperature_c=_temperature_c(root),
        undervoltage=_undervoltage(root),
        disk_free_mb=free_mb,
        disk_used_percent=100 - round(100 * free_mb / total_mb) if total_mb and free_mb is not None else None,
    )


def _temperature_c(root: Path) -> float | None:
    text = _read(root / "sys/class/thermal/thermal_zone0/temp")
    return round(int(text) / 1000, 1) if text.lstrip("-").isdecimal() else None


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


def _disk(store: Path) -> tuple[int, int | None]:
    """Return total and free megabytes of the file system the store is on."""
    folder = store if store.is_dir() else store.parent
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0, None
    return disk.f_frsize * disk.f_blocks // MB, disk.f_frsize * disk.f_bavail // MB


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
