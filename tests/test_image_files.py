"""What the card is made of: no default password, no console on the modem's line, nothing of the card executed."""

import os
import re
import subprocess
from pathlib import Path

import pytest

IMAGE = Path(__file__).parents[1] / "image"
FILES = IMAGE / "files"
SCRIPTS = [
    *(IMAGE / name for name in ("base", "build", "finish", "pack")),
    *sorted((FILES / "usr/lib/kentongan-image").iterdir()),
    FILES / "etc/initramfs-tools/hooks/kentongan",
    FILES / "etc/initramfs-tools/scripts/init-bottom/kentongan",
    FILES / "etc/initramfs-tools/scripts/local-top/kentongan",
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_script_is_a_program_that_the_shell_can_read(script: Path) -> None:
    assert os.access(script, os.X_OK) or "initramfs" in str(script)
    subprocess.run(["sh", "-n", script], check=True)


def test_the_kernel_keeps_its_console_off_the_modems_line() -> None:
    consoles = re.findall(r"console=(\S+)", (IMAGE / "cmdline.txt").read_text())

    assert consoles == ["tty0"]
    assert "dtoverlay=kentongan-uart" in (IMAGE / "config.txt").read_text()
    assert "serial-getty@ttyAMA0.service" in (IMAGE / "finish").read_text()


def test_the_card_is_mounted_so_that_nothing_on_it_runs_and_only_root_reads_it() -> None:
    told = (FILES / "etc/initramfs-tools/scripts/init-bottom/kentongan").read_text()
    options = re.search(r"mount -t vfat -o (\S+)", told)

    assert options is not None
    assert {"ro", "nosuid", "nodev", "noexec", "umask=0077"} <= set(options[1].split(","))
    assert "KENTONGAN" not in (FILES / "etc/fstab").read_text(), "systemd would wait for udev"


def test_no_partition_is_believed_by_its_name_alone() -> None:
    for folder in ("init-bottom", "local-top"):
        assert "blkid -L" not in (FILES / f"etc/initramfs-tools/scripts/{folder}/kentongan").read_text()
    assert "blkid" not in (FILES / "usr/lib/kentongan-image/grow").read_text()


def test_nobody_comes_in_by_a_password() -> None:
    told = (FILES / "etc/ssh/sshd_config.d/kentongan.conf").read_text()

    assert "PasswordAuthentication no" in told
    assert "KbdInteractiveAuthentication no" in told
    assert "passwd -l root" in (IMAGE / "finish").read_text()
    assert "disable ssh.service ssh.socket" in (IMAGE / "finish").read_text()


def test_of_a_key_on_the_card_only_the_key_itself_is_believed(tmp_path: Path) -> None:
    pattern = re.search(r"grep -aEo '([^']+)'", (FILES / "usr/lib/kentongan-image/ssh-keys").read_text())
    assert pattern is not None
    card = tmp_path / "ssh.pub"
    card.write_bytes(
        b'command="reboot" ssh-ed25519 AAAAevil a\n'
        b"ssh-ed25519 AAAAgood teknisi\r\n"
        b'environment="LD_PRELOAD=x" ssh-rsa AAAAevil b\n'
        b"\0\xff garbage\n"
    )

    done = subprocess.run(["grep", "-aEo", pattern[1], card], capture_output=True, text=True, check=True)

    assert done.stdout == "ssh-ed25519 AAAAgood\n"


def test_nothing_is_installed_that_would_take_the_modem() -> None:
    packages = {line for line in (IMAGE / "packages.txt").read_text().splitlines() if line[:1] != "#"}

    assert not packages & {"modemmanager", "network-manager", "bluez", "brltty", "sudo"}


def test_the_gateway_waits_for_the_card() -> None:
    told = (FILES / "etc/systemd/system/kentongan-firstboot.service").read_text()

    assert "kentongan.service" in next(line for line in told.splitlines() if line.startswith("Before="))


def test_the_gateway_waits_for_no_wireless_service_that_the_box_does_not_need() -> None:
    told = (FILES / "etc/systemd/system/iwd.service.d/kentongan.conf").read_text()
    firstboot = (FILES / "etc/systemd/system/kentongan-firstboot.service").read_text()

    assert "ConditionPathExistsGlob=|/var/lib/iwd/*.psk" in told.splitlines()
    assert "iwd.service" in re.findall(r"^Before=(.*)$", firstboot, re.MULTILINE)[0].split(), (
        "the card's word comes first"
    )


def keep_log(folder: Path, journal: bytes) -> bytes:
    """Run the hourly script on a journal of these words; gives what is kept."""
    (folder / "bin").mkdir(exist_ok=True)
    (folder / "journal").write_bytes(journal)
    asked = folder / "bin/journalctl"
    asked.write_text(f'#!/bin/sh\necho "$@" >{folder}/asked\ncat {folder}/journal\n')
    asked.chmod(0o755)
    places = {"LOGS_DIRECTORY": str(folder), "RUNTIME_DIRECTORY": str(folder / "run")}
    path = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    subprocess.run([FILES / "usr/lib/kentongan-image/keep-log"], env=os.environ | places | path, check=True)
    kept = folder / "peringatan.txt"
    return kept.read_bytes() if kept.exists() else b""


def test_warnings_outlive_a_power_cut_and_never_take_more_than_their_room(tmp_path: Path) -> None:
    assert keep_log(tmp_path, b"peringatan pertama\n") == b"peringatan pertama\n"
    assert "-p warning" in (tmp_path / "asked").read_text()
    for _ in range(20):
        keep_log(tmp_path, b"x" * 200_000)

    assert (tmp_path / "peringatan.1.txt").exists()
    assert sum(path.stat().st_size for path in tmp_path.glob("peringatan*")) < 1_200_000


def test_an_hour_without_warnings_writes_nothing(tmp_path: Path) -> None:
    keep_log(tmp_path, b"satu\n")
    before = (tmp_path / "peringatan.txt").stat().st_mtime_ns
    keep_log(tmp_path, b"")

    assert (tmp_path / "peringatan.txt").stat().st_mtime_ns == before
