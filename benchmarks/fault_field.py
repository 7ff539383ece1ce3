"""The appliance of the fault run: the real processes on a board of doubles, watched from outside alone.

What it tells comes from the red lamp's pin, the broker, the air and the status file, each with its moment.
"""

import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

from broker import Authority, openssl
from fault_guest import Guest
from rig import QUICK, Rig

from kentongan.at.simulator import Timing, parse_fault
from kentongan.daemon import patrol
from kentongan.daemon.control import call
from kentongan.daemon.demo.observations import Observation, Seen, SmsOut
from kentongan.daemon.demo.stage import COUNTY, GATEWAY, Secrets
from kentongan.daemon.demo.watching import Files
from kentongan.daemon.mosquitto import Mosquitto, backend_user, password_line

BOX = Path(__file__).resolve().parent / "fault_box.py"
CLERK, OWN, CITIZEN, NEIGHBOUR = "+6281100000001", "+6281100009200", "+6281234567001", "+6281100008100"
WATCH_KEY = "kunci ronda"
RED, PINS, MAINS = 23, (17, 27, 22, 23), 5
TIMING = Timing(other_s=0.01, send_s=0.3, report_s=1.0, boot_scale=0.5)
CONFIG = (
    QUICK.replace('name = "Luwu Utara"', f'name = "Luwu Utara"\npublic_number = "{OWN}"')
    .replace("acknowledge = false", "acknowledge = true")
    .replace("[sending]", '[sending]\nquiet_from = "00:00"\nquiet_until = "00:00"')
    .replace('path = "kentongan.db"', 'path = "store/kentongan.db"')
    .replace("baud = ", 'usb_power = "1-1:2"\nbalance_code = "*888#"\nbaud = ')
    + f'\n[lamps]\npins = {list(PINS)}\n\n[clerk]\nnumbers = ["{CLERK}"]\n\n[host]\nmains_pin = {MAINS}\n'
)
ROOT = {
    "sys/class/thermal/thermal_zone0/temp": "52000",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "0x0",
    "proc/sys/kernel/random/boot_id": "boot-1",
    "proc/uptime": "600.00 0.00",
}
MB = 1_048_576
LIFE_S = 2.0  # of a gateway that dies at each start: the watcher looks once a second
PAUSE_S = 1.0  # a dark time that ends a number on the red lamp


@dataclass(frozen=True, slots=True)
class Wiring:
    """What an appliance has that the plain one has not."""

    disk_mb: int = 0  # a disk of its own, which only root can mount
    settings: tuple[tuple[str, str], ...] = ()  # words of the configuration, and what stands there instead
    certificate_days: int = 0  # TLS, with a certificate that is good so long
    neighbour: bool = False


PLAIN = Wiring()
# An authority of ten years: one that ends in a month is a fault of its own.
LASTING = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=uji-ca"
TLS = (('url = "mqtt://127.0.0.1:{port}"', 'url = "mqtts://127.0.0.1:PORT"\nca_file = "{folder}/ca/ca.crt"'),)
WATCH = (("[host]", f'[watch]\nneighbours = ["{NEIGHBOUR}"]\nkey_file = "credentials/watch"\n\n[host]'),)


@dataclass
class Air:
    """What becomes of an SMS to somebody we know."""

    loops_back: bool = True  # to ourselves: delivered
    filters: bool = False  # an automatic text to ourselves: lost
    neighbour_answers: bool = False


