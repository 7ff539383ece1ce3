"""Engine and virtual modem back to back, with a core of ten lines that frees what it read and sends again what was
refused; time jumps from deadline to deadline, nothing waits.
"""

from collections import Counter

from manners import WHOLE, Manner

from kentongan.at import events as at
from kentongan.at.commands import FreeSlot, SendPart
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.pdu import decode
from kentongan.at.simulator import INSTANT, Timing, VirtualModem, by_name, parse_fault

STEP_S = 0.0005
"""How far the clock moves at least: a modem and an engine never act in the same instant for ever."""

RETRY_S = 30.0
NEVER = float("inf")


class SmallCore:
    """Frees what it is told of, and sends one part after the other; a refused one comes again."""

    def __init__(self, modem: Modem) -> None:
        self.taken: Counter[str] = Counter()
        self.outcomes: dict[int, at.SendOutcome] = {}
        self.late: dict[int, int] = {}
        self._modem = modem
        self._parts: dict[int, SendPart] = {}
        self._waiting: list[tuple[float, SendPart]] = []
        self._sending = False

    def send(self, job: int, part: SendPart, now: float) -> None:
        """Send a part as soon as the line is ready."""
        self._parts[job] = part
        self._waiting.append((now, part))

    def next_deadline(self) -> float:
        """Tell when there is something to send."""
        return min((due for due, _ in self._waiting), default=NEVER) if self._may_send else NEVER

    def command(self, now: float) -> bool:
        """Give the modem a part that is due; tells whether there was one."""
        for due, part in self._waiting if self._may_send else ():
            if due <= now:
                self._waiting.remove((due, part))
                self._sending = True
                self._modem.command(part, now)
                return True
        return False

    def take(self, event: at.ModemEvent, now: float) -> None:
        """Take what the modem tells."""
        match event:
            case at.SlotFound(storage, index, _, _, pdu_hex):
                self.taken[pdu_hex] += 1
                self._modem.command(FreeSlot(storage, index, at.digest(pdu_hex)), now)
            case at.SendEnded(job, outcome):
                self._sending = False
                self.outcomes[job] = outcome
                if isinstance(outcome, at.Rejected):
                    self._waiting.append((now + RETRY_S, self._parts[job]))
            case at.LateSubmit(job, reference):
                self.late[job] = reference

    @property
    def _may_send(self) -> bool:
        return self._modem.state is at.ModemState.READY and not self._sending


class Field:
    """One line in the field."""

    def __init__(
        self,
        persona: str = "sim800",
        *,
        timing: Timing = INSTANT,
        has_power_switch: bool = True,
        manner: Manner = WHOLE,
        modem: Modem | None = None,
        **settings,
    ) -> None:
        self.now = 1000.0
        self.vm = VirtualModem(by_name(persona), timing=timing)
        self.modem = modem or Modem(ModemSettings("a", **settings))
        self.has_power_switch = has_power_switch
        self.manner = manner
        self.log: list[tuple[float, at.ModemEvent]] = []
        self.actions: list[tuple[float, at.PortAction]] = []
        self.core = SmallCore(self.modem)
        self.present = True
        self.is_open = False
        self.vm.device.hooks.port_gone = self._port_gone
        self.vm.device.hooks.port_back = self._port_back

    # -- what tests do ------------------------------------------------------------------------------------------------

    def open(self):
        """Open the port."""
        self.is_open = True
        self.modem.opened(self.now)
        return self

    def inject(self, *faults: str):
        """Put faults on the schedule."""
        for fault in faults:
            self.vm.inject(parse_fault(fault))

    def send(self, job: int, part: SendPart):
        """Let the core send a part, as soon as the line is ready."""
        self.core.send(job, part, self.now)

    def run(self, seconds: float):
        """Let time pass."""
        end = self.now + seconds
        while True:
            while self._exchange():
                self.vm.tick(self.now)
            due = self._next_deadline()
            if due > end:
                break
            self.now = max(self.now + STEP_S, due)
            self.vm.tick(self.now)
            self.modem.tick(self.now)
        self.now = end
        return self

    def until(self, state: at.ModemState, limit_s: float) -> float:
        """Let time pass until the line is in this state; return how long it took."""
        began = self.now
        while self.modem.state is not state:
            assert self.now - began < limit_s, f"still {self.modem.state} after {limit_s} s"
            self.run(0.25)
        return self.now - began

    def events(self, kind: type) -> list[at.ModemEvent]:
        """Return the events of one kind so far."""
        return [event for _, event in self.log if isinstance(event, kind)]

    # -- the worker ---------------------------------------------------------------------------------------------------

    def _next_deadline(self) -> float:
        dues = (self.modem.next_deadline(), self.vm.next_deadline(), self.core.next_deadline())
        return min(due for due in dues if due is not None)

    def _exchange(self) -> bool:
        moved = self.core.command(self.now)
        if self.is_open and (data := self.modem.bytes_to_send()):
            self.vm.receive(data, self.now)
            moved = True
        heard = self.vm.bytes_to_send()
        if heard and self.is_open:
            for piece in self.manner.pieces(heard):
                self.modem.receive(piece, self.now)
            moved = True
        for event in self.modem.events():
            self.log.append((self.now, event))
            self.core.take(event, self.now)
        for action in self.modem.actions():
            self.actions.append((self.now, action))
            self._act(action)
        return moved

    def _act(self, action):
        match action:
            case at.SetRate():
                return
            case at.PowerCycle() if self.has_power_switch:
                self.vm.power(False)
                self.vm.power(True)
        self.modem.lost("closed", self.now)
        self.is_open = False
        if self.present:
            self.open()

    def _port_gone(self):
        self.present = self.is_open = False
        self.modem.lost("gone", self.now)

    def _port_back(self, _name):
        self.present = True
        self.open()

    # -- the books ----------------------------------------------------------------------------------------------------

    def messages_on_the_way(self) -> list[str]:
        """Return every stored message that the modem took and the core never saw."""
        stored = [met.pdu_hex for met in self.vm.books.delivered if met.index >= 0]
        return [pdu_hex for pdu_hex in stored if pdu_hex not in self.core.taken]

    def still_stored(self) -> int:
        """Return how many slots are occupied."""
        return len(self.vm.device.tray.memory.slots)

    def submissions(self, part: SendPart) -> int:
        """Return how often the network took a part."""
        recipient = decode(part.pdu_hex).tpdu
        return sum(decode(met.pdu_hex).tpdu == recipient for met in self.vm.books.submitted)
