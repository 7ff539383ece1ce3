"""Telephone numbers as Indonesia writes them: one normal form, and who may be answered.

Refuses to guess an operator from a prefix and to drop a sender because the number is odd (facts: domain.md 5.1).
"""

import base64
import hashlib
import hmac
import re
from enum import StrEnum

import msgspec

COUNTRY = "62"
# International prefixes seen in front of 62: the plain one and those of the carriers 001, 007, 008 and 01017.
INTERNATIONAL_PREFIXES = ("00162", "00762", "00862", "0101762", "0062")
SHORT_CODE_DIGITS = 6  # 3 to 6 digits: services such as 1708, never a person
LOCAL_DIGITS = range(9, 14)  # 08xx numbers are 10 to 13 digits with the 0 (9 to 12 without)
E164_DIGITS = range(7, 16)

_PUNCTUATION = re.compile(r"[\s().\-/]+")


class PartyKind(StrEnum):
    """What stands behind an address."""

    MOBILE = "mobile"
    FIXED = "fixed"
    FOREIGN = "foreign"
    SHORT_CODE = "short_code"
    ALPHANUMERIC = "alphanumeric"
    HIDDEN = "hidden"


class Party(msgspec.Struct, frozen=True):
    """A normalised address: `number` is E.164 or empty, `address` what the network showed."""

    number: str
    address: str
    kind: PartyKind

    @property
    def replyable(self) -> bool:
        """Tell whether an SMS to this party can be an answer and not a loop or a charge (domain.md 0.7)."""
        return self.kind in {PartyKind.MOBILE, PartyKind.FIXED, PartyKind.FOREIGN}


def party(address: str, *, alphanumeric: bool = False) -> Party:
    """Classify what a PDU or a person gave as a number; every input gives a `Party`."""
    shown = address.strip()
    if alphanumeric:
        return Party("", shown, PartyKind.ALPHANUMERIC)
    bare = _PUNCTUATION.sub("", shown)
    if not bare.strip("+"):
        return Party("", shown, PartyKind.HIDDEN)
    if not re.fullmatch(r"\+?[0-9]+", bare):
        kind = PartyKind.SHORT_CODE if set(bare) <= set("+0123456789*#abc") else PartyKind.ALPHANUMERIC
        return Party("", shown, kind)
    number = _e164(bare)
    if not number:
        return Party("", shown, PartyKind.SHORT_CODE)
    return Party(number, shown, _kind(number))


def _e164(bare: str) -> str:
    """Write digits in E.164, or return nothing for a short code or an impossible length."""
    digits = _international(bare)
    if digits.startswith(COUNTRY + "0"):  # "+62 0812...": both habits at once
        digits = COUNTRY + digits[3:]
    return "+" + digits if len(digits) in E164_DIGITS and digits[0] != "0" else ""


def _international(bare: str) -> str:
    """Put country code and national number side by side, without any prefix; empty for a short code."""
    if bare.startswith("+"):
        return bare[1:]
    for prefix in INTERNATIONAL_PREFIXES:
        if bare.startswith(prefix):
            return COUNTRY + bare[len(prefix) :]
    if len(bare) <= SHORT_CODE_DIGITS:
        return ""
    if bare.startswith("00"):
        return bare[2:]
    if bare.startswith("0"):
        return COUNTRY + bare[1:] if len(bare) - 1 in range(7, 13) else ""
    return COUNTRY + bare if bare.startswith("8") and len(bare) in LOCAL_DIGITS else bare


def _kind(number: str) -> PartyKind:
    """Sort an E.164 number."""
    if not number.startswith("+" + COUNTRY):
        return PartyKind.FOREIGN
    return PartyKind.MOBILE if number[3:4] == "8" else PartyKind.FIXED


def reference(secret: bytes, subject: str) -> str:
    """Make the stable, irreversible name of a number: `s_` and 12 base64url characters (contract 4.5)."""
    mac = hmac.new(secret, subject.encode(), hashlib.sha256).digest()
    return "s_" + base64.urlsafe_b64encode(mac).decode()[:12]


def masked(number: str) -> str:
    """Show a number to people without telling it: `+62812*****890` (contract 4.6)."""
    if len(number) < 9:
        return "*" * len(number)
    return number[:6] + "*" * (len(number) - 9) + number[-3:]
