"""A command line split into its commands (ITU-T V.250 §5.2); refuses nothing, what it cannot read is `BROKEN`."""

import re
from dataclasses import dataclass
from enum import Enum, auto

_BASIC = re.compile(r"S(\d+)(\?|=(\d*))|(&?[A-Z])(\d*)")


class Kind(Enum):
    """How a command is used."""

    RUN = auto()  # +CMD, or a basic command
    READ = auto()  # +CMD?
    TEST = auto()  # +CMD=?
    ASSIGN = auto()  # +CMD=<...>
    BROKEN = auto()


@dataclass(frozen=True, slots=True)
class Request:
    """One command of a line; `arguments` are unquoted and split at the commas outside quotes."""

    name: str
    kind: Kind
    arguments: tuple[str, ...] = ()
    raw: str = ""

    def argument(self, position: int, default: str = "") -> str:
        """Return an argument, or the default where it was left out."""
        return self.arguments[position] or default if position < len(self.arguments) else default

    def number(self, position: int, default: int = -1) -> int:
        """Return an argument as a number; -1 when it is none."""
        text = self.argument(position, str(default))
        return int(text) if re.fullmatch(r"-?\d{1,9}", text) else -1


def split_arguments(raw: str) -> tuple[str, ...]:
    """Split at the commas outside quotes and strip the quotes."""
    arguments, start = [], 0
    while (end := _end_of_text(raw, start, ",")) < len(raw):
        arguments.append(raw[start:end])
        start = end + 1
    return tuple(argument.strip().strip('"') for argument in (*arguments, raw[start:]))


def read_line(line: str) -> tuple[Request, ...]:
    """Split what follows `AT` into requests; a broken rest ends the list with one `BROKEN` request."""
    requests: list[Request] = []
    rest = line.strip()
    while rest:
        rest, request = _next(rest)
        if request is not None:
            requests.append(request)
        if request is not None and request.kind is Kind.BROKEN:
            break
    return tuple(requests)


def _next(rest: str) -> tuple[str, Request | None]:
    if rest[0] == ";" or rest[0] == " ":
        return rest[1:], None
    if rest[0] in "+^*%$#":
        return _extended(rest)
    if rest[0] in "Dd":
        return "", Request("D", Kind.RUN, (rest[1:],), rest)
    match = _BASIC.match(rest.upper())
    if match is None:
        return "", Request("", Kind.BROKEN, (), rest)
    if match[1]:
        kind = Kind.READ if match[2] == "?" else Kind.ASSIGN
        return rest[match.end() :], Request(f"S{int(match[1])}", kind, (match[3] or "0",), match[0])
    return rest[match.end() :], Request(match[4], Kind.RUN, (match[5] or "0",), match[0])


def _extended(rest: str) -> tuple[str, Request]:
    end = _end_of_text(rest, 0, ";")
    text, rest = rest[:end], rest[end + 1 :]
    match = re.match(r"[+^*%$#][A-Za-z0-9_]+", text)
    if match is None:
        return "", Request("", Kind.BROKEN, (), text)
    name, tail = match[0].upper(), text[match.end() :].strip()
    if tail == "":
        return rest, Request(name, Kind.RUN, (), text)
    if tail == "?":
        return rest, Request(name, Kind.READ, (), text)
    if tail == "=?":
        return rest, Request(name, Kind.TEST, (), text)
    if tail.startswith("="):
        return rest, Request(name, Kind.ASSIGN, split_arguments(tail[1:]), text)
    return "", Request(name, Kind.BROKEN, (), text)


def _end_of_text(text: str, start: int, separator: str) -> int:
    quoted = False
    for position in range(start, len(text)):
        if text[position] == '"':
            quoted = not quoted
        elif text[position] == separator and not quoted:
            return position
    return len(text)
