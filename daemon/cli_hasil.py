"""`kentongan hasil`: write on the card how the box is, for the person who takes it out and puts it into a computer."""

from pathlib import Path

import click
import msgspec

from kentongan.daemon import overview
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import Config, glance
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.flashcard_apply import Places, tell
from kentongan.daemon.status import Status
from kentongan.queue.numbers import format_number


@click.command()
@config_option
@click.option("--card", type=click.Path(path_type=Path), default=Places().card, help="Where the FAT partition is.")
@click.pass_obj
def hasil(path: Path, card: Path) -> None:
    """Add to HASIL.txt: operator, signal, SIM, server, the last ticket number, and every fault with what to do."""
    config = glance(path)
    try:
        tell(Places(card), standing(config, _ask(Path(config.runtime.directory))))
    except OSError as error:
        raise click.ClickException(f"HASIL.txt tidak dapat ditulis: {error.strerror}") from error


def standing(config: Config, found: Status | str) -> list[str]:
    """Word how the box is, or why nobody knows."""
    if isinstance(found, str):
        return [found, "lampu GANGGUAN menunjukkan sebabnya; kode 1: program tidak berjalan"]
    zone = OfficeZone(config.gateway.timezone)
    broker = config.mqtt.url.partition("://")[2]
    lines = overview.overview(found, config.gateway.name, broker, zone)
    if found.store.counter:
        number = format_number(config.gateway.ticket_prefix, found.store.counter)
        lines.append(f"Tiket terakhir {number}; kartu SD baru: tulis tiket_terakhir = {number}")
    return [*lines, *overview.faults_of(found.faults, zone)]


def _ask(directory: Path) -> Status | str:
    try:
        answer = call(directory, {"request": "status"})
        return answer.message if isinstance(answer, Refusal) else msgspec.convert(answer, Status)
    except (ControlUnavailable, msgspec.ValidationError) as error:
        return f"program tidak menjawab: {error}"
