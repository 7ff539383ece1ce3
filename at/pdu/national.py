"""The 7-bit tables of 3GPP TS 23.038: default alphabet (§6.2.1), its extension, national tables (annex A)."""

from enum import IntEnum

from kentongan.at.pdu.national_tables import LOCKING_GRIDS, PAGES, SINGLE_FIRST_ROW, SINGLE_GRIDS, SINGLE_LAST_ROWS

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


_LANGUAGES = frozenset(Language)


_TURKISH = {0x04: "€", 0x07: "ı", 0x0B: "Ğ", 0x0C: "ğ", 0x1C: "Ş", 0x1D: "ş", 0x40: "İ", 0x60: "ç"}  # noqa: RUF001 - a Turkish letter
"""§A.3.1, where it differs from the default alphabet."""

_PORTUGUESE = (
    "@£$¥êéúíóç\nÔô\rÁá"
    "Δ_ªÇÀ∞^\\€Ó|\ufffdÂâÊÉ"
    " !\"#º%&'()*+,-./"
    "0123456789:;<=>?"
    "ÍABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÃÕÚÜ§"
    "~abcdefghijklmno"
    "pqrstuvwxyzãõ`üà"
)
"""§A.3.3."""

_SINGLE_ADDITIONS = {
    Language.TURKISH: {0x47: "Ğ", 0x49: "İ", 0x53: "Ş", 0x63: "ç", 0x67: "ğ", 0x69: "ı", 0x73: "ş"},  # noqa: RUF001 - Turkish
    Language.SPANISH: dict(zip((0x09, 0x41, 0x49, 0x4F, 0x55, 0x61, 0x69, 0x6F, 0x75), "çÁÍÓÚáíóú", strict=True)),
    Language.PORTUGUESE: dict(
        zip(
            bytes.fromhex("05090B0C0E0F121315161718191F41494F555B5C61696F757B7C7F"),
            "êçÔôÁáΦΓΩΠΨΣΘÊÀÍÓÚÃÕÂíóúãõâ",
            strict=True,
        )
    ),
}
"""§A.2.1 to §A.2.3: what is added to the default extension."""

_NAMED_TOKENS = {"--": UNDEFINED, "SP": " ", "LF": "\n", "CR": "\r", "FF": "\f"}


def _read_grid(grid: str, page: int) -> str:
    """Turn the tokens of a table into its characters."""
    return "".join([_read_token(token, page) for token in grid.split()])


def _read_token(token: str, page: int) -> str:
    if token in _NAMED_TOKENS:
        return _NAMED_TOKENS[token]
    if len(token) == 1:
        return token
    return chr(int(token, 16) + (page if len(token) == 2 else 0))


def has_locking(language: int) -> bool:
    """Tell whether the standard has a locking shift table of this language (Spanish has none)."""
    return language in _LANGUAGES and language != Language.SPANISH


def has_single(language: int) -> bool:
    """Tell whether the standard has a single shift table of this language."""
    return language in _LANGUAGES


def locking_table(language: int) -> str:
    """Give the 128 characters of a locking shift table (§A.3), the default alphabet where there is none."""
    if language == Language.TURKISH:
        return "".join([_TURKISH.get(code, character) for code, character in enumerate(DEFAULT_ALPHABET)])
    if language == Language.PORTUGUESE:
        return _PORTUGUESE
    name = _script_of(language)
    return _read_grid(LOCKING_GRIDS[name], PAGES[name]) if name else DEFAULT_ALPHABET


def single_table(language: int) -> dict[int, str]:
    """Give what codes mean after an escape (§A.2), the default extension where there is no table."""
    if language in _SINGLE_ADDITIONS:
        return DEFAULT_EXTENSION | _SINGLE_ADDITIONS[Language(language)]
    name = _script_of(language)
    if not name:
        return DEFAULT_EXTENSION
    grid = _read_grid(SINGLE_FIRST_ROW + SINGLE_GRIDS[name] + SINGLE_LAST_ROWS, PAGES[name])
    return {code: character for code, character in enumerate(grid) if character != UNDEFINED}


def _script_of(language: int) -> str:
    """Name the script table of a language, an empty string for none."""
    name = Language(language).name.lower() if language in _LANGUAGES else ""
    return name if name in PAGES else ""
