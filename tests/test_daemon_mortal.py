"""What a test, the demo or a benchmark starts ends with it, even where that was killed."""

import os
import selectors
import subprocess
import sys
from pathlib import Path

import pytest

from kentongan.daemon.mortal import last_will, mortal

WAIT_S = 40.0
# The starter of a child that would stay for an hour; the child holds the pipe open that the test reads from.
STARTER = """\
import subprocess, sys
from kentongan.daemon.mortal import last_will, mortal
with last_will(sys.argv[1]):
    subprocess.Popen({command}).wait()
"""
STAYS = "['sh', '-c', 'echo $$; exec sleep 3600']"  # it tells its own number: then it is no longer setpriv


def until_closed(pipe: int) -> None:
    """Wait until everybody who held the silent pipe is gone."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        assert selector.select(WAIT_S), "somebody outlives the starter"
        assert os.read(pipe, 1) == b""


@pytest.mark.parametrize(
    ("command", "will"), [(f"mortal({STAYS})", "exit"), (STAYS, 'kill -9 "$(cat pid)"')], ids=["child", "last will"]
)
def test_a_child_ends_with_a_starter_that_is_killed(command: str, will: str, tmp_path: Path) -> None:
    words = [sys.executable, "-c", STARTER.format(command=command), will]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=tmp_path) as starter:
        assert starter.stdout is not None
        (tmp_path / "pid").write_bytes(starter.stdout.readline())
        starter.kill()
        until_closed(starter.stdout.fileno())


def test_a_child_is_the_program_itself() -> None:
    words = mortal([sys.executable, "-c", "import os; print(os.getpid())"])
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert int(child.communicate(timeout=WAIT_S)[0]) == child.pid
    assert child.returncode == 0


def test_a_last_will_is_not_carried_out_where_the_block_ends_by_itself(tmp_path: Path) -> None:
    with last_will(f"touch {tmp_path}/done"):
        pass
    assert not (tmp_path / "done").exists()


def test_without_setpriv_the_command_stands_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert mortal(["sleep", tmp_path]) == ["sleep", str(tmp_path)]
