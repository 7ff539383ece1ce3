"""The status document on disk (in memory, on the appliance): whole or not at all."""

from contextlib import suppress
from pathlib import Path

from kentongan.daemon.status import Status, encode

FILE_NAME = "status.json"


class StatusFile:
    """Writes the document so that a reader never sees half of it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE_NAME
        self._temporary = directory / f".{FILE_NAME}.new"

    def write(self, status: Status) -> None:
        """Replace the document; a runtime directory that cannot be written to must not stop an SMS."""
        with suppress(OSError):
            self._temporary.write_bytes(encode(status))
            self._temporary.replace(self._path)
