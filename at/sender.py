"""Send parts and USSD codes: what leaves the line, and what becomes of it."""

import math

from kentongan.at.agenda import LeaveUssd
from kentongan.at.commands import RunUssd, SendPart
from kentongan.at.dialogue import AtResponse
from kentongan.at.events import (
    ErrorFamily,
    LateSubmit,
    Rejected,
    SendEnded,
    SendOutcome,
    SendTraced,
    Sent,
    Uncertain,
    UssdAnswered,
)
from kentongan.at.hands import Hands, SettingsLost, SimGone
from kentongan.at.procedures import NO_SIM, WRONG_MODE, send
from kentongan.at.procedures_init import Profile
from kentongan.at.results import reference
from kentongan.at.ussd import ANSWER_S, ask_code, end_session, read_answer

REFERENCES = 256

MENU = 1
"""`<m>` of a session that waits for more; the gateway asks one question and leaves (27.007 §7.15)."""


class Sender:
    """What is on its way out of one line."""

    def __init__(self, hands: Hands) -> None:
        self.sending = False  # a part is under way
        self._hands = hands
        self._doubtful_job: int | None = None
        self._last_reference: int | None = None  # since the modem started, with this card
        self._ussd_until = math.inf  # a session is open until then

    # -- parts --------------------------------------------------------------------------------------------------------

    def send(self, job: SendPart, profile: Profile, now: float) -> None:
        """Send one part; afterwards the memory is walked, for notices get lost while a modem sends."""

        def finish(outcome: SendOutcome, then: float) -> None:
            self.sending = False
            if isinstance(outcome, Sent):
                self._trace(outcome.reference)
            self._doubtful_job = job.job if isinstance(outcome, Uncertain) else None
            self._hands.agenda.walk_at = then
            self._hands.outlet.emit(SendEnded(job.job, outcome))
            if isinstance(outcome, Rejected):
                self._blame(outcome, then)

        self.sending = True
        self._hands.runner.begin(send(job.tpdu_octets, job.pdu_hex, profile.dialect), finish, now)

    def late(self, line: str) -> None:
        """Take a line of a command that was given up: a reference proves that the doubtful part was sent."""
        mr = reference((line,))
        if mr is not None and self._doubtful_job is not None:
            self._hands.outlet.emit(LateSubmit(self._doubtful_job, mr))
            self._doubtful_job = None

    def _trace(self, mr: int) -> None:
        """Judge the doubtful part by the gap in the references: a modem counts attempts (TP-MR, 23.040 §9.2.3.6)."""
        last, self._last_reference = self._last_reference, mr
        if self._doubtful_job is None or last is None:
            return
        gap = (mr - last) % REFERENCES
        if gap in {1, 2}:  # anything else: another program sent, or the count began anew
            self._hands.outlet.emit(SendTraced(self._doubtful_job, attempted=gap == 2))

    def _blame(self, outcome: Rejected, now: float) -> None:
        if outcome.code in NO_SIM.get(outcome.family, ()):
            self._hands.tell(SimGone(f"{outcome.family} {outcome.code}"), now)
        elif outcome.family is ErrorFamily.CMS and outcome.code == WRONG_MODE:
            self._hands.tell(SettingsLost("text mode"), now)

    # -- USSD ---------------------------------------------------------------------------------------------------------

    @property
    def ussd_is_open(self) -> bool:
        """Tell whether a session waits for the network."""
        return self._ussd_until < math.inf

    @property
    def deadline(self) -> float:
        """Return when an open session is given up."""
        return self._ussd_until

    def ask(self, job: RunUssd, profile: Profile, now: float) -> None:
        """Open a USSD session; the line goes on with other work until the answer comes."""

        def finish(response: AtResponse, then: float) -> None:
            if not response.ok:
                self.end_ussd(-1, "")
            elif self.ussd_is_open:
                self._ussd_until = then + ANSWER_S

        self._ussd_until = now + ANSWER_S  # the answer may overtake the OK
        self._hands.runner.begin(ask_code(job.code, packed=profile.dialect.speaks_packed_ussd), finish, now)

    def answered(self, line: str) -> None:
        """Take a `+CUSD`; one that nobody asked for is the operator's advertising."""
        answer = read_answer(line)
        if answer is None or not self.ussd_is_open:
            return
        if answer.status == MENU:
            self._hands.agenda.want(LeaveUssd())
        self.end_ussd(answer.status, answer.text)

    def give_up_ussd(self, now: float) -> None:
        """End a session whose answer did not come."""
        if now >= self._ussd_until:
            self._hands.agenda.want(LeaveUssd())
            self.end_ussd(-1, "")

    def end_ussd(self, status: int, text: str) -> None:
        """Report the end of the open session, if there is one."""
        if self.ussd_is_open:
            self._ussd_until = math.inf
            self._hands.outlet.emit(UssdAnswered(status, text))

    def leave(self, now: float) -> None:
        """Leave the session at the modem."""
        self._hands.runner.begin(end_session(), lambda _none, _then: None, now)

    def stop(self) -> None:
        """Forget what was under way: the line does not serve."""
        self.sending = False
        self._last_reference = None
        self.end_ussd(-1, "")
