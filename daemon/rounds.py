"""What the gateway looks after once a minute: time standards, broadcasts, the report of the month, the store."""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from kentongan.daemon.clock import LONGEST_OFF_MS
from kentongan.daemon.monthly import Month, Spread, collect, shifted, span_of
from kentongan.daemon.outward import Voice
from kentongan.daemon.standards import Leg
from kentongan.daemon.upkeep import Upkeep
from kentongan.mqtt import payloads
from kentongan.queue.incidents import RungRecord
from kentongan.queue.records import Lane, Moment, OutboundState, SpoolDraft
from kentongan.queue.store import Store
from kentongan.queue.store_ledger import Examined, Progress


class Rounds:
    """Looks and tells; every finding is told once."""

    def __init__(self, store: Store, voice: Voice, lines: Sequence[str], legs: Sequence[Leg] = ()) -> None:
        self._store = store
        self._lines = lines
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
        month = collect(self._store, period, span_of(period, self._voice.offset_min), at.wall_ms, self._lines)
        counts = dict(sorted(month.counts.items()))
        event = payloads.Report(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            period=period,
            made_at=self._voice.time(at.wall_ms),
            store_id=self._voice.store_id,
            counts=counts,
            sha256=hashlib.sha256(msgspec.json.encode({"counts": counts, "period": period})).hexdigest(),
            acknowledgement=_waits(month.taken),
            operator_delay=_waits(month.held),
            answer=_waits(month.answered),
            outages=_outages(month) or msgspec.UNSET,
            reports=month.reports,
            waiting=month.waiting,
            down_s=month.down_ms // 1_000,
            known_s=month.known.lasted_ms // 1_000,
            recoveries=_recoveries(self._store.incidents.rungs()) or msgspec.UNSET,
        )
        return self._voice.draft(Lane.EVENT, "report", event.event_id, event)


def _waits(spread: Spread | None) -> payloads.Waits | msgspec.UnsetType:
    if spread is None:
        return msgspec.UNSET
    p50_s, p95_s, max_s = (each // 1_000 for each in (spread.p50_ms, spread.p95_ms, spread.max_ms))
    return payloads.Waits(count=spread.count, p50_s=p50_s, p95_s=p95_s, max_s=max_s)


def _recoveries(rungs: Iterable[RungRecord]) -> tuple[payloads.Recovery, ...]:
    return tuple(
        payloads.Recovery(line=each.line, step=each.rung, taken=each.climbed, succeeded=each.succeeded)
        for each in rungs
    )


def _outages(month: Month) -> tuple[payloads.Outage, ...]:
    summed = sorted(month.troubles, key=lambda trouble: trouble.cause)
    return tuple(
        payloads.Outage(cause=each.cause, count=each.count, seconds=each.lasted_ms // 1_000) for each in summed
    )
