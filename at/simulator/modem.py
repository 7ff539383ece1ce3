"""The virtual modem: bytes of the host in, bytes to the host out; sans-I/O and without a clock.

::

                 CR, a command              answer
    COMMAND --------------------> BUSY ---------------> COMMAND
       ^                           | "> "                  ^
       |  ESC                      v         0x1A          |
       +------------------------ PROMPT -----------> BUSY -+
"""

from collections import deque
from enum import Enum, auto
from random import Random
from re import IGNORECASE, search

from kentongan.at.simulator import world
from kentongan.at.simulator.agenda import Agenda
from kentongan.at.simulator.answers import (
    ERROR,
    Answer,
    Cme,
    Cms,
    Final,
    Nothing,
    Ok,
    Prompt,
    error_text,
    final,
    information,
)
from kentongan.at.simulator.books import Books, Submitted
from kentongan.at.simulator.card import Card, Memory
from kentongan.at.simulator.catalogue import commands_of
from kentongan.at.simulator.device import Device, Phase, Tray
from kentongan.at.simulator.faults import Fault, FaultBook, FaultKind
from kentongan.at.simulator.personas import Persona
from kentongan.at.simulator.syntax import Kind, Request, read_line
from kentongan.at.simulator.timing import INSTANT, Timing
from kentongan.at.simulator.wire import Wire

INPUT_MAX = 4096  # what a modem's buffer takes while it is busy; more is an overrun and lost
CTRL_Z, ESCAPE = 0x1A, 0x1B


class State(Enum):
    """What the next byte of the host means."""

    COMMAND = auto()
    BUSY = auto()
    PROMPT = auto()


