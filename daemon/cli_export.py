"""`kentongan export`: tickets as a table for Excel, read beside a running gateway."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import click

from kentongan.daemon import tables
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.cli_store import look
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import glance
from kentongan.daemon.numbers import masked
from kentongan.queue.records import Ticket
from kentongan.queue.store import Store

PAGE = 500  # tickets in memory at a time
DAY_MS = 86_400_000
HEAD = ("NOMOR", "DITERIMA", "PENGIRIM", "ISI", "BAGIAN", "KEADAAN", "NOMOR APLIKASI", "JEDA OPERATOR (DETIK)")
STATES = {
    "pending": "menunggu",
    "offered": "ditawarkan",
    "accepted": "diterima",
    "refused": "ditolak",
    "erased": "dihapus",
}
DAY = click.DateTime(["%Y-%m-%d", "%d-%m-%Y"])


@click.command()
@config_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", type=DAY, help="The first day, such as 01-11-2026.")
@click.option("--until", type=DAY, help="The last day, included.")
@click.option("--numbers", is_flag=True, help="Write whole telephone numbers; they are masked otherwise.")
@click.pass_obj
def export(path: Path, file: Path, since: datetime | None, until: datetime | None, numbers: bool) -> None:
    """Write the tickets to FILE as a table that Excel opens, the newest first. `-` is the terminal.

    Erased tickets are in it without text and number.
    """
    config = glance(path)
    zone = OfficeZone(config.gateway.timezone)
    span = _midnight(since, zone, 0), _midnight(until, zone, 1 << 62, days=1)
    rows = (_row(ticket, zone, numbers=numbers) for ticket in _tickets(look(config), *span))
    written = write_table(file, HEAD, rows)
    click.echo(f"{written} laporan ditulis ke {file}", err=True)


def write_table(file: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write a table to a file or, for `-`, to the terminal; gives the number of rows. Ends with 1 where it cannot."""
    try:
        with click.open_file(str(file), "w", encoding="utf-8", lazy=False) as out:
            return sum(out.write(line) > 0 for line in tables.table(head, rows)) - 1
    except OSError as error:
        click.echo(f"tidak bisa menulis {file}: {error.strerror}", err=True)
        sys.exit(1)


def _midnight(day: date | None, zone: OfficeZone, missing: int, *, days: int = 0) -> int:
    """Give the first moment of a day in the office's zone, so many days later."""
    if day is None:
        return missing
    utc_ms = (day.toordinal() - date(1970, 1, 1).toordinal() + days) * DAY_MS
    return utc_ms - 60_000 * zone.offset_min(utc_ms)


def _tickets(store: Store, since_ms: int, until_ms: int) -> Iterator[Ticket]:
    """Read page by page; every page is a moment of its own, so the gateway is never held up."""
    page = store.tickets(PAGE)
    while page:
        yield from (ticket for ticket in page if since_ms <= ticket.received_ms < until_ms)
        page = store.tickets(PAGE, before_seq=page[-1].seq)


def _row(ticket: Ticket, zone: OfficeZone, *, numbers: bool) -> tuple[str, ...]:
    sender = ticket.sender.number or ticket.sender.address
    delay = "" if ticket.smsc_ms is None else tables.decimal((ticket.received_ms - ticket.smsc_ms) / 1000, 1)
    return (
        ticket.number,
        zone.clock(ticket.received_ms)[:19],
        sender if numbers else masked(sender),
        ticket.text,
        f"{ticket.received} dari {ticket.total}",
        STATES[ticket.state.value],
        ticket.backend_ticket,
        delay,
    )
