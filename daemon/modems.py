"""Make the modem workers: each line's engine, its port, its power switch, and what it knows of its card."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from kentongan.at import pdu
from kentongan.at.errors import PduError
from kentongan.at.events import NetworkTime, SlotFound
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.port import SerialPort
from kentongan.daemon import config as configuration
from kentongan.daemon import usb
from kentongan.daemon.cards import Cards
from kentongan.daemon.clock import ZONE_WORDS, SystemClock
from kentongan.daemon.config import LineConfig
from kentongan.daemon.events import Event, LineEvent
from kentongan.daemon.logs import Log
from kentongan.daemon.pin_ledger import PinLedger
from kentongan.daemon.power import open_power
from kentongan.daemon.recorder import Recorder
from kentongan.daemon.recoveries import Recoveries
from kentongan.daemon.workers import ModemWorker, Outfit

SIMULATED = "sim:"  # a port of this kind is a virtual modem inside this process


class Past(msgspec.Struct, frozen=True):
    """What earlier lives of the program left behind."""

    recoveries: Recoveries
    pins: PinLedger
    cards: Cards
    recordings: Path  # the folder


class Modems:
    """What every line's worker is made with."""

    def __init__(self, emit: Callable[[Event], None], clock: SystemClock, log: Log, past: Past) -> None:
        self._emit = emit
        self._clock = clock
        self._log = log
        self._past = past

    def worker(self, line: LineConfig) -> ModemWorker:
        """Make the worker of one line; its ladder goes on where an earlier life of the program left it."""
        modem = Modem(self._settings(line))
        if stood := self._past.recoveries.resume(line.name, self._clock.now()):
            rung, tries, age_s = stood
            modem.resume(rung, tries, self._clock.monotonic() - age_s)
        emit = partial(listen, self._clock, self._emit)
        power, missing = open_power(line)
        recorder = Recorder(self._past.recordings, line.name, lambda: self._clock.now().wall_ms)
        worker = ModemWorker(line.name, modem, port_of(line.port, line.baud), emit, self._clock)
        worker.outfit = Outfit(power.cycle, recorder.record)
        for why in missing:
            self._log.warning("power_switch_missing", line=line.name, why=why)
        return worker

    def _settings(self, line: LineConfig) -> ModemSettings:
        pin, pins = configuration.read_secret(line.pin_file) if line.pin_file else "", self._past.pins
        return ModemSettings(
            line.name,
            line.dialect,
            line.baud,
            pin,
            pin_allowed=lambda iccid: pins.allows(iccid, pin),
            pin_ended=lambda iccid, accepted: pins.ended(iccid, pin, accepted=accepted),
            centre=self._past.cards.centre(line.name),
        )


def listen(clock: SystemClock, emit: Callable[[Event], None], event: Event) -> None:
    """Let the clock hear what an event says of the time, then hand the event on."""
    match event:
        case LineEvent(line, NetworkTime(unix_s, zone_s)):
            clock.hear(line, unix_s * 1000, (unix_s + zone_s) * 1000)
        case LineEvent(line, SlotFound(pdu_hex=pdu_hex)) if not clock.synced:
            stamp_ms = stamped_ms(pdu_hex)
            if stamp_ms is not None:
                clock.hear(f"{line} SMS", stamp_ms)
    emit(event)


def stamped_ms(pdu_hex: str) -> int | None:
    """Read when the service centre took an SMS: it cannot be earlier now.

    Only a stamp in one of the country's zones counts: the others are centres that print local time as if it were UTC.
    """
    try:
        tpdu = pdu.decode(pdu_hex).tpdu
    except PduError:
        return None
    if not isinstance(tpdu, pdu.Deliver) or tpdu.scts.offset_min not in ZONE_WORDS:
        return None
    return tpdu.scts.unix_ms


def port_of(port: str, baud: int) -> Callable[[], SerialPort]:
    """Say how a configured port is opened, each time anew."""
    if port == usb.AUTOMATIC:
        return partial(usb.open_huawei, baud)
    if port.startswith(SIMULATED):
        return partial(SerialPort.open, _simulated(port.removeprefix(SIMULATED)), baud)
    return partial(usb.open_device, port, baud)


def _simulated(persona: str) -> str:
    """Start a virtual modem that lives as long as this process; gives the path of its pty."""
    from kentongan.at.simulator import PtyModem, VirtualModem, personas  # noqa: PLC0415  only to try things out

    modem = PtyModem(VirtualModem(personas.by_name(persona)), baud=115_200)
    modem.start()
    return modem.path
