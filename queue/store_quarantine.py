"""Statements on quarantine: what may leave it, and how it becomes a ticket after all."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from kentongan.queue.models import File
from kentongan.queue.records import (
    CommandRecord,
    InboundPart,
    Moment,
    OutboundDraft,
    Received,
    SpoolDraft,
    TextPart,
    Ticket,
)
from kentongan.queue.store_inbox import Answer, Answered
from kentongan.queue.store_receiving import Receiving, Teller

Transaction = Callable[[Moment], AbstractContextManager[None]]
Keep = Callable[[CommandRecord | None, SpoolDraft, Moment], None]


ORPHANED = "salvaged"  # the reason that a rescue gives to a part without its ticket (store_salvage.REPAIRS)


@dataclass(frozen=True, slots=True)
class Prisoner:
    """A raw message in quarantine."""

    part_id: int
    line: str
    pdu_hex: str
    reason: str
    key: bytes


class QuarantineTable:
    """Parts without a ticket."""

    def __init__(self, file: File, transaction: Transaction, keep: Keep, receiving: Receiving) -> None:
        self._file = file
        self._transaction = transaction
        self._keep = keep
        self._receiving = receiving

    def find(self, part_id: int) -> Prisoner | None:
        """Give what is in quarantine under a number, or nothing; an erased one has an empty PDU."""
        with self._file.reading():
            row = self._file.one(
                "SELECT id, line, pdu_hex, reason, key FROM part WHERE id = ? AND ticket_seq IS NULL", part_id
            )
        return Prisoner(row[0], row[1], row[2], row[3], row[4]) if row else None

    def release(  # noqa: PLR0913  one transaction takes all of it
        self,
        prisoner: Prisoner,
        content: TextPart,
        record: CommandRecord,
        response: SpoolDraft,
        *,
        answer: Answer,
        tell: Teller,
        at: Moment,
    ) -> Received:
        """Let a message out: it comes again as a citizen's, and keeps its key, by which the modem's copy is known."""
        with self._transaction(at):
            self._keep(record, response, at)
            return self._let_out(prisoner, content, answer, tell, at)

    def _let_out(self, prisoner: Prisoner, content: TextPart, answer: Answer, tell: Teller, at: Moment) -> Received:
        part = InboundPart(prisoner.line, "", prisoner.pdu_hex, f"released {prisoner.part_id}", content)
        received = self._receiving.store(part, content, answer, tell, at)
        self._file.run("DELETE FROM part WHERE id = ?", prisoner.part_id)
        self._file.run("UPDATE part SET key = ? WHERE id = ?", prisoner.key, received.part_id)
        return received

    # -- after a rescue ------------------------------------------------------------------------------------------------

    def orphans(self, limit: int) -> list[Prisoner]:
        """Give the parts whose ticket was lost when a damaged file was rescued, the oldest first."""
        with self._file.reading():
            rows = self._file.run(
                "SELECT id, line, pdu_hex, reason, key FROM part INDEXED BY part_quarantine"
                " WHERE ticket_seq IS NULL AND pdu_hex != '' AND reason = ? ORDER BY id LIMIT ?",
                ORPHANED,
                limit,
            )
            return [Prisoner(*row) for row in rows]

    def reopen(self, orphan: Prisoner, content: TextPart | None, *, tell: Teller, at: Moment) -> Received | None:
        """Open a ticket for an orphan, or for good leave in quarantine what is no text.

        Its sender is not answered: that was done when the SMS came. A backend that had the lost ticket gets it twice.
        """
        with self._transaction(at):
            if content is not None:
                return self._let_out(orphan, content, _silent, tell, at)
            self._file.run("UPDATE part SET reason = 'undecodable' WHERE id = ?", orphan.part_id)
            return None


def _silent(_ticket: Ticket, _answered: Answered) -> OutboundDraft | None:
    return None
