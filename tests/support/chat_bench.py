"""Play the exact bytes of one AT exchange to a `Chat`, whole, in pieces, and with noise put in."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from kentongan.at.blackbox import BlackBox
from kentongan.at.chat import Answered, Chat, Happening, Late
from kentongan.at.dialogue import AtCommand, AtResponse, Synchronise
from kentongan.at.unasked import RestartSeen, Urc


@dataclass
class Played:
    """What came out of an exchange."""

    responses: list[AtResponse] = field(default_factory=list)
    urcs: list[Urc] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    restarts: list[str] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)

    @property
    def response(self) -> AtResponse:
        """The one response there must be."""
        (response,) = self.responses
        return response

    def take(self, happenings: Sequence[Happening]) -> None:
        """Sort what happened."""
        for happening in happenings:
            match happening:
                case Answered(response):
                    self.responses.append(response)
                case Urc():
                    self.urcs.append(happening)
                case Late(line):
                    self.late.append(line)
                case RestartSeen(banner):
                    self.restarts.append(banner)


class ChatBench:
    """A chat with a clock that is set by hand."""

    def __init__(self, *, chop: int = 0) -> None:
        self.chat = Chat(BlackBox())
        self.now = 100.0
        self.chop = chop
        self.played = Played()

    def start(self, step: AtCommand | Synchronise) -> None:
        """Begin a step and keep what it wrote."""
        self.chat.start(step, self.now)
        self._flush()

    def rx(self, data: bytes) -> None:
        """Let the modem say something."""
        step = self.chop or max(1, len(data))
        for at in range(0, len(data), step):
            self.played.take(self.chat.receive(data[at : at + step], self.now))
            self._flush()

    def wait(self, seconds: float) -> None:
        """Let time pass, deadline by deadline."""
        end = self.now + seconds
        while (due := self.chat.next_deadline()) is not None and due <= end:
            self.now = due
            self.played.take(self.chat.tick(due))
            self._flush()
        self.now = end

    def _flush(self) -> None:
        data = self.chat.bytes_to_send()
        if data:
            self.played.sent.append(data)


def line_starts(data: bytes) -> list[int]:
    """Return every offset at which a modem could put a URC: before a frame, between frames, at the end."""
    ends = (at for at in range(1, len(data)) if data[at - 1 : at] == b"\n" and data[at : at + 1] not in {b"", b"\n"})
    return [0, *ends, len(data)]
