"""How a command asks the running gateway and shows a refusal."""

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import click
import msgspec

from kentongan.daemon.config import Config
from kentongan.daemon.control import Refusal, call
from kentongan.daemon.printable import printable

SHOWN = 40  # characters of a refused argument that are told


def fits(bound: object, wanted: str) -> Callable[[click.Context, click.Parameter, str], str]:
    """Refuse an argument that the gateway would refuse, by the same bound; `wanted` says what to write instead."""

    def checked(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
        try:
            msgspec.convert(value, bound)
        except msgspec.ValidationError as error:
            shown = f"{printable(value[:SHOWN])!r}{'...' if len(value) > SHOWN else ''}"
            raise click.BadParameter(f"{shown} cannot be it: {wanted}") from error
        return value

    return checked


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
