"""How long things take, as data; refuses nothing, a profile may be as absurd as a modem."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Timing:
    """The delays of a modem and of the network behind it, in seconds."""

    other_s: float = 0.0  # a command that has no entry of its own
    commands: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    send_s: float = 0.0  # from the end of the payload to `+CMGS`
    report_s: float = 0.5  # from `+CMGS` to the status report
    delivery_s: float = 0.0  # between two messages that the network delivers
    boot_scale: float = 0.02  # factor on the persona's own boot times
    ussd_s: float = 0.1  # from `OK` to `+CUSD`
    ring_s: float = 1.0  # between two `RING`; a network rings every 5 s

    def of(self, command: str) -> float:
        """Return the time from the end of a command line to its answer."""
        return self.commands.get(command, self.other_s)


INSTANT = Timing()
REALISTIC = Timing(
    other_s=0.010,
    commands=MappingProxyType({"+CMGD": 0.080, "+CMGR": 0.030}),
    send_s=3.0,
    report_s=5.0,
    boot_scale=1.0,
    ussd_s=3.0,
    ring_s=5.0,
)
PROFILES = MappingProxyType({"instant": INSTANT, "realistic": REALISTIC})
