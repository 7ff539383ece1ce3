"""One line as the core sees it: the modem's state, the slots it holds, the part on its way, its pace.

Pure: modem events in, facts out. What to do about them is the core's.
"""

import re
from dataclasses import dataclass, field

from msgspec.structs import replace

from kentongan.at import events as at
from kentongan.daemon.status import LineStatus
from kentongan.queue.records import DuePart, Held, Moment

CROWDED = 0.5  # share of used slots from which a slot is freed after the commit alone (decisions.md 5)
OWN_FORCE_MS = 180_000  # a modem boots within the patience of the rung that restarted it
KEPT_RESTARTS = 3  # as many as `health` asks for
SAGGING_MV = 3_450  # a SIM800 goes off at 3.4 V, and a burst of a send costs more than that (modem.md 2.9, 8.3)
SAG_MS = 330_000  # the voltage is read every five minutes and after each send
_MILLIVOLTS = re.compile(r"([0-9]+) mV")
SIM_TAIL = 4  # digits of the ICCID that may be shown


@dataclass(slots=True)
class HeldSlot:
    """An occupied slot whose PDU is in the store."""

    digest: str
    part_id: int
    held: Held
    asked: bool = False  # the modem has been told to free it


@dataclass(slots=True)
class Slots:
    """The occupied slots of a line by (storage, index): known from the modem alone, never stored."""

    by_place: dict[tuple[str, int], HeldSlot] = field(default_factory=dict)
    used: int = 0
    total: int = 0

    @property
    def crowded(self) -> bool:
        """Tell whether half or more of the memory is used."""
        return self.total > 0 and self.used >= CROWDED * self.total

    def published(self, part_ids: frozenset[int]) -> None:
        """Note that these parts have their second durable copy."""
        for slot in self.by_place.values():
            if slot.part_id in part_ids:
                slot.held = Held(published=True, is_ticket=slot.held.is_ticket, incomplete=slot.held.incomplete)


@dataclass(slots=True)
class Pace:
    """When the line may send again and why it pauses, on the steady clock."""

    next_ms: int = 0
    paused_until_ms: int = 0
    cause: str = ""

    def sent(self, at: Moment, pace_ms: int) -> None:
        """Start the pause between two messages; a success ends every fault."""
        self.next_ms = at.steady_ms + pace_ms
        self.paused_until_ms, self.cause = 0, ""

    def pause(self, at: Moment, delay_ms: int, cause: str) -> None:
        """Hold the line back; afterwards one message probes it."""
        self.paused_until_ms, self.cause = at.steady_ms + delay_ms, cause

    @property
    def ready_ms(self) -> int:
        """The earliest moment of the next message."""
        return max(self.next_ms, self.paused_until_ms)


class Line:
    """The state of one line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.slots = Slots()
        self.pace = Pace()
        self.sending: DuePart | None = None
        self.look_ms = 0  # steady moment from which the queue is worth a look for this line
        self.iccid = ""
        self.imsi = ""
        self.strange_sim = False  # not the SIM that was accepted for this line
        self._climbed_ms: int | None = None  # steady moment of the last rung
        self._status = LineStatus(name, at.ModemState.CLOSED)

    @property
    def ready(self) -> bool:
        """Tell whether the modem takes messages."""
        return self._status.state == at.ModemState.READY

    @property
    def able(self) -> bool:
        """Tell whether what waits for this line would leave now: it is no line at fault, nor one with a strange SIM."""
        return self.ready and not self.strange_sim and not self.pace.cause

    @property
    def sags_until_ms(self) -> int:
        """The moment until which the modem's supply would not bear a send, 0 while it does."""
        words = self._status.supply
        measured = _MILLIVOLTS.search(words)
        sags = "UNDER-VOLTAGE" in words or (measured is not None and int(measured[1]) < SAGGING_MV)
        return self._status.supply_steady_ms + SAG_MS if sags else 0

    def observe(self, event: at.ModemEvent, moment: Moment) -> None:
        """Take the facts out of an event; events without facts for the status leave it as it is."""
        changes: dict[str, object]
        match event:
            case at.StateChanged(_, new, why):
                changes = self._entered(new, why, moment)
            case at.Identified(_, model, _, _, dialect):
                changes = {"model": model, "dialect": dialect}
            case at.SimIdentified(iccid, imsi):
                self.iccid, self.imsi = iccid, imsi
                changes = {"sim": iccid[-SIM_TAIL:]}
            case at.Registered(stat, operator):
                changes = {"registration": stat, "operator": operator or self._status.operator}
            case at.SignalMeasured(dbm):
                changes = {"signal_dbm": dbm}
            case at.StorageMeasured(_, used, total):
                self.slots.used, self.slots.total = used, total
                full_ms = (self._status.full_steady_ms or moment.steady_ms) if 0 < total <= used else 0
                changes = {"slots_used": used, "slots_total": total, "full_steady_ms": full_ms}
            case at.SlotFreed() if self._status.full_steady_ms:
                changes = {"full_steady_ms": moment.steady_ms}
            case at.Restarted(banner):
                self.slots.by_place.clear()
                changes = self._restarted(banner, moment)
            case at.NetworkTime(unix_s, zone_s):
                off_s = unix_s - moment.wall_ms // 1000
                changes = {"clock_off_s": min(off_s, off_s + zone_s, key=abs)}
            case at.CallRefused():
                changes = {"calls": self._status.calls + 1}
            case at.SupplyWarned(text):
                changes = {"supply": text, "supply_steady_ms": moment.steady_ms}
            case at.RungClimbed(rung):
                self._climbed_ms = moment.steady_ms
                changes = {"rung": rung}
            case at.ModemAnswered():
                changes = {"last_ok_ms": moment.wall_ms, "last_ok_steady_ms": moment.steady_ms}
            case _:
                return
        self._status = replace(self._status, **changes)

    def _restarted(self, banner: str, moment: Moment) -> dict[str, object]:
        """Count a restart; one that follows our own force is no sign of a weak supply."""
        changes: dict[str, object] = {"restarts": self._status.restarts + 1}
        if "VOLTAGE" in banner.upper():
            changes |= {"supply": banner, "supply_steady_ms": moment.steady_ms}
        if self._climbed_ms is None or moment.steady_ms - self._climbed_ms > OWN_FORCE_MS:
            kept = (*self._status.restarted_steady_ms, moment.steady_ms)[-KEPT_RESTARTS:]
            changes |= {"restarted_steady_ms": kept}
        return changes

    def note(self, **facts: object) -> None:
        """Take facts that no event of the modem carries."""
        self._status = replace(self._status, **facts)

    def port_missing(self, why: str) -> None:
        """Take the reason why the port cannot be opened: an engine that has none cannot tell it."""
        self._status = replace(self._status, why=why)

    def _entered(self, new: at.ModemState, why: str, moment: Moment) -> dict[str, object]:
        """Note a state; what was known of slots and SIM ends with the port."""
        changes: dict[str, object] = {
            "state": str(new),
            "why": why,
            "since_ms": moment.wall_ms,
            "state_steady_ms": moment.steady_ms,
            "sim_lock": why if new is at.ModemState.SIM_LOCKED else "",
        }
        if new is at.ModemState.READY:
            changes |= {"rung": "", "last_ok_ms": moment.wall_ms, "last_ok_steady_ms": moment.steady_ms}
        if new in {at.ModemState.CLOSED, at.ModemState.SIM_ABSENT}:
            self.slots.by_place.clear()
        return changes

    def status(self) -> LineStatus:
        """Describe the line."""
        return replace(self._status, paused=self.pace.cause, sim_foreign=self.strange_sim)
