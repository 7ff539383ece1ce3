"""`kentongan check-config`: refuse in one line, or show what would be in force."""

from pathlib import Path

import click

from kentongan.daemon.cli_group import config_option
from kentongan.daemon.config import effective, load


@click.command()
@config_option
@click.pass_obj
def check_config(path: Path) -> None:
    """Check the configuration file and print the configuration in force; secrets stay in their files.

    Exits with 2 and one line that names the key, the reason and the remedy when the file cannot be used.
    """
    click.echo(effective(load(path)), nl=False)
