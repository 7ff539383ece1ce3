"""The store's own figures; every query is served by a small index, because they are asked for all day long."""

from dataclasses import replace

from kentongan.queue.models import File
from kentongan.queue.records import Counts, Lane, Moment

OLDEST = """
    SELECT t.opened_steady_ms FROM spool s JOIN ticket t ON t.seq = s.ticket_seq
    WHERE s.ticket_seq IS NOT NULL AND s.lane = ? ORDER BY s.ticket_seq LIMIT 1
"""


class Figures:
    """Counts anew when something has been written since; an idle gateway asks every few seconds and writes nothing."""

    def __init__(self, file: File) -> None:
        self._file = file
        self._version: tuple[int, ...] = ()  # of the file, when it was counted last
        self._counts = Counts()
        self._oldest_ms: int | None = None  # steady, when the oldest unacknowledged ticket was opened

    def counts(self, at: Moment) -> Counts:
        """Give the figures of now; inside `reading`."""
        if (version := self._file.version()) != self._version:
            oldest = self._file.one(OLDEST, int(Lane.TICKET))
            self._counts, self._oldest_ms = _count(self._file), oldest[0] if oldest else None
            self._version = version
        age_ms = 0 if self._oldest_ms is None else max(0, at.steady_ms - self._oldest_ms)
        return replace(self._counts, oldest_unacknowledged_ms=age_ms)


def _count(file: File) -> Counts:
    one, usage = file.number, file.usage()
    row = file.one("SELECT quarantined, sent, failed, counter FROM store") or (0, 0, 0, 0)
    return Counts(
        tickets=one("SELECT max(seq) FROM ticket"),
        unacknowledged=one("SELECT count(*) FROM spool WHERE lane = ?", int(Lane.TICKET)),
        spool=one("SELECT count(*) FROM spool"),
        queued=one("SELECT count(*) FROM message WHERE state IN ('queued', 'sending')"),
        uncertain=one("SELECT count(*) FROM message WHERE state = 'uncertain' AND settles_ms IS NOT NULL"),
        sent=row[1],
        failed=row[2],
        quarantined=row[0],
        received=one("SELECT max(id) FROM part"),
        counter=row[3],
        used_percent=100 * usage.used // usage.budget if usage.budget else 0,
        extra=(("used_octets", usage.used),),
    )
