import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.queue.spool import jitter_of, next_offer_ms

EVENT = "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"


@pytest.mark.parametrize(
    ("offers", "wait_s"), [(1, 30), (2, 120), (3, 600), (4, 1800), (5, 3600), (6, 3600), (99, 3600)]
)
def test_an_offer_is_repeated_less_and_less_often_and_at_last_hourly(offers: int, wait_s: int) -> None:
    assert next_offer_ms(offers, 0.5) == wait_s * 1000


@given(st.uuids(), st.integers(1, 1000))
def test_the_spread_is_at_most_a_fifth_and_always_the_same_for_an_offer(event: object, offers: int) -> None:
    middle = next_offer_ms(offers, 0.5)
    found = next_offer_ms(offers, jitter_of(str(event), offers))
    assert 0.8 * middle <= found <= 1.2 * middle
    assert found == next_offer_ms(offers, jitter_of(str(event), offers))


def test_different_offers_are_spread_differently() -> None:
    assert len({round(jitter_of(EVENT, offers), 3) for offers in range(1, 100)}) > 80
