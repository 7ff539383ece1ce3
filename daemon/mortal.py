"""Child processes that do not outlive their starter, however that ended.

A gateway left behind by a killed run would talk on a pseudo-terminal that belongs to the next one.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


def mortal(command: Sequence[str | os.PathLike[str]]) -> list[str]:
    """Word a command so that the kernel ends it, as `kill -9` would, with the thread that starts it.

    Setpriv (util-linux) asks the kernel for that and becomes the command: the process id is the command's own, and no
    code of ours runs between fork and exec, where other threads make it unsafe. A program that is missing shows as exit
    status 127. Without setpriv the command stands as it is, as it does for a starter killed in the millisecond before
    setpriv has asked.
    """
    words = [os.fspath(word) for word in command]
    setpriv = shutil.which("setpriv")
    return words if setpriv is None else [setpriv, "--pdeathsig", "KILL", "--", *words]


@contextmanager
def last_will(order: str) -> Iterator[None]:
    """Let a shell carry out an order should this process die inside the block: for children whose children stay."""
    shell = ["sh", "-c", f"read -r ended || {{ {order}\n}}"]
    with subprocess.Popen(shell, stdin=subprocess.PIPE, start_new_session=True) as heir:  # noqa: S603 - our own words
        try:
            yield
        finally:
            with suppress(BrokenPipeError):
                heir.communicate(b"ended\n")
