# ruff: noqa: INP001 - a script
"""Tell the interpreter to believe the compiled modules of a root that never changes.

    python3 image/bytecode.py ROOT

With SOURCE_DATE_EPOCH Python compiles so that each import reads the source too, to compare its hash (PEP 552, flag 2).
On a read-only root that is a second file to read from the card for each module, and nothing it could find.
"""

import sys
from pathlib import Path

FLAGS = slice(4, 8)  # of the header, PEP 552
CHECKED, UNCHECKED = (3).to_bytes(4, "little"), (1).to_bytes(4, "little")


def believed(code: bytes) -> bytes:
    """Clear the flag that asks for a look at the source; other bytecode stays as it is."""
    return code[: FLAGS.start] + UNCHECKED + code[FLAGS.stop :] if code[FLAGS] == CHECKED else code


def main() -> None:
    """Change every compiled module below a folder."""
    for path in Path(sys.argv[1]).rglob("*.pyc"):
        code = path.read_bytes()
        if (changed := believed(code)) != code:
            path.write_bytes(changed)


if __name__ == "__main__":
    main()
