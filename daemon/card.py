"""Papers made from the program's own tables: `docs/faults.md`, `docs/settings.md`, a card for the office. Pure.

python -m kentongan.daemon.card FOLDER            writes them into the folder
python -m kentongan.daemon.card FOLDER --check    exits with 1 when one of them is out of date
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from kentongan.daemon import lamps, settings_page
from kentongan.daemon.faults import CARD, ROWS, Fault, Severity

DOCUMENT, SHEET, MEASURED = "faults.md", "kartu-gangguan.svg", "fault-run.json"
# What each lamp says besides numbers, the good word first (daemon.lamps).
LAMPS = (
    ("1 LISTRIK", "hijau", "#1a7f37", ("kedip singkat: BAIK", "terus: belum siap", "padam: tak ada listrik")),
    (
        "2 KARTU",
        "kuning",
        "#b58900",
        ("kedip singkat: BAIK", "kedip pelan: lemah", "terus: cari jaringan", "padam: modem mati"),
    ),
    (
        "3 SERVER",
        "biru",
        "#1f5fbf",
        ("kedip singkat: BAIK", "kedip pelan: antre", "terus: ditolak server", "padam: internet putus"),
    ),
    ("4 GANGGUAN", "merah", "#c62828", ("padam: BAIK", "kedip: hitung, lalu", "baca nomornya di sini")),
)
TELLS = {
    Severity.CRITICAL: "lamp, alarm `gateway_not_running` or `line_not_running`",
    Severity.MAJOR: "lamp, alarm",
    Severity.MINOR: "alarm",
}

# -- for developers ---------------------------------------------------------------------------------------------------


def document(measured: Mapping[str, object] | None = None) -> str:
    """Write the table of faults as Markdown; `measured` is what the last fault run found."""
    pages = [INTRODUCTION, _overview(), _strips(), *(_code(code) for code in CARD)]
    return "\n".join([*pages, _measured(measured)] if measured else pages)


INTRODUCTION = """\
# Faults

Made from `daemon/faults.py` by `make docs`; do not edit. The number is the number of flashes of the red lamp, and the
same everywhere: lamps, console, the clerk's SMS, alarms, the card to print (`kartu-gangguan.svg`).

