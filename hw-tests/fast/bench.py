# ruff: noqa: INP001, S603 - a script for root inside a container, with its own words
"""What the scenarios hold on to inside the machine: systemd, the virtual modem, the county's system, the citizens."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import backend

from kentongan.at import pdu
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.mosquitto import access_rules, backend_user, password_line

os.environ.pop("PYTHONPATH", None)  # ours; what is tested finds its modules by itself

Found = TypeVar("Found")
GATEWAY, WATCHER = "kentongan.service", "kentongan-watch.service"
COUNTY, NAME = "7322", "kec-sabbang-01"
PACKAGES, UNITS = Path("/mnt/packages"), Path("/run/systemd/system")
ETC, STATE, RUN = Path("/etc/kentongan"), Path("/var/lib/kentongan"), Path("/run/kentongan")
DATABASE, CONTROL = Path("/run/county/county.db"), "/run/modem/control"
NOT_RUNNING = "gateway_not_running"
CONFIG = f"""\
[gateway]
county_id = "{COUNTY}"
gateway_id = "{NAME}"
ticket_prefix = "LU2"
timezone = "Asia/Makassar"
name = "Luwu Utara"

[[line]]
name = "a"
port = "/run/modem/modem"
pace_s = 0
per_hour = 36000
per_day = 864000

[mqtt]
url = "mqtt://127.0.0.1:1883"
username = "{NAME}"
password_file = "credentials/mqtt"

[sending]
replies_per_minute = 60000

[store]
path = "{STATE}/kentongan.db"

[runtime]
directory = "{RUN}"
"""
MODEM_UNIT = f"""\
[Service]
User=kentongan
RuntimeDirectory=modem
Environment=PYTHONPATH=/mnt/bench
ExecStart=/usr/bin/python3 -sP -m kentongan.at.simulator --persona sim800 --link /run/modem/modem --baud 115200 \
    --control {CONTROL} --quiet
"""
COUNTY_UNIT = f"""\
[Service]
RuntimeDirectory=county
ExecStart=/usr/bin/python3 -sP /mnt/bench/backend.py run --db {DATABASE} --county {COUNTY} \
    --url mqtt://127.0.0.1:1883 --username {backend_user(COUNTY)} --password-file /run/county-password
"""

clock = SystemClock()
_pause = threading.Event()


class Missed(Exception):
    """What had to be seen was not seen."""


def need(holds: object, what: str) -> None:
    """Fail the scenario unless it holds."""
    if not holds:
        raise Missed(what)


def wait(what: str, look: Callable[[], Found | None], within_s: float = 60.0) -> tuple[Found, float]:
    """Look until something is there; gives it and the seconds it took."""
    began = clock.monotonic()
    while True:
        found = look()
        if found:
            return found, clock.monotonic() - began
        if clock.monotonic() - began > within_s:
            raise Missed(f"{what}: not within {within_s:g} s")
        _pause.wait(0.05)


def let_pass(seconds: float) -> None:
    """Let time pass where its passing is what is tested."""
    _pause.wait(seconds)


def sh(*words: str, check: bool = True) -> str:
    """Run a command; gives what it said on both streams."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    need(done.returncode == 0 or not check, f"{' '.join(words)}: {said.strip()}")
    return said


def apt(*words: str) -> str:
    """Let apt work without questions and without a network."""
    return sh("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-y", "-qq", "-o", "Dpkg::Use-Pty=0", *words)


def package(version: str) -> str:
    """Find the package that `0.0.9` (the previous) or anything else (the current) names."""
    found = [
        str(path) for path in PACKAGES.glob("kentongan_*_all.deb") if ("_0.0.9_" in path.name) == (version == "0.0.9")
    ]
    need(len(found) == 1, f"packages: {found}")
    return found[0]


def show(unit: str, name: str) -> str:
    """Read one property of a unit."""
    return sh("systemctl", "show", "--value", "-p", name, unit).strip()


def pid(unit: str = GATEWAY) -> int:
    """Return the unit's main process, 0 when there is none."""
    return int(show(unit, "MainPID") or 0)


