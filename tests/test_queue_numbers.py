import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.queue import numbers
from kentongan.queue.numbers import TicketNumber, format_number, parse_number

PREFIXES = st.from_regex(numbers.PREFIX, fullmatch=True)
COUNTERS = st.integers(0, numbers.CAPACITY - 1)


def test_the_example_of_the_decision_holds() -> None:
    assert format_number("LU2", 41_937) == "LU2-041-937-1"


def test_the_check_digit_is_damms() -> None:
    assert numbers.check_digit("572") == 4
    assert numbers.check_digit("5724") == 0


@given(PREFIXES, COUNTERS)
def test_what_was_formatted_is_read_back_and_has_no_run_of_four_digits(prefix: str, counter: int) -> None:
    text = format_number(prefix, counter)
    assert parse_number(text) == TicketNumber(prefix, counter)
    assert parse_number(text).text == text
    assert not re.search(r"\d{4}", text)
    assert len(text) == 13


@pytest.mark.parametrize(
    "spoken",
    ["lu2041937 1", "LU 2 041 937 1", "Lu2.041.937.1", " lu2-O41-937-l ", "LU2 041/937 I", "lu2_o41_937_i"],
)
def test_people_may_write_it_their_way(spoken: str) -> None:
    assert parse_number(spoken) == TicketNumber("LU2", 41_937)


@pytest.mark.parametrize("text", ["", "LU2", "LU2-041-937", "LU2-041-937-11", "2LU-041-937-1", "LU2-04A-937-1"])
def test_what_is_no_number_is_none(text: str) -> None:
    assert parse_number(text) is None


@given(PREFIXES, COUNTERS, st.integers(0, 7), st.integers(1, 9))
def test_a_misheard_digit_is_always_noticed(prefix: str, counter: int, position: int, shift: int) -> None:
    compact = format_number(prefix, counter).replace("-", "")
    index = 2 + position
    wrong = compact[:index] + str((int(compact[index]) + shift) % 10) + compact[index + 1 :]
    assert parse_number(wrong) is None


@given(PREFIXES, COUNTERS, st.integers(0, 6))
def test_two_swapped_neighbours_are_always_noticed(prefix: str, counter: int, position: int) -> None:
    compact = format_number(prefix, counter).replace("-", "")
    index = 2 + position
    swapped = compact[:index] + compact[index + 1] + compact[index] + compact[index + 2 :]
    assert swapped == compact or parse_number(swapped) is None


@pytest.mark.parametrize("prefix", ["", "LU", "lu2", "LU22", "L22", "ÄU2"])
def test_another_prefix_is_refused(prefix: str) -> None:
    with pytest.raises(ValueError, match="two letters"):
        format_number(prefix, 1)


def test_after_a_million_the_digits_begin_again() -> None:
    assert format_number("LU2", numbers.CAPACITY + 7) == format_number("LU2", 7)


@pytest.mark.parametrize(("last", "start"), [(0, 0), (1, 10), (9, 10), (10, 10), (11, 20), (999, 1000)])
def test_an_unclean_stop_skips_to_the_next_multiple_of_ten(last: int, start: int) -> None:
    assert numbers.after_unclean_stop(last) == start
