"""The state machine of one line: when it starts, what it may do, when help is needed.

    CLOSED --opened--> PROBING --start--> SIM_ABSENT | SIM_LOCKED | SEARCHING | READY
    any --silence--> DOWN --ladder--> PROBING          any --restart seen--> PROBING          any --lost--> CLOSED

Pure: takes bytes, commands and the time (monotonic seconds), gives bytes, events and actions. Refuses to decide what a
message means or when a slot may be freed: it reports slots, and frees those it is told to free.
"""

import math
from typing import assert_never

from kentongan.at.agenda import Agenda, WalkAll
from kentongan.at.blackbox import BlackBox
from kentongan.at.chat import Answered, Chat, Happening, Late
from kentongan.at.commands import (
    FreeSlot,
    ModemCommand,
    Recover,
    Refresh,
    RunUssd,
    SendPart,
    Shutdown,
    WalkSlots,
    WriteMark,
    is_writable,
)
from kentongan.at.dialect import DIALECTS, SIM800
from kentongan.at.events import (
    ModemEvent,
    ModemState,
    PortAction,
    PowerCycle,
    Reopen,
    Restarted,
    RungClimbed,
    SetRate,
    StateChanged,
)
from kentongan.at.hands import (
    Hands,
    NetworkHopeless,
    Notice,
    RadioSwitched,
    RegistrationFound,
    SettingsLost,
    SimBack,
    SimGone,
)
from kentongan.at.ladder import Rung
from kentongan.at.news import News
from kentongan.at.outlet import Outlet
from kentongan.at.procedures import ask_sim, switch_radio
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
from kentongan.at.pulse import Pulse
from kentongan.at.recovery import Plan, Recovery
from kentongan.at.results import USABLE_REGISTRATIONS
from kentongan.at.runner import Runner
from kentongan.at.service import Service
from kentongan.at.settings import ModemSettings
from kentongan.at.simwatch import ASK_S, SimWatch
from kentongan.at.unasked import RestartSeen, Urc

__all__ = ["Modem", "ModemSettings"]

TIMEOUTS = 3
"""Unanswered commands in a row, with the modem alive in between, after which it gets help."""

_SERVING = frozenset({ModemState.SEARCHING, ModemState.READY})
LOCKS = ("SIM P", "PH")  # PIN or PUK of the card, or the modem's own lock (3GPP TS 27.007 §8.3)
_WITHOUT_CARD = frozenset({ModemState.SIM_ABSENT, ModemState.SIM_LOCKED})
_HOPELESS = _WITHOUT_CARD | {ModemState.CLOSED, ModemState.DOWN}


