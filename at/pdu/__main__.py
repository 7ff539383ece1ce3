"""Explain the PDUs given as arguments: `python -m kentongan.at.pdu HEX...`; exit status 1 if one cannot be decoded."""

import sys

from kentongan.at.errors import PduError
from kentongan.at.pdu.codec import decode
from kentongan.at.pdu.explain import Field, explain


def line(field: Field) -> str:
    """Write one field as a line of a table."""
    return f"{field.offset:4}  {field.octets_hex:24}  {field.name:14}  {field.meaning}"


def main(arguments: list[str]) -> int:
    """Print the fields of each PDU; spaces inside the hex are allowed here."""
    if not arguments:
        sys.stderr.write("usage: python -m kentongan.at.pdu HEX...\n")
        return 2
    status = 0
    for argument in arguments:
        pdu_hex = "".join(argument.split())
        sys.stdout.writelines(line(field) + "\n" for field in explain(pdu_hex))
        try:
            decode(pdu_hex)
        except PduError:
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
