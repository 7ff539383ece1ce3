"""What the modem island can be asked to do: a closed union of frozen values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WalkSlots:
    """Report every occupied slot now."""


@dataclass(frozen=True, slots=True)
class FreeSlot:
    """Delete one slot, but only while it still holds the PDU with this digest (`events.digest`)."""

    storage: str
    index: int
    digest: str


@dataclass(frozen=True, slots=True)
class SendPart:
    """Send one SUBMIT; `job` comes back in `SendEnded`, `tpdu_octets` is the `<length>` of `+CMGS`."""

    job: int
    tpdu_octets: int
    pdu_hex: str


@dataclass(frozen=True, slots=True)
class RunUssd:
    """Ask the network a USSD code such as `*888#`."""

    code: str


@dataclass(frozen=True, slots=True)
class Shutdown:
    """Finish the command in flight, take no more."""


ModemCommand = WalkSlots | FreeSlot | SendPart | RunUssd | Shutdown
