"""A gateway in the field, in accelerated time: core, engine, virtual modem, a broker and a county of a few lines.

Pure objects alone: the clock jumps from deadline to deadline, so that a day takes seconds. What is struck and what may
therefore be shown is kept beside what was shown, to find false alarms and missed ones.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from core_bench import TOPICS, Bench

from kentongan.at import events as at
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.simulator import Timing, VirtualModem, by_name, parse_fault
from kentongan.daemon.events import (
    HostMeasured,
    Note,
    PortMissing,
    PowerCycled,
    Publish,
    Show,
    Tick,
    ToModem,
)
from kentongan.daemon.status import HostStatus, Status
from kentongan.mqtt.events import BrokerDown, DownCause, PubackResult, Published

STEP_S = 0.0005
WELL = HostStatus(temperature_c=55.0, undervoltage=False, disk_free_mb=20_000)
REOPEN_S = 1.0
TIMING = Timing(other_s=0.02, send_s=2.0, report_s=4.0)


@dataclass(frozen=True)
class Blow:
    """One fault: when, how long, what it must show and what it may show besides; `tail_s` is how long after its end."""

    name: str
    begin_s: float
    end_s: float
    must: frozenset[str]
    may: frozenset[str]
    tail_s: float


@dataclass
class Life:
    """One gateway and its world."""

    folder: Path
    random: Random
    now: float = 1_000.0
    broker_is_up: bool = False
    county_acks: bool = True
    wrote: int = 0  # citizens
    host: HostStatus = WELL
    blows: list[Blow] = field(default_factory=list)
    shown: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    forces: list[tuple[float, str]] = field(default_factory=list)  # rungs, restarts, power cycles
    notes: list[tuple[float, str]] = field(default_factory=list)
    last: Status | None = None

    def __post_init__(self):
        self.bench = Bench(self.folder / "k.db", acknowledge=True, clerks=("+6281100000001",))
        self.bench.at = self.bench.at._replace(steady_ms=round(self.now * 1000))
        self.bench.start()
        self.vm = VirtualModem(by_name("sim800"), timing=TIMING)
        self.tell_time(0.0)
        self.modem = Modem(ModemSettings("a", "sim800"))
        self.is_open = self.present = False
        self._up_since = self._reopen_at = self.now
        self._measure_at = self.now
        self._agenda: list[tuple[float, int, object]] = []
        self._count = 0
        self.vm.device.hooks.port_gone = self._gone
        self.vm.device.hooks.port_back = self._back
        self.present = True

    # -- the script ----------------------------------------------------------------------------------------------------

    def at_time(self, when: float, act) -> None:
        """Let something happen at a moment."""
        self._count += 1
        self._agenda.append((when, self._count, act))
        self._agenda.sort()

    def inject(self, *faults: str) -> None:
        """Put faults on the modem's schedule."""
        for fault in faults:
            self.vm.inject(parse_fault(fault))

    def citizen(self, text: str) -> None:
        """Let somebody write who has not written before."""
        self.wrote += 1
        self.vm.sms(f"+62812345{self.wrote:05d}", text)

    def tell_time(self, ahead_s: float) -> None:
        """Let the mobile network's clock be so far ahead of the true time."""
        self.vm.device.network.wall_offset_s = self.bench.at.wall_ms / 1000 - self.now + ahead_s

    def broker(self, up: bool) -> None:
        """Bring the broker or take it away."""
        self.broker_is_up = up
        if up:
            self._up_since = self.now
            self._do(self.bench.broker_up())
        else:
            lost = BrokerDown(DownCause.LOST, "gone", connected_s=self.now - self._up_since)
            self._do(self.bench.do(lost))

    def measured(self, **changes) -> None:
        """Let the machine be measured with these figures from now on."""
        self.host = replace_host(self.host, changes)

    # -- time ----------------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.now + seconds
        while True:
            while self._exchange():
                self.vm.tick(self.now)
            due = self._due()
            if due > end:
                break
            self._move(max(self.now + STEP_S, due))
            self._act()
        self._move(end)

    def _move(self, now: float) -> None:
        self.now = now
        self.bench.move(round(now * 1000))

    def _due(self) -> float:
        dues = [self.vm.next_deadline(), self.bench.core.next_deadline() / 1000, self._measure_at]
        if self.is_open:
            dues.append(self.modem.next_deadline())
        else:
            dues.append(self._reopen_at)
        dues += [self._agenda[0][0]] if self._agenda else []
        return min(due for due in dues if due is not None)

    def _act(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now:
            self._agenda.pop(0)[2]()
        if self.now >= self._measure_at:
            self._measure_at = self.now + 30.0
            self._do(self.bench.do(HostMeasured(self.host)))
        if not self.is_open and self.now >= self._reopen_at:
            self._open()
        self.vm.tick(self.now)
        if self.is_open:
            self.modem.tick(self.now)
        if self.bench.core.next_deadline() <= self.bench.at.steady_ms:
            self._do(self.bench.do(Tick()))

    # -- the worker ----------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        if self.present:
            self.is_open = True
            self.modem.opened(self.now)
        else:
            self._do(self.bench.do(PortMissing("a", "no such file")))
            self.modem.lost("no such file", self.now)
            self._reopen_at = self.now + REOPEN_S

    def _gone(self) -> None:
        self.present = self.is_open = False
        self.modem.lost("gone", self.now)
        self._reopen_at = self.now

    def _back(self, _name) -> None:
        self.present = True

    def _exchange(self) -> bool:
        moved = False
        if self.is_open and (data := self.modem.bytes_to_send()):
            self.vm.receive(data, self.now)
            moved = True
        heard = self.vm.bytes_to_send()
        if heard and self.is_open:
            self.modem.receive(heard, self.now)
            moved = True
        for event in self.modem.events():
            moved = True
            if isinstance(event, at.RungClimbed | at.Restarted):
                self.forces.append((self.now, repr(event)))
            self._do(self.bench.modem(event))
        for action in self.modem.actions():
            moved = True
            self._port(action)
        self.vm.submitted()
        return moved

    def _port(self, action) -> None:
        match action:
            case at.SetRate():
                return
            case at.PowerCycle():
                self.forces.append((self.now, repr(action)))
                self.vm.power(False)
                self.vm.power(True)
                self._do(self.bench.do(PowerCycled("a", "power key pressed twice")))
        self.is_open = False
        self.modem.lost("closed", self.now)
        self._reopen_at = self.now

    # -- what the core wants -------------------------------------------------------------------------------------------

    def _do(self, commands) -> None:
        for command in commands:
            match command:
                case ToModem(_, wish):
                    self.modem.command(wish, self.now)
                case Publish(publication) if publication.token and self.broker_is_up:
                    self._publish(publication)
                case Show(status):
                    self._show(status)
                case Note(name):
                    self.notes.append((self.now, name))
                case _:
                    pass

    def _publish(self, publication) -> None:
        self._do(self.bench.do(Published(publication.token, PubackResult.ACCEPTED)))
        if publication.topic == TOPICS.event("ticket") and self.county_acks:
            ticket = json.loads(publication.payload)
            body = {
                "schema": "ticket_ack/1",
                "ticket_id": ticket["ticket_id"],
                "status": "accepted",
                "backend_ticket": "1",
            }
            self._do(self.bench.command("ticket_ack", json.dumps(body).encode()))

    def _show(self, status: Status) -> None:
        self.last = status
        causes = frozenset(fault.cause for fault in status.faults)
        if not self.shown or self.shown[-1][1] != causes:
            self.shown.append((self.now, causes))

    # -- the verdict ---------------------------------------------------------------------------------------------------

    def false_alarms(self) -> list[tuple[float, str]]:
        """List the faults shown while nothing was struck that explains them."""
        wrong = []
        for index, (begin, causes) in enumerate(self.shown):
            end = self.shown[index + 1][0] if index + 1 < len(self.shown) else self.now
            for cause in causes:
                spans = [(b.begin_s, b.end_s + b.tail_s) for b in self.blows if cause in b.must | b.may]
                if not any(first <= begin and end <= last for first, last in spans):
                    wrong.append((begin, cause))
        return wrong

    def missed(self) -> list[Blow]:
        """List the blows whose fault was never shown."""
        return [
            blow
            for blow in self.blows
            if blow.must
            and not any(
                causes & blow.must for when, causes in self.shown if blow.begin_s <= when <= blow.end_s + blow.tail_s
            )
        ]

    def unexplained(self) -> list[tuple[float, str]]:
        """List what was done to the modem by force without a blow that explains it."""
        return [
            (when, what)
            for when, what in self.forces
            if not any(blow.begin_s <= when <= blow.end_s + blow.tail_s for blow in self.blows)
        ]


def replace_host(host: HostStatus, changes) -> HostStatus:
    """Change figures of a measurement."""
    return HostStatus(**{**{name: getattr(host, name) for name in host.__struct_fields__}, **changes})
