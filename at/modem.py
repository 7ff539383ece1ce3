"""The state machine of one line: when it starts, what it may do, when help is needed.

    CLOSED --opened--> PROBING --start--> SIM_ABSENT | SIM_LOCKED | SEARCHING | READY
    any --silence--> DOWN --ladder--> PROBING          any --restart seen--> PROBING          any --lost--> CLOSED

Pure: takes bytes, commands and the time (monotonic seconds), gives bytes, events and actions. Refuses to decide what a
message means or when a slot may be freed: it reports slots, and frees those it is told to free.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

from kentongan.at.blackbox import BlackBox
from kentongan.at.chat import Answered, Chat, Happening, Late
from kentongan.at.commands import FreeSlot, ModemCommand, RunUssd, SendPart, Shutdown, WalkSlots
from kentongan.at.dialogue import Synchronise
from kentongan.at.events import (
    DirectMessage,
    ModemEvent,
    ModemState,
    PortAction,
    PowerCycle,
    Reopen,
    ReportReceived,
    Restarted,
    RungClimbed,
    StateChanged,
    SupplyWarned,
)
from kentongan.at.ladder import BUDGETS, Ladder, Rung
from kentongan.at.outlet import Outlet
from kentongan.at.procedures import ask_sim
from kentongan.at.procedures_init import (
    Locked,
    NoSim,
    PinRule,
    Profile,
    Start,
    Unusable,
    find_step,
    initialise,
    soft_restart,
)
from kentongan.at.results import USABLE_REGISTRATIONS, announced_octets, fields, registration, stored_at
from kentongan.at.runner import Runner
from kentongan.at.service import Notice, RegistrationFound, Service, SettingsLost, SimGone
from kentongan.at.unasked import RestartSeen, Urc
from kentongan.at.urcs import UrcKind

SIM_POLL_S = 10.0
"""Without a usable card the modem is asked for it this often: six commands a minute."""

TIMEOUTS = 3
"""Unanswered commands in a row, with the modem alive in between, after which it gets help."""

_SERVING = frozenset({ModemState.SEARCHING, ModemState.READY})
_HOPELESS = frozenset({ModemState.CLOSED, ModemState.DOWN, ModemState.SIM_ABSENT, ModemState.SIM_LOCKED})
_NO_SIM_STATES = {"+CSMINS": {"0"}, "^SIMST": {"0", "255"}, "^SIMSQ": {"0", "99", "100"}}
_SIM_BACK_STATES = {"+CSMINS": {"1"}, "^SIMST": {"1"}, "^SIMSQ": {"1", "11", "12"}}


@dataclass(frozen=True)
class ModemSettings:
    """What the line's owner knows of it; `pin_allowed` is the rule of `PinRule.allows`."""

    line: str
    dialect: str = "auto"
    baud: int = 115200
    pin: str = ""
    pin_allowed: Callable[[str], bool] = lambda _iccid: True


class _Plan(Enum):
    """What to do at the planned moment."""

    START = auto()
    CLIMB = auto()
    ASK_SIM = auto()


