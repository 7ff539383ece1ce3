"""A virtual modem with personas, a SIM, a network and a fault schedule, for the demo, the tests and anybody's program.

The modem (`VirtualModem`) is sans-I/O; `PtyModem` puts it behind a pseudo-terminal. The package refuses to help the
program under test: it answers as the personas answer, and keeps its own books of what really happened.
"""

from kentongan.at.simulator.books import Books, Deleted, Delivered, Submitted
from kentongan.at.simulator.card import Card
from kentongan.at.simulator.faults import Fault, FaultKind, parse_fault
from kentongan.at.simulator.modem import VirtualModem
from kentongan.at.simulator.personas import Persona, by_name
from kentongan.at.simulator.pty import PtyModem
from kentongan.at.simulator.timing import INSTANT, REALISTIC, Timing

__all__ = [
    "INSTANT",
    "REALISTIC",
    "Books",
    "Card",
    "Deleted",
    "Delivered",
    "Fault",
    "FaultKind",
    "Persona",
    "PtyModem",
    "Submitted",
    "Timing",
    "VirtualModem",
    "by_name",
    "parse_fault",
]
