"""What really happened, kept outside the modem: a witness that outlives the program under test."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Submitted:
    """A SUBMIT that the service centre took, `at` on the simulator's clock, with the TP-MR that it got."""

    at: float
    pdu_hex: str
    reference: int


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that the modem took from the network; `index` is -1 for one that went straight to the host."""

    at: float
    pdu_hex: str
    storage: str
    index: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """A stored PDU that the host had deleted."""

    at: float
    pdu_hex: str
    storage: str
    index: int


@dataclass(slots=True)
class Books:
    """Everything that passed, oldest first, and how many submissions were already handed out by `drain`."""

    submitted: list[Submitted] = field(default_factory=list)
    delivered: list[Delivered] = field(default_factory=list)
    deleted: list[Deleted] = field(default_factory=list)
    refused: int = 0  # deliveries that found the memory full; the network keeps them
    restarts: int = 0
    commands: int = 0  # command lines that the modem read
    drained: int = 0

    def drain(self) -> list[Submitted]:
        """Return the submissions since the last call."""
        fresh = self.submitted[self.drained :]
        self.drained = len(self.submitted)
        return fresh
