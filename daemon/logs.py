"""Logs: one JSON line an event on standard error, pretty on a terminal.

Phone numbers are masked, and words of citizens, PDUs and secrets are never written, whoever asks.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO

from kentongan.mqtt.lazily import lazily

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
SYSLOG = {"debug": 7, "info": 6, "warning": 4, "error": 3}  # journald reads "<6>" at the head of a line
UNSPOKEN = frozenset({"text", "body", "payload", "pdu", "pdu_hex", "data", "password", "pin", "secret", "token"})
MAX_VALUE = 2_000  # characters of one value: a log line is not a dump
# A bare run of 8 or more digits, not a piece of a UUID or a hash: telephone, IMEI, IMSI, ICCID, NIK.
_NUMBER = re.compile(r"(?<![0-9A-Za-z.-])(\+?[0-9]{8,22})(?![0-9A-Fa-f-])")


class Log(Protocol):
    """What every part of the daemon logs through: an event in the past tense, and facts."""

    def debug(self, event: str, **facts: object) -> object: ...  # noqa: D102 - the class says it
    def info(self, event: str, **facts: object) -> object: ...  # noqa: D102 - the class says it
    def warning(self, event: str, **facts: object) -> object: ...  # noqa: D102 - the class says it
    def error(self, event: str, **facts: object) -> object: ...  # noqa: D102 - the class says it
    def exception(self, event: str, **facts: object) -> object: ...  # noqa: D102 - the class says it


def mask_number(number: str) -> str:
    """Hide the middle: `+6281234567890` becomes `+62812*****890`."""
    keep = 6 if number.startswith("+") else 4
    if len(number) < keep + 4:
        return "*" * len(number)
    return f"{number[:keep]}{'*' * (len(number) - keep - 3)}{number[-3:]}"


def mask(text: str) -> str:
    """Hide every run of digits that may be somebody's number."""
    return _NUMBER.sub(lambda run: mask_number(run[1]), text)[:MAX_VALUE]


def safe(facts: Mapping[str, object]) -> dict[str, object]:
    """Copy the facts of a log line without anything personal or secret."""
    return {key: _safe_value(key, value) for key, value in facts.items()}


def _safe_value(key: str, value: object) -> object:
    if key in UNSPOKEN:
        return f"[{len(value)} not logged]" if isinstance(value, str | bytes) else "[not logged]"
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _safe_value(str(name), inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_safe_value("", inner) for inner in value]
    return mask(str(value))


class PlainLog:
    """JSON lines without a library, for the watcher, whose memory counts twice."""

    def __init__(self, stream: TextIO, level: str, wall_ms: Callable[[], int], *, journal: bool = False) -> None:
        self._stream, self._floor, self._wall_ms, self._journal = stream, LEVELS[level], wall_ms, journal

    def debug(self, event: str, **facts: object) -> None:
        """Log what only a developer wants."""
        self._write("debug", event, facts)

    def info(self, event: str, **facts: object) -> None:
        """Log a decision."""
        self._write("info", event, facts)

    def warning(self, event: str, **facts: object) -> None:
        """Log what somebody should know."""
        self._write("warning", event, facts)

    def error(self, event: str, **facts: object) -> None:
        """Log what somebody must act upon."""
        self._write("error", event, facts)

    def exception(self, event: str, **facts: object) -> None:
        """Log the exception being handled."""
        self._write("error", event, {**facts, "exception": traceback.format_exc()})

    def _write(self, level: str, event: str, facts: Mapping[str, object]) -> None:
        if LEVELS[level] < self._floor:
            return
        stamp = datetime.fromtimestamp(self._wall_ms() / 1000, UTC).isoformat(timespec="milliseconds")
        line = {"timestamp": stamp, "level": level, "event": mask(event), **safe(facts)}
        prefix = f"<{SYSLOG[level]}>" if self._journal else ""
        self._stream.write(f"{prefix}{json.dumps(line, ensure_ascii=False)}\n")
        self._stream.flush()


def configure(level: str, form: str, environ: Mapping[str, str], stream: TextIO = sys.stderr) -> Log:
    """Set structlog up once for this process; `form` is auto, json or console."""
    lazily("asyncio")
    vars(logging)["logAsyncioTasks"] = False  # since Python 3.12 each log record of the library would ask it for a task
    import structlog  # noqa: PLC0415 - megabytes: not for the watcher and the short commands

    console = form == "console" or (form == "auto" and stream.isatty())
    render: Callable[..., Any] = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if console
        else _journal_line
        if "JOURNAL_STREAM" in environ
        else _json_line
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
            structlog.processors.format_exc_info,
            _masked,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(stream),
    )
    log: Log = structlog.get_logger()
    return log


def _masked(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    trace = str(event.pop("exception", ""))
    kept: dict[str, Any] = {name: event.pop(name, "") for name in ("timestamp", "level", "event")}
    kept |= {"event": mask(str(kept["event"])), **safe(event)}
    if trace:
        kept["exception"] = _NUMBER.sub(lambda run: mask_number(run[1]), trace)
    return kept


def _json_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event, ensure_ascii=False)


def _journal_line(_logger: object, _method: str, event: MutableMapping[str, Any]) -> str:
    return f"<{SYSLOG.get(str(event.get('level')), 6)}>{json.dumps(event, ensure_ascii=False)}"
