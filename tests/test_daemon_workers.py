"""The modem's thread on a real pseudo-terminal: what it tells of a port it cannot have, and of the power it cuts."""

import fcntl
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from kentongan.at import commands as to_modem
from kentongan.at.events import ModemState, StateChanged
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.port import SerialPort
from kentongan.at.simulator import INSTANT, Fault, PtyModem, VirtualModem, by_name
from kentongan.at.simulator.faults import FaultKind
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.control import ControlRequest
from kentongan.daemon.events import Event, LineEvent, PortMissing, PowerCycled, PowerOff, Recorded, Recording
from kentongan.daemon.requests import AskTrace
from kentongan.daemon.workers import ModemWorker, Outfit

WAIT_S = 60.0


class Bench:
    """A worker with its thread, and what it told."""

    def __init__(self, path: str) -> None:
        self.inbox: SimpleQueue[Event] = SimpleQueue()
        self.clock = SystemClock()
        self.modem = Modem(ModemSettings("a", "sim800"))
        self.worker = ModemWorker("a", self.modem, partial(SerialPort.open, path, 115_200), self.inbox.put, self.clock)
        self.thread = threading.Thread(target=self.worker.run, args=(lambda _now: None,), daemon=True)

    def until(self, wanted) -> Event:
        """Wait for an event."""
        end = self.clock.monotonic() + WAIT_S
        while True:
            event = self.inbox.get(timeout=max(0.0, end - self.clock.monotonic()))
            if wanted(event):
                return event

    def ready(self) -> None:
        self.until(lambda event: state_of(event) is ModemState.READY)

    def end(self) -> None:
        self.worker.put(to_modem.Shutdown())
        self.thread.join(WAIT_S)


def state_of(event: Event) -> ModemState | None:
    return event.event.new if isinstance(event, LineEvent) and isinstance(event.event, StateChanged) else None


@pytest.fixture
def simulator(tmp_path: Path) -> Iterator[PtyModem]:
    modem = PtyModem(VirtualModem(by_name("sim800"), timing=INSTANT), link=tmp_path / "modem")
    modem.start()
    yield modem
    modem.stop()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(str(tmp_path / "modem"))
    yield bench
    bench.end()


def test_a_port_that_is_not_there_is_told_once_with_its_reason(bench: Bench) -> None:
    bench.thread.start()
    event = bench.until(lambda event: isinstance(event, PortMissing))
    assert "No such file" in event.why
    with pytest.raises(Empty):
        bench.inbox.get(timeout=1.5)


def test_a_port_that_another_program_holds_is_told_as_busy_and_taken_when_it_is_free(
    bench: Bench, simulator: PtyModem
) -> None:
    with Path(simulator.path).open("rb+", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        bench.thread.start()
        event = bench.until(lambda event: isinstance(event, PortMissing))
        assert event == PortMissing("a", event.why)
        assert "another program holds the port" in event.why
    bench.ready()


def test_a_power_cycle_is_carried_out_and_told(bench: Bench, simulator: PtyModem) -> None:
    def cut() -> str:
        simulator.call(lambda modem: (modem.power(False), modem.power(True)))
        return "power key pressed twice"

    bench.worker.outfit = Outfit(power=cut)
    bench.thread.start()
    bench.ready()
    simulator.inject(Fault(FaultKind.LINE, data="NORMAL POWER DOWN"))
    simulator.inject(Fault(FaultKind.HANG))
    assert bench.until(lambda event: isinstance(event, PowerCycled)) == PowerCycled("a", "power key pressed twice")
    bench.ready()


def test_what_was_said_before_a_fault_is_recorded_and_can_be_asked_for(bench: Bench, simulator: PtyModem) -> None:
    kept: list[tuple[str, list[str]]] = []
    answers: SimpleQueue[object] = SimpleQueue()

    def record(why: str, lines: Sequence[str], _now: float) -> str:
        kept.append((why, list(lines)))
        return "a-1.txt"

    bench.worker.outfit = Outfit(record=record)
    bench.thread.start()
    bench.ready()
    bench.worker.put(Recording("a", ControlRequest("trace", AskTrace(), answers.put)))
    assert any("> AT+CMEE=1" in line for line in answers.get(timeout=WAIT_S))
    simulator.inject(Fault(FaultKind.LINE, data="NORMAL POWER DOWN"))
    assert bench.until(lambda event: isinstance(event, Recorded)) == Recorded("a", "a-1.txt")
    assert kept[0][0].startswith("Restarted")
    assert any("NORMAL POWER DOWN" in line for line in kept[0][1])


def test_a_persons_wish_cuts_the_power(bench: Bench, simulator: PtyModem) -> None:
    bench.worker.outfit = Outfit(power=lambda: "supply cut for 5 s")
    bench.thread.start()
    bench.ready()
    bench.worker.put(PowerOff("a"))
    assert bench.until(lambda event: isinstance(event, PowerCycled)) == PowerCycled("a", "supply cut for 5 s")
    bench.ready()
