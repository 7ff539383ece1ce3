"""A scripted peer for the AT engine: a table of answers, a store of slots, and a clock that runs by itself.

It exists so that the engine's tests show exact bytes; whole modems with personas are `kentongan.at.simulator`.
"""

import re
from collections.abc import Callable

from manners import WHOLE, Manner

from kentongan.at.events import ModemEvent, PortAction
from kentongan.at.modem import Modem

OK = b"\r\nOK\r\n"
ANSWERS = {
    "ATI": b"\r\nSIM800 R14.18\r\n" + OK,
    "AT+CGMM": b"\r\nSIMCOM_SIM800C\r\n" + OK,
    "AT+CGMI": b"\r\nSIMCOM_Ltd\r\n" + OK,
    "AT+CGMR": b"\r\nRevision:1418B05SIM800C24\r\n" + OK,
    "AT+CGSN": b"\r\n861234567890123\r\n" + OK,
    "AT+CCID": b"\r\n8962100000000000001f\r\n" + OK,
    "AT+CIMI": b"\r\n510101234567890\r\n" + OK,
    "AT+CPIN?": b"\r\n+CPIN: READY\r\n" + OK,
    "AT+CFUN?": b"\r\n+CFUN: 1\r\n" + OK,
    "AT+SPIC": b"\r\n+SPIC: 3,3,10,10\r\n" + OK,
    "AT+CMEE?": b"\r\n+CMEE: 1\r\n" + OK,
    "AT+CMGF?": b"\r\n+CMGF: 0\r\n" + OK,
    "AT+CSCS?": b'\r\n+CSCS: "IRA"\r\n' + OK,
    "AT+CNMI?": b"\r\n+CNMI: 2,1,0,1,0\r\n" + OK,
    "AT+CREG?": b'\r\n+CREG: 2,1,"1A2B","3C4D"\r\n' + OK,
    "AT+COPS?": b'\r\n+COPS: 0,2,"51010"\r\n' + OK,
    "AT+CSQ": b"\r\n+CSQ: 18,0\r\n" + OK,
    "AT+CSCA?": b'\r\n+CSCA: "+6281100000",145\r\n' + OK,
    "AT+CPBS?": b'\r\n+CPBS: "SM",0,250\r\n' + OK,
    "AT+CLTS?": b"\r\n+CLTS: 1\r\n" + OK,
    "AT+CCLK?": b'\r\n+CCLK: "26/11/24,11:00:00+28"\r\n' + OK,
    "AT+CMTE?": b"\r\n+CMTE: 0,38.12\r\n" + OK,
    "AT+CSMS=0": b"\r\n+CSMS: 1,1,1\r\n" + OK,
}
Answer = bytes | Callable[[str], bytes]


class Storage:
    """The memories for messages and the one that is selected; slot by index, `(stat, PDU)` in it."""

    def __init__(self, total: int) -> None:
        self.memories: dict[str, dict[int, tuple[int, str]]] = {"SM": {}, "ME": {}}
        self.selected = "SM"
        self._total = total

    def obey(self, line: str) -> bytes:
        """Carry out a command for messages, and take any other for done."""
        here = self.memories[self.selected]
        if line == "AT+CMGL=4":
            rows = [f"\r\n+CMGL: {i},{stat},,{octets(pdu)}\r\n{pdu}\r\n" for i, (stat, pdu) in here.items()]
            return "".join(rows).encode() + OK
        if found := re.fullmatch(r"AT\+CMGR=(\d+)", line):
            if int(found[1]) not in here:
                return OK
            stat, pdu = here[int(found[1])]
            return f'\r\n+CMGR: {stat},"",{octets(pdu)}\r\n{pdu}\r\n'.encode() + OK
        if found := re.fullmatch(r"AT\+CMGD=(\d+)", line):
            here.pop(int(found[1]), None)
            return OK
        if found := re.match(r'AT\+CPMS="(\w+)"', line):
            self.selected = found[1]
            return f"\r\n+CPMS: {self._fill()},{self._fill()},{self._fill()}\r\n".encode() + OK
        if line == "AT+CPMS?":
            one = f'"{self.selected}",{self._fill()}'
            return f"\r\n+CPMS: {one},{one},{one}\r\n".encode() + OK
        return OK

    def _fill(self) -> str:
        return f"{len(self.memories[self.selected])},{self._total}"


