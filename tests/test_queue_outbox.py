import itertools

import pytest

from kentongan.queue import outbox
from kentongan.queue.outbox import LIFE, OVER, PartState, Step, after, is_final, reported_step, sent_step
from kentongan.queue.records import OutboundState as State


@pytest.mark.parametrize(("state", "step"), list(itertools.product(OVER, Step)))
def test_nothing_moves_a_message_that_is_over(state: State, step: Step) -> None:
    assert after(state, step) is None


def test_every_state_can_be_reached_and_the_open_ones_left() -> None:
    assert {State.QUEUED} | set(LIFE.values()) == set(State)
    assert {state for state, _ in LIFE} == set(State) - OVER


def test_a_message_is_cancelled_or_expires_only_before_it_was_begun() -> None:
    assert [state for state in State if after(state, Step.CANCEL)] == [State.QUEUED]
    assert [state for state in State if after(state, Step.EXPIRE) is State.EXPIRED] == [State.QUEUED]


def test_a_message_in_doubt_is_never_queued_again() -> None:
    assert State.QUEUED not in {new for (state, _), new in LIFE.items() if state is State.UNCERTAIN}


@pytest.mark.parametrize("delivery_report", [True, False])
def test_sent_is_final_without_a_report(delivery_report: bool) -> None:
    assert is_final(State.SENT, delivery_report=delivery_report) is not delivery_report
    assert all(is_final(state, delivery_report=delivery_report) for state in OVER)
    assert not is_final(State.UNCERTAIN, delivery_report=delivery_report)


@pytest.mark.parametrize(
    ("parts", "step"),
    [
        ([PartState.DELIVERED], Step.ALL_DELIVERED),
        ([PartState.DELIVERED, PartState.SENT], None),
        ([PartState.DELIVERED, PartState.QUEUED], None),
        ([PartState.DELIVERED, PartState.UNDELIVERED], Step.NOT_DELIVERED),
        ([PartState.SENT, PartState.UNDELIVERED], Step.NOT_DELIVERED),
    ],
)
def test_reports_of_all_parts_make_the_messages(parts: list[PartState], step: Step | None) -> None:
    assert reported_step(parts) is step


@pytest.mark.parametrize(
    ("parts", "step"),
    [
        ([PartState.SENT, PartState.DELIVERED], Step.ALL_SENT),
        ([PartState.SENT, PartState.QUEUED], Step.PART_SENT),
        ([PartState.SENT, PartState.UNCERTAIN], Step.PART_SENT),
    ],
)
def test_a_message_is_sent_when_all_its_parts_are(parts: list[PartState], step: Step) -> None:
    assert sent_step(parts) is step


def test_open_ends_settle_on_their_own_time() -> None:
    day_ms = 86_400_000
    assert outbox.settles_ms(State.SENT, 5, day_ms) == 5 + 2 * day_ms
    assert outbox.settles_ms(State.UNCERTAIN, 5, 7 * day_ms) == 5 + day_ms
    assert outbox.settles_ms(State.QUEUED, 5, day_ms) is None
