"""The dialogue of the phonebook mark: a number that outlives the gateway's memory card (3GPP TS 27.007 §8.12 to §8.14).

The mark is one entry named `HWM` near the end of the SIM's phonebook. An entry of anybody else is never touched.
"""

from dataclasses import dataclass

from kentongan.at.dialect import Dialect
from kentongan.at.dialogue import AtCommand, AtResponse, CmeError, Pause, Procedure
from kentongan.at.procedures import ask
from kentongan.at.results import fields, number

NAME = "HWM"
_NAMES = frozenset({NAME, NAME.encode("utf-16-be").hex().upper()})
"""The second is how a modem prints it whose character set is UCS2."""

REACH = 5
"""Entries at the end of the phonebook that are looked at: the last one may be somebody's."""

NOT_FOUND, SIM_BUSY = 22, 14
"""CME 22: there is no entry in this range; CME 14: the card is still being read."""

BUSY_TRIES = 10
"""One a second. The numbers hang on the mark, but messages wait meanwhile, and init has waited for their memory."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Where the mark is, or may be written; `counter` is `None` while there is none."""

    index: int
    counter: int | None


def read_mark(dialect: Dialect) -> Procedure[Mark | None]:
    """Look for the mark; `None` when the phonebook cannot be read or has no free entry at its end."""
    chosen = yield from _choose(dialect)
    state = yield from ask("AT+CPBS?", "+CPBS", dialect.sim_s)
    size = number(fields(state.lines[0])[-1]) if chosen.ok and state.lines else None
    if not size:
        return None
    first = max(1, size - REACH + 1)
    listed = yield AtCommand(f"AT+CPBR={first},{size}", ("+CPBR",), dialect.sim_s)
    if not listed.ok and not (isinstance(listed.final, CmeError) and listed.final.code == NOT_FOUND):
        return None
    taken: set[int] = set()
    for parts in map(fields, listed.lines):
        index = number(parts[0])
        if index is None or len(parts) < 4:
            return None  # a damaged line may hide somebody's entry
        if parts[3] in _NAMES:
            return Mark(index, number(parts[1]))
        taken.add(index)
    free = next((index for index in range(size, first - 1, -1) if index not in taken), None)
    return None if free is None else Mark(free, None)


def write_mark(counter: int, dialect: Dialect) -> Procedure[Mark | None]:
    """Write the mark, and read back what the card holds now."""
    place = yield from read_mark(dialect)
    if place is None:
        return None
    yield AtCommand(f'AT+CPBW={place.index},"{counter}",129,"{NAME}"', timeout_s=dialect.sim_s)
    return (yield from read_mark(dialect))


def _choose(dialect: Dialect) -> Procedure[AtResponse]:
    """Choose the card's phonebook, with patience for a card that is busy."""
    command = AtCommand('AT+CPBS="SM"', timeout_s=dialect.sim_s)
    chosen = yield command
    for _ in range(BUSY_TRIES):
        if not (isinstance(chosen.final, CmeError) and chosen.final.code == SIM_BUSY):
            break
        yield Pause(1.0)
        chosen = yield command
    return chosen
