"""`kentongan status`: how the box is, asked of the gateway, or read from what it left behind."""

import sys
from pathlib import Path

import click
import msgspec

from kentongan.daemon import lamps, overview
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import Config, glance
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.errors import ControlUnavailable
from kentongan.daemon.faults import NOT_RUNNING_ID
from kentongan.daemon.status import Status

LAMPS_NAME = "lamps.json"


@click.command()
@config_option
@click.option("--json", "as_json", is_flag=True, help="Print the status document instead.")
@click.pass_obj
def status(path: Path, *, as_json: bool) -> None:
    """Show how the box is, in Indonesian: lines, server, messages, lamps, and every fault with what to do.

    Exits with 1 when a fault stands or the gateway does not answer.
    """
    config = glance(path)
    directory = Path(config.runtime.directory)
    document = _ask(directory)
    if isinstance(document, ControlUnavailable):
        click.echo(f"{NOT_RUNNING_ID}: {document}", err=True)
    elif as_json:
        click.echo(msgspec.json.encode(document))
    else:
        _show(document, config)
    shown = _lamps(directory)
    if shown is not None and not as_json:
        for line in overview.lamps_of(shown.words):
            click.echo(line)
    if isinstance(document, ControlUnavailable) or document.faults:
        sys.exit(1)


def _ask(directory: Path) -> Status | ControlUnavailable:
    try:
        answer = call(directory, {"request": "status"})
    except ControlUnavailable as error:
        return error
    if isinstance(answer, Refusal):
        return ControlUnavailable(str(directory), answer.message, "see journalctl -u kentongan")
    try:
        return msgspec.convert(answer, Status)
    except msgspec.ValidationError as error:
        return ControlUnavailable(str(directory), f"a gateway of another version answered: {error}", "restart it")


def _show(document: Status, config: Config) -> None:
    zone = OfficeZone(config.gateway.timezone)
    broker = config.mqtt.url.partition("://")[2]
    for line in overview.overview(document, config.gateway.name, broker, zone):
        click.echo(line)
    for line in overview.faults_of(document.faults, zone):
        click.echo(line)


def _lamps(directory: Path) -> lamps.Shown | None:
    """Read what the watcher wrote, if it still lives; without one the gateway's own word is enough."""
    try:
        shown = lamps.decode((directory / LAMPS_NAME).read_bytes())
    except (OSError, msgspec.MsgspecError):
        return None
    return shown if Path(f"/proc/{shown.pid}").exists() else None
