"""Lay out the live view: lines that scroll away above, a panel that stays below. Pure: text in, text out."""

import unicodedata
from dataclasses import dataclass, field

from kentongan.daemon.demo.narrator import Line, Tone
from kentongan.daemon.demo.observations import Missing

MIN_WIDTH = 40  # columns; a narrower window wraps, which is ugly and harmless
WHO_WIDTH = 11
ESC = "\x1b["
RESET = f"{ESC}0m"
DIM = f"{ESC}2m"
NO_BREAK = "\N{NO-BREAK SPACE}"
COLOURS = {Tone.PLAIN: "", Tone.GOOD: f"{ESC}32m", Tone.BAD: f"{ESC}1;31m", Tone.QUIET: DIM}
LAMPS = (("LISTRIK", f"{ESC}32m"), ("KARTU", f"{ESC}33m"), ("SERVER", f"{ESC}34m"), ("GANGGUAN", f"{ESC}31m"))


@dataclass(frozen=True, slots=True)
class Panel:
    """What stands at the foot of the screen."""

    lit: tuple[bool, ...] = (False, False, False, False)
    fault: str = ""  # what the red lamp says, in words
    missing: Missing = field(default_factory=Missing)
    prompt: str = ""  # what is being typed, empty when keys are commands
    typed: str = ""


def timeline(line: Line, clock: str, width: int, *, colour: bool) -> list[str]:
    """Lay one line of the story out over as many rows as it needs, the English below it."""
    indent = len(clock) + 2 + WHO_WIDTH + 1
    room = max(width, MIN_WIDTH) - indent
    rows = [row for part in line.text.split("\n") for row in wrapped(part, room)]
    paint, quiet, off = (COLOURS[line.tone], DIM, RESET) if colour else ("", "", "")
    if not (line.who or line.text):
        return [""]
    head = f"{quiet}{clock}{off}  {paint}{line.who:<{WHO_WIDTH}} "
    out = [f"{head if n == 0 else ' ' * indent + paint}{row}{off}" for n, row in enumerate(rows)]
    glosses = wrapped(line.gloss, room - 2) if line.gloss else []
    return out + [f"{' ' * indent}{quiet}{'= ' if n == 0 else '  '}{row}{off}" for n, row in enumerate(glosses)]


def panel(state: Panel, width: int) -> list[str]:
    """Lay the panel out: lamps, keys, prompt."""
    width = max(width, MIN_WIDTH)
    lamps = "  ".join(
        f"{name} {colour if on else DIM}{'●' if on else '○'}{RESET}"
        for (name, colour), on in zip(LAMPS, state.lit, strict=True)
    )
    keys = "   ".join(key.replace(" ", NO_BREAK) for key in keys_of(state))
    prompt = f"{state.prompt}> {tail(state.typed, width - cells(state.prompt) - 4)}_" if state.prompt else ""
    rows = [f"{DIM}{'─' * (width - 1)}{RESET}", f" {lamps}", f" {clipped(state.fault, width - 2)}"]
    rows += [f" {row}" for row in wrapped(keys, width - 2)]
    return [*rows, f" {prompt}"]


def keys_of(state: Panel) -> list[str]:
    """Name the keys and what they do now."""
    return [
        "[w] SMS warga",
        "[k] balasan kabupaten",
        f"[m] {'pasang' if state.missing.modem else 'cabut'} modem",
        f"[s] {'pasang' if state.missing.sim else 'cabut'} kartu SIM",
        f"[b] {'nyalakan' if state.missing.broker else 'matikan'} broker",
        "[q] keluar",
    ]


def wrapped(text: str, width: int) -> list[str]:
    """Break a text into rows of at most `width` cells, at spaces where there are any."""
    rows, row = [], ""
    for word in text.split(" "):
        candidate = f"{row} {word}" if row else word
        if cells(candidate) <= width:
            row = candidate
            continue
        if row:
            rows.append(row)
        row = word
        while cells(row) > width:
            head = clipped(row, width)
            rows.append(head)
            row = row[len(head) :]
    return [*rows, row]


def cells(text: str) -> int:
    """Count the columns of a terminal that a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def clipped(text: str, width: int) -> str:
    """Keep as many characters as fit into `width` cells, at least one."""
    used = 0
    for index, character in enumerate(text):
        used += cells(character)
        if used > width and index > 0:
            return text[:index]
    return text


def tail(text: str, width: int) -> str:
    """Keep the end of what is being typed in sight."""
    while text and cells(text) > width:
        text = text[1:]
    return text


def printable(text: str) -> str:
    """Drop control characters: a citizen's SMS must not be able to steer the terminal."""
    return "".join(c if c == "\n" or unicodedata.category(c)[0] != "C" else "\N{REPLACEMENT CHARACTER}" for c in text)
