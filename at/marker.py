"""Keep the mark in the phonebook of one line's card: read after a start, written when told to."""

from kentongan.at.agenda import ReadMark
from kentongan.at.commands import WriteMark
from kentongan.at.events import MarkFound
from kentongan.at.hands import Hands
from kentongan.at.procedures_init import Profile
from kentongan.at.procedures_mark import Mark, read_mark, write_mark


class Marker:
    """The duty that reads and writes the mark."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    def begin(self, job: ReadMark | WriteMark, profile: Profile, now: float) -> None:
        """Write the mark if asked to, and report what the card remembers then."""
        dialect = profile.dialect
        procedure = write_mark(job.counter, dialect) if isinstance(job, WriteMark) else read_mark(dialect)
        self._hands.runner.begin(procedure, self._report, now)

    def _report(self, mark: Mark | None, _now: float) -> None:
        if mark is not None:
            self._hands.outlet.emit(MarkFound(mark.counter or 0))
