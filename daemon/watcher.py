"""The watcher: a second, small process that outlives the gateway, lights the lamps and raises the alarm.

Knows the gateway by its status file and its process alone. Nothing that happens to gateway, broker or file system ends
it; it never restarts anything, that is systemd's.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from random import SystemRandom
from typing import assert_never

import msgspec

from kentongan.daemon import lamps
from kentongan.daemon.alarms import Alarms
from kentongan.daemon.clock import OfficeZone, SystemClock
from kentongan.daemon.config import Config
from kentongan.daemon.faults import NOT_RUNNING
from kentongan.daemon.gpio import Lamps, NoLamps, open_lamps
from kentongan.daemon.lamps import PLAIN_TEMPO, Pattern, Tempo
from kentongan.daemon.logs import Log, PlainLog
from kentongan.daemon.sdnotify import Notifier
from kentongan.daemon.status import FaultStatus, Status, decode
from kentongan.daemon.uplink import Caller, link_settings, topics
from kentongan.daemon.vigil import Seen, Verdict, Vigil
from kentongan.mqtt.client import Link
from kentongan.mqtt.events import BrokerDown, BrokerEvent, BrokerUp, MessageReceived, Publication, Published
from kentongan.mqtt.payloads import Alarm, encode, rfc3339
from kentongan.mqtt.settings import Subscription
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7

STATUS_NAME, LAMPS_NAME = "status.json", "lamps.json"
MAX_STATUS = 1_000_000  # octets of a status file; ours has some thousands
CHECK_S = 1.0  # how often the gateway is looked at
RELINK_S = 10.0  # after the link's thread failed, which it never should
STOP_S = 6.0  # for the link's farewell


class StatusReader:
    """Reads the gateway's status file when it has changed."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / STATUS_NAME
        self._stamp: tuple[int, int] = (0, 0)
        self._status: Status | None = None

    def look(self) -> Seen:
        """Read what there is; an unreadable document counts as none."""
        try:
            found = self._path.stat()
            if (found.st_ino, found.st_mtime_ns) != self._stamp:
                self._stamp = (found.st_ino, found.st_mtime_ns)
                self._status = _decoded(self._path.read_bytes()[:MAX_STATUS]) or self._status
        except OSError:
            self._stamp = (0, 0)
        status = self._status
        return Seen(status, status is not None and _lives(status.pid))


def _lives(pid: int) -> bool:
    """Ask the kernel for a process; one that is dead and not yet fetched by its parent does not count."""
    try:
        state = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1]
    except OSError:
        return False
    return state not in {b"Z", b"X", b""}


def _decoded(data: bytes) -> Status | None:
    try:
        return decode(data)
    except msgspec.MsgspecError:
        return None


class Words(msgspec.Struct, frozen=True):
    """How the watcher names the gateway and writes times."""

    topics: Topics
    ids: Uuid7
    zone: OfficeZone

    @property
    def voice(self) -> "Words":
        """Word the alarms itself."""
        return self

    def time(self, wall_ms: int) -> str:
        """Write an instant in the office's zone."""
        return rfc3339(wall_ms, self.zone.offset_min(wall_ms))


class Board:
    """The lamps and their description in the runtime directory."""

    def __init__(self, directory: Path, driver: Lamps, now_ms: int, tempo: Tempo = PLAIN_TEMPO) -> None:
        self._tempo = tempo
        self._path = directory / LAMPS_NAME
        self._temporary = directory / f".{LAMPS_NAME}.new"
        self._driver = driver
        self._wish = directory / lamps.TEST_NAME
        self._pattern = lamps.start(now_ms)
        self._tested_ms = now_ms + lamps.TEST_MS
        self._write(())

    def test_if_asked(self, now_ms: int) -> bool:
        """Light all lamps for a second when somebody has put the file there that asks for it."""
        if not self._wish.exists():
            return False
        with suppress(OSError):
            self._wish.unlink()
        self._pattern = Pattern(lamps.start(now_ms).lamps, self._pattern.traffic)
        self._tested_ms = now_ms + lamps.TEST_MS
        return True

    def follow(self, verdict: Verdict, now_ms: int) -> tuple[int, ...] | None:
        """Show a verdict, once the lamp test is over; gives the red lamp's codes when the pattern is a new one."""
        if now_ms < self._tested_ms:
            return None
        pattern = lamps.follow(self._pattern, verdict.status, verdict.faults, now_ms, self._tempo)
        if pattern == self._pattern:
            return None
        self._pattern = pattern
        return self._write(verdict.faults)

    def drive(self, now_ms: int) -> float:
        """Set the pins; gives the seconds until they change again."""
        if isinstance(self._driver, NoLamps):
            return CHECK_S
        self._driver.show(lamps.level(self._pattern, now_ms))
        change_ms = lamps.next_change_ms(self._pattern, now_ms)
        return CHECK_S if change_ms is None else (change_ms - now_ms) / 1000

    def close(self) -> None:
        """Darken the lamps."""
        self._driver.close()
        self._path.unlink(missing_ok=True)

    def _write(self, standing: tuple[FaultStatus, ...]) -> tuple[int, ...]:
        shown = lamps.shown(self._pattern, standing, os.getpid())
        with suppress(OSError):  # the pins show it; the file is for demo and command line
            self._temporary.write_bytes(lamps.encode(shown))
            self._temporary.replace(self._path)
        return shown.codes


