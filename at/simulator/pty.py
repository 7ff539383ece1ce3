"""A virtual modem behind a real pseudo-terminal, in a thread of its own.

Everything that touches the modem runs in the thread of `PtyModem`; other threads post through a queue and a wake pipe.
The thread sleeps until bytes, posts, control lines or the modem's own deadlines wake it.
"""

import os
from collections.abc import Callable
from pathlib import Path
from queue import Queue, SimpleQueue
from selectors import EVENT_READ, SelectSelector
from threading import Event, Thread
from time import monotonic, time  # noqa: TID251 - the simulator is the world's clock, the gateway's is daemon.clock
from typing import TypeVar

from kentongan.at.simulator import world
from kentongan.at.simulator.books import Submitted
from kentongan.at.simulator.doorway import Doorway
from kentongan.at.simulator.faults import Fault
from kentongan.at.simulator.modem import VirtualModem
from kentongan.at.simulator.wiring import READ_MAX, Wiring

T = TypeVar("T")

CALL_TIMEOUT_S = 10.0


class PtyModem:
    """Run a virtual modem behind a pseudo-terminal in a thread of its own.

    `path` is what a host opens; with `baud` bytes take the time of a UART both ways. Every SUBMIT that the network
    took comes out of `submissions`. `control` is the path of a Unix socket for JSON lines (`control.obey`). With
    `strict_rate` a host at another rate than the modem's is not understood, as on a real wire.
    """

    def __init__(
        self,
        modem: VirtualModem,
        *,
        link: Path | None = None,
        baud: int | None = None,
        control: Path | None = None,
        strict_rate: bool = False,
    ) -> None:
        self.submissions = Queue[Submitted]()
        self._modem = modem
        self._wiring = Wiring(link, baud)
        self._doorway = Doorway(control) if control else None
        self._posts: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._wake_read, self._wake_write = os.pipe()
        self._strict_rate = strict_rate
        self._running = False
        self._thread = Thread(target=self._run, name="simulator", daemon=True)
        modem.device.hooks.port_gone = self._wiring.gone
        modem.device.hooks.port_back = self._wiring.back

    @property
    def path(self) -> str:
        """Return the device that a host opens."""
        return self._wiring.path

    # ---- for other threads

    def start(self) -> None:
        """Begin to answer."""
        self._modem.device.network.wall_offset_s = time() - monotonic()
        self._modem.device.agenda.rebase(monotonic())
        self._running = True
        self._thread.start()

    def stop(self) -> None:
        """End the thread and take the port away; a second time does nothing."""
        if self._wake_write < 0:
            return
        self.post(self._quit)
        self._thread.join(CALL_TIMEOUT_S)
        # closed here and not in the thread: it may take the order and end before `post` has rung
        for descriptor in (self._wake_read, self._wake_write):
            os.close(descriptor)
        self._wake_read = self._wake_write = -1

    def post(self, action: Callable[[], None]) -> None:
        """Run something in the modem's thread."""
        self._posts.put(action)
        os.write(self._wake_write, b"w")

    def call(self, question: Callable[[VirtualModem], T]) -> T:
        """Ask the modem something in its thread and wait for the answer; what it refuses is raised here."""
        answers: list[T] = []
        refusals: list[Exception] = []
        done = Event()

        def ask() -> None:
            try:
                answers.append(question(self._modem))
            except (ValueError, LookupError) as refusal:
                refusals.append(refusal)
            done.set()

        self.post(ask)
        if not done.wait(CALL_TIMEOUT_S):
            raise TimeoutError("the simulator's thread does not answer")
        if refusals:
            raise refusals[0]
        return answers[0]

    def sms(self, sender: str, text: str) -> None:
        """Let somebody write an SMS to this modem."""
        self.call(lambda modem: modem.sms(sender, text))

    def deliver(self, pdu_hex: str) -> None:
        """Let the network deliver a PDU."""
        self.call(lambda modem: modem.deliver(pdu_hex))

    def inject(self, fault: Fault) -> None:
        """Put a fault on the schedule."""
        self.call(lambda modem: modem.inject(fault))

    def unplug(self) -> None:
        """Pull the modem out: the port vanishes and the supply with it."""
        self.call(lambda modem: world.unplug(modem.device))

    def plug(self, link: Path | None = None) -> None:
        """Put the modem back, under another name if one is given; it boots."""
        self.call(lambda modem: world.plug(modem.device, str(link or "")))

    # ---- in the modem's thread

    def _quit(self) -> None:
        self._running = False

    def _run(self) -> None:
        try:
            while self._running:
                self._wait()
                self._turn(monotonic())
        finally:
            self._wiring.gone()
            if self._doorway is not None:
                self._doorway.close()

    def _wait(self) -> None:
        deadlines = (self._modem.next_deadline(), self._wiring.next())
        due = min((deadline for deadline in deadlines if deadline is not None), default=None)
        timeout = None if due is None else max(0.0, due - monotonic())
        with SelectSelector() as selector:
            selector.register(self._wake_read, EVENT_READ)
            if (interest := self._wiring.interest()) is not None:
                selector.register(*interest)
            for descriptor in self._doorway.descriptors() if self._doorway else ():
                selector.register(descriptor, EVENT_READ)
            ready = {key.fd for key, mask in selector.select(timeout) if mask & EVENT_READ}
        if self._wake_read in ready:
            os.read(self._wake_read, READ_MAX)
        if interest is not None and interest[0] in ready:
            self._wiring.hear(monotonic())
        if self._doorway is not None and ready:
            self._doorway.serve(ready, self._modem)

    def _turn(self, now: float) -> None:
        rate = self._rate()  # a new +IPR counts after its own result code
        self._modem.tick(now)
        while not self._posts.empty():
            self._posts.get()()
        if heard := self._wiring.arrived(now, rate):
            self._train(heard)
            self._modem.receive(heard, now)
        self._wiring.say(self._modem.bytes_to_send(), now, rate)
        for submitted in self._modem.submitted():
            self.submissions.put(submitted)

    def _rate(self) -> int:
        return self._modem.device.rate if self._strict_rate else 0

    def _train(self, heard: bytes) -> None:
        """Let autobauding find the host's rate: only AT or at does (SIM800 manual §2.2.41)."""
        if self._strict_rate and not self._rate() and (b"AT" in heard or b"at" in heard):
            self._modem.device.life.trained = self._wiring.host_rate()
