"""The whole appliance for system tests: the real program as a process, a virtual modem behind a pty, a real broker.

Nothing is polled: log lines, messages at the broker and SMS on the air ring one bell, and `wait` looks again when it
rang.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import Empty
from threading import Condition, Event, Thread
from typing import Any, Self, TypeVar

from county_desk import County

from kentongan.at import pdu
from kentongan.at.simulator import INSTANT, PtyModem, Submitted, Timing, VirtualModem, by_name
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import Mosquitto, backend_user
from kentongan.mqtt.topics import Topics

Found = TypeVar("Found")
WAIT_S = 60.0  # a deadline costs nothing while all goes well, and a machine may be busy
STOP_S = 30.0
AIR_LOOK_S = 0.2  # how often the reader of the air looks for its end
COUNTY, GATEWAY = "7322", "kec-masamba-01"
GATEWAY_PASSWORD, BACKEND_PASSWORD = "sandi-gerbang", "sandi-kabupaten"
TOPICS = Topics("kentongan", COUNTY, GATEWAY)
Tables = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Sms:
    """One SMS, or one part of a long one, as a citizen's phone got it."""

    number: str
    text: str
    part: int = 1
    total: int = 1


def configuration(folder: Path, port: int, changes: Tables) -> str:
    """Write a configuration that may send without a pause; `changes` goes over its tables."""
    tables: dict[str, dict[str, Any]] = {
        "gateway": {
            "county_id": COUNTY,
            "gateway_id": GATEWAY,
            "ticket_prefix": "LU2",
            "timezone": "Asia/Makassar",
            "name": "Luwu Utara",
        },
        "[line]": {"name": "a", "port": str(folder / "modem"), "pace_s": 0, "per_hour": 36_000, "per_day": 864_000},
        "mqtt": {
            "url": f"mqtt://127.0.0.1:{port}",
            "username": GATEWAY,
            "password_file": "credentials/mqtt",
        },
        "store": {"path": "kentongan.db"},
        "runtime": {"directory": str(folder / "run")},
        "answers": {"acknowledge": False},
        "sending": {
            "replies_per_minute": 60_000,
            "quiet_from": "00:00",
            "quiet_until": "00:00",
            "per_number_per_day": 0,
        },
        "inbound": {},
        "log": {"format": "json"},
    }
    for name, table in changes.items():
        tables[name] |= table
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


