"""What cannot go on in the store island."""


class StoreError(Exception):
    """Base of the store's errors."""


class StoreUnavailable(StoreError, OSError):
    """The file cannot be read or written now; it may come back by itself.

    `cause` is one of full, read_only, locked, io.
    """

    def __init__(self, cause: str, detail: str = "") -> None:
        super().__init__(f"{cause}: {detail}" if detail else cause)
        self.cause, self.detail = cause, detail


class StoreCorrupt(StoreError):
    """The file is damaged; what could be salvaged was, and the old file is kept."""


class SchemaTooNew(StoreError):
    """The file was written by a newer Kentongan."""

    def __init__(self, path: str, found: int, known: int) -> None:
        super().__init__(
            f"{path}: schema {found} is newer than {known}; install the newer Kentongan or restore a backup"
        )
        self.path, self.found, self.known = path, found, known
