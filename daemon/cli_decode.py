"""`kentongan decode`: one PDU, field by field."""

import sys

import click

from kentongan.at.pdu.explain import Field, explain
from kentongan.daemon.printable import printable

WIDEST_OCTETS = 24  # hex digits of a field shown in its column; longer ones go on a line of their own


@click.command()
@click.argument("pdu_hex", metavar="HEX", nargs=-1, required=True)
@click.option("--length", type=int, help="The length the modem printed with the PDU, to be checked.")
def decode(pdu_hex: tuple[str, ...], length: int | None) -> None:
    """Explain one PDU, as a modem prints it, field by field. Spaces are ignored.

    Exits with 1 when a field cannot be read.
    """
    fields = explain("".join(pdu_hex), length)
    for line in table(fields):
        click.echo(line)
    if any(field.meaning.startswith("not read:") for field in fields):
        sys.exit(1)


def table(fields: list[Field]) -> list[str]:
    """Lay the fields out: offset, octets, name, meaning; nothing a terminal would obey."""
    widest = max((len(field.name) for field in fields), default=0)
    lines = []
    for field in fields:
        octets = field.octets_hex
        shown = octets if len(octets) <= WIDEST_OCTETS else f"{octets[: WIDEST_OCTETS - 2]}.."
        lines.append(f"{field.offset:>4}  {shown:<{WIDEST_OCTETS}}  {field.name:<{widest}}  {printable(field.meaning)}")
    return lines
