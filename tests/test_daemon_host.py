import os
from pathlib import Path

import pytest

from kentongan.daemon.host import measure
from kentongan.daemon.status import HostStatus


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


def test_a_raspberry_pi_is_read(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "58412\n")
    write(tmp_path, THROTTLED, "50005\n")
    found = measure(tmp_path / "kentongan.db", tmp_path)
    assert found.temperature_c == 58.4
    assert found.undervoltage is True
    disk = os.statvfs(tmp_path)
    assert found.disk_free_mb == pytest.approx(disk.f_bavail * disk.f_frsize / 1_048_576, abs=50)
    assert found.disk_used_percent is not None
    assert 0 <= found.disk_used_percent <= 100


@pytest.mark.parametrize(("flags", "low"), [("0", False), ("50000", False), ("1", True), ("80001", True)])
def test_only_the_present_undervoltage_counts_not_the_one_since_boot(tmp_path: Path, flags: str, low: bool) -> None:
    write(tmp_path, THROTTLED, flags)
    assert measure(tmp_path, tmp_path).undervoltage is low


@pytest.mark.parametrize(("alarm", "low"), [("1", True), ("0", False)])
def test_a_newer_kernels_voltage_monitor_is_read_too(tmp_path: Path, alarm: str, low: bool) -> None:
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", f"{alarm}\n")
    assert measure(tmp_path, tmp_path).undervoltage is low


def test_what_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "hot\n")
    write(tmp_path, THROTTLED, "\n")
    assert measure(tmp_path / "no" / "such" / "store.db", tmp_path) == HostStatus()
