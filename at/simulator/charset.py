"""Texts in the character set of `+CSCS` (3GPP TS 27.007 §5.5): names, operators, USSD; PDUs never pass here."""

from kentongan.at.simulator.registers import Settings


def written(text: str, settings: Settings) -> str:
    """Write a text as the host asked for it."""
    chosen = settings.values["+CSCS"].strip('"')
    if chosen == "UCS2":
        return text.encode("utf-16-be", "surrogatepass").hex().upper()
    if chosen == "HEX":
        return text.encode("latin-1", "replace").hex().upper()
    return text


def read(text: str, settings: Settings) -> str:
    """Read a text of the host; one that is not in the set is taken as it is."""
    chosen = settings.values["+CSCS"].strip('"')
    try:
        if chosen == "UCS2":
            return bytes.fromhex(text).decode("utf-16-be")
        if chosen == "HEX":
            return bytes.fromhex(text).decode("latin-1")
    except ValueError:
        return text
    return text
