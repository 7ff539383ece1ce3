"""Watch the line: health samples, registration, operator, supply, and what is done about a missing network."""

from kentongan.at.agenda import Inspect, MeasureStore, WalkAll, WalkOthers
from kentongan.at.events import (
    CallRefused,
    ModemAnswered,
    NetworkTime,
    Registered,
    ServiceCentre,
    SignalMeasured,
    StorageMeasured,
    SupplyWarned,
)
from kentongan.at.hands import Hands, NetworkHopeless, RadioSwitched, RegistrationFound, SettingsLost, SimGone
from kentongan.at.network import NetworkStep, NetworkWatch
from kentongan.at.procedures import (
    Condition,
    Health,
    Refused,
    ask_registration,
    ask_supply,
    choose_operator,
    hang_up,
    inspect,
    measure_store,
    poll,
    switch_radio,
)
from kentongan.at.procedures_adjust import Details, adjust
from kentongan.at.procedures_init import Profile
from kentongan.at.results import USABLE_REGISTRATIONS, StoreFill

INSPECT_EVERY = 5
"""Every fifth poll reads the settings back: five minutes (modem.md 2.2)."""

LOW_MILLIVOLTS = 3600
"""A SIM800 warns at 3.5 V and goes off at 3.4 V; most types ship with the warning off (modem.md 2.9, 8.3)."""

HOT_CELSIUS = 80
"""Where a SIM800 warns; it switches itself off above 85 (modem.md 1.6)."""

DRAINED_S = 6.0
"""After so long a full memory that can be drained has been: to read and free 30 slots takes a SIM800 three seconds."""

_UNUSABLE = frozenset({"NOT INSERTED", "NOT READY", "SIM PIN", "SIM PUK"})


