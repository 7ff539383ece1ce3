"""`kentongan queue`, `integrity` and `erase`: looks into the store beside the gateway, changes only through it."""

import sys
from pathlib import Path

import click

from kentongan.daemon import host
from kentongan.daemon.cli_ask import ask, fits
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import Config, glance
from kentongan.daemon.errors import StoreUnreadable
from kentongan.daemon.numbers import party, reference
from kentongan.daemon.requests import Whom
from kentongan.daemon.sender_key import NAME as KEY_NAME
from kentongan.daemon.tables import decimal
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.numbers import parse_number
from kentongan.queue.records import Moment, Usage
from kentongan.queue.store import Store
from kentongan.queue.store_replay import Wanted

MB = 1_048_576
WHOM = fits(Whom, "write a ticket's number such as LU2-041-937-1, or a telephone number")
NOW = Moment(0, 0, synced=False)  # ages count on the gateway's own clock, which only it can read


def look(config: Config) -> Store:
    """Open the store for looking alone; raises `StoreUnreadable` with what to do."""
    path = Path(config.store.path)
    if not path.exists():
        raise StoreUnreadable(str(path), "there is no store", "start the gateway once, or give the right --config")
    try:
        return Store.look(path)
    except StoreUnavailable as error:
        why = "the gateway has not brought it up to date" if error.cause == "outdated" else "it cannot be read"
        remedy = "start the gateway once" if error.cause == "outdated" else "use sudo, or become the user kentongan"
        raise StoreUnreadable(str(path), why, remedy) from error


@click.command()
@config_option
@click.pass_obj
def queue(path: Path) -> None:
    """Show what waits for the application, the server and the network, and how full the store is."""
    config = glance(path)
    store = look(config)
    zone = OfficeZone(config.gateway.timezone)
    counts, quarantined = store.counts(NOW), store.care.quarantined()
    for name, value in (
        ("laporan belum diterima aplikasi", f"{counts.unacknowledged}{_oldest(store, zone)}"),
        ("menunggu server", str(counts.spool)),
        ("di antaranya diputar ulang", str(store.replays.waiting())),
        ("SMS keluar menunggu", str(counts.queued)),
        ("SMS keluar tidak pasti", str(counts.uncertain)),
        ("karantina", ", ".join(f"{reason} {count}" for reason, count in sorted(quarantined.items())) or "kosong"),
        ("ruang terpakai", _room(store.care.usage(), config)),
    ):
        click.echo(f"{name:<32}: {value}")


def _oldest(store: Store, zone: OfficeZone) -> str:
    found = store.replays.choose(Wanted(unacknowledged=True), limit=1)
    if not found.seqs:
        return ""
    (ticket,) = store.tickets(1, before_seq=found.seqs[0] + 1)
    return f", paling lama {ticket.number} sejak {zone.clock(ticket.received_ms)}"


def _room(usage: Usage, config: Config) -> str:
    budget = host.size_octets(Path(config.store.path)) * config.store.disk_percent // 100
    share = f", {100 * usage.used // budget} persen dari {decimal(budget / MB, 1)} MB" if budget else ""
    return f"{decimal(usage.used / MB, 1)} MB{share}"


@click.command()
@config_option
@click.pass_obj
def integrity(path: Path) -> None:
    """Check the whole database; takes seconds. Exits with 1 when something in it is wrong."""
    config = glance(path)
    found = look(config).care.integrity()
    for line in found:
        click.echo(f"RUSAK: {line}")
    if found:
        click.echo("hidupkan ulang gateway dan periksa lagi; masih rusak: panggil teknisi")
        sys.exit(1)
    click.echo(f"utuh: {config.store.path}")


@click.command()
@config_option
@click.argument("whom", metavar="TICKET|NUMBER", callback=WHOM)
@click.option("--yes", is_flag=True, help="Do not ask again.")
@click.pass_obj
def erase(path: Path, whom: str, yes: bool) -> None:
    """Erase the texts and the telephone number of one ticket, or of everything that a telephone NUMBER wrote.

    What remains is the ticket's number in the sequence and its times. It cannot be undone; a legal hold stands above.
    """
    config = glance(path)
    request = {"request": "erase", **person(config, whom)}
    if not yes:
        click.confirm(f"hapus isi dan nomor dari {whom} untuk selamanya?", abort=True)
    facts = ask(config, request)
    counts = ", ".join(f"{facts.get(key, 0)} {word}" for key, word in WORDS.items())
    click.echo(f"dihapus: {counts}")
    if facts.get("held"):
        click.echo("ditahan: ada perintah hukum untuk menyimpan data ini", err=True)
        sys.exit(1)


WORDS = {"tickets": "laporan", "messages": "SMS keluar", "quarantined": "dari karantina"}


def person(config: Config, whom: str) -> dict[str, object]:
    """Tell a ticket's number from a telephone's; the store knows a sender by a keyed name alone."""
    if parse_number(whom) is not None:
        return {"number": whom}
    sender = party(whom)
    if not sender.number:
        raise click.UsageError(f"{whom!r} is neither a ticket's number nor a telephone number")
    key = Path(config.store.path).with_name(KEY_NAME)
    try:
        secret = key.read_bytes()
    except OSError as error:
        raise StoreUnreadable(str(key), error.strerror or str(error), "use sudo, or give a ticket's number") from error
    return {"sender_ref": reference(secret, sender.number)}
