"""What one part causes in its transaction: a ticket or a quarantine, an acknowledgement, events, figures."""

from collections.abc import Callable
from typing import assert_never

from kentongan.queue.records import (
    InboundPart,
    Kept,
    Lane,
    Moment,
    Quarantined,
    Received,
    Sender,
    TextPart,
    Ticket,
    Told,
    WishLevel,
)
from kentongan.queue.store_inbox import Answer, Inbox
from kentongan.queue.store_ledger import Ledger
from kentongan.queue.store_messages import Messages
from kentongan.queue.store_spool import Spool
from kentongan.queue.store_wishes import Wishes

# What the bridge says of a ticket (whether it was just opened) or of a part in quarantine.
Teller = Callable[[Ticket | Kept, bool, Moment], Told]

NOBODY = Sender("", "", "", replyable=False)


def untold(_what: Ticket | Kept, _opened: bool, _at: Moment) -> Told:
    """Say nothing."""
    return Told()


class Receiving:
    """Brings a part in; inside the store's transaction."""

    def __init__(self, inbox: Inbox, spool: Spool, messages: Messages, ledger: Ledger, wishes: Wishes) -> None:
        self._inbox = inbox
        self._wishes = wishes
        self._spool = spool
        self._messages = messages
        self._ledger = ledger

    def take(self, part: InboundPart, answer: Answer, tell: Teller, at: Moment) -> Received:
        """Store a part with everything it causes."""
        match part.content:
            case Quarantined() as content:
                received = self._inbox.quarantine(part, content, at)
                kept = _kept(received.part_id, part, content)
                told = tell(kept, False, at)
                self._say(told, 0, at)
                if told.wish is not None and self._wishes.take(kept.sender.ref, told.wish.level, at):
                    self._messages.add(told.wish.answer, at)
                return received
            case TextPart() as content:
                return self.store(part, content, answer, tell, at)
            case _:
                assert_never(part.content)

    def store(self, part: InboundPart, content: TextPart, answer: Answer, tell: Teller, at: Moment) -> Received:
        """Store a citizen's part."""
        received = self._inbox.store(part, content, at)
        if received.ticket is not None:
            self._say(tell(received.ticket, received.opened, at), received.ticket.seq, at)
            if received.opened:
                self._acknowledge(received.ticket, answer, at)
        return received

    def _say(self, told: Told, seq: int, at: Moment) -> None:
        """Keep what the bridge says; what it said of an earlier state of the ticket and is not out yet is withdrawn."""
        if seq:
            self._spool.remove_ticket(seq, Lane.EVENT)
        due_ms = self._spool.due_of(seq, at.steady_ms) if seq else at.steady_ms
        for event in told.events:
            self._spool.add(event, due_ms, seq or None)
        self._ledger.count(told.period, told.tallies)

    def _acknowledge(self, ticket: Ticket, answer: Answer, at: Moment) -> None:
        if self._wishes.level_of(ticket.sender.ref) is WishLevel.NOTHING:
            return
        draft = answer(ticket, self._inbox.answered(ticket.sender.ref, at))
        if draft is not None:
            self._inbox.mark_answered(ticket.seq)
            self._messages.add(draft, at)


def _kept(part_id: int, part: InboundPart, content: Quarantined) -> Kept:
    releasable = bool(content.keep_body and part.pdu_hex and content.reason not in {"undecodable", "stored_submit"})
    text = content.text if content.keep_body and content.reason != "undecodable" else ""
    return Kept(part_id, part.line, content.reason, content.sender or NOBODY, text, releasable)
