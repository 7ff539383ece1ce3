"""The terminal: keys in, rows out. Without one, lines in and plain lines out."""

import contextlib
import os
import shutil
import sys
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from typing import TextIO

from kentongan.daemon.demo.narrator import Line
from kentongan.daemon.demo.observations import Key
from kentongan.daemon.demo.panel import Panel, panel, printable, timeline

CLEAR_BELOW = "\x1b[J"
HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
READ_OCTETS = 1024


class Screen:
    """Writes the story, and on a terminal keeps the panel below it."""

    def __init__(self, out: TextIO, *, live: bool) -> None:
        self._out, self._live = out, live
        self._colour = out.isatty() and not os.environ.get("NO_COLOR")
        self._rows = 0  # of the panel as it stands
        self._shown: list[str] = []

    def say(self, line: Line, clock: str) -> None:
        """Add a line to the story."""
        safe = Line(line.who, printable(line.text), line.gloss, line.tone)
        rows = timeline(safe, clock, self._width(), colour=self._colour)
        self._erase()
        self._out.write("".join(f"{row}\n" for row in rows))
        self._draw()

    def show(self, state: Panel) -> None:
        """Bring the panel up to date; nothing is written when it looks the same."""
        rows = panel(state, self._width())
        if self._live and rows != self._shown:
            self._erase()
            self._shown = rows
            self._draw()

    def close(self) -> None:
        """Leave the story on the screen and take the panel away."""
        self._erase()
        self._live = False
        self._out.flush()

    def _erase(self) -> None:
        if self._rows:
            self._out.write(f"\r\x1b[{self._rows}A{CLEAR_BELOW}")
            self._rows = 0

    def _draw(self) -> None:
        if self._live:
            self._out.write("".join(f"{row}\n" for row in self._shown))
            self._rows = len(self._shown)
        self._out.flush()

    def _width(self) -> int:
        return shutil.get_terminal_size((100, 30)).columns


@contextlib.contextmanager
def keyboard(emit: Callable[[Key], None], *, live: bool) -> Iterator[None]:
    """Emit keys as they are pressed, or lines where there is no terminal, until the block ends."""
    descriptor = sys.stdin.fileno()
    before = termios.tcgetattr(descriptor) if live else None
    reader = threading.Thread(target=_read, args=(descriptor, emit, live), name="keyboard", daemon=True)
    try:
        if live:
            # Ctrl-C as a key like any other: as a signal it would reach the broker too, which is of our process group
            tty.setcbreak(descriptor)
            mode = termios.tcgetattr(descriptor)
            mode[3] &= ~termios.ISIG
            termios.tcsetattr(descriptor, termios.TCSADRAIN, mode)
            sys.stdout.write(HIDE_CURSOR)
        reader.start()
        yield
    finally:
        if before is not None:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
            sys.stdout.write(SHOW_CURSOR)
            sys.stdout.flush()


def _read(descriptor: int, emit: Callable[[Key], None], live: bool) -> None:
    held = b""
    while data := os.read(descriptor, READ_OCTETS):
        held += data
        if live:
            text, held = _whole_characters(held)
            emit(Key(text))
            continue
        *lines, held = held.split(b"\n")
        for line in lines:
            emit(Key(line.decode("utf-8", "replace") + "\n"))
    emit(Key(""))


def _whole_characters(data: bytes) -> tuple[str, bytes]:
    """Split off an incomplete character at the end: a key may arrive in two pieces."""
    try:
        return data.decode(), b""
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8", "replace"), data[error.start :]
        return data.decode("utf-8", "replace"), b""
