"""`kentongan ekspor`: everything a technician far away wants to see, copied into a folder such as a USB stick's."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.config import Config, glance
from kentongan.daemon.console import Ask, Say, Session, Step
from kentongan.daemon.console_orders import ORDERS
from kentongan.daemon.control import call
from kentongan.daemon.errors import ControlUnavailable, StoreUnreadable
from kentongan.daemon.recorder import FOLDER
from kentongan.queue.errors import StoreError

PRINTED = (
    "status",
    "gangguan",
    "modem",
    "jaringan",
    "antrian",
    "pulsa",
    "riwayat",
    "log 200",
    "rekaman 200",
    "laporan",
)


@click.command()
@config_option
@click.argument("folder", type=click.Path(exists=True, file_okay=False, writable=True, path_type=Path))
@click.pass_obj
def ekspor(path: Path, folder: Path) -> None:
    """Copy status, faults, history and recordings into FOLDER; no text and no whole number of a citizen is in it."""
    from kentongan.daemon.cli_console import box_of  # noqa: PLC0415 - only this command needs it

    config, clock = glance(path), SystemClock()
    session = Session(box_of(config), ORDERS)
    stamp = session.box.zone.clock(clock.now().wall_ms)[:19].replace(":", "").replace(" ", "-")
    target = folder / f"kentongan-{config.gateway.gateway_id}-{stamp}"
    try:
        target.mkdir()
        for name in PRINTED:
            lines = printed(session.take(name.encode(), clock.monotonic()), _asker(config))
            (target / f"{name.split()[0]}.txt").write_text("\n".join(lines) + "\n", "utf-8")
        for recording in sorted((Path(config.store.path).with_name(FOLDER)).glob("*.txt")):
            shutil.copyfile(recording, target / f"rekaman-{recording.name}")
        _report(config, target)
        _settle(target)
    except OSError as error:
        click.echo(f"tidak bisa menulis ke {folder}: {error.strerror}", err=True)
        sys.exit(1)
    click.echo(str(target))
    click.echo("Sudah tersimpan, boleh dicabut.")


def _settle(folder: Path) -> None:
    """Wait until everything is on the stick: whoever reads the last line pulls it out."""
    for path in (*folder.iterdir(), folder, folder.parent):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _report(config: Config, target: Path) -> None:
    """Add the last whole month for the head of the office, where the store may be read."""
    from kentongan.daemon import cli_report, monthly_page  # noqa: PLC0415 - only this command needs it

    try:
        period, made = cli_report.sheet_of(config)
    except (StoreUnreadable, StoreError):
        return
    stem = f"laporan-{config.gateway.ticket_prefix}-{period}"
    (target / f"{stem}.csv").write_bytes(cli_report.table_of(made).encode())
    (target / f"{stem}.html").write_bytes(monthly_page.page(made).encode())


def _asker(config: Config) -> Callable[[dict[str, object]], object]:
    def ask(request: dict[str, object]) -> object:
        try:
            return call(Path(config.runtime.directory), request)
        except ControlUnavailable as error:
            return error

    return ask


def printed(step: Step | None, ask: Callable[[dict[str, object]], object]) -> list[str]:
    """Follow a step to its end; gives all it prints."""
    lines: list[str] = []
    while isinstance(step, Say | Ask):
        if isinstance(step, Ask):
            step = step.then(ask(dict(step.request)))
        else:
            lines += step.lines
            step = step.next
    return lines
