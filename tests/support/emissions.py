"""Every document that the program words in the tests, held against the published schemas by `jsonschema`.

In this process it listens at the one encoder that makes octets of a typed document; in gateways and watchers that tests
start as processes, at the wire itself (in_children/sitecustomize.py), whose notes are read when all is over.
"""

import json
import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from published import check, validator

from kentongan.mqtt import payloads

CHILDREN = Path(__file__).parent / "in_children"


class Listening:
    """The program's encoder, and an ear beside it."""

    def __init__(self, encoder) -> None:
        self._encoder = encoder
        self.count = 0

    def encode(self, document: object) -> bytes:
        """Encode, and fail whoever worded what the contract does not have."""
        payload = self._encoder.encode(document)
        value = json.loads(payload)
        validator(value["schema"].partition("/")[0]).validate(value)
        self.count += 1
        return payload


class Emissions:
    """What this session's tests made the program say."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix="kentongan-emissions-")
        self.invalid: list[str] = []
        self.from_children = self.children = 0
        self.here = Listening(payloads._encoder)  # the one place where octets are made

    def begin(self) -> None:
        """Listen here, and let every process started from now on do so."""
        payloads._encoder = self.here
        os.environ["KENTONGAN_EMISSIONS"] = self._folder.name
        paths = [str(CHILDREN), os.environ.get("PYTHONPATH", "")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))

    def end(self) -> None:
        """Read what the processes noted, each line once."""
        seen: set[str] = set()
        for path in sorted(Path(self._folder.name).iterdir()):
            self.children += 1
            for line in path.read_text("ascii").splitlines():
                self.from_children += 1
                if line not in seen:
                    seen.add(line)
                    self._hold(line)
        self._folder.cleanup()

    def _hold(self, line: str) -> None:
        topic, retain, payload = line.split(" ")
        try:
            check(topic, bytes.fromhex(payload), retained=retain == "1")
        except Exception as error:  # noqa: BLE001  whatever is wrong with it is to be told at the end, not in between
            self.invalid.append(f"{topic}: {error!r:.500}")


WITNESS = Emissions()


def pytest_sessionstart() -> None:
    """Begin with the session."""
    WITNESS.begin()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the session for what a process said."""
    WITNESS.end()
    if WITNESS.invalid:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many documents were held, and which were wrong."""
    for line in WITNESS.invalid:
        terminalreporter.write_line(f"not as published: {line}", red=True)
    here, others = WITNESS.here.count, f"{WITNESS.from_children} of {WITNESS.children} others"
    held = f"{here} documents of this process and {others} were held against contract/schemas"
    terminalreporter.write_line(f"{held}: {len(WITNESS.invalid)} invalid")
