"""Drive one procedure over the chat: start its steps, feed it the answers, keep its pauses."""

import math
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from kentongan.at.chat import Chat
from kentongan.at.dialogue import Aborted, AtResponse, Ok, Pause, Procedure, Step, TimedOut

T = TypeVar("T")


class _Run(Generic[T]):
    """One procedure and what to do with its result."""

    def __init__(self, procedure: Procedure[T], finish: Callable[[T, float], None]) -> None:
        self._procedure = procedure
        self._finish = finish
        self._result: T | None = None

    def advance(self, response: AtResponse | None) -> Step | None:
        """Return the next step, or `None` when the procedure has ended."""
        try:
            return next(self._procedure) if response is None else self._procedure.send(response)
        except StopIteration as end:
            self._result = end.value
            return None

    def finish(self, now: float) -> None:
        """Hand the result on; the caller is free to start the next procedure from there."""
        self._finish(self._result, now)  # type: ignore[arg-type]  # the procedure has ended: this is its T

    def close(self) -> None:
        """Drop the procedure: its next steps have no sense any more."""
        self._procedure.close()


class Runner:
    """Run procedures one after the other; counts how often in a row the modem did not answer in time."""

    def __init__(self, chat: Chat) -> None:
        self.timeouts = 0
        self.silent = False  # the modem did not even answer the probes
        self._chat = chat
        self._run: _Run[Any] | None = None
        self._pause_ends = math.inf
        self._waiting: AtResponse | None = None

    @property
    def busy(self) -> bool:
        """Tell whether a procedure is under way."""
        return self._run is not None

    def begin(self, procedure: Procedure[T], finish: Callable[[T, float], None], now: float) -> None:
        """Start a procedure; `finish` gets its result, or is never called when it is dropped."""
        run: _Run[Any] = _Run(procedure, finish)  # the type of the result lives in the pair alone
        self._run = run
        self._do(run, run.advance(None), now)

    def answered(self, response: AtResponse) -> None:
        """Keep an answer until `resume`: what came in the same bytes must not meet the next command."""
        self._waiting = response
        match response.final:
            case TimedOut(alive):
                self.timeouts += 1
                self.silent = not alive
            case Aborted():
                pass
            case _:
                self.timeouts = 0

    def resume(self, now: float) -> None:
        """Go on with the answer that is waiting, or after a pause."""
        if now >= self._pause_ends:
            self._pause_ends = math.inf
            self._waiting = AtResponse(Ok())
        response, self._waiting = self._waiting, None
        run = self._run
        if response is None or run is None:
            return
        step = run.advance(response)
        if step is not None and _is_hopeless(response):
            run.close()
            self._run = None
            return
        self._do(run, step, now)

    def give_up(self, why: str, now: float) -> None:
        """End the procedure: an answer that came still counts, but nothing more is asked."""
        response, run = self._waiting, self._run
        if response is not None and run is not None and run.advance(response) is None:
            self._run = None
            run.finish(now)
        if self._run is not None:
            self._run.close()
        if self._chat.busy:
            self._chat.abort(why, now)
        self._run = None
        self._waiting = None
        self._pause_ends = math.inf
        self.timeouts = 0
        self.silent = False

    def next_deadline(self) -> float:
        """Return when a pause ends."""
        return self._pause_ends

    def _do(self, run: _Run[Any], step: Step | None, now: float) -> None:
        match step:
            case None:
                self._run = None
                run.finish(now)
            case Pause(seconds):
                self._pause_ends = now + seconds
            case _:
                self._chat.start(step, now)


def _is_hopeless(response: AtResponse) -> bool:
    match response.final:
        case Aborted() | TimedOut(alive=False):
            return True
        case _:
            return False
