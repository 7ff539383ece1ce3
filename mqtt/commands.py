"""Checks 1-6 of contract 4.9, in their fixed order: bytes in, a command or a refusal out, never an exception.

Refuses without ever repeating what was sent: a message names the field and the rule, not the value (personal data).
Checks 7-9 (the id, the business, the capacity) need the store and are the core's.
"""

import hashlib
import json
import math
import re
from contextlib import suppress

import msgspec

from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.payloads import (
    Broadcast,
    BroadcastCancel,
    CommandError,
    Details,
    Erase,
    Get,
    Notify,
    Ping,
    Release,
    Reply,
    ReplyCancel,
    ReportAck,
    Resend,
    TicketAck,
    TicketChange,
)

MAX_OCTETS = 16_384  # contract 4.5
MAX_DEPTH = 8  # our deepest command has 3; the parser's own limit is the stack
EXTENSION = "x_"  # fields of the backend's own, ignored

Numbered = (
    Reply
    | ReplyCancel
    | Resend
    | Get
    | Ping
    | Erase
    | Notify
    | Broadcast
    | BroadcastCancel
    | TicketChange
    | Release
    | ReportAck
)
Command = TicketAck | Numbered  # a ticket_ack is idempotent without an id of its own
COMMANDS: dict[str, type[Command]] = {
    "ticket_ack": TicketAck,
    "reply": Reply,
    "reply_cancel": ReplyCancel,
    "resend": Resend,
    "get": Get,
    "ping": Ping,
    "erase": Erase,
    "notify": Notify,
    "broadcast": Broadcast,
    "broadcast_cancel": BroadcastCancel,
    "ticket": TicketChange,
    "release": Release,
    "report_ack": ReportAck,
}

_COMMAND_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
# A misspelt name is worth repeating, a number or a text in its place is not: no name of ours holds a digit.
_NAME = re.compile(r"[a-z_]{1,40}")
_UNKNOWN_FIELD = re.compile(r"unknown field `([A-Za-z_]{1,40})`")
UNKNOWN = "unknown"
_PATH = re.compile(r" - at `\$\.?([A-Za-z0-9_.\[\]]*)`$")
_OURS = re.compile(r"([a-z_]+): (.+)")  # what the Structs' own checks say
_BOM = b"\xef\xbb\xbf"


class Refused(msgspec.Struct, frozen=True):
    """Why a command was not understood; `command_id` is `None` when it could not be read."""

    code: ErrorCode
    message: str
    command_id: str | None = None
    field: str = ""
    details: Details = msgspec.field(default_factory=dict)

    @property
    def retryable(self) -> bool:
        """Tell whether the very same bytes may be accepted later: never, at this stage."""
        return self.code.retryable

    @property
    def error(self) -> CommandError:
        """Word the refusal as the contract's `error`."""
        return CommandError(
            code=self.code,
            message=self.message,
            retryable=self.retryable,
            field=self.field or msgspec.UNSET,
            details=self.details or msgspec.UNSET,
        )


class _NotJsonError(ValueError):
    """The payload breaks one of our own rules on JSON."""


def read(name: str, payload: bytes, *, retained: bool) -> Command | Refused:
    """Read the command that arrived below `command/<name>`."""
    if retained:
        return _unread(ErrorCode.RETAINED_NOT_ALLOWED, "a command must not be retained", payload)
    if len(payload) > MAX_OCTETS:
        return _unread(ErrorCode.PAYLOAD_TOO_LARGE, f"{len(payload)} octets, the limit is {MAX_OCTETS}", payload)
    try:
        text = _text(payload)
    except UnicodeDecodeError as error:
        return _unread(ErrorCode.INVALID_ENCODING, f"not UTF-8 at octet {error.start}", payload)
    try:
        value = _json(text)
    except json.JSONDecodeError as error:
        why = f"{error.msg}: line {error.lineno} column {error.colno}"
        return _unread(ErrorCode.INVALID_JSON, why, payload)
    except _NotJsonError as error:
        return _unread(ErrorCode.INVALID_JSON, str(error), payload)
    return _checked(name, value, payload)


def named(name: str) -> str:
    """Give a command's name as it may be repeated in answers and logs: a topic can hold anything."""
    return name if _NAME.fullmatch(name) else UNKNOWN


