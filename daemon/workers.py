"""The loops of the gateway's threads: wait, ask a pure object, perform what it returned, beat.

A thread owns its object; others reach it through a queue and a wake-up alone. An exception that leaves a loop is a bug:
it is logged once, the process ends, and systemd starts it anew (architecture.md A.4).
"""

import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import Protocol, assert_never

import msgspec

from kentongan.at.commands import ModemCommand, Shutdown
from kentongan.at.errors import PortBusy, PortLost
from kentongan.at.events import ModemEvent, PortAction, PowerCycle, Reopen, Restarted, RungClimbed, SetRate, SlotFound
from kentongan.at.modem import Modem
from kentongan.at.port import SerialPort
from kentongan.daemon.core import Core
from kentongan.daemon.events import (
    Acknowledge,
    Answer,
    Command,
    EndProcess,
    Event,
    LineEvent,
    Note,
    PortMissing,
    PowerCycled,
    PowerOff,
    Publish,
    Recorded,
    Recording,
    Show,
    Tick,
    ToModem,
)
from kentongan.daemon.logs import Log
from kentongan.daemon.status import Status
from kentongan.mqtt.client import Link
from kentongan.queue.records import Moment

BEAT_S = 20.0  # the longest any loop sleeps, so that its heartbeat proves progress
LOG_ITSELF = frozenset({"event", "level", "timestamp", "exception"})  # names a log line needs for itself
DRAIN_S = 5.0  # at the end, for the PUBACKs of what is on its way
REOPEN_S = 1.0  # how often a missing port is looked for: a port that returns is back within 5 s


class Clock(Protocol):
    """The two readings the loops need."""

    def now(self) -> Moment:
        """Read both clocks."""
        ...

    def monotonic(self) -> float:
        """Read the monotonic clock in seconds."""
        ...


