"""Reading tickets: their rows and the parts their text is put together from; inside a transaction of the store."""

import json
from collections.abc import Sequence

from kentongan.queue import inbox
from kentongan.queue.models import File, Row
from kentongan.queue.records import Encoding, Sender, Thread, Ticket, TicketState

TICKET_COLUMNS = (
    "seq, ticket_id, event_id, number, line, sender_number, sender_address, sender_ref, replyable, revision, total,"
    " received_ms, synced, kind, thread, notes, state, backend_ticket,"
    " (SELECT attempt FROM spool WHERE ticket_seq = ticket.seq AND lane = 2)"
)
LISTED = "(SELECT value FROM json_each(?))"  # one prepared statement for lists of any length
PARTS_OF = (
    "SELECT ticket_seq, sequence, text, encoding, data, lossy, smsc_ms, smsc_offset_min, hint_ms, read_ms FROM part"  # noqa: S608  own text
    f" WHERE ticket_seq IN {LISTED} AND sequence > 0 ORDER BY sequence, id"
)


class Tickets:
    """Tickets as they stand."""

    def __init__(self, file: File) -> None:
        self._file = file

    def get(self, seq: int) -> Ticket:
        """Give a ticket that exists; raises `LookupError` when it does not."""
        found = self.find("seq = ?", seq)
        if found is None:
            raise LookupError(f"there is no ticket {seq}")
        return found

    def find(self, where: str, *values: object) -> Ticket | None:
        """Give the first ticket of a condition, or nothing."""
        return next(iter(self.some(where, *values)), None)

    def by_seq(self, seqs: Sequence[int]) -> dict[int, Ticket]:
        """Give tickets under their numbers in this store."""
        found = self.some(f"seq IN {LISTED}", json.dumps(seqs)) if seqs else []
        return {ticket.seq: ticket for ticket in found}

    def some(self, where: str, *values: object) -> list[Ticket]:
        """Give the tickets of a condition (with its order and limit)."""
        sql = f"SELECT {TICKET_COLUMNS} FROM ticket WHERE {where}"  # noqa: S608  conditions are our own text
        rows = self._file.run(sql, *values).fetchall()
        parts: dict[int, list[Row]] = {row[0]: [] for row in rows}
        for part in self._file.run(PARTS_OF, json.dumps(list(parts))):
            parts[part[0]].append(part)
        return [_ticket(row, parts[row[0]]) for row in rows]


def _ticket(row: Row, parts: Sequence[Row]) -> Ticket:
    pieces = [inbox.Piece(part[1], text_of(part[2]), Encoding(part[3]), part[4], bool(part[5])) for part in parts]
    total = row[10]
    joined = inbox.join(pieces, total)
    stamped = next((part for part in parts if part[6] is not None), None)
    return Ticket(
        seq=row[0],
        ticket_id=row[1],
        event_id=row[2],
        number=row[3],
        line=row[4],
        sender=Sender(row[5], row[6], row[7], bool(row[8])),
        revision=row[9],
        text=joined.text,
        lossy=joined.lossy,
        encoding=joined.encoding,
        data=joined.data,
        total=total,
        received=total - len(joined.missing),
        missing=joined.missing,
        received_ms=row[11],
        synced=bool(row[12]),
        smsc_ms=stamped[6] if stamped else None,
        smsc_offset_min=stamped[7] if stamped else 0,
        kind=row[13],
        thread=Thread(row[14]),
        notes=notes_of(row[15]),
        state=TicketState(row[16]),
        attempt=row[18] or 0,
        backend_ticket=row[17],
        hint_ms=next((part[8] for part in parts if part[8] is not None), None),
        read_ms=next((part[9] for part in parts if part[9] is not None), None),
    )


def text_of(octets: bytes) -> str:
    """Read a part's text: halves of characters are kept, they are joined with the other parts'."""
    return octets.decode("utf-8", "surrogatepass")


def notes_of(text: str) -> tuple[tuple[str, str], ...]:
    """Read a ticket's notes."""
    return tuple((key, value) for key, value in json.loads(text))
