"""Drive a procedure by hand: a table of replies instead of a modem."""

from collections.abc import Callable

from kentongan.at.dialogue import AtCommand, AtResponse, CmeError, CmsError, Failed, Ok, Pause, Procedure, T, TimedOut

OK = AtResponse(Ok())
ERROR = AtResponse(Failed("ERROR"))
SILENT = AtResponse(TimedOut(alive=True))


def lines(*found: str) -> AtResponse:
    """Build an answer."""
    return AtResponse(Ok(), found)


def cme(code: int) -> AtResponse:
    """Build a refusal of 27.007."""
    return AtResponse(CmeError(code, str(code)))


def cms(code: int) -> AtResponse:
    """Build a refusal of 27.005."""
    return AtResponse(CmsError(code, str(code)))


Reply = AtResponse | list[AtResponse] | Callable[[str], AtResponse]


class Script:
    """Replies by command text; a list is used up from its front, its last one stays; anything else is answered OK."""

    def __init__(self) -> None:
        self.replies: dict[str, Reply] = {}
        self.asked: list[str] = []
        self.paused = 0.0

    def on(self, text: str, *replies: AtResponse) -> "Script":
        """Say what a command is answered."""
        self.replies[text] = list(replies)
        return self

    def play(self, procedure: Procedure[T]) -> T:
        """Run the procedure to its end."""
        try:
            step = next(procedure)
            while True:
                match step:
                    case Pause(seconds):
                        self.paused += seconds
                        response = OK
                    case AtCommand(text):
                        self.asked.append(text)
                        response = self._reply(text)
                    case _:
                        response = OK
                step = procedure.send(response)
        except StopIteration as end:
            return end.value

    def _reply(self, text: str) -> AtResponse:
        replies = self.replies.get(text, OK)
        if isinstance(replies, list):
            return replies.pop(0) if len(replies) > 1 else replies[0]
        return replies if isinstance(replies, AtResponse) else replies(text)
