"""How the gateway stands: the status document, its faults, and the retained documents at the broker.

Pure but for the store's figures. Everything here is derived: it may be thrown away and made again at any moment.
"""

from dataclasses import dataclass
from typing import Literal

from msgspec.structs import replace

from kentongan.daemon.alarms import Alarms
from kentongan.daemon.broker import Broker
from kentongan.daemon.cards import MARK_EVERY
from kentongan.daemon.chronicle import Chronicle, attempted
from kentongan.daemon.events import Command, Note, Publish, Show
from kentongan.daemon.health import assess, stopping
from kentongan.daemon.line import Line
from kentongan.daemon.office import OfficeHours
from kentongan.daemon.papers import Papers
from kentongan.daemon.status import SCHEMA, ConfigStatus, FaultStatus, HostStatus, Status, StoreStatus
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.records import Moment
from kentongan.queue.store import Store

REFRESH_MS = 5_000  # the status file's own heartbeat: the watcher takes 15 s of silence for a dead gateway
SETTLE_MS = 200  # a burst of events makes one document

ALWAYS = OfficeHours()  # open

Grade = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class Identity:
    """What stays the same while the process lives."""

    gateway_id: str
    version: str
    pid: int
    boot_id: str
    started_ms: int
    config: ConfigStatus
    started_steady_ms: int = 0
    hours: OfficeHours = ALWAYS


