"""How a command asks the running gateway and shows a refusal."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from kentongan.daemon.config import Config
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.printable import printable


def answered(config: Config, request: dict[str, object]) -> object:
    """Ask and give the answer; a refusal is shown and ends the command with 1."""
    answer = call(Path(config.runtime.directory), request)
    if isinstance(answer, Refusal):
        click.echo(f"ditolak: {printable(answer.message)} ({answer.code})", err=True)
        sys.exit(1)
    return answer


def ask(config: Config, request: dict[str, object]) -> Mapping[str, object]:
    """Ask for facts by name."""
    answer = answered(config, request)
    return answer if isinstance(answer, Mapping) else {}
