# ruff: noqa: INP001, S603, S607, TID251, D102 - a module beside a script: it starts programs
"""The county's side of the test: a broker with TLS, the reference backend with its database, the citizens' phones."""

import json
import queue
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from kentongan.at import pdu
from kentongan.at.simulator import personas
from kentongan.at.simulator.faults import Fault, FaultKind
from kentongan.at.simulator.modem import VirtualModem
from kentongan.at.simulator.pty import PtyModem
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import BrokerTls, Mosquitto, backend_user

Found = TypeVar("Found")
ROOT = Path(__file__).resolve().parents[2]
COUNTY, GATEWAY, PASSWORD = "luwu-utara", "gw-lu2", "sandi-uji-papan"
PAUSE_S = 0.1


class Missed(Exception):
    """What had to be seen was not seen."""


def need(holds: object, what: str) -> None:
    """Fail the scenario unless it holds."""
    if not holds:
        raise Missed(what)


def wait(what: str, look: Callable[[], Found | None], within_s: float, alive: Callable[[], bool]) -> Found:
    """Look until something is there."""
    end = time.monotonic() + within_s
    while True:
        if found := look():
            return found
        need(alive(), f"{what}: the emulated board went out")
        need(time.monotonic() < end, f"{what}: not within {within_s:g} s")
        time.sleep(PAUSE_S)


class Phones:
    """The citizens' phones, and the modem that they write to."""

    def __init__(self) -> None:
        self._inside = VirtualModem(personas.by_name("sim800"), seed=7)
        self.modem = PtyModem(self._inside, baud=115_200)
        self._shown: Counter[tuple[str, str]] = Counter()
        self._parts: dict[str, list[str]] = {}

    def hang(self, seconds: float) -> None:
        """Let the modem neither answer nor ring."""
        self.modem.inject(Fault(FaultKind.HANG, seconds=seconds))

    def marked(self) -> list[str]:
        """Read the marks in the SIM's phonebook."""
        return [number for number, name in list(self._inside.device.tray.card.phonebook.values()) if name == "HWM"]

    def waiting(self) -> int:
        """Count the SMS on the SIM."""
        return len(self._inside.device.tray.memory.slots)

    def shown(self) -> Counter[tuple[str, str]]:
        """Count what the phones show, long ones joined: the parts of one leave in order."""
        while True:
            try:
                submitted = self.modem.submissions.get_nowait()
            except queue.Empty:
                return self._shown
            tpdu = pdu.decode(submitted.pdu_hex).tpdu
            number, concat = tpdu.destination.text, tpdu.user_data.concat
            self._parts.setdefault(number, []).append(tpdu.user_data.text)
            if concat is None or concat.sequence == concat.total:
                self._shown[number, "".join(self._parts.pop(number))] += 1


class County:
    """Broker and backend; what the county knows is in the backend's database."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._db = folder / "county.db"
        self.tls = certificates(folder)
        users = {GATEWAY: PASSWORD, f"{GATEWAY}-wd": PASSWORD, backend_user(COUNTY): PASSWORD}
        self.broker = Mosquitto(folder / "broker", users=users, county_id=COUNTY, tls=self.tls)
        self._backend: subprocess.Popen[bytes] | None = None

    def open(self) -> None:
        self.broker.start()
        word = self._folder / "county-password"
        word.write_text(PASSWORD + "\n")
        command = [sys.executable, ROOT / "examples/backend.py", "run", "--db", self._db, "--county", COUNTY]
        command += ["--url", f"mqtts://127.0.0.1:{self.broker.port}", "--ca-file", self.tls.ca_file]
        command += ["--username", backend_user(COUNTY), "--password-file", word]
        log = (self._folder / "backend.log").open("ab")
        self._backend = subprocess.Popen(mortal(command), stdout=log, stderr=log)
        wait("the county's database", self._db.exists, 30, lambda: True)

    def forget(self) -> None:
        """Start the broker anew, without what it had retained."""
        self.broker.stop()
        self.broker.start()

    def close(self) -> None:
        if self._backend is not None:
            self._backend.terminate()
            self._backend.wait()
        self.broker.stop()

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Ask the backend's database."""
        with closing(sqlite3.connect(self._db, timeout=10)) as db:
            return db.execute(query, values).fetchall()

    def tickets(self) -> dict[str, dict[str, object]]:
        """Return every ticket in its newest revision."""
        rows = self.ask("SELECT ticket_id, body FROM ticket ORDER BY revision")
        return {str(key): json.loads(str(body)) for key, body in rows}

    def numbers(self) -> dict[str, list[str]]:
        """Return which tickets bear a number."""
        found: dict[str, list[str]] = {}
        for key, body in self.tickets().items():
            found.setdefault(str(body["ticket_number"]), []).append(key)
        return found

    def order(self, ticket_id: str, text: str) -> None:
        """Answer a ticket."""
        command = [sys.executable, ROOT / "examples/backend.py", "reply", "--db", self._db, "--county", COUNTY]
        subprocess.run([*command, ticket_id, text], check=True, capture_output=True)

    def reply(self, ticket_id: str) -> str:
        """Return how the reply to a ticket stands."""
        rows = self.ask("SELECT status FROM reply WHERE command_id LIKE ?", f"{ticket_id}:%")
        return str(rows[0][0]) if rows else ""

    def connection(self) -> dict[str, str]:
        """Return what the broker holds about the gateway's connection; empty when it holds nothing."""
        topic = f"kentongan/v1/{COUNTY}/{GATEWAY}/status/connection"
        rows = self.ask("SELECT body FROM status WHERE topic = ?", topic)
        return dict(json.loads(str(rows[0][0]))) if rows and rows[0][0] else {}

    def boot(self) -> str:
        """Return the life of the gateway that is online, empty when none is."""
        document = self.connection()
        return document["boot_id"] if document.get("state") == "online" else ""

    def alarm(self, code: str) -> str:
        """Return the cause of an alarm that stands, empty when none does."""
        rows = self.ask("SELECT body FROM status WHERE topic LIKE ?", f"%/alarm/{code}")
        document = json.loads(str(rows[0][0])) if rows and rows[0][0] else {}
        return str(document["cause"]) if document.get("state") == "active" else ""


def certificates(folder: Path) -> BrokerTls:
    """Make a county's CA and its broker's certificate."""
    ca, key, cert = folder / "ca.crt", folder / "broker.key", folder / "broker.crt"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    own = ["req", "-x509", *curve, "-days", "30", "-subj", "/CN=CA uji", "-keyout", folder / "ca.key", "-out", ca]
    served = ["req", "-x509", *curve, "-days", "30", "-subj", "/CN=broker", "-CA", ca, "-CAkey", folder / "ca.key"]
    served += ["-addext", "subjectAltName=IP:10.0.2.2,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
    for command in (own, [*served, "-keyout", key, "-out", cert]):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    return BrokerTls(ca, cert, key)
