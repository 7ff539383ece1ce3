"""The canary: sends each automatic text to our own number once a week, for operators drop texts in silence.

A text that is lost twice while plain messages come back is filtered (domain.md 0.2). Pure but for store and post.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from kentongan.daemon.events import Command, Note
from kentongan.daemon.line import Line
from kentongan.daemon.own_sms import Post
from kentongan.daemon.patrol import AGAIN_MS, PATIENCE_MS
from kentongan.queue.records import Moment
from kentongan.queue.store_incidents import Incidents

EVERY_MS = 7 * 86_400_000
FIRST_MS = 3_600_000  # after the first start: the plain probe goes first
LOST = 2
FACT, ROUND = "canary", "canary.round"  # what is filtered, and the last round that came to its end


class Songs(msgspec.Struct, frozen=True):
    """The texts by name as they go out, each with a fresh ticket number, and the number they go to."""

    own_number: str
    make: Callable[[], Mapping[str, str]]


class Round(msgspec.Struct):
    """One walk through the texts: those still to be tried, with the times they were lost, of so many."""

    left: list[tuple[str, int]] = []
    of: int = 0
    again: bool = False  # another one is wanted after this one
    ended_ms: int = 0  # wall, when the last one ended

    def begin(self, names: Iterable[str]) -> None:
        """Start with all of them."""
        self.left = [(name, 0) for name in names]
        self.of = len(self.left)


class Canary:
    """Walks through the texts, one under way at a time."""

    def __init__(self, memory: Incidents, post: Post, line: str, songs: Songs, at: Moment) -> None:
        self._memory = memory
        self._post = post
        self._line = line
        self._songs = songs
        self._round = Round()
        self._text, self._sent_ms, self._message_id = "", 0, 0  # under way
        self._next_ms = at.steady_ms + FIRST_MS
        self.filtered: tuple[str, ...] = ()
        fact = memory.noted(FACT)
        if fact is not None:
            self.filtered = tuple(msgspec.json.decode(fact.value, type=list[str]))
            self._next_ms = max(self._next_ms, fact.steady_ms + EVERY_MS)
        ended = memory.noted(ROUND)
        if ended is not None:
            self._round.ended_ms = ended.wall_ms

    def look(self, line: Line, at: Moment, *, path_proven: bool) -> list[Command]:
        """Sing the next text when it is time and plain messages come back."""
        commands = self._look(line, at, path_proven=path_proven)
        line.note(
            texts_filtered=self.filtered,
            texts_left=len(self._round.left),
            texts_of=self._round.of,
            texts_ms=self._round.ended_ms,
            texts_held=not path_proven,
        )
        return commands

    def _look(self, line: Line, at: Moment, *, path_proven: bool) -> list[Command]:
        if self._text:
            return self._lost(at) if at.steady_ms - self._sent_ms >= PATIENCE_MS else []
        if at.steady_ms < self._next_ms or not path_proven or not line.ready or line.pace.cause:
            return []
        texts = self._songs.make()
        if not self._round.left:
            self._round.begin(texts)
        name, _ = self._round.left[0]
        self._text, self._sent_ms = texts[name], at.steady_ms
        message = self._post.send(self._line, self._songs.own_number, self._text, at, PATIENCE_MS)
        self._message_id = message.message_id
        return [Note("canary_sent", (("line", self._line), ("name", name)))]

    def heard(self, number: str, text: str, at: Moment) -> list[Command]:
        """Take a text that may be one of ours, from our own number."""
        if number != self._songs.own_number or not self._text or text != self._text:
            return []
        name, _ = self._round.left.pop(0)
        self._text = ""
        return [Note("canary_came", (("name", name),)), *self._judge({name}, (), at)]

    def now(self, at: Moment) -> bool:
        """Begin a round now, or after the one under way; tells whether there is a number to send to."""
        if not self._songs.own_number:
            return False
        self._round.again = bool(self._text) or 0 < len(self._round.left) < self._round.of
        if not self._round.left:
            self._round.begin(self._songs.make())
        self._next_ms = at.steady_ms
        return True

    def _lost(self, at: Moment) -> list[Command]:
        self._text = ""
        name, lost = self._round.left.pop(0)
        if not self._post.has_left(self._message_id):
            self._round.left.insert(0, (name, lost))
            self._next_ms = at.steady_ms + AGAIN_MS
            return [Note("canary_dropped", (("name", name),))]
        if lost + 1 < LOST:
            self._round.left.insert(0, (name, lost + 1))
            self._next_ms = at.steady_ms + AGAIN_MS
            return [Note("canary_lost", (("name", name), ("times", lost + 1)))]
        return [Note("canary_lost", (("name", name), ("times", lost + 1))), *self._judge((), {name}, at)]

    def _judge(self, came: Iterable[str], lost: Iterable[str], at: Moment) -> list[Command]:
        """Note a text's fate; after the last one the round is over."""
        self.filtered = tuple(sorted((set(self.filtered) - set(came)) | set(lost)))
        if not self._round.left:
            self._next_ms = at.steady_ms + (0 if self._round.again else EVERY_MS)
            self._round.again, self._round.ended_ms = False, at.wall_ms
            self._memory.note(ROUND, str(self._round.of), at)
        self._memory.note(FACT, msgspec.json.encode(self.filtered).decode(), at)
        return []
