"""The bytes on their way to the host, and what the fault schedule does to them."""

from collections import deque
from random import Random

from kentongan.at.simulator.agenda import Agenda
from kentongan.at.simulator.faults import Fault, FaultBook, FaultKind


class Wire:
    """Queue bytes in order; a delayed piece holds back everything behind it."""

    def __init__(self, agenda: Agenda, faults: FaultBook, random: Random) -> None:
        self.faults, self._agenda, self._random = faults, agenda, random
        self._ready = bytearray()
        self._held: deque[bytes] = deque()
        self._last_due = 0.0

    def take(self) -> bytes:
        """Return and forget what may leave now."""
        data = bytes(self._ready)
        self._ready.clear()
        return data

    def cut(self) -> None:
        """Lose what was held back: the supply is gone; what was ready is on its way already."""
        self._held.clear()

    def write(self, data: bytes) -> None:
        """Send bytes behind those that wait."""
        if self._held:
            self.hold(data, 0.0)
        else:
            self._ready += data

    def hold(self, data: bytes, seconds: float) -> None:
        """Send bytes, but not before `seconds` have passed."""
        self._last_due = max(self._last_due, self._agenda.now + seconds)
        self._held.append(data)
        self._agenda.after(self._last_due - self._agenda.now, self._release)

    def _release(self) -> None:
        if self._held:
            self._ready += self._held.popleft()

    def answer(self, data: bytes, command: str) -> bool:
        """Send an answer as the schedule lets it pass; tell whether the modem restarts over it."""
        take = self.faults.take
        if take(FaultKind.MUTE, command):
            return False
        if fault := take(FaultKind.ANSWER, command):
            data = fault.data.replace("\\r", "\r").replace("\\n", "\n").encode("latin-1", "replace")
        if fault := take(FaultKind.RESTART, command):
            self.write(data[: fault.position])
            return True
        for kind in (FaultKind.GARBLE, FaultKind.LOSE, FaultKind.URC, FaultKind.NOISE):
            while fault := take(kind, command):
                data = self._spoiled(data, fault)
                if fault.times == 0:
                    break
        if fault := take(FaultKind.DELAY, command):
            self.hold(data, fault.seconds)
        elif fault := take(FaultKind.DRIP, command):
            for position in range(len(data)):
                self.hold(data[position : position + 1], fault.seconds * (position + 1))
        else:
            self.write(data)
        return False

    def _spoiled(self, data: bytes, fault: Fault) -> bytes:
        position = min(fault.position, len(data))
        if fault.kind is FaultKind.LOSE:
            return data[:position] + data[position + fault.count :]
        if fault.kind is FaultKind.URC:
            lines = b"".join(f"\r\n{line}\r\n".encode("latin-1") for line in fault.data.split("|"))
            return data[:position] + lines + data[position:]
        if fault.kind is FaultKind.NOISE:
            return bytes.fromhex(fault.data) + data
        spoiled = bytearray(data)
        for _ in range(min(fault.count, len(spoiled))):
            where = self._random.randrange(len(spoiled))
            spoiled[where] ^= self._random.randrange(1, 256)
        return bytes(spoiled)
