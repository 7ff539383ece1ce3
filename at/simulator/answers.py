"""The answers of a modem and how they look on the wire (ITU-T V.250 §5.7, 3GPP TS 27.007 §9, TS 27.005 §3.2.5)."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

Then = Callable[[], None]


def nothing() -> None:
    """Follow an answer with nothing."""


@dataclass(frozen=True, slots=True)
class Ok:
    """Information texts and `OK`; `then` runs after the final result has left."""

    lines: tuple[str, ...] = ()
    then: Then = nothing


@dataclass(frozen=True, slots=True)
class Cme:
    """Refuse with a `+CME ERROR`."""

    code: int
    then: Then = nothing


@dataclass(frozen=True, slots=True)
class Cms:
    """Refuse with a `+CMS ERROR`."""

    code: int
    then: Then = nothing


@dataclass(frozen=True, slots=True)
class Final:
    """End with a final result of its own: `ERROR`, `NO CARRIER`, `COMMAND NOT SUPPORT` ..."""

    text: str
    then: Then = nothing


@dataclass(frozen=True, slots=True)
class Prompt:
    """Ask for a payload; `take` gets it when 0x1A ends it."""

    take: Callable[[str], "Answer"]


@dataclass(frozen=True, slots=True)
class Nothing:
    """Say nothing; with `busy` no further command is read until the device calls `answer`."""

    busy: bool = False
    then: Then = nothing


Answer = Ok | Cme | Cms | Final | Prompt | Nothing

ERROR = Final("ERROR")

_NUMERIC = MappingProxyType(
    {"OK": "0", "RING": "2", "NO CARRIER": "3", "ERROR": "4", "NO DIALTONE": "6", "BUSY": "7", "NO ANSWER": "8"}
)
_CME_TEXT = MappingProxyType(
    {
        0: "phone failure",
        3: "operation not allowed",
        4: "operation not supported",
        10: "SIM not inserted",
        11: "SIM PIN required",
        12: "SIM PUK required",
        13: "SIM failure",
        14: "SIM busy",
        15: "SIM wrong",
        16: "incorrect password",
        20: "memory full",
        21: "invalid index",
        22: "not found",
        30: "no network service",
        31: "network timeout",
        50: "incorrect parameters",
        100: "unknown",
    }
)
_CMS_TEXT = MappingProxyType(
    {
        8: "Operator determined barring",
        10: "Call barred",
        21: "Short message transfer rejected",
        38: "Network out of order",
        300: "ME failure",
        302: "operation not allowed",
        304: "invalid PDU mode parameter",
        310: "SIM not inserted",
        311: "SIM PIN required",
        321: "invalid memory index",
        322: "memory full",
        330: "SMSC address unknown",
        331: "no network service",
        332: "network timeout",
        500: "unknown error",
    }
)


def information(text: str, *, verbose: bool) -> bytes:
    """Frame an information text or an unsolicited result."""
    return (f"\r\n{text}\r\n" if verbose else f"{text}\r\n").encode("latin-1", "replace")


def final(text: str, *, verbose: bool) -> bytes:
    """Frame a final result code."""
    if verbose:
        return f"\r\n{text}\r\n".encode("latin-1", "replace")
    if text in _NUMERIC:
        return f"{_NUMERIC[text]}\r".encode("ascii")
    return f"{text}\r\n".encode("latin-1", "replace")


def error_text(answer: Cme | Cms, cmee: int) -> str:
    """Word a refusal as `+CMEE` asks; `+CMS ERROR` has a number also at `+CMEE=0`."""
    if isinstance(answer, Cms):
        words = _CMS_TEXT.get(answer.code, str(answer.code)) if cmee == 2 else str(answer.code)
        return f"+CMS ERROR: {words}"
    if cmee == 0:
        return "ERROR"
    words = _CME_TEXT.get(answer.code, str(answer.code)) if cmee == 2 else str(answer.code)
    return f"+CME ERROR: {words}"
