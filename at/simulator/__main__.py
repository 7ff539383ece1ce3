"""`python -m kentongan.at.simulator`: a virtual modem that any program can open."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from signal import SIG_BLOCK, SIGINT, SIGTERM, pthread_sigmask, sigwait

from kentongan.at.simulator.card import Card
from kentongan.at.simulator.faults import explain, parse_fault
from kentongan.at.simulator.modem import VirtualModem
from kentongan.at.simulator.personas import PERSONAS, by_name
from kentongan.at.simulator.pty import PtyModem
from kentongan.at.simulator.timing import PROFILES


def arguments() -> argparse.ArgumentParser:
    """Describe the command line."""
    names = ", ".join(persona.name for persona in PERSONAS)
    parser = argparse.ArgumentParser(
        prog="python -m kentongan.at.simulator",
        description="A virtual modem with a SIM and a network, on a pseudo-terminal that any program can open.",
        epilog=f"faults, as KIND:on=+CMGS,times=2 or KIND:seconds=5,after_s=60:\n{explain()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--persona", default="sim800", help=f"one of {names}, or an alias")
    parser.add_argument("--link", type=Path, help="make this a symbolic link to the terminal")
    parser.add_argument("--baud", type=int, help="pace the bytes as a UART of this rate")
    parser.add_argument("--pin", default="", help="the SIM asks for this PIN")
    parser.add_argument("--sim-slots", type=int, default=30, help="message slots of the SIM (30)")
    parser.add_argument("--timing", choices=tuple(PROFILES), default="instant", help="how long commands take")
    parser.add_argument("--send-seconds", type=float, help="network time of a send")
    parser.add_argument("--control", type=Path, help="a Unix socket that takes JSON lines")
    parser.add_argument("--strict-rate", action="store_true", help="a host at another rate is not understood")
    parser.add_argument("--autobaud", action="store_true", help="rate as from the factory: found by the first AT")
    parser.add_argument("--quiet", action="store_true", help="do not print what happens")
    parser.add_argument("--fault", action="append", default=[], help="KIND[:name=value,...], again for more")
    return parser


def say(text: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run a modem until a signal ends it."""
    options = arguments().parse_args()
    try:
        persona = by_name(options.persona)
        faults = [parse_fault(text) for text in options.fault]
    except (LookupError, ValueError) as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 2
    timing = PROFILES[options.timing]
    if options.send_seconds is not None:
        timing = replace(timing, send_s=options.send_seconds)
    card = Card(pin=options.pin)
    modem = VirtualModem(persona, timing=timing, card=card, sim_slots=options.sim_slots)
    for fault in faults:
        modem.inject(fault)
    if options.autobaud:
        modem.device.settings.accept("+IPR", "0")
    pthread_sigmask(SIG_BLOCK, {SIGINT, SIGTERM})
    runner = PtyModem(
        modem, link=options.link, baud=options.baud, control=options.control, strict_rate=options.strict_rate
    )
    say(f"{persona.name} on {runner.path}")
    if not options.quiet:
        modem.device.hooks.note = say
    runner.start()
    sigwait({SIGINT, SIGTERM})
    runner.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
