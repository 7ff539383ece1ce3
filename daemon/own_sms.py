"""SMS of the gateway's own: to the clerk, to its own number, to a neighbour. Pure but for the store."""

from collections.abc import Mapping

from kentongan.at import pdu
from kentongan.daemon.drafts import drafts
from kentongan.daemon.line import Line
from kentongan.queue.records import (
    Encoding,
    Moment,
    OutboundDraft,
    OutboundMessage,
    OutboundState,
    Priority,
)
from kentongan.queue.store import Store

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
LEFT = frozenset({OutboundState.SENT, OutboundState.DELIVERED, OutboundState.UNCERTAIN})
RECENT = 50  # messages looked through for one of ours; a line sends fewer within a probe's patience


def own_sms(line: str, number: str, text: str, *, lifetime_ms: int) -> OutboundDraft:
    """Encode a text of one part; the network forgets it when we would."""
    segmented = pdu.segment(
        text,
        number,
        reference=0,
        report=False,
        validity_min=max(5, lifetime_ms // MINUTE_MS),
        max_parts=1,
    )
    return OutboundDraft(
        line,
        number,
        text,
        Encoding(segmented.encoding),
        drafts(segmented),
        Priority.NOTICE,
        lifetime_ms=lifetime_ms,
        validity_ms=lifetime_ms,
        anytime=True,
    )


class Post:
    """Queues them, and lets the line look at its queue."""

    def __init__(self, store: Store, lines: Mapping[str, Line]) -> None:
        self._store = store
        self._lines = lines

    def send(self, line: str, number: str, text: str, at: Moment, lifetime_ms: int = HOUR_MS) -> OutboundMessage:
        """Queue one."""
        message = self._store.enqueue(own_sms(line, number, text, lifetime_ms=lifetime_ms), at)
        self._lines[line].look_ms = 0
        return message

    def has_left(self, message_id: int) -> bool:
        """Tell whether one was sent: what never left proves nothing when it does not arrive."""
        recent = self._store.outbox(RECENT)
        return any(message.message_id == message_id and message.state in LEFT for message in recent)