class TinyModem:
    """The modem's side of one dialogue; `answers` may be changed while it runs, `b""` makes it silent."""

    def __init__(self, slots: int = 30) -> None:
        self.answers: dict[str, Answer] = dict(ANSWERS)
        self.storage = Storage(slots)
        self.heard: list[str] = []
        self.payloads: list[bytes] = []
        self.on_payload: Answer = b""
        self.reference = 41
        self.echo = False
        self._input = b""
        self._in_prompt = False

    @property
    def slots(self) -> dict[int, tuple[int, str]]:
        """The slots of the SIM."""
        return self.storage.memories["SM"]

    def receive(self, data: bytes) -> bytes:
        """Take bytes of the engine, return the answer."""
        self._input += data
        out = b""
        while True:
            end = b"\x1a" if self._in_prompt else b"\r"
            at = self._input.find(end)
            escape = self._input.find(b"\x1b")
            if escape >= 0 and (at < 0 or escape < at):
                self._input = self._input[:escape] + self._input[escape + 1 :]
                self._in_prompt = False
                continue
            if at < 0:
                return out
            chunk, self._input = self._input[:at], self._input[at + 1 :]
            if self.echo:
                out += chunk + end
            out += self._payload(chunk) if self._in_prompt else self._line(chunk.decode("ascii"))

    def heard_since(self, mark: int) -> list[str]:
        """Return the command lines heard after the first `mark`."""
        return self.heard[mark:]

    def _payload(self, chunk: bytes) -> bytes:
        self._in_prompt = False
        self.payloads.append(chunk)
        if self.on_payload:
            return self.on_payload if isinstance(self.on_payload, bytes) else self.on_payload(chunk.decode("ascii"))
        self.reference += 1
        return f"\r\n+CMGS: {self.reference}\r\n".encode() + OK

    def _line(self, line: str) -> bytes:
        if not line:
            return b""
        self.heard.append(line)
        answer = self.answers.get(line)
        if answer is not None:
            return answer if isinstance(answer, bytes) else answer(line)
        if line.startswith("AT+CMGS="):
            self._in_prompt = True
            return b"\r\n> "
        return self.storage.obey(line)


def octets(pdu: str) -> int:
    """Return the `<length>` of a PDU with its SMSC prefix."""
    return len(pdu) // 2 - 1 - int(pdu[:2], 16)


class Bench:
    """Engine and peer back to back with a clock of their own; nothing waits, time jumps to the next deadline."""

    manner: Manner = WHOLE

    def __init__(self, modem: Modem, peer: TinyModem) -> None:
        self.modem = modem
        self.peer = peer
        self.now = 1000.0
        self.log: list[ModemEvent] = []
        self.demanded: list[PortAction] = []
        self.sent = b""

    def feed(self, data: bytes) -> None:
        """Let the modem say something."""
        for piece in self.manner.pieces(data):
            self.modem.receive(piece, self.now)
            self.exchange()

    def exchange(self) -> None:
        """Hand bytes to and fro until both are quiet."""
        while data := self.modem.bytes_to_send():
            self.sent += data
            answer = self.peer.receive(data)
            for piece in self.manner.pieces(answer):
                self.modem.receive(piece, self.now)
        self.log += self.modem.events()
        self.demanded += self.modem.actions()

    def run(self, seconds: float) -> None:
        """Let time pass, deadline by deadline."""
        end = self.now + seconds
        self.exchange()
        while (due := self.modem.next_deadline()) is not None and due <= end:
            self.now = max(self.now, due)
            self.modem.tick(self.now)
            self.exchange()
        self.now = end

    def found(self, kind: type) -> list[ModemEvent]:
        """Return the events of one kind so far."""
        return [event for event in self.log if isinstance(event, kind)]
