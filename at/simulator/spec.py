"""What a command is: its handlers and what it needs before it may run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from kentongan.at.simulator.answers import ERROR, Answer, Cme, Cms, Final, Ok
from kentongan.at.simulator.card import Lock
from kentongan.at.simulator.device import Device
from kentongan.at.simulator.syntax import Kind, Request

Handler = Callable[[Device, Request], Answer]


class Needs(Enum):
    """What must be there before a command is looked at."""

    NOTHING = auto()
    SIM = auto()  # an unlocked card
    SMS = auto()  # and the SMS layer


@dataclass(frozen=True, slots=True)
class Spec:
    """The handlers of one command; `test` is the text of `=?`."""

    run: Handler | None = None
    read: Handler | None = None
    assign: Handler | None = None
    test: str | Handler | None = None
    needs: Needs = Needs.NOTHING

    def answer(self, device: Device, request: Request) -> Answer:
        """Let the right handler answer."""
        if request.kind is Kind.TEST and isinstance(self.test, str):
            return Ok((f"{request.name}: {self.test}",) if self.test else ())
        handlers = {Kind.RUN: self.run, Kind.READ: self.read, Kind.ASSIGN: self.assign, Kind.TEST: self.test}
        handler = handlers.get(request.kind)
        if handler is None or isinstance(handler, str):
            return ERROR
        if request.kind is not Kind.TEST and (refusal := _refusal(device, self.needs)):
            return refusal
        return handler(device, request)


def _refusal(device: Device, needs: Needs) -> Answer | None:
    if needs is Needs.NOTHING:
        return None
    as_cms = needs is Needs.SMS and not device.persona.sim_errors_as_cme
    code = _sim_code(device)
    if code:
        return Cms(code + 300) if as_cms else Cme(code)
    if needs is Needs.SMS and not device.life.sms_ready:
        return Cms(302) if device.persona.sim_errors_as_cme else Cms(314)
    return None


def _sim_code(device: Device) -> int:
    """Return the CME number (27.007 §9.2); the CMS number is 300 more for 10 to 16."""
    if not device.tray.present:
        return 10
    return {Lock.READY: 0, Lock.PIN: 11, Lock.PUK: 12, Lock.DEAD: 13}[device.tray.card.lock]


def text(get: Callable[[Device], str]) -> Spec:
    """Make a command that only prints a line, also for `=?` nothing but OK."""
    return Spec(run=lambda device, _request: Ok((get(device),)), test="")


def register(name: str, test: str) -> Spec:
    """Make a command that only remembers a value."""

    def read(device: Device, request: Request) -> Answer:
        return Ok((f"{request.name}: {device.settings.values[name]}",))

    def assign(device: Device, request: Request) -> Answer:
        raw = request.raw.partition("=")[2].strip()
        return Ok() if device.settings.accept(name, raw) else ERROR

    return Spec(read=read, assign=assign, test=test)


Table = Mapping[str, Spec]
UNSUPPORTED = Final("COMMAND NOT SUPPORT")
