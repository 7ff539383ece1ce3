"""Where a line stands, in a module of its own: the watcher reads states and needs nothing else of the modem."""

from enum import StrEnum


class ModemState(StrEnum):
    """Where a line stands; the order of a healthy start is the order here."""

    CLOSED = "closed"  # no port
    PROBING = "probing"  # port open, no answer yet
    INITIALISING = "initialising"
    SIM_ABSENT = "sim_absent"
    SIM_LOCKED = "sim_locked"  # PIN, PUK or personalisation: a human is needed
    SEARCHING = "searching"  # SIM usable, not registered
    READY = "ready"
    DOWN = "down"  # does not answer; the recovery ladder works
