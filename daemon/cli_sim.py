"""`kentongan sim terima`: let a line send with the SIM that is in it now."""

from pathlib import Path

import click

from kentongan.daemon.cli_ask import ask, fits
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.config import glance
from kentongan.daemon.requests import LineName


@click.group()
def sim() -> None:
    """Accept the SIM that is in a line."""


@sim.command()
@config_option
@click.option(
    "--jalur",
    "line",
    callback=fits(LineName, "a line's name has at most 16 characters, and `kentongan status` shows it"),
    default="",
    metavar="NAMA",
    help="The line; the first one when it is not named.",
)
@click.pass_obj
def terima(path: Path, line: str) -> None:
    """Take the SIM that is in the line for the right one: replies that were held leave with it."""
    config = glance(path)
    facts = ask(config, {"request": "accept_sim", "line": line})
    click.echo(f"diterima: kartu SIM ...{facts.get('sim')} di jalur {facts.get('line')}; balasan yang ditahan dikirim")
