"""Publishing: what waits for the broker goes out in order, in a small window, until its PUBACK.

Pure but for the store it is given. SQLite is the only queue: a lost connection forgets the window and nothing else.
"""

from kentongan.daemon.broker import Broker
from kentongan.daemon.events import Command, Note, Publish
from kentongan.daemon.outward import Voice
from kentongan.daemon.sending import NEVER_MS
from kentongan.mqtt.events import PubackResult, Publication, Published
from kentongan.queue.records import Lane, Moment, SpoolItem, TicketAck
from kentongan.queue.store import Store

# How long a publication rests that the broker did not take (contract 6.3).
REST_MS = {
    PubackResult.NO_SUBSCRIBER: 30_000,
    PubackResult.NOT_AUTHORIZED: 300_000,
    PubackResult.REFUSED: 60_000,
    PubackResult.TOO_LARGE: 3_600_000,
}

BESIDE_RESPONSES = tuple(lane for lane in Lane if lane is not Lane.RESPONSE)
LET_GO = 10  # publications of an event that the broker refuses each time, a day's worth of patience at most


class Offering:
    """The pump between spool and link."""

    def __init__(self, store: Store, broker: Broker, voice: Voice, *, closing: bool = False) -> None:
        self._store = store
        self._closing = closing  # a PUBACK closes the ticket: best effort, for a consumer that can only listen
        self._broker = broker
        self._voice = voice
        self.look_ms = 0  # steady moment from which the spool is worth a look

    def pump(self, moment: Moment) -> list[Command]:
        """Fill the window with what is due."""
        room = self._broker.room
        if room <= 0 or moment.steady_ms < self.look_ms:
            return []
        in_flight, share = self._broker.in_flight, self._broker.responses_room
        items = self._store.spool_due(moment, limit=room, exclude=in_flight.keys(), responses=share)
        for item in items:
            in_flight[item.spool_id] = item
        if len(items) < room:
            # a response that is held back goes with the PUBACK of another, and that looks by itself
            lanes = Lane if self._broker.responses_room else BESIDE_RESPONSES
            due = self._store.spool_next_due(in_flight.keys(), lanes)
            self.look_ms = NEVER_MS if due is None else due
        return [Publish(self._publication(item, moment)) for item in items]

    def _publication(self, item: SpoolItem, moment: Moment) -> Publication:
        return Publication(
            item.spool_id,
            self._voice.topics.event(item.channel),
            self._payload(item, moment),
            event_id=item.event_id,
            event_type=item.event_type,
            correlation=item.correlation,
            connection_id=self._broker.up.connection_id if self._broker.up else "",
        )

    def _payload(self, item: SpoolItem, moment: Moment) -> bytes:
        """Word a ticket anew for each publication; a replay's body names the command that asked for it."""
        if item.ticket is None or item.lane is Lane.EVENT:
            return item.body
        return self._voice.ticket(item.ticket, item.attempt, moment, item.body.decode())

    def answered(self, event: Published, moment: Moment) -> tuple[list[Command], frozenset[int]]:
        """Commit a PUBACK; gives the parts that have their second durable copy now."""
        item = self._broker.in_flight.get(event.token)
        if item is None:
            return [], frozenset()
        if item.lane is not Lane.EVENT:  # a backend need not listen to groups and notices
            self._broker.answered(event)
        facts = (("spool", item.spool_id), ("channel", item.channel), ("result", str(event.result)))
        if event.result is PubackResult.ACCEPTED or _unheard(item, event):
            name, part_ids = "published", self._store.spool_published(item.spool_id, moment)
            if self._closing and item.ticket is not None and item.lane is Lane.TICKET:
                self._store.acknowledge(TicketAck(item.ticket.ticket_id, True, item.ticket.revision), moment)
        else:
            name, part_ids = "publication_rested", ()
            self._store.spool_deferred(item.spool_id, moment, REST_MS[event.result])
        del self._broker.in_flight[item.spool_id]
        self.look_ms = 0
        return [Note(name, facts)], frozenset(part_ids)


def _unheard(item: SpoolItem, event: Published) -> bool:
    """Tell whether an event of which nobody acknowledges the receipt is let go: nobody listens, or it never passes."""
    if item.lane is not Lane.EVENT:
        return False
    return event.result is PubackResult.NO_SUBSCRIBER or item.attempt >= LET_GO
