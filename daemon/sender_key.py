"""The key of the sender references: beside the database, made at the first start, readable by this user alone.

Without it the references under which a county knows its citizens change.
"""

import secrets
from pathlib import Path

from kentongan.daemon.durable import replace_durably

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
    replace_durably(path, key)
    return key
