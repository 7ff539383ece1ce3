"""BERHENTI and MULAI: what a citizen asks not to get, and how it is confirmed (domain.md 3.1). Pure.

Refuses to find such a word inside a complaint: "tolong stop truk pasir" is a ticket, only a whole message is a wish.
"BATAL" is none: a citizen who takes a report back says the same, and a person should read it.
"""

import re

from kentongan.daemon.answers import Answers, Template
from kentongan.queue.records import Kept, Wish, WishLevel

STOP = frozenset({"berhenti", "stop", "unreg", "unsub", "unsubscribe"})
NEWS = frozenset({"info", "sms", "siaran", "langganan", "promo"})  # what is stopped may be named
ALL = frozenset({"semua", "all"})
START = frozenset({"mulai", "start"})
MAX_LENGTH = 40  # characters: no wish is longer, and nothing longer is looked at
_WORD = re.compile(r"[a-z]+")
_PLAIN = re.compile(r"[a-z\s.,!'\"*-]*")

REASONS = {
    WishLevel.ANSWERS: "opt_out",
    WishLevel.NOTHING: "opt_out_all",
    WishLevel.EVERYTHING: "opt_in",
}
LEVELS = {reason: level for level, reason in REASONS.items()}
TEXTS = {
    WishLevel.ANSWERS: Template.NO_NEWS,
    WishLevel.NOTHING: Template.NO_SMS,
    WishLevel.EVERYTHING: Template.NEWS,
}


def read_wish(text: str) -> WishLevel | None:
    """Read a wish, or nothing when the message says anything else."""
    plain = text.strip().casefold()
    if len(plain) > MAX_LENGTH or not _PLAIN.fullmatch(plain):
        return None
    first, *rest = _WORD.findall(plain) or [""]
    if first in START and set(rest) <= NEWS:
        return WishLevel.EVERYTHING
    if first not in STOP or not set(rest) <= NEWS | ALL:
        return None
    return WishLevel.NOTHING if ALL & set(rest) else WishLevel.ANSWERS


def wish_of(kept: Kept, answers: Answers) -> Wish | None:
    """Give the wish for which a message was set aside, with the word that confirms it."""
    level = LEVELS.get(kept.reason)
    if level is None or not kept.sender.replyable:
        return None
    return Wish(level, answers.message(TEXTS[level], kept.line, kept.sender.number))
