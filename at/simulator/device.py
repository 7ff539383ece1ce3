"""The modem's body: supply, boot, SIM tray, memories, and the road from the network to the host."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import partial
from types import MappingProxyType

from kentongan.at.pdu import Deliver, StatusReport
from kentongan.at.simulator import textmode
from kentongan.at.simulator.agenda import Agenda
from kentongan.at.simulator.answers import Answer, Final, information
from kentongan.at.simulator.books import Deleted, Delivered
from kentongan.at.simulator.card import Card, Lock, Memory, Slot
from kentongan.at.simulator.faults import FaultBook, FaultKind
from kentongan.at.simulator.messages import TYPE_0, is_mms_notice, message_class, read_delivered, replaces
from kentongan.at.simulator.network import Network
from kentongan.at.simulator.personas import Banner, Family, Persona
from kentongan.at.simulator.registers import COMMON, HUAWEI, LTE, SIM800, Settings
from kentongan.at.simulator.timing import Timing
from kentongan.at.simulator.wire import Wire

_REGISTERS = {Family.SIM800: SIM800, Family.HUAWEI: HUAWEI, Family.LTE: LTE}


# AT^CURC=2,<mask>: which bit lets which report pass
CURC_BITS = {
    "^MODE": 0,
    "^RSSI": 1,
    "^SRVST": 3,
    "^SIMST": 5,
    "^SMMEMFULL": 11,
    "^DSFLOWRPT": 22,
    "^CERSSI": 48,
}


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
    noticed: bool = True  # the modem has read the card since it was put in

    @property
    def present(self) -> bool:
        """Tell whether the modem has a card."""
        return self.inserted and self.noticed

    @property
    def usable(self) -> bool:
        """Tell whether the SIM's files can be read and written."""
        return self.present and self.card.lock is Lock.READY

    def read(self) -> None:
        """Power the card up: what a boot and `+CFUN=1` do."""
        self.card.reset()
        self.noticed = self.inserted


@dataclass(slots=True)
class Life:
    """The state that a restart ends."""

    phase: Phase = Phase.ON
    sms_ready: bool = True
    functionality: int = 1  # +CFUN
    ringing: str = ""  # the caller
    buffered: list[bytes] = field(default_factory=list)  # indications held back at CNMI mode 0
    pumping: bool = False
    deaf: bool = False  # the host's bytes are lost
    mute: bool = False  # unsolicited lines are lost
    millivolts: int = 4012
    celsius: int = 38
    sending: bool = False
    trained: int = 0  # the rate that autobauding found, 0 before the first AT


def _ignore() -> None:
    """Nobody listens."""


def _drop(_answer: Answer) -> None:
    """Nobody waits for an answer."""


def _unheard(_text: str) -> None:
    """Nobody listens."""


@dataclass(slots=True)
class Hooks:
    """What the body tells its interpreter; each does nothing until somebody listens."""

    stopped: Callable[[], None] = _ignore  # the supply is gone
    finish: Callable[[Answer], None] = _drop  # the command that said `Nothing(busy=True)` is done
    stick: Callable[[], None] = _ignore  # fall into the prompt of a send
    note: Callable[[str], None] = _unheard  # one line for people
    port_gone: Callable[[], None] = _ignore
    port_back: Callable[[str], None] = _unheard  # under this name, or the old one if empty


