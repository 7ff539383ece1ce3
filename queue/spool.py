"""What waits for the broker: its order, and when an unacknowledged ticket is offered again (contract 4.7)."""

from zlib import crc32

TICKET_CHANNEL, TICKET_TYPE = "ticket", "kentongan.ticket.v1"
REPORT_CHANNEL, REPORT_AGAIN_MS = "report", 6 * 3_600_000  # offered until it is acknowledged (decisions.md 6)
ASIDE_CHANNELS = ("quarantine", "notice")  # tell of what is in quarantine, with its words
OFFER_AGAIN_MS = (30_000, 120_000, 600_000, 1_800_000, 3_600_000)  # then hourly
SPREAD = 0.2  # +-20 %, so that gateways of one county do not offer in step


def next_offer_ms(offers: int, jitter: float) -> int:
    """Give the wait after the `offers`-th offer (from 1); `jitter` is within 0..1, 0.5 is none."""
    wait = OFFER_AGAIN_MS[min(offers, len(OFFER_AGAIN_MS)) - 1]
    return round(wait * (1 + SPREAD * (2 * jitter - 1)))


def jitter_of(event_id: str, offers: int) -> float:
    """Derive a spread within 0..1 from the event itself: the same restart makes the same plan."""
    return crc32(f"{event_id} {offers}".encode()) / (1 << 32)
