"""Make the draft of an SMS of the gateway's own: to the clerk, to its own number, to a neighbour. Pure."""

from kentongan.at import pdu
from kentongan.queue.records import Encoding, OutboundDraft, PartDraft, Priority

HOUR_MS, MINUTE_MS = 3_600_000, 60_000


def own_sms(line: str, number: str, text: str, *, lifetime_ms: int = HOUR_MS, anytime: bool = True) -> OutboundDraft:
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
        tuple(PartDraft(part.tpdu_octets, part.pdu_hex) for part in segmented.parts),
        Priority.NOTICE,
        lifetime_ms=lifetime_ms,
        validity_ms=lifetime_ms,
        anytime=anytime,
    )
