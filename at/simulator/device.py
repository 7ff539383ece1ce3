"""The modem's body: supply, boot, SIM tray, memories, and the road from the network to the host."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from types import MappingProxyType

from kentongan.at.simulator.agenda import Agenda
from kentongan.at.simulator.answers import Answer, Final, information
from kentongan.at.simulator.books import Deleted, Delivered
from kentongan.at.simulator.card import Card, Lock, Memory, Slot
from kentongan.at.simulator.faults import FaultBook, FaultKind
from kentongan.at.simulator.messages import is_report, message_class
from kentongan.at.simulator.network import Network
from kentongan.at.simulator.personas import Banner, Family, Persona
from kentongan.at.simulator.registers import COMMON, HUAWEI, LTE, SIM800, Settings
from kentongan.at.simulator.timing import Timing
from kentongan.at.simulator.wire import Wire

_REGISTERS = {Family.SIM800: SIM800, Family.HUAWEI: HUAWEI, Family.LTE: LTE}


class Phase(Enum):
    """The supply and the firmware."""

    OFF = auto()
    BOOTING = auto()
    ON = auto()


@dataclass(slots=True)
class Tray:
    """What lies in the SIM holder; the card's memory goes with the card."""

    card: Card
    memory: Memory
    inserted: bool = True

    @property
    def usable(self) -> bool:
        """Tell whether the SIM's files can be read and written."""
        return self.inserted and self.card.lock is Lock.READY


@dataclass(slots=True)
class Life:
    """The state that a restart ends."""

    phase: Phase = Phase.ON
    sms_ready: bool = True
    functionality: int = 1  # +CFUN
    ringing: str = ""  # the caller
    buffered: list[bytes] = field(default_factory=list)  # indications held back at CNMI mode 0
    pumping: bool = False


def _ignore() -> None:
    """Nobody listens."""


def _drop(_answer: Answer) -> None:
    """Nobody waits for an answer."""


@dataclass(slots=True)
class Hooks:
    """What the body tells its interpreter; each does nothing until somebody listens."""

    stopped: Callable[[], None] = _ignore
    finish: Callable[[Answer], None] = _drop


