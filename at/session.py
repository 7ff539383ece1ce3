"""Hold the USSD session of a line: the code, the menus behind it, what the network shows (3GPP TS 27.007 §7.15).

The line goes on with other work until the answer comes. Refuses to wait for ever: every screen has its deadline.
"""

import math

from kentongan.at.agenda import ChooseUssd, LeaveUssd
from kentongan.at.commands import RunUssd
from kentongan.at.dialogue import AtResponse
from kentongan.at.events import UssdAnswered
from kentongan.at.hands import Hands
from kentongan.at.procedures_init import Profile
from kentongan.at.ussd import ANSWER_S, ask_code, choose, end_session, read_answer

MENU = 1
"""`<m>` of a session that waits for more."""

NOT_SUPPORTED = 4
"""`<m>` of a string that the network did not understand: the other form of it may be the right one."""


class Session:
    """One session at a time."""

    def __init__(self, hands: Hands) -> None:
        self.deadline = math.inf  # a session is open until then
        self._hands = hands
        self._job = RunUssd("")
        self._choices: list[str] = []
        self._screens: list[str] = []
        self._plain = False  # this modem wants no septets, although its family does (E169, E3131; modem.md 2.8)
        self._tried_both = False

    @property
    def is_open(self) -> bool:
        """Tell whether a session waits for the network."""
        return self.deadline < math.inf

    def ask(self, job: RunUssd, profile: Profile, now: float) -> None:
        """Open a session."""
        if job is not self._job:
            self._tried_both = not profile.dialect.speaks_packed_ussd
        self._job, self._choices, self._screens = job, list(job.choices), []
        self.deadline = now + ANSWER_S  # the answer may overtake the OK
        self._hands.runner.begin(ask_code(job.code, packed=self._packed(profile)), self._written, now)

    def choose(self, choice: str, profile: Profile, now: float) -> None:
        """Answer the menu of the open session; the network may have ended it meanwhile."""
        if self.is_open:
            self._hands.runner.begin(choose(choice, packed=self._packed(profile)), self._written, now)

    def answered(self, line: str, now: float) -> None:
        """Take a `+CUSD`; one that nobody asked for is the operator's advertising."""
        answer = read_answer(line)
        if answer is None or not self.is_open:
            return
        if answer.text:
            self._screens.append(answer.text)
        if answer.status == NOT_SUPPORTED and self._tries_other_form():
            return
        if answer.status == MENU and self._choices:
            self.deadline = now + ANSWER_S
            self._hands.agenda.want(ChooseUssd(self._choices.pop(0)))
            return
        if answer.status == MENU:
            self._hands.agenda.want(LeaveUssd())
        self.end(answer.status)

    def give_up(self, now: float) -> None:
        """End a session whose answer did not come."""
        if now >= self.deadline:
            self._hands.agenda.want(LeaveUssd())
            self.end(-1)

    def end(self, status: int) -> None:
        """Report the end of the open session, if there is one, with all that it has shown."""
        if self.is_open:
            self.deadline = math.inf
            self._hands.outlet.emit(UssdAnswered(status, "\n".join(self._screens)))

    def leave(self, now: float) -> None:
        """Leave the session at the modem."""
        self._hands.runner.begin(end_session(), lambda _none, _then: None, now)

    def _packed(self, profile: Profile) -> bool:
        return profile.dialect.speaks_packed_ussd and not self._plain

    def _written(self, response: AtResponse, now: float) -> None:
        if response.ok:
            self.deadline = now + ANSWER_S if self.is_open else math.inf
        elif not self._tries_other_form():
            self.end(-1)

    def _tries_other_form(self) -> bool:
        """Ask the same again in the other form, once, when nothing has been shown yet."""
        if self._tried_both or self._screens:
            return False
        self._tried_both = True
        self._plain = not self._plain
        self.deadline = math.inf
        self._hands.agenda.ussd.appendleft(self._job)
        return True
