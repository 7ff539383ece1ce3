"""Tell what is wrong: one status document and the faults that stood in, the faults that stand out. Pure.

A fault that stood and stands keeps its beginning. What would flicker has two thresholds, or stays while the modem is
on its way back.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from kentongan.at.states import ModemState
from kentongan.daemon import faults
from kentongan.daemon.status import FaultStatus, LineStatus, LinkStatus, Status
from kentongan.mqtt.events import DownCause

PORT_GONE_MS = 10_000  # a modem that restarts takes its USB port away for some seconds
SIM_GONE_MS = 12_000  # a radio that is switched off and on shows no SIM for some seconds
SILENT_MS = 25_000  # a modem that does not get through its start; a lamp must tell within 30 s
SEARCHING_MS = 22_000  # a SIM800 registers in 5 to 20 s
NOT_REGISTERED_MS = 300_000  # contract 4.10
FULL_MS = 4_000  # of a SIM's memory of which nothing can be freed; in a flood it is full, and drained all the time
STORE_MS = 5_000  # longer than a busy SQLite
LINK_MS = 20_000  # a connection that comes back at the first or second attempt is no fault
LINK_AGAIN_MS = 4_000  # for the first attempt, after a silence that was longer than that
TAKE_OVERS, STABLE_MS = 3, 60_000  # losses in a row within a minute of connecting: another box has our name (E13)
BACKEND_SILENT_S = 900  # contract 4.10
CLOCK_MS = 600_000  # NTP takes a minute or two after the uplink is there
CLOCKS_APART_S = 600  # the network's time and ours; without NTP nobody knows which is right
FORGED_S = 86_400  # with NTP: towers err by hours, a forged or broken time server by days and decades
DISK_LOW_MB, DISK_FINE_MB = 100, 150
FILLING, FILLING_UNTIL = 60, 50  # percent; queue.retention acts by itself at 80
HOT_C, COOL_C = 80.0, 70.0  # the Pi throttles at 80
SUPPLY_HOLD_MS = 600_000  # a sagging supply comes and goes; its voltage is asked for every five minutes
RESTARTS, RESTARTS_MS = 3, 1_800_000  # a modem that dies of its supply does so again and again
FEW_SENDS, ENOUGH_SENDS = 20, 40
VALIDITY_MS = 14 * 86_400_000  # the clerk hears it a week before the contract's seven days
PROBES_FAILED = 3  # one SMS may get lost (domain.md 3.2)
CERTIFICATE_MS = 30 * 86_400_000  # contract 4.10

DENIED = 3  # <stat> of +CREG
# A fault that grows out of another keeps its beginning.
GROWN_FROM = {"network_not_registered": "network_searching", "network_denied": "network_searching"}
PORT_BUSY = "holds the port"  # in the words of at.port
HILINK = "HiLink mode"  # in the words of at.huawei_ports
TRANSIENT = frozenset({ModemState.CLOSED, ModemState.PROBING, ModemState.INITIALISING})
# What the server itself says no to; a closed port (`REFUSED`) is a server that is not there.
REFUSALS = frozenset(
    {
        DownCause.TLS_UNTRUSTED,
        DownCause.TLS_EXPIRED,
        DownCause.TLS_HOSTNAME,
        DownCause.TLS_FAILED,
        DownCause.CREDENTIALS,
        DownCause.NOT_AUTHORIZED,
        DownCause.PROTOCOL,
    }
)


# What a link may be down with; one that stood before a restart stands until the link is up.
LINK_DOWN = ("broker_unreachable", "broker_refused", "duplicate_client")


def assess(status: Status, standing: tuple[FaultStatus, ...]) -> tuple[FaultStatus, ...]:
    """List the faults at `status.steady_ms`, the worst first; `standing` is what the last assessment gave."""
    status = replace(status, faults=standing)
    before = {(fault.cause, fault.line): fault for fault in status.faults}
    now = [*_host(status), *_config(status), *_store(status), *_link(status), *_clock(status)]
    found = [_standing(before, cause, "", status) for cause in now]
    for line in status.lines:
        found += [_standing(before, cause, line.name, status) for cause in _line(line, status)]
    return tuple(sorted(found, key=_order))


def stopping(standing: tuple[FaultStatus, ...], lines: int) -> FaultStatus | None:
    """Name the fault for which the gateway cannot run: its own, or one on every line (contract 4.10)."""
    stops = [fault for fault in standing if faults.of(fault.cause).stops]
    own = [fault for fault in stops if not fault.line]
    if own:
        return own[0]
    return stops[0] if stops and len({fault.line for fault in stops}) >= lines else None


def grade(status: Status) -> Literal["ok", "degraded", "failed"]:
    """Sum the faults up for the contract's health document."""
    if stopping(status.faults, len(status.lines)):
        return "failed"
    return "degraded" if any(faults.of(fault.cause).lights for fault in status.faults) else "ok"


def _standing(before: dict[tuple[str, str], FaultStatus], cause: str, line: str, status: Status) -> FaultStatus:
    code = faults.of(cause).code
    if stood := before.get((cause, line)):
        return stood
    if seed := before.get((GROWN_FROM.get(cause, ""), line)):
        return replace(seed, code=code, cause=cause)
    return FaultStatus(code, cause, status.at_ms, line=line, since_steady_ms=status.steady_ms)