class Field(Rig):
    """One appliance in the field."""

    observed = "+/status/#"  # nothing else: whoever subscribed to tickets would be an application that takes them

    def __init__(self, folder: Path, hurry: float, wiring: Wiring = PLAIN) -> None:
        self.hurry, self.wiring = hurry, wiring
        self.air = Air()
        self._tls_port = free_port() if wiring.certificate_days else 0
        self.config = CONFIG
        for words, others in (
            *wiring.settings,
            *(TLS if wiring.certificate_days else ()),
            *(WATCH if wiring.neighbour else ()),
        ):
            self.config = self.config.replace(words, others.replace("PORT", str(self._tls_port)))
        self.strangers: list[Callable[[], None]] = []  # how each of them is sent away
        self.said: deque[tuple[float, SmsOut]] = deque()
        self.alarms: deque[tuple[float, dict[str, object]]] = deque()
        self._rest = Event()
        super().__init__(folder, TIMING)
        self._emit = self._take
        self.files = Files(folder / "run", self._take)

    @property
    def disk(self) -> Path:
        """Name the folder of the store."""
        return self.folder / "store"

    @property
    def authority(self) -> Authority:
        """Name who signs the server's certificates."""
        return Authority(self.folder / "ca")

    def _take(self, what: Observation) -> None:
        match what:
            case SmsOut(number, text):
                self.said.append((self.clock.monotonic(), what))
                if number == OWN and self.air.loops_back and not (self.air.filters and "iket" in text):
                    self._modem.sms(OWN, text)
                nonce = patrol.asked_nonce(text, WATCH_KEY.encode()) if number == NEIGHBOUR else ""
                if nonce and self.air.neighbour_answers:
                    self._modem.sms(NEIGHBOUR, patrol.reply_text("LU3", nonce, WATCH_KEY.encode()))
            case Seen(name, payload) if name.startswith("status/alarm/") and payload:
                self.alarms.append((self.clock.monotonic(), json.loads(payload)))
            case _:
                pass

    def _write_files(self, words: Secrets) -> None:
        super()._write_files(words)
        for name, text in ROOT.items():
            self.root(name, text)
        self.level(MAINS, high=True)
        (self.folder / "credentials" / "watch").write_text(f"{WATCH_KEY}\n")
        (self.folder / "ttyUSB0").symlink_to("modem")
        (self.folder / "state").mkdir()
        self.disk.mkdir()
        if self.wiring.disk_mb:
            mount("-t", "tmpfs", "-o", f"size={self.wiring.disk_mb * MB}", "tmpfs", str(self.disk))
        (self.folder / "bin").mkdir()
        switch = self.folder / "bin" / "uhubctl"
        switch.write_text(f"#!/bin/sh\ntouch {self.folder}/power-cut\n")
        switch.chmod(0o755)

    def __exit__(self, *facts: object) -> None:
        try:
            for send_away in self.strangers:
                send_away()
            super().__exit__(*facts)
        finally:
            if self.wiring.disk_mb:
                subprocess.run(["umount", "-l", str(self.disk)], check=True)

    def fill_disk(self, leave_mb: int = 0) -> None:
        """Leave so little room on the store's disk."""
        room = os.statvfs(self.disk)
        blocks = room.f_bavail * room.f_frsize // MB - leave_mb
        with suppress(OSError), (self.disk / "filler").open("wb", buffering=0) as filler:
            for _ in range(blocks + (leave_mb == 0)):
                filler.write(b"x" * MB)

    def _make_broker(self, words: Secrets) -> Mosquitto:
        if self.wiring.certificate_days:
            self.authority.make()
            openssl(f"{LASTING} -keyout", self.folder / "ca" / "ca.key", "-out", self.authority.ca)
            self.certify(self.wiring.certificate_days)
            files = (
                f"cafile {self.authority.ca}",
                *(f"{kind}file {self.folder}/ca/now.{kind}" for kind in ("cert", "key")),
            )
            self.broker_lines = (f"listener {self._tls_port} 127.0.0.1", *files, "tls_version tlsv1.2")
        return super()._make_broker(words)

    def certify(self, days: float) -> None:
        """Give the broker a certificate that is good for so many days, from its next start on."""
        now = datetime.fromtimestamp(self.clock.now().wall_ms / 1000, UTC)
        begin, end = (now + timedelta(days=count) for count in (-30, days))
        dates = (f"{moment:%Y%m%d%H%M%SZ}" for moment in (begin, end))
        for made, kind in zip(self.authority.issue("127.0.0.1", "IP:127.0.0.1", *dates), ("cert", "key"), strict=True):
            (self.folder / "ca" / f"now.{kind}").write_bytes(made.read_bytes())

    def restart_broker(self) -> None:
        """Start the broker anew, with what is now in its files; it has forgotten every session."""
        self.kill_broker()
        self.start_broker()

    def limit_packets(self, octets: int) -> None:
        """Let the broker take no larger packets, 0 for any size."""
        self._broker.extra = (f"max_packet_size {octets}",) if octets else ()
        self.restart_broker()

    def forbid(self, what: str, *, forbidden: bool) -> None:
        """Let the broker's rules forbid what gateways may otherwise write."""
        rules = self.folder / "broker" / "acl"
        mark = f"pattern write kentongan/v1/{COUNTY}/%u/{what}"
        text = rules.read_text().replace(f"#{mark}", mark)
        rules.write_text(text.replace(mark, f"#{mark}") if forbidden else text)
        os.kill(self._broker.pid, signal.SIGHUP)

    def freeze_broker(self, *, frozen: bool) -> None:
        """Let the server accept connections and say nothing, as one behind a broken router does."""
        os.kill(self._broker.pid, signal.SIGSTOP if frozen else signal.SIGCONT)

    def twin(self) -> None:
        """Switch another box of the same name on."""
        self.strangers.append(Guest(self._broker.port, GATEWAY, self.password, name=GATEWAY).leave)

    def command(self, topic: str, payload: dict[str, object]) -> None:
        """Let the county's system order something."""
        password = (self.folder / "credentials" / "backend").read_text().strip()
        guest = Guest(self._broker.port, backend_user(COUNTY), password, name="loket")
        guest.say(f"kentongan/v1/{COUNTY}/{GATEWAY}/command/{topic}", json.dumps(payload).encode())
        guest.leave()

    def level(self, pin: int, *, high: bool) -> None:
        """Give an input pin a level."""
        (self.folder / f"pin-{pin}").write_text(f"{int(high)}")

    def hold_port(self) -> None:
        """Open the modem's port as another program does."""
        port = os.open(self.folder / "modem", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        fcntl.flock(port, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.strangers.append(lambda: os.close(port))

    def send_away(self) -> None:
        """Send the last stranger away: another box, another program."""
        self.strangers.pop()()

    def change_password(self, password: str) -> None:
        """Let the broker know another password for the gateway, and start it anew."""
        file = self.folder / "broker" / "passwords"
        mine = password_line(GATEWAY, password, b"saltsaltsalt")
        others = [line for line in file.read_text().splitlines() if not line.startswith(f"{GATEWAY}:")]
        file.write_text("\n".join([*others, mine]) + "\n")
        self.restart_broker()

    @property
    def password(self) -> str:
        """Tell the gateway's own password."""
        return (self.folder / "credentials" / "mqtt").read_text().strip()

    def empty_disk(self) -> None:
        """Give the room back."""
        (self.disk / "filler").unlink()

    def remount(self, how: str) -> None:
        """Let the store's disk be read-only, `ro`, or not, `rw`."""
        mount("-o", f"remount,{how}", str(self.disk))

    def start_service(self, name: str) -> None:
        """Start `run` or `watch` on the board of doubles."""
        box = [sys.executable, str(BOX), str(self.folder), str(self.hurry)]
        self._family.start(name, [*box, "--config", "kentongan.toml", name])

    def kill_service(self, name: str) -> None:
        """Kill a process, and do not start it again."""
        self._family.kill(name)

    def root(self, name: str, text: str) -> None:
        """Let the kernel say something."""
        path = self.folder / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def inject(self, *faults: str) -> None:
        """Put faults on the virtual modem's schedule."""
        for fault in faults:
            self._modem.inject(parse_fault(fault))

    def control(self, request: dict[str, object]) -> object:
        """Ask the gateway through its control socket."""
        return call(self.folder / "run", request)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self._rest.wait(seconds)

    def settle(self, question: Callable[[], bool], within_s: float = 60.0) -> None:
        """Look around until it is so."""
        end = self.clock.monotonic() + within_s
        while not question() and self.clock.monotonic() < end:
            self.look()
            self._rest.wait(0.1)

    def wait_for_life(self, before: str) -> None:
        """Wait until another life of the gateway has written its status, and let it live a moment."""
        while self.life() in {"", before}:
            self.look()
            self._rest.wait(0.1)
        self.pause(LIFE_S)

    def modem(self, action: Callable[[object], object]) -> object:
        """Do something in the virtual modem's thread."""
        return self._modem.call(action)

    def look(self) -> None:
        """Look around; a power cut that was asked for happens."""
        super().look()
        wish = self.folder / "power-cut"
        if wish.exists():
            wish.unlink()
            self._modem.call(lambda modem: (modem.power(on=False), modem.power(on=True)))

    # -- what can be seen ---------------------------------------------------------------------------------------------

    def causes(self) -> set[str]:
        """Name the faults in the gateway's own account."""
        return {fault["cause"] for fault in self._account().get("faults", [])}

    def line_state(self) -> str:
        """Name the line's state in the gateway's own account."""
        return str(self.line_fact("state"))

    def line_fact(self, name: str) -> object:
        """Tell something of the line from the gateway's own account."""
        lines = self._account().get("lines") or [{}]
        return lines[0].get(name, "")

    def life(self) -> str:
        """Name the gateway's present life."""
        return str(self._account().get("boot_id", ""))

    def account(self, table: str) -> dict[str, Any]:
        """Give a table of the gateway's own account."""
        found: dict[str, Any] = self._account().get(table, {})
        return found

    def _account(self) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads((self.folder / "run" / "status.json").read_bytes())
        except (OSError, ValueError):
            return {}
        return document

    def lamp_codes(self) -> tuple[int, ...]:
        """Name the codes the watcher says it shows."""
        try:
            return tuple(json.loads((self.folder / "run" / "lamps.json").read_bytes())["codes"])
        except (OSError, ValueError):
            return ()

    def lamp_title(self, code: int) -> str:
        """Give the words that the watcher has for a number on the red lamp."""
        try:
            shown = json.loads((self.folder / "run" / "lamps.json").read_bytes())
        except (OSError, ValueError):
            return ""
        return str(dict(zip(shown["codes"], shown["titles"], strict=True)).get(code, ""))

    def flashes(self, since_s: float) -> list[tuple[float, int]]:
        """Count the numbers on the red lamp's pin: when each began, and how many flashes it had."""
        log = self.folder / "pins.log"  # a watcher that has just been started has set no pin yet
        steps = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
        edges = [(float(moment), int(level)) for moment, pin, level in steps if int(pin) == RED]
        lit = [moment for moment, level in edges if level and moment >= since_s]
        dark = [moment for moment, level in edges if not level]
        numbers: list[tuple[float, int]] = []
        for before, moment in pairwise([-PAUSE_S * 9, *lit]):
            ended = max((end for end in dark if end <= moment), default=before)
            if moment - max(before, ended) >= PAUSE_S:
                numbers.append((moment, 1))
            elif numbers:
                numbers[-1] = (numbers[-1][0], numbers[-1][1] + 1)
        return numbers


def mount(*options: str) -> None:
    """Mount something; only root may."""
    subprocess.run(["mount", *options], check=True)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@contextmanager
def field(hurry: float = 1, wiring: Wiring = PLAIN) -> Iterator[Field]:
    """Set one up in a temporary folder; with a disk of its own only root may."""
    with TemporaryDirectory(prefix="kentongan-field-") as folder, Field(Path(folder), hurry, wiring) as it:
        yield it
