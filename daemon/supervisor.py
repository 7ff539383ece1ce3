"""The main thread: start order, heartbeats, systemd's watchdog, signals, stop order (architecture.md A.4, A.12).

Feeds the watchdog only while every worker comes round; a modem without SIM or a broker that is away never stops it.
"""

import signal
import threading
from collections.abc import Callable, Mapping
from types import FrameType

import msgspec

from kentongan.at.commands import Shutdown
from kentongan.daemon.control import ControlServer
from kentongan.daemon.events import HostMeasured, Stopping
from kentongan.daemon.logs import Log
from kentongan.daemon.sdnotify import Notifier
from kentongan.daemon.status import HostStatus
from kentongan.daemon.workers import Beats, Clock, CoreWorker, ModemWorker, Thread
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import Publication
from kentongan.queue.errors import StoreCorrupt

LATE_S = 60.0  # a worker that has not come round for so long is stuck: three of its longest sleeps
HOST_S = 20.0  # how often the machine itself is measured; a lamp must tell within 30 s
MODEM_STOP_S = 15.0  # a send in flight may end by itself; a longer one is found as `sending` and called uncertain
CORE_STOP_S = 10.0
LINK_STOP_S = 6.0  # the farewell's PUBACK has 5 s (contract 6.10)
EXIT_OK, EXIT_DIED, EXIT_DAMAGED = 0, 70, 74  # 74: the store is damaged, the next start rescues it


class Crew(msgspec.Struct, frozen=True):
    """Everything that has a thread, and what the main thread does for it."""

    core: CoreWorker
    link: Link
    modems: Mapping[str, ModemWorker]
    control: ControlServer
    measure: Callable[[], HostStatus]
    farewell: Callable[[str], Publication | None]  # for the broker connection with this id


class Supervisor:
    """Runs the threads until a signal or until one of them dies."""

    def __init__(self, crew: Crew, clock: Clock, notifier: Notifier, log: Log) -> None:
        self._crew = crew
        self._clock = clock
        self._notifier = notifier
        self._log = log
        self._beats = Beats()
        self._stop = threading.Event()
        self._died: list[str] = []
        self._damaged = False

    def run(self) -> int:
        """Serve until told to stop; gives the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._signalled)
        threads = self._threads()
        for thread in threads.values():
            thread.start()
        self._notifier.ready()
        self._watch()
        self._notifier.stopping()
        self._end(threads)
        if self._damaged:
            return EXIT_DAMAGED
        return EXIT_DIED if self._died else EXIT_OK

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self._stop.set()

    def _threads(self) -> dict[str, Thread]:
        bodies: dict[str, Callable[[Callable[[float], None]], None]] = {
            "core": self._run_core,
            **{f"modem-{name}": modem.run for name, modem in self._crew.modems.items()},
            "link": self._run_link,
            "control": lambda _beat: self._crew.control.run(),
        }
        return {name: Thread(name, self._body(name, body), self._log, self._died_by) for name, body in bodies.items()}

    def _body(self, name: str, body: Callable[[Callable[[float], None]], None]) -> Callable[[], None]:
        return lambda: body(lambda now: self._beats.beat(name, now))

    def _run_core(self, beat: Callable[[float], None]) -> None:
        """Serve the core; damage met in its store ends the process by a code of its own."""
        try:
            self._crew.core.run(beat)
        except StoreCorrupt:
            self._damaged = True
            raise

    def _run_link(self, beat: Callable[[float], None]) -> None:
        self._crew.link.beat = lambda: beat(self._clock.monotonic())
        self._crew.link.run()

    def _died_by(self, name: str) -> None:
        self._died.append(name)
        self._stop.set()

    def _watch(self) -> None:
        """Sleep, measure the machine, feed systemd while all loops come round."""
        interval_s = min(HOST_S, self._notifier.watchdog_s / 3 or HOST_S)
        measured = 0.0
        while not self._stop.wait(interval_s if measured else 0.0):
            now = self._clock.monotonic()
            if not measured or now - measured >= HOST_S:
                measured = now
                self._crew.core.put(HostMeasured(self._crew.measure()))
            late = self._beats.late(now, LATE_S)
            if late:
                self._log.error("worker_late", workers=late)
            else:
                self._notifier.watchdog()

    def _end(self, threads: dict[str, Thread]) -> None:
        """Stop taking commands, let the send in flight end, drain, close, say farewell."""
        self._log.info("stopping", died=self._died)
        self._crew.control.stop()
        if self._died:  # the core may not be there to pass the word on; what it had begun is found at the next start
            for modem in self._crew.modems.values():
                modem.put(Shutdown())
        self._crew.core.put(Stopping())
        ended = [threads[f"modem-{name}"].join(MODEM_STOP_S) for name in self._crew.modems]
        self._crew.core.stop()
        core_ended = threads["core"].join(CORE_STOP_S)
        self._crew.link.stop(self._crew.farewell(self._crew.core.connection_id))
        link_ended = threads["link"].join(LINK_STOP_S)
        self._log.info("stopped", modems=ended, core=core_ended, link=link_ended)
