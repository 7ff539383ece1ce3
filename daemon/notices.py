"""What an operator says of the SIM, as far as it can be read: balance and validity. Pure.

Refuses to guess: a sentence that it does not know gives nothing (domain.md 4.4).
"""

import re

import msgspec

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan", "feb", "mar", "apr", "mei may", "jun", "jul", "agu aug ags", "sep", "okt oct", "nov", "des dec"), 1
    )
    for name in names.split()
}
_BALANCE = re.compile(r"(?:pulsa|saldo)[^0-9]{0,40}?rp\.?\s*([0-9][0-9.,]*)", re.IGNORECASE)
_UNTIL = re.compile(
    r"(?:aktif|berlaku|tenggang|s\.?/?d\.?|sampai|hingga)[^0-9]{0,30}"
    r"([0-9]{1,2})[-/ .]([0-9]{1,2}|[a-z]{3,9})[-/ .]([0-9]{4}|[0-9]{2})(?![0-9])",
    re.IGNORECASE,
)


class Noticed(msgspec.Struct, frozen=True):
    """What was read; `active_until` is YYYY-MM-DD or empty."""

    balance_idr: int | None
    active_until: str


class Words(msgspec.Struct, frozen=True):
    """How balance (one group) and validity (day, month, year) are written; the first pattern that is found counts."""

    rupiah: tuple[re.Pattern[str], ...]
    until: tuple[re.Pattern[str], ...]


GENERAL = Words((_BALANCE,), (_UNTIL,))


def read_notice(text: str, words: Words = GENERAL) -> Noticed | None:
    """Read an operator's SMS or USSD answer; `None` when it holds neither."""
    balance = next(filter(None, (pattern.search(text) for pattern in words.rupiah)), None)
    until = next(filter(None, (pattern.search(text) for pattern in words.until)), None)
    rupiah = _rupiah(balance[1]) if balance else None
    day = _day(until[1], until[2], until[3]) if until else ""
    return Noticed(rupiah, day) if rupiah is not None or day else None


def _rupiah(digits: str) -> int | None:
    """Read `45.000`, `45,000` and `45.000,00`; decimals are dropped."""
    whole = re.sub(r"[.,][0-9]{1,2}$", "", digits.rstrip(".,"))
    plain = re.sub(r"[.,]", "", whole)
    return int(plain) if plain and len(plain) <= 9 else None


def _day(day: str, month: str, year: str) -> str:
    if not (day.isdecimal() and year.isdecimal()):
        return ""
    number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].lower(), 0)
    if not (1 <= number <= 12 and 1 <= int(day) <= 31):
        return ""
    return f"{year if len(year) == 4 else '20' + year}-{number:02}-{int(day):02}"