class Device:
    """A modem without its command interpreter."""

    def __init__(self, persona: Persona, timing: Timing, tray: Tray, agenda: Agenda, wire: Wire) -> None:
        self.persona, self.timing, self.tray, self.agenda, self.wire = persona, timing, tray, agenda, wire
        self.network = Network()
        self.flash = Memory("ME", persona.flash, persona.base)
        self.settings = new_settings(persona)
        self.life = Life()
        self.hooks = Hooks()

    @property
    def faults(self) -> FaultBook:
        """Return the fault schedule."""
        return self.wire.faults

    @property
    def unknown(self) -> Answer:
        """Return the answer to a command that this persona does not have."""
        return Final(self.persona.unknown)

    # ---- the supply

    def power(self, *, on: bool) -> None:
        """Switch the supply; switching on boots."""
        self.agenda.forget()
        self.wire.cut()
        self.tray.card.reset()
        self.settings.reset()
        self.life = Life(phase=Phase.BOOTING if on else Phase.OFF, sms_ready=False)
        self.hooks.stopped()
        if on:
            self._boot()

    def restart(self) -> None:
        """Lose the supply for a moment."""
        self.network.books.restarts += 1
        self.power(on=True)

    def _boot(self) -> None:
        scale = self.timing.boot_scale
        first = self.persona.banners[0].after_s if self.persona.banners else self.persona.sms_ready_s
        self.agenda.after(first * scale, self._alive)
        for banner in self.persona.banners:
            self.agenda.after(banner.after_s * scale, partial(self._announce, banner))
        self.agenda.after(self.persona.sms_ready_s * scale, self._sms_ready)

    def _alive(self) -> None:
        self.life.phase = Phase.ON

    def _sms_ready(self) -> None:
        self.life.sms_ready = True
        self.pump()

    def _announce(self, banner: Banner) -> None:
        if "+IPR" in self.settings.table and self.settings.values["+IPR"] == "0":
            return  # autobauding: no banner before the rate is known (SIM800 manual §2.2.41)
        if banner.gate and (self.settings.number(banner.gate) == 0 or not self.tray.usable):
            return
        self.urc(self.cpin_line() if banner.text == "+CPIN" else banner.text)

    def insert(self, *, present: bool) -> None:
        """Put the SIM in or take it out; the modem reads it at once."""
        if self.tray.inserted == present:
            return
        self.tray.inserted = present
        self.tray.card.reset()
        if self.persona.family is Family.HUAWEI:
            self.urc("^SIMST:1" if present else "^SIMST:255")
        else:
            self.urc(self.cpin_line())
        self.pump()

    def cpin_line(self) -> str:
        """Word the state of the SIM as `+CPIN` does."""
        return f"+CPIN: {self.tray.card.lock}" if self.tray.inserted else "+CPIN: NOT INSERTED"

    # ---- the road to the host

    def urc(self, text: str) -> None:
        """Print an unsolicited line."""
        if self.life.phase is not Phase.OFF:
            self.wire.write(information(text, verbose=self.settings.verbose))

    def indicate(self, text: str) -> None:
        """Print a message indication, or keep it while CNMI mode is 0 (3GPP TS 27.005 §3.4.1)."""
        data = information(text, verbose=self.settings.verbose)
        if self.settings.cnmi[0] == 0:
            self.life.buffered.append(data)
        else:
            self.wire.write(data)

    # ---- memories

    def memory(self, name: str) -> Memory | None:
        """Return the memory of that name, `None` when the modem has none such."""
        if name == "SM":
            return self.tray.memory
        return self.flash if name == "ME" and self.flash.capacity else None

    def delete(self, memory: Memory, index: int) -> None:
        """Free a slot and let the network know that there is room."""
        slot = memory.slots.pop(index, None)
        if slot is None:
            return
        self.network.books.deleted.append(Deleted(self.agenda.now, slot.pdu_hex, memory.name, index))
        if self.network.memory_full:
            self.network.memory_full = False
            self.agenda.after(self.timing.delivery_s, self.pump)

    # ---- the road from the network

    def pump(self) -> None:
        """Deliver what the network holds, one message after the other."""
        if self.life.pumping:
            return
        self.life.pumping = True
        life = self.life
        while self._reachable() and self.network.waiting and self._deliver(self.network.waiting[0]):
            self.network.waiting.popleft()
            if self.timing.delivery_s:
                self.agenda.after(self.timing.delivery_s, self.pump)
                break
        life.pumping = False

    def _reachable(self) -> bool:
        radio = self.life.phase is Phase.ON and self.life.functionality == 1
        return (
            radio
            and self.life.sms_ready
            and self.tray.usable
            and self.network.registered
            and not self.network.memory_full
        )

    def _deliver(self, pdu_hex: str) -> bool:
        if is_report(pdu_hex):
            return self._deliver_report(pdu_hex)
        slot = Slot(0, pdu_hex)
        mt = self.settings.cnmi[1]
        kind = message_class(pdu_hex)
        direct = (
            (kind == 0 and not self.settings.number("+SCLASS0")) or (mt == 2 and kind != 2) or (mt == 3 and kind == 3)
        )
        if direct and mt:
            self.indicate(f"+CMT: {self.persona.alpha},{slot.tpdu_octets}\r\n{pdu_hex}")
            self._note(pdu_hex, "", -1)
            return True
        return self._store(slot, "+CMTI" if mt else "")

    def _goes_straight(self, mt: int, kind: int | None) -> bool:
        """Tell whether a message of that class is not stored (27.005 §3.4.1)."""
        flash = kind == 0 and not self.settings.number("+SCLASS0")
        return flash or (mt == 2 and kind != 2) or (mt == 3 and kind == 3)

    def _deliver_report(self, pdu_hex: str) -> bool:
        ds = self.settings.cnmi[3]
        slot = Slot(0, pdu_hex)
        if ds == 2:
            return self._store(slot, "+CDSI")
        if ds == 1:
            self.indicate(f"+CDS: {slot.tpdu_octets}\r\n{pdu_hex}")
        self._note(pdu_hex, "", -1)
        return True

    def _store(self, slot: Slot, indication: str) -> bool:
        memory = self.memory(self.settings.memories[2]) or self.tray.memory
        index = memory.store(slot)
        if index is None:
            self.network.memory_full = True
            self.network.books.refused += 1
            if self.persona.family is Family.HUAWEI:
                self.chatter(f'^SMMEMFULL:"{memory.name}"')
            return False
        self._note(slot.pdu_hex, memory.name, index)
        if indication:
            self.indicate(f'{indication}: "{memory.name}",{index}')
        return True

    def chatter(self, text: str) -> None:
        """Print a vendor's noise unless it was switched off (`AT^CURC`)."""
        if self.settings.values.get("^CURC", "1") != "0":
            self.urc(text)

    def _note(self, pdu_hex: str, storage: str, index: int) -> None:
        self.network.books.delivered.append(Delivered(self.agenda.now, pdu_hex, storage, index))
        if fault := self.faults.take(FaultKind.DUPLICATE):
            self.network.waiting.extend([pdu_hex] * fault.count)


def new_settings(persona: Persona) -> Settings:
    """Make the factory settings of a persona."""
    table = MappingProxyType(dict(COMMON) | dict(_REGISTERS[persona.family]))
    return Settings(table, persona.factory_cnmi, ["SM", "SM", "SM"])
