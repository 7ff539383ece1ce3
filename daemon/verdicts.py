"""What a conformance test asks of a person, and how each of its points ended."""

from dataclasses import dataclass
from enum import StrEnum


class Errand(StrEnum):
    """What somebody on the backend's side has to do."""

    PING = "ping"
    REPLY = "reply"
    KILL = "kill"
    START = "start"


@dataclass(frozen=True, slots=True)
class Wish:
    """An errand, in words for a person and in values for a command."""

    errand: Errand
    words: str
    ticket_id: str = ""
    ticket_number: str = ""
    text: str = ""


class Verdict(StrEnum):
    """How a point ended, in the words of the report."""

    GOOD = "BAIK"
    BAD = "GAGAL"
    SKIPPED = "DILEWATI"


@dataclass(frozen=True, slots=True)
class Point:
    """One point of the list and how it ended; `mend` says what to do about a bad one."""

    name: str
    verdict: Verdict
    found: str
    mend: str = ""

    def line(self) -> str:
        """Write it for people."""
        return f"{self.verdict:<9} {self.name}: {self.found}" + (
            f"\n          perbaiki: {self.mend}" if self.mend else ""
        )
