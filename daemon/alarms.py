"""Alarms of contract 4.10: fault sets in, alarm documents out. Pure.

    (none) -> active (count grows on repeats) -> cleared (24 h) -> removed

One document per alarm code; several faults of one code are told by the worst of them.
"""

from collections.abc import Iterable
from typing import Literal, Protocol

import msgspec
from msgspec import UNSET

from kentongan.daemon import faults
from kentongan.daemon.status import FaultStatus
from kentongan.mqtt.payloads import Alarm, Bilingual, Details
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7
from kentongan.queue.records_common import Moment

KEEP_MS = 86_400_000  # how long a cleared alarm stays readable (contract 4.2)


class Wording(Protocol):
    """How this gateway names itself, makes ids and writes times; `outward.Voice` is one."""

    @property
    def topics(self) -> Topics: ...  # noqa: D102 - the class says it
    @property
    def ids(self) -> Uuid7: ...  # noqa: D102 - the class says it
    def time(self, wall_ms: int) -> str: ...  # noqa: D102 - the class says it


class Voiced(Protocol):
    """Whoever has a `Wording`."""

    @property
    def voice(self) -> Wording: ...  # noqa: D102 - the class says it


class _Entry(msgspec.Struct):
    document: Alarm
    cleared_ms: int = 0  # steady; 0 while active


class Alarms:
    """The alarms of one source: the daemon's own, or the watcher's `gateway_not_running`."""

    def __init__(self, papers: Voiced, source: Literal["daemon", "watchdog"] = "daemon") -> None:
        self._voice = papers.voice
        self._source: Literal["daemon", "watchdog"] = source
        self._entries: dict[str, _Entry] = {}

    def update(self, standing: Iterable[FaultStatus], at: Moment) -> list[Alarm]:
        """Take the faults that stand now; gives the documents that changed."""
        wanted: dict[str, list[FaultStatus]] = {}
        for fault in standing:
            if code := self._code(fault):
                wanted.setdefault(code, []).append(fault)
        changed = [alarm for code, group in wanted.items() if (alarm := self._raise(code, group, at))]
        active = [code for code, entry in self._entries.items() if not entry.cleared_ms]
        return changed + [self._clear(code, at) for code in active if code not in wanted]

    def standing(self) -> list[Alarm]:
        """List what must be retained at the broker: the active ones and those cleared within the day."""
        return [entry.document for entry in self._entries.values()]

    def expired(self, at: Moment) -> list[str]:
        """Name the codes whose retained document shall be removed by an empty one; each is named once."""
        old = [code for code, entry in self._entries.items() if 0 < entry.cleared_ms <= at.steady_ms - KEEP_MS]
        for code in old:
            del self._entries[code]
        return old

    def stale(self) -> list[str]:
        """Name the codes of this source that an earlier life may have left at the broker."""
        codes = {code for row in faults.ROWS if (code := self._code_of(row))}
        return sorted(codes - self._entries.keys())

    def _code(self, fault: FaultStatus) -> str:
        return self._code_of(faults.of(fault.cause))

    def _code_of(self, row: faults.Fault) -> str:
        """Name the alarm of a row; only the watcher says that the gateway cannot run, and it says nothing else."""
        if self._source == "watchdog":
            return faults.NOT_RUNNING if row.stops else ""
        return "" if row.alarm == faults.NOT_RUNNING else row.alarm

    def _raise(self, code: str, group: list[FaultStatus], at: Moment) -> Alarm | None:
        """Raise an alarm, or tell anew when its cause has changed; `None` when there is nothing to say."""
        before = self._entries.get(code)
        again = before is not None and not before.cleared_ms
        worst = group[0]
        row = faults.of(worst.cause)
        cause = row.stops if self._source == "watchdog" else worst.cause
        details = _details(row, group)
        if before and again and (before.document.cause, before.document.details) == (cause, details):
            return None
        count = before.document.count if before and before.document.count is not UNSET else 0
        document = Alarm(
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            event_id=self._voice.ids.new(at.wall_ms),
            code=code,
            state="active",
            severity=row.severity.value,
            text=_text(code, row),
            raised_at=before.document.raised_at if before and again else self._voice.time(worst.since_ms),
            source=self._source,
            cause=cause,
            count=max(count if again else count + 1, worst.count),
            remedy=Bilingual(id="; ".join(row.todo), en="; ".join(row.todo_en)),
            details=details,
        )
        self._entries[code] = _Entry(document)
        return document

    def _clear(self, code: str, at: Moment) -> Alarm:
        old = self._entries[code].document
        document = Alarm(
            county_id=old.county_id,
            gateway_id=old.gateway_id,
            event_id=self._voice.ids.new(at.wall_ms),
            code=code,
            state="cleared",
            severity=old.severity,
            text=old.text,
            raised_at=old.raised_at,
            source=old.source,
            cause=old.cause,
            cleared_at=self._voice.time(at.wall_ms),
            count=old.count,
            details=old.details,
        )
        self._entries[code] = _Entry(document, at.steady_ms)
        return document


def _text(code: str, row: faults.Fault) -> Bilingual:
    if code == faults.NOT_RUNNING:
        return Bilingual(id=faults.NOT_RUNNING_ID, en=faults.NOT_RUNNING_EN)
    return Bilingual(id=f"{row.title}: {row.means}", en=row.means_en)


def _details(row: faults.Fault, group: list[FaultStatus]) -> Details:
    details: Details = {"fault": row.cause, "lamp": row.code, "means": row.means}
    lines = tuple(sorted({fault.line for fault in group} - {""}))
    return details | {"lines": lines} if lines else details
