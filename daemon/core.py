"""The bridge: events of the three islands in, commands out; the only place where they meet.

Decide, commit, act: a command is returned only after the transaction that justifies it. The core reads no clock, opens
nothing and logs nothing; it owns the store, and only the core's thread calls it.

    SlotFound   -> receive (commit)   -> Publish ... Published -> FreeSlot
    command/... -> accept (commit)    -> Acknowledge, Publish
    due part    -> begin (commit)     -> SendPart ... SendEnded -> finish (commit) -> Publish
"""

from collections import deque
from typing import assert_never

import msgspec

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.daemon.broker import Broker
from kentongan.daemon.cards import Cards
from kentongan.daemon.control import ControlRequest
from kentongan.daemon.control_desk import ControlDesk
from kentongan.daemon.desk import Desk
from kentongan.daemon.events import (
    Acknowledge,
    Command,
    Event,
    HostMeasured,
    LineEvent,
    Note,
    PortMissing,
    PowerCycled,
    Recorded,
    Show,
    Stopping,
    Tick,
    ToModem,
)
from kentongan.daemon.intake import Intake
from kentongan.daemon.journal import Journal
from kentongan.daemon.keeper import Keeper
from kentongan.daemon.line import Line
from kentongan.daemon.offering import Offering
from kentongan.daemon.recoveries import Recoveries
from kentongan.daemon.rounds import Rounds
from kentongan.daemon.sending import NEVER_MS, Sending
from kentongan.daemon.standing import Standing
from kentongan.mqtt.events import BrokerDown, BrokerUp, MessageReceived, Published
from kentongan.queue.errors import StoreCorrupt, StoreUnavailable
from kentongan.queue.records import Moment
from kentongan.queue.store import Store

HOUSEKEEPING_MS = 60_000  # expiry of replies, the persisted clock
STORE_RETRY_MS = 5_000  # how soon an unavailable store is tried again
POSTPONED = 200  # events kept while the store is away: the broker's 20 commands and what outcomes and reports come


Stored = at.SlotFound | at.DirectMessage | at.ReportReceived | at.SendEnded | at.LateSubmit


class Rooms(msgspec.Struct, frozen=True):
    """The core's helpers, each with one duty."""

    intake: Intake
    sending: Sending
    offering: Offering
    desk: Desk
    control: ControlDesk
    standing: Standing
    keeper: Keeper
    journal: Journal
    rounds: Rounds
    recoveries: Recoveries
    cards: Cards


