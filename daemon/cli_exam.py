"""`kentongan exam`: examine a modem and print its certificate."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from kentongan.at.dialect import DIALECTS
from kentongan.at.errors import PortBusy, PortLost
from kentongan.at.exam_table import Grade, Verdict
from kentongan.at.huawei_ports import HILINK_WORDS, Device, Unusable, choose
from kentongan.daemon import usb
from kentongan.daemon.cli_group import config_option
from kentongan.daemon.clock import OfficeZone, SystemClock
from kentongan.daemon.config import glance
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.examiner import Examination, Examiner, paper_end
from kentongan.daemon.modems import port_of

HILINK_REMEDY = "ubah modem ke mode stick, atau pakai modem lain (E173, E3131, ME909s)"
BUSY = "port dipakai program lain; hentikan dulu: systemctl stop kentongan (atau ModemManager)"


@click.command()
@config_option
@click.option(
    "--port", default="", metavar="PORT", help='A device, "huawei", or "sim:PERSONA"; else the first line\'s.'
)
@click.option("--baud", type=int, default=115_200, show_default=True, help="The port's rate.")
@click.option("--dialect", type=click.Choice(["auto", *DIALECTS]), default="auto", help="How it is spoken to.")
@click.option("--boleh-kirim", "may_send", is_flag=True, help="Allow two test SMS to --nomor. They cost money.")
@click.option(
    "--nomor", "number", default="", metavar="NOMOR", help="Where the test SMS go: best the SIM's own number."
)
@click.option("--ussd", "code", default="", metavar="KODE", help="A USSD code to ask, such as *888#.")
@click.pass_obj
def exam(  # noqa: PLR0913, PLR0917  one parameter an option
    path: Path, port: str, baud: int, dialect: str, may_send: bool, number: str, code: str
) -> None:
    """Examine a modem: may it work here? Deletes nothing, and sends nothing unless it is allowed to.

    Exits with 0 when the modem is supported, else with 1.
    """
    if may_send and not number:
        raise click.UsageError("--boleh-kirim wants --nomor")
    last = ""
    for last in _certificate(port or _configured(path), baud, dialect, number if may_send else "", code, _zone(path)):
        click.echo(last)
    sys.exit(0 if last.endswith(Grade.SUPPORTED.upper()) else 1)


def _configured(path: Path) -> str:
    try:
        return glance(path).line[0].port
    except ConfigError as error:
        raise click.UsageError(f"say --port, the configuration names none: {error}") from error


def _zone(path: Path) -> OfficeZone:
    try:
        return OfficeZone(glance(path).gateway.timezone)
    except ConfigError:
        return OfficeZone("Asia/Jakarta")


def _certificate(  # noqa: PLR0913, PLR0917  one parameter an option, and the zone of the paper
    port: str, baud: int, dialect: str, number: str, code: str, zone: OfficeZone
) -> Iterator[str]:
    try:
        device = port_of(port, baud)()
    except PortBusy:
        yield from paper_end(Verdict(Grade.UNDECIDED, (BUSY,)))
        return
    except PortLost as error:
        yield from paper_end(without_port(str(error), usb.devices()))
        return
    try:
        clock = SystemClock()
        target = os.path.realpath(port) if port.startswith("/") else port
        examination = Examination(Examiner(device, clock.monotonic), port, target, zone.clock(clock.now().wall_ms))
        yield from examination.hold(dialect, number, code)
    except PortLost as error:
        yield from paper_end(Verdict(Grade.UNDECIDED, (f"port hilang di tengah ujian: {error}",)))
    finally:
        device.close()


def without_port(why: str, devices: tuple[Device, ...]) -> Verdict:
    """Tell a modem that can never be used from one that is not there."""
    stick = choose(devices)
    if isinstance(stick, Unusable) and HILINK_WORDS in stick.why:
        return Verdict(Grade.UNSUITABLE, (f"modem dalam mode HiLink (kartu jaringan): {stick.why}", HILINK_REMEDY))
    return Verdict(Grade.UNDECIDED, (f"port tidak bisa dibuka: {why}",))
