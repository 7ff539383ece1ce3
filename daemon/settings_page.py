"""The page of every setting, made from the configuration's own types: `docs/settings.md`. Pure."""

import json
from collections.abc import Iterable
from typing import get_type_hints

import msgspec

from kentongan.daemon import sections

DOCUMENT = "settings.md"
SEVERAL = {"line": sections.LineConfig, "person": sections.PersonConfig}  # tables that may stand several times
HEAD = "| Key | Default | What to write |\n|---|---|---|\n"
INTRODUCTION = """\
# Settings

Made from `daemon/sections.py` by `make docs`; do not edit. These are the keys of `/etc/kentongan/kentongan.toml`. A key
without a default must be there; an unknown one is refused by name. `kentongan check-config` reads the file and says
what it makes of it. Paths are relative to the file; secrets are files. On the appliance `KONFIGURASI.txt` is
translated into this file at boot ([PANDUAN.md](../PANDUAN.md)).
"""


def document() -> str:
    """Write the page as Markdown."""
    tables: dict[str, type[msgspec.Struct]] = get_type_hints(sections.Config) | SEVERAL
    return "\n".join([INTRODUCTION, *(_table(name, section) for name, section in tables.items())])


def _table(name: str, section: type[msgspec.Struct]) -> str:
    heading = f"## `[[{name}]]`" if name in SEVERAL else f"## `[{name}]`"
    return f"{heading}\n\n{section.__doc__}\n\n{HEAD}{''.join(_rows(section))}"


def _rows(section: type[msgspec.Struct]) -> Iterable[str]:
    hints = get_type_hints(section, include_extras=True)
    for field in msgspec.structs.fields(section):
        notes = [note.description for note in getattr(hints[field.name], "__metadata__", ()) if note.description]
        default = "" if field.default is msgspec.NODEFAULT else f"`{json.dumps(field.default, ensure_ascii=False)}`"
        yield f"| `{field.name}` | {default} | {notes[0] if notes else ''} |\n"
