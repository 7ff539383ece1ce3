"""The store's own figures; every query is served by a small index, because they are asked for all day long."""

from kentongan.queue.models import File
from kentongan.queue.records import Counts, Lane, Moment

OLDEST = """
    SELECT t.opened_steady_ms FROM spool s JOIN ticket t ON t.seq = s.ticket_seq
    WHERE s.ticket_seq IS NOT NULL AND s.lane = ? ORDER BY s.ticket_seq LIMIT 1
"""


def count(file: File, at: Moment) -> Counts:
    """Count; inside `reading`."""
    lane, one = int(Lane.TICKET), file.number
    oldest = file.one(OLDEST, lane)
    usage = file.usage()
    row = file.one("SELECT quarantined, sent, failed, counter FROM store") or (0, 0, 0, 0)
    return Counts(
        tickets=one("SELECT max(seq) FROM ticket"),
        unacknowledged=one("SELECT count(*) FROM spool WHERE lane = ?", lane),
        oldest_unacknowledged_ms=max(0, at.steady_ms - oldest[0]) if oldest else 0,
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
