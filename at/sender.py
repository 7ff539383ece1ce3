"""Send parts: what leaves the line, and what becomes of it."""

from kentongan.at.agenda import MeasureStore, MeasureSupply, WalkAll
from kentongan.at.commands import SendPart
from kentongan.at.events import (
    ErrorFamily,
    LateSubmit,
    Rejected,
    SendEnded,
    SendOutcome,
    SendTraced,
    Sent,
    Uncertain,
)
from kentongan.at.hands import Hands, SettingsLost, SimGone
from kentongan.at.procedures import MEMORY_FULL, NO_SIM, WRONG_MODE, send
from kentongan.at.procedures_init import Profile
from kentongan.at.results import reference

REFERENCES = 256

MODEMS_OWN = 128
"""CMS numbers below are causes of the network (24.011): the part was on the air."""


class Sender:
    """What is on its way out of one line."""

    def __init__(self, hands: Hands) -> None:
        self.sending = False  # a part is under way
        self._hands = hands
        self._doubtful_job: int | None = None
        self._last_reference: int | None = None  # since the modem started, with this card
        self._refused = 0  # by the network, since the last reference
        self._counts_attempts = False  # seen: a refused attempt took a reference

    # -- parts --------------------------------------------------------------------------------------------------------

    def send(self, job: SendPart, profile: Profile, now: float) -> None:
        """Send one part; afterwards the memory is walked, for notices get lost while a modem sends."""

        def finish(outcome: SendOutcome, then: float) -> None:
            self.sending = False
            if isinstance(outcome, Sent):
                self._trace(outcome.reference)
            elif isinstance(outcome, Rejected) and outcome.family is ErrorFamily.CMS:
                self._refused += 0 < outcome.code < MODEMS_OWN
            self._doubtful_job = job.job if isinstance(outcome, Uncertain) else None
            self._hands.agenda.soon(WalkAll(), then)
            if profile.dialect.supply:
                self._hands.agenda.want(MeasureSupply())
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
        """Judge the doubtful part by the gap in the references: a modem counts attempts (TP-MR, 23.040 §9.2.3.6).

        Some firmware counts successes; a refusal by the network tells which, and until then nothing is proven.
        """
        last, self._last_reference = self._last_reference, mr
        refused, self._refused = self._refused, 0
        if last is None:
            return
        gap = (mr - last) % REFERENCES
        if self._doubtful_job is None:
            if refused:
                self._counts_attempts = gap == refused + 1
        elif gap in {refused + 1, refused + 2}:  # anything else: another program sent, or the count began anew
            proven = self._counts_attempts
            if proven or not refused:
                self._hands.outlet.emit(SendTraced(self._doubtful_job, gap == refused + 2, proven))

    def _blame(self, outcome: Rejected, now: float) -> None:
        if outcome.code in NO_SIM.get(outcome.family, ()):
            self._hands.tell(SimGone(f"{outcome.family} {outcome.code}"), now)
        elif outcome.family is ErrorFamily.CMS and outcome.code == WRONG_MODE:
            self._hands.tell(SettingsLost("text mode"), now)
        elif outcome.family is ErrorFamily.CMS and outcome.code == MEMORY_FULL:
            self._hands.agenda.soon(MeasureStore(), now)

    def stop(self) -> None:
        """Forget what was under way: the line does not serve."""
        self.sending = False
        self._last_reference = None
        self._refused = 0
        self._counts_attempts = False  # the next one may be another modem
