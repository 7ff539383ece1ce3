# ruff: noqa: INP001, S603, TID251 - a script that starts programs and looks at the clock
"""A machine as a container: the host's kernel, a real systemd, and the disk with the cache that a cut empties.

The cut is what file systems' own authors use: the kernel is
told to shut the file system down without writing anything more (EXT4_IOC_SHUTDOWN), every process gets SIGKILL, and
what the disk had in its cache is lost as in `disk.py`.
"""

import fcntl
import os
import re
import signal
import struct
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from random import Random

from disk import Disk

from kentongan.daemon.mortal import mortal

EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2
EXPORT_S = 10.0
MASKED = ("systemd-networkd.service", "systemd-udevd.service", "systemd-udev-trigger.service")


class Container:
    """`on` and `cut` are the plug in the wall."""

    def __init__(self, cache: Path, folder: Path, uart: str) -> None:
        self.disk = Disk(folder)
        self._cache, self._folder, self._uart = cache, folder, Path(uart)
        self._data, self._export = folder / "data", folder / "export"
        self._data.mkdir(exist_ok=True)
        self._export.touch()
        self._uart.chmod(0o666)
        self._storage: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._loop = ""
        self._said = ""
        self._on_at = 0.0

    def on(self) -> None:
        """Plug it in: what the initramfs does, then systemd."""
        self._on_at = time.monotonic()
        nodes = (word for node in self.disk.power_on() for word in ("--blockdev", node))
        export = f"type=fuse,id=export,node-name=data,mountpoint={self._export},writable=on"
        self._storage = subprocess.Popen(mortal(["qemu-storage-daemon", *nodes, "--export", export]))
        while not self._export.stat().st_size:
            if time.monotonic() > self._on_at + EXPORT_S:
                raise TimeoutError("the disk does not come")
            time.sleep(0.02)
        self._loop = _say("losetup", "--find", "--show", str(self._export)).strip()
        self._said = _say("e2fsck", "-p", self._loop, fine=(0, 1, 2))
        _say("mount", "-t", "ext4", "-o", "noatime,nosuid,nodev,errors=remount-ro", self._loop, str(self._data))
        overlays = []
        for name in ("etc", "var"):
            upper = self._data / name / "upper"
            upper.mkdir(parents=True, exist_ok=True)
            overlays.append(f"--overlay=+/{name}:{upper}:/{name}")
        command = [
            *("systemd-nspawn", "--quiet", "--directory", self._cache / "root", "--boot", "--read-only"),
            *("--register=no", "--keep-unit", "--machine=kentongan-power", "--console=pipe", *overlays),
            *(f"--bind-ro=/dev/null:/etc/systemd/system/{unit}" for unit in MASKED),
            f"--bind={self._uart}:/dev/ttyS0",
        ]
        with (self._folder / "console.log").open("ab") as log:
            environ = {**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}
            self._process = subprocess.Popen(
                mortal(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environ, start_new_session=True
            )

    def cut(self, random: Random) -> str:
        """Pull the plug; gives what the check of the file system said at this life's beginning."""
        self._lose_disk()  # first of all, so that nothing flushes it any more
        folder = os.open(self._data, os.O_RDONLY)
        fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(folder)
        self.unplug()
        self.disk.power_off(random)
        return self._said

    def unplug(self) -> None:
        """End everything."""
        if self._process is not None:
            for leader in self._leaders(self._process.pid):
                with suppress(ProcessLookupError):
                    os.kill(leader, signal.SIGKILL)
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._loop:
            _say("umount", str(self._data), fine=(0, 32))
            _say("losetup", "--detach", self._loop)
            self._loop = ""
        self._lose_disk()
        _say("umount", "--lazy", str(self._export), fine=(0, 32))

    def _lose_disk(self) -> None:
        if self._storage is not None:
            self._storage.kill()
            self._storage.wait()
            self._storage = None

    @property
    def running(self) -> bool:
        """Tell whether it is plugged in and has not gone out by itself."""
        return self._process is not None and self._process.poll() is None

    def since(self) -> float:
        """Tell the seconds since the plug went in."""
        return time.monotonic() - self._on_at

    def _leaders(self, parent: int) -> list[int]:
        """Find the container's first process, whose end takes all others with it."""
        found = []
        for status in Path("/proc").glob("[0-9]*/status"):
            with suppress(OSError):
                text = status.read_text()
                if re.search(rf"^PPid:\t{parent}$", text, re.MULTILINE):
                    found.append(int(status.parent.name))
        return found


def _say(*words: str, fine: tuple[int, ...] = (0,)) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in fine:
        raise RuntimeError(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr
