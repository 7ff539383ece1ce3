"""Cut a text into what people see as characters: the part of Unicode's UAX #29 that short messages need."""

from itertools import pairwise
from unicodedata import category

ZERO_WIDTH_JOINER = "\u200d"


def clusters(text: str) -> list[str]:
    """Cut a text before every character that does not continue the one before it."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    pieces = [text[:1]] if text else []
    for before, character in pairwise(text):
        if _continues(pieces[-1], before, character):
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _continues(cluster: str, before: str, character: str) -> bool:
    """Tell whether a character continues the cluster that ends in `before`."""
    if character.isascii():
        return before == "\r" and character == "\n"
    if _is_flag(character):
        return _is_flag(before) and len(cluster) % 2 == 1
    return (
        before == ZERO_WIDTH_JOINER
        or category(character) in ("Mn", "Me", "Mc", "Cf")
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
    )


def _is_flag(character: str) -> bool:
    """Tell whether the character is a regional indicator, two of which make a flag."""
    return "\U0001f1e6" <= character <= "\U0001f1ff"
