"""What the gateway looks after once a minute: time standards, broadcasts, the report of the month, the store."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from kentongan.daemon.clock import LONGEST_OFF_MS
from kentongan.daemon.outward import Voice
from kentongan.daemon.standards import Leg
from kentongan.daemon.upkeep import Upkeep
from kentongan.mqtt import payloads
from kentongan.queue.incidents import Incident
from kentongan.queue.records import Lane, Moment, OutboundState, SpoolDraft
from kentongan.queue.store import Store
from kentongan.queue.store_ledger import Examined, Progress

OUTAGES = 1_000  # incidents looked through for a report


class Rounds:
    """Looks and tells; every finding is told once."""

    def __init__(self, store: Store, voice: Voice, legs: Sequence[Leg] = ()) -> None:
        self._store = store
        self._voice = voice
        self._legs = legs
        self.upkeep = Upkeep(store.care)

    def go(self, at: Moment) -> None:
        """Make one round."""
        for leg in self._legs:
            self._examine(leg, at)
        for progress in self._store.ledger.untold():
            self._store.ledger.told(progress, self.broadcast(progress, at), at)
        if at.synced:
            self._report(at)
        self.upkeep.go(at)

    # -- time standards ------------------------------------------------------------------------------------------------

    def _examine(self, leg: Leg, at: Moment) -> None:
        ledger, name = self._store.ledger, f"{leg.profile}.{leg.name}"
        if ledger.begin_leg(name, leg.start, at):
            return
        before_ms = at.steady_ms - leg.allowed_ms(at, self._voice.offset_min)
        found = ledger.examine(name, leg.start, leg.end, before_ms)
        if found:
            breaches = [self._breach(leg, ticket, at) for ticket in found if not ticket.met]
            ledger.examined(name, found[-1].mark, breaches, self._voice.month(at.wall_ms), at)

    def _breach(self, leg: Leg, ticket: Examined, at: Moment) -> SpoolDraft:
        event = payloads.Sla(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            at=self._voice.time(at.wall_ms),
            profile=leg.profile,
            leg=leg.name,
            state="breach",
            ticket_id=ticket.ticket_id,
            ticket_number=ticket.number,
            since=self._voice.time(at.wall_ms - (at.steady_ms - ticket.since_steady_ms)),
            limit_s=leg.limit_s,
        )
        return self._voice.draft(Lane.EVENT, "sla", event.event_id, event)

    # -- broadcasts ----------------------------------------------------------------------------------------------------

    def broadcast(self, progress: Progress, at: Moment) -> SpoolDraft:
        """Word how far a broadcast is."""
        states = progress.states

        def of(*wanted: OutboundState) -> int:
            return sum(states.get(state, 0) for state in wanted)

        event = payloads.BroadcastEvent(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            command_id=progress.command_id,
            at=self._voice.time(at.wall_ms),
            final=progress.final,
            total=sum(states.values()),
            queued=of(OutboundState.QUEUED, OutboundState.SENDING),
            sent=of(OutboundState.SENT, OutboundState.DELIVERED),
            failed=of(OutboundState.FAILED, OutboundState.UNDELIVERED),
            uncertain=of(OutboundState.UNCERTAIN),
            expired=of(OutboundState.EXPIRED),
            cancelled=of(OutboundState.CANCELLED),
        )
        return self._voice.draft(Lane.EVENT, "broadcast", event.event_id, event)

    # -- the report ----------------------------------------------------------------------------------------------------

    def _report(self, at: Moment) -> None:
        """Make the report of a month that is over; one a round, also for months the box was off.

        A calendar that has leapt begins anew: neither a report for each month of decades, nor none until it is there.
        """
        month, last = self._voice.month(at.wall_ms), self._store.ledger.reported()
        if not last or self._store.ledger.report_drift_ms(at) > LONGEST_OFF_MS:
            self._store.ledger.report(shifted(month, -1), None, at)
        elif (period := shifted(last, 1)) < month:
            self._store.ledger.report(period, self._written(period, at), at)

    def _written(self, period: str, at: Moment) -> SpoolDraft:
        span = self._span(period)
        counts = self._store.ledger.figures(period) | self._store.ledger.outgoing(span.start_ms, span.end_ms)
        signed = msgspec.json.encode({"counts": dict(sorted(counts.items())), "period": period})
        event = payloads.Report(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            period=period,
            made_at=self._voice.time(at.wall_ms),
            store_id=self._voice.store_id,
            counts=dict(sorted(counts.items())),
            sha256=hashlib.sha256(signed).hexdigest(),
            acknowledgement=_waits(self._store.ledger.waits(span.start_ms, span.end_ms)),
            outages=_outages(self._store.incidents.newest(OUTAGES, span.start_ms), span, at) or msgspec.UNSET,
        )
        return self._voice.draft(Lane.EVENT, "report", event.event_id, event)

    def _span(self, period: str) -> "Span":
        return Span(self._midnight(period), self._midnight(shifted(period, 1)))

    def _midnight(self, period: str) -> int:
        """Give the first moment of a month in the office's zone."""
        utc_ms = payloads.unix_ms(f"{period}-01T00:00:00Z")
        return utc_ms - 60_000 * self._voice.offset_min(utc_ms)


@dataclass(frozen=True, slots=True)
class Span:
    """A time on the wall clock."""

    start_ms: int
    end_ms: int


def shifted(period: str, months: int) -> str:
    """Name the month so many months later."""
    first = datetime.fromisoformat(f"{period}-01")
    count = first.year * 12 + first.month - 1 + months
    return f"{count // 12:04}-{count % 12 + 1:02}"


def _waits(waited_ms: Sequence[int]) -> payloads.Waits | msgspec.UnsetType:
    if not waited_ms:
        return msgspec.UNSET

    def rank(share: float) -> int:
        return waited_ms[min(len(waited_ms) - 1, int(share * len(waited_ms)))] // 1_000

    return payloads.Waits(count=len(waited_ms), p50_s=rank(0.5), p95_s=rank(0.95), max_s=waited_ms[-1] // 1_000)


def _outages(incidents: Iterable[Incident], span: Span, at: Moment) -> tuple[payloads.Outage, ...]:
    """Sum incidents up by cause, cut to the month."""
    found: dict[str, list[int]] = {}
    for incident in incidents:
        end_ms = at.wall_ms if incident.ended_ms is None else incident.ended_ms
        inside_ms = min(end_ms, span.end_ms) - max(incident.began_ms, span.start_ms)
        if inside_ms > 0:
            found.setdefault(incident.cause, []).append(inside_ms)
    return tuple(
        payloads.Outage(cause=cause, count=len(times), seconds=sum(times) // 1_000)
        for cause, times in sorted(found.items())
    )
