"""The key of the sender references: beside the database, made at the first start, readable by this user alone.

Without it the references under which a county knows its citizens change.
"""

import os
import secrets
from pathlib import Path

NAME = "sender.key"
OCTETS = 32


def sender_key(store: Path) -> bytes:
    """Read the key, or make it."""
    path = store.with_name(NAME)
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return _made(path)


def _made(path: Path) -> bytes:
    """Write a new key so that a power cut leaves a whole one or none."""
    key = secrets.token_bytes(OCTETS)
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    return key