class Modem:
    """The engine of one line; owned by one thread, never raises whatever bytes come."""

    def __init__(self, settings: ModemSettings) -> None:
        self.state = ModemState.CLOSED
        self._settings = settings
        self._chat = Chat(BlackBox())
        self._hands = Hands(Runner(self._chat), Outlet(), Agenda(), self._on_notice)
        self._service = Service(self._hands, Pulse(self._hands, settings.baud, settings.centre))
        self._news = News(self._hands, self._service)
        self._recovery = Recovery(settings.baud)
        self._sim = SimWatch(settings.pin_allowed, settings.pin_ended)
        self._dialect = DIALECTS.get(settings.dialect, SIM800)
        self._closing = False

    # -- the owner's side ---------------------------------------------------------------------------------------------

    def opened(self, now: float) -> None:
        """Begin: the port is open."""
        self._chat.unasked.boots.expect(now)
        self._recovery.opened()
        rate = self._recovery.rate_found()
        if rate is not None:
            self._hands.outlet.demand(SetRate(rate))
        self._restart("port opened", now)
        self._pump(now)

    def lost(self, why: str, now: float, *, busy: bool = False) -> None:
        """End: the port is gone, a payload under way may have left; or it is still gone, or another program has it.

        Told again and again while the port is missing, it asks for a power cycle in the end; not for a `busy` one.
        """
        if self.state is ModemState.CLOSED:
            if not busy and self._recovery.port_missing(now):
                self._power_cycle(f"port missing: {why}")
            return
        for happening in self._chat.closed(now):
            self._on(happening, now)
        self._give_up(why, now)
        self._recovery.nothing()
        self._enter(ModemState.CLOSED, why)

    def resume(self, rung: Rung, tries: int, climbed_at: float) -> None:
        """Take the recovery up where an earlier life of the program left it, before the port is opened."""
        self._recovery.ladder.resume(rung, tries, climbed_at)

    def receive(self, data: bytes, now: float) -> None:
        """Take bytes of the modem."""
        for happening in self._chat.receive(data, now):
            self._on(happening, now)
        self._pump(now)

    def command(self, command: ModemCommand, now: float) -> None:
        """Take a wish of the core; its end is an event."""
        if not is_writable(command):
            self._service.refuse(command, "not a command that can be written")
            return
        agenda = self._hands.agenda
        match command:
            case WalkSlots():
                agenda.soon(WalkAll(), now)
            case FreeSlot():
                agenda.slots.free(command)
            case SendPart():
                agenda.sends.append(command)
            case RunUssd():
                agenda.ussd.append(command)
            case WriteMark() | Refresh():
                agenda.want(command)
            case Recover(why):
                if self.state in _SERVING and not self._service.irrevocable:
                    self._trouble(why, now)
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
        soonest = min(math.inf if chat is None else chat, self._hands.runner.next_deadline())
        if not self._hands.runner.busy and not self._closing:
            soonest = min(soonest, self._recovery.due)
            if self.state in _SERVING:
                soonest = min(soonest, self._service.next_deadline(may_send=self.state is ModemState.READY))
        return None if soonest == math.inf else soonest

    def bytes_to_send(self) -> bytes:
        """Hand over what must be written to the port."""
        return self._chat.bytes_to_send()

    def events(self) -> list[ModemEvent]:
        """Hand over what happened."""
        return self._hands.outlet.events()

    def actions(self) -> list[PortAction]:
        """Hand over what only the port's owner can do."""
        return self._hands.outlet.actions()

    def black_box(self) -> list[str]:
        """Return the last lines each way, masked."""
        return self._chat.box.lines()

    @property
    def busy(self) -> bool:
        """Tell whether a part or a delete is under way, worth waiting for at a shutdown."""
        return self._service.irrevocable

    # -- what the modem says ------------------------------------------------------------------------------------------

    def _on(self, happening: Happening, now: float) -> None:
        match happening:
            case Answered(response):
                self._hands.runner.answered(response)
            case Urc():
                self._news.heard(happening, now)
            case Late(line):
                self._service.sender.late(line)
            case RestartSeen(banner):
                self._hands.runner.give_up(banner, now)  # the aborted command ends first
                self._hands.outlet.emit(Restarted(banner))
                if "POWER" in banner:  # it goes off: nothing but its power will bring it back
                    self._recovery.ladder.skip_to(Rung.POWER_CYCLE)
                self._restart(f"modem restarted: {banner}", now)
            case _:
                assert_never(happening)

    def _on_notice(self, notice: Notice, now: float) -> None:
        match notice:
            case RegistrationFound(stat):
                self._registered(stat, now)
            case SimGone(why):
                if self.state in _SERVING:
                    self._without_card(ModemState.SIM_ABSENT, why, now)
            case SimBack():
                if self.state in _WITHOUT_CARD:
                    self._recovery.at(now, Plan.START)
            case SettingsLost(how):
                self._hands.outlet.emit(Restarted(f"settings lost: {how}"))
                self._restart(f"the modem has lost its settings: {how}", now)
            case RadioSwitched():
                self._restart("the radio was switched off and on", now)
            case NetworkHopeless():
                self._power_cycle("no network")
            case _:
                assert_never(notice)

    # -- what comes next ----------------------------------------------------------------------------------------------

    def _pump(self, now: float) -> None:
        """Go on with the procedure under way, then with the next job, as far as the modem need not answer first."""
        runner = self._hands.runner
        runner.resume(now)
        if runner.silent or runner.timeouts >= TIMEOUTS:
            self._trouble("no answer", now)
        while not runner.busy and self._begin_next(now):
            runner.resume(now)

    def _begin_next(self, now: float) -> bool:
        if self._closing or self.state is ModemState.CLOSED:
            return False
        plan = self._recovery.take(now)
        if plan is not None:
            self._follow(plan, now)
            return True
        return self.state in _SERVING and self._service.work(now, may_send=self.state is ModemState.READY)

    def _follow(self, plan: Plan, now: float) -> None:
        match plan:
            case Plan.START:
                self._hands.runner.begin(find_step(self._recovery.search()), self._found_step, now)
            case Plan.CLIMB:
                self._climb("still no use", now)
            case Plan.ASK_SIM if self._sim.wants_rescan(self._dialect):
                self._hands.runner.begin(switch_radio(self._dialect), self._radio_switched, now)
            case Plan.ASK_SIM:
                self._hands.runner.begin(ask_sim(), self._sim_asked, now)
            case _:
                assert_never(plan)

    def _found_step(self, found: bool, now: float) -> None:
        if not found:
            self._trouble("no answer", now)
            return
        self._recovery.heard()
        if self.state not in _WITHOUT_CARD:
            self._enter(ModemState.INITIALISING, "the modem answers")
        rule = PinRule(self._settings.pin, self._sim.may_try_pin, self._sim.pin_ended)
        procedure = initialise(self._settings.dialect, rule, lambda: self._chat.echoes)
        self._hands.runner.begin(procedure, self._started, now)

    def _started(self, start: Start, now: float) -> None:
        match start:
            case Profile():
                self._dialect = start.dialect
                self._sim.usable()
                self._chat.echo_is_off = start.echo_is_off
                usable = start.registration in USABLE_REGISTRATIONS
                self._enter(ModemState.READY if usable else ModemState.SEARCHING, f"registration {start.registration}")
                self._service.begin(start, now)
            case NoSim(why):
                self._without_card(ModemState.SIM_ABSENT, why, now)
            case Locked(why):
                self._without_card(ModemState.SIM_LOCKED, why, now)
            case Unusable(why):
                self._trouble(why, now)
            case _:
                assert_never(start)

    def _sim_asked(self, state: str, now: float) -> None:
        if state == "READY" or (state.startswith(LOCKS) and self.state is not ModemState.SIM_LOCKED):
            self._recovery.at(now, Plan.START)
        elif state == "NOT INSERTED":
            self._without_card(ModemState.SIM_ABSENT, "no SIM", now)
        else:
            self._recovery.at(now + ASK_S, Plan.ASK_SIM)

    def _radio_switched(self, _: None, now: float) -> None:
        self._recovery.at(now, Plan.ASK_SIM)

    def _registered(self, stat: int, now: float) -> None:
        if self.state not in _SERVING:
            return
        usable = stat in USABLE_REGISTRATIONS
        self._enter(ModemState.READY if usable else ModemState.SEARCHING, f"registration {stat}")
        self._recovery.ladder.ready(now)

    # -- trouble ------------------------------------------------------------------------------------------------------

    def _without_card(self, state: ModemState, why: str, now: float) -> None:
        self._service.stop(why)
        self._recovery.at(now + ASK_S, Plan.ASK_SIM)
        self._enter(state, why)

    def _restart(self, why: str, now: float) -> None:
        self._give_up(why, now)
        self._recovery.at(now, Plan.START)
        self._enter(ModemState.PROBING, why)

    def _give_up(self, why: str, now: float) -> None:
        """End whatever is under way; a part whose payload left ends as uncertain."""
        self._hands.runner.give_up(why, now)
        self._service.stop(why)

    def _trouble(self, why: str, now: float) -> None:
        """Get help from the ladder, at once or as soon as the last rung has had its time."""
        earliest = self._recovery.ladder.earliest()
        if now >= earliest:
            self._climb(why, now)
            return
        self._give_up(why, now)
        self._enter(ModemState.DOWN, why)
        self._recovery.at(earliest, Plan.CLIMB)

    def _climb(self, why: str, now: float) -> None:
        self._give_up(why, now)
        rung = self._recovery.ladder.climb(now)
        self._hands.outlet.emit(RungClimbed(rung, why))
        self._enter(ModemState.DOWN, why)
        match rung:
            case Rung.RESYNC | Rung.REINIT:
                rate = self._recovery.rate_to_try()
                if rate is not None:
                    self._hands.outlet.demand(SetRate(rate))
                self._recovery.at(now, Plan.START)
            case Rung.REOPEN:
                self._demand(Reopen(why))
            case Rung.SOFT_RESTART:
                self._recovery.nothing()
                self._hands.runner.begin(soft_restart(self._dialect), self._restarted_softly, now)
            case Rung.POWER_CYCLE | Rung.ALARM:
                self._demand(PowerCycle(why))
            case _:
                assert_never(rung)

    def _power_cycle(self, why: str) -> None:
        """Ask for the power to be cycled although the ladder stands elsewhere."""
        self._hands.outlet.emit(RungClimbed(Rung.POWER_CYCLE, why))
        self._demand(PowerCycle(why))

    def _demand(self, action: PortAction) -> None:
        self._recovery.nothing()
        self._hands.outlet.demand(action)

    def _restarted_softly(self, _: None, now: float) -> None:
        self._recovery.at(now, Plan.START)

    def _enter(self, state: ModemState, why: str) -> None:
        if state is not self.state:
            old, self.state = self.state, state
            self._hands.outlet.emit(StateChanged(old, state, why))
