"""Remember which PIN was tried on which card, on disk and before the try: a restart loop must not block a SIM.

A PIN that never opened a card is tried on it once, ever. One that did may be entered after every power cut; its end
unknown is forgiven once, a refusal never. The file holds keyed hashes, no PIN and no ICCID. A ledger that cannot be
read or written allows nothing: a human with a phone can still open the card, the gateway might block it for good.
"""

import re
from enum import StrEnum
from hashlib import blake2s
from pathlib import Path
from threading import Lock

from kentongan.daemon.durable import replace_durably

NAME = "pin.ledger"  # beside the database
PERSON = b"sim-pin"  # keeps these hashes apart from others made with the same key
_LINE = re.compile(r"([0-9a-f]{32}) (tried|refused|proven|in doubt)")


class Standing(StrEnum):
    """What is known of a PIN on a card."""

    TRIED = "tried"  # for the first time, or again in doubt; how it ended was never written down
    REFUSED = "refused"
    PROVEN = "proven"  # it opened the card the last time
    IN_DOUBT = "in doubt"  # entered after it was proven, end unknown


_NEXT_TRY = {None: Standing.TRIED, Standing.PROVEN: Standing.IN_DOUBT, Standing.IN_DOUBT: Standing.TRIED}


class PinLedger:
    """One file for all lines of the gateway; called from their threads."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._lock = Lock()

    def allows(self, iccid: str, pin: str) -> bool:
        """Tell whether the PIN may be tried now; a yes has been written down durably."""
        with self._lock:
            try:
                entries = self._read()
                name = self._name(iccid, pin)
                standing = _NEXT_TRY.get(entries.get(name))
                if standing is None:
                    return False
                self._write(entries | {name: standing})
            except (OSError, ValueError):
                return False
            return True

    def ended(self, iccid: str, pin: str, *, accepted: bool) -> None:
        """Write down how a try ended; when that fails, the try stays one whose end is unknown."""
        with self._lock:
            try:
                standing = Standing.PROVEN if accepted else Standing.REFUSED
                self._write(self._read() | {self._name(iccid, pin): standing})
            except (OSError, ValueError):
                return

    def _name(self, iccid: str, pin: str) -> str:
        return blake2s(f"{iccid}/{pin}".encode(), key=self._key, digest_size=16, person=PERSON).hexdigest()

    def _read(self) -> dict[str, Standing]:
        """Read the file; raises `ValueError` when a line is not ours."""
        try:
            text = self._path.read_text("ascii")
        except FileNotFoundError:
            return {}
        entries: dict[str, Standing] = {}
        for line in text.splitlines():
            match = _LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"{self._path}: damaged")
            entries[match[1]] = Standing(match[2])
        return entries

    def _write(self, entries: dict[str, Standing]) -> None:
        """Replace the file whole: after a power cut it is the old one or the new one."""
        text = "".join(f"{name} {standing}\n" for name, standing in entries.items())
        replace_durably(self._path, text.encode("ascii"))