def running(unit: str = GATEWAY) -> int:
    """Return the unit's main process; raises `Missed` when there is none (a signal to 0 would be one to ourselves)."""
    main = pid(unit)
    need(main, f"{unit} does not run")
    return main


def active(unit: str = GATEWAY) -> bool:
    """Tell whether the unit is up and said so."""
    return show(unit, "ActiveState") == "active"


def ready_s(unit: str = GATEWAY) -> float:
    """Return the seconds from the start of the process to its READY."""
    began, ended = (
        int(show(unit, name)) for name in ("ExecMainStartTimestampMonotonic", "ActiveEnterTimestampMonotonic")
    )
    return (ended - began) / 1_000_000


def journal(unit: str, since: str) -> str:
    """Read what a unit said since a cursor."""
    return sh("journalctl", "--no-pager", "-o", "cat", "-u", unit, "--after-cursor", since)


def cursor() -> str:
    """Mark the end of the journal."""
    sh("journalctl", "--sync")
    return re.search(r"-- cursor: (.*)", sh("journalctl", "-n", "1", "--show-cursor", "--no-pager"))[1]


class County:
    """The county's system: the reference backend's database."""

    def ask(self, query: str, *values: object) -> list[tuple[object, ...]]:
        """Ask its database."""
        with closing(sqlite3.connect(DATABASE, timeout=10)) as db:
            return db.execute(query, values).fetchall()

    def tickets(self) -> dict[str, tuple[str, str]]:
        """Return sender and text of every ticket in its newest revision."""
        query = "SELECT ticket_id, body FROM ticket ORDER BY revision"
        bodies = {str(key): json.loads(str(body)) for key, body in self.ask(query)}
        return {key: (body["sender"]["number"], body["text"]) for key, body in bodies.items()}

    def order(self, ticket_id: str, text: str) -> None:
        """Answer a ticket, by a row in the outbox as its own command line writes it."""
        county = backend.Backend(str(DATABASE), COUNTY)
        with county.db:
            county.reply(ticket_id, text)
        county.db.close()

    def alarm(self) -> str:
        """Return what the broker holds about a gateway that cannot run: `active`, `cleared` or nothing."""
        rows = self.ask("SELECT body FROM status WHERE topic LIKE ?", f"%/alarm/{NOT_RUNNING}")
        body = str(rows[0][0]) if rows else ""
        return f"{json.loads(body)['state']} {json.loads(body)['cause']}" if body else ""


class Phones:
    """The citizens' phones: what they send and what they show."""

    def _do(self, **request: object) -> dict[str, object]:
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(CONTROL)
            control.sendall(json.dumps(request).encode() + b"\n")
            with control.makefile("rb") as answers:
                answer = json.loads(answers.readline())
        need(answer.pop("ok"), f"modem: {answer}")
        return dict(answer)

    def sms(self, sender: str, text: str) -> None:
        """Send one SMS."""
        self._do(do="sms", text=text, **{"from": sender})

    def slots(self) -> int:
        """Count the messages on the SIM and those that the network still holds."""
        state = self._do(do="state")
        return int(str(state["used"])) + int(str(state["waiting"]))

    def shown(self) -> Counter[tuple[str, str]]:
        """Count the SMS that the phones show, long ones joined: the parts of one leave in order."""
        messages: Counter[tuple[str, str]] = Counter()
        parts: dict[str, list[str]] = {}
        for entry in list(self._do(do="submissions")["submissions"]):
            tpdu = pdu.decode(entry["pdu_hex"]).tpdu
            number, concat = tpdu.destination.text, tpdu.user_data.concat
            parts.setdefault(number, []).append(tpdu.user_data.text)
            if concat is None or concat.sequence == concat.total:
                messages[number, "".join(parts.pop(number))] += 1
        return messages


