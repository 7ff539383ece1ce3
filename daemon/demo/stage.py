"""The world around the gateway: a virtual modem, a broker, the county's system, the two processes of the appliance.

Everything lives in one temporary folder and ends with it. The gateway and the watcher are started as on the appliance,
with a configuration file of their own; the demo touches neither, it pulls at modem, SIM and broker.
"""

import secrets
import sqlite3
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from kentongan.at.simulator import PtyModem, Timing, VirtualModem, by_name
from kentongan.daemon.demo import observer
from kentongan.daemon.demo.children import Family, start
from kentongan.daemon.demo.errors import DemoUnavailable
from kentongan.daemon.demo.observations import Missing, Observation, ProcessEnded
from kentongan.daemon.demo.observer import Observer
from kentongan.daemon.demo.submissions import Submissions
from kentongan.daemon.demo.watching import Files
from kentongan.daemon.mosquitto import Mosquitto, backend_user
from kentongan.mqtt.topics import Topics

ROOT = "kentongan"
COUNTY, GATEWAY, PREFIX = "7322", "kec-sabbang-01", "LU2"
BAUD = 115_200  # bytes take the time of a UART
# Between a test's haste and a real network's seconds: one can follow it and does not wait.
TIMING = Timing(other_s=0.01, send_s=0.6, report_s=1.0, boot_scale=0.5)
BACKEND = Path("examples") / "backend.py"
CONFIG = """\
[gateway]
county_id = "{county}"
gateway_id = "{gateway}"
ticket_prefix = "{prefix}"
timezone = "Asia/Makassar"
name = "Luwu Utara"

[[line]]
name = "a"
port = "{folder}/modem"
baud = {baud}
pace_s = 1.0          # on the appliance 6 s; nobody wants to wait in a demonstration

[mqtt]
url = "mqtt://127.0.0.1:{port}"
username = "{gateway}"
password_file = "credentials/mqtt"

[store]
path = "kentongan.db"

[runtime]
directory = "{folder}/run"

[log]
format = "json"
"""


def backend_file() -> Path:
    """Find the reference backend beside the package's sources; raises DemoUnavailable."""
    found = Path(__file__).resolve().parents[2] / BACKEND
    if not found.is_file():
        raise DemoUnavailable(f"the demo runs from a clone: {BACKEND} is not beside the program; use 'make demo' there")
    return found


@dataclass(frozen=True, slots=True)
class Secrets:
    """A password for each name at the broker, made for this run."""

    gateway: str
    backend: str
    observer: str


