"""The SIM and the message memories: what survives every restart of the modem (3GPP TS 51.011, TS 27.005 §2.2)."""

from dataclasses import dataclass, field
from enum import StrEnum

PIN_ATTEMPTS = 3
PUK_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Slot:
    """A stored PDU; `status` is `<stat>` 0 unread, 1 read, 2 unsent, 3 sent."""

    status: int
    pdu_hex: str

    @property
    def tpdu_octets(self) -> int:
        """Return the `<length>` that a modem prints: octets without the service centre's address."""
        try:
            return len(self.pdu_hex) // 2 - 1 - int(self.pdu_hex[:2], 16)
        except ValueError:  # no hex at all: a card may hold anything
            return len(self.pdu_hex) // 2


@dataclass(slots=True)
class Memory:
    """A message memory of `capacity` slots, counted from `base`."""

    name: str
    capacity: int
    base: int
    slots: dict[int, Slot] = field(default_factory=dict)

    def store(self, slot: Slot) -> int | None:
        """Put a PDU into the first free slot and return its index; `None` when there is none."""
        for index in range(self.base, self.base + self.capacity):
            if index not in self.slots:
                self.slots[index] = slot
                return index
        return None

    def holds(self, index: int) -> bool:
        """Tell whether the memory has such a slot, free or not."""
        return self.base <= index < self.base + self.capacity


class Lock(StrEnum):
    """What the card asks for; the values are the words of `+CPIN`."""

    READY = "READY"
    PIN = "SIM PIN"
    PUK = "SIM PUK"
    DEAD = "BLOCKED"  # ten wrong PUKs: the card never works again


@dataclass(slots=True)
class Card:
    """A SIM: secrets, attempts, identity, phonebook, and the last reference of TS 24.011."""

    iccid: str = "8962100012345678901"
    imsi: str = "510101234567890"
    number: str = "+6281234500000"
    smsc: str = "+6281100000"
    pin: str = ""  # empty: the PIN is switched off
    puk: str = "12345678"
    pin_left: int = PIN_ATTEMPTS
    puk_left: int = PUK_ATTEMPTS
    verified: bool = False
    reference: int = 41
    phonebook: dict[int, tuple[str, str]] = field(default_factory=dict)  # index -> number, name

    @property
    def lock(self) -> Lock:
        """Return what the card asks for now."""
        if self.puk_left == 0:
            return Lock.DEAD
        if self.pin_left == 0:
            return Lock.PUK
        return Lock.READY if self.verified or not self.pin else Lock.PIN

    def reset(self) -> None:
        """Forget that the PIN was given: the card lost its supply."""
        self.verified = False

    def verify(self, pin: str) -> bool:
        """Try a PIN; each wrong one costs an attempt."""
        if self.lock is not Lock.PIN:
            return False
        self.verified = pin == self.pin
        self.pin_left = PIN_ATTEMPTS if self.verified else self.pin_left - 1
        return self.verified

    def unblock(self, puk: str, pin: str) -> bool:
        """Try a PUK and set a new PIN; each wrong one costs an attempt."""
        if self.lock is not Lock.PUK:
            return False
        if puk != self.puk:
            self.puk_left -= 1
            return False
        self.pin, self.pin_left, self.puk_left, self.verified = pin, PIN_ATTEMPTS, PUK_ATTEMPTS, True
        return True

    def next_reference(self) -> int:
        """Count an attempt to submit and return its TP-MR."""
        self.reference = (self.reference + 1) % 256
        return self.reference
