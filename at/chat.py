"""Hold the AT dialogue: one command in flight, its answer told from unsolicited lines, deadlines, resynchronisation.

    idle --start--> command --final result--> idle
                       |--deadline--> sync --probe answered, or given up--> idle
    idle --start(Synchronise)--> sync

A command whose deadline passed is finished only when a probe has been answered that nothing else can answer: the late
`OK` of the old command would otherwise end the next one. Refuses to write a payload after a refusal or in doubt.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from kentongan.at.blackbox import BlackBox
from kentongan.at.dialogue import Aborted, AtCommand, AtResponse, Final, Synchronise
from kentongan.at.flight import Flight, Payload, Sync
from kentongan.at.lines import Line, LineSplitter, Prompt, Token
from kentongan.at.unasked import RestartSeen, Unasked, Urc
from kentongan.at.urcs import UrcKind, classify, is_named

ESC = b"\x1b"
CTRL_Z = b"\x1a"

RESYNC = Synchronise(attempts=4, interval_s=1.5)
"""After a deadline: six seconds are enough for a modem that is only slow; the ladder takes over afterwards."""

LONGEST_NOISE = 60
"""An unsolicited line that nobody knows is no longer than this; a longer one has swallowed a part of the answer."""

_UNASKED_MARKS = frozenset("+^*")

HALF_PROMPT_S = 0.2
"""Quiet after a lone `>` before it counts as a prompt (firmware that prints no space, modem.md 10.1 item 69)."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The step in flight is over."""

    response: AtResponse


@dataclass(frozen=True, slots=True)
class Late:
    """A `+CMGS` that belongs to no command in flight: evidence of what became of a part that was given up."""

    line: str


Happening = Answered | Urc | Late | RestartSeen