class VirtualModem:
    """A modem with a SIM in a network, played by `persona`; already on and booted, with echo as from the factory."""

    def __init__(
        self,
        persona: Persona,
        *,
        seed: int = 0,
        timing: Timing = INSTANT,
        card: Card | None = None,
        sim_slots: int = 30,
    ) -> None:
        agenda = Agenda()
        tray = Tray(card or Card(), Memory("SM", sim_slots, persona.base))
        wire = Wire(agenda, FaultBook(), Random(seed))  # noqa: S311 - reproducible noise, not a secret
        self.device = Device(persona, timing, tray, agenda, wire)
        self.device.hooks.stopped = self._stopped
        self.device.hooks.finish = self._finish
        self.device.hooks.stick = self._stick
        self._commands = commands_of(persona)
        self._state = State.COMMAND
        self._input = bytearray()
        self._line = bytearray()  # the command line or the payload so far
        self._requests: deque[Request] = deque()
        self._reply = bytearray()
        self._current = ""
        self._prompt: Prompt | None = None
        self._doom: Fault | None = None

    # ---- the host's side

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the host."""
        self.tick(now)
        if self.device.life.phase is Phase.ON and not self.device.life.deaf:
            self._input += data[: INPUT_MAX - len(self._input)]
            self._work()
            self.tick(now)

    def bytes_to_send(self) -> bytes:
        """Return the bytes that left the modem since the last call."""
        return self.device.wire.take()

    def tick(self, now: float) -> None:
        """Let time pass."""
        self.device.agenda.run(now)

    def next_deadline(self) -> float | None:
        """Return the moment at which `tick` has something to do."""
        return self.device.agenda.next()

    # ---- the world's side

    @property
    def books(self) -> Books:
        """Return what really happened."""
        return self.device.network.books

    def submitted(self) -> list[Submitted]:
        """Return what the host sent since the last call."""
        return self.books.drain()

    def deliver(self, pdu_hex: str) -> None:
        """Let the network deliver any octets as hex; they wait there while the modem cannot take them."""
        bytes.fromhex(pdu_hex)
        self.device.network.waiting.append(pdu_hex.upper())
        self.device.pump()

    def sms(self, sender: str, text: str, *, flash: bool = False) -> None:
        """Let somebody write an SMS to this modem."""
        world.write_letter(self.device, sender, text, flash=flash)

    def inject(self, fault: Fault) -> None:
        """Put a fault on the schedule; one of the world without an occasion happens now."""
        world.inject(self.device, fault)

    def power(self, on: bool) -> None:
        """Cut or restore the supply; restoring it boots."""
        self.device.power(on=on)

    def sim(self, present: bool) -> None:
        """Take the SIM out or put it in."""
        self.device.insert(present=present)

    # ---- the interpreter

    def _stopped(self) -> None:
        self._state = State.COMMAND
        self._input.clear()
        self._line.clear()
        self._requests.clear()
        self._reply.clear()
        self._prompt = self._doom = None

    def _stick(self) -> None:
        self._state, self._prompt = State.PROMPT, None

    def _work(self) -> None:
        while self._input and self._state is not State.BUSY:
            if self._state is State.PROMPT:
                self._read_payload()
            else:
                self._read_command()

    def _read_command(self) -> None:
        end = self._input.find(b"\r")
        chunk = self._taken(len(self._input) if end < 0 else end + 1)
        if self.device.settings.echo:
            self.device.wire.write(chunk)
        self._line += chunk
        if end < 0:
            del self._line[:-INPUT_MAX]
            return
        line, self._line = _edited(self._line), bytearray()
        self._run_line(line)

    def _taken(self, length: int) -> bytes:
        chunk = bytes(self._input[:length])
        del self._input[:length]
        return chunk

    def _run_line(self, line: str) -> None:
        match = search("AT", line, IGNORECASE)
        if match is None:
            return
        self.books.commands += 1
        requests = read_line(line[match.end() :])
        persona = self.device.persona
        self._current = requests[0].name if requests else "AT"
        self._state = State.BUSY
        if len(line) > persona.line_limit or len(requests) > persona.command_limit:
            self._end("ERROR")
        elif self.device.faults.take(FaultKind.SILENCE, self._current):
            self._state = State.COMMAND
        else:
            self._requests.extend(requests)
            self._next_request()

    def _next_request(self) -> None:
        if not self._requests:
            self._end("OK")
            return
        request = self._requests.popleft()
        self._current = request.name
        delay = self.device.timing.of(request.name)
        if delay:
            self.device.agenda.after(delay, lambda: self._perform(request))
        else:
            self._perform(request)

    def _perform(self, request: Request) -> None:
        world.strike_armed(self.device, request.name)
        if self.device.life.phase is Phase.ON:
            self._finish(self._refusal() or self._answer(request))

    def _refusal(self) -> Answer | None:
        take = self.device.faults.take
        if fault := take(FaultKind.CMS, self._current):
            return Cms(fault.code)
        if fault := take(FaultKind.CME, self._current):
            return Cme(fault.code)
        return ERROR if take(FaultKind.PLAIN, self._current) else None

    def _answer(self, request: Request) -> Answer:
        spec = self._commands.get(request.name)
        if request.kind is Kind.BROKEN or spec is None:
            return self.device.unknown
        return spec.answer(self.device, request)

    def _finish(self, answer: Answer) -> None:
        settings = self.device.settings
        match answer:
            case Ok(lines, then):
                for line in lines:
                    self._reply += information(line, verbose=settings.verbose)
                if self._requests:
                    then()
                    self._next_request()
                else:
                    self._end("OK", answer)
            case Cme() | Cms():
                self._end(error_text(answer, settings.number("+CMEE")), answer)
            case Final(text):
                self._end(text, answer)
            case Prompt():
                self._open_prompt(answer)
            case Nothing(busy, then):
                self._state = State.BUSY if busy else State.COMMAND
                then()
        if self._state is State.COMMAND and self._input:
            self.device.agenda.after(0.0, self._work)

    def _end(self, text: str, answer: Ok | Cme | Cms | Final | None = None) -> None:
        data = bytes(self._reply) + final(text, verbose=self.device.settings.verbose)
        self._reply.clear()
        self._requests.clear()
        self._state = State.COMMAND
        if self.device.wire.answer(data, self._current):
            self.device.restart()
        elif answer is not None:
            answer.then()

    def _open_prompt(self, prompt: Prompt) -> None:
        self._state, self._prompt = State.PROMPT, prompt
        data = bytes(self._reply) + b"\r\n> "
        self._reply.clear()
        self._doom = self.device.faults.take(FaultKind.RESTART_PAYLOAD, self._current)
        if self.device.wire.answer(data, f"{self._current}>"):
            self.device.restart()

    def _read_payload(self) -> None:
        ends = [position for mark in (CTRL_Z, ESCAPE, 0x0D) if (position := self._input.find(mark)) >= 0]
        chunk = self._taken(min(ends) + 1 if ends else len(self._input))
        if self.device.settings.echo:
            self.device.wire.write(chunk)
        self._line += chunk
        mark = chunk[-1]
        if self._doom is not None and len(self._line) > self._doom.position:
            self.device.restart()
        elif mark == 0x0D:
            self.device.wire.write(b"\r\n> ")
        elif mark == ESCAPE:
            self._abort()
        elif mark == CTRL_Z and not self.device.faults.take(FaultKind.UNENDED, self._current):
            self._end_of_payload()

    def _end_of_payload(self) -> None:
        payload, self._line = _edited(self._line[:-1]), bytearray()
        prompt, self._prompt, self._state = self._prompt, None, State.BUSY
        if prompt is None:
            self._finish(Cms(304))
            return
        self._current += "."
        self._finish(self._refusal() or prompt.take(payload))
        world.strike_armed(self.device, self._current)

    def _abort(self) -> None:
        self._line.clear()
        self._prompt, self._state = None, State.COMMAND
        if self.device.persona.escape:
            self.device.wire.write(final(self.device.persona.escape, verbose=self.device.settings.verbose))


def _edited(line: bytearray) -> str:
    """Apply backspaces and drop control characters (V.250 §5.2.2)."""
    kept: list[str] = []
    for character in line.decode("latin-1"):
        if character == "\b":
            del kept[-1:]
        elif character >= " ":
            kept.append(character)
    return "".join(kept)
