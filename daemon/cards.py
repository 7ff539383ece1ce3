"""What is known of each line's SIM over restarts: which one was accepted, its service centre, the mark on it.

A SIM that nobody accepted receives but does not send: a forgotten exchange, or a thief's, must not write to citizens
from another number. Pure but for the facts of the store.
"""

from collections.abc import Iterable

from kentongan.at import commands as to_modem
from kentongan.at.events import MarkFound, ServiceCentre, SimIdentified
from kentongan.daemon.events import Command, Note, ToModem
from kentongan.daemon.line import SIM_TAIL, Line
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.records import Moment
from kentongan.queue.store_counter import Counter
from kentongan.queue.store_incidents import Incidents

MARK_EVERY = 50  # tickets between two writes: a SIM's phonebook bears 100,000
MARGIN = 2 * MARK_EVERY  # numbers that may have been given out after the last mark


class Cards:
    """The SIMs of the lines."""

    def __init__(self, memory: Incidents, counter: Counter) -> None:
        self._memory = memory
        self._counter = counter
        self._marks: dict[str, int] = {}  # what the card in each line remembers
        self._asked: dict[str, int] = {}  # the last mark that each line was told to write

    def heard(self, line: Line, event: SimIdentified | ServiceCentre | MarkFound, at: Moment) -> list[Command]:
        """Take what a modem says of its SIM."""
        match event:
            case SimIdentified():
                return self.identified(line, at)
            case ServiceCentre():
                self.centre_found(line.name, event, at)
                return []
            case MarkFound(counter):
                return self.mark_found(line, counter, at)

    # -- which SIM -----------------------------------------------------------------------------------------------------

    def identified(self, line: Line, at: Moment) -> list[Command]:
        """Judge the SIM that a start found; the first one of a line is adopted, one without a number not judged."""
        self._marks.pop(line.name, None)
        self._asked.pop(line.name, None)
        accepted = self._memory.noted(_accepted(line.name))
        if not line.iccid:
            return []
        if accepted is None:
            self._memory.note(_accepted(line.name), line.iccid, at)
            return [Note("sim_adopted", (("line", line.name), ("sim", line.iccid[-SIM_TAIL:])))]
        line.strange_sim = accepted.value != line.iccid
        if not line.strange_sim:
            return []
        facts = (("line", line.name), ("sim", line.iccid[-SIM_TAIL:]), ("accepted", accepted.value[-SIM_TAIL:]))
        return [Note("sim_foreign", facts)]

    def accept(self, line: Line, at: Moment) -> bool:
        """Take the SIM in the line for the right one from now on; tells whether there is one that can be known."""
        if not line.iccid:
            return False
        self._memory.note(_accepted(line.name), line.iccid, at)
        line.strange_sim = False
        line.look_ms = 0
        return True

    # -- its service centre --------------------------------------------------------------------------------------------

    def centre(self, line: str) -> tuple[str, str]:
        """Recall ICCID and service centre of the last SIM that had one; empty strings when none is known."""
        try:
            fact = self._memory.noted(_centre(line))
        except StoreUnavailable:
            return "", ""
        iccid, _, number = fact.value.partition(" ") if fact else ("", "", "")
        return iccid, number

    def centre_found(self, line: str, event: ServiceCentre, at: Moment) -> None:
        """Remember a service centre, for the day the SIM has lost it."""
        if (event.iccid, event.number) != self.centre(line):
            self._memory.note(_centre(line), f"{event.iccid} {event.number}", at)

    # -- the mark on it ------------------------------------------------------------------------------------------------

    def mark_found(self, line: Line, mark: int, at: Moment) -> list[Command]:
        """Never give out a number again that an earlier memory card gave out, as the SIM remembers it."""
        if line.strange_sim:
            return []
        self._marks[line.name] = mark
        if mark <= self._counter.given() or not self._counter.stay_above(mark + MARGIN, at):
            return []
        return [Note("numbers_skipped", (("line", line.name), ("mark", mark)))]

    def round(self, lines: Iterable[Line]) -> list[Command]:
        """Bring the marks up to date: after the first ticket, then where fifty have come since."""
        given = self._counter.given()
        due = [line for line in lines if line.ready and not line.strange_sim and self._stale(line.name, given)]
        self._asked |= {line.name: given for line in due}  # a phonebook that refuses is asked at the next fifty
        return [ToModem(line.name, to_modem.WriteMark(given)) for line in due]

    def _stale(self, line: str, given: int) -> bool:
        """Tell whether a memory card that fails now would take numbers with it that the SIM does not account for."""
        mark = self._marks.get(line)
        if mark is None:
            return False
        last = max(mark, self._asked.get(line, 0))
        return given - last >= (MARK_EVERY if last else 1)


def _accepted(line: str) -> str:
    return f"sim accepted {line}"


def _centre(line: str) -> str:
    return f"service centre {line}"
