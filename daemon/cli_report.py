"""`kentongan report`: the month for the head of the office, read beside a running gateway."""

import re
import sys
from pathlib import Path

import click

from kentongan.daemon import classify, monthly_sheet, tables
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.cli_store import look
from kentongan.daemon.clock import OfficeZone, SystemClock
from kentongan.daemon.config import Config, glance
from kentongan.daemon.monthly import Month, collect, shifted, span_of
from kentongan.daemon.monthly_page import page
from kentongan.daemon.printouts import month_of
from kentongan.daemon.version import VERSION
from kentongan.queue.store import Store

FileOrTerminal = click.Path(dir_okay=False, path_type=Path)


def _period(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Read a month, written as 2026-10 or 10-2026."""
    found = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])|(0[1-9]|1[0-2])-(\d{4})", value) if value else None
    if value and found is None:
        raise click.BadParameter("write a month such as 2026-10")
    return f"{found[1] or found[4]}-{found[2] or found[3]}" if found else None


@click.command()
@config_option
@click.option(
    "--month",
    "period",
    callback=_period,
    metavar="2026-10",
    help="The month, else the last whole one (in a box's first month: that one).",
)
@click.option("--csv", "table", type=FileOrTerminal, help="Write a table that Excel opens; `-` is the terminal.")
@click.option("--html", "sheet", type=FileOrTerminal, help="Write a page to print, for a browser.")
@click.pass_obj
def report(path: Path, period: str | None, table: Path | None, sheet: Path | None) -> None:
    """Show a month in figures: how many reports, how fast answered, about what, and when the box was down.

    No name, number or word of a citizen is in it.
    """
    config = glance(path)
    _, made = sheet_of(config, period)
    if table is not None:
        _write(table, table_of(made))
    if sheet is not None:
        _write(sheet, page(made))
    if table is None and sheet is None:
        click.echo("\n".join(monthly_sheet.text(made)))


def sheet_of(config: Config, period: str | None = None) -> tuple[str, monthly_sheet.Sheet]:
    """Lay a month out, else the last whole one or a new box's first; gives its name too. Raises `StoreUnreadable`."""
    store, zone = look(config), OfficeZone(config.gateway.timezone)
    now_ms = max(SystemClock().now().wall_ms, store.ledger.life()[1])
    this = month_of(0, now_ms, zone)[0]
    period = period or last_whole(this, store.ledger.life()[0], zone)
    if period > this:
        raise click.BadParameter("that month has not begun", param_hint="--month")
    lines = [line.name for line in config.line]
    month = _month(store, period, zone, now_ms, lines)
    last = _month(store, shifted(period, -1), zone, now_ms, lines)
    rules = classify.load(Path(config.inbound.rules_file) if config.inbound.rules_file else classify.SHIPPED)
    by = monthly_sheet.Heading(config.gateway.name, config.gateway.gateway_id, now_ms, VERSION, zone, rules.areas)
    return period, monthly_sheet.sheet(month, last, by)


def last_whole(this: str, born_ms: int, zone: OfficeZone) -> str:
    """Name the month before this one; in the month a box was born that is this one."""
    return this if born_ms >= span_of(this, zone.offset_min).start_ms else shifted(this, -1)


def table_of(made: monthly_sheet.Sheet) -> str:
    """Write it as a table that Excel opens."""
    return "".join(tables.table(monthly_sheet.HEAD, monthly_sheet.cells(made)))


def _month(store: Store, period: str, zone: OfficeZone, now_ms: int, lines: list[str]) -> Month:
    return collect(store, period, span_of(period, zone.offset_min), now_ms, lines)


def _write(file: Path, words: str) -> None:
    try:
        with click.open_file(str(file), "w", encoding="utf-8", lazy=False) as out:
            out.write(words)
    except OSError as error:
        click.echo(f"tidak bisa menulis {file}: {error.strerror}", err=True)
        sys.exit(1)
    click.echo(f"laporan ditulis ke {file}", err=True)
