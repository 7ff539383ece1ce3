import pytest

from kentongan.queue.reports import WINDOW_MS, Awaiting, expected_reference, match, same_number

MINE = "+6281234567890"


def part(part_id: int, reference: int = 7, *, sent_ms: int = 0, certain: bool = True) -> Awaiting:
    return Awaiting(part_id, reference, MINE, sent_ms, certain)


@pytest.mark.parametrize("spelling", [MINE, "6281234567890", "081234567890"])
def test_the_recipient_may_be_spelled_in_any_of_the_ways_of_service_centres(spelling: str) -> None:
    assert match([part(1)], 7, spelling, 1_000) == part(1)


@pytest.mark.parametrize(("reference", "recipient"), [(8, MINE), (7, "+6281234567891"), (7, ""), (7, "TELKOMSEL")])
def test_another_reference_or_recipient_does_not_match(reference: int, recipient: str) -> None:
    assert match([part(1)], reference, recipient, 1_000) is None


def test_the_newest_part_wins_when_a_reference_came_round() -> None:
    assert match([part(1, sent_ms=1), part(2, sent_ms=5)], 7, MINE, 10).part_id == 2


def test_a_part_known_to_be_sent_goes_before_one_in_doubt() -> None:
    assert match([part(1), part(2, sent_ms=5, certain=False)], 7, MINE, 10).part_id == 1


@pytest.mark.parametrize(("age_ms", "matches"), [(WINDOW_MS, True), (WINDOW_MS + 1, False), (-1, False)])
def test_a_report_matches_within_the_window_only(age_ms: int, matches: bool) -> None:
    assert (match([part(1, sent_ms=1_000)], 7, MINE, 1_000 + age_ms) is not None) is matches


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1708", "1708", True),
        ("1708", "01708", False),
        ("", "", False),
        ("TELKOMSEL", "TELKOMSEL", True),
        ("A", "B", False),
    ],
)
def test_short_codes_and_names_count_as_they_stand(left: str, right: str, same: bool) -> None:
    assert same_number(left, right) is same


@pytest.mark.parametrize(("last", "expected"), [(0, 1), (255, 0), (None, None)])
def test_the_modems_next_reference_is_one_more(last: int | None, expected: int | None) -> None:
    assert expected_reference(last) == expected
