"""A citizen's text as it may be shown to a group: numbers of people and of their papers masked. Pure.

Masks rather too much than too little: nine digits or more in one run, however they are spaced, and addresses of e-mail.
Dates, times, amounts of money below a billion and ticket numbers stay.
"""

import re

KEPT = 2  # digits at the front, so that a reader sees what kind of number it was
# NIK and KK 16, cards 13 to 19, telephone numbers 9 to 15 digits (domain.md 5.1); separators as people write them.
_NUMBER = re.compile(r"(?<![0-9A-Za-z])\+?\(?[0-9](?:[ .\-()/]{0,2}[0-9]){8,}(?![0-9A-Za-z])")
# Bounded: without bounds one SMS of 255 parts without a space kept the core busy for minutes.
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,190}")
_DATES = re.compile(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{4}")


def public_text(text: str) -> str:
    """Mask what names a person."""
    return _NUMBER.sub(_masked, _EMAIL.sub("***@***", text))


def _masked(run: re.Match[str]) -> str:
    found = run[0]
    if _DATES.sub("", found).strip(" .-()/") == "":
        return found
    seen = 0
    shown = []
    for character in found:
        seen += character.isdigit()
        shown.append("*" if character.isdigit() and seen > KEPT else character)
    return "".join(shown)
