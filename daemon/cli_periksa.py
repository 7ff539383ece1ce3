"""`kentongan periksa` (`doctor`): the same diagnosis from a shell, for people and for scripts."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from kentongan.daemon import lamps, overview, printouts
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import AS_ROOT, Config, LineConfig, glance, load
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.errors import ConfigError, ControlUnavailable
from kentongan.daemon.faults import NOT_RUNNING_ID
from kentongan.daemon.status import Status

LAMPS_NAME = "lamps.json"
CMDLINE = Path("/proc/cmdline")
GOOD, BAD = "[baik] ", "[SALAH]"


@click.command()
@config_option
@click.pass_obj
def periksa(path: Path) -> None:
    """Examine the box: configuration, files, gateway, watcher, and every fault with what to do.

    Exits with 1 when something is wrong, with 2 when there is no configuration to go by.
    """
    config = glance(path)
    found = [_settings(path), *_files(config), *_watcher(Path(config.runtime.directory))]
    document = _ask(Path(config.runtime.directory))
    found.append((isinstance(document, Status), "program gateway" if isinstance(document, Status) else document))
    for good, words in found:
        click.echo(f"{GOOD if good else BAD} {words}"[:200])
    if isinstance(document, Status):
        zone = OfficeZone(config.gateway.timezone)
        broker = config.mqtt.url.partition("://")[2]
        for line in overview.overview(document, config.gateway.name, broker, zone):
            click.echo(line)
        for line in (*overview.faults_of(document.faults, zone), *_recoveries(Path(config.runtime.directory))):
            click.echo(line)
    sys.exit(not all(good for good, _ in found) or not isinstance(document, Status) or bool(document.faults))


def _recoveries(directory: Path) -> list[str]:
    """Say which steps have brought a modem back so far."""
    try:
        answer = call(directory, {"request": "incidents", "limit": 1})
    except ControlUnavailable:
        return []
    return printouts.repairs(printouts.rows_of(answer.get("rungs"))) if isinstance(answer, dict) else []


def _settings(path: Path) -> tuple[bool, str]:
    """Check the secrets too, where this user may: they are for root and the gateway alone."""
    try:
        load(path)
    except ConfigError as error:
        if error.remedy == AS_ROOT:
            return True, f"pengaturan {path} (sandi tidak diperiksa: perlu root)"
        return False, f"pengaturan {error}"
    return True, f"pengaturan {path}"


def _files(config: Config) -> Iterator[tuple[bool, str]]:
    consoles = _consoles(CMDLINE)
    for line in config.line:
        yield _port(line)
        taken = Path(line.port).resolve().name in consoles
        yield not taken, f"konsol kernel {'memakai' if taken else 'tidak memakai'} {line.port} (cmdline.txt)"
    store = Path(config.store.path)
    yield os.access(store.parent, os.W_OK), f"folder penyimpanan {store.parent} bisa ditulis"
    yield store.exists(), f"penyimpanan {store}"


def _consoles(cmdline: Path) -> set[str]:
    """Name the serial lines on which the kernel writes: a modem there hears its messages and answers them."""
    words = cmdline.read_text().split() if cmdline.exists() else []
    named = {word.removeprefix("console=").partition(",")[0] for word in words if word.startswith("console=")}
    return {Path("/dev", name).resolve().name for name in named}


def _port(line: LineConfig) -> tuple[bool, str]:
    virtual = line.port == "huawei" or line.port.startswith("sim:")
    return virtual or Path(line.port).exists(), f"port modem jalur {line.name}: {line.port}"


def _watcher(directory: Path) -> Iterator[tuple[bool, str]]:
    try:
        shown = lamps.decode((directory / LAMPS_NAME).read_bytes())
    except (OSError, msgspec.MsgspecError):
        yield False, "program penjaga (kentongan watch) tidak berjalan"
        return
    yield Path(f"/proc/{shown.pid}").exists(), f"program penjaga, pid {shown.pid}"


def _ask(directory: Path) -> Status | str:
    try:
        answer = call(directory, {"request": "status"})
    except ControlUnavailable as error:
        return f"{NOT_RUNNING_ID}: {error.why}"
    if isinstance(answer, Refusal):
        return f"{NOT_RUNNING_ID}: {answer.message}"
    try:
        return msgspec.convert(answer, Status)
    except msgspec.ValidationError:
        return "program gateway versi lain yang menjawab"
