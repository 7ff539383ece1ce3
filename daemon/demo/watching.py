"""See what gateway and watcher write about themselves: the status file and the lamps."""

from collections.abc import Callable
from pathlib import Path

from kentongan.daemon import lamps, status
from kentongan.daemon.demo.observations import LampsSeen, Observation, StatusSeen


class Files:
    """Looks at the runtime directory and emits what is new there."""

    def __init__(self, directory: Path, emit: Callable[[Observation], None]) -> None:
        self._directory, self._emit = directory, emit
        self._contents: dict[str, bytes] = {}
        self._status: StatusSeen | None = None
        self.pattern: lamps.Pattern | None = None

    def look(self) -> None:
        """Read what has changed; a file that is not there yet is no news."""
        if (data := self._changed("lamps.json")) is not None:
            shown = lamps.decode(data)
            self.pattern = shown.pattern
            self._emit(LampsSeen(shown.codes, shown.titles, shown.words))
        if (data := self._changed("status.json")) is not None:
            seen = digest(status.decode(data))
            if seen != self._status:
                self._status = seen
                self._emit(seen)

    def _changed(self, name: str) -> bytes | None:
        try:
            data = (self._directory / name).read_bytes()
        except FileNotFoundError:
            return None
        if data == self._contents.get(name):
            return None
        self._contents[name] = data
        return data


def digest(document: status.Status) -> StatusSeen:
    """Take what the story asks about out of the status document."""
    store = document.store
    return StatusSeen(document.lines[0].state, document.link.state, store.unacknowledged, store.received)