class Device:
    """A modem without its command interpreter."""

    def __init__(self, persona: Persona, timing: Timing, tray: Tray, agenda: Agenda, wire: Wire) -> None:
        self.persona, self.timing, self.tray, self.agenda, self.wire = persona, timing, tray, agenda, wire
        self.network = Network()
        self.flash = Memory("ME", persona.flash, persona.base)
        self.settings = new_settings(persona)
        self.life = Life()
        self.hooks = Hooks()
        self._chatter(0)

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
        self._begin(Phase.BOOTING if on else Phase.OFF)
        if on:
            self.wire.write(self.persona.power_on)
            self._boot()

    def _begin(self, phase: Phase) -> None:
        self.agenda.forget()
        self.wire.cut()
        self.tray.read()
        self.settings.reset()
        self.life = Life(phase=phase, sms_ready=False)
        self.hooks.stopped()

    @property
    def registered(self) -> bool:
        """Tell whether the modem has a place in the network."""
        wants = self.settings.values.get("+COPS mode") != "2"
        return wants and self.life.functionality == 1 and self.network.registered

    @property
    def rate(self) -> int:
        """Return the rate of the wire, 0 for any: autobauding before the first AT, or no real wire (USB)."""
        fixed = 0 if self.persona.usb else self.settings.number("+IPR")
        return fixed or self.life.trained

    def restart(self) -> None:
        """Lose the supply for a moment."""
        self.network.books.restarts += 1
        self.hooks.note("restarted")
        self._begin(Phase.BOOTING)
        self._boot()
        if self.persona.usb:
            self.hooks.port_gone()
            back = self.persona.usb_back_s * self.timing.boot_scale
            self.agenda.after(back, partial(self.hooks.port_back, ""), durable=True)

    def _boot(self) -> None:
        scale = self.timing.boot_scale
        first = self.persona.banners[0].after_s if self.persona.banners else self.persona.sms_ready_s
        self.agenda.after(first * scale, self._alive)
        for banner in self.persona.banners:
            self.agenda.after(banner.after_s * scale, partial(self._announce, banner))
        self.agenda.after(self.persona.sms_ready_s * scale, self._sms_ready)
        self._chatter(0)

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
        for line in {"+CPIN": (self.cpin_line(),), "NITZ": self._nitz()}.get(banner.text, (banner.text,)):
            self.urc(line)

    def _nitz(self) -> tuple[str, ...]:
        """Word the network's time as SIM800 does: UTC, and the zone in quarters of an hour."""
        stamp = self.network.stamp(self.agenda.now)
        return (f'*PSUTTZ: {stamp.utc_fields},"{stamp.quarters:+d}",0', "DST: 0")

    def insert(self, *, present: bool) -> None:
        """Put the SIM in or take it out; without a card detector the modem reads a new one only when restarted."""
        if self.tray.inserted == present:
            return
        self.hooks.note("SIM in" if present else "SIM out")
        self.tray.inserted = present
        self.tray.card.reset()
        self.tray.noticed = present and self.persona.hot_swap
        if present and not self.tray.noticed:
            return
        if self.settings.number("+CSMINS"):
            self.urc(f"+CSMINS: 1,{int(present)}")
        if self.persona.family is Family.HUAWEI:
            self.urc("^SIMST:1" if present else "^SIMST:255")
        else:
            self.urc(self.cpin_line())
        self.pump()

    def cpin_line(self) -> str:
        """Word the state of the SIM as `+CPIN` does."""
        return f"+CPIN: {self.tray.card.lock}" if self.tray.present else "+CPIN: NOT INSERTED"

    # ---- the road to the host

    def urc(self, text: str) -> None:
        """Print an unsolicited line."""
        if self.life.phase is not Phase.OFF and not self.life.mute:
            self.wire.write(information(text, verbose=self.settings.verbose))

    def indicate(self, text: str) -> None:
        """Print a message indication, or keep it while CNMI mode is 0 (3GPP TS 27.005 §3.4.1)."""
        data = information(text, verbose=self.settings.verbose)
        if self.settings.cnmi[0] == 0:
            self.life.buffered.append(data)
        elif not self.life.mute:
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
        self.hooks.note(f"deleted {memory.name} {index}")
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
        life, network = self.life, self.network
        radio = life.phase is Phase.ON and life.sms_ready and self.registered
        blocked = network.memory_full or (self.persona.call_blocks and bool(life.ringing))
        return radio and self.tray.usable and not blocked

    def _deliver(self, pdu_hex: str) -> bool:
        tpdu = read_delivered(pdu_hex)
        if isinstance(tpdu, StatusReport):
            return self._deliver_report(pdu_hex, tpdu)
        mt = self.settings.cnmi[1]
        if tpdu is not None and tpdu.pid == TYPE_0:
            self._note(pdu_hex, "", -1)
            return True
        if mt and self._goes_straight(mt, message_class(tpdu)):
            self.indicate(f"+CMT: {self._words(pdu_hex, tpdu)}")
            self._note(pdu_hex, "", -1)
            return True
        return self._store(pdu_hex, tpdu, "+CMTI" if mt else "")

    def _goes_straight(self, mt: int, kind: int | None) -> bool:
        """Tell whether a message of that class is not stored (27.005 §3.4.1)."""
        flash = kind == 0 and not self.settings.number("+SCLASS0")
        return flash or (mt == 2 and kind != 2) or (mt == 3 and kind == 3)

    def _words(self, pdu_hex: str, tpdu: Deliver | StatusReport | None) -> str:
        """Write a message that goes straight to the host, as PDU or in text mode."""
        octets = Slot(0, pdu_hex).tpdu_octets
        text_mode = bool(self.settings.number("+CMGF"))
        match tpdu:
            case Deliver() if text_mode:
                return textmode.direct(tpdu, self.settings)
            case StatusReport():
                return textmode.report(tpdu) if text_mode else f"{octets}\r\n{pdu_hex}"
        return f"{self.persona.alpha},{octets}\r\n{pdu_hex}"

    def _deliver_report(self, pdu_hex: str, tpdu: StatusReport) -> bool:
        ds = self.settings.cnmi[3]
        if ds == 2:
            return self._store(pdu_hex, None, "+CDSI")
        if ds == 1:
            self.indicate(f"+CDS: {self._words(pdu_hex, tpdu)}")
        self._note(pdu_hex, "", -1)
        return True

    def _store(self, pdu_hex: str, tpdu: Deliver | None, indication: str) -> bool:
        memory = self.memory(self.settings.memories[2]) or self.tray.memory
        index = next((n for n, slot in memory.slots.items() if replaces(tpdu, slot.pdu_hex)), None)
        if index is not None:
            memory.slots[index] = Slot(0, pdu_hex)
        else:
            index = memory.store(Slot(0, pdu_hex))
        if index is None:
            self._refuse(memory)
            return False
        self._note(pdu_hex, memory.name, index)
        if indication:
            kind = ',"MMS PUSH"' if self.persona.family is Family.SIM800 and is_mms_notice(tpdu) else ""
            self.indicate(f'{indication}: "{memory.name}",{index}{kind}')
        return True

    def _refuse(self, memory: Memory) -> None:
        """Let the network keep the message until there is room (RP-ERROR 22)."""
        self.network.memory_full = True
        self.network.books.refused += 1
        self.hooks.note("memory full: the network keeps the message")
        if self.persona.family is Family.HUAWEI:
            self.gossip(f'^SMMEMFULL:"{memory.name}"')

    def gossip(self, text: str) -> None:
        """Print a vendor's noise unless it was switched off (`AT^CURC`)."""
        mode = self.settings.values.get("^CURC", "1")
        bit = next((bit for prefix, bit in CURC_BITS.items() if text.startswith(prefix)), None)
        mask = int(self.settings.values.get("^CURC mask", "0"), 16)
        if mode == "1" or (mode == "2" and bit is not None and mask >> bit & 1):
            self.urc(text)

    def _chatter(self, position: int) -> None:
        """Go on with the noise of the persona."""
        lines = self.persona.chatter
        if not lines:
            return
        if position and self.life.phase is Phase.ON:
            self.gossip(lines[(position - 1) % len(lines)])
        self.agenda.after(self.persona.chatter_s, partial(self._chatter, position + 1))

    def _note(self, pdu_hex: str, storage: str, index: int) -> None:
        self.network.books.delivered.append(Delivered(self.agenda.now, pdu_hex, storage, index))
        self.hooks.note(f"delivered to {storage} {index}" if storage else "delivered to the host")
        if fault := self.faults.take(FaultKind.DUPLICATE):
            self.network.waiting.extend([pdu_hex] * fault.count)


def new_settings(persona: Persona) -> Settings:
    """Make the factory settings of a persona."""
    table = MappingProxyType(dict(COMMON) | dict(_REGISTERS[persona.family]))
    return Settings(table, persona.factory_cnmi, ["SM", "SM", "SM"])
