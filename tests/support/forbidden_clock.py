"""Say whether the clock counts as kept by NTP in a process that may not ask the kernel, as under `ProtectClock=yes`.

    python forbidden_clock.py MARK

The same filter as systemd's: `adjtimex` and `clock_adjtime` fail with EPERM. Prints what the kernel call returns and
what the program makes of it.
"""

import ctypes
import platform
import struct
import sys
from pathlib import Path

from kentongan.daemon.clock import kernel_synced

CALLS = {"x86_64": (159, 305), "aarch64": (171, 266)}  # adjtimex, clock_adjtime
NO_NEW_PRIVS, SECCOMP, FILTER, EPERM = 38, 22, 2, 1
LOAD, IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def forbid(first: int, second: int) -> None:
    """Let these two system calls fail from now on."""
    rows = ((LOAD, 0, 0, 0), (IF_EQUAL, 2, 0, first), (IF_EQUAL, 1, 0, second))
    rows = (*rows, (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERRNO | EPERM))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *row) for row in rows))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(
        SECCOMP, FILTER, ctypes.byref(Program(len(rows), ctypes.addressof(code))), 0, 0
    ):
        raise OSError(ctypes.get_errno(), "no filter")


if __name__ == "__main__":
    forbid(*CALLS[platform.machine()])
    asked = ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(512))
    sys.stdout.write(f"{asked} {kernel_synced(mark=Path(sys.argv[1]))}\n")
