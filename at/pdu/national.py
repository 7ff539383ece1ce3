"""The 7-bit tables of 3GPP TS 23.038: default alphabet (§6.2.1), its extension, national tables (annex A)."""

from enum import IntEnum

UNDEFINED = "\ufffd"
"""Stands in a table where the standard defines no character."""
ESCAPE = 0x1B

DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\ufffdÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
"""§6.2.1; the escape has no character of its own."""

DEFAULT_EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""§6.2.1.1; 0x0D is a control and 0x1B reserved, neither is a character."""


class Language(IntEnum):
    """National language identifiers (§6.2.1.2.4)."""

    DEFAULT = 0
    TURKISH = 1
    SPANISH = 2
    PORTUGUESE = 3
    BENGALI = 4
    GUJARATI = 5
    HINDI = 6
    KANNADA = 7
    MALAYALAM = 8
    ORIYA = 9
    PUNJABI = 10
    TAMIL = 11
    TELUGU = 12
    URDU = 13


LOCKING: dict[int, str] = {Language.DEFAULT: DEFAULT_ALPHABET}
SINGLE: dict[int, dict[int, str]] = {Language.DEFAULT: DEFAULT_EXTENSION}
