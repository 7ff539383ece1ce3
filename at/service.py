"""Do the jobs of a line whose messages can be read: slots, parts, calls, health.

Decides nothing about the line's state: what a job finds out about the card, the settings or the network is told to the
owner, who decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from kentongan.at.agenda import READ_DELAYS_S, Adjust, Agenda, HangUp, Job, Poll, ReadSlot, SearchNetwork, WalkAll
from kentongan.at.commands import FreeSlot, RunUssd, SendPart
from kentongan.at.events import (
    CallRefused,
    ErrorFamily,
    LateSubmit,
    ModemAnswered,
    Registered,
    Rejected,
    SendEnded,
    SendOutcome,
    SignalMeasured,
    SlotFound,
    SlotFreed,
    SlotKept,
    StorageMeasured,
    Uncertain,
    UssdAnswered,
    WalkEnded,
)
from kentongan.at.outlet import Outlet
from kentongan.at.procedures import (
    Health,
    Kept,
    Refused,
    ask_registration,
    free_slot,
    hang_up,
    in_storage,
    poll,
    read_slot,
    send,
    walk,
)
from kentongan.at.procedures_init import Details, Profile, adjust
from kentongan.at.results import SlotEntry, StoreFill, reference
from kentongan.at.runner import Runner
from kentongan.at.slots import Slots

THOROUGH_EVERY = 5
"""Every fifth poll reads the settings back: five minutes (modem.md 2.2)."""


@dataclass(frozen=True, slots=True)
class SimGone:
    """A job failed because the card cannot be used."""

    why: str


@dataclass(frozen=True, slots=True)
class SettingsLost:
    """The modem has forgotten what it was told: it restarted without a word."""


@dataclass(frozen=True, slots=True)
class RegistrationFound:
    """What `+CREG` says now."""

    stat: int


Notice = SimGone | SettingsLost | RegistrationFound


class Service:
    """The jobs of one line and their results."""

    def __init__(self, runner: Runner, outlet: Outlet, tell: Callable[[Notice, float], None]) -> None:
        self.agenda = Agenda()
        self.slots = Slots()
        self.irrevocable = False  # a part or a delete is under way
        self.caller = ""
        self._runner = runner
        self._outlet = outlet
        self._tell = tell
        self._profile: Profile | None = None
        self._doubtful_job: int | None = None
        self._polls = 0
        self._registration = (-1, "")
        self._operator = ""

    def begin(self, profile: Profile, now: float) -> None:
        """Take up the service after a start."""
        self._profile = profile
        self.slots.forget_all()
        self.agenda.restart(now)
        self._outlet.emit(profile.sim)
        self._found_fill(profile.fill)
        self.registered(profile.registration, now)

    def stop(self, why: str) -> None:
        """End the service, because nobody knows when the line will serve again."""
        self._profile = None
        self.irrevocable = False
        self.slots.forget_all()
        self.give_back(why)

    def give_back(self, why: str) -> None:
        """End whatever waits to be done."""
        for free in self.agenda.take_frees():
            self._outlet.emit(SlotKept(free.storage, free.index, free.digest, why))
        while self.agenda.sends:
            self._outlet.emit(SendEnded(self.agenda.sends.popleft().job, Rejected(ErrorFamily.PLAIN, 0)))
        while self.agenda.ussd:
            self.agenda.ussd.popleft()
            self._outlet.emit(UssdAnswered(-1, ""))

    # -- what is announced --------------------------------------------------------------------------------------------

    def announced(self, storage: str, index: int, now: float) -> None:
        """Note that a slot has got a message."""
        self.slots.forget(storage, index)
        delay = self._profile.dialect.read_delay_s if self._profile is not None else 0.0
        self.agenda.announce(storage, index, now + delay)

    def late(self, line: str) -> None:
        """Take a line of a command that was given up."""
        mr = reference((line,))
        if mr is not None and self._doubtful_job is not None:
            self._outlet.emit(LateSubmit(self._doubtful_job, mr))
            self._doubtful_job = None

    # -- jobs ---------------------------------------------------------------------------------------------------------

    def work(self, now: float, *, may_send: bool) -> bool:
        """Start the next job that is due; tell whether there was one."""
        profile = self._profile
        job = None if profile is None else self.agenda.next_job(now, may_send=may_send)
        if profile is None or job is None:
            return False
        self._begin_job(job, profile, now)
        return True

    def _begin_job(self, job: Job, profile: Profile, now: float) -> None:
        match job:
            case ReadSlot():
                self._read(job, profile, now)
            case FreeSlot():
                self._free(job, profile, now)
            case SendPart():
                self._send(job, profile, now)
            case WalkAll():
                self._walk(profile, now)
            case Poll():
                self._poll(profile, now)
            case Adjust():
                self._runner.begin(adjust(profile.dialect), self._adjusted, now)
            case HangUp():
                self._runner.begin(hang_up(profile.dialect), self._hung_up, now)
            case SearchNetwork():
                self._runner.begin(ask_registration(), self.registered, now)
            case RunUssd():
                self._outlet.emit(UssdAnswered(-1, ""))
            case _:
                assert_never(job)

    def _read(self, job: ReadSlot, profile: Profile, now: float) -> None:
        def finish(found: SlotEntry | Refused | None, then: float) -> None:
            match found:
                case SlotEntry():
                    self._found(job.storage, found)
                case Refused(why, sim_gone=True):
                    self._tell(SimGone(why), then)
                case _ if job.tries < len(READ_DELAYS_S):
                    due = then + READ_DELAYS_S[job.tries]
                    self.agenda.announce(job.storage, job.index, due, job.tries + 1)
                case _:
                    self.agenda.walk_at = then

        home = profile.fill.storage
        inner = read_slot(job.index, profile.dialect)
        self._runner.begin(in_storage(job.storage, home, profile.dialect, inner), finish, now)

    def _free(self, job: FreeSlot, profile: Profile, now: float) -> None:
        def finish(kept: Kept | Refused | None, _: float) -> None:
            self.irrevocable = False
            self.slots.forget(job.storage, job.index)
            if kept is None:
                self._outlet.emit(SlotFreed(job.storage, job.index, job.digest))
                return
            self._outlet.emit(SlotKept(job.storage, job.index, job.digest, kept.why))
            if isinstance(kept, Kept) and kept.now_holds is not None:
                self._found(job.storage, kept.now_holds)

        self.irrevocable = True
        read_first = not self.slots.holds(job.storage, job.index, job.digest)
        inner = free_slot(job.index, job.digest, profile.dialect, read_first=read_first)
        self._runner.begin(in_storage(job.storage, profile.fill.storage, profile.dialect, inner), finish, now)

    def _send(self, job: SendPart, profile: Profile, now: float) -> None:
        def finish(outcome: SendOutcome, then: float) -> None:
            self.irrevocable = False
            self._doubtful_job = job.job if isinstance(outcome, Uncertain) else None
            self.agenda.walk_at = then
            self._outlet.emit(SendEnded(job.job, outcome))

        self.irrevocable = True
        self._runner.begin(send(job.tpdu_octets, job.pdu_hex, profile.dialect), finish, now)

    def _walk(self, profile: Profile, now: float) -> None:
        storage = profile.fill.storage

        def finish(found: tuple[SlotEntry, ...] | Refused, then: float) -> None:
            if isinstance(found, Refused):
                if found.sim_gone:
                    self._tell(SimGone(found.why), then)
                return
            self.agenda.walked(storage, {entry.index for entry in found}, now)
            for entry in found:
                self._found(storage, entry)
            self._outlet.emit(WalkEnded(storage, len(found)))
            self._outlet.emit(ModemAnswered())

        self._runner.begin(walk(storage, profile.dialect), finish, now)

    def _poll(self, profile: Profile, now: float) -> None:
        self._polls += 1
        procedure = poll(profile.cnmi, thorough=self._polls % THOROUGH_EVERY == 0)
        self._runner.begin(procedure, self._polled, now)

    # -- results ------------------------------------------------------------------------------------------------------

    def _found(self, storage: str, entry: SlotEntry) -> None:
        self.slots.remember(storage, entry)
        self._outlet.emit(SlotFound(storage, entry.index, entry.status, entry.tpdu_octets, entry.pdu_hex))

    def _found_fill(self, fill: StoreFill) -> None:
        self._outlet.emit(StorageMeasured(fill.storage, fill.used, fill.total))

    def registered(self, stat: int | None, now: float) -> None:
        """Take what the modem says of the network; only news is reported."""
        if stat is None:
            return
        if self._registration != (stat, self._operator):
            self._registration = (stat, self._operator)
            self._outlet.emit(Registered(stat, self._operator))
        self._tell(RegistrationFound(stat), now)

    def _polled(self, health: Health, now: float) -> None:
        self._outlet.emit(ModemAnswered())
        self._operator = health.operator or self._operator
        self._outlet.emit(SignalMeasured(health.dbm))
        if health.fill is not None:
            self._found_fill(health.fill)
        if health.sim == "NOT INSERTED" or "PUK" in health.sim or health.sim == "SIM PIN":
            self._tell(SimGone(health.sim), now)
        elif not health.settings_kept:
            self._tell(SettingsLost(), now)
        else:
            self.registered(health.registration, now)

    def _adjusted(self, details: Details, now: float) -> None:
        self._operator = details.operator
        self._outlet.emit(details.identified)
        self._outlet.emit(SignalMeasured(details.dbm))
        self.registered(details.registration, now)

    def _hung_up(self, _: None, __: float) -> None:
        self._outlet.emit(CallRefused(self.caller))
        self.caller = ""