class Core:
    """One object, one thread, one writer."""

    def __init__(self, store: Store, lines: dict[str, Line], broker: Broker, rooms: Rooms) -> None:
        self._store = store
        self._lines = lines
        self._broker = broker
        self._rooms = rooms
        self._timers = Timers()

    def handle(self, event: Event, moment: Moment) -> list[Command]:
        """Take one event; gives what may be done now. A store that is away postpones the event, nothing is lost."""
        timers = self._timers
        try:
            commands = self._dispatch(event, moment)
        except StoreUnavailable as error:
            commands = self._store_failed(event, error, moment)
        if not timers.store_away_ms:
            try:
                commands += self._pump(moment)
            except StoreUnavailable as error:
                commands += self._store_failed(None, error, moment)
        if not isinstance(event, Tick):
            self._rooms.standing.touch(moment)
        commands += self._look_after(self._rooms.standing.changed(moment), moment)
        self._rooms.journal.take(commands, moment)
        return commands

    def _look_after(self, shown: list[Command], moment: Moment) -> list[Command]:
        """Let the keeper look whenever the standing was looked at; what it did or found is looked at soon."""
        statuses = [command.status for command in shown if isinstance(command, Show)]
        done = [command for status in statuses for command in self._rooms.keeper.look(status, moment)]
        self._rooms.standing.neighbours_silent = self._rooms.keeper.neighbours_silent
        if done:
            self._rooms.standing.touch(moment)
        return shown + done

    def next_deadline(self) -> int:
        """Give the steady moment of the next `Tick`."""
        if self._timers.store_away_ms:
            return min(self._rooms.standing.deadline_ms, self._timers.deadline_ms)
        looks = [line.look_ms for line in self._lines.values() if line.ready and line.sending is None]
        spool = self._rooms.offering.look_ms if self._broker.room > 0 else NEVER_MS
        return min([*looks, spool, self._rooms.standing.deadline_ms, self._timers.deadline_ms])

    @property
    def connection_id(self) -> str:
        """The broker connection that stands now, empty when there is none."""
        return self._broker.up.connection_id if self._broker.up else ""

    @property
    def publishing(self) -> bool:
        """Tell whether publications are on their way."""
        return bool(self._broker.in_flight)

    def close(self, moment: Moment) -> None:
        """Close the store: the last thing its thread does."""
        self._rooms.keeper.close(moment)
        self._store.close(moment)

    # -- dispatch ------------------------------------------------------------------------------------------------------

    def _dispatch(self, event: Event, moment: Moment) -> list[Command]:
        match event:
            case LineEvent(name, modem_event, announced_ms):
                return self._line_event(self._lines[name], modem_event, moment, announced_ms)
            case PortMissing(name, why):
                self._lines[name].port_missing(why)
                return [Note("port_missing", (("line", name), ("why", why)))]
            case PowerCycled(name, how):
                return [Note("power_cycled", (("line", name), ("how", how)))]
            case Recorded(name, file):
                return [Note("flight_recorded", (("line", name), ("file", file)))]
            case BrokerUp():
                return self._broker_up(event, moment)
            case BrokerDown():
                return self._broker_down(event, moment)
            case Published():
                return self._published(event, moment)
            case MessageReceived():
                return self._message(event, moment)
            case ControlRequest():
                return self._rooms.control.answer(event, moment)
            case HostMeasured(host):
                self._rooms.standing.measured(host, moment)
                return []
            case Tick():
                return self._tick(moment)
            case Stopping():
                self._rooms.sending.stopped = True
                return [ToModem(name, to_modem.Shutdown()) for name in self._lines]
            case _:
                assert_never(event)

    def _line_event(self, line: Line, event: at.ModemEvent, moment: Moment, announced_ms: int | None) -> list[Command]:
        """Commit what concerns the store; every event changes the line's facts."""
        was_crowded = line.slots.crowded
        line.observe(event, moment)
        match event:
            case at.SlotFound() | at.DirectMessage() | at.ReportReceived() | at.SendEnded() | at.LateSubmit():
                self._rooms.offering.look_ms = line.look_ms = 0
                return self._stored(line, event, moment, announced_ms)
            case at.SlotFreed(storage, index, _) | at.SlotKept(storage, index, _):
                line.slots.by_place.pop((storage, index), None)
                return _slot_notes(line, event)
            case at.StorageMeasured():
                crowded = line.slots.crowded and not was_crowded
                return self._rooms.intake.free(line, broker_up=self._broker.up is not None) if crowded else []
            case at.StateChanged(old, new, why):
                line.look_ms = 0
                facts = (("line", line.name), ("old", str(old)), ("new", str(new)), ("why", why))
                return [Note("line_changed", facts), *self._rooms.recoveries.entered(line.name, new, moment)]
            case at.RungClimbed(rung, why):
                self._rooms.standing.attempted(line.name)
                return self._rooms.recoveries.climbed(line.name, rung, why, moment)
            case at.Restarted(what) | at.SupplyWarned(what):
                return [Note("modem_said", (("line", line.name), ("what", type(event).__name__), ("words", what)))]
            case at.UssdAnswered():
                return self._rooms.keeper.ussd(line, event, moment)
            case at.SendTraced():
                return self._rooms.sending.traced(line, event, moment)
            case at.Identified() | at.CallRefused():
                return [Note("modem_said", (("line", line.name), ("what", type(event).__name__)))]
            case at.SimIdentified() | at.ServiceCentre() | at.MarkFound():
                return self._rooms.cards.heard(line, event, moment)
            case at.WalkEnded() | at.Registered() | at.SignalMeasured() | at.ModemAnswered() | at.NetworkTime():
                return []
            case _:
                assert_never(event)

    def _stored(self, line: Line, event: Stored, moment: Moment, announced_ms: int | None) -> list[Command]:
        """Commit an event whose facts the store keeps."""
        match event:
            case at.SlotFound():
                broker_up = self._broker.up is not None
                return self._rooms.intake.slot(line, event, moment, broker_up=broker_up, announced_ms=announced_ms)
            case at.DirectMessage():
                return self._rooms.intake.direct(line, event, moment)
            case at.ReportReceived():
                return self._rooms.intake.report(line, event, moment)
            case at.SendEnded():
                return self._rooms.sending.ended(line, event, moment)
            case at.LateSubmit():
                return self._rooms.sending.late(line, event, moment)

    # -- broker --------------------------------------------------------------------------------------------------------

    def _broker_up(self, event: BrokerUp, moment: Moment) -> list[Command]:
        """Say who and how we are, then open the spool; what was offered before is offered again (contract 4.4, 4.7)."""
        self._broker.connected(event, moment)
        self._rooms.offering.look_ms = 0
        announced = self._rooms.standing.announce(moment)
        self._store.offer_again()
        facts = (("protocol", event.protocol), ("session", event.session_present))
        return [Note("broker_connected", facts), *announced]

    def _broker_down(self, event: BrokerDown, moment: Moment) -> list[Command]:
        """Stop offering; slots go after the commit alone while the broker is away (decisions.md 5)."""
        self._broker.disconnected(event, moment)
        self._timers.forget_messages()
        freed = [c for line in self._lines.values() for c in self._rooms.intake.free(line, broker_up=False)]
        return [Note("broker_lost", (("cause", str(event.cause)), ("detail", event.detail))), *freed]

    def _published(self, event: Published, moment: Moment) -> list[Command]:
        commands, part_ids = self._rooms.offering.answered(event, moment)
        if part_ids:
            for line in self._lines.values():
                line.slots.published(part_ids)
                commands += self._rooms.intake.free(line, broker_up=True)
        return commands

    def _message(self, event: MessageReceived, moment: Moment) -> list[Command]:
        """Commit a command's effect and answer, then let the broker forget it (contract 6.4)."""
        try:
            notes = self._rooms.desk.handle(event, moment)
        except (StoreUnavailable, StoreCorrupt):
            raise
        except Exception as error:  # noqa: BLE001  a command that meets a mistake of ours would come back for ever (E41)
            notes = self._rooms.desk.failed(event, error, moment)
        self._rooms.offering.look_ms = 0
        for line in self._lines.values():
            line.look_ms = 0
        return [*notes, Acknowledge(event.delivery)]

    # -- time and the store's health -----------------------------------------------------------------------------------

    def _tick(self, moment: Moment) -> list[Command]:
        """Do what is due: housekeeping, and the events a failing store postponed."""
        timers = self._timers
        if timers.store_away_ms and moment.steady_ms >= timers.deadline_ms:
            self._store.probe(moment)
            self._rooms.rounds.upkeep.go(moment)  # a store that is full goes on once old texts are gone
            return self._store_back(moment)
        if moment.steady_ms >= timers.deadline_ms:
            timers.deadline_ms = moment.steady_ms + HOUSEKEEPING_MS
            self._store.note_clock(moment)
            self._store.expire(moment)
            self._rooms.rounds.go(moment)
            self._rooms.recoveries.rest(moment)
            self._rooms.offering.look_ms = 0
            lines = self._lines.values()
            moved = self._rooms.sending.round(lines, moment)
            return [*moved, *self._rooms.intake.reopen(moment)]
        return []

    def _pump(self, moment: Moment) -> list[Command]:
        commands = self._rooms.cards.round(self._lines.values())
        commands += self._rooms.offering.pump(moment)
        for line in self._lines.values():
            commands += self._rooms.sending.next(line, moment)
        return commands

    def _store_failed(self, event: Event | None, error: StoreUnavailable, moment: Moment) -> list[Command]:
        """Keep what nobody will repeat, raise the fault, try again soon. A slot found will be found again."""
        timers = self._timers
        first = not timers.store_away_ms
        timers.store_away_ms = timers.store_away_ms or moment.steady_ms
        timers.deadline_ms = moment.steady_ms + STORE_RETRY_MS
        self._rooms.standing.store_lost(str(error), timers.store_away_ms)
        if isinstance(event, ControlRequest):
            return [self._rooms.control.unavailable(event, error)]
        repeats = isinstance(event, LineEvent) and isinstance(event.event, at.SlotFound)
        if event is not None and not repeats and not isinstance(event, Tick):
            timers.postponed.append(event)
        return [Note("store_lost", (("why", str(error)),))] if first else []

    def _store_back(self, moment: Moment) -> list[Command]:
        """Take up again what was postponed, and look at every slot."""
        timers = self._timers
        timers.store_away_ms = 0
        timers.deadline_ms = moment.steady_ms + HOUSEKEEPING_MS
        self._rooms.standing.store_found()
        events = list(timers.postponed)
        timers.postponed.clear()
        self._rooms.offering.look_ms = 0
        commands: list[Command] = [Note("store_back", (("postponed", len(events)),))]
        for event in events:
            commands += self.handle(event, moment)
        return commands + [ToModem(name, to_modem.WalkSlots()) for name in self._lines]


class Timers:
    """The core's own deadlines, and what waits for the store."""

    def __init__(self) -> None:
        self.deadline_ms = 0
        self.store_away_ms = 0  # steady moment since when, 0 while it is there
        self.postponed: deque[Event] = deque(maxlen=POSTPONED)

    def forget_messages(self) -> None:
        """Drop postponed commands: the broker delivers them again on the next connection."""
        kept = [event for event in self.postponed if not isinstance(event, MessageReceived | Published)]
        self.postponed.clear()
        self.postponed.extend(kept)


def _slot_notes(line: Line, event: at.SlotFreed | at.SlotKept) -> list[Command]:
    facts: list[tuple[str, object]] = [("line", line.name), ("storage", event.storage), ("index", event.index)]
    if isinstance(event, at.SlotKept):
        return [Note("slot_kept", (*facts, ("why", event.why)))]
    return [Note("slot_freed", tuple(facts))]
