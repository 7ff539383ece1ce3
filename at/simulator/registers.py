"""The settings that a modem only remembers: name, factory value, what it accepts, and whether `&W` keeps it."""

import re
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Register:
    """One setting; `accepts` is matched against the whole raw value, `test` answers `=?`."""

    factory: str
    accepts: str
    test: str
    kept: bool = False  # by AT&W (SIM800 manual, "Parameter Saving Mode")


_FLAG = r"[01]"
_ANY = r".*"

COMMON = MappingProxyType(
    {
        "S0": Register("0", r"\d{1,3}", "(0-255)"),
        "+CMEE": Register("0", r"[012]", "(0-2)", kept=True),
        "+CREG": Register("0", r"[012]", "(0-2)", kept=True),
        "+CGREG": Register("0", r"[012]", "(0-2)"),
        "+CSCS": Register('"IRA"', r'"(IRA|GSM|UCS2|HEX|8859-1)"', '("IRA","GSM","UCS2","HEX","8859-1")', kept=True),
        "+CMGF": Register("0", _FLAG, "(0,1)", kept=True),
        "+CSMS": Register("0", _FLAG, "(0,1)"),
        "+CSDH": Register("0", _FLAG, "(0,1)"),
        "+CSMP": Register("17,167,0,0", _ANY, ""),
        "+CSCB": Register('0,"",""', _ANY, "(0,1)"),
        "+CLIP": Register("0", _FLAG, "(0,1)"),
        "+CRC": Register("0", _FLAG, "(0,1)"),
        "+CUSD": Register("0", r"[012]", "(0-2)"),
        "+CTZR": Register("0", _FLAG, "(0,1)"),
        "+CTZU": Register("0", _FLAG, "(0,1)"),
    }
)
SIM800 = MappingProxyType(
    {
        "+IPR": Register("115200", r"0|1200|2400|4800|9600|19200|38400|57600|115200|230400|460800", "", kept=True),
        "+CBATCHK": Register("0", _FLAG, "(0,1)"),
        "+CIURC": Register("1", _FLAG, "(0,1)", kept=True),
        "+CSCLK": Register("0", r"[012]", "(0-2)", kept=True),
        "+IFC": Register("0,0", r"[012],[012]", "(0-2),(0-2)", kept=True),
        "+ICF": Register("3,3", r"[1-6],[0-4]", "(1-6),(0-4)", kept=True),
        "+SCLASS0": Register("0", _FLAG, "(0,1)"),
        "+SRSPT": Register("0", _FLAG, "(0,1)"),
        "+GSMBUSY": Register("0", r"[012]", "(0-2)"),
        "+CALM": Register("0", r"[012]", "(0-2)"),
        "+CLTS": Register("0", _FLAG, "(0,1)", kept=True),
        "+CMTE": Register("0", _FLAG, "(0,1)"),
        "+CSDT": Register("0", _FLAG, "(0,1)", kept=True),
        "+CSMINS": Register("0", _FLAG, "(0,1)"),
        "+CWHITELIST": Register("0", r"[0-3](,.*)?", "(0-3)", kept=True),
        "+CGSMS": Register("1", r"[0-3]", "(0-3)"),
        "+STKPCIS": Register("0", _FLAG, "(0,1)"),
    }
)
HUAWEI = MappingProxyType(
    {
        "+IPR": Register("115200", r"\d{1,6}", ""),
        "+CMMS": Register("0", r"[012]", "(0-2)"),
        "^PORTSEL": Register("0", _FLAG, "(0,1)"),
        "^STSF": Register("1", _FLAG, "(0,1)"),
    }
)
LTE = MappingProxyType(
    {
        "+IPR": Register("115200", r"\d{1,7}", ""),
        "+CEREG": Register("0", r"[012]", "(0-2)"),
        "+CMMS": Register("0", r"[012]", "(0-2)"),
        "+CGSMS": Register("1", r"[0-3]", "(0-3)"),
    }
)


@dataclass(slots=True)
class Settings:
    """The volatile settings of a running modem and the profile that `&W` kept."""

    table: MappingProxyType[str, Register]
    factory_cnmi: tuple[int, ...]
    memories: list[str]  # mem1, mem2, mem3
    echo: bool = True
    verbose: bool = True
    cnmi: tuple[int, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    profile: dict[str, str] = field(default_factory=dict)
    factory_memory: str = "SM"

    def __post_init__(self) -> None:
        """Start from the factory."""
        self.factory_memory = self.memories[0]
        self.reset()

    def reset(self) -> None:
        """Return to the kept profile over the factory's values: what a restart does."""
        self.values = {name: register.factory for name, register in self.table.items()} | self.profile
        self.echo = self.values.pop("E", "1") == "1"
        self.verbose = self.values.pop("V", "1") == "1"
        cnmi = self.values.pop("+CNMI", "")
        self.cnmi = tuple(int(value) for value in cnmi.split(",")) if cnmi else self.factory_cnmi
        self.memories = [self.factory_memory] * 3

    def keep(self) -> None:
        """Keep what `AT&W` keeps."""
        self.profile |= {name: self.values[name] for name, register in self.table.items() if register.kept}
        self.profile |= {"E": str(int(self.echo)), "V": str(int(self.verbose))}
        self.profile["+CNMI"] = ",".join(map(str, self.cnmi))

    def accept(self, name: str, raw: str) -> bool:
        """Take a value if the register accepts it."""
        if not re.fullmatch(self.table[name].accepts, raw):
            return False
        self.values[name] = raw
        if name == "+IPR":  # saved by itself (SIM800C hardware manual §4.5.1)
            self.profile[name] = raw
        return True

    def number(self, name: str) -> int:
        """Return the first number of a register, 0 where this modem has none such."""
        return int(self.values.get(name, "0").split(",")[0] or "0")
