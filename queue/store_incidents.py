"""The memory of troubles: what must be known after a restart so that recovery goes on and nobody is told twice.

Each public method is one transaction. Refuses to grow: old incidents make room for new ones.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager

from kentongan.queue.incidents import Climb, Fact, Incident, RungRecord
from kentongan.queue.models import File, Row
from kentongan.queue.records import Moment

Transaction = Callable[[Moment], AbstractContextManager[None]]

KEPT = 5_000  # incidents: seven a day for two years, the reach of a report (domain.md 4.3)
COLUMNS = "cause, line, began_ms, began_steady_ms, ended_ms, ended_steady_ms, attempts"


class Incidents:
    """Faults, rungs and facts."""

    def __init__(self, file: File, transaction: Transaction) -> None:
        self._file = file
        self._writing = transaction

    # -- faults --------------------------------------------------------------------------------------------------------

    def changed(self, began: Iterable[Incident], ended: Iterable[tuple[str, str]], at: Moment) -> None:
        """Write down what began and what (cause, line) ended."""
        with self._writing(at):
            for cause, line in ended:
                self._file.run(
                    "UPDATE incident SET ended_ms = ?, ended_steady_ms = ?"
                    " WHERE ended_ms IS NULL AND cause = ? AND line = ?",
                    at.wall_ms,
                    at.steady_ms,
                    cause,
                    line,
                )
            for incident in began:
                last = self._begin(incident)
                self._file.run("DELETE FROM incident WHERE id <= ?", last - KEPT)

    def _begin(self, incident: Incident) -> int:
        return self._file.insert(
            "incident",
            {
                "cause": incident.cause,
                "line": incident.line,
                "began_ms": incident.began_ms,
                "began_steady_ms": incident.began_steady_ms,
            },
        )

    def standing(self) -> list[Incident]:
        """Give what has not ended, the oldest first."""
        with self._file.reading():
            return [_incident(row) for row in self._rows("WHERE ended_ms IS NULL ORDER BY id")]

    def newest(self, limit: int, since_ms: int = 0) -> list[Incident]:
        """Give the newest incidents that began or ended after a wall moment, the newest first."""
        with self._file.reading():
            where = "WHERE began_ms >= ? OR ended_ms IS NULL OR ended_ms >= ? ORDER BY id DESC LIMIT ?"
            return [_incident(row) for row in self._rows(where, since_ms, since_ms, limit)]

    def repeats(self, cause: str, line: str, since_steady_ms: int) -> int:
        """Count how often a fault began since a steady moment."""
        with self._file.reading():
            return self._file.number(
                "SELECT count(*) FROM incident WHERE cause = ? AND line = ? AND began_steady_ms >= ?",
                cause,
                line,
                since_steady_ms,
            )

    def _rows(self, where: str, *values: object) -> list[Row]:
        return list(self._file.run(f"SELECT {COLUMNS} FROM incident {where}", *values))  # noqa: S608  names of our own

    # -- recovery ------------------------------------------------------------------------------------------------------

    def climbed(self, climb: Climb, at: Moment) -> None:
        """Write down a rung that was climbed, and count it for the faults of its line."""
        with self._writing(at):
            self._file.run("DELETE FROM climb WHERE line = ?", climb.line)
            self._file.run(
                "INSERT INTO climb (line, rung, tries, steady_ms) VALUES (?, ?, ?, ?)",
                climb.line,
                climb.rung,
                climb.tries,
                climb.steady_ms,
            )
            self._count(climb.line, climb.rung, "climbed")
            self._file.run(
                "UPDATE incident SET attempts = attempts + 1 WHERE ended_ms IS NULL AND line = ?", climb.line
            )

    def recovered(self, line: str, rung: str, at: Moment) -> None:
        """Credit the rung after which a line served again."""
        with self._writing(at):
            self._count(line, rung, "succeeded")

    def rested(self, line: str, at: Moment) -> None:
        """Forget where the recovery of a line stood: it has served long enough."""
        with self._writing(at):
            self._file.run("DELETE FROM climb WHERE line = ?", line)

    def _count(self, line: str, rung: str, column: str) -> None:
        self._file.run("INSERT OR IGNORE INTO rung (line, rung) VALUES (?, ?)", line, rung)
        self._file.run(
            f"UPDATE rung SET {column} = {column} + 1 WHERE line = ? AND rung = ?",  # noqa: S608  a column of ours
            line,
            rung,
        )

    def climbs(self) -> list[Climb]:
        """Give where the recoveries stood, one a line at most."""
        with self._file.reading():
            return [Climb(*row) for row in self._file.run("SELECT line, rung, tries, steady_ms FROM climb")]

    def rungs(self) -> list[RungRecord]:
        """Give what the rungs have achieved."""
        with self._file.reading():
            rows = self._file.run("SELECT line, rung, climbed, succeeded FROM rung ORDER BY line, id")
            return [RungRecord(*row) for row in rows]

    # -- facts ---------------------------------------------------------------------------------------------------------

    def note(self, name: str, value: str, at: Moment) -> None:
        """Keep a fact under its name; an older one is forgotten."""
        with self._writing(at):
            self._file.run("DELETE FROM fact WHERE name = ?", name)
            self._file.insert("fact", {"name": name, "value": value, "wall_ms": at.wall_ms, "steady_ms": at.steady_ms})

    def forget(self, name: str, at: Moment) -> None:
        """Remove a fact."""
        with self._writing(at):
            self._file.run("DELETE FROM fact WHERE name = ?", name)

    def noted(self, name: str) -> Fact | None:
        """Recall a fact, or nothing."""
        with self._file.reading():
            row = self._file.one("SELECT value, wall_ms, steady_ms FROM fact WHERE name = ?", name)
            return Fact(*row) if row else None


def _incident(row: Row) -> Incident:
    return Incident(*row)
