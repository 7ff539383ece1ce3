"""The look over a finished card finds what must not be on it."""

import importlib.util
import os
import py_compile
import runpy
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

IMAGE = Path(__file__).parents[1] / "image"


def script(name: str) -> ModuleType:
    """Load a script of the image as a module."""
    spec = importlib.util.spec_from_file_location(f"image_{name}", IMAGE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


check, bytecode, populate = script("check"), script("bytecode"), script("populate")
TOOLS = "/usr/sbin:/sbin:/usr/bin:/bin"


def test_an_account_that_a_password_opens_is_named_and_an_empty_password_is_one() -> None:
    words = {"root": "!*", "sshd": "!", "pi": "$y$j9T$abc$def", "tamu": "", "bin": "*"}
    shadow = "".join(f"{name}:{word}:20000:0:99999:7:::\n" for name, word in words.items())

    assert check.passwords(shadow) == ["pi", "tamu"]


def test_every_console_of_the_kernel_is_found() -> None:
    assert check.consoles("console=ttyAMA0,115200 root=LABEL=rootfs console=tty0") == ["ttyAMA0,115200", "tty0"]
    assert check.consoles((IMAGE / "cmdline.txt").read_text()) == ["tty0"]


def test_the_delivered_settings_name_no_box_and_hold_no_secret() -> None:
    delivered = (IMAGE / "KONFIGURASI.txt").read_text("utf-8-sig")

    assert check.filled_in(delivered) == []
    assert check.filled_in(delivered.replace("server_sandi   =", "server_sandi   = rahasia")) == ["server_sandi"]


@pytest.mark.parametrize("mode", list(py_compile.PycInvalidationMode))
def test_bytecode_that_asked_for_its_source_does_so_no_more_and_runs_the_same(
    tmp_path: Path, mode: py_compile.PycInvalidationMode
) -> None:
    source, compiled = tmp_path / "m.py", tmp_path / "m.pyc"
    source.write_text("ANSWER = 42\n")
    py_compile.compile(str(source), str(compiled), invalidation_mode=mode)
    before = compiled.read_bytes()

    compiled.write_bytes(bytecode.believed(before))

    assert runpy.run_path(str(compiled))["ANSWER"] == 42
    checked = mode is py_compile.PycInvalidationMode.CHECKED_HASH
    assert (compiled.read_bytes() != before) == checked
    assert compiled.read_bytes()[4] != 3


def a_root(folder: Path, names: list[str]) -> Path:
    """Make a small root; the names are created in their order."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
        os.utime(path, (1, 1_700_000_000))
    (folder / "usr/bin/sh").symlink_to("dash")
    os.link(folder / "usr/bin/gzip", folder / "usr/bin/zcat")
    (folder / "usr/bin/su").chmod(0o4755)
    for path in (each for each in [folder, *folder.rglob("*")] if each.is_dir()):
        os.utime(path, (1, 1_700_000_001))
    return folder


NAMES = [
    "usr/bin/dash",
    "usr/bin/gzip",
    "usr/bin/su",
    "etc/a word.txt",
    "usr/lib/x",
    "boot/vmlinuz-6",
    "boot/firmware/start.elf",
]


def test_a_root_is_told_in_the_order_of_names_however_its_files_came(tmp_path: Path) -> None:
    one, other = a_root(tmp_path / "one", NAMES), a_root(tmp_path / "other", NAMES[::-1])

    told = list(populate.commands(one, 42))

    assert told == [line.replace(str(other), str(one)) for line in populate.commands(other, 42)]
    assert told[:5] == ['mkdir "boot"', 'mkdir "etc"', 'mkdir "usr"', 'cd "/boot"', 'mkdir "firmware"']
    assert not any("vmlinuz" in line or "start.elf" in line for line in told), "they are on the FAT partition"


@pytest.mark.skipif(not shutil.which("debugfs", path=TOOLS), reason="needs e2fsprogs")
def test_debugfs_makes_of_it_a_sound_file_system_with_owner_mode_links_and_times(tmp_path: Path) -> None:
    root, disk = a_root(tmp_path / "root", NAMES), tmp_path / "disk"
    environment = {"PATH": TOOLS, "E2FSPROGS_FAKE_TIME": "42", "TZ": "UTC"}

    def run(*command: str, said: str = "") -> str:
        done = subprocess.run(command, input=said, capture_output=True, text=True, check=True, env=environment)
        return done.stdout

    run("mke2fs", "-q", "-t", "ext4", str(disk), "2M")
    run("debugfs", "-w", "-f", "-", str(disk), said="\n".join(populate.commands(root, 42)) + "\n")

    run("e2fsck", "-fn", str(disk))
    assert run("debugfs", "-R", 'cat "/etc/a word.txt"', str(disk)) == "etc/a word.txt"
    su, zcat, sh = (run("debugfs", "-R", f"stat /usr/bin/{name}", str(disk)) for name in ("su", "zcat", "sh"))
    assert "Mode:  04755" in su
    assert f"User: {os.getuid():5d}" in su
    assert "mtime: 0x6553f100" in su
    assert "atime: 0x0000002a" in su
    assert "Links: 2" in zcat
    assert 'dest: "dash"' in sh


def test_a_name_that_debugfs_would_read_otherwise_ends_the_build(tmp_path: Path) -> None:
    (tmp_path / 'a"b').touch()

    with pytest.raises(ValueError, match="debugfs"):
        list(populate.commands(tmp_path, 42))


def test_only_a_link_to_nothing_is_a_masked_unit() -> None:
    masked = 'Inode: 645   Type: symlink    Mode:  0777\nFast link dest: "/dev/null"\n'

    assert check.is_masked(masked)
    assert not check.is_masked(masked.replace("/dev/null", "/usr/lib/systemd/system/apt-daily.timer"))
    assert not check.is_masked("")
    assert "ro" in (IMAGE / "cmdline.txt").read_text().split()
    for name in check.MASKED:
        assert name in (IMAGE / "finish").read_text()
