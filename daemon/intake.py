"""Receiving: slots found become parts in the store, and slots are freed when another durable copy exists.

Pure but for the store it is given. One commit per call; what it returns may be done because the commit is over.
"""

from collections.abc import Callable

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.at.errors import PduError
from kentongan.daemon.events import Command, Note, ToModem
from kentongan.daemon.inbound import Found, Office, Report, content_of, interpret
from kentongan.daemon.line import HeldSlot, Line
from kentongan.queue.inbox import may_free
from kentongan.queue.records import InboundPart, Moment, OutboundDraft, Quarantined, Received, Ticket
from kentongan.queue.store import Answered, Store
from kentongan.queue.store_receiving import Teller, untold

AT_ONCE = 50  # orphans of a rescue in one round: a part that just came waits no longer than for these
Acknowledge = Callable[[Ticket, Answered], OutboundDraft | None]


class Intake:
    """What happens to every PDU that a modem shows."""

    def __init__(self, store: Store, office: Office, acknowledge: Acknowledge, tell: Teller = untold) -> None:
        self._store = store
        self._office = office
        self._acknowledge = acknowledge
        self._tell = tell
        self._rescued = True  # orphans of a rescue may be there; a store is rescued only before it is opened

    def slot(
        self, line: Line, event: at.SlotFound, moment: Moment, *, broker_up: bool, announced_ms: int | None = None
    ) -> list[Command]:
        """Take a slot that a walk or a hint showed; one already in hand costs nothing."""
        place = (event.storage, event.index)
        content = at.digest(event.pdu_hex)
        known = line.slots.by_place.get(place)
        if known is not None and known.digest == content:
            return []
        found = Found(
            line.name, line.iccid, event.pdu_hex, event.tpdu_octets, event.status, announced_ms, moment.wall_ms
        )
        match interpret(found, self._office):
            case Report() as report:
                self._report(line, report, moment)
                return [ToModem(line.name, to_modem.FreeSlot(*place, content))]
            case part:
                received = self._receive(part, moment)
                line.slots.by_place[place] = HeldSlot(content, received.part_id, received.held)
                heeded = self._heed(line, part, received, moment)
                return [*_notes(line, part, received), *heeded, *self.free(line, broker_up=broker_up)]

    def _heed(self, line: Line, part: InboundPart, received: Received, moment: Moment) -> list[Command]:
        """Act once on what was set aside."""
        if received.duplicate or not isinstance(part.content, Quarantined):
            return []
        return self._office.ears.heed(line.name, part.content, moment)

    def direct(self, line: Line, event: at.DirectMessage, moment: Moment) -> list[Command]:
        """Take a message that exists on the wire alone."""
        found = Found(line.name, line.iccid, event.pdu_hex, event.tpdu_octets, read_ms=moment.wall_ms)
        match interpret(found, self._office):
            case Report() as report:
                return self._report(line, report, moment)
            case part:
                return _notes(line, part, self._receive(part, moment))

    def _receive(self, part: InboundPart, moment: Moment) -> Received:
        return self._store.receive(part, moment, answer=self._acknowledge, tell=self._tell)

    def report(self, line: Line, event: at.ReportReceived, moment: Moment) -> list[Command]:
        """Take a status report from the wire; anything else there is stored like a message."""
        return self.direct(line, at.DirectMessage(event.tpdu_octets, event.pdu_hex), moment)

    def _report(self, line: Line, report: Report, moment: Moment) -> list[Command]:
        message = self._store.reported(line.name, report.reference, report.recipient, report.delivered, moment)
        facts = (("line", line.name), ("reference", report.reference), ("matched", message is not None))
        return [Note("report_received", facts)]

    def reopen(self, moment: Moment) -> list[Command]:
        """Open tickets anew for parts whose ticket was lost with a damaged file."""
        commands: list[Command] = []
        orphans = self._store.quarantine.orphans(AT_ONCE) if self._rescued else []
        self._rescued = bool(orphans)
        for orphan in orphans:
            try:
                content = content_of(orphan.pdu_hex, self._office)
            except PduError:
                content = None
            received = self._store.quarantine.reopen(orphan, content, tell=self._tell, at=moment)
            facts = (("line", orphan.line), ("part", orphan.part_id), ("ticket", received is not None))
            commands.append(Note("part_reopened", facts))
        return commands

    def free(self, line: Line, *, broker_up: bool) -> list[Command]:
        """Ask the modem to free every slot that the rule lets go and that it was not asked for yet."""
        commands: list[Command] = []
        for (storage, index), slot in line.slots.by_place.items():
            if not slot.asked and may_free(slot.held, broker_up=broker_up, crowded=line.slots.crowded):
                slot.asked = True
                commands.append(ToModem(line.name, to_modem.FreeSlot(storage, index, slot.digest)))
        return commands


def _notes(line: Line, part: InboundPart, received: Received) -> list[Command]:
    """Say what a part became, without its text and number."""
    facts: list[tuple[str, object]] = [("line", line.name), ("part", received.part_id)]
    if received.duplicate:
        return [Note("part_recognised", tuple(facts))]
    if isinstance(part.content, Quarantined):
        return [Note("part_quarantined", (*facts, ("reason", part.content.reason)))]
    if received.ticket is not None:
        ticket = received.ticket
        facts += [("number", ticket.number), ("seq", ticket.seq), ("received", f"{ticket.received}/{ticket.total}")]
    return [Note("ticket_opened" if received.opened else "part_received", tuple(facts))]