class Gateway:
    """One life of the process and what it logged."""

    def __init__(self, folder: Path, bell: Condition) -> None:
        self.log: list[dict[str, Any]] = []
        self.words: list[str] = []  # what was no log line
        self._bell = bell
        command = [sys.executable, "-m", "kentongan.daemon", "--config", "kentongan.toml", "run"]
        self.process = subprocess.Popen(
            mortal(command), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        self._reader = Thread(target=self._read, name="log", daemon=True)
        self._reader.start()

    def stop(self) -> int:
        """End it as systemd does."""
        self.process.terminate()
        return self._ended()

    def kill(self) -> int:
        """End it as a power cut does."""
        self.process.kill()
        return self._ended()

    def logged(self, event: str, **facts: object) -> list[dict[str, Any]]:
        """Find log lines."""
        return [line for line in self.log if line["event"] == event and facts.items() <= line.items()]

    def _ended(self) -> int:
        code = self.process.wait(STOP_S)
        self._reader.join(STOP_S)
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                with self._bell:
                    if line.startswith(b"{"):
                        self.log.append(json.loads(line))
                    else:
                        self.words.append(line.decode())
                    self._bell.notify_all()


class Appliance:
    """A gateway with everything around it, in one folder."""

    def __init__(
        self, folder: Path, *, changes: Tables | None = None, timing: Timing = INSTANT, sim_slots: int = 30
    ) -> None:
        self.folder = folder
        self.bell = Condition()
        self.modem = PtyModem(
            VirtualModem(by_name("sim800"), timing=timing, sim_slots=sim_slots), link=folder / "modem", baud=115_200
        )
        users = {GATEWAY: GATEWAY_PASSWORD, backend_user(COUNTY): BACKEND_PASSWORD}
        self.broker = Mosquitto(folder / "broker", users=users, county_id=COUNTY)
        self._changes = changes or {}
        self._lives: list[Gateway] = []
        self._stack = ExitStack()
        self._grounded = Event()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self.broker)
            (self.folder / "run").mkdir()
            (self.folder / "credentials").mkdir()
            (self.folder / "credentials" / "mqtt").write_text(GATEWAY_PASSWORD)
            (self.folder / "kentongan.toml").write_text(configuration(self.folder, self.broker.port, self._changes))
            self.modem.start()
            stack.callback(self.modem.stop)
            listener = Thread(target=self._listen, name="air", daemon=True)
            listener.start()
            stack.callback(listener.join)
            stack.callback(self._grounded.set)
            desk = County(self.broker.port, backend_user(COUNTY), BACKEND_PASSWORD, TOPICS, self.bell)
            self.county = stack.enter_context(desk)
            stack.callback(self._end)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ---- the gateway's process

    @property
    def gateway(self) -> Gateway:
        """The life that runs now, or the last one."""
        return self._lives[-1]

    def start(self) -> Gateway:
        """Start the gateway and do not wait for it."""
        self._lives.append(Gateway(self.folder, self.bell))
        return self.gateway

    def serve(self) -> Gateway:
        """Start the gateway and wait until modem and broker are there."""
        gateway = self.start()
        self.wait(lambda: gateway.logged("line_changed", new="ready"), "the line is ready")
        self.wait(lambda: gateway.logged("broker_connected"), "the broker is there")
        return gateway

    def wait(self, question: Callable[[], Found], what: str, within_s: float = WAIT_S) -> Found:
        """Wait until the answer is true; fails with the end of the log."""
        with self.bell:
            answer = self.bell.wait_for(question, within_s)
        if not answer:
            last = "\n".join([*map(str, self.gateway.log[-30:]), *self.gateway.words]) if self._lives else ""
            raise AssertionError(f"not within {within_s} s: {what}\n{last}")
        return answer

    # ---- the world

    @property
    def air(self) -> list[Sms]:
        """What citizens' phones got, by the operator's own books: nobody hears of an SMS before it is in them."""
        return list(map(_read, self.modem.call(lambda modem: modem.books.submitted[:])))

    def slots(self) -> int:
        """Count what lies on the SIM."""
        return self.modem.call(lambda modem: len(modem.device.tray.memory.slots))

    def wait_for_text(self, text: str) -> dict[str, Any]:
        """Wait for the ticket with this text."""
        found = self.wait(lambda: self.county.ticket(lambda ticket: ticket["text"] == text), f"a ticket {text!r}")
        assert found is not None
        return found

    def wait_for_empty_sim(self) -> None:
        """Wait until every slot is freed."""
        self.wait(lambda: self.slots() == 0, "an empty SIM")

    def wait_for_state(self, command_id: str, state: str, within_s: float = WAIT_S) -> dict[str, Any]:
        """Wait until a reply was told to be in this state; gives the event."""
        self.wait(lambda: state in self.county.states(command_id), f"{command_id} {state}", within_s)
        return next(event for event in self.county.reply_events[command_id] if event["status"] == state)

    def response(self, command_id: str | None, count: int = 1) -> dict[str, Any]:
        """Wait for the answer to a command, or for its `count`th."""
        self.wait(lambda: len(self.county.responses[command_id]) >= count, f"response {count} to {command_id}")
        return self.county.responses[command_id][count - 1]

    def _listen(self) -> None:
        while not self._grounded.is_set():
            try:
                self.modem.submissions.get(timeout=AIR_LOOK_S)
            except Empty:
                continue
            with self.bell:
                self.bell.notify_all()

    def _end(self) -> None:
        for life in self._lives:
            if life.process.poll() is None:
                life.process.send_signal(signal.SIGKILL)
                life.kill()


def _read(submitted: Submitted) -> Sms:
    tpdu = pdu.decode(submitted.pdu_hex).tpdu
    assert isinstance(tpdu, pdu.Submit)
    concat = tpdu.user_data.concat
    part, total = (concat.sequence, concat.total) if concat else (1, 1)
    return Sms(tpdu.destination.text, tpdu.user_data.text, part, total)
