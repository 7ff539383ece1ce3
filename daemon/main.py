"""The command `kentongan`: choose what to run, and turn what cannot go on into one line and an exit code.

The two services start without the command line's library: their memory and their start count on a Pi Zero.
"""

import os
import sys
from pathlib import Path
from typing import NoReturn

from kentongan.at.errors import AtError
from kentongan.daemon.errors import ConfigError, DaemonError
from kentongan.mqtt.errors import SettingsRefused
from kentongan.queue.errors import StoreError

EXIT_FAILED, EXIT_CONFIG = 1, 2
DEFAULT_PATH = "/etc/kentongan/kentongan.toml"
CONFIG_VARIABLE = "KENTONGAN_CONFIG"
SERVICES = ("run", "watch")


def main() -> NoReturn:
    """Run the command line; never shows a traceback for what a person can put right."""
    try:
        service, path = plain_service(sys.argv[1:])
        sys.exit(serve(service, path) if service else _command_line())
    except (ConfigError, SettingsRefused) as error:
        fail(str(error), EXIT_CONFIG)
    except (DaemonError, StoreError, AtError) as error:
        fail(str(error), EXIT_FAILED)


def plain_service(arguments: list[str]) -> tuple[str, str]:
    """Find a service started in the plain form `[--config PATH] run`; empty for everything else."""
    rest, path = list(arguments), os.environ.get(CONFIG_VARIABLE, DEFAULT_PATH)
    for index, argument in enumerate(rest):
        if argument == "--config" and index + 1 < len(rest):
            path = rest[index + 1]
            del rest[index : index + 2]
            break
        if argument.startswith("--config="):
            path = argument.removeprefix("--config=")
            del rest[index]
            break
    return (rest[0], path) if len(rest) == 1 and rest[0] in SERVICES else ("", path)


def serve(service: str, path: str) -> int:
    """Run a service until it is told to stop; gives its exit code."""
    from kentongan.daemon import in_force  # noqa: PLC0415 - `--help` does without

    if service == "watch":
        from kentongan.daemon.watcher import watch  # noqa: PLC0415 - the gateway does without

        return watch(in_force.for_watcher(Path(path), os.environ))
    from kentongan.daemon.run import run  # noqa: PLC0415 - the watcher does without

    found = in_force.for_gateway(Path(path), os.environ)
    return run(found.config, found.status)


def fail(message: str, code: int) -> NoReturn:
    """Say in one line what is wrong."""
    print(f"kentongan: {' '.join(message.split())}", file=sys.stderr)  # noqa: T201 - the command line's own word
    sys.exit(code)


def _command_line() -> NoReturn:
    from kentongan.daemon.cli_group import cli  # noqa: PLC0415 - the services do without click

    cli.main(prog_name="kentongan")
    sys.exit(0)
