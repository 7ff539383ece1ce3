import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon.tables import OBEYED, decimal, line, table

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def test_numbers_are_written_as_indonesians_do() -> None:
    assert decimal(1234.56, 1) == "1.234,6"
    assert decimal(0.5, 1) == "0,5"


@pytest.mark.parametrize("start", OBEYED)
def test_no_cell_is_a_formula(start: str) -> None:
    assert line([f"{start}HYPERLINK()"]).lstrip('"').startswith("'")


def test_the_mark_stands_first_and_once() -> None:
    text = "".join(table(("A", "B"), [("1", "2"), ("x;y", 'z"\nz')]))
    assert text == '\ufeffA;B\r\n1;2\r\n"x;y";"z""\nz"\r\n'


@given(st.lists(CELLS, min_size=2, max_size=5))
def test_a_reader_gets_every_cell_back(cells: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(line(cells), newline=""), delimiter=";")
    assert read == [f"'{cell}" if cell.startswith(OBEYED) else cell for cell in cells]
