"""`kentongan demo`: the whole thing live, without any hardware."""

import sys

import click

from kentongan.daemon.demo.show import demo as show


@click.command()
@click.option("--once", is_flag=True, help="Play one story without a keyboard; exit with 0 only if all of it happened.")
def demo(*, once: bool) -> None:
    """Show gateway, watcher, broker and a county's backend at work, on a virtual modem.

    Nothing is left behind outside a temporary folder. Needs mosquitto, from the distribution's packages.
    """
    sys.exit(show(once=once))
