"""`kentongan simulate`: whole gateways on virtual modems against somebody's broker."""

import os
import signal
import sys
from pathlib import Path
from queue import Empty, SimpleQueue
from random import Random
from tempfile import TemporaryDirectory

import click

from kentongan.daemon import logs
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.simulation import Place, SimulatedGateway, configured, invented, login_of, totals
from kentongan.mqtt.errors import SettingsRefused

FIRST_S, TELL_S = 3.0, 10.0  # when the figures are printed first, and how often then


@click.command()
@click.option("--url", required=True, help="The broker, such as mqtt://127.0.0.1:1883 or mqtts://broker.example:8883.")
@click.option("--county", required=True, help="The county_id of the topics.")
@click.option("--gateways", default=5, show_default=True, type=click.IntRange(1, 200), help="How many, named sim-NNN.")
@click.option("--first", default=1, show_default=True, type=click.IntRange(0, 900), help="The number of the first one.")
@click.option("--rate", default=20.0, show_default=True, help="SMS a minute, of all gateways together.")
@click.option("--seconds", default=0.0, help="End after so long; without it on Ctrl-C.")
@click.option("--passwords", type=click.Path(exists=True, dir_okay=False), help="Lines gateway_id:password.")
@click.option("--ca-file", default="", help="The county's CA certificate, for mqtts://.")
@click.option("--root", default="kentongan", show_default=True, help="First level of the topics.")
@click.option("--folder", default="", help="Keep the gateways' databases here; without it they are thrown away.")
@click.option("--seed", default=1, show_default=True, help="The same seed gives the same citizens.")
def simulate(  # noqa: PLR0913, PLR0917  one parameter an option
    url: str,
    county: str,
    gateways: int,
    first: int,
    rate: float,
    seconds: float,
    passwords: str | None,
    ca_file: str,
    root: str,
    folder: str,
    seed: int,
) -> None:
    """Run whole gateways on virtual modems against a broker: invented citizens write, your backend answers.

    Everything else is the real program. Use a broker and a backend for tests: invented tickets look like real ones.
    """
    stop = SimpleQueue[None]()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.put(None))
    with TemporaryDirectory(prefix="kentongan-simulate-") as temporary:
        place = Place(url, county, Path(folder or temporary), root, ca_file)
        place.folder.mkdir(parents=True, exist_ok=True)
        try:
            fleet = _fleet(place, range(first, first + gateways), _read(passwords), stop)
        except SettingsRefused as error:
            raise click.ClickException(str(error)) from error
        last = f" to {fleet[-1].name}" if len(fleet) > 1 else ""
        click.echo(
            f"{fleet[0].name}{last} at {url}, below {root}/v1/{county}/; {rate:g} SMS a minute."
            f" {f'Ends after {seconds:g} s.' if seconds else 'Ctrl-C ends it.'}"
        )
        for gateway in fleet:
            gateway.start()
        _serve(fleet, rate, seconds, Random(seed), stop)  # noqa: S311  invented citizens, no secrets
        for gateway in fleet:
            gateway.stop()
        click.echo(totals(fleet).line())
    sys.exit(0)


def _read(path: str | None) -> dict[str, str]:
    lines = Path(path).read_text("utf-8").splitlines() if path else []
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _fleet(place: Place, numbers: range, passwords: dict[str, str], stop: SimpleQueue[None]) -> list[SimulatedGateway]:
    log = logs.configure("error", "json", os.environ)
    logins = {number: login_of(passwords, f"sim-{number:03}", place.folder) for number in numbers}
    configs = [configured(place, number, login) for number, login in logins.items()]
    return [SimulatedGateway(config, log, lambda _name: stop.put(None)) for config in configs]


def _serve(fleet: list[SimulatedGateway], rate: float, seconds: float, dice: Random, stop: SimpleQueue[None]) -> None:
    """Let citizens write at the given rate until told to stop."""
    clock = SystemClock()
    began = clock.monotonic()
    told = began + FIRST_S - TELL_S
    pause_s = 60.0 / rate if rate > 0 else TELL_S
    due = began + pause_s
    while not seconds or clock.monotonic() - began < seconds:
        try:
            stop.get(timeout=max(0.0, min(due, told + TELL_S) - clock.monotonic()))
        except Empty:
            pass
        else:
            return
        now = clock.monotonic()
        if now >= due:
            due = max(due + pause_s, now)
            if rate > 0:
                dice.choice(fleet).air.sms(*invented(dice))
        if now >= told + TELL_S:
            told = now
            click.echo(totals(fleet).line())
