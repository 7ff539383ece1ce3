"""Septets, octets and text (3GPP TS 23.038 §6.1.2.1 and §6.2.1); counts septets, never characters."""

from codecs import charmap_decode
from dataclasses import dataclass
from functools import cache

from kentongan.at.errors import NotEncodable
from kentongan.at.pdu.national import ESCAPE, UNDEFINED, locking_table, single_table
from kentongan.at.pdu.remark import Remark

MAX_SEPTETS = 256
"""TP-UDL is one octet, so no text has more septets than this."""
CONTROL_RETURN = 0x0D
"""CR2 of the extension table: a control to be ignored."""


def _spreads() -> tuple[tuple[int, int, int], ...]:
    """Make the masks that spread 256 lanes of 7 bits to lanes of 8, halving the blocks at each step."""
    steps = []
    half = MAX_SEPTETS // 2
    while half:
        block = (1 << 7 * half) - 1
        low = sum(block << 16 * half * index for index in range(MAX_SEPTETS // (2 * half)))
        steps.append((half, low, low << 7 * half))
        half //= 2
    return tuple(steps)


_SPREADS = _spreads()
_GATHERS = tuple((half, low, high << half) for half, low, high in reversed(_SPREADS))


def unpack(octets: bytes, count: int, fill: int = 0) -> bytes:
    """Cut `count` septets, one per octet, out of the packed octets; the first `fill` bits are skipped.

    The caller has checked that the octets hold that many.
    """
    lanes = int.from_bytes(octets, "little") >> fill & (1 << 7 * count) - 1
    for half, low, high in _SPREADS:
        if half < count:
            lanes = lanes & low | (lanes & high) << half
    return lanes.to_bytes(count, "little")


def pack(septets: bytes, fill: int = 0) -> bytes:
    """Pack septets (one per octet) behind `fill` zero bits; spare bits are zero."""
    count = len(septets)
    lanes = int.from_bytes(septets, "little")
    for half, low, high in _GATHERS:
        if half < count:
            lanes = lanes & low | (lanes & high) >> half
    return (lanes << fill).to_bytes((fill + 7 * count + 7) // 8, "little")


@dataclass(frozen=True, slots=True)
class Tables:
    """A locking and a single shift table in force together, ready for both directions.

    `escaped` is what a septet shows after an escape; `unlisted` are the septets the extension does not define.
    """

    base: str
    escaped: tuple[str, ...]
    unlisted: frozenset[int]
    septets: dict[str, bytes]

    def decode(self, septets: bytes) -> tuple[str, tuple[Remark, ...]]:
        """Write septets as text; an unlisted escape shows the base character (§6.2.1.1)."""
        if ESCAPE in septets:
            text, remarks = self._decode_escapes(septets)
        else:
            text, remarks = charmap_decode(septets, "replace", self.base)[0], []
        if UNDEFINED in text:
            remarks.append(Remark.UNDEFINED_SEPTET)
        return text, tuple(remarks)

    def _decode_escapes(self, septets: bytes) -> tuple[str, list[Remark]]:
        pieces, remarks, start = [], [], 0
        while (escape := septets.find(ESCAPE, start)) >= 0:
            pieces.append(charmap_decode(septets[start:escape], "replace", self.base)[0])
            start = escape + 2
            if start > len(septets):
                remarks.append(Remark.LONE_ESCAPE)
                break
            code = septets[escape + 1]
            pieces.append(self.escaped[code])
            if code in self.unlisted and Remark.BAD_ESCAPE not in remarks:
                remarks.append(Remark.BAD_ESCAPE)
        pieces.append(charmap_decode(septets[start:], "replace", self.base)[0])
        return "".join(pieces), remarks

    def encode(self, text: str) -> bytes:
        """Write text as septets; raise `NotEncodable` at the first character outside the tables."""
        try:
            return b"".join([self.septets[character] for character in text])
        except KeyError:
            index = next(index for index, character in enumerate(text) if character not in self.septets)
            raise NotEncodable(text[index], index) from None


@cache
def tables(locking: int = 0, single: int = 0) -> Tables:
    """Combine a locking and a single shift table by their language identifiers; unknown ones mean the default."""
    base, extension = locking_table(locking), single_table(single)
    escaped = [extension.get(code, base[code]) for code in range(128)]
    escaped[CONTROL_RETURN] = ""
    escaped[ESCAPE] = " "
    septets = {character: bytes((ESCAPE, code)) for code, character in reversed(extension.items())}
    septets |= {character: bytes((code,)) for code, character in reversed(tuple(enumerate(base)))}
    septets.pop(UNDEFINED, None)
    unlisted = frozenset(range(128)) - extension.keys() - {CONTROL_RETURN}
    return Tables(base, tuple(escaped), unlisted, septets)


DEFAULT = tables()
