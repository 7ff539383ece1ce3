"""Write what phones and word processors put into Indonesian texts in the GSM 7-bit alphabet; every change is told."""

from dataclasses import dataclass
from unicodedata import combining, normalize

from kentongan.at.pdu.gsm7 import DEFAULT


@dataclass(frozen=True, slots=True)
class Change:
    """`before` at `index` of the text became `after` (which may be empty)."""

    index: int
    before: str
    after: str


_SPELLINGS = (
    ("‘’‚‛′`´ʼ＇", "'"),  # noqa: RUF001 - the characters themselves
    ("“”„‟«»″", '"'),
    ("–—‐‑‒―−", "-"),  # noqa: RUF001 - the characters themselves
    ("…", "..."),
    ("•·●‣", "*"),
    ("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\t", " "),
    ("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f\u00ad", ""),
    ("\u2028\u2029", "\n"),
    ("×", "x"),  # noqa: RUF001 - the characters themselves
    ("÷⁄", "/"),  # noqa: RUF001 - the characters themselves
    ("½", "1/2"),
    ("¼", "1/4"),
    ("¾", "3/4"),
    ("²", "2"),
    ("³", "3"),
    ("°", " deg"),
    ("™", "(TM)"),
    ("©", "(C)"),
    ("®", "(R)"),
)
SPELLINGS = {character: after for before, after in _SPELLINGS for character in before}
"""What a character is written as where the alphabet has no such character."""


_EMOJI_NAMES = (
    ("👍👌", "(ok)"),
    ("🚨⚠❗‼", "(!)"),
    ("😀😃😄😁😆😂🤣", ":D"),
    ("🙂😊☺😇🤗", ":)"),
    ("😉", ";)"),
    ("🙁☹😞😔😢😭😿", ":("),
    ("❤💙💚💛💜🧡", "<3"),
    ("✅✔☑", "(v)"),
    ("❌✖", "(x)"),
    ("\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff", ""),
)
EMOJI_NAMES = {character: after for before, after in _EMOJI_NAMES for character in before}
"""What an emoji is written as where the sender prefers a short text to a picture; skin tones are dropped."""


def transliterate(text: str, *, emoji_names: bool = False) -> tuple[str, tuple[Change, ...]]:
    """Replace what has a known spelling in the GSM 7-bit alphabet; everything else stays, whatever it is.

    Characters of the alphabet are never touched; a composed letter is preferred to a bare one. Emoji are touched
    only with `emoji_names`, and only those with a name.
    """
    pieces: list[str] = []
    changes: list[Change] = []
    index = 0
    for cluster in _clusters(text):
        after = EMOJI_NAMES[cluster] if emoji_names and cluster in EMOJI_NAMES else _spell(cluster)
        if after != cluster:
            changes.append(Change(index, cluster, after))
        pieces.append(after)
        index += len(cluster)
    return "".join(pieces), tuple(changes)


def _clusters(text: str) -> list[str]:
    """Cut the text into characters with the marks that combine with them."""
    clusters: list[str] = []
    for character in text:
        if clusters and combining(character):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _spell(cluster: str) -> str:
    if cluster in DEFAULT.septets:
        return cluster
    composed = normalize("NFC", cluster)
    if composed in DEFAULT.septets:
        return composed
    spelled = SPELLINGS.get(composed)
    if spelled is not None:
        return spelled
    bare = "".join(character for character in normalize("NFKD", composed) if not combining(character))
    return bare if bare and all(character in DEFAULT.septets for character in bare) else cluster
