"""Play a story and check it: an expectation is met by what was observed since the last act, or the story fails."""

import queue
from collections.abc import Callable
from typing import TypeVar

from kentongan.daemon.demo.narrator import Line, Narrator, Tone
from kentongan.daemon.demo.observations import Observation, ProcessEnded

Found = TypeVar("Found")
DEADLINE_S = 60.0  # for what should take a second or two: a Pi Zero under load is slow, and a wrong answer is worse
POLL_S = 0.2  # how often files are looked at while nothing else happens


class StoryFailed(Exception):
    """Something that had to happen did not."""


class Player:
    """Takes observations off the inbox, tells them, and keeps those since the last act for the expectations."""

    def __init__(
        self,
        inbox: "queue.Queue[Observation]",
        *,
        look: Callable[[], None],
        say: Callable[[Line], None],
        monotonic: Callable[[], float],
    ) -> None:
        self._inbox, self._look, self._say, self._monotonic = inbox, look, say, monotonic
        self._narrator = Narrator()
        self._seen: list[Observation] = []
        self._began = monotonic()
        self.steps = 0

    def scene(self, title: str, gloss: str) -> None:
        """Begin a scene."""
        self._say(Line("", ""))
        self._say(Line("ADEGAN", title, gloss))

    def act(self, text: str) -> None:
        """Tell what the demo does now; seconds count from here."""
        self._forget()
        self._say(Line("TINDAKAN", text))

    def expect(
        self, what: str, match: Callable[[Observation], Found | None], *, within_s: float = DEADLINE_S, gloss: str = ""
    ) -> Found:
        """Wait until an observation since the last act matches, and return what the match found; raises StoryFailed."""
        deadline = self._monotonic() + within_s
        looked_at = 0
        while True:
            while looked_at < len(self._seen):
                found = match(self._seen[looked_at])
                looked_at += 1
                if found is not None:
                    self._met(what, gloss)
                    return found
            if self._monotonic() >= deadline:
                raise StoryFailed(f"{what}: tidak teramati dalam {within_s:.0f} detik (not observed)")
            self._take(POLL_S)

    def never(self, what: str, match: Callable[[Observation], Found | None]) -> None:
        """Check that nothing observed since the last act matches."""
        if any(match(seen) is not None for seen in self._seen):
            raise StoryFailed(f"{what}: teramati, padahal tidak boleh (observed, and must not be)")
        self._met(what, "")

    def drain(self) -> None:
        """Tell what is waiting, without waiting for more."""
        while not self._inbox.empty():
            self._take(0)

    def check(self, what: str, holds: Callable[[], bool], *, within_s: float = DEADLINE_S) -> None:
        """Wait until something that can only be looked up holds; raises StoryFailed."""
        deadline = self._monotonic() + within_s
        while not holds():
            if self._monotonic() >= deadline:
                raise StoryFailed(f"{what}: tidak teramati dalam {within_s:.0f} detik (not observed)")
            self._take(POLL_S)
        self._met(what, "")

    def _forget(self) -> None:
        """Let what was observed so far prove nothing any more."""
        self.drain()
        self._seen.clear()
        self._began = self._monotonic()

    def _met(self, what: str, gloss: str) -> None:
        self.steps += 1
        self._say(Line("  OK", f"{what} ({self._monotonic() - self._began:.2f} s)", gloss, Tone.GOOD))

    def _take(self, timeout_s: float) -> None:
        self._look()
        try:
            seen = self._inbox.get(timeout=timeout_s) if timeout_s else self._inbox.get_nowait()
        except queue.Empty:
            return
        self._seen.append(seen)
        for line in self._narrator.tell(seen):
            self._say(line)
        if isinstance(seen, ProcessEnded):
            raise StoryFailed(f"proses {seen.name} berhenti sendiri (ended by itself), kode {seen.code}")
