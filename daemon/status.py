"""The status document: what the gateway knows of itself, as one value.

Written to `status.json` in the runtime directory for the watcher, served on the control socket, and the only input of
`daemon.health`. It holds no phone number and no text.
"""

from typing import Literal

import msgspec


class FaultStatus(msgspec.Struct, frozen=True):
    """One fault that stands now; `cause` is a key of `daemon.faults`."""

    code: int
    cause: str
    since_ms: int  # wall
    count: int = 1  # how often it began within a day, this time included
    line: str = ""
    since_steady_ms: int = 0
    attempts: int = 0  # rungs of recovery climbed while it stood


class LineStatus(msgspec.Struct, frozen=True):
    """One modem with its SIM."""

    name: str
    state: str  # at.events.ModemState
    why: str = ""
    since_ms: int = 0  # wall, of this state
    model: str = ""
    dialect: str = ""
    sim: str = ""  # last four digits of the ICCID
    registration: int = 4  # <stat>, 3GPP TS 27.007 §7.2
    operator: str = ""
    signal_dbm: int | None = None
    slots_used: int = 0
    slots_total: int = 0
    full_steady_ms: int = 0  # when the memory was full and a slot freed last, or found full; 0 while there is room
    last_ok_ms: int = 0  # wall, of the last answer
    last_ok_steady_ms: int = 0
    restarts: int = 0
    rung: str = ""
    paused: str = ""  # cause that pauses sending, empty when it sends
    supply: str = ""  # the modem's last complaint of its supply or heat
    supply_steady_ms: int = 0
    restarted_steady_ms: tuple[int, ...] = ()  # the last three restarts that nobody asked for
    sim_lock: str = ""  # what +CPIN? says when it is not READY
    state_steady_ms: int = 0
    balance_rp: int | None = None  # the credit as the operator said it last
    balance_ms: int = 0  # wall
    sends_left: int | None = None  # SMS the credit pays for
    valid_until_ms: int = 0  # wall, when the SIM's validity ends; 0 when unknown
    draining: bool = False  # the credit falls faster than our sends explain
    probes_failed: int = 0  # messages to our own number in a row that did not come back
    probe_ok_ms: int = 0  # wall, of the last one that did
    texts_filtered: tuple[str, ...] = ()  # automatic texts that do not arrive
    texts_left: int = 0  # of the round that is under way, still to be tried
    texts_of: int = 0  # of that round, or of the last one, altogether
    texts_ms: int = 0  # wall, when the last round ended
    texts_held: bool = False  # a round waits until a plain SMS has come back
    calls: int = 0  # incoming calls that were refused
    clock_off_s: int | None = None  # how far the network's time is ahead of ours, `None` when it told none
    sim_foreign: bool = False  # not the SIM that was accepted: it receives, it does not send


class LinkStatus(msgspec.Struct, frozen=True):
    """The broker link."""

    state: str = "offline"  # online | offline
    cause: str = ""  # mqtt.events.DownCause
    detail: str = ""
    since_ms: int = 0  # wall; offline: when the broker was heard last
    since_steady_ms: int = 0
    lost_steady_ms: int = 0  # when that was noticed
    protocol: str = ""
    reconnects: int = 0
    last_ack_ms: int = 0  # wall, of the backend's last ticket_ack
    backend: str = "unknown"  # presence: online | offline | lost | unknown
    no_subscriber: bool = False
    not_authorized: bool = False
    short_lived: int = 0  # connections in a row that ended within a minute: another box with our name (contract E13)
    blocked: int = 0  # publications that are too large for the broker
    certificate_until_ms: int = 0  # wall, when the first of the link's certificates ends; 0 without TLS
    certificate_of: str = ""  # whose that is: server, authority, ours
    clock_skew_s: int = 0  # how far the last command's `issued_at` was from our clock, 0 when within the limit


class StoreStatus(msgspec.Struct, frozen=True):
    """The store and its queues."""

    state: str = "ok"  # ok | unavailable
    detail: str = ""
    since_steady_ms: int = 0
    tickets: int = 0
    unacknowledged: int = 0
    oldest_unacknowledged_s: int = 0
    spool: int = 0
    queued: int = 0
    uncertain: int = 0
    sent: int = 0
    failed: int = 0
    quarantined: int = 0
    received: int = 0
    counter: int = 0  # of the last ticket number given out or skipped
    used_percent: int = 0  # of the space given to it, 0 where none is set


class HostStatus(msgspec.Struct, frozen=True):
    """The machine under us; `None` where it cannot be read."""

    temperature_c: float | None = None
    undervoltage: bool | None = None
    disk_free_mb: int | None = None
    disk_used_percent: int | None = None
    disk_read_only: bool = False
    disk_errors: int | None = None  # counted by the file system since its last check
    disk_written_mb: int | None = None  # since the machine started
    damaged_stores: int = 0  # files put away beside the store because they were damaged
    rtc: bool = False  # a clock chip has set the machine's clock at its start
    mains: bool | None = None  # whether there is mains, where a pin tells
    sagged_steady_ms: int = 0  # when the supply was last seen too low


class ConfigStatus(msgspec.Struct, frozen=True):
    """Whether the configuration in force is the one that was asked for."""

    state: str = "ok"  # ok | rejected (the last good one is in force)
    detail: str = ""


class Status(msgspec.Struct, frozen=True):
    """Everything at one moment."""

    schema: str
    gateway_id: str
    version: str
    pid: int
    boot_id: str
    started_ms: int
    at_ms: int  # wall
    steady_ms: int
    synced: bool
    lines: tuple[LineStatus, ...]
    link: LinkStatus
    store: StoreStatus
    host: HostStatus = HostStatus()
    config: ConfigStatus = ConfigStatus()
    traffic: int = 0  # SMS in and out since start: the lamp flashes once per change
    neighbours_silent: int = 0  # paired gateways that did not answer two rounds
    started_steady_ms: int = 0
    office_open: bool = True  # whether the county's own system is expected to answer now
    faults: tuple[FaultStatus, ...] = ()


SCHEMA = "status/1"
CLOCKS_AGREE_S = 120  # a tower's time is right to the second, and asked for every five minutes


def clock_source(status: Status) -> Literal["ntp", "rtc", "gsm", "none"]:
    """Name where the time comes from, in the contract's words and in the order of trust."""
    if status.synced:
        return "ntp"
    if status.host.rtc:
        return "rtc"
    offsets = [line.clock_off_s for line in status.lines if line.clock_off_s is not None]
    return "gsm" if any(abs(off_s) <= CLOCKS_AGREE_S for off_s in offsets) else "none"


def encode(status: Status) -> bytes:
    """Write the document as JSON."""
    return msgspec.json.encode(status)


def decode(data: bytes) -> Status:
    """Read the document; raises `msgspec.ValidationError` or `msgspec.DecodeError`."""
    return msgspec.json.decode(data, type=Status)
