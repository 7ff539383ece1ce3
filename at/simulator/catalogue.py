"""Every command that a persona has: the common ones, its family's, and its registers."""

from kentongan.at.simulator import cellular, general, memories, sending, service, simcard
from kentongan.at.simulator.personas import Family, Persona
from kentongan.at.simulator.registers import COMMON, HUAWEI, LTE, SIM800
from kentongan.at.simulator.spec import Spec, register

_REGISTERS = {Family.SIM800: SIM800, Family.HUAWEI: HUAWEI, Family.LTE: LTE}
_COMMON = (general.TABLE, simcard.TABLE, cellular.TABLE, memories.TABLE, service.TABLE, sending.TABLE)
_TABLES = {
    Family.SIM800: (general.SIM800, general.SIM800_ALONE, simcard.SIM800, memories.SIM800),
    Family.HUAWEI: (simcard.HUAWEI, cellular.HUAWEI),
    Family.LTE: (general.SIM800, simcard.LTE, cellular.LTE),
}


def commands_of(persona: Persona) -> dict[str, Spec]:
    """Collect the commands of a persona; a handler of its own wins over a register."""
    registers = dict(COMMON) | dict(_REGISTERS[persona.family])
    table = {name: register(name, entry.test) for name, entry in registers.items()}
    for commands in (*_COMMON, *_TABLES[persona.family]):
        table |= commands
    return table
