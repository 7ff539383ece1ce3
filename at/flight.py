"""Hold the one step in flight: a command waiting for its answer, or the search for the modem's step.

Pure state: which line belongs to it, when it is over, when patience ends. Writes nothing.
"""

from enum import Enum, auto

from kentongan.at.dialogue import AtCommand, AtResponse, Failed, Final, Ok, Synchronise, TimedOut
from kentongan.at.results import final_result, is_hex
from kentongan.at.urcs import has_form_of_answer, head, looks_unasked

PROBES = (("AT+CMEE?", "+CMEE"), ("AT+CMGF?", "+CMGF"), ("AT+CSCS?", "+CSCS"))
"""Questions asked for nothing else; they take turns, so that the answer to an older one is not taken for the newest."""

SETTLE_S = 0.25
"""Quiet that must follow the answer when several probes were under way: the older ones are answered too."""

BARE_OK_S = 1.0
"""How long an `OK` without the line it should end waits for that line: it may be a stray one."""

BARE_SENT_S = 25.0
"""The same behind a payload: the network takes up to 23 s for a part (gammu#355), and a stray `OK` proves nothing."""

SILENT_END_S = 1.0
"""Silence after `+CPIN:` that stands for the `OK` some modems never send (modem.md 1.2)."""

DAMAGED = "?"
"""Stands in an answer with PDUs for a line that could not be read."""

MAX_ANSWER_LINES = 2100
"""Two lines for each message of the largest store (Balong: 500), twice over."""


class Payload(Enum):
    """Where the payload of a command stands."""

    NONE = auto()
    AWAITS_PROMPT = auto()
    DUE = auto()  # prompt seen, nothing written
    LEFT = auto()  # handed over: it may have reached the modem


class Flight:
    """A command that waits for its answer."""

    def __init__(self, command: AtCommand, now: float) -> None:
        self.command = command
        self.payload = Payload.AWAITS_PROMPT if command.payload else Payload.NONE
        self._patience_ends = now + (command.prompt_timeout_s if command.payload else command.timeout_s)
        self.deadline = self._patience_ends
        self._lines: list[str] = []
        self._provisional: Final | None = None  # ends the command when nothing better comes

    def belongs(self, text: str) -> bool:
        """Tell whether a line is part of the answer (modem.md 1.5)."""
        if final_result(text, hangs_up=self.command.hangs_up) is not None:
            return True
        if self._awaits_pdu and is_hex(text):
            return True
        if ":" in text and head(text) in self.command.prefixes:
            return has_form_of_answer(text) and self.payload is not Payload.AWAITS_PROMPT
        return self.command.free_text and not looks_unasked(text)

    def take(self, text: str, now: float) -> Final | None:
        """Take a line that belongs; return the final result when it ends the command."""
        final = final_result(text, hangs_up=self.command.hangs_up)
        if final is not None:
            return self._take_final(final, now)
        if self.command.text.endswith("=?") and text.endswith(" OK"):  # glued by Huawei (modem.md 10.1 item 58)
            self._keep(text.removesuffix(" OK"))
            return Ok()
        self._keep(text)
        self._provisional = Ok() if self.command.may_end_in_silence else None
        self.deadline = now + SILENT_END_S if self.command.may_end_in_silence else self._patience_ends
        return None

    def expire(self) -> Final | None:
        """Return how the command ends at its deadline, `None` when only a resynchronisation can tell."""
        return self._provisional

    def on_prompt(self) -> None:
        """Note that the modem takes the payload now."""
        if self.payload is Payload.AWAITS_PROMPT:
            self.payload = Payload.DUE

    def payload_written(self, now: float) -> None:
        """Note that the payload was handed over; the answer has its whole time from here."""
        self.payload = Payload.LEFT
        self._patience_ends = self.deadline = now + self.command.timeout_s

    def disturb(self) -> None:
        """Note that a line was damaged: a header and a PDU on its two sides do not belong together."""
        if self.command.with_pdu and self._lines:
            self._keep(DAMAGED)

    def response(self, final: Final) -> AtResponse:
        """Build the response that ends this command."""
        return AtResponse(final, tuple(self._lines), self.payload is Payload.LEFT)

    @property
    def _awaits_pdu(self) -> bool:
        return self.command.with_pdu and bool(self._lines) and ":" in self._lines[-1]

    def _keep(self, text: str) -> None:
        if len(self._lines) < MAX_ANSWER_LINES:
            self._lines.append(text)

    def _take_final(self, final: Final, now: float) -> Final | None:
        if not isinstance(final, Ok):
            return final
        if self.payload in {Payload.AWAITS_PROMPT, Payload.DUE}:
            return None  # a stray one: only a prompt or a refusal answers here
        if self.command.needs_line and not self._lines:
            self._provisional = final
            wait = BARE_OK_S if self.payload is Payload.NONE else BARE_SENT_S
            self.deadline = min(self._patience_ends, now + wait)
            return None
        return final


