"""The gateway's last decisions, for `get diagnostics` and the console: bounded, and without anything personal."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from kentongan.daemon.events import Command, Note
from kentongan.daemon.logs import safe
from kentongan.queue.records import Moment

KEPT = 100  # some screens of the console; a diagnosis takes as many of the newest as it has room for
UNTOLD = frozenset({"console_used"})  # on record in the log; here it would drive out what it asks for


@dataclass(frozen=True, slots=True)
class Line:
    """One decision and when it was made."""

    wall_ms: int
    name: str
    facts: tuple[tuple[str, object], ...]

    def shown(self) -> str:
        """Write it on one line, numbers masked and words left out."""
        facts = " ".join(f"{key}={value}" for key, value in safe(dict(self.facts)).items())
        return f"{self.name} {facts}".strip()


class Journal:
    """Remembers the newest notes."""

    def __init__(self) -> None:
        self.lines: deque[Line] = deque(maxlen=KEPT)

    def take(self, commands: Iterable[Command], at: Moment) -> None:
        """Note the decisions among some commands."""
        for command in commands:
            if isinstance(command, Note) and command.name not in UNTOLD:
                self.lines.append(Line(at.wall_ms, command.name, command.facts))
