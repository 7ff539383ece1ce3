"""From the codec to the store: the parts of a text as it leaves."""

from kentongan.at import pdu
from kentongan.queue.records import PartDraft


def drafts(segmented: pdu.Segmented) -> tuple[PartDraft, ...]:
    """Make the store's parts of the codec's."""
    return tuple(PartDraft(part.tpdu_octets, part.pdu_hex) for part in segmented.parts)
