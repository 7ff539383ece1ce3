import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from kentongan.queue.ids import Uuid7

CANONICAL = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_an_identifier_is_a_canonical_uuid_of_version_7_with_the_wall_clock_in_front() -> None:
    text = Uuid7(lambda count: b"\xff" * count).new(0x0199C7D29E6B)
    assert CANONICAL.fullmatch(text)
    assert UUID(text).version == 7
    assert UUID(text).int >> 80 == 0x0199C7D29E6B


@given(st.lists(st.integers(-(10**14), 10**14), min_size=2, max_size=200), st.binary(min_size=10, max_size=10))
def test_identifiers_grow_whatever_the_clock_does(clock: list[int], random: bytes) -> None:
    ids = Uuid7(lambda count: random[:count])
    made = [ids.new(wall_ms) for wall_ms in clock]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(CANONICAL.fullmatch(text) for text in made)


def test_ten_thousand_identifiers_of_one_millisecond_keep_their_order() -> None:
    ids = Uuid7(lambda count: b"\xff" * count)
    made = [ids.new(1_770_000_000_000) for _ in range(10_000)]
    assert made == sorted(set(made))


def test_a_new_generator_stays_above_what_it_has_seen() -> None:
    old = Uuid7(lambda count: b"\x80" * count).new(1_900_000_000_000)
    ids = Uuid7(lambda count: b"\x00" * count)
    ids.seen(old)
    assert ids.new(0) > old