def _order(fault: FaultStatus) -> tuple[int, int, str]:
    return faults.of(fault.cause).severity.rank, fault.code, fault.line


def _stood(status: Status, cause: str, line: str = "") -> FaultStatus | None:
    return next((fault for fault in status.faults if (fault.cause, fault.line) == (cause, line)), None)


# -- the machine ------------------------------------------------------------------------------------------------------


def _host(status: Status) -> Iterator[str]:
    if _sags(status) and not any(_starved(line, status) for line in status.lines):
        yield "power_undervoltage"
    if any(_complains(line, status, "OVER-VOLTAGE") for line in status.lines):
        yield "power_overvoltage"
    if status.host.mains is False:
        yield "mains_lost"
    if _is_hot(status):
        yield "overheated"
    if status.neighbours_silent:
        yield "neighbour_silent"
    if status.host.disk_read_only:
        yield "storage_read_only"
    if status.host.disk_errors:
        yield "disk_failing"
    if status.host.damaged_stores:
        yield "store_salvaged"
    free_mb = status.host.disk_free_mb
    limit_mb = DISK_FINE_MB if _stood(status, "disk_low") else DISK_LOW_MB
    if _stood(status, "disk_low") is not None if free_mb is None else free_mb < limit_mb:
        yield "disk_low"


def _sags(status: Status) -> bool:
    """Join the Pi's flag and the modems' complaints; held for a while, for it comes and goes."""
    sagged_ms = status.host.sagged_steady_ms
    lately = bool(sagged_ms) and status.steady_ms - sagged_ms < SUPPLY_HOLD_MS
    return bool(status.host.undervoltage) or lately or any(_supply_low(line, status) for line in status.lines)


def _supply_low(line: LineStatus, status: Status) -> bool:
    # SIM800: "UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE POWER DOWN"; a measurement that is too low: "3510 mV"
    return _complains(line, status, "UNDER-VOLTAGE") or _complains(line, status, " mV")


def _complains(line: LineStatus, status: Status, words: str) -> bool:
    """Tell whether the modem has said such words lately."""
    return words in line.supply and status.steady_ms - line.supply_steady_ms < SUPPLY_HOLD_MS


def _is_hot(status: Status) -> bool:
    """Ask the processor and the modems (`+CMTE: 1` above 80 degrees, 2 above 85; `82 C`); with two thresholds."""
    if any(_complains(line, status, words) for line in status.lines for words in ("+CMTE: 1", "+CMTE: 2", " C")):
        return True
    temperature, stood = status.host.temperature_c, _stood(status, "overheated")
    if temperature is None:
        return stood is not None
    return temperature >= (COOL_C if stood else HOT_C)


def _config(status: Status) -> Iterator[str]:
    if status.config.state != "ok":
        yield "config_rejected"


def _clock(status: Status) -> Iterator[str]:
    if not status.synced and status.steady_ms - status.started_steady_ms >= CLOCK_MS:
        yield "clock_unsynced"


def _store(status: Status) -> Iterator[str]:
    store = status.store
    if store.state != "ok" and status.steady_ms - store.since_steady_ms >= STORE_MS:
        yield "storage_unavailable"
    if store.used_percent >= (FILLING_UNTIL if _stood(status, "store_filling") else FILLING):
        yield "store_filling"


# -- the broker and the backend ---------------------------------------------------------------------------------------


def _link(status: Status) -> Iterator[str]:
    link = status.link
    if link.state != "online":
        if _is_lost(status, link) or any(_stood(status, cause) for cause in LINK_DOWN):
            yield _link_cause(link)
        return
    if link.blocked:
        yield "message_blocked"
    if link.clock_skew_s:
        yield "clock_skew"
    if link.short_lived >= TAKE_OVERS and status.steady_ms - link.since_steady_ms < STABLE_MS:
        yield "duplicate_client"
    if link.not_authorized:
        yield "mqtt_not_authorized"
    elif link.no_subscriber:
        yield "no_backend_subscribed"
    elif status.store.oldest_unacknowledged_s >= BACKEND_SILENT_S and _expected(status):
        yield "backend_silent"
    if 0 < link.certificate_until_ms < status.at_ms + CERTIFICATE_MS and status.synced:
        yield "certificate_expiring"


def _expected(status: Status) -> bool:
    """Tell whether the backend should answer now; a silence that began in office hours goes on after them."""
    return status.office_open or _stood(status, "backend_silent") is not None


def _is_lost(status: Status, link: LinkStatus) -> bool:
    """Count from the last word of the broker, or from our start while no connection has been tried to its end."""
    since_ms = link.since_steady_ms or status.started_steady_ms
    return status.steady_ms - since_ms >= LINK_MS and status.steady_ms - link.lost_steady_ms >= LINK_AGAIN_MS


def _link_cause(link: LinkStatus) -> str:
    if link.cause == DownCause.TAKEN_OVER:
        return "duplicate_client"
    return "broker_refused" if link.cause in REFUSALS else "broker_unreachable"


