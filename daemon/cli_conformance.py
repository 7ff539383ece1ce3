"""`kentongan conformance`: a county's backend held against the contract, with a verdict for each point."""

import os
import shlex
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from random import SystemRandom

import click

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.config import read_secret
from kentongan.daemon.conformance import Play, Wire
from kentongan.daemon.outward import Voice
from kentongan.daemon.verdicts import Errand, Verdict, Wish
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
@click.option("--silence", default=0.0, help="Seconds that prove that it stopped repeating; else --patience.")
@click.option("--alone", is_flag=True, help="Ask for nothing: skip what no command does.")
@click.option("--on-ping", default="", metavar="COMMAND", help="Lets your backend send command/ping.")
@click.option("--on-reply", default="", metavar="COMMAND", help="Lets it answer $KENTONGAN_TICKET_ID.")
@click.option("--on-kill", default="", metavar="COMMAND", help="Ends it by SIGKILL.")
@click.option("--on-start", default="", metavar="COMMAND", help="Starts it again, and returns.")
def conformance(  # noqa: PLR0913, PLR0917  one parameter an option
    url: str,
    county: str,
    gateway: str,
    password_file: str,
    ca_file: str,
    root: str,
    patience: float,
    silence: float,
    *,
    alone: bool,
    on_ping: str,
    on_reply: str,
    on_kill: str,
    on_start: str,
) -> None:
    """Play a gateway against your backend and judge it: every ticket twice, garbage, a hole, a long reply, a kill.

    What only your side can do you are asked for, or a command of yours does it (for a build server). It finds
    KENTONGAN_GATEWAY, KENTONGAN_TICKET_ID, KENTONGAN_TICKET_NUMBER and KENTONGAN_TEXT in its environment.

    Exit status 1 when a point fails, 3 when one was skipped. Use a test installation of your backend: the tickets are
    invented.
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
    orders = {Errand.PING: on_ping, Errand.REPLY: on_reply, Errand.KILL: on_kill, Errand.START: on_start}
    wire = Wire(link.publish, link.ack, events, clock.now, _errands(orders, gateway, alone=alone), _waiting)
    voice = Voice(topics, f"{SystemRandom().getrandbits(32):08x}", ids, lambda _ms: WIB_MIN)
    click.echo(f"Uji kesesuaian sebagai {topics.gateway}; tiap jawaban ditunggu paling lama {patience:g} s.\n")
    ended: Counter[Verdict] = Counter()
    for point in Play(wire, voice, patience, silence).run():
        click.echo(point.line())
        ended[point.verdict] += 1
    link.stop(None)
    thread.join(STOP_S)
    click.echo(f"\n{', '.join(f'{ended[verdict]} {verdict}' for verdict in Verdict)}")
    sys.exit(1 if ended[Verdict.BAD] else 3 if ended[Verdict.SKIPPED] else 0)


def _waiting(seconds: int) -> None:
    click.echo(f"          ... menunggu sistem Anda, paling lama {seconds} s")


def _errands(orders: dict[Errand, str], gateway: str, *, alone: bool) -> Callable[[Wish], bool]:
    """Run the command that there is for an errand; else ask, or skip it."""

    def ask(wish: Wish) -> bool:
        if command := orders[wish.errand]:
            facts = {"GATEWAY": gateway, "TICKET_ID": wish.ticket_id, "TICKET_NUMBER": wish.ticket_number}
            facts["TEXT"] = wish.text
            environment = os.environ | {f"KENTONGAN_{name}": fact for name, fact in facts.items()}
            ended = subprocess.run(shlex.split(command), env=environment, check=False)  # noqa: S603  their own words
            if ended.returncode:
                click.echo(f"  ({command}: status {ended.returncode})")
            return ended.returncode == 0
        if alone:
            return False
        return click.confirm(f">> {wish.words} Sudah? (n: lewati)", default=True)

    return ask