class Modem:
    """The engine of one line; owned by one thread, never raises whatever bytes come."""

    def __init__(self, settings: ModemSettings) -> None:
        self.state = ModemState.CLOSED
        self._settings = settings
        self._box = BlackBox()
        self._chat = Chat(self._box)
        self._runner = Runner(self._chat)
        self._outlet = Outlet()
        self._ladder = Ladder()
        self._service = Service(self._runner, self._outlet, self._on_notice)
        self._plan: tuple[float, _Plan] = (math.inf, _Plan.START)
        self._closing = False

    # -- the owner's side ---------------------------------------------------------------------------------------------

    def opened(self, now: float) -> None:
        """Begin: the port is open."""
        self._chat.unasked.boots.expect(now)
        self._restart(ModemState.PROBING, "port opened", now)
        self._pump(now)

    def lost(self, why: str, now: float) -> None:
        """End: the port is gone; a payload under way may have left."""
        if self.state is ModemState.CLOSED:
            return
        for happening in self._chat.closed(now):
            self._on(happening, now)
        self._give_up(why, now)
        self._plan = (math.inf, _Plan.START)
        self._enter(ModemState.CLOSED, why)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the modem."""
        for happening in self._chat.receive(data, now):
            self._on(happening, now)
        self._pump(now)

    def command(self, command: ModemCommand, now: float) -> None:
        """Take a wish of the core; its end is an event."""
        agenda = self._service.agenda
        match command:
            case WalkSlots():
                agenda.walk_at = min(agenda.walk_at, now)
            case FreeSlot():
                agenda.free(command)
            case SendPart():
                agenda.sends.append(command)
            case RunUssd():
                agenda.ussd.append(command)
            case Shutdown():
                self._closing = True
            case _:
                assert_never(command)
        if self._closing or self.state in _HOPELESS:
            self._service.give_back("the line does not serve")
        self._pump(now)

    def tick(self, now: float) -> None:
        """Let time pass."""
        for happening in self._chat.tick(now):
            self._on(happening, now)
        self._pump(now)

    def next_deadline(self) -> float | None:
        """Return when `tick` must be called at the latest; `None` when only bytes or a command matter."""
        chat = self._chat.next_deadline()
        soonest = min(math.inf if chat is None else chat, self._runner.next_deadline())
        if not self._runner.busy:
            soonest = min(soonest, self._plan[0])
            if self.state in _SERVING and not self._closing:
                soonest = min(soonest, self._service.agenda.next_deadline(may_send=self.state is ModemState.READY))
        return None if soonest == math.inf else soonest

    def bytes_to_send(self) -> bytes:
        """Hand over what must be written to the port."""
        return self._chat.bytes_to_send()

    def events(self) -> list[ModemEvent]:
        """Hand over what happened."""
        return self._outlet.events()

    def actions(self) -> list[PortAction]:
        """Hand over what only the port's owner can do."""
        return self._outlet.actions()

    def black_box(self) -> list[str]:
        """Return the last lines each way, masked."""
        return self._box.lines()

    @property
    def busy(self) -> bool:
        """Tell whether a part or a delete is under way, worth waiting for at a shutdown."""
        return self._service.irrevocable

    # -- what the modem says ------------------------------------------------------------------------------------------

    def _on(self, happening: Happening, now: float) -> None:
        match happening:
            case Answered(response):
                self._runner.answered(response)
            case Urc():
                self._on_urc(happening, now)
            case Late(line):
                self._service.late(line)
            case RestartSeen(banner):
                self._runner.resume(now)  # the aborted command ends first: a part under way is now uncertain
                self._outlet.emit(Restarted(banner))
                self._restart(ModemState.PROBING, f"modem restarted: {banner}", now)
            case _:
                assert_never(happening)

    def _on_urc(self, urc: Urc, now: float) -> None:
        match urc.kind:
            case UrcKind.STORED | UrcKind.REPORT_STORED:
                self._on_stored(urc, now)
            case UrcKind.DIRECT:
                self._outlet.emit(DirectMessage(announced_octets(urc.line), urc.pdu_hex))
            case UrcKind.REPORT:
                self._outlet.emit(ReportReceived(announced_octets(urc.line), urc.pdu_hex))
            case UrcKind.MEMORY_FULL | UrcKind.DOUBT:
                self._service.agenda.walk_at = now
            case UrcKind.REGISTRATION:
                self._on_registration(urc.line, now)
            case UrcKind.SIM:
                self._on_sim(urc.line, now)
            case UrcKind.CALL:
                self._service.agenda.hang_up = True
            case UrcKind.CALLER:
                self._service.caller = fields(urc.line)[0]
            case UrcKind.SUPPLY:
                self._outlet.emit(SupplyWarned(urc.line))
            case UrcKind.USSD | UrcKind.BROADCAST | UrcKind.BANNER | UrcKind.NOISE:
                pass
            case _:
                assert_never(urc.kind)

    def _on_stored(self, urc: Urc, now: float) -> None:
        where = stored_at(urc.line)
        if where is None or where[0] == "SR":  # the report store cannot be read on these modems: a walk finds it
            self._service.agenda.walk_at = now
        else:
            self._service.announced(*where, now)

    def _on_registration(self, line: str, now: float) -> None:
        stat = registration(line, answer=False)
        if stat is not None and line.startswith("+CREG"):
            self._service.registered(stat, now)

    def _on_sim(self, line: str, now: float) -> None:
        name, _, state = line.partition(":")
        value = fields(line)[-1]
        if name == "+CPIN":
            gone, back = state.strip() not in {"READY", "SIM PIN2", "SIM PUK2"}, state.strip() in {"READY", "SIM PIN"}
        else:
            gone, back = value in _NO_SIM_STATES.get(name, ()), value in _SIM_BACK_STATES.get(name, ())
        if gone and self.state in _SERVING:
            self._sim_gone(line, now)
        elif back and self.state in {ModemState.SIM_ABSENT, ModemState.SIM_LOCKED}:
            self._plan = (now, _Plan.START)

    # -- what comes next ----------------------------------------------------------------------------------------------

    def _pump(self, now: float) -> None:
        """Go on with the procedure under way, then with the next job, as far as the modem need not answer first."""
        self._runner.resume(now)
        if self._runner.silent or self._runner.timeouts >= TIMEOUTS:
            self._trouble("no answer", now)
        while not self._runner.busy and self.state is not ModemState.CLOSED and self._begin_next(now):
            self._runner.resume(now)

    def _begin_next(self, now: float) -> bool:
        due, plan = self._plan
        if now >= due and not self._closing:
            self._plan = (math.inf, plan)
            self._follow(plan, now)
            return True
        if self.state not in _SERVING or self._closing:
            return False
        return self._service.work(now, may_send=self.state is ModemState.READY)

    def _follow(self, plan: _Plan, now: float) -> None:
        match plan:
            case _Plan.START:
                self._runner.begin(find_step(self._search()), self._found_step, now)
            case _Plan.CLIMB:
                self._climb("still no use", now)
            case _Plan.ASK_SIM:
                self._runner.begin(ask_sim(), self._sim_asked, now)
            case _:
                assert_never(plan)

    def _search(self) -> Synchronise:
        """Choose how long a start looks for an answer."""
        if not self._ladder.climbing:
            return Synchronise(attempts=10, interval_s=0.3)
        patience = BUDGETS[self._ladder.rung].patience_s
        interval = 1.0 if patience < 30 else 3.0
        return Synchronise(attempts=math.ceil(patience / interval), interval_s=interval)

    def _found_step(self, found: bool, now: float) -> None:
        if not found:
            self._trouble("no answer", now)
            return
        self._enter(ModemState.INITIALISING, "the modem answers")
        rule = PinRule(self._settings.pin, self._settings.pin_allowed)
        procedure = initialise(self._settings.dialect, rule, lambda: self._chat.echoes)
        self._runner.begin(procedure, self._started, now)

    def _started(self, start: Start, now: float) -> None:
        match start:
            case Profile():
                self._chat.echo_is_off = start.echo_is_off
                usable = start.registration in USABLE_REGISTRATIONS
                self._enter(ModemState.READY if usable else ModemState.SEARCHING, f"registration {start.registration}")
                self._service.begin(start, now)
            case NoSim(why):
                self._sim_gone(why, now)
            case Locked(why):
                self._plan = (now + SIM_POLL_S, _Plan.ASK_SIM)
                self._enter(ModemState.SIM_LOCKED, why)
            case Unusable(why):
                self._trouble(why, now)
            case _:
                assert_never(start)

    def _sim_asked(self, state: str, now: float) -> None:
        locked = self.state is ModemState.SIM_LOCKED
        if state == "READY" or (state == "SIM PIN" and not locked):
            self._plan = (now, _Plan.START)
            return
        self._plan = (now + SIM_POLL_S, _Plan.ASK_SIM)
        if state == "NOT INSERTED" and locked:
            self._enter(ModemState.SIM_ABSENT, "SIM taken out")

    def _on_notice(self, notice: Notice, now: float) -> None:
        match notice:
            case SimGone(why):
                self._sim_gone(why, now)
            case SettingsLost():
                self._outlet.emit(Restarted("settings lost"))
                self._restart(ModemState.PROBING, "the modem has lost its settings", now)
            case RegistrationFound(stat):
                self._registered(stat, now)
            case _:
                assert_never(notice)

    def _registered(self, stat: int, now: float) -> None:
        if self.state not in _SERVING:
            return
        usable = stat in USABLE_REGISTRATIONS
        self._enter(ModemState.READY if usable else ModemState.SEARCHING, f"registration {stat}")
        self._ladder.ready(now)

    # -- trouble ------------------------------------------------------------------------------------------------------

    def _sim_gone(self, why: str, now: float) -> None:
        self._service.stop(why)
        self._plan = (now + SIM_POLL_S, _Plan.ASK_SIM)
        self._enter(ModemState.SIM_ABSENT, why)

    def _restart(self, state: ModemState, why: str, now: float) -> None:
        self._give_up(why, now)
        self._plan = (now, _Plan.START)
        self._enter(state, why)

    def _give_up(self, why: str, now: float) -> None:
        """End whatever is under way; a part whose payload left ends as uncertain."""
        self._runner.resume(now)
        self._runner.drop()
        self._service.stop(why)

    def _trouble(self, why: str, now: float) -> None:
        """Get help from the ladder, at once or as soon as the last rung has had its time."""
        earliest = self._ladder.earliest()
        if now >= earliest:
            self._climb(why, now)
            return
        self._give_up(why, now)
        self._enter(ModemState.DOWN, why)
        self._plan = (earliest, _Plan.CLIMB)

    def _climb(self, why: str, now: float) -> None:
        self._give_up(why, now)
        rung = self._ladder.climb(now)
        self._outlet.emit(RungClimbed(rung, why))
        self._enter(ModemState.DOWN, why)
        match rung:
            case Rung.RESYNC | Rung.REINIT:
                self._plan = (now, _Plan.START)
            case Rung.REOPEN:
                self._outlet.demand(Reopen(why))
            case Rung.SOFT_RESTART:
                self._plan = (math.inf, _Plan.START)
                self._runner.begin(soft_restart(self._settings.dialect), self._restarted_softly, now)
            case Rung.POWER_CYCLE | Rung.ALARM:
                self._outlet.demand(PowerCycle(why))
            case _:
                assert_never(rung)

    def _restarted_softly(self, _: None, now: float) -> None:
        self._chat.unasked.boots.expect(now)
        self._plan = (now, _Plan.START)

    def _enter(self, state: ModemState, why: str) -> None:
        if state is not self.state:
            old, self.state = self.state, state
            self._outlet.emit(StateChanged(old, state, why))
