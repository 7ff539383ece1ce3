"""TP-Data-Coding-Scheme (3GPP TS 23.038 §4): every one of the 256 octets has a meaning, reserved ones included."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Alphabet(StrEnum):
    """How the user data is written (3GPP TS 23.038 §6)."""

    GSM7 = "gsm7"
    DATA = "data"  # 8-bit
    UCS2 = "ucs2"


class Waiting(Enum):
    """What waits for the subscriber: bits 1-0 of a message waiting group."""

    VOICEMAIL = 0
    FAX = 1
    EMAIL = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Mwi:
    """Message waiting indication; `store` says whether the text is worth keeping."""

    kind: Waiting
    active: bool
    store: bool


@dataclass(frozen=True, slots=True)
class Dcs:
    """One data coding scheme; `reserved` marks codings that are read as GSM 7-bit by rule."""

    alphabet: Alphabet
    message_class: int | None
    compressed: bool
    mwi: Mwi | None
    automatic_deletion: bool
    raw: int
    reserved: bool = False

    @property
    def counts_septets(self) -> bool:
        """Tell whether TP-UDL counts septets instead of octets (3GPP TS 23.040 §9.2.3.16)."""
        return self.alphabet is Alphabet.GSM7 and not self.compressed


_ALPHABETS = (Alphabet.GSM7, Alphabet.DATA, Alphabet.UCS2, Alphabet.GSM7)


def _general(raw: int) -> Dcs:
    """Read coding groups 00xx and 01xx."""
    return Dcs(
        alphabet=_ALPHABETS[raw >> 2 & 3],
        message_class=raw & 3 if raw & 0x10 else None,
        compressed=bool(raw & 0x20),
        mwi=None,
        automatic_deletion=bool(raw & 0x40),
        raw=raw,
        reserved=raw >> 2 & 3 == 3,
    )


def _waiting(raw: int) -> Dcs:
    """Read coding groups 1100, 1101 and 1110."""
    return Dcs(
        alphabet=Alphabet.UCS2 if raw >> 4 == 0xE else Alphabet.GSM7,
        message_class=None,
        compressed=False,
        mwi=Mwi(Waiting(raw & 3), active=bool(raw & 8), store=raw >> 4 != 0xC),
        automatic_deletion=False,
        raw=raw,
    )


def _read(raw: int) -> Dcs:
    group = raw >> 4
    if group < 0x8:
        return _general(raw)
    if group < 0xC:
        return Dcs(Alphabet.GSM7, None, compressed=False, mwi=None, automatic_deletion=False, raw=raw, reserved=True)
    if group < 0xF:
        return _waiting(raw)
    alphabet = Alphabet.DATA if raw & 4 else Alphabet.GSM7
    return Dcs(alphabet, raw & 3, compressed=False, mwi=None, automatic_deletion=False, raw=raw, reserved=bool(raw & 8))


_TABLE = tuple(_read(raw) for raw in range(256))


def dcs_of(raw: int) -> Dcs:
    """Read the octet; every value has a reading (3GPP TS 23.038 §4)."""
    return _TABLE[raw]


GSM7 = _TABLE[0x00]
DATA = _TABLE[0x04]
UCS2 = _TABLE[0x08]
