"""What citizens have asked not to get: by the keyed hash of their number, for as long as the store lives.

Refuses to keep a number: erasing a person's texts leaves the wish, and the wish tells nobody who it was.
"""

import json
from collections.abc import Collection

from kentongan.queue.models import File
from kentongan.queue.records import Moment, WishLevel

DAY_MS = 86_400_000
ANSWERS_A_DAY = 3  # to one sender: two phones that answer each other may not empty the credit


class Wishes:
    """The table of wishes; writing happens inside the transaction that stores the SMS."""

    def __init__(self, file: File) -> None:
        self._file = file

    def take(self, sender_ref: str, level: WishLevel, at: Moment) -> bool:
        """Keep a wish; tells whether it is answered: one that changes nothing is not."""
        row = self._file.one("SELECT level, answered, answered_ms FROM wish WHERE sender_ref = ?", sender_ref)
        known, answered, since_ms = row or (WishLevel.EVERYTHING, 0, at.steady_ms)
        if at.steady_ms - since_ms >= DAY_MS:
            answered, since_ms = 0, at.steady_ms
        news = bool(known != level and answered < ANSWERS_A_DAY)
        self._file.run("DELETE FROM wish WHERE sender_ref = ?", sender_ref)
        self._file.run(
            "INSERT INTO wish (sender_ref, level, wall_ms, answered, answered_ms) VALUES (?, ?, ?, ?, ?)",
            sender_ref,
            str(level),
            at.wall_ms,
            answered + news,
            since_ms,
        )
        return news

    def level_of(self, sender_ref: str) -> WishLevel:
        """Tell what a sender wants; without a word of theirs, everything."""
        with self._file.reading():
            row = self._file.one("SELECT level FROM wish WHERE sender_ref = ?", sender_ref)
        return WishLevel(row[0]) if row else WishLevel.EVERYTHING

    def unwilling(self, sender_refs: Collection[str]) -> frozenset[str]:
        """Pick out of some senders those who want no information."""
        with self._file.reading():
            rows = self._file.run(
                "SELECT sender_ref FROM wish WHERE level != ? AND sender_ref IN (SELECT value FROM json_each(?))",
                str(WishLevel.EVERYTHING),
                json.dumps(sorted(sender_refs)),
            )
            return frozenset(row[0] for row in rows)