@dataclass
class Traffic:
    """SMS in and replies out, with a book of both."""

    county: County = field(default_factory=County)
    phones: Phones = field(default_factory=Phones)
    sent: dict[str, str] = field(default_factory=dict)  # number -> text
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)  # ticket -> number, text

    def send(self) -> str:
        """Let a citizen who has not written before send an SMS; every fourth is a long one."""
        index = len(self.sent)
        number = f"+62812{index:08}"
        text = f"Laporan {index}: jalan rusak di desa kami, mohon diperbaiki." + " Sudah lama rusak." * (
            index % 4 // 3 * 12
        )
        self.sent[number] = text
        self.phones.sms(number, text)
        return number

    def answer(self) -> None:
        """Answer every ticket that has no answer yet."""
        for ticket, (number, _) in self.county.tickets().items():
            if ticket not in self.answers:
                self.answers[ticket] = number, f"Balasan untuk {ticket}"
                self.county.order(ticket, self.answers[ticket][1])

    def arrived(self, number: str) -> bool:
        """Tell whether the SMS of a citizen is a ticket."""
        return (number, self.sent[number]) in self.county.tickets().values()

    def settled(self) -> bool:
        """Tell whether every SMS is a ticket and every reply on its phone, as far as the county knows."""
        self.answer()
        tickets = self.county.tickets()
        done = self.county.ask("SELECT count(*) FROM reply WHERE final OR status IN ('sent', 'uncertain')")[0][0]
        return len(tickets) >= len(self.sent) and done == len(self.answers) and not self.phones.slots()

    def settle(self, within_s: float = 120.0) -> None:
        """Wait for everything on its way, then count; raises `Missed` with the first broken promise."""
        wait("traffic settles", self.settled, within_s)
        tickets = Counter(self.county.tickets().values())
        wanted = Counter(self.sent.items())
        need(not wanted - tickets, f"SMS lost: {list((wanted - tickets).elements())[:3]}")
        need(not tickets - wanted, f"SMS that became a second ticket: {list((tickets - wanted).elements())[:3]}")
        shown = self.phones.shown()
        for ticket, answer in self.answers.items():
            (state,) = self.county.ask("SELECT status FROM reply WHERE command_id LIKE ?", f"{ticket}:%")[0]
            need(shown[answer] <= 1, f"reply sent twice: {answer}")
            need(shown[answer] or state == "uncertain", f"reply lost: {answer}, {state}")


def configure() -> None:
    """Set a broker, a county's system, a virtual modem and the gateway's configuration up, secrets as credentials."""
    words = {NAME: "kata-gerbang", backend_user(COUNTY): "kata-kabupaten"}
    place = Path("/etc/mosquitto")
    (place / "passwords").write_text("".join(f"{password_line(*pair, os.urandom(12))}\n" for pair in words.items()))
    (place / "acl").write_text(access_rules("kentongan", COUNTY))
    (place / "conf.d" / "kentongan.conf").write_text(
        f"listener 1883 127.0.0.1\nallow_anonymous false\npassword_file {place}/passwords\nacl_file {place}/acl\n"
        "set_tcp_nodelay true\n"
    )
    Path("/run/county-password").write_text(words[backend_user(COUNTY)] + "\n")
    (ETC / "credentials" / "mqtt").write_text(words[NAME] + "\n")
    (ETC / "kentongan.toml").write_text(CONFIG)
    UNITS.mkdir(parents=True, exist_ok=True)
    (UNITS / "modem.service").write_text(MODEM_UNIT)
    (UNITS / "county.service").write_text(COUNTY_UNIT)
    sh("systemd-tmpfiles", "--create", "kentongan.conf")
    sh("systemctl", "daemon-reload")
    sh("systemctl", "restart", "mosquitto", "modem", "county", GATEWAY, WATCHER)


traffic = Traffic()


def alarms() -> str:
    """Return the alarm that stands at the county, or nothing."""
    state = traffic.county.alarm()
    return state if state.startswith("active") else ""


def calm() -> None:
    """Let the watcher forget the starts that it has seen: the fourth within ten minutes is a crash loop, and it says so."""
    sh("systemctl", "restart", WATCHER)
    wait("no alarm", lambda: not alarms(), 30)