class Stage:
    """Holds what was started, and ends it in the right order."""

    config = CONFIG
    timing = TIMING
    observed = "#"  # topics below the county
    broker_lines: tuple[str, ...] = ()  # more of mosquitto's configuration

    citizens: tuple[str, ...] = ("+6281234567001", "+6285298760002", "+6287841230003", "+6281355540004")

    def __init__(self, folder: Path, emit: Callable[[Observation], None], monotonic: Callable[[], float]) -> None:
        self.folder = folder
        self.files = Files(folder / "run", emit)
        self.missing = Missing()
        self._emit, self._monotonic = emit, monotonic
        self._family = Family(folder)
        self._stack = ExitStack()

    # -- the run ------------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        with ExitStack() as stack:  # what was started ends, should the rest not start
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _start(self, stack: ExitStack) -> None:
        words = Secrets(*(secrets.token_urlsafe(24) for _ in range(3)))
        self._broker = stack.enter_context(self._make_broker(words))
        self._write_files(words)
        county = Topics(ROOT, COUNTY, GATEWAY).county
        url = f"mqtt://127.0.0.1:{self._broker.port}"
        self._observer = Observer(
            url, words.observer, county, self._emit, monotonic=self._monotonic, topics=self.observed
        )
        self._observer.start()
        stack.callback(self._observer.stop)
        self._modem = PtyModem(
            VirtualModem(by_name("sim800"), timing=self.timing), link=self.folder / "modem", baud=BAUD
        )
        self._modem.start()
        stack.callback(self._modem.stop)
        air = Submissions(self._modem, self._emit)
        air.start()
        stack.callback(air.stop)
        stack.callback(self._family.end_all)
        self.start_backend()
        self.start_service("watch")
        self.start_service("run")

    def _make_broker(self, words: Secrets) -> Mosquitto:
        users = {GATEWAY: words.gateway, backend_user(COUNTY): words.backend, observer.USER: words.observer}
        broker = Mosquitto(self.folder / "broker", users=users, county_id=COUNTY, root=ROOT, extra=self.broker_lines)
        with (self.folder / "broker" / "acl").open("a") as rules:
            rules.write(observer.access_rule(Topics(ROOT, COUNTY, GATEWAY).county))
        return broker

    def _write_files(self, words: Secrets) -> None:
        (self.folder / "run").mkdir()
        (self.folder / "credentials").mkdir(mode=0o700)
        (self.folder / "credentials" / "mqtt").write_text(f"{words.gateway}\n")
        (self.folder / "credentials" / "backend").write_text(f"{words.backend}\n")
        values = {"county": COUNTY, "gateway": GATEWAY, "prefix": PREFIX, "folder": self.folder, "baud": BAUD}
        (self.folder / "kentongan.toml").write_text(self.config.format(port=self._broker.port, **values))

    def start_backend(self) -> None:
        """Start the county's system."""
        url = f"mqtt://127.0.0.1:{self._broker.port}"
        options = ["--db", "county.db", "--county", COUNTY, "--url", url, "--username", backend_user(COUNTY)]
        secret = ["--password-file", "credentials/backend"]
        self._family.start("backend", [sys.executable, str(backend_file()), "run", *options, *secret])

    def start_service(self, name: str) -> None:
        """Start `run` or `watch` as systemd does."""
        self._family.start(name, [sys.executable, "-m", "kentongan.daemon", "--config", "kentongan.toml", name])

    def switch_off(self) -> int:
        """Stop the gateway as systemd does; returns its exit code."""
        return self._family.end("run")

    def slots_used(self) -> int:
        """Count the messages on the SIM."""
        return self._modem.call(lambda modem: len(modem.device.tray.memory.slots))

    def look(self) -> None:
        """Look at what does not speak up by itself: files and processes."""
        self.files.look()
        for name, code, last_words in self._family.fallen():
            self._emit(ProcessEnded(name, code, last_words))

    def logs(self) -> dict[str, str]:
        """Read the end of what each process said."""
        return self._family.logs()

    # -- what a person does -------------------------------------------------------------------------------------------

    def sms(self, sender: str, text: str) -> None:
        """Let a citizen send an SMS; without a modem the network keeps it."""
        self._modem.sms(sender, text)

    def reply(self, ticket_id: str, text: str) -> None:
        """Let the county answer a ticket, through its own system's command line."""
        command = [sys.executable, str(backend_file()), "reply", "--db", "county.db", "--county", COUNTY]
        start("reply", [*command, ticket_id, text], self.folder).process.wait()

    def newest_ticket(self) -> str:
        """Name the ticket that the county received last, empty when there is none."""
        with closing(sqlite3.connect(self.folder / "county.db")) as db:
            row = db.execute("SELECT ticket_id FROM ticket ORDER BY rowid DESC LIMIT 1").fetchone()
        return str(row[0]) if row else ""

    def pull_modem(self) -> None:
        """Pull the modem out."""
        self.missing.modem = True
        self._modem.unplug()

    def plug_modem(self) -> None:
        """Put the modem back."""
        self.missing.modem = False
        self._modem.plug()

    def pull_sim(self) -> None:
        """Take the SIM out."""
        self.missing.sim = True
        self._modem.call(lambda modem: modem.sim(present=False))

    def insert_sim(self) -> None:
        """Put the SIM back."""
        self.missing.sim = False
        self._modem.call(lambda modem: modem.sim(present=True))

    def kill_broker(self) -> None:
        """End the broker with SIGKILL."""
        self.missing.broker = True
        self._broker.kill()

    def start_broker(self) -> None:
        """Start the broker again, on the same port."""
        self.missing.broker = False
        self._broker.start()
        self._observer.kick()
