"""The monthly report as one page to print: HTML complete in itself, A4, black on white. Pure."""

from collections.abc import Iterator, Sequence
from html import escape

from kentongan.daemon.monthly_sheet import Row, Section, Sheet, shown

STYLE = """
@page { size: A4; margin: 10mm }
body { font: 8.5pt/1.25 "Noto Sans", "Liberation Sans", Arial, sans-serif; color: #111; max-width: 186mm;
  margin: 0 auto }
h1 { font-size: 16pt; margin: 0 } .office { font-size: 12pt; font-weight: 600 }
.made, .foot, .note { color: #555; font-size: 8pt }
.sums { display: flex; gap: 4mm; margin: 4mm 0 }
.sum { flex: 1; border: 1px solid #999; border-radius: 2mm; padding: 2mm 3mm }
.sum b { display: block; font-size: 13pt; line-height: 1.4; white-space: nowrap }
.concerns { border-left: 1.5mm solid #c62828; padding: 1mm 4mm; margin: 0 0 3mm; background: #fdf3f2 }
.concerns.none { border-color: #1a7f37; background: #f1f8f3 } .concerns ul { margin: 0; padding-left: 4mm }
.columns > div { float: left; width: 48%; margin-right: 4% } .columns > div + div { margin: 0 }
.foot { clear: both }
h2 { font-size: 10.5pt; margin: 0 0 .5mm; border-bottom: 1px solid #999 }
section { break-inside: avoid; padding: 1mm 0 } table { border-collapse: collapse; width: 100% }
td, th { padding: .4mm 0; text-align: left; vertical-align: middle; font-weight: normal }
th { color: #555; font-size: 8pt } td.n, th.n { text-align: right; padding-left: 2mm; white-space: nowrap;
  width: 1% }
td.n + td.n { color: #555 } td.b { width: 20mm } .bar { height: 2.4mm; background: #1f5fbf; min-width: .4mm }
"""
HEAD_ROWS = 3  # what a heading takes of a column, in rows
NOTHING = ("Tidak ada.",)


def page(report: Sheet) -> str:
    """Write the page."""
    return "\n".join(_page(report)) + "\n"


def _page(report: Sheet) -> Iterator[str]:
    yield "<!doctype html>"
    yield f'<html lang="id"><head><meta charset="utf-8"><title>{escape(report.title)}</title>'
    yield f"<style>{STYLE}</style></head><body>"
    yield f"<h1>{escape(report.title)}</h1>"
    yield f'<div class="office">{escape(report.office)}</div><div class="made">{escape(report.made)}</div>'
    yield f'<div class="sums">{"".join(map(_sum, report.sums))}</div>'
    kind = "concerns none" if report.concerns == NOTHING else "concerns"
    concerns = "".join(f"<li>{escape(concern)}</li>" for concern in report.concerns)
    yield f'<div class="{kind}"><b>Perlu perhatian</b><ul>{concerns}</ul></div>'
    yield '<div class="columns">'
    for column in _halves(report.sections):
        yield "<div>"
        for section in column:
            yield from _section(section)
        yield "</div>"
    yield "</div>"
    yield f'<p class="foot">{escape(report.foot)}</p></body></html>'


def _halves(sections: Sequence[Section]) -> tuple[Sequence[Section], Sequence[Section]]:
    """Part the sections so that both columns are about as long."""
    lengths = [len(section.rows) + HEAD_ROWS + bool(section.note) for section in sections]
    cut = min(range(len(sections) + 1), key=lambda at: abs(sum(lengths[:at]) - sum(lengths[at:])))
    return sections[:cut], sections[cut:]


def _sum(row: Row) -> str:
    before = "" if row.before is None else f"bulan lalu {shown(row.before, row.unit)}"
    value = shown(row.value, row.unit)
    return f'<div class="sum">{escape(row.label)}<b>{value}</b><span class="made">{before}</span></div>'


def _section(section: Section) -> Iterator[str]:
    most = max((row.value or 0 for row in section.rows), default=0)
    compared = any(row.before is not None for row in section.rows)
    yield f"<section><h2>{escape(section.title)}</h2><table>"
    if compared:
        bar = "<th></th>" if section.bars else ""
        yield f'<tr><th></th>{bar}<th class="n">bulan ini</th><th class="n">bulan lalu</th></tr>'
    for row in section.rows:
        cells = [f"<td>{escape(row.label)}</td>"]
        if section.bars:
            width = 100 * (row.value or 0) / most if most else 0
            cells.append(f'<td class="b"><div class="bar" style="width:{width:.0f}%"></div></td>')
        cells.append(f'<td class="n">{shown(row.value, row.unit)}</td>')
        if compared:
            cells.append(f'<td class="n">{"" if row.before is None else shown(row.before, row.unit)}</td>')
        yield f"<tr>{''.join(cells)}</tr>"
    yield "</table>"
    if section.note:
        yield f'<div class="note">{escape(section.note)}</div>'
    yield "</section>"