class Sync:
    """The search for the modem's step, alone or on behalf of a command whose deadline passed."""

    def __init__(self, step: Synchronise, expired: Flight | None) -> None:
        self.expired = expired
        self.deadline = 0.0
        self._step = step
        self._probes = 0
        self._seen = False
        self._settled: Final | None = None
        self._late: list[str] = []
        self._prompted = False  # the modem still waits for the end of a payload: it never took it

    @property
    def asks_for_prompt(self) -> bool:
        """Tell whether a CR goes first: a modem that still waits for the end of a payload answers it by a prompt."""
        return self._probes == 0 and self.expired is not None and self.expired.payload is Payload.LEFT

    def on_prompt(self) -> None:
        """Note that the modem stood in the prompt all the time (modem.md 8.6 step 3); a later one answers nothing."""
        self._prompted = self._prompted or self._probes == 1

    def next_probe(self, now: float) -> tuple[str, bool]:
        """Return the text of the next probe and whether an ESC goes before it (a stuck prompt eats the probe)."""
        escape = self._step.escape and self._probes % len(PROBES) == 0
        self._probes += 1
        self._seen = False
        self.deadline = now + self._step.interval_s
        return self._probe[0], escape

    def belongs(self, text: str) -> bool:
        """Tell whether a line is the probe's answer or a late one of the expired command."""
        if final_result(text) is not None:
            return True
        return ":" in text and (head(text) == self._probe[1] or self._is_of_expired(text))

    def take(self, text: str, now: float) -> Final | None:
        """Take a line that belongs; return the end of the search when it is over."""
        final = final_result(text)
        if final is None and head(text) == self._probe[1]:
            self._seen = True
        elif isinstance(final, Ok):
            return self._take_ok(now)
        elif not isinstance(final, Failed) and self.expired is not None:
            self._late.append(text)
        return None

    def expire(self) -> Final | None:
        """Return the end of the search when the deadline of a probe passes, `None` when another one may be asked."""
        if self._settled is not None:
            return self._settled
        return TimedOut(alive=False) if self._probes >= self._step.attempts else None

    def response(self, final: Final) -> AtResponse:
        """Build the response that ends this step."""
        if self.expired is None:
            return AtResponse(final)
        before = self.expired.response(final)
        return AtResponse(final, before.lines, before.payload_left and not self._prompted, tuple(self._late))

    @property
    def _probe(self) -> tuple[str, str]:
        return PROBES[(self._probes - 1) % len(PROBES)]

    def _is_of_expired(self, text: str) -> bool:
        return self.expired is not None and head(text) in self.expired.command.prefixes

    def _take_ok(self, now: float) -> Final | None:
        if not self._seen:
            return None
        ended: Final = Ok() if self.expired is None else TimedOut(alive=True)
        if self._probes == 1:
            return ended
        self._settled = ended
        self.deadline = now + SETTLE_S
        return None