Critical and major faults light the red lamp; a critical one means that the line, or the gateway, cannot run. Every
fault has a beginning, a count of its repeats within a day and a count of attempts to repair it, all kept over a
restart. An alarm is published within a second of its fault, or as soon as there is a broker. The clerk gets an SMS
when a fault with a notice has stood for a quarter of an hour, at most once in six hours, and one `pulih` when it is
over. What the faults of a modem do to its line is measured in [modem.md](modem.md); the keys of lamps, power, clerk
and watch are in [settings.md](settings.md).
"""


def _overview() -> str:
    head = "| Code | Cause | Severity | Found by | Alarm | Clerk |\n|---|---|---|---|---|---|\n"
    rows = "".join(
        f"| {row.code} | `{row.cause}` | {row.severity} | {row.detector} | {_ticked(row.alarm)} | {row.clerk} |\n"
        for row in ROWS
    )
    return f"## The table\n\n{head}{rows}"


STRIP_MS = 100  # of a letter


def _strips() -> str:
    """Draw one round of every rhythm on a line of time."""
    rhythms = (("normal", lamps.BLIP), ("weak, or waiting", lamps.SLOW))
    codes = ((f"fault {code}", lamps.code((code,))) for code in CARD)
    drawn = [f"| {name} | {rhythm.words} | `{_strip(rhythm)}` |\n" for name, rhythm in (*rhythms, *codes)]
    both = lamps.code((2, 7))
    drawn.append(f"| faults 2 and 7 | {both.words} | `{_strip(both)}` |\n")
    head = "| What | As a clerk says it | One round: `#` lit, `.` dark, a tenth of a second each |\n|---|---|---|\n"
    return f"## Rhythms\n\n{head}{''.join(drawn)}"


def _strip(rhythm: lamps.Rhythm) -> str:
    """Draw a rhythm; a step that is no whole number of letters is rounded."""
    return "".join("#."[step % 2] * round(ms / STRIP_MS) for step, ms in enumerate(rhythm.steps_ms))


def _ticked(word: str) -> str:
    return f"`{word}`" if word else ""


def _code(code: int) -> str:
    return f"## {code}: {CARD[code].heading}\n\n" + "\n".join(_row(row) for row in ROWS if row.code == code)


def _row(row: Fault) -> str:
    steps = "\n".join(
        f"{n}. {own} *({english})*" for n, (own, english) in enumerate(zip(row.todo, row.todo_en, strict=True), 1)
    )
    stops = f" Stops the service as `{row.stops}`." if row.stops else ""
    return (
        f"### `{row.cause}`: {row.title}\n\n{row.means} *({row.means_en})*.{stops} Tells: {_tells(row)}.\n\n{steps}\n"
    )


def _tells(row: Fault) -> str:
    alarm = TELLS[row.severity] if row.alarm else TELLS[row.severity].partition(", alarm")[0] + ", health"
    return f"{alarm}, the clerk" if row.clerk else alarm


PROMISES = """\
Of the same run. What systemd does beside it, the restart of a process that is stopped or whose thread hangs, is
measured on a real systemd in [appliance.md](appliance.md)."""


def _measured(measured: Mapping[str, object]) -> str:
    times = _grid(measured, "columns", "rows")
    said = _grid(measured, "text_columns", "texts") if "texts" in measured else ""
    shown = f"\n## What was shown\n\nThe words of the same run, as they were read there.\n\n{said}" if said else ""
    kept = f"\n## Promises\n\n{PROMISES}\n\n{_grid(measured, 'promise_columns', 'promises')}" if said else ""
    return f"## Measured\n\n{measured['words']}\n\n{times}{kept}{shown}"


def _grid(measured: Mapping[str, object], head: str, body: str) -> str:
    columns, rows = measured[head], measured[body]
    if not (isinstance(columns, list) and isinstance(rows, list)):
        raise TypeError(f"{head} and {body} must be lists")
    return _line(columns) + _line(["---"] * len(columns)) + "".join(_line(row) for row in rows)


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


# -- for the office ---------------------------------------------------------------------------------------------------

WIDTH_MM, HEIGHT_MM = 210, 297  # A4
TOP_MM, ROW_MM = 60.0, 24.4
DOT_MM, STEP_MM = 2.1, 5.4
LEFT_MM, TEXT_MM = 10.0, 78.0


def sheet() -> str:
    """Draw the card: the lamps, and for each number its flashes and three steps."""
    parts = [_head(), *(_lamp(place, *lamp) for place, lamp in enumerate(LAMPS))]
    parts += [_page(code, TOP_MM + ROW_MM * place) for place, code in enumerate(CARD)]
    body = "\n".join([*parts, _foot(TOP_MM + ROW_MM * len(CARD))])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH_MM}mm" height="{HEIGHT_MM}mm"'
        f' viewBox="0 0 {WIDTH_MM} {HEIGHT_MM}" font-family="DejaVu Sans, Arial, sans-serif">\n'
        f'<rect width="{WIDTH_MM}" height="{HEIGHT_MM}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _head() -> str:
    return _text(LEFT_MM, 16, 8, "KARTU GANGGUAN SMS GATEWAY", bold=True) + _text(
        LEFT_MM, 24, 4, "Lampu 4 (merah) berkedip = ada gangguan. Hitung kedipnya, lalu baca nomor itu di bawah."
    )


def _lamp(place: int, name: str, colour_name: str, colour: str, says: tuple[str, ...]) -> str:
    x = LEFT_MM + 48 * place
    lines = [_text(x + 10, 43.2 + 3.8 * row, 3.2, words, bold=not row) for row, words in enumerate(says)]
    return (
        f'<circle cx="{x + 4:g}" cy="36" r="4" fill="{colour}"/>'
        + _text(x + 10, 34.5, 4.2, name, bold=True)
        + _text(x + 10, 38.8, 3.2, f"({colour_name})")
        + "".join(lines)
    )


def _page(code: int, y: float) -> str:
    page = CARD[code]
    dots = "".join(
        f'<circle cx="{LEFT_MM + 18 + STEP_MM * n:g}" cy="{y + 8:g}" r="{DOT_MM}" fill="#c62828"/>' for n in range(code)
    )
    steps = [_text(TEXT_MM, y + 11.2 + 4.7 * n, 4.3, f"{n + 1}. {step}") for n, step in enumerate(page.todo)]
    return "".join(
        [
            f'<path d="M{LEFT_MM:g} {y - 2:g}H{WIDTH_MM - LEFT_MM:g}" stroke="#000000" stroke-width="0.3"/>',
            _text(LEFT_MM + 1, y + 16.5, 20, str(code), bold=True),
            dots,
            _text(LEFT_MM + 16, y + 17, 4.6, f"kedip {code} kali", bold=True),
            _text(TEXT_MM, y + 6, 6.6, page.heading, bold=True),
            *steps,
        ]
    )


def _foot(y: float) -> str:
    return (
        _text(
            LEFT_MM, y + 3, 3.7, "Dua gangguan: nomornya ditunjukkan bergantian. Semua lampu padam: tidak ada listrik."
        )
        + _text(LEFT_MM, y + 9, 3.7, 'Menelepon teknisi? Katakan: "lampu merah kedip ... kali".', bold=True)
        + _text(LEFT_MM, y + 15, 3.7, "Teknisi: ______________________   Petugas: ______________________")
    )


def _text(x: float, y: float, size: float, words: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    safe = words.replace("&", "&amp;").replace("<", "&lt;")
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}"{weight}>{safe}</text>\n'


# -- files ------------------------------------------------------------------------------------------------------------


def papers(folder: Path) -> dict[Path, str]:
    """Make the papers of a folder, with what the last fault run measured if it lies there."""
    found = folder / MEASURED
    measured = json.loads(found.read_text("utf-8")) if found.exists() else None
    return {
        folder / DOCUMENT: document(measured),
        folder / SHEET: sheet(),
        folder / settings_page.DOCUMENT: settings_page.document(),
    }


def main(arguments: Sequence[str]) -> int:
    """Write the papers, or check that they are as they would be written."""
    folder = Path(arguments[0])
    stale = {
        path: text for path, text in papers(folder).items() if not path.exists() or path.read_text("utf-8") != text
    }
    if "--check" not in arguments:
        for path, text in stale.items():
            path.write_text(text, "utf-8")
        return 0
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
