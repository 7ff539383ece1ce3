"""What is told of an SMS beside its ticket: to the groups, of the quarantine, of the SIM; and what is counted. Pure."""

from collections.abc import Iterable

from msgspec import UNSET

from kentongan.daemon.answers import Answers
from kentongan.daemon.notices import Noticed, read_notice
from kentongan.daemon.outward import Voice
from kentongan.daemon.public import public_text
from kentongan.daemon.wishes import wish_of
from kentongan.mqtt import payloads
from kentongan.queue.inbox import GAP
from kentongan.queue.records import Kept, Lane, Moment, SpoolDraft, Thread, Ticket, Told

GROUP_OCTETS = 6_000  # of a text for a group: nothing but a ticket is above 8 kB (contract 4.5), and no bot shows more
MAX_SHOWN = 1_000  # characters of a text in quarantine and of a notice
OPERATORS = frozenset({"operator", "short_code"})  # reasons under which an operator's own words are kept


class Teller:
    """Says it within the transaction that stores the SMS."""

    def __init__(self, voice: Voice, answers: Answers) -> None:
        self._voice = voice
        self._answers = answers

    def __call__(self, what: Ticket | Kept, opened: bool, at: Moment) -> Told:
        """Tell of a ticket that was opened or has grown, or of what went into quarantine."""
        period = self._voice.month(at.wall_ms)
        if isinstance(what, Kept):
            events, figures = tuple(self._kept(what, at)), (f"quarantined.{what.reason}",)
            return Told(events, period, figures, wish_of(what, self._answers))
        classified = self._voice.classified(what)
        groups = tuple(self.group(what, slug, at) for slug in self._voice.audience(classified))
        if not opened:
            return Told(groups, period)
        names = ["follow_ups" if what.thread is Thread.FOLLOW_UP else "tickets", f"kind.{classified.kind}"]
        names += [f"category.{slug}" for slug in classified.slugs]
        return Told(groups, period, tuple(names))

    def group(self, ticket: Ticket, slug: str, at: Moment) -> SpoolDraft:
        """Word a ticket for one group: never a telephone number, and no word of what is confidential."""
        classified = self._voice.classified(ticket)
        event = payloads.Group(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            slug=slug,
            ticket_id=ticket.ticket_id,
            ticket_number=ticket.number,
            revision=ticket.revision,
            received_at=self._voice.time(ticket.received_ms),
            text="" if classified.confidential else _short(public_text(ticket.text)),
            kind=classified.kind,
            urgent=classified.urgent,
            thread=ticket.thread.value,
            categories=self._voice.categories(classified),
            confidential=classified.confidential or UNSET,
            incomplete=bool(ticket.missing) or UNSET,
        )
        return self._voice.draft(Lane.EVENT, f"group/{slug}", event.event_id, event)

    def _kept(self, kept: Kept, at: Moment) -> Iterable[SpoolDraft]:
        sender = kept.sender
        event = payloads.Quarantine(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            quarantine_id=f"{self._voice.store_id}-{kept.part_id}",
            reason=kept.reason,
            received_at=self._voice.time(at.wall_ms),
            releasable=kept.releasable,
            sender=self._voice.masked_sender(sender),
            line=kept.line,
            text=public_text(kept.text)[:MAX_SHOWN] if kept.text else UNSET,
        )
        yield self._voice.draft(Lane.EVENT, "quarantine", event.event_id, event)
        noticed = read_notice(kept.text) if kept.reason in OPERATORS else None
        if noticed is not None:
            yield self._notice(kept, noticed, at)

    def _notice(self, kept: Kept, noticed: Noticed, at: Moment) -> SpoolDraft:
        event = payloads.Notice(
            event_id=self._voice.ids.new(at.wall_ms),
            county_id=self._voice.topics.county_id,
            gateway_id=self._voice.topics.gateway_id,
            at=self._voice.time(at.wall_ms),
            sender=kept.sender.address[:20],
            text=public_text(kept.text)[:MAX_SHOWN],
            line=kept.line,
            balance_idr=UNSET if noticed.balance_idr is None else noticed.balance_idr,
            active_until=noticed.active_until or UNSET,
        )
        return self._voice.draft(Lane.EVENT, "notice", event.event_id, event)


def _short(text: str) -> str:
    """Cut a text of dozens of parts to what a group is told; the ticket has all of it."""
    octets = text.encode()
    return text if len(octets) <= GROUP_OCTETS else f"{octets[:GROUP_OCTETS].decode(errors='ignore')} {GAP}"
