"""An engine on a real pseudo-terminal: a worker of twenty lines that opens, reads, writes and opens again."""

from time import monotonic  # noqa: TID251 - a real pseudo-terminal lives in real time

from kentongan.at import events as at
from kentongan.at.commands import FreeSlot
from kentongan.at.errors import PortLost
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.port import SerialPort

LONGEST_TURN_S = 0.05


class LineOnPty:
    """One line; the thread of the test is its worker."""

    def __init__(self, path: str, **known):
        self.path = path
        self.modem = Modem(ModemSettings("a", **known))
        self.log: list[at.ModemEvent] = []
        self._port: SerialPort | None = None

    def until(self, condition, limit_s: float = 10.0) -> float:
        """Work until the condition holds; return how long that took."""
        began = monotonic()
        while not condition():
            assert monotonic() - began < limit_s, f"{self.modem.state} after {limit_s} s: {self.log[-5:]}"
            self._turn()
        return monotonic() - began

    def until_ready(self, limit_s: float = 10.0) -> float:
        """Work until the line serves."""
        return self.until(lambda: self.modem.state is at.ModemState.READY, limit_s)

    def events(self, kind: type) -> list[at.ModemEvent]:
        """Return the events of one kind so far."""
        return [event for event in self.log if isinstance(event, kind)]

    def close(self):
        """Release the port."""
        if self._port is not None:
            self._port.close()
        self._port = None
        self.modem.lost("closed", monotonic())

    def command(self, command):
        """Hand a command to the engine."""
        self.modem.command(command, monotonic())

    def _turn(self):
        try:
            if self._port is None:
                self._port = SerialPort.open(self.path, 115200)
                self.modem.opened(monotonic())
            self._write()
            due = self.modem.next_deadline()
            wait = LONGEST_TURN_S if due is None else min(LONGEST_TURN_S, max(0.0, due - monotonic()))
            data = self._port.read(wait)
            if data:
                self.modem.receive(data, monotonic())
            self.modem.tick(monotonic())
            self._write()
        except PortLost:
            self.close()
        self._take()

    def _write(self):
        if data := self.modem.bytes_to_send():
            self._port.write(data)

    def _take(self):
        for event in self.modem.events():
            self.log.append(event)
            if isinstance(event, at.SlotFound):
                self.command(FreeSlot(event.storage, event.index, at.digest(event.pdu_hex)))
        for action in self.modem.actions():
            if isinstance(action, at.SetRate):
                self._port.set_rate(action.baud)
            else:
                self.close()
