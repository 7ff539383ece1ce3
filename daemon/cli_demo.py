"""`kentongan demo`: everything live, on a virtual modem and a real broker."""

import sys

import click


@click.command()
@click.option("--once", is_flag=True, help="Play one story without a keyboard; exit 0 only if every step happened.")
def demo(once: bool) -> None:
    """Show the real program at work: an SMS becomes a ticket, a reply becomes an SMS, a fault becomes an alarm."""
    from kentongan.daemon.demo.show import demo as show  # noqa: PLC0415 - the help does without

    sys.exit(show(once=once))
