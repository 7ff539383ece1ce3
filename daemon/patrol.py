"""The night watch: messages that prove the way from the network to us, to our own number and to paired gateways.

Only an SMS that arrives proves that SMS arrive (domain.md 0.1). Pure: decides what to send and what came of it. The
texts carry letters alone, for operators filter runs of digits, and are signed between neighbours, so that nobody can
make two gateways talk to each other.
"""

import hmac
import re
from collections.abc import Callable

import msgspec

HOUR_MS, MINUTE_MS = 3_600_000, 60_000
SETTLE_MS = 15 * MINUTE_MS  # after the start
PATIENCE_MS = 10 * MINUTE_MS  # how long an SMS may take before it counts as lost
AGAIN_MS = 15 * MINUTE_MS  # after a failure, until the path counts as broken
BROKEN = 3
SLOWLY_MS = HOUR_MS  # then
NEIGHBOUR_EVERY_MS = 24 * HOUR_MS
SILENT = 2  # rounds unanswered
ANSWERS_A_DAY = 4  # to one neighbour: its own rounds and repeats, and no loop
NONCE, SIGNATURE = 6, 6  # letters: 19 to the sixth are 47 million
# Without vowels, h and w no word comes about by chance that operators filter, such as "www" or "http".
LETTERS = "bcdfgjklmnpqrstvxyz"

_OWN = re.compile(r"UJI ([A-Z0-9]{3}) ([a-z]{6})")
_ROUND = re.compile(r"RONDA ([A-Z0-9]{3}) ([a-z]{6}) ([a-z]{6})")
_REPLY = re.compile(r"RONDA BALAS ([A-Z0-9]{3}) ([a-z]{6}) ([a-z]{6})")


def letters(data: bytes, count: int) -> str:
    """Write octets as so many letters."""
    number = int.from_bytes(data, "big")
    out = []
    for _ in range(count):
        number, rest = divmod(number, len(LETTERS))
        out.append(LETTERS[rest])
    return "".join(out)


def own_text(prefix: str, nonce: str) -> str:
    """Word a message to our own number."""
    return f"UJI {prefix} {nonce}"


def own_nonce(text: str, prefix: str) -> str:
    """Read one that came back, empty when it is none of ours."""
    found = _OWN.fullmatch(text.strip())
    return found[2] if found and found[1] == prefix else ""


def _signed(key: bytes, *words: str) -> str:
    return letters(hmac.new(key, " ".join(words).encode(), "sha256").digest(), SIGNATURE)


def round_text(prefix: str, nonce: str, key: bytes) -> str:
    """Word a round to a neighbour."""
    return f"RONDA {prefix} {nonce} {_signed(key, 'tanya', prefix, nonce)}"


def reply_text(prefix: str, nonce: str, key: bytes) -> str:
    """Word the answer to a neighbour's round."""
    return f"RONDA BALAS {prefix} {nonce} {_signed(key, 'balas', prefix, nonce)}"


def asked_nonce(text: str, key: bytes) -> str:
    """Read a neighbour's round, empty when it is none or not signed with our key."""
    found = _ROUND.fullmatch(text.strip())
    good = found and hmac.compare_digest(found[3], _signed(key, "tanya", found[1], found[2]))
    return found[2] if found and good else ""


def answered_nonce(text: str, key: bytes) -> str:
    """Read a neighbour's answer, empty when it is none or not signed with our key."""
    found = _REPLY.fullmatch(text.strip())
    good = found and hmac.compare_digest(found[3], _signed(key, "balas", found[1], found[2]))
    return found[2] if found and good else ""


class Probe(msgspec.Struct):
    """One way that is tried again and again; moments are those of the steady clock."""

    every_ms: int
    next_ms: int
    failed: int = 0  # in a row
    nonce: str = ""  # of the message under way
    sent_ms: int = 0
    lost: str = ""  # the last one that was given up; it may still come

    def due(self, steady_ms: int) -> bool:
        """Tell whether to send one now."""
        return not self.nonce and steady_ms >= self.next_ms

    def sent(self, nonce: str, steady_ms: int) -> None:
        """Note that one is under way."""
        self.nonce, self.sent_ms = nonce, steady_ms

    def came(self, nonce: str, steady_ms: int) -> bool:
        """Take one that arrived, also one that had been given up; tells whether it was ours."""
        if not nonce or nonce not in {self.nonce, self.lost}:
            return False
        self.nonce, self.lost, self.failed = "", "", 0
        self.next_ms = steady_ms + self.every_ms
        return True

    def drop(self, steady_ms: int) -> None:
        """Take the message under way back: it could not be sent, which says nothing of the path."""
        self.nonce = ""
        self.next_ms = steady_ms + AGAIN_MS

    def expire(self, steady_ms: int) -> bool:
        """Count a message that did not come; tells whether there was one."""
        if not self.nonce or steady_ms - self.sent_ms < PATIENCE_MS:
            return False
        self.nonce, self.lost, self.failed = "", self.nonce, self.failed + 1
        self.next_ms = steady_ms + (AGAIN_MS if self.failed < BROKEN else SLOWLY_MS)
        return True


def wants_refresh(failed: int) -> bool:
    """Tell whether the radio is switched off and on after so many losses in a row: before the alarm, then twice a day.

    Modems stop taking messages while everything else looks well (modem.md 10.1 items 1, 15, 25).
    """
    return failed == BROKEN - 1 or (failed > BROKEN and failed % (12 * HOUR_MS // SLOWLY_MS) == 0)


class Neighbour(msgspec.Struct):
    """A paired gateway: our rounds to it, and how often we answered its own today."""

    number: str
    probe: Probe
    answered: list[int] = msgspec.field(default_factory=list)

    def may_answer(self, steady_ms: int) -> bool:
        """Tell whether another answer is no loop yet, and count it."""
        self.answered = [ms for ms in self.answered if steady_ms - ms < NEIGHBOUR_EVERY_MS]
        if len(self.answered) >= ANSWERS_A_DAY:
            return False
        self.answered.append(steady_ms)
        return True


def fresh(random_bytes: Callable[[int], bytes]) -> str:
    """Make a nonce."""
    return letters(random_bytes(8), NONCE)
