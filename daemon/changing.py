"""`command/ticket` and `command/release`: what people know better than the gateway's rules."""

from dataclasses import dataclass, replace

from msgspec import UNSET

from kentongan.at.errors import PduError
from kentongan.daemon.effects import Made
from kentongan.daemon.inbound import Office, content_of
from kentongan.daemon.intake import Acknowledge
from kentongan.daemon.outward import LINK_MARK, NOTE_CATEGORY, NOTE_CLOSED, NOTE_LINK, Voice
from kentongan.daemon.tellings import Teller
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import Moment, Ticket
from kentongan.queue.store import Store

MAX_NOTES = 40  # on one ticket: links to as many systems as a county will ever have


@dataclass(frozen=True, slots=True)
class Desks:
    """What a message let out of quarantine meets again."""

    office: Office
    acknowledge: Acknowledge
    tell: Teller


class Changing:
    """Corrects tickets."""

    def __init__(self, store: Store, voice: Voice, desks: Desks) -> None:
        self._store = store
        self._voice = voice
        self._desks = desks

    # -- command/ticket ------------------------------------------------------------------------------------------------

    def ticket(self, command: payloads.TicketChange, at: Moment) -> Made:
        """Note a correction, a link, a close; groups that are new to the ticket hear of it."""
        ticket = self._store.ticket(command.ticket_id)
        if ticket is None or ticket.state == "erased":
            return Refused(ErrorCode.UNKNOWN_TICKET, "this gateway has no such ticket", command.command_id, "ticket_id")
        if (command.categories, command.link, command.close) == (UNSET, UNSET, UNSET):
            return Refused(ErrorCode.SCHEMA_INVALID, "give categories, link or close", command.command_id)
        if command.categories is not UNSET and not self._known(command.categories):
            return Refused(ErrorCode.SCHEMA_INVALID, "no such group here", command.command_id, "categories")
        notes = _noted(ticket, command)
        if len(notes) > MAX_NOTES:
            return Refused(ErrorCode.SCHEMA_INVALID, f"{MAX_NOTES} notes are enough", command.command_id)
        told = self._voice.audience(self._voice.classified(ticket))
        new = () if command.categories is UNSET else tuple(slug for slug in command.categories if slug not in told)
        changed = replace(ticket, notes=notes)
        events = [self._desks.tell.group(changed, slug, at) for slug in new]
        result: payloads.Result = {
            "ticket_number": ticket.number,
            "categories": list(self._voice.classified(changed).slugs),
            "told": list(new),
        }
        done = self._voice.response("ticket", command.command_id, "done", at, result=result)
        ledger = self._store.ledger
        return done, lambda record, spooled: ledger.annotate(ticket, notes, record, spooled, events, at=at)

    def _known(self, slugs: tuple[str, ...]) -> bool:
        return self._voice.rules is not None and all(self._voice.rules.knows(slug) for slug in slugs)

    # -- command/release -----------------------------------------------------------------------------------------------

    def release(self, command: payloads.Release, at: Moment) -> Made:
        """Make a ticket of what is in quarantine, as if its sender had never been doubted."""
        store_id, _, number = command.quarantine_id.partition("-")
        found = self._store.quarantine.find(int(number)) if store_id == self._voice.store_id else None
        if found is None:
            why, where = "nothing is in quarantine under this id", "quarantine_id"
            return Refused(ErrorCode.UNKNOWN_TICKET, why, command.command_id, where)
        try:
            content = content_of(found.pdu_hex, self._desks.office) if found.pdu_hex else None
        except PduError:
            content = None
        if content is None:
            why = "its body was not kept, or it is no text"
            return Refused(ErrorCode.TOO_LATE, why, command.command_id, "quarantine_id", {"reason": found.reason})
        done = self._voice.response("release", command.command_id, "done", at, result={"reason": found.reason})
        desks = self._desks
        return done, lambda record, spooled: self._store.quarantine.release(
            found, content, record, spooled, answer=desks.acknowledge, tell=desks.tell, at=at
        )


def _noted(ticket: Ticket, command: payloads.TicketChange) -> tuple[tuple[str, str], ...]:
    """Write what a command says among a ticket's notes; categories and the reason of a close replace older ones."""
    notes = list(ticket.notes)
    if command.categories is not UNSET:
        notes = [note for note in notes if note[0] != NOTE_CATEGORY]
        notes += [(NOTE_CATEGORY, slug) for slug in command.categories]
    if command.link is not UNSET:
        link = (NOTE_LINK, f"{command.link.system}{LINK_MARK}{command.link.id}")
        notes = [note for note in notes if note != link] + [link]
    if command.close is not UNSET:
        notes = [note for note in notes if note[0] != NOTE_CLOSED] + [(NOTE_CLOSED, command.close)]
    return tuple(notes)
