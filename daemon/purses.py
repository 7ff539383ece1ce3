"""The credit of every line: when the operator is asked by USSD, and what its answers mean.

Best effort beside the service: a question is lost without harm, it is asked again.
"""

from datetime import UTC, datetime

import msgspec

from kentongan.at.commands import RunUssd
from kentongan.at.events import UssdAnswered
from kentongan.daemon.events import Command, Note, ToModem
from kentongan.daemon.line import Line
from kentongan.daemon.money import Asking, Purse, Reading, first_question, question_for, read_into
from kentongan.daemon.notices import Noticed
from kentongan.daemon.operators import Operator, Operators, of, steps
from kentongan.queue.records import Moment
from kentongan.queue.store import Store

DAY_MS, MINUTE_MS = 86_400_000, 60_000
REFUSED = "credit_or_barred"


class Purses:
    """What is known of the credit of each line; `codes` is the configured question of each."""

    def __init__(
        self, store: Store, codes: dict[str, str], price_rp: int, offset_min: int, operators: Operators
    ) -> None:
        self._store = store
        self._codes = codes
        self._price_rp = price_rp
        self._offset_min = offset_min
        self._operators = operators
        self._asking: dict[str, Asking] = {}
        self._purses: dict[str, Purse] = {}

    def look(self, line: Line, at: Moment) -> list[Command]:
        """Ask when it is time and the line is free; what was known before a restart is known again."""
        if not line.ready or line.sending is not None:
            return []
        purse = self._purse(line)
        asking = self._asking.setdefault(line.name, first_question(purse, at.steady_ms))
        question = self._question(line)
        if not question or not asking.due(at.steady_ms):
            return []
        asking.asked(at.steady_ms)
        return [ToModem(line.name, RunUssd(*steps(question))), Note("credit_asked", (("line", line.name),))]

    def answered(self, line: Line, event: UssdAnswered, at: Moment) -> list[Command]:
        """Take the operator's answer to our question."""
        noticed = self._operator(line).read(event.text)
        facts = (("line", line.name), ("status", event.status), ("read", noticed is not None))
        if noticed is not None:
            self._take(line, noticed, at)
            if line.name in self._asking:
                self._asking[line.name].answered(at.steady_ms, refused=bool(line.pace.cause))
        return [Note("credit_answered", facts)]

    def heard(self, line: Line, text: str, at: Moment) -> None:
        """Take what an operator writes unasked."""
        noticed = self._operator(line).read(text)
        if noticed is not None:
            self._take(line, noticed, at)

    def refused(self, line: Line, at: Moment) -> None:
        """Ask soon: a send was refused for want of credit."""
        asking = self._asking.get(line.name)
        if asking is not None and not self._asked_lately(line, at):
            asking.next_ms = min(asking.next_ms, at.steady_ms + MINUTE_MS)

    def ask_now(self, line: Line, at: Moment) -> bool:
        """Bring the next question forward; tells whether a code is known for this line."""
        asking = self._asking.setdefault(line.name, first_question(self._purse(line), at.steady_ms))
        asking.next_ms = at.steady_ms
        return bool(self._question(line))

    def _operator(self, line: Line) -> Operator:
        return of(self._operators, line.imsi)

    def _question(self, line: Line) -> str:
        return question_for(self._codes[line.name], self._operator(line).balance)

    def _asked_lately(self, line: Line, at: Moment) -> bool:
        known_ms = self._purse(line).balance_steady_ms
        return bool(known_ms) and at.steady_ms - known_ms < DAY_MS // 24

    def _purse(self, line: Line) -> Purse:
        """Recall the purse of the card in this line; another card has another purse."""
        if line.name not in self._purses:
            fact = self._store.incidents.noted(f"purse.{line.name}")
            known = msgspec.json.decode(fact.value, type=Purse) if fact is not None else Purse()
            self._purses[line.name] = known
            self._show(line, known)
        purse = self._purses[line.name]
        if line.iccid and purse.iccid != line.iccid:
            purse = self._purses[line.name] = Purse(iccid=line.iccid)
            self._asking.pop(line.name, None)
            self._show(line, purse)
        return purse

    def _take(self, line: Line, noticed: Noticed, at: Moment) -> None:
        purse = self._purse(line)
        sends = self._store.sends_since(line.name, purse.balance_steady_ms)
        reading = Reading(noticed, at.wall_ms, at.steady_ms, sends)
        purse = read_into(purse, reading, self._price_rp, self._end_of(noticed.active_until))
        self._purses[line.name] = purse
        self._store.incidents.note(f"purse.{line.name}", msgspec.json.encode(purse).decode(), at)
        self._show(line, purse)
        if line.pace.cause == REFUSED and (purse.sends_left(self._price_rp) or 0) > 0:
            line.pace.paused_until_ms = line.look_ms = at.steady_ms  # topped up: the next message tries it

    def _end_of(self, day: str) -> int:
        """Give the end of a day in the office's zone, 0 for none or an impossible one."""
        try:
            midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
        except ValueError:
            return 0
        return round(midnight.timestamp() * 1000) + DAY_MS - self._offset_min * MINUTE_MS

    def _show(self, line: Line, purse: Purse) -> None:
        line.note(
            balance_rp=purse.balance_rp,
            balance_ms=purse.balance_ms,
            sends_left=purse.sends_left(self._price_rp),
            valid_until_ms=purse.valid_until_ms,
            draining=purse.draining,
        )
