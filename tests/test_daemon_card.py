"""The papers made from the fault table, and the walk of a person who has only the lamps and the card."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from edge import fault, status
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.daemon import card, faults, lamps

DOCS = Path(__file__).parent.parent / "docs"
STEP_MS = 10
LIT = [row for row in faults.ROWS if row.lights]


def test_the_papers_in_the_repository_are_those_of_this_program() -> None:
    assert card.main([str(DOCS), "--check"]) == 0, "run: make docs"


def test_stale_papers_are_noticed_and_written_anew(tmp_path: Path) -> None:
    assert card.main([str(tmp_path), "--check"]) == 1
    assert card.main([str(tmp_path)]) == 0
    assert card.main([str(tmp_path), "--check"]) == 0
    (tmp_path / card.SHEET).write_text("old")
    assert card.main([str(tmp_path), "--check"]) == 1


def test_every_fault_stands_in_the_document_with_its_steps() -> None:
    text = card.document()
    for row in faults.ROWS:
        assert f"`{row.cause}`: {row.title}" in text
        assert all(step in text for step in (*row.todo, *row.todo_en, row.means, row.means_en, row.detector))


def test_what_was_measured_is_a_table_of_its_own() -> None:
    text = card.document({"words": "On a desk.", "columns": ["fault", "lamp"], "rows": [["sim_missing", "1.2 s"]]})
    assert text.endswith("## Measured\n\nOn a desk.\n\n| fault | lamp |\n| --- | --- |\n| sim_missing | 1.2 s |\n")


def printed() -> dict[int, str]:
    """Read the card as a person does: the number of red dots in a row, and the heading beside them."""
    tree = ET.fromstring(card.sheet())
    name = "{http://www.w3.org/2000/svg}"
    dots = [float(dot.get("cy", "0")) for dot in tree.iter(f"{name}circle") if dot.get("r") == f"{card.DOT_MM}"]
    headings = {float(text.get("y", "0")): text.text or "" for text in tree.iter(f"{name}text")}
    rows = sorted(set(dots))
    return {dots.count(y): headings[y - 2] for y in rows}


def counted(pattern: lamps.Pattern) -> tuple[int, ...]:
    """Count the flashes of the red lamp as a person does: a dark second ends a number."""
    levels = [lamps.level(pattern, t_ms)[3] for t_ms in range(0, 60_000, STEP_MS)]
    edges = [n * STEP_MS for n, (was, now) in enumerate(pairwise(levels)) if was is not now]
    flashes = re.findall(
        r"s+", "".join("s" if gap < 1_000 else "|" for gap in (end - begin for begin, end in pairwise(edges)))
    )
    return tuple((len(run) + 1) // 2 for run in flashes[1:-1])


def shown(*causes: str) -> lamps.Pattern:
    standing = tuple(fault(cause, faults.of(cause).code, name="a") for cause in causes)
    return lamps.follow(lamps.start(-10_000), status(), standing, -5_000)


def test_the_card_has_a_line_for_each_number_and_no_two_alike() -> None:
    lines = printed()
    assert sorted(lines) == list(range(1, 10))
    assert len(set(lines.values())) == 9


@pytest.mark.parametrize("row", LIT, ids=lambda row: row.cause)
def test_whoever_counts_the_flashes_finds_the_right_line_of_the_card(row: faults.Fault) -> None:
    numbers = counted(shown(row.cause))
    assert set(numbers) == {row.code}
    assert printed()[numbers[0]] == faults.CARD[row.code].heading


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(LIT), min_size=2, max_size=2, unique_by=lambda row: row.code))
def test_two_faults_take_turns_and_both_can_be_counted(rows: list[faults.Fault]) -> None:
    numbers = counted(shown(*(row.cause for row in rows)))
    assert set(numbers) == {row.code for row in rows}
    assert all(one != other for one, other in pairwise(numbers))
