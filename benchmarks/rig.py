"""The appliance on the bench: the demo's stage without its leisure, every observation with the moment it was made."""

import compileall
import queue
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TypeVar

from kentongan.at.simulator import INSTANT, Timing
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.demo.observations import Observation
from kentongan.daemon.demo.stage import CONFIG, COUNTY, Stage, backend_file

Found = TypeVar("Found")
WAIT_S = 60.0
QUICK = CONFIG.replace("pace_s = 1.0  ", "pace_s = 0\nper_hour = 36000\nper_day = 864000 ").replace(
    "[log]", "[answers]\nacknowledge = false\n\n[sending]\nreplies_per_minute = 60000\nper_number_per_day = 0\n\n[log]"
)


@cache
def backend() -> ModuleType:
    """Load the reference backend as a module."""
    spec = spec_from_file_location("backend", backend_file())
    if spec is None or spec.loader is None:
        raise ImportError(str(backend_file()))
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class Stamped:
    """An observation and the monotonic second at which it was made."""

    at: float
    what: Observation


class Rig(Stage):
    """A gateway that may send without a pause, on a modem behind a UART of 115200 baud."""

    config = QUICK

    def __init__(self, folder: Path, timing: Timing) -> None:
        self.timing = timing
        self.clock = SystemClock()
        self.seen: queue.Queue[Stamped] = queue.Queue()
        super().__init__(
            folder, lambda what: self.seen.put(Stamped(self.clock.monotonic(), what)), self.clock.monotonic
        )

    def wait(self, match: Callable[[Observation], Found | None], within_s: float = WAIT_S) -> tuple[float, Found]:
        """Return the moment of the first match; what came before it is dropped. Raises queue.Empty."""
        deadline = self.clock.monotonic() + within_s
        while True:
            self.look()
            try:
                stamped = self.seen.get(timeout=0.2)
            except queue.Empty:
                if self.clock.monotonic() >= deadline:
                    raise
                continue
            found = match(stamped.what)
            if found is not None:
                return stamped.at, found

    def pid(self, name: str) -> int:
        """Return the process id of `run` or `watch`."""
        return self._family.pid(name)

    def kill_gateway(self) -> None:
        """End the gateway as a power cut would."""
        self._family.kill("run")

    def deliver(self, pdu_hex: str) -> None:
        """Let the network deliver a PDU."""
        self._modem.deliver(pdu_hex)

    def words(self, since: int = 0) -> bytes:
        """Read what the gateway logged, in all its lives, from a byte on."""
        with (self.folder / "run.log").open("rb") as log:
            log.seek(since)
            return log.read()

    def order(self, ticket_id: str, text: str, command_id: str = "") -> None:
        """Let the county answer a ticket, by a row in its outbox as its own command line writes it."""
        county = backend().Backend(str(self.folder / "county.db"), COUNTY)
        with county.db:
            county.reply(ticket_id, text, command_id)
        county.db.close()

    def county(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the county's database."""
        with closing(sqlite3.connect(self.folder / "county.db", timeout=5)) as db:
            return db.execute(query, values).fetchall()


@cache
def compile_package() -> None:
    """Make the byte code that an installed package has: a start that compiles is not the appliance's."""
    sources = backend_file().parents[1]
    for folder in ("at", "queue", "mqtt", "daemon"):
        compileall.compile_dir(sources / folder, quiet=2)


@contextmanager
def rig(timing: Timing = INSTANT) -> Iterator[Rig]:
    """Set it up in a temporary folder; by default the modem answers at once."""
    compile_package()
    with TemporaryDirectory(prefix="kentongan-bench-") as folder, Rig(Path(folder), timing) as it:
        yield it
