"""`kentongan run` and `kentongan watch` as commands, for their help and their less plain spellings."""

import sys
from pathlib import Path

import click

from kentongan.daemon.cli_group import config_option
from kentongan.daemon.main import serve


@click.command()
@config_option
@click.pass_obj
def run(path: Path) -> None:
    """Run the gateway until it is told to stop. Needs a configuration file."""
    sys.exit(serve("run", str(path)))


@click.command()
@config_option
@click.pass_obj
def watch(path: Path) -> None:
    """Run the watcher beside the gateway: it lights the lamps and raises the alarm when the gateway cannot run."""
    sys.exit(serve("watch", str(path)))
