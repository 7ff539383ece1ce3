"""Tables that an Indonesian Excel opens with a double click: semicolons, decimal commas, UTF-8 with a mark."""

from collections.abc import Iterable, Sequence

MARK = "\ufeff"  # without it Excel takes UTF-8 for the old Windows alphabet
OBEYED = (
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
)  # a cell that begins so is a formula to a spreadsheet: a citizen could write one


def decimal(value: float, places: int) -> str:
    """Write a number as Indonesians do: 1.234,5."""
    return f"{value:,.{places}f}".translate(str.maketrans(",.", ".,"))


def line(cells: Sequence[str]) -> str:
    """Write one row; no cell is taken for a formula."""
    return ";".join(map(_cell, cells)) + "\r\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """Write a whole table, row by row."""
    yield MARK + line(head)
    yield from map(line, rows)


def _cell(text: str) -> str:
    text = text.replace("\0", "")
    safe = f"'{text}" if text.startswith(OBEYED) else text
    return f'"{safe.replace(chr(34), chr(34) * 2)}"' if any(mark in safe for mark in ';"\r\n') else safe
