"""What the four lamps show: the status in, rhythms out. Pure; times are milliseconds of the monotonic clock.

Position and rhythm tell, colour is for decoration. Every flash lasts at least 250 ms, two a second at most; a code is
its number of flashes and a pause; several faults take turns, the worst first (domain.md 3.4).
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import accumulate

import msgspec

from kentongan.at.states import ModemState
from kentongan.daemon import faults
from kentongan.daemon.status import FaultStatus, LineStatus, Status
from kentongan.mqtt.events import DownCause

Levels = tuple[bool, bool, bool, bool]

FLASH_MS, GAP_MS, PAUSE_MS = 300, 300, 2_000
BLIP_MS, BLIP_PERIOD_MS = 250, 3_000
SLOW_MS = 1_000
TEST_MS = 1_000
TEST_NAME = "lamp-test"  # a file of this name in the runtime directory asks for another test
MAX_TURNS = 3  # codes that take turns; nobody counts a fourth
MAX_TRAFFIC = 5  # flashes for a burst of SMS
WEAK_DBM = -99
BACKLOG_S = 60  # tickets the backend has not acknowledged for so long are a backlog


class Label(StrEnum):
    """The words beside the lamps, in their order."""

    POWER = "LISTRIK"
    CARD = "KARTU"
    SERVER = "SERVER"
    FAULT = "GANGGUAN"


class Rhythm(msgspec.Struct, frozen=True):
    """Durations on, off, on, off ... for ever; a single one is a lamp that stays lit, none is a dark one."""

    steps_ms: tuple[int, ...] = ()
    words: str = "padam"  # how a clerk would say it

    @property
    def period_ms(self) -> int:
        """Return the length of one round."""
        return sum(self.steps_ms)


DARK = Rhythm()
STEADY = Rhythm((1,), "menyala terus")
SLOW = Rhythm((SLOW_MS, SLOW_MS), "kedip pelan")
BLIP = Rhythm((BLIP_MS, BLIP_PERIOD_MS - BLIP_MS), "kedip singkat tiap 3 detik")


class Tempo(msgspec.Struct, frozen=True):
    """How fast numbers are flashed: `[lamps]` of the configuration, within what an eye can count."""

    flash_ms: int = FLASH_MS
    gap_ms: int = GAP_MS
    pause_ms: int = PAUSE_MS


PLAIN_TEMPO = Tempo()


class Phase(msgspec.Struct, frozen=True):
    """A rhythm from a moment on."""

    start_ms: int
    rhythm: Rhythm


class Lamp(msgspec.Struct, frozen=True):
    """What a lamp does: its phases in order; the last one that has begun holds."""

    phases: tuple[Phase, ...]

    def at(self, t_ms: int) -> Phase:
        """Return the phase that holds."""
        begun = [phase for phase in self.phases if phase.start_ms <= t_ms]
        return begun[-1] if begun else self.phases[0]

    @property
    def goal(self) -> Rhythm:
        """Return the rhythm it ends with."""
        return self.phases[-1].rhythm


class Pattern(msgspec.Struct, frozen=True):
    """The four lamps and the traffic they have shown."""

    lamps: tuple[Lamp, Lamp, Lamp, Lamp]
    traffic: int = -1  # not known yet


def code(numbers: tuple[int, ...], tempo: Tempo = PLAIN_TEMPO) -> Rhythm:
    """Flash each number in turn with a pause after each."""
    steps: list[int] = []
    for number in numbers:
        steps += [tempo.flash_ms, tempo.gap_ms] * (number - 1) + [tempo.flash_ms, tempo.pause_ms]
    return Rhythm(tuple(steps), "kedip " + ", lalu ".join(f"{number} kali" for number in numbers))


# -- reading a pattern ------------------------------------------------------------------------------------------------


def level(pattern: Pattern, t_ms: int) -> Levels:
    """Tell which lamps are lit."""
    one, two, three, four = (_lit(lamp.at(t_ms), t_ms) for lamp in pattern.lamps)
    return one, two, three, four


def next_change_ms(pattern: Pattern, t_ms: int) -> int | None:
    """Return the moment of the next change of any lamp, `None` when all stay as they are."""
    moments = [moment for lamp in pattern.lamps if (moment := _lamp_change(lamp, t_ms)) is not None]
    return min(moments, default=None)


def _lit(phase: Phase, t_ms: int) -> bool:
    rhythm = phase.rhythm
    if len(rhythm.steps_ms) < 2:
        return bool(rhythm.steps_ms)
    into_ms = max(0, t_ms - phase.start_ms) % rhythm.period_ms
    passed = sum(end <= into_ms for end in accumulate(rhythm.steps_ms))
    return passed % 2 == 0


def _lamp_change(lamp: Lamp, t_ms: int) -> int | None:
    phase = lamp.at(t_ms)
    later = [other.start_ms for other in lamp.phases if other.start_ms > t_ms]
    own = _phase_change(phase, t_ms)
    return min([*later, *([own] if own is not None else [])], default=None)


def _phase_change(phase: Phase, t_ms: int) -> int | None:
    if len(phase.rhythm.steps_ms) < 2:
        return None
    if t_ms < phase.start_ms:
        return phase.start_ms
    rounds, into_ms = divmod(t_ms - phase.start_ms, phase.rhythm.period_ms)
    end = next(end for end in accumulate(phase.rhythm.steps_ms) if end > into_ms)
    return phase.start_ms + rounds * phase.rhythm.period_ms + end


# -- making a pattern -------------------------------------------------------------------------------------------------


def start(t_ms: int) -> Pattern:
    """Test the lamps: all lit for a second, then waiting for the gateway."""
    tested = Lamp((Phase(t_ms, STEADY), Phase(t_ms + TEST_MS, DARK)))
    return Pattern((Lamp((Phase(t_ms, STEADY),)), tested, tested, tested))


def follow(
    before: Pattern,
    status: Status | None,
    standing: tuple[FaultStatus, ...],
    t_ms: int,
    tempo: Tempo = PLAIN_TEMPO,
) -> Pattern:
    """Show a status and the faults that stand; `None` when there is no gateway to speak of."""
    wanted = rhythms(status, standing, tempo)
    one, two, three, four = (_turn(lamp, rhythm, t_ms) for lamp, rhythm in zip(before.lamps, wanted, strict=True))
    traffic = status.traffic if status else before.traffic
    if 0 <= before.traffic < traffic:
        three = _flash(three, min(traffic - before.traffic, MAX_TRAFFIC), t_ms, tempo)
    return Pattern((one, two, three, four), traffic)


def rhythms(
    status: Status | None, standing: tuple[FaultStatus, ...], tempo: Tempo = PLAIN_TEMPO
) -> tuple[Rhythm, Rhythm, Rhythm, Rhythm]:
    """Choose the four rhythms."""
    codes = _codes(_lit_rows(standing))
    red = code(codes[:MAX_TURNS], tempo) if codes else DARK
    if status is None:
        return STEADY, DARK, DARK, red
    return BLIP, _card(status.lines), _server(status), red


def _lit_rows(standing: Iterable[FaultStatus]) -> list[faults.Fault]:
    rows = [row for fault in standing if (row := faults.of(fault.cause)).lights]
    return sorted(rows, key=lambda row: (row.severity.rank, row.code))


def _codes(rows: Iterable[faults.Fault]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(row.code for row in rows))


def _card(lines: tuple[LineStatus, ...]) -> Rhythm:
    """Show the line that is worst off."""
    order = (DARK, STEADY, SLOW, BLIP)
    return min((_line(line) for line in lines), key=order.index, default=DARK)


def _line(line: LineStatus) -> Rhythm:
    match line.state:
        case ModemState.READY:
            return SLOW if line.signal_dbm is not None and line.signal_dbm < WEAK_DBM else BLIP
        case ModemState.INITIALISING | ModemState.SIM_ABSENT | ModemState.SIM_LOCKED | ModemState.SEARCHING:
            return STEADY
        case _:
            return DARK


def _server(status: Status) -> Rhythm:
    link, store = status.link, status.store
    if link.state == "online":
        return SLOW if store.spool or store.oldest_unacknowledged_s > BACKLOG_S else BLIP
    unheard = {"", DownCause.DNS, DownCause.TIMEOUT, DownCause.UNREACHABLE, DownCause.LOST, DownCause.PUBACK_TIMEOUT}
    return DARK if link.cause in unheard else STEADY


def _turn(lamp: Lamp, rhythm: Rhythm, t_ms: int) -> Lamp:
    """Change to another rhythm without cutting a flash short."""
    if lamp.goal == rhythm:
        return lamp
    now = lamp.at(t_ms)
    return Lamp((now, Phase(_free_ms(lamp, now, t_ms), rhythm)))


def _free_ms(lamp: Lamp, now: Phase, t_ms: int) -> int:
    """Return the first moment at which a lamp may change without a flash too short to be seen."""
    if not _lit(now, t_ms):
        return t_ms
    if len(now.rhythm.steps_ms) > 1:
        return _lamp_change(lamp, t_ms) or t_ms
    return max(t_ms, now.start_ms + FLASH_MS)


def _flash(lamp: Lamp, count: int, t_ms: int, tempo: Tempo) -> Lamp:
    """Put flashes for SMS before what the lamp shows anyway."""
    goal = lamp.goal
    flashes = Rhythm((tempo.flash_ms, tempo.gap_ms) * count, f"kedip {count} kali: SMS")
    dark = _turn(lamp, DARK, t_ms)
    begin_ms = dark.phases[-1].start_ms + tempo.gap_ms
    end_ms = begin_ms + flashes.period_ms
    return Lamp((*dark.phases, Phase(begin_ms, flashes), Phase(end_ms, goal)))


# -- for terminals ----------------------------------------------------------------------------------------------------


def render(pattern: Pattern, t_ms: int) -> str:
    """Draw the lamps in one line of plain ASCII, such as `(*) LISTRIK  ( ) KARTU`."""
    return "  ".join(f"({'*' if lit else ' '}) {label}" for label, lit in zip(Label, level(pattern, t_ms), strict=True))


def describe(pattern: Pattern) -> tuple[str, str, str, str]:
    """Say what each lamp does, as a clerk would on the telephone."""
    one, two, three, four = (lamp.goal.words for lamp in pattern.lamps)
    return one, two, three, four


def shortest_flash_ms(rhythm: Rhythm) -> int:
    """Return the shortest time lit, for the promise that every flash can be seen."""
    return min(rhythm.steps_ms[::2], default=0)


class Shown(msgspec.Struct, frozen=True):
    """What the watcher writes down of the lamps: the pattern, the red lamp's codes and the words for all four."""

    pattern: Pattern
    codes: tuple[int, ...]
    words: tuple[str, str, str, str]
    titles: tuple[str, ...]  # the worst fault of each code
    pid: int = 0  # of the watcher


def shown(pattern: Pattern, standing: tuple[FaultStatus, ...], pid: int = 0) -> Shown:
    """Describe a pattern for the demo and the command line."""
    rows = _lit_rows(standing)
    titles = {row.code: row.title for row in reversed(rows)}
    codes = _codes(rows)
    return Shown(pattern, codes, describe(pattern), tuple(titles[number] for number in codes), pid)


def encode(document: Shown) -> bytes:
    """Write the description as JSON."""
    return msgspec.json.encode(document)


def decode(data: bytes) -> Shown:
    """Read a description; raises `msgspec.MsgspecError`."""
    return msgspec.json.decode(data, type=Shown)
