"""`kentongan hold` and `manifest`: what the law on personal data asks of the one who keeps it (UU 27/2022)."""

from collections.abc import Iterator
from pathlib import Path

import click

from kentongan.daemon.cli_ask import ask
from kentongan.daemon.cli_export import write_table
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.cli_store import WHOM, look, person
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import glance
from kentongan.queue.records import Resident
from kentongan.queue.store import Store

PAGE = 500  # tickets in memory at a time
HEAD = ("NOMOR", "DITERIMA", "PENGIRIM (SANDI)", "KEADAAN", "TICKET ID")
STATES = {"pending": "menunggu", "offered": "ditawarkan", "accepted": "diterima", "refused": "ditolak"}


@click.command()
@config_option
@click.argument("whom", metavar="TICKET|NUMBER", callback=WHOM)
@click.option("--release", is_flag=True, help="End the hold; what is overdue is erased within a day.")
@click.pass_obj
def hold(path: Path, whom: str, release: bool) -> None:
    """Keep from any erasure what the sender of TICKET, or a telephone NUMBER, wrote: a legal case runs.

    Neither the retention time nor `erase` nor a full disk touches it until it is released.
    """
    config = glance(path)
    ask(config, {"request": "hold", "release": release, **person(config, whom)})
    click.echo(f"{'dilepas' if release else 'ditahan'}: {whom}")


@click.command()
@config_option
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def manifest(path: Path, file: Path) -> None:
    """Write to FILE which tickets' texts and numbers are still on this card, oldest first; `-` is the terminal.

    It names no citizen: after a theft the county finds them by the ticket ids, and keeps this list elsewhere before.
    """
    config = glance(path)
    zone = OfficeZone(config.gateway.timezone)
    rows = (_row(resident, zone) for resident in _residents(look(config)))
    written = write_table(file, HEAD, rows)
    click.echo(f"{written} laporan masih ada di kartu, ditulis ke {file}", err=True)


def _residents(store: Store) -> Iterator[Resident]:
    page = store.care.residents(PAGE)
    while page:
        yield from page
        page = store.care.residents(PAGE, after_seq=page[-1].seq)


def _row(resident: Resident, zone: OfficeZone) -> tuple[str, ...]:
    return (
        resident.number,
        zone.clock(resident.received_ms)[:19],
        resident.sender_ref,
        STATES[resident.state.value],
        resident.ticket_id,
    )
