"""`kentongan conformance`: a county's backend held against the contract, with a verdict for each point."""

import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from random import SystemRandom

import click

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.config import read_secret
from kentongan.daemon.conformance import Play, Verdict, Wire
from kentongan.daemon.outward import Voice
from kentongan.mqtt.client import Link
from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.events import BrokerEvent, Will
from kentongan.mqtt.settings import LinkSettings, Subscription, Tls, read_url
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7

WIB_MIN = 420
STOP_S = 10.0


@click.command()
@click.option("--url", required=True, help="The broker that your backend is connected to.")
@click.option("--county", required=True, help="The county_id of the topics.")
@click.option("--gateway", default="uji-kesesuaian", show_default=True, help="The gateway_id to play.")
@click.option("--password-file", default="", help="Its password at the broker; without it anonymously.")
@click.option("--ca-file", default="", help="The county's CA certificate, for mqtts://.")
@click.option("--root", default="kentongan", show_default=True, help="First level of the topics.")
@click.option("--patience", default=30.0, show_default=True, help="Seconds that your backend may take.")
@click.option("--alone", is_flag=True, help="Ask for nothing: skip what needs a person.")
def conformance(  # noqa: PLR0913, PLR0917  one parameter an option
    url: str, county: str, gateway: str, password_file: str, ca_file: str, root: str, patience: float, *, alone: bool
) -> None:
    """Play a gateway against your backend and judge it: every ticket twice, garbage, a hole, a long reply, a kill.

    Exit status 1 when a point fails. Use a test installation of your backend: the tickets are invented.
    """
    events = SimpleQueue[BrokerEvent]()
    clock, ids = SystemClock(), Uuid7(os.urandom)
    try:
        topics = Topics(root, county, gateway)
        address = read_url(url)
    except SettingsRefused as error:
        raise click.ClickException(str(error)) from error
    settings = LinkSettings(
        address,
        client_id=gateway,
        username=gateway if password_file else "",
        password=read_secret(password_file) if password_file else "",
        source=topics.source,
        will=lambda _connection_id: Will(topics.status("connection"), b""),
        new_connection_id=lambda: ids.new(clock.now().wall_ms),
        subscriptions=(Subscription(topics.commands),),
        tls=Tls(Path(ca_file)) if address.secure else None,
    )
    link = Link(settings, events.put, clock=clock.monotonic, random=SystemRandom().random)
    thread = threading.Thread(target=link.run, name="link", daemon=True)
    thread.start()
    wire = Wire(link.publish, link.ack, events, clock.now, (lambda _what: False) if alone else _ask)
    voice = Voice(topics, f"{SystemRandom().getrandbits(32):08x}", ids, lambda _ms: WIB_MIN)
    failed = 0
    for point in Play(wire, voice, patience).run():
        click.echo(point.line())
        failed += point.verdict is Verdict.BAD
    link.stop(None)
    thread.join(STOP_S)
    sys.exit(1 if failed else 0)


def _ask(what: str) -> bool:
    return click.confirm(f"{what} Sudah?", default=True)
