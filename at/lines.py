"""Cut the byte stream of a modem into lines and prompts (3GPP TS 27.005 §3.5.1 for the prompt).

Knows nothing of commands or answers, refuses nothing: every byte sequence gives lines, and memory stays bounded.
"""

from dataclasses import dataclass

MAX_LINE = 2048
"""Longest line kept: a USSD answer in UCS-2 hex has 800 characters, a PDU 376; the rest of a longer one is dropped."""

_CR, _LF, _GREATER, _SPACE = 0x0D, 0x0A, 0x3E, 0x20
_PRINTABLE = range(0x20, 0x7F)


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its end; `damaged` when bytes that no modem prints stood in it, or it was too long."""

    text: str
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for a payload: `> ` at the start of a line, no line end behind it."""


Token = Line | Prompt


class LineSplitter:
    r"""Turn bytes into tokens; a line ends at CR or at LF, empty lines vanish.

    NUL (a break on the wire) and control bytes (an echoed ESC or Ctrl-Z) are dropped without a trace; a byte above
    0x7E is dropped and marks its line as damaged, so that `\xfeOK` is never taken for the end of an answer.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._damaged = False

    def feed(self, data: bytes) -> list[Token]:
        """Return the tokens that these bytes complete."""
        tokens: list[Token] = []
        for byte in data:
            if byte in (_CR, _LF):
                self._end_line(tokens)
            elif byte == _SPACE and self._buffer == b">":
                self._clear()
                tokens.append(Prompt())
            elif byte in _PRINTABLE:
                self._keep(byte)
            elif byte > 0x7E:
                self._damaged = True
        return tokens

    @property
    def half_prompt(self) -> bool:
        """Tell whether a lone `>` stands at the start of the line (some firmware prints no space)."""
        return self._buffer == b">"

    def drop_half_prompt(self) -> None:
        """Forget a lone `>`: it came before the question that a prompt would answer."""
        if self.half_prompt:
            self._clear()

    def take_half_prompt(self) -> list[Token]:
        """Take a lone `>` for a prompt; the caller has waited long enough for the space."""
        if not self.half_prompt:
            return []
        self._clear()
        return [Prompt()]

    def reset(self) -> None:
        """Forget a line that was never finished (the port was closed)."""
        self._clear()

    def _keep(self, byte: int) -> None:
        if len(self._buffer) < MAX_LINE:
            self._buffer.append(byte)
        else:
            self._damaged = True

    def _end_line(self, tokens: list[Token]) -> None:
        text = self._buffer.decode("ascii").strip()
        if text:
            tokens.append(Line(text, self._damaged))
        self._clear()

    def _clear(self) -> None:
        self._buffer.clear()
        self._damaged = False
