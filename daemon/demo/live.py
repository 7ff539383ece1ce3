"""The live view: what happens scrolls by, and a person at the keyboard plays citizen, county and misfortune. Pure.

Keys come in as observations, orders go out; what to show at the foot of the screen is a value.
"""

from dataclasses import dataclass, replace
from enum import Enum

from kentongan.daemon import lamps
from kentongan.daemon.demo.observations import Key, LampsSeen, Missing, Observation
from kentongan.daemon.demo.panel import Panel

MAX_TYPED = 1_000  # characters; seven SMS, more than anybody types here
ENTER, ESCAPE, BACKSPACE = "\r\n", "\x1b", "\x7f\b"
QUIT = "q\x03\x04"  # also Ctrl-C and Ctrl-D, which reach us as keys
CITIZEN_SAYS = "Lampu jalan di depan Puskesmas Sabbang mati sudah tiga hari."
COUNTY_SAYS = "Terima kasih. Laporan Anda sudah kami teruskan ke dinas terkait."


class Do(Enum):
    """What a person may do with a key."""

    SMS = "w"
    REPLY = "k"
    MODEM = "m"
    SIM = "s"
    BROKER = "b"
    QUIT = "q"


@dataclass(frozen=True, slots=True)
class Order:
    """Something to do, with the text that was typed for it."""

    do: Do
    text: str = ""


@dataclass(frozen=True, slots=True)
class Live:
    """What the person has typed so far, and what the lamps say."""

    writing: Do | None = None
    typed: str = ""
    fault: str = ""

    def take(self, seen: Observation) -> tuple["Live", list[Order]]:
        """Take one observation; gives the next state and what shall be done."""
        match seen:
            case Key(text):
                return self._keys(text)
            case LampsSeen(codes, titles):
                told = [f"{code}: {title}" for code, title in zip(codes, titles, strict=False)]
                return replace(self, fault="   ".join(told) or "tidak ada gangguan"), []
            case _:
                return self, []

    def panel(self, lit: lamps.Levels, missing: Missing) -> Panel:
        """Say what stands at the foot of the screen."""
        prompts = {Do.SMS: "SMS warga", Do.REPLY: "balasan kabupaten"}
        prompt = prompts[self.writing] if self.writing else ""
        return Panel(lit, self.fault, missing, prompt, self.typed)

    def _keys(self, text: str) -> tuple["Live", list[Order]]:
        if not text:
            return self, [Order(Do.QUIT)]
        if text.startswith(ESCAPE) and len(text) > 1:
            return self, []  # an arrow or a function key
        state, orders = self, list[Order]()
        for character in text:
            state, more = state._key(character)
            orders += more
        return state, orders

    def _key(self, character: str) -> tuple["Live", list[Order]]:
        if self.writing is None:
            return self._command(character)
        if character in ENTER:
            default = CITIZEN_SAYS if self.writing is Do.SMS else COUNTY_SAYS
            return replace(self, writing=None, typed=""), [Order(self.writing, self.typed.strip() or default)]
        if character == ESCAPE:
            return replace(self, writing=None, typed=""), []
        if character in BACKSPACE:
            return replace(self, typed=self.typed[:-1]), []
        if character in QUIT[1:]:
            return self, [Order(Do.QUIT)]
        if character.isprintable() and len(self.typed) < MAX_TYPED:
            return replace(self, typed=self.typed + character), []
        return self, []

    def _command(self, character: str) -> tuple["Live", list[Order]]:
        if character in QUIT:
            return self, [Order(Do.QUIT)]
        if character not in {"w", "k", "m", "s", "b"}:
            return self, []
        do = Do(character)
        if do in {Do.SMS, Do.REPLY}:
            return replace(self, writing=do, typed=""), []
        return self, [Order(do)]


def line_order(text: str) -> Order | None:
    """Read a whole line, where there is no terminal: a key and what belongs to it, e.g. `w Jalan rusak`."""
    key, _, rest = text.strip().partition(" ")
    if key not in {do.value for do in Do}:
        return None
    defaults = {Do.SMS: CITIZEN_SAYS, Do.REPLY: COUNTY_SAYS}
    return Order(Do(key), rest.strip() or defaults.get(Do(key), ""))
