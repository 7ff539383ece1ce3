"""The night watch at work: sends the probes of `patrol` through the store and takes what comes back.

A probe that could not be sent says nothing of the way to us; only one that was sent and did not come counts.
"""

from collections.abc import Callable, Mapping

import msgspec

from kentongan.at.commands import Refresh
from kentongan.daemon import patrol
from kentongan.daemon.events import Command, Note, ToModem
from kentongan.daemon.line import Line
from kentongan.daemon.own_sms import Post
from kentongan.daemon.patrol import HOUR_MS, NEIGHBOUR_EVERY_MS, PATIENCE_MS, SETTLE_MS, Neighbour, Probe
from kentongan.queue.records import Moment
from kentongan.queue.store import Store


class Beat(msgspec.Struct, frozen=True):
    """Who we are on the watch: our ticket prefix, our own number, the neighbours and the key shared with them."""

    prefix: str
    own_number: str = ""
    own_every_h: int = 12
    neighbours: tuple[str, ...] = ()
    key: bytes = b""


class NightWatch:
    """Probes of one line: to itself, and to each neighbour."""

    def __init__(  # noqa: PLR0913, PLR0917  everything it needs of the world
        self, store: Store, post: Post, line: str, beat: Beat, random_bytes: Callable[[int], bytes], at: Moment
    ) -> None:
        self._store = store
        self._post = post
        self._line = line
        self._beat = beat
        self._random = random_bytes
        begin_ms = at.steady_ms + SETTLE_MS
        self._own = self._resumed(begin_ms)
        self._neighbours: Mapping[str, Neighbour] = {
            number: Neighbour(number, Probe(NEIGHBOUR_EVERY_MS, begin_ms)) for number in beat.neighbours
        }
        self._proven = store.incidents.noted(f"probe.{line}") is not None
        self._messages: dict[str, int] = {}  # nonce -> message under way

    def _resumed(self, begin_ms: int) -> Probe:
        """Go on with the rhythm of an earlier life, for each probe costs an SMS, and with its failures."""
        every_ms = self._beat.own_every_h * HOUR_MS
        fact = self._store.incidents.noted(f"probe.{self._line}")
        if fact is None:
            return Probe(every_ms, begin_ms)
        if fact.value == "ok":
            return Probe(every_ms, max(begin_ms, int(fact.steady_ms) + every_ms))
        return Probe(every_ms, begin_ms, failed=int(fact.value))

    @property
    def proven(self) -> bool:
        """Tell whether the last probe to our own number came back."""
        return self._proven and not self._own.failed

    @property
    def neighbours_silent(self) -> int:
        """Count the neighbours that did not answer two rounds."""
        return sum(neighbour.probe.failed >= patrol.SILENT for neighbour in self._neighbours.values())

    def look(self, line: Line, at: Moment) -> list[Command]:
        """Send what is due, give up what did not come."""
        commands: list[Command] = []
        for name, number, probe in self._ways():
            if probe.nonce and at.steady_ms - probe.sent_ms >= PATIENCE_MS:
                commands += self._give_up(name, probe, at)
            elif probe.due(at.steady_ms) and line.ready and not line.pace.cause:
                self._send(name, number, probe, at)
                commands.append(Note("probe_sent", (("line", self._line), ("way", name))))
        line.note(probes_failed=self._own.failed)
        return commands

    def test_now(self, at: Moment) -> bool:
        """Bring the next probe to our own number forward; tells whether there is such a way."""
        if not self._beat.own_number:
            return False
        self._own.next_ms = at.steady_ms
        return True

    def _ways(self) -> list[tuple[str, str, Probe]]:
        own = [("own", self._beat.own_number, self._own)] if self._beat.own_number and self._beat.own_every_h else []
        return own + [("neighbour", number, one.probe) for number, one in self._neighbours.items()]

    def _send(self, name: str, number: str, probe: Probe, at: Moment) -> None:
        nonce = patrol.fresh(self._random)
        text = (
            patrol.own_text(self._beat.prefix, nonce)
            if name == "own"
            else patrol.round_text(self._beat.prefix, nonce, self._beat.key)
        )
        message = self._post.send(self._line, number, text, at, PATIENCE_MS)
        self._messages = {nonce: message.message_id, **{n: m for n, m in self._messages.items() if n != probe.lost}}
        probe.sent(nonce, at.steady_ms)

    def _give_up(self, name: str, probe: Probe, at: Moment) -> list[Command]:
        """Judge a probe that did not come: one that never left is no proof."""
        if not self._post.has_left(self._messages.get(probe.nonce, 0)):
            probe.drop(at.steady_ms)
            return [Note("probe_dropped", (("line", self._line), ("way", name)))]
        probe.expire(at.steady_ms)
        if probe is self._own:
            self._store.incidents.note(f"probe.{self._line}", str(probe.failed), at)
        lost = Note("probe_lost", (("line", self._line), ("way", name), ("failed", probe.failed)))
        if probe is self._own and patrol.wants_refresh(probe.failed):
            return [lost, ToModem(self._line, Refresh()), Note("radio_refreshed", (("line", self._line),))]
        return [lost]

    # -- what comes ----------------------------------------------------------------------------------------------------

    def heard(self, line: Line, number: str, text: str, at: Moment) -> list[Command]:
        """Take a text from our own number or from a neighbour."""
        if number == self._beat.own_number:
            return self._came_back(line, text, at)
        neighbour = self._neighbours.get(number)
        if neighbour is None:
            return []
        if neighbour.probe.came(patrol.answered_nonce(text, self._beat.key), at.steady_ms):
            return [Note("neighbour_answered", (("line", line.name),))]
        nonce = patrol.asked_nonce(text, self._beat.key)
        if nonce and neighbour.may_answer(at.steady_ms):
            answer = patrol.reply_text(self._beat.prefix, nonce, self._beat.key)
            self._post.send(line.name, number, answer, at, PATIENCE_MS)
            return [Note("neighbour_asked", (("line", line.name),))]
        return []

    def _came_back(self, line: Line, text: str, at: Moment) -> list[Command]:
        sent_ms = self._own.sent_ms
        if not self._own.came(patrol.own_nonce(text, self._beat.prefix), at.steady_ms):
            return []
        self._proven = True
        self._store.incidents.note(f"probe.{self._line}", "ok", at)
        line.note(probe_ok_ms=at.wall_ms, probes_failed=0)
        return [Note("probe_came", (("line", self._line), ("after_ms", at.steady_ms - sent_ms)))]

    def is_ours(self, number: str, text: str) -> bool:
        """Tell whether a text is the watch's own and no citizen's."""
        if number == self._beat.own_number:
            return bool(patrol.own_nonce(text, self._beat.prefix))
        if number not in self._neighbours:
            return False
        return bool(patrol.asked_nonce(text, self._beat.key) or patrol.answered_nonce(text, self._beat.key))
