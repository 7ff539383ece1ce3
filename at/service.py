"""Give the jobs of a line whose messages can be read to the duty that does them.

Decides nothing about the line's state: what a duty finds out about the card, the settings or the network is told to
the owner, who decides.
"""

from typing import assert_never

from kentongan.at.agenda import (
    EVERY_S,
    Adjust,
    ChooseUssd,
    HangUp,
    Inspect,
    Job,
    LeaveUssd,
    MeasureStore,
    MeasureSupply,
    Poll,
    ReadMark,
    SearchNetwork,
    WalkAll,
    WalkOthers,
    Watch,
)
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
)
from kentongan.at.events import ErrorFamily, Rejected, SendEnded, SlotKept, UssdAnswered
from kentongan.at.hands import Hands
from kentongan.at.mailbox import Mailbox
from kentongan.at.marker import Marker
from kentongan.at.procedures_init import Profile
from kentongan.at.pulse import Pulse
from kentongan.at.sender import Sender
from kentongan.at.session import Session
from kentongan.at.slotwork import ReadNew, ReadSlot

WALK_ALONE_S = 30.0
"""How often the memory is walked on a modem that accepts no notification at all: it is the only way (modem.md 4.2)."""

TOP_S = 2.0
"""From a notice of the memory's last slot until the fill is asked for: by then the message is read, perhaps freed."""


class Service:
    """The duties of one line."""

    def __init__(self, hands: Hands, pulse: Pulse) -> None:
        self.mailbox = Mailbox(hands)
        self.sender = Sender(hands)
        self.session = Session(hands)
        self.pulse = pulse
        self._marker = Marker(hands)
        self._hands = hands
        self._profile: Profile | None = None

    def begin(self, profile: Profile, now: float) -> None:
        """Take up the service after a start."""
        self._profile = profile
        self.mailbox.begin(profile.fill.storage)
        self._hands.agenda.restart(now, EVERY_S[WalkAll()] if profile.cnmi else WALK_ALONE_S)
        self.pulse.begin(profile, now)

    def stop(self, why: str) -> None:
        """End the service, because nobody knows when the line will serve again."""
        self._profile = None
        self.mailbox.forget()
        self.sender.stop()
        self.session.end(-1)
        self.give_back(why)

    def give_back(self, why: str) -> None:
        """End whatever waits to be done."""
        for command in self._hands.agenda.take_all():
            self.refuse(command, why)

    def refuse(self, command: ModemCommand, why: str) -> None:
        """End a command that was never begun."""
        match command:
            case FreeSlot(storage, index, digest):
                self._hands.outlet.emit(SlotKept(storage, index, digest, why))
            case SendPart(job):
                self._hands.outlet.emit(SendEnded(job, Rejected(ErrorFamily.PLAIN, 0)))
            case RunUssd():
                self._hands.outlet.emit(UssdAnswered(-1, ""))
            case WalkSlots() | WriteMark() | Recover() | Refresh() | Shutdown():
                pass
            case _:
                assert_never(command)

    @property
    def irrevocable(self) -> bool:
        """Tell whether a part or a delete is under way."""
        return self.sender.sending or self.mailbox.freeing

    def announced(self, storage: str, index: int, now: float) -> None:
        """Note that a slot has got a message."""
        delay = self._profile.dialect.read_delay_s if self._profile is not None else 0.0
        self.mailbox.announced(storage, index, now + delay, now)
        if self._profile is not None and index >= self._profile.fill.total - 1:  # Huawei counts from 0, SIM800 from 1
            self._hands.agenda.soon(MeasureStore(), now + TOP_S)

    def doubt(self, now: float) -> None:
        """Look at everything: the memory is said to be full, or a notice was damaged."""
        self._hands.agenda.soon(WalkAll(), now)
        self._hands.agenda.soon(MeasureStore(), now)

    def next_deadline(self, *, may_send: bool) -> float:
        """Return when the next job is due, or a session is given up."""
        return min(self._hands.agenda.next_deadline(may_send=may_send), self.session.deadline)

    def work(self, now: float, *, may_send: bool) -> bool:
        """Start the next job that is due; tell whether there was one."""
        self.session.give_up(now)
        profile = self._profile
        if profile is None:
            return False
        job = self._hands.agenda.next_job(now, may_send=may_send, may_ask=not self.session.is_open)
        if job is None:
            return False
        self._begin_job(job, profile, now)
        return True

    def _begin_job(self, job: Job, profile: Profile, now: float) -> None:
        match job:
            case ReadSlot() | ReadNew():
                self.mailbox.read(job, profile, now)
            case FreeSlot():
                self.mailbox.free(job, profile, now)
            case WalkAll():
                self.mailbox.walk(profile, now)
            case WalkOthers():
                self.mailbox.walk_others(profile, now)
            case SendPart():
                self.sender.send(job, profile, now)
            case RunUssd():
                self.session.ask(job, profile, now)
            case ChooseUssd(choice):
                self.session.choose(choice, profile, now)
            case LeaveUssd():
                self.session.leave(now)
            case ReadMark() | WriteMark():
                self._marker.begin(job, profile, now)
            case _:
                self._watch(job, profile, now)

    def _watch(self, job: Watch, profile: Profile, now: float) -> None:
        match job:
            case Poll():
                self.pulse.poll(now)
            case MeasureStore():
                self.pulse.measure_store(profile, now)
            case Inspect():
                self.pulse.inspect(profile, now)
            case Adjust():
                self.pulse.adjust(profile, now)
            case MeasureSupply():
                self.pulse.measure_supply(profile, now)
            case HangUp():
                self.pulse.hang_up(profile, now)
            case SearchNetwork():
                self.pulse.search(profile, now)
            case Refresh():
                self.pulse.refresh(profile, now)
            case _:
                assert_never(job)