class Standing:
    """Derives the gateway's standing from the facts of lines, broker and store."""

    def __init__(
        self, identity: Identity, papers: Papers, store: Store, lines: dict[str, Line], broker: Broker
    ) -> None:
        self._identity = identity
        self._papers = papers
        self._store = store
        self._lines = lines
        self._broker = broker
        self._alarms = Alarms(papers)
        self._chronicle = Chronicle(store.incidents)
        self._last = _Last(self._chronicle.restored)
        self.deadline_ms = 0
        self.neighbours_silent = 0

    def measured(self, host: HostStatus, at: Moment) -> None:
        """Take a measurement of the machine; a supply that was too low is remembered."""
        sagged_ms = at.steady_ms if host.undervoltage else self._last.host.sagged_steady_ms
        self._last.host = replace(host, sagged_steady_ms=sagged_ms)

    def attempted(self, line: str) -> None:
        """Count an attempt to repair a line."""
        self._last.faults = attempted(self._last.faults, line)

    def store_lost(self, why: str, since_ms: int) -> None:
        """Note that the store cannot be used; its last figures stay."""
        self._last.store = replace(self._last.store, state="unavailable", detail=why, since_steady_ms=since_ms)

    def store_found(self) -> None:
        """Note that the store works again."""
        self._last.store = replace(self._last.store, state="ok", detail="", since_steady_ms=0)

    # -- the document --------------------------------------------------------------------------------------------------

    def status(self, at: Moment) -> Status:
        """Describe the gateway now, faults included."""
        identity, store = self._identity, self._counted(at)
        status = Status(
            SCHEMA,
            identity.gateway_id,
            identity.version,
            identity.pid,
            identity.boot_id,
            identity.started_ms,
            at.wall_ms,
            at.steady_ms,
            at.synced,
            tuple(line.status() for line in self._lines.values()),
            self._broker.status,
            store,
            self._last.host,
            identity.config,
            traffic=store.received + store.sent,
            started_steady_ms=identity.started_steady_ms,
            neighbours_silent=self.neighbours_silent,
            office_open=identity.hours.is_open(at.wall_ms) or not at.synced,
        )
        return replace(status, faults=assess(status, self._last.faults))

    def _counted(self, at: Moment) -> StoreStatus:
        """Take the store's figures, or keep the last ones while it is away."""
        if self._last.store.state != "ok":
            return self._last.store
        try:
            counts = self._store.counts(at)
        except StoreUnavailable as error:
            self.store_lost(str(error), at.steady_ms)
            return self._last.store
        self._last.store = StoreStatus(
            tickets=counts.tickets,
            unacknowledged=counts.unacknowledged,
            oldest_unacknowledged_s=counts.oldest_unacknowledged_ms // 1000,
            spool=counts.spool,
            queued=counts.queued,
            uncertain=counts.uncertain,
            sent=counts.sent,
            failed=counts.failed,
            quarantined=counts.quarantined,
            received=counts.received,
            counter=counts.counter,
            used_percent=counts.used_percent,
        )
        return self._last.store

    # -- what changed --------------------------------------------------------------------------------------------------

    def touch(self, at: Moment) -> None:
        """Note that an event may have changed something: look again once the burst is over."""
        self.deadline_ms = min(self.deadline_ms, at.steady_ms + SETTLE_MS)

    def changed(self, at: Moment) -> list[Command]:
        """Show the status when it is time, raise and clear alarms, renew leases."""
        if at.steady_ms < self.deadline_ms:
            return []
        self.deadline_ms = at.steady_ms + REFRESH_MS
        status = self.status(at)
        status = replace(status, faults=self._chronicle.follow(status.faults, at))
        commands: list[Command] = [Show(status), *self._faults(status, at), *self._marked(status)]
        health = grade(status)
        if self._broker.up is not None and (at.steady_ms >= self._last.lease_ms or health != self._last.grade):
            commands += self._leases(status, health, at)
        return commands

    def _faults(self, status: Status, at: Moment) -> list[Command]:
        """Say what began and what ended, to the log and to the broker."""
        before, now = _causes(self._last.faults), _causes(status.faults)
        self._last.faults = status.faults
        notes: list[Command] = [
            Note("fault_raised", (("cause", cause), ("line", line))) for cause, line in sorted(now - before)
        ]
        notes += [Note("fault_cleared", (("cause", cause), ("line", line))) for cause, line in sorted(before - now)]
        alarms = self._alarms.update(status.faults, at)
        if self._broker.up is None:
            return notes
        notes += [Publish(self._papers.alarm(alarm)) for alarm in alarms]
        return notes + [Publish(self._papers.no_alarm(code)) for code in self._alarms.expired(at)]

    def _leases(self, status: Status, health: Grade, at: Moment) -> list[Command]:
        up = self._broker.up
        if up is None:
            return []
        self._last.grade = health
        self._last.lease_ms = at.steady_ms + self._papers.profile.health_s * 1000
        online = self._papers.online(up.connection_id, self._broker.status.since_ms)
        return [Publish(online), Publish(self._papers.health(status, health))]

    def _marked(self, status: Status) -> list[Command]:
        """Let the broker remember the ticket counter, as the SIM does: a new memory card goes on above it."""
        up, counter = self._broker.up, status.store.counter
        if up is None or counter - self._last.counter < MARK_EVERY:
            return []
        self._last.counter = counter
        return [Publish(self._papers.info(up.protocol, counter))]

    def announce(self, at: Moment) -> list[Command]:
        """Say everything that is retained, after every connect: a broker may have forgotten it (contract 4.4)."""
        up = self._broker.up
        if up is None:
            return []
        status = self.status(at)
        online, health = self._leases(status, grade(status), at)
        info = Publish(self._papers.info(up.protocol, status.store.counter))
        self._last.counter = status.store.counter
        alarms = [Publish(self._papers.alarm(alarm)) for alarm in self._alarms.standing()]
        gone = [] if self._last.swept else self._alarms.stale()
        self._last.swept = True
        return [online, info, health, *alarms, *(Publish(self._papers.no_alarm(code)) for code in gone)]


class _Last:
    """What the derivation remembers: figures while the store is away, and what was said last."""

    def __init__(self, faults: tuple[FaultStatus, ...]) -> None:
        self.host = HostStatus()
        self.store = StoreStatus()
        self.faults = faults
        self.grade: Grade = "ok"
        self.lease_ms = 0
        self.counter = 0  # of tickets, as the broker was told
        self.swept = False  # alarms that an earlier life left at the broker have been removed


def grade(status: Status) -> Grade:
    """Put the standing into one word for the health document."""
    if stopping(status.faults, len(status.lines)) is not None:
        return "failed"
    return "degraded" if status.faults else "ok"


def _causes(faults: tuple[FaultStatus, ...]) -> set[tuple[str, str]]:
    return {(fault.cause, fault.line) for fault in faults}
