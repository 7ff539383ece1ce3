r"""Life of an outgoing message, as tables (contract 4.7, decisions.md 7).

    QUEUED --begin--> SENDING --all parts taken--> SENT --reports--> DELIVERED | UNDELIVERED
      | cancel, expire   |  \--refused for good, lifetime over--> FAILED
      v                  |  \--line at fault, nothing taken yet--> QUEUED
    CANCELLED, EXPIRED   \--nobody can know--> UNCERTAIN --evidence--> SENDING | SENT | DELIVERED ...

Refuses to leave a state that is over: what comes then is evidence about nothing.
"""

from collections.abc import Collection
from enum import StrEnum

from kentongan.queue.records import OutboundState as State

# An earlier message to the same recipient is waited for until it has failed this often: after that it holds up nobody.
ORDER_HOLDS_ATTEMPTS = 3
UNCERTAIN_SETTLES_MS = 86_400_000  # contract 4.7: an uncertain message is final after 24 h
REPORT_SLACK_MS = 86_400_000  # reports come up to a day after the validity period, modem.md 5.11


class Step(StrEnum):
    """What happens to a message."""

    BEGIN = "begin"  # a part is about to be handed to the modem
    PART_SENT = "part_sent"  # and there are more
    ALL_SENT = "all_sent"
    ALL_DELIVERED = "all_delivered"
    NOT_DELIVERED = "not_delivered"  # a permanent failure report
    RETRY = "retry"
    PAUSE = "pause"  # the line is at fault and nothing of the message was taken yet
    GIVE_UP = "give_up"
    DOUBT = "doubt"
    CANCEL = "cancel"
    EXPIRE = "expire"


class PartState(StrEnum):
    """Life of one part."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    UNCERTAIN = "uncertain"
    FAILED = "failed"


TAKEN = frozenset({PartState.SENT, PartState.DELIVERED, PartState.UNDELIVERED})  # the service centre has it

LIFE: dict[tuple[State, Step], State] = {
    (State.QUEUED, Step.BEGIN): State.SENDING,
    (State.QUEUED, Step.CANCEL): State.CANCELLED,
    (State.QUEUED, Step.EXPIRE): State.EXPIRED,
    (State.SENDING, Step.BEGIN): State.SENDING,
    (State.SENDING, Step.PART_SENT): State.SENDING,
    (State.SENDING, Step.ALL_SENT): State.SENT,
    (State.SENDING, Step.RETRY): State.SENDING,
    (State.SENDING, Step.PAUSE): State.QUEUED,
    (State.SENDING, Step.GIVE_UP): State.FAILED,
    (State.SENDING, Step.DOUBT): State.UNCERTAIN,
    (State.SENDING, Step.EXPIRE): State.FAILED,
    (State.UNCERTAIN, Step.PART_SENT): State.SENDING,
    (State.UNCERTAIN, Step.ALL_SENT): State.SENT,
    (State.UNCERTAIN, Step.RETRY): State.SENDING,
    (State.SENT, Step.ALL_DELIVERED): State.DELIVERED,
    (State.SENT, Step.NOT_DELIVERED): State.UNDELIVERED,
}
OVER = frozenset({State.DELIVERED, State.UNDELIVERED, State.FAILED, State.EXPIRED, State.CANCELLED})
WAITS_TO_SEND = frozenset({State.QUEUED, State.SENDING})


def after(state: State, step: Step) -> State | None:
    """Give the state after a step, or nothing when the step does not concern a message in this state."""
    return LIFE.get((state, step))


def is_final(state: State, *, delivery_report: bool) -> bool:
    """Tell whether a state is the last one; without a report `sent` is."""
    return state in OVER or (state is State.SENT and not delivery_report)


def reported_step(parts: Collection[PartState]) -> Step | None:
    """Sum up what the reports of all parts say about their message."""
    if PartState.UNDELIVERED in parts:
        return Step.NOT_DELIVERED
    return Step.ALL_DELIVERED if all(part is PartState.DELIVERED for part in parts) else None


def sent_step(parts: Collection[PartState]) -> Step:
    """Tell whether the service centre has the whole message."""
    return Step.ALL_SENT if all(part in TAKEN for part in parts) else Step.PART_SENT


def settles_ms(state: State, now_ms: int, validity_ms: int) -> int | None:
    """Give the moment at which an open end of this state is closed, if it has one (contract 4.7)."""
    if state is State.SENT:
        return now_ms + validity_ms + REPORT_SLACK_MS
    return now_ms + UNCERTAIN_SETTLES_MS if state is State.UNCERTAIN else None
