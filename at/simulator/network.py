"""The radio network and the service centre: what waits, what was taken, who may send; it never looks at the wire."""

from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from kentongan.at.simulator.books import Books
from kentongan.at.simulator.messages import Stamp

# 2026-11-23 15:04:05 +07:00, the moment of the vectors in the facts
EPOCH_S = 1_795_421_045.0


class Credit(StrEnum):
    """What happens to a send: the known disguises of an empty account, or a good one."""

    GOOD = "good"
    CMS_38 = "cms38"  # "network out of order"
    CMS_21 = "cms21"
    CMS_10 = "cms10"
    SILENT = "silent"  # +CMGS never comes
    NOTICE = "notice"  # accepted, then an SMS of the operator says why nothing arrives


CREDIT_CODES = {Credit.CMS_38: 38, Credit.CMS_21: 21, Credit.CMS_10: 10}
CREDIT_NOTICE = ("TELKOMSEL", "Maaf, pulsa Anda tidak cukup untuk mengirim SMS. Silakan isi ulang.")


@dataclass(slots=True)
class Network:
    """The state of the world outside the modem."""

    books: Books = field(default_factory=Books)
    stat: int = 1  # +CREG <stat>, 3GPP TS 27.007 §7.2
    operator: tuple[str, str] = ("TELKOMSEL", "51010")
    rssi: int = 18
    waiting: deque[str] = field(default_factory=deque)
    memory_full: bool = False  # the service centre waits for RP-SMMA
    credit: Credit = Credit.GOOD
    report_statuses: tuple[int, ...] = (0x00,)  # TP-ST of the reports that each send gets
    ussd: dict[str, tuple[int, str]] = field(default_factory=dict)  # "*888#", and "*888#/1" for the menu behind it
    ussd_session: str = ""  # the path of the menu that waits for a choice
    wall_offset_s: float = EPOCH_S
    long_reference: int = 0

    @property
    def registered(self) -> bool:
        """Tell whether short messages can pass."""
        return self.stat in {1, 5, 6, 7}

    def stamp(self, now: float) -> Stamp:
        """Return the service centre's clock."""
        return Stamp(self.wall_offset_s + now)

    def next_reference(self) -> int:
        """Return a fresh reference for a concatenated message."""
        self.long_reference = (self.long_reference + 1) % 256
        return self.long_reference