class Beats:
    """When each worker last came round, in monotonic seconds; one writer per name."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}

    def beat(self, name: str, now: float) -> None:
        """Note that a loop came round."""
        self._last[name] = now

    def late(self, now: float, limit_s: float) -> list[str]:
        """Name the loops that have not come round for too long."""
        return [name for name, last in self._last.items() if now - last > limit_s]


class Outfit(msgspec.Struct, frozen=True):
    """What stands around a port: the switch of its modem, and where a conversation before a fault is kept."""

    power: Callable[[], str] | None = None
    record: Callable[[str, Sequence[str], float], str] | None = None


class ModemWorker:
    """Owns one serial port and its engine."""

    def __init__(
        self, name: str, modem: Modem, open_port: Callable[[], SerialPort], emit: Callable[[Event], None], clock: Clock
    ) -> None:
        self.name = name
        self._modem = modem
        self._open_port = open_port
        self._emit = emit
        self._clock = clock
        self._port: SerialPort | None = None
        self._inbox: SimpleQueue[ModemCommand | Recording | PowerOff] = SimpleQueue()
        self._stopping = False
        self._missing = ""  # why the port could not be opened the last time
        self.outfit = Outfit()

    def put(self, command: ModemCommand | Recording | PowerOff) -> None:
        """Hand a command over from another thread."""
        self._inbox.put(command)
        port = self._port
        if port is not None:
            port.wake()

    def run(self, beat: Callable[[float], None]) -> None:
        """Serve the port until a `Shutdown` has come and the engine is idle."""
        while not self._stopping or self._modem.busy:
            beat(self._clock.monotonic())
            try:
                self._turn()
            except PortLost as error:
                self._close(str(error))
            self._take_commands()
            self._hand_on()
        self._close("stopped")
        self._hand_on()

    def _turn(self) -> None:
        """Wait for bytes or the next deadline, then let the engine work."""
        if self._port is None:
            self._reopen()
            return
        now = self._clock.monotonic()
        deadline = self._modem.next_deadline()
        wait = BEAT_S if deadline is None else min(BEAT_S, max(0.0, deadline - now))
        data = self._port.read(wait)
        now = self._clock.monotonic()
        if data:
            self._modem.receive(data, now)
        self._modem.tick(now)
        self._write()

    def _reopen(self) -> None:
        """Try to open the port; while it is not there, wait for a command or a second."""
        try:
            port = self._open_port()
        except (PortLost, PortBusy) as error:
            self._cannot_open(error)
            return
        self._port = port
        self._missing = ""
        self._modem.opened(self._clock.monotonic())
        self._write()

    def _cannot_open(self, error: PortLost | PortBusy) -> None:
        """Tell once why there is no port, and wait."""
        if (why := str(error)) != self._missing:
            self._missing = why
            self._emit(PortMissing(self.name, why))
        self._modem.lost(why, self._clock.monotonic(), busy=isinstance(error, PortBusy))
        self._wait_for_command(REOPEN_S)

    def _write(self) -> None:
        if self._port is not None and (data := self._modem.bytes_to_send()):
            self._port.write(data)

    def _take_commands(self) -> None:
        while True:
            try:
                self._give(self._inbox.get_nowait())
            except Empty:
                break
        try:
            self._write()
        except PortLost as error:
            self._close(str(error))

    def _wait_for_command(self, seconds: float) -> None:
        try:
            self._give(self._inbox.get(timeout=seconds))
        except Empty:
            return

    def _give(self, command: ModemCommand | Recording | PowerOff) -> None:
        if isinstance(command, Recording):
            command.request.reply(self._modem.black_box())
            return
        if isinstance(command, PowerOff):
            self._act(PowerCycle("asked for"))
            return
        if isinstance(command, Shutdown):
            self._stopping = True
        self._modem.command(command, self._clock.monotonic())

    def _hand_on(self) -> None:
        for event in self._modem.events():
            self._emit(LineEvent(self.name, event, self._announced_ms(event)))
            if isinstance(event, RungClimbed | Restarted):
                self._recorded(f"{type(event).__name__} {event}")
        for action in self._modem.actions():
            self._act(action)

    def _announced_ms(self, event: ModemEvent) -> int | None:
        """Tell on the wall clock when a slot that was read had been announced."""
        if not isinstance(event, SlotFound) or event.announced_s is None:
            return None
        ago_s = max(0.0, self._clock.monotonic() - event.announced_s)
        return self._clock.now().wall_ms - round(ago_s * 1000)

    def _recorded(self, why: str) -> None:
        """Keep what was said before a fault."""
        if (record := self.outfit.record) is None:
            return
        if name := record(why, self._modem.black_box(), self._clock.monotonic()):
            self._emit(Recorded(self.name, name))

    def _act(self, action: PortAction) -> None:
        match action:
            case Reopen(why):
                self._close(why)
            case SetRate(baud):
                if self._port is not None:
                    self._port.set_rate(baud)
            case PowerCycle(why):
                self._close(why)
                if (power := self.outfit.power) is not None:
                    self._emit(PowerCycled(self.name, power()))
            case _:
                assert_never(action)

    def _close(self, why: str) -> None:
        port, self._port = self._port, None
        if port is not None:
            port.close()
        self._modem.lost(why, self._clock.monotonic())


class CoreWorker:
    """Owns the core and its store: one event in, its commands performed."""

    def __init__(  # noqa: PLR0913, PLR0917  the composition root hands everything in once
        self,
        core: Core,
        inbox: SimpleQueue[Event | None],
        modems: Mapping[str, ModemWorker],
        link: Link,
        show: Callable[[Status], None],
        clock: Clock,
        log: Log,
    ) -> None:
        self._core = core
        self._inbox = inbox
        self._modems = modems
        self._link = link
        self._show = show
        self._clock = clock
        self._log = log

    def put(self, event: Event) -> None:
        """Hand an event over from another thread."""
        self._inbox.put(event)

    def stop(self) -> None:
        """Let the loop end after what is queued."""
        self._inbox.put(None)

    def run(self, beat: Callable[[float], None]) -> None:
        """Serve events and deadlines until stopped; then give what is on its way to the broker a moment, and close."""
        while self._turn(beat, BEAT_S):
            pass
        end = self._clock.monotonic() + DRAIN_S
        while self._core.publishing and (left_s := end - self._clock.monotonic()) > 0:
            self._turn(beat, left_s)
        self._core.close(self._clock.now())

    def _turn(self, beat: Callable[[float], None], longest_s: float) -> bool:
        """Wait for one event or deadline and perform what the core makes of it; tells whether to go on."""
        beat(self._clock.monotonic())
        wait_s = (self._core.next_deadline() - self._clock.now().steady_ms) / 1000
        try:
            event = self._inbox.get(timeout=min(longest_s, max(0.0, wait_s)))
        except Empty:
            event = Tick()
        if event is None:
            return False
        for command in self._core.handle(event, self._clock.now()):
            self._perform(command)
        return True

    @property
    def connection_id(self) -> str:
        """The broker connection to say farewell on; read after the thread has ended."""
        return self._core.connection_id

    def _perform(self, command: Command) -> None:
        match command:
            case ToModem(line, modem_command):
                self._modems[line].put(modem_command)
            case Publish(publication):
                self._link.publish(publication)
            case Acknowledge(delivery):
                self._link.ack(delivery)
            case Answer(request, result):
                request.reply(result)
            case Note(name, facts):
                self._log.info(name, **{f"{key}_" if key in LOG_ITSELF else key: fact for key, fact in facts})
            case Show(status):
                self._show(status)
            case Recording(line) | PowerOff(line):
                self._modems[line].put(command)
            case EndProcess():
                os.kill(os.getpid(), signal.SIGTERM)  # to the process: raised here, it would not wake the main thread
            case _:
                assert_never(command)


class Thread:
    """A named thread whose death by exception ends the process: a half-dead gateway is worse than a restart."""

    def __init__(self, name: str, body: Callable[[], None], log: Log, died: Callable[[str], None]) -> None:
        self.name = name
        self._body = body
        self._log = log
        self._died = died
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start it."""
        self._thread.start()

    def join(self, seconds: float) -> bool:
        """Wait for its end; tells whether it ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._body()
        except Exception:  # noqa: BLE001  the one place where a thread's bug becomes the process's end
            self._log.exception("thread_died", thread=self.name)
            self._died(self.name)