def fingerprint(command: Command) -> str:
    """Hash what makes two commands the same: the same id with another fingerprint is a conflict (contract 4.9)."""
    if isinstance(command, Reply):
        same: tuple[object, ...] = (command.ticket_id or "", command.to or "", command.text, command.max_parts or 0)
    else:
        same = (msgspec.json.encode(command).decode(),)
    body = json.dumps([type(command).__name__, *same], ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def unnamed(payload: bytes) -> Details:
    """Give what names a command without an id, so that its sender can still find it (contract 4.9)."""
    return {"payload_sha256": hashlib.sha256(payload).hexdigest(), "bytes": len(payload)}


def failed(payload: bytes) -> Refused:
    """Refuse a command over which we stumbled ourselves; raises nothing, whatever the payload is."""
    command_id = None
    with suppress(ValueError, RecursionError):
        command_id = _command_id(msgspec.json.decode(payload))
    return Refused(ErrorCode.INTERNAL_ERROR, "a mistake of the gateway", command_id, details=unnamed(payload))


def _unread(code: ErrorCode, message: str, payload: bytes) -> Refused:
    return Refused(code, message, details=unnamed(payload))


def _text(payload: bytes) -> str:
    if payload.startswith(_BOM):
        raise UnicodeDecodeError("utf-8", payload, 0, len(_BOM), "byte order mark")
    return payload.decode()


def _json(text: str) -> object:
    try:
        value: object = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer
        )
    except RecursionError as error:
        raise _NotJsonError(f"nested deeper than {MAX_DEPTH}") from error
    _walk(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotJsonError("a key occurs twice in one object")
    return found


def _no_constant(_name: str) -> float:
    raise _NotJsonError("NaN and Infinity are not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise _NotJsonError("a number is out of range")
    return number


def _integer(digits: str) -> int:
    if len(digits) > 19:  # beyond 64 bits; also the interpreter's own limit is 4300 digits
        raise _NotJsonError("a number is out of range")
    return int(digits)


def _walk(value: object) -> None:
    """Refuse nesting and lone surrogates; breadth first, without recursion."""
    level = [value]
    for _depth in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise _NotJsonError(f"nested deeper than {MAX_DEPTH}")


def _inside(value: object) -> list[object]:
    match value:
        case str():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise _NotJsonError("a string holds half a surrogate pair") from error
            return []
        case dict():
            return [*value, *value.values()]
        case list():
            return value
        case _:
            return []


def _checked(name: str, value: object, payload: bytes) -> Command | Refused:
    command_id = _command_id(value)
    if name not in COMMANDS:
        return _refuse(ErrorCode.UNKNOWN_COMMAND, "this gateway has no such command", command_id, "", payload)
    if not isinstance(value, dict):
        return _refuse(ErrorCode.SCHEMA_INVALID, "a command is one JSON object", command_id, "", payload)
    schema = value.get("schema")
    wanted = str(COMMANDS[name].__struct_config__.tag)
    if not isinstance(schema, str) or schema.partition("/")[0] != wanted.partition("/")[0]:
        return _refuse(ErrorCode.SCHEMA_INVALID, f"this topic takes {wanted}", command_id, "schema", payload)
    if schema != wanted:
        return _refuse(ErrorCode.SCHEMA_UNSUPPORTED, f"this gateway speaks {wanted}", command_id, "schema", payload)
    known = {key: inner for key, inner in value.items() if not key.startswith(EXTENSION)}
    try:
        return msgspec.convert(known, type=COMMANDS[name])
    except msgspec.ValidationError as error:
        why, where = _explain(str(error))
        return _refuse(ErrorCode.SCHEMA_INVALID, why, command_id, where, payload)


def _command_id(value: object) -> str | None:
    command_id = value.get("command_id") if isinstance(value, dict) else None
    if isinstance(command_id, str) and _COMMAND_ID.fullmatch(command_id):
        return command_id
    return None


def _refuse(code: ErrorCode, message: str, command_id: str | None, where: str, payload: bytes) -> Refused:
    details = unnamed(payload) if command_id is None else {}
    return Refused(code, message, command_id, where, details)


def _explain(report: str) -> tuple[str, str]:
    """Take the rule and the field out of a validation report, and leave out the value it may quote."""
    found = _PATH.search(report)
    where = found[1] if found else ""
    why = report[: found.start()] if found else report
    if "unknown field" in why:
        named = _UNKNOWN_FIELD.search(why)
        unknown = named[1] if named else ""
        return "unknown field", f"{where}.{unknown}".strip(".")
    if why.startswith(("Invalid enum value", "Invalid value")):
        return "not one of the allowed values", where
    if "matching regex" in why:
        return "not of the allowed form", where
    if why.startswith("Object missing required field"):
        missing = why.split("`")[1]
        return "required", f"{where}.{missing}".strip(".")
    ours = _OURS.match(why)
    return (ours[2], f"{where}.{ours[1]}".strip(".")) if ours else (why, where)
