"""`kentongan demo`: set the stage, play the story or hand it to a person at the keyboard, leave nothing behind."""

import queue
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from kentongan.daemon import lamps
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.demo import story
from kentongan.daemon.demo.errors import DemoUnavailable
from kentongan.daemon.demo.live import Do, Live, Order, line_order
from kentongan.daemon.demo.narrator import Line, Narrator, Tone
from kentongan.daemon.demo.observations import Key, Observation, ProcessEnded
from kentongan.daemon.demo.player import Player, StoryFailed
from kentongan.daemon.demo.stage import Stage, backend_file
from kentongan.daemon.demo.terminal import Screen, keyboard
from kentongan.daemon.mosquitto import BrokerFailed, find_binary

REFRESH_S = 0.1  # the shortest flash of a lamp is 250 ms
DARK = (False, False, False, False)
WELCOME = Line(
    "DEMO",
    "Gateway, watcher, broker, basis data dan sistem kabupaten berjalan sungguhan; hanya modemnya tiruan.",
    "everything is the real program; the modem and its network are simulated",
)

GOODBYE = Line("SELESAI", "semua proses dihentikan, folder sementara dihapus", "nothing is left behind")


class Interrupted(Exception):
    """Somebody wants the demo to end."""


def demo(*, once: bool) -> int:
    """Give the demonstration; returns the exit code. Raises DemoUnavailable before anything is started."""
    try:
        find_binary()
        backend_file()
    except BrokerFailed as error:
        raise DemoUnavailable(str(error)) from error
    clock = SystemClock()
    live = not once and sys.stdin.isatty() and sys.stdout.isatty()
    screen = Screen(sys.stdout, live=live)
    inbox: queue.Queue[Observation] = queue.Queue()
    with tempfile.TemporaryDirectory(prefix="kentongan-demo-") as folder, _endings():
        stage = Stage(Path(folder), inbox.put, clock.monotonic)
        screen.say(WELCOME, _time(clock))
        try:
            with stage:
                code = _once(stage, inbox, screen, clock) if once else _live(stage, inbox, screen, clock, live=live)
        except (Interrupted, KeyboardInterrupt):
            code = 130 if once else 0
        screen.close()
        screen.say(
            Line("SELESAI", "semua proses dihentikan, folder sementara dihapus", "nothing is left"), _time(clock)
        )
    return code


def _once(stage: Stage, inbox: "queue.Queue[Observation]", screen: Screen, clock: SystemClock) -> int:
    player = Player(inbox, look=stage.look, say=lambda line: screen.say(line, _time(clock)), monotonic=clock.monotonic)
    began = clock.monotonic()
    try:
        story.play(player, stage)
    except StoryFailed as failure:
        screen.say(Line("GAGAL", str(failure), tone=Tone.BAD), _time(clock))
        for name, words in stage.logs().items():
            screen.say(Line(name, words, tone=Tone.QUIET), _time(clock))
        return 1
    told = f"semua {player.steps} langkah teramati dalam {clock.monotonic() - began:.0f} detik"
    screen.say(Line("BERHASIL", told, f"all {player.steps} steps were observed", Tone.GOOD), _time(clock))
    return 0


def _live(stage: Stage, inbox: "queue.Queue[Observation]", screen: Screen, clock: SystemClock, *, live: bool) -> int:
    person = Person(stage, screen, clock, live=live)
    with keyboard(inbox.put, live=live):
        while person.code is None:
            person.see()
            for seen in _waiting(inbox):
                person.take(seen)
    return person.code


class Person:
    """The one at the keyboard: sees what happens, and may do what an office, a citizen or bad luck would do."""

    def __init__(self, stage: Stage, screen: Screen, clock: SystemClock, *, live: bool) -> None:
        self.code: int | None = None  # the exit status, once it is over
        self._stage, self._screen, self._clock, self._by_keys = stage, screen, clock, live
        self._narrator, self._state = Narrator(), Live()
        self._sms = 0

    def see(self) -> None:
        """Bring the foot of the screen up to date."""
        self._stage.look()
        pattern = self._stage.files.pattern
        lit = lamps.level(pattern, int(self._clock.monotonic() * 1000)) if pattern else DARK
        self._screen.show(self._state.panel(lit, self._stage.missing))

    def take(self, seen: Observation) -> None:
        """Tell one observation, and do what it asks for."""
        for line in self._narrator.tell(seen):
            self._say(line)
        self._state, orders = self._state.take(seen) if self._by_keys else (self._state, _line_orders(seen))
        for order in orders:
            self._do(order)
        if isinstance(seen, ProcessEnded):
            self.code = 1

    def _do(self, order: Order) -> None:
        if order.do is Do.QUIT:
            self.code = 0
            return
        self._sms += order.do is Do.SMS
        self._say(Line("TINDAKAN", perform(self._stage, order, self._sms)))

    def _say(self, line: Line) -> None:
        self._screen.say(line, _time(self._clock))


def _line_orders(seen: Observation) -> list[Order]:
    if not isinstance(seen, Key):
        return []
    order = line_order(seen.text) if seen.text else Order(Do.QUIT)
    return [order] if order else []


def _waiting(inbox: "queue.Queue[Observation]") -> Iterator[Observation]:
    """Take what is there, after at most one refresh."""
    try:
        yield inbox.get(timeout=REFRESH_S)
        while True:
            yield inbox.get_nowait()
    except queue.Empty:
        return


def perform(stage: Stage, order: Order, citizen: int) -> str:
    """Do what a person asked for; says what was done."""
    match order.do:
        case Do.SMS:
            sender = stage.citizens[citizen % len(stage.citizens)]
            stage.sms(sender, order.text)
            return f"warga {sender} mengirim SMS: “{order.text}”"
        case Do.REPLY:
            ticket = stage.newest_ticket()
            if not ticket:
                return "belum ada tiket yang bisa dibalas"
            stage.reply(ticket, order.text)
            return "kabupaten membalas tiket terakhir"
        case Do.MODEM:
            (stage.plug_modem if stage.missing.modem else stage.pull_modem)()
            return "modem dicabut" if stage.missing.modem else "modem dipasang"
        case Do.SIM:
            (stage.insert_sim if stage.missing.sim else stage.pull_sim)()
            return "kartu SIM dicabut" if stage.missing.sim else "kartu SIM dipasang"
        case Do.BROKER:
            (stage.start_broker if stage.missing.broker else stage.kill_broker)()
            return "broker dimatikan" if stage.missing.broker else "broker dinyalakan"
        case Do.QUIT:
            return "keluar"


def _time(clock: SystemClock) -> str:
    return datetime.fromtimestamp(clock.now().wall_ms / 1000, UTC).astimezone().strftime("%H:%M:%S")


@contextmanager
def _endings() -> Iterator[None]:
    """End in order on SIGTERM and when the terminal is closed."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