class Chat:
    """One AT dialogue over one port; owned by one thread, does no I/O."""

    def __init__(self, black_box: BlackBox) -> None:
        self.echo_is_off = False  # set by the owner when the modem obeys `ATE0`: an echo is then a restart
        self.echoes = 0
        self.unasked = Unasked()
        self.box = black_box
        self._splitter = LineSplitter()
        self._flight: Flight | Sync | None = None
        self._half_prompt_due = math.inf
        self._out = bytearray()

    # -- what the owner asks ------------------------------------------------------------------------------------------

    @property
    def busy(self) -> bool:
        """Tell whether a step is in flight."""
        return self._flight is not None

    def start(self, step: AtCommand | Synchronise, now: float) -> None:
        """Begin a step; one at a time, the caller waits for `Answered`."""
        if self._flight is not None:
            raise RuntimeError("one command in flight: the last one has not ended")
        if isinstance(step, Synchronise):
            self._flight = self._probe(Sync(step, None), now)
            return
        self._splitter.drop_half_prompt()
        self._half_prompt_due = math.inf
        self._flight = Flight(step, now)
        if step.starts_up:
            self.unasked.boots.expect(now)
        self._write(step.text.encode("ascii", "replace") + b"\r", now, "(secret)" if step.secret else step.text)

    def abort(self, why: str, now: float) -> list[Happening]:
        """End the step in flight without an answer; what the modem says next belongs to nobody."""
        self.box.note(now, f"abort: {why}")
        self._out.clear()
        return [] if self._flight is None else [self._finish(self._flight, Aborted(why))]

    def closed(self, now: float) -> list[Happening]:
        """Forget the line: the port is gone."""
        ended = self.abort("port lost", now)
        self._splitter.reset()
        self.unasked.reset()
        self.echo_is_off = False
        return ended

    def bytes_to_send(self) -> bytes:
        """Hand over what must be written."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def next_deadline(self) -> float | None:
        """Return when `tick` must be called at the latest."""
        flight = self._flight.deadline if self._flight is not None else math.inf
        soonest = min(self._half_prompt_due, self.unasked.deadline, flight)
        return None if soonest == math.inf else soonest

    # -- what happens -------------------------------------------------------------------------------------------------

    def receive(self, data: bytes, now: float) -> list[Happening]:
        """Take bytes of the modem; a payload is queued only when nothing behind the prompt refused it."""
        happenings = self._take_tokens(self._splitter.feed(data), now)
        half = self._splitter.half_prompt
        self._half_prompt_due = now + HALF_PROMPT_S if half else math.inf
        return happenings

    def tick(self, now: float) -> list[Happening]:
        """Let time pass."""
        happenings: list[Happening] = []
        if now >= self._half_prompt_due:
            self._half_prompt_due = math.inf
            happenings += self._take_tokens(self._splitter.take_half_prompt(), now)
        if now >= self.unasked.deadline:
            happenings.append(self.unasked.close_ussd())
        if self._flight is not None and now >= self._flight.deadline:
            happenings += self._on_deadline(self._flight, now)
        return happenings

    def _take_tokens(self, tokens: list[Token], now: float) -> list[Happening]:
        happenings = [happening for token in tokens for happening in self._on_token(token, now)]
        flight = self._flight
        if isinstance(flight, Flight) and flight.payload is Payload.DUE:
            shown = flight.command.payload + " Ctrl-Z"
            flight.payload_written(now)
            self._write(flight.command.payload.encode("ascii", "replace") + CTRL_Z, now, shown)
        return happenings

    def _on_deadline(self, flight: Flight | Sync, now: float) -> list[Happening]:
        final = flight.expire()
        if final is not None:
            return [self._finish(flight, final)]
        if isinstance(flight, Flight):
            self.box.note(now, "deadline")
            flight = Sync(RESYNC, flight)
        self._flight = self._probe(flight, now)
        return []

    # -- lines --------------------------------------------------------------------------------------------------------

    def _on_token(self, token: Token, now: float) -> Iterator[Happening]:
        match token:
            case Prompt():
                self.box.received(now, "> ")
                self._on_prompt(now)
            case Line(text, damaged):
                self.box.received(now, text + " (damaged)" if damaged else text)
                yield from self._on_damaged(text) if damaged else self._on_line(text, now)

    def _on_prompt(self, now: float) -> None:
        if isinstance(self._flight, Flight) and self._flight.command.payload:
            self._flight.on_prompt()
        else:
            if isinstance(self._flight, Sync):
                self._flight.on_prompt()
            self._write(ESC, now, "ESC")  # nobody asked for it: what we write next must not become a message

    def _on_damaged(self, text: str) -> Iterator[Happening]:
        """Take a damaged line for nothing but a hint that something may lie in a slot."""
        self._disturb()
        if "CMT" in text or "CDS" in text:
            yield Urc(UrcKind.DOUBT, text)

    def _on_line(self, text: str, now: float) -> Iterator[Happening]:
        direct = self.unasked.take_pdu(text)
        if direct is not None:
            yield direct
        elif self._is_echo(text):
            yield from self._on_echo(text, now)
        elif self._flight is not None and self._flight.belongs(text):
            self.unasked.answer_goes_on()
            final = self._flight.take(text, now)
            if final is not None:
                yield self._finish(self._flight, final)
        else:
            yield from self._on_unasked(text, now)

    def _is_echo(self, text: str) -> bool:
        if isinstance(self._flight, Flight) and text in {self._flight.command.text, self._flight.command.payload}:
            return True
        return self._flight is not None and text[:2] in {"AT", "at"}

    def _on_echo(self, text: str, now: float) -> Iterator[Happening]:
        self.echoes += 1
        flight = self._flight
        expected = not isinstance(flight, Flight) or text != flight.command.text or flight.command.echoes
        if self.echo_is_off and not expected:
            yield from self._on_restart(RestartSeen("echo"), now)

    def _on_unasked(self, text: str, now: float) -> Iterator[Happening]:
        if self.unasked.ussd_is_open and classify(text) is None and not is_named(text):
            closed = self.unasked.take_ussd(text, now)
            if closed is not None:
                yield closed
            return
        met = self.unasked.take(text, now)
        if isinstance(met, RestartSeen):
            yield from self._on_restart(met, now)
        elif met is not None:
            yield met
        elif text.startswith("+CMGS:"):
            yield Late(text)
        elif classify(text) is None and (text[:1] not in _UNASKED_MARKS or len(text) > LONGEST_NOISE):
            self._disturb()

    def _disturb(self) -> None:
        if isinstance(self._flight, Flight):
            self._flight.disturb()

    def _on_restart(self, restart: RestartSeen, now: float) -> Iterator[Happening]:
        self.echo_is_off = False
        yield from self.abort(f"modem restarted: {restart.banner}", now)
        yield restart

    # -- ends and writes ----------------------------------------------------------------------------------------------

    def _finish(self, flight: Flight | Sync, final: Final) -> Answered:
        self._flight = None
        return Answered(flight.response(final))

    def _probe(self, sync: Sync, now: float) -> Sync:
        if sync.asks_for_prompt:
            self._write(b"\r", now, "CR")
        text, escape = sync.next_probe(now)
        if escape:
            self._write(ESC + b"\r", now, "ESC")
        self._write(text.encode("ascii") + b"\r", now, text)
        return sync

    def _write(self, data: bytes, now: float, shown: str) -> None:
        self._out += data
        self.box.sent(now, shown)
