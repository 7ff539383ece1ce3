import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.daemon.money import (
    AGAIN_MS,
    ASK_EVERY_MS,
    REFUSED_MS,
    SETTLE_MS,
    SLACK_RP,
    Purse,
    Reading,
    first_question,
    question_for,
    read_into,
)
from kentongan.daemon.notices import Noticed

PRICE = 350


def reading(balance: int | None, sends: int = 0, until: str = "") -> Reading:
    return Reading(Noticed(balance, until), 1_000, 2_000, sends)


@pytest.mark.parametrize(
    ("wanted", "operator", "question"),
    [("auto", "*888#", "*888#"), ("auto", "", ""), ("*123*7#>1", "*888#", "*123*7#>1"), ("off", "*888#", "")],
)
def test_the_question_is_the_configured_one_or_that_of_the_cards_operator(
    wanted: str, operator: str, question: str
) -> None:
    assert question_for(wanted, operator) == question


@settings(deadline=None)
@given(st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 500))
def test_a_leak_is_what_our_own_sends_cannot_explain(before: int, now: int, sends: int) -> None:
    purse = read_into(Purse(balance_rp=before), reading(now, sends), PRICE, 0)
    assert purse.balance_rp == now
    assert purse.draining is (before - now > 2 * PRICE * sends + SLACK_RP)
    assert purse.sends_left(PRICE) == now // PRICE


def test_the_first_reading_and_a_top_up_are_no_leak() -> None:
    assert not read_into(Purse(), reading(5_000), PRICE, 0).draining
    assert not read_into(Purse(balance_rp=100), reading(50_000), PRICE, 0).draining


def test_what_was_not_said_stays_as_it_was() -> None:
    purse = Purse(balance_rp=7_000, balance_ms=5, balance_steady_ms=6, valid_until_ms=9, draining=True)
    assert read_into(purse, reading(None), PRICE, 0) == purse
    later = read_into(purse, reading(None, until="2027-02-14"), PRICE, 99)
    assert (later.balance_rp, later.valid_until_ms, later.draining) == (7_000, 99, True)
    assert Purse().sends_left(PRICE) is None


def test_a_question_waits_for_the_line_and_for_the_day() -> None:
    assert first_question(Purse(), 0).next_ms == SETTLE_MS
    assert first_question(Purse(balance_ms=1, balance_steady_ms=0), 60_000).next_ms == ASK_EVERY_MS
    asking = first_question(Purse(balance_ms=1, balance_steady_ms=0), 10 * ASK_EVERY_MS)
    assert asking.next_ms == 10 * ASK_EVERY_MS + SETTLE_MS
    asking.asked(0)
    assert asking.next_ms == AGAIN_MS
    asking.answered(5, refused=True)
    assert asking.next_ms == 5 + REFUSED_MS
    asking.answered(5, refused=False)
    assert not asking.due(4 + ASK_EVERY_MS)
    assert asking.due(5 + ASK_EVERY_MS)