# -- a line -----------------------------------------------------------------------------------------------------------


def _line(line: LineStatus, status: Status) -> Iterator[str]:
    if _starved(line, status):
        yield "power_undervoltage_stop"
    elif down := _down(line, status):
        yield down
    yield from _money(line, status)
    if line.probes_failed >= PROBES_FAILED and (
        line.state == ModemState.READY or _stood(status, "path_broken", line.name)
    ):
        yield "path_broken"
    if _restarts(line, status) and not _sags(status):
        yield "modem_restarting"
    if _is_full(line, status):
        yield "sim_memory_full"
    if abs(line.clock_off_s or 0) > (FORGED_S if status.synced else CLOCKS_APART_S):
        yield "clock_disagrees"
    if line.sim_foreign and line.state in {ModemState.READY, ModemState.SEARCHING}:
        yield "sim_foreign"
    if line.paused and line.state == ModemState.READY:
        yield line.paused if line.paused in faults.TABLE else "cannot_send"


def _is_full(line: LineStatus, status: Status) -> bool:
    """Tell whether the memory stays full; later each walk tries in vain to drain it, which does not end the fault."""
    stood = _stood(status, "sim_memory_full", line.name) is not None
    return bool(line.full_steady_ms) and (stood or status.steady_ms - line.full_steady_ms >= FULL_MS)


def _money(line: LineStatus, status: Status) -> Iterator[str]:
    """Judge what the operator said of credit and validity."""
    limit = ENOUGH_SENDS if _stood(status, "credit_low", line.name) else FEW_SENDS
    if line.sends_left is not None and line.sends_left < limit:
        yield "credit_low"
    if line.texts_filtered:
        yield "text_filtered"
    if line.draining:
        yield "credit_draining"
    if 0 < line.valid_until_ms < status.at_ms + VALIDITY_MS and status.synced:
        yield "sim_expiring"


def _restarts(line: LineStatus, status: Status) -> bool:
    """Tell whether the modem keeps restarting by itself."""
    seen = line.restarted_steady_ms
    return len(seen) >= RESTARTS and status.steady_ms - seen[-RESTARTS] < RESTARTS_MS


def _starved(line: LineStatus, status: Status) -> bool:
    """Tell whether the modem is down because its supply is: one cause, not two; it stays so until the modem is back."""
    if not _down(line, status) or line.state in {ModemState.SIM_ABSENT, ModemState.SIM_LOCKED}:
        return False
    stood = _stood(status, "power_undervoltage_stop", line.name)
    return stood is not None or _supply_low(line, status) or bool(status.host.undervoltage)


def _down(line: LineStatus, status: Status) -> str:
    """Name why the line does not work, or nothing; on the modem's way back the last reason holds."""
    age_ms = status.steady_ms - (line.state_steady_ms or status.started_steady_ms)
    match line.state:
        case ModemState.READY:
            return ""
        case ModemState.SIM_ABSENT if age_ms >= SIM_GONE_MS:
            return "sim_missing"
        case ModemState.SIM_LOCKED:
            return _lock(line.sim_lock)
        case ModemState.SEARCHING:
            return _searching(line, status, age_ms)
        case ModemState.DOWN:
            return "modem_not_responding"
        case ModemState.CLOSED if age_ms >= PORT_GONE_MS:
            return _no_port(line.why)
        case ModemState.PROBING | ModemState.INITIALISING if age_ms >= SILENT_MS:
            return "modem_not_responding"
        case _:
            return _last_reason(line, status)


def _no_port(why: str) -> str:
    if PORT_BUSY in why:
        return "modem_busy"
    return "modem_hilink" if HILINK in why else "modem_absent"


def _last_reason(line: LineStatus, status: Status) -> str:
    """Name the fault that stood; a missing network ripens, whatever the modem does meanwhile."""
    reasons = (fault for fault in status.faults if fault.line == line.name and _stops(fault.cause))
    stood = next(reasons, None)
    if stood is None:
        return ""
    ripe = status.steady_ms - stood.since_steady_ms >= NOT_REGISTERED_MS - SEARCHING_MS
    return "network_not_registered" if stood.cause == "network_searching" and ripe else stood.cause


def _stops(cause: str) -> bool:
    """Tell whether this can be why a modem is on its way back; the path is judged beside it."""
    return (bool(faults.of(cause).stops) and cause != "path_broken") or cause == "network_searching"


def _lock(lock: str) -> str:
    """Read what `+CPIN?` said (3GPP TS 27.007 §8.3)."""
    if lock.startswith(("PH-", "PH_")):  # SIM800 writes the second
        return "sim_locked"
    return "sim_puk_required" if "PUK" in lock else "sim_pin_required"


def _searching(line: LineStatus, status: Status, age_ms: int) -> str:
    if line.registration == DENIED:
        return "network_denied"
    stood = _last_reason(line, status)
    if age_ms >= NOT_REGISTERED_MS or stood == "network_not_registered":
        return "network_not_registered"
    if age_ms >= SEARCHING_MS or stood == "network_searching":
        return "network_searching"
    return ""
