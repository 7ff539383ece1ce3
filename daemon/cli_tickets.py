"""`kentongan tickets`, `outbox` and `send`: what came in, what goes out, and one SMS by hand."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from kentongan.daemon.cli_ask import answered, ask, fits
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import glance
from kentongan.daemon.printable import printable
from kentongan.daemon.printouts import FIGURES, STATES
from kentongan.daemon.requests import MOST, Dialled, SmsText

TEXT_WIDTH = 40  # characters of a citizen's words that fit beside the rest
Row = Mapping[str, object]
limit_option = click.option(
    "--limit", type=click.IntRange(1, 200), default=20, show_default=True, help="How many to show."
)


before_option = click.option(
    "--before",
    type=click.IntRange(0, MOST),
    default=0,
    metavar="N",
    help="Go on below this row; the last line says which.",
)


@click.command()
@config_option
@limit_option
@before_option
@click.pass_obj
def tickets(path: Path, limit: int, before: int) -> None:
    """List the newest tickets, the last one first. Numbers are masked."""
    config = glance(path)
    zone = OfficeZone(config.gateway.timezone)
    rows = _rows(answered(config, {"request": "tickets", "limit": limit, "before": before}))
    columns = ("NOMOR", "DITERIMA", "PENGIRIM", "BAGIAN", "KEADAAN", "ISI")
    _print(columns, [_ticket(row, zone) for row in rows], "belum ada laporan")
    _more(rows, "seq", limit)


@click.command()
@config_option
@limit_option
@before_option
@click.pass_obj
def outbox(path: Path, limit: int, before: int) -> None:
    """List the newest outgoing SMS, the last one first. Numbers are masked."""
    config = glance(path)
    zone = OfficeZone(config.gateway.timezone)
    rows = _rows(answered(config, {"request": "outbox", "limit": limit, "before": before}))
    columns = ("NO", "DITERIMA", "TUJUAN", "BAGIAN", "KEADAAN", "ALASAN")
    _print(columns, [_message(row, zone) for row in rows], "tidak ada SMS keluar")
    _more(rows, "message_id", limit)


@click.command()
@config_option
@click.argument("number", callback=fits(Dialled, "write a telephone number such as 081234567890 or +6281234567890"))
@click.argument("text", callback=fits(SmsText, "write between 1 and 4000 characters"))
@click.pass_obj
def send(path: Path, number: str, text: str) -> None:
    """Send one SMS to NUMBER through this box. It costs money, and it waits its turn like any other."""
    config = glance(path)
    facts = ask(config, {"request": "send", "to": number, "text": text})
    click.echo(f"diterima: pesan {facts.get('message_id')}, {facts.get('parts')} bagian ({facts.get('encoding')})")
    changes = facts.get("changes")
    for change in changes if isinstance(changes, list) else ():
        click.echo(f"  diganti: {printable(str(change))}")


def _more(rows: Sequence[Row], key: str, limit: int) -> None:
    """Say how to see the next page, where there may be one."""
    last = rows[-1].get(key) if len(rows) == limit else None
    if isinstance(last, int) and last > 1:
        click.echo(f"berikutnya: --before {last}")


def _rows(answer: object) -> Sequence[Row]:
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


def _ticket(row: Row, zone: OfficeZone) -> tuple[str, ...]:
    text = printable(str(row.get("text", "")).replace("\n", " "))
    shown = text if len(text) <= TEXT_WIDTH else f"{text[: TEXT_WIDTH - 2]}.."
    return (
        *_text(row, "number"),
        _when(row, "received_ms", zone),
        *_text(row, "sender", "parts"),
        *_worded(row, STATES),
        shown,
    )


def _message(row: Row, zone: OfficeZone) -> tuple[str, ...]:
    return (
        *_text(row, "message_id"),
        _when(row, "accepted_ms", zone),
        *_text(row, "recipient", "parts"),
        *_worded(row, FIGURES),
        *_text(row, "reason"),
    )


def _worded(row: Row, words: Mapping[str, str]) -> tuple[str, ...]:
    """Word a state as the console does; what has no word yet stays as it is."""
    (state,) = _text(row, "state")
    return (words.get(state, state),)


def _text(row: Row, *names: str) -> tuple[str, ...]:
    return tuple(printable(str(row.get(name, ""))) for name in names)


def _when(row: Row, name: str, zone: OfficeZone) -> str:
    moment = row.get(name)
    return zone.clock(moment) if isinstance(moment, int) else "?"


def _print(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]], nothing: str) -> None:
    if not rows:
        click.echo(nothing)
        return
    widths = [max(len(row[index]) for row in (columns, *rows)) for index in range(len(columns))]
    for row in (columns, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
