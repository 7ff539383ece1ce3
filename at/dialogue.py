"""The values of an AT dialogue: what is asked, how it ends, and what a procedure may yield."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AtCommand:
    """One command line without its CR, and which lines belong to its answer.

    `prefixes` are the heads of accepted answer lines (`+CPMS`); `free_text` accepts lines that cannot be unsolicited;
    `with_pdu` takes the line behind each accepted one; `needs_line` distrusts an `OK` without any answer line;
    `payload` is written after the prompt, closed by Ctrl-Z; `secret` keeps the text out of the black box;
    `hangs_up` makes `NO CARRIER` and its like final; `may_end_in_silence` is for modems that forget the `OK`;
    `starts_up` announces that lines of a start may follow and are no restart; `echoes` that it comes back as an echo.
    """

    text: str
    prefixes: tuple[str, ...] = ()
    timeout_s: float = 3.0
    free_text: bool = False
    with_pdu: bool = False
    needs_line: bool = False
    payload: str = ""
    prompt_timeout_s: float = 10.0
    secret: bool = False
    hangs_up: bool = False
    may_end_in_silence: bool = False
    starts_up: bool = False
    echoes: bool = False


@dataclass(frozen=True, slots=True)
class Synchronise:
    """Ask until the modem gives the answer that only the newest question can have (architecture.md A.6)."""

    attempts: int = 10
    interval_s: float = 0.3
    escape: bool = True


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait, with the line quiet; unsolicited lines are taken meanwhile."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Ok:
    """`OK`."""


@dataclass(frozen=True, slots=True)
class CmeError:
    """`+CME ERROR`; `code` is -1 when the modem printed words."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class CmsError:
    """`+CMS ERROR`; `code` is -1 when the modem printed words."""

    code: int
    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """`ERROR`, `COMMAND NOT SUPPORT`, `NO CARRIER`: a refusal without a number."""

    text: str


@dataclass(frozen=True, slots=True)
class TimedOut:
    """No answer in time; `alive` tells whether the modem answered the probe that followed."""

    alive: bool


@dataclass(frozen=True, slots=True)
class Aborted:
    """The module restarted or the port went away in the middle."""

    why: str


Final = Ok | CmeError | CmsError | Failed | TimedOut | Aborted


@dataclass(frozen=True, slots=True)
class AtResponse:
    """How a command ended: `lines` are its answer, `late` came after the deadline but before the line was in step.

    `payload_left` tells whether the payload may have reached the modem.
    """

    final: Final
    lines: tuple[str, ...] = ()
    payload_left: bool = False
    late: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the modem said `OK`."""
        return isinstance(self.final, Ok)


Step = AtCommand | Synchronise | Pause
Procedure = Generator[Step, AtResponse, T]
"""A dialogue of several steps: yields what to do, is sent how it ended, returns its result."""
