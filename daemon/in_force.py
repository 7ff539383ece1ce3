"""Which configuration is in force: the one that was asked for or, when it cannot be used, the last good one (fault 8).

The gateway keeps a copy of what it started on: in its state directory for its own next start, and in the runtime
directory for the watcher, which must go on showing lamps and cannot look into the first.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kentongan.daemon.config import IN_FORCE, Config, load
from kentongan.daemon.durable import replace_durably
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.status import ConfigStatus

MARKER = "ditolak"  # beside the TOML: why the SD card's newest KONFIGURASI.txt is not in force
COPY_NAME = IN_FORCE.name
STATE, RUNTIME = "STATE_DIRECTORY", "RUNTIME_DIRECTORY"  # systemd names them; elsewhere nothing is kept


@dataclass(frozen=True, slots=True)
class InForce:
    """A configuration, and whether it is the one that was asked for."""

    config: Config
    status: ConfigStatus


def for_gateway(path: Path, environ: Mapping[str, str]) -> InForce:
    """Read the configuration and keep it, or fall back on the one that was kept; raises `ConfigError` without one."""
    kept, shared = _copy(environ, STATE), _copy(environ, RUNTIME)
    try:
        found = InForce(load(path), rejected(path.parent))
    except ConfigError as error:
        found = _fallen_back(path, kept, error)
    else:
        _keep(path, kept)
    _keep(kept, shared)
    return found


def for_watcher(path: Path, environ: Mapping[str, str]) -> Config:
    """Read the configuration, or what the gateway runs on instead; raises `ConfigError` when there is neither."""
    try:
        return load(path)
    except ConfigError as error:
        return _fallen_back(path, _copy(environ, RUNTIME), error).config


def _fallen_back(path: Path, copy: Path | None, error: ConfigError) -> InForce:
    """Take the last good one for a file that is there and cannot be used; a file that is missing is no change."""
    if copy is None or not copy.exists() or not path.exists():
        raise error
    try:
        return InForce(load(path, copy=copy), ConfigStatus("rejected", str(error)))
    except ConfigError:
        raise error from None


def _copy(environ: Mapping[str, str], name: str) -> Path | None:
    folder = environ.get(name, "").partition(":")[0]
    return Path(folder) / COPY_NAME if folder else None


def _keep(source: Path | None, copy: Path | None) -> None:
    """Keep a copy, durably and only where it differs; a disk that takes no writes stops nobody."""
    if source is None or copy is None:
        return
    with suppress(OSError):
        data = source.read_bytes()
        if copy.exists() and copy.read_bytes() == data:
            return
        replace_durably(copy, data, mode=0o640)  # people of the group ask with it


def rejected(etc: Path) -> ConfigStatus:
    """Tell whether the configuration in force is the one that the card asked for."""
    try:
        return ConfigStatus("rejected", (etc / MARKER).read_text(encoding="utf-8").strip())
    except OSError:
        return ConfigStatus()