class Pulse:
    """What is known of the health of one line."""

    def __init__(self, hands: Hands, baud: int, centre: tuple[str, str] = ("", "")) -> None:
        self.caller = ""
        self._hands = hands
        self._baud = baud
        self._network = NetworkWatch()
        self._polls = 0
        self._full = False  # when the memory was last measured
        self._registered: tuple[int, str] = (-1, "")
        self._operator = ""
        self._centre = centre  # of the last card that had one: its number, and the centre's

    def begin(self, profile: Profile, now: float) -> None:
        """Take up the watch after a start."""
        self._hands.outlet.emit(profile.sim)
        self._measured(profile.fill)
        self.registered(profile.registration, now)

    def registered(self, stat: int | None, now: float) -> None:
        """Take what the modem says of the network; only news is reported."""
        if stat is None:
            return
        if stat in USABLE_REGISTRATIONS:
            self._network.found()
        else:
            self._network.lost(now)
        if self._registered != (stat, self._operator):
            self._registered = (stat, self._operator)
            self._hands.outlet.emit(Registered(stat, self._operator))
        self._hands.tell(RegistrationFound(stat), now)

    def told(self, time: NetworkTime | None) -> None:
        """Take the network's time, if there is one."""
        if time is not None:
            self._hands.outlet.emit(time)

    # -- jobs ---------------------------------------------------------------------------------------------------------

    def adjust(self, profile: Profile, now: float) -> None:
        """Send the comfortable settings, ask for the details."""

        def finish(details: Details, then: float) -> None:
            self._operator = details.operator
            if details.smsc and profile.sim.iccid:
                self._centre = (profile.sim.iccid, details.smsc)
                self._hands.outlet.emit(ServiceCentre(*self._centre))
            self._hands.outlet.emit(details.identified)
            self._hands.outlet.emit(SignalMeasured(details.dbm))
            self.told(details.time)
            self.registered(details.registration, then)

        card, centre = self._centre
        known = centre if card == profile.sim.iccid else ""
        self._hands.runner.begin(adjust(profile.dialect, known, self._baud), finish, now)

    def poll(self, now: float) -> None:
        """Take a health sample; every fifth one is followed by an inspection."""
        self._polls += 1
        if self._polls % INSPECT_EVERY == 0:
            self._hands.agenda.want(Inspect())
            self._hands.agenda.want(WalkOthers())

        def finish(health: Health, then: float) -> None:
            self._hands.outlet.emit(ModemAnswered())
            self._hands.outlet.emit(SignalMeasured(health.dbm))
            if health.sim in _UNUSABLE:
                self._hands.tell(SimGone(health.sim), then)
            else:
                self.registered(health.registration, then)

        self._hands.runner.begin(poll(), finish, now)

    def measure_store(self, profile: Profile, now: float) -> None:
        """Ask how full the memory is; one that has become full is drained at once and asked again."""

        def finish(fill: StoreFill | Refused, then: float) -> None:
            match fill:
                case Refused(why, sim_gone=True):
                    self._hands.tell(SimGone(why), then)
                case StoreFill(storage) if storage != profile.fill.storage:
                    self._hands.tell(SettingsLost("message memory"), then)
                case StoreFill():
                    self._drain(fill, then)
                    self._measured(fill)

        self._hands.runner.begin(measure_store(), finish, now)

    def _drain(self, fill: StoreFill, now: float) -> None:
        was_full, self._full = self._full, 0 < fill.total <= fill.used
        agenda = self._hands.agenda
        if self._full and not was_full:
            agenda.soon(MeasureStore(), now + DRAINED_S)
            if agenda.slots.idle:  # a listing in a flood would only be in the way
                agenda.soon(WalkAll(), now)

    def inspect(self, profile: Profile, now: float) -> None:
        """Ask for what changes slowly."""

        def finish(condition: Condition, then: float) -> None:
            self._operator = condition.operator or self._operator
            self._warn(condition.millivolts, condition.celsius)
            self.told(condition.time)
            if not condition.settings_kept:
                self._hands.tell(SettingsLost("notification"), then)

        self._hands.runner.begin(inspect(profile.cnmi, profile.dialect), finish, now)

    def measure_supply(self, profile: Profile, now: float) -> None:
        """Read the supply voltage."""
        self._hands.runner.begin(ask_supply(profile.dialect), lambda found, _then: self._warn(found, None), now)

    def _warn(self, millivolts: int | None, celsius: int | None) -> None:
        """Complain of what the modem itself does not complain of: its warnings are off as it is shipped."""
        words = [f"{celsius} C"] if celsius is not None and celsius >= HOT_CELSIUS else []
        words += [f"{millivolts} mV"] if millivolts is not None and millivolts < LOW_MILLIVOLTS else []
        if words:
            self._hands.outlet.emit(SupplyWarned(", ".join(words)))

    def search(self, profile: Profile, now: float) -> None:
        """Ask for the network, and do what is due about its absence."""
        match self._network.step(now):
            case NetworkStep.NOTHING:
                self._hands.runner.begin(ask_registration(), self.registered, now)
            case NetworkStep.CHOOSE_OPERATOR:
                self._hands.runner.begin(choose_operator(), self.registered, now)
            case NetworkStep.SWITCH_RADIO:
                self.refresh(profile, now)
            case NetworkStep.CYCLE_POWER:
                self._hands.tell(NetworkHopeless(), now)

    def refresh(self, profile: Profile, now: float) -> None:
        """Switch the radio off and on; the line starts anew behind it."""
        self._hands.runner.begin(
            switch_radio(profile.dialect), lambda _none, then: self._hands.tell(RadioSwitched(), then), now
        )

    def hang_up(self, profile: Profile, now: float) -> None:
        """Refuse the call that rings."""

        def finish(_: None, __: float) -> None:
            self._hands.outlet.emit(CallRefused(self.caller))
            self.caller = ""

        self._hands.runner.begin(hang_up(profile.dialect), finish, now)

    def _measured(self, fill: StoreFill) -> None:
        self._hands.outlet.emit(StorageMeasured(fill.storage, fill.used, fill.total))
