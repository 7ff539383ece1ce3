import os
from pathlib import Path

import pytest

from kentongan.daemon.host import boot_id, measure, size_octets, uptime_ms
from kentongan.daemon.status import HostStatus


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"


def test_a_raspberry_pi_is_read(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "58412\n")
    write(tmp_path, THROTTLED, "50005\n")
    found = measure(tmp_path / "kentongan.db", root=tmp_path)
    assert found.temperature_c == 58.4
    assert found.undervoltage is True
    disk = os.statvfs(tmp_path)
    assert found.disk_free_mb == pytest.approx(disk.f_bavail * disk.f_frsize / 1_048_576, abs=50)
    assert found.disk_used_percent is not None
    assert 0 <= found.disk_used_percent <= 100


@pytest.mark.parametrize(("flags", "low"), [("0", False), ("50000", False), ("1", True), ("80001", True)])
def test_only_the_present_undervoltage_counts_not_the_one_since_boot(tmp_path: Path, flags: str, low: bool) -> None:
    write(tmp_path, THROTTLED, flags)
    assert measure(tmp_path, root=tmp_path).undervoltage is low


@pytest.mark.parametrize(("alarm", "low"), [("1", True), ("0", False)])
def test_a_newer_kernels_voltage_monitor_is_read_too(tmp_path: Path, alarm: str, low: bool) -> None:
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", f"{alarm}\n")
    assert measure(tmp_path, root=tmp_path).undervoltage is low


@pytest.mark.parametrize(("hctosys", "set_by_it"), [("1", True), ("0", False)])
def test_a_clock_chip_counts_only_when_it_has_set_the_machines_clock(
    tmp_path: Path, hctosys: str, set_by_it: bool
) -> None:
    write(tmp_path, "sys/class/rtc/rtc0/hctosys", f"{hctosys}\n")
    assert measure(tmp_path, root=tmp_path).rtc is set_by_it


def test_what_cannot_be_read_is_unknown(tmp_path: Path) -> None:
    write(tmp_path, "sys/class/thermal/thermal_zone0/temp", "hot\n")
    write(tmp_path, THROTTLED, "\n")
    assert measure(tmp_path / "no" / "such" / "store.db", root=tmp_path) == HostStatus()


def test_what_a_rescue_put_away_is_counted_until_somebody_takes_it_away(tmp_path: Path) -> None:
    store = tmp_path / "kentongan.db"
    for name in ("kentongan.db", "kentongan.db.damaged-1", "kentongan.db.damaged-1-wal", "kentongan.db.damaged-2"):
        write(tmp_path, name, "")
    assert measure(store, root=tmp_path).damaged_stores == 2
    (tmp_path / "kentongan.db.damaged-1").unlink()
    assert measure(store, root=tmp_path).damaged_stores == 1


def test_a_disk_has_a_size(tmp_path: Path) -> None:
    disk = os.statvfs(tmp_path)
    assert size_octets(tmp_path / "kentongan.db") == disk.f_blocks * disk.f_frsize
    assert size_octets(tmp_path / "no" / "such" / "folder" / "kentongan.db") == 0


def test_a_cards_errors_and_what_was_written_to_it_are_read(tmp_path: Path) -> None:
    number = tmp_path.stat().st_dev
    block = "sys/devices/platform/mmc/mmcblk0/mmcblk0p2"
    write(tmp_path, f"{block}/stat", "  1  2  3  4  5  6  4194304  8  9\n")
    (tmp_path / "sys/dev/block").mkdir(parents=True)
    (tmp_path / f"sys/dev/block/{os.major(number)}:{os.minor(number)}").symlink_to(tmp_path / block)
    write(tmp_path, "sys/fs/ext4/mmcblk0p2/errors_count", "3\n")
    found = measure(tmp_path / "kentongan.db", root=tmp_path)
    assert (found.disk_errors, found.disk_written_mb, found.disk_read_only) == (3, 2048, False)


def test_a_file_system_that_takes_no_writes_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.statvfs(tmp_path)
    locked = os.statvfs_result((*real[:8], real.f_flag | os.ST_RDONLY, real.f_namemax))
    monkeypatch.setattr(os, "statvfs", lambda _path: locked)
    assert measure(tmp_path, root=tmp_path).disk_read_only is True


@pytest.mark.parametrize("there", [True, False])
def test_a_mains_pin_is_read_where_there_is_one(tmp_path: Path, there: bool) -> None:
    assert measure(tmp_path, lambda: there, tmp_path).mains is there
    assert measure(tmp_path, root=tmp_path).mains is None


def test_the_machines_present_life_has_a_name_and_an_age(tmp_path: Path) -> None:
    write(tmp_path, "proc/sys/kernel/random/boot_id", "0c0ffee0-1111-2222-3333-444455556666\n")
    write(tmp_path, "proc/uptime", "93.41 180.02\n")
    assert boot_id(tmp_path) == "0c0ffee0-1111-2222-3333-444455556666"
    assert uptime_ms(tmp_path) == 93_410
    assert (boot_id(tmp_path / "nowhere"), uptime_ms(tmp_path / "nowhere")) == ("", 0)