class Siren:
    """Keeps `gateway_not_running` at the broker as the verdicts are."""

    def __init__(self, words: Words, publish: Callable[[Publication], None]) -> None:
        self._words = words
        self._alarms = Alarms(words, source="watchdog")
        self._publish = publish
        self._up = False
        self._token = 0

    def judge(self, verdict: Verdict, clock: SystemClock) -> Alarm | None:
        """Raise, change or clear the alarm; gives the document if there is a new one."""
        now = clock.now()
        changed = self._alarms.update([verdict.stop] if verdict.stop else [], now)
        for alarm in changed:
            self._say(alarm.code, encode(alarm))
        for code in self._alarms.expired(now):
            self._say(code, b"")
        return changed[0] if changed else None

    def heard(self, event: BrokerEvent) -> None:
        """Repeat after each connect what must be retained; an earlier life may have left other words."""
        self._up = isinstance(event, BrokerUp) or (self._up and not isinstance(event, BrokerDown))
        if isinstance(event, BrokerUp):
            for alarm in self._alarms.standing():
                self._say(alarm.code, encode(alarm))
            for code in self._alarms.stale():
                self._say(code, b"")

    def _say(self, code: str, payload: bytes) -> None:
        if self._up:
            self._token += 1
            self._publish(Publication(self._token, self._words.topics.alarm(code), payload, retain=True))


class Watcher:
    """The main thread: look, judge, light, tell, sleep."""

    def __init__(self, config: Config, log: Log, clock: SystemClock) -> None:
        directory = Path(config.runtime.directory)
        directory.mkdir(parents=True, exist_ok=True)
        driver, why = open_lamps(config.lamps.pins, active_low=config.lamps.active_low)
        log.info("watching", directory=str(directory), lamps=why or "on pins")
        self._log = log
        self._clock = clock
        self._inbox: SimpleQueue[BrokerEvent | None] = SimpleQueue()
        words = _words(config)
        settings = link_settings(config, _caller(config, words), clock)
        self._link = Link(settings, self._inbox.put, clock=clock.monotonic, random=SystemRandom().random)
        self._reader = StatusReader(directory)
        self._vigil = Vigil(clock.monotonic())
        self._siren = Siren(words, self._link.publish)
        wish = config.lamps
        self._board = Board(directory, driver, _ms(clock), Tempo(wish.flash_ms, wish.gap_ms, wish.pause_ms))
        self._codes: tuple[int, ...] = ()

    def run(self, notifier: Notifier) -> int:
        """Watch until told to stop; gives the exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._inbox.put(None))
        link = threading.Thread(target=self._hold_link, name="link", daemon=True)
        link.start()
        notifier.ready()
        while self._turn(notifier):
            pass
        notifier.stopping()
        self._link.stop()
        link.join(STOP_S)
        self._board.close()
        return 0

    def _turn(self, notifier: Notifier) -> bool:
        """Do one round; gives whether there shall be another. Whatever goes wrong, the next round comes."""
        wait_s = CHECK_S
        try:
            self._look()
            wait_s = min(CHECK_S, self._board.drive(_ms(self._clock)))
            notifier.watchdog()
        except Exception:  # noqa: BLE001 - the watcher outlives everything, its own mistakes included
            self._log.exception("watch_failed")
        return self._wait(wait_s)

    def _look(self) -> None:
        verdict = self._vigil.look(self._reader.look(), self._clock.monotonic(), self._clock.now().wall_ms)
        if self._board.test_if_asked(_ms(self._clock)):
            self._log.info("lamp_test")
        codes = self._board.follow(verdict, _ms(self._clock))
        if codes is not None and codes != self._codes:
            self._codes = codes
            self._log.info("red_lamp", codes=codes)
        alarm = self._siren.judge(verdict, self._clock)
        if alarm is not None:
            log = self._log.error if alarm.state == "active" else self._log.info
            log(f"gateway_not_running_{alarm.state}", cause=alarm.cause)

    def _wait(self, wait_s: float) -> bool:
        """Sleep until the time is over or the broker has something to say."""
        try:
            event = self._inbox.get(timeout=max(0.0, wait_s))
        except Empty:
            return True
        if event is None:
            return False
        match event:
            case BrokerUp(protocol=protocol):
                self._log.info("broker_up", protocol=protocol)
            case BrokerDown(cause, detail):
                self._log.warning("broker_down", cause=str(cause), detail=detail)
            case MessageReceived(delivery=delivery):
                self._link.ack(delivery)  # our own word, from a broker that lets us read it
            case Published():
                pass  # what was not acknowledged is repeated at the next connect
            case _:
                assert_never(event)
        self._siren.heard(event)
        return True

    def _hold_link(self) -> None:
        """Keep the link's loop running."""
        again = threading.Event()
        while True:
            try:
                self._link.run()
            except Exception:  # noqa: BLE001 - a mistake in the link must not silence the lamps
                self._log.exception("link_failed")
                again.wait(RELINK_S)
            else:
                return


def watch(config: Config) -> int:
    """Run the watcher; gives the exit code."""
    clock = SystemClock(is_synced=lambda: True)  # its alarms are stamped as the machine says
    journal = "JOURNAL_STREAM" in os.environ
    log = PlainLog(sys.stderr, config.log.level, lambda: clock.now().wall_ms, journal=journal)
    return Watcher(config, log, clock).run(Notifier(os.environ))


def _ms(clock: SystemClock) -> int:
    return int(clock.monotonic() * 1000)


def _words(config: Config) -> Words:
    return Words(topics(config), Uuid7(os.urandom), OfficeZone(config.gateway.timezone))


def _caller(config: Config, words: Words) -> Caller:
    """Be a client of our own; the gateway's last will is not ours."""
    # the link wants one filter; ours needs no right to read, and a broker that gives it shows us our own words
    own = Subscription(words.topics.alarm(NOT_RUNNING), required=False)
    return Caller(f"{config.gateway.gateway_id}-wd", (own,), lambda _connection_id: None)
