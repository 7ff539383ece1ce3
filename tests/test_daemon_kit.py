"""The integrator's kit against the reference backend and a real mosquitto."""

import importlib.util
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from pathlib import Path
from queue import SimpleQueue
from time import monotonic  # noqa: TID251  deadlines of a real wait

import pytest
from broker import BACKEND, COUNTY, GATEWAY, TOPICS, USERS, link_settings
from click.testing import CliRunner

from kentongan.daemon.cli_simulate import simulate
from kentongan.daemon.clock import SystemClock
from kentongan.daemon.conformance import Play, Wire
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import Mosquitto
from kentongan.daemon.outward import Voice
from kentongan.daemon.verdicts import Errand, Verdict
from kentongan.mqtt.client import Link
from kentongan.queue.ids import Uuid7

FILE = Path(__file__).parents[1] / "examples" / "backend.py"
QUICK = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("backend", sys.argv[1])
backend = importlib.util.module_from_spec(spec)
spec.loader.exec_module(backend)
backend.GAP_WAIT_S, backend.RETRY_S = 0.2, (1.5, 1.5)
sys.argv = sys.argv[1:]
backend.main()
"""


@pytest.fixture
def broker(tmp_path):
    users = USERS | {f"sim-00{n}": f"sandi-{n}" for n in (1, 2, 3)}
    with Mosquitto(tmp_path / "broker", users=users, county_id=COUNTY) as broker:
        yield broker


class County:
    """The reference backend as a process, hasty, on one database."""

    def __init__(self, folder, port):
        self.db = folder / "county.db"
        (folder / "password").write_text(USERS[BACKEND])
        self._command = [sys.executable, "-c", QUICK, str(FILE), "run", "--db", str(self.db), "--county", COUNTY]
        self._command += ["--url", f"mqtt://127.0.0.1:{port}", "--username", BACKEND]
        self._command += ["--password-file", str(folder / "password")]

    def start(self):
        self.process = subprocess.Popen(mortal(self._command), stdout=subprocess.PIPE, text=True)
        assert "connected" in self.process.stdout.readline()
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def reply(self, ticket_id, text):
        with self._opened() as county:
            county.reply(ticket_id, text)

    def ping(self):
        with self._opened() as county:
            county.ping(GATEWAY)

    @contextmanager
    def _opened(self):
        spec = importlib.util.spec_from_file_location("backend", FILE)
        backend = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(backend)
        county = backend.Backend(str(self.db), COUNTY)
        with county.db:
            yield county
        county.db.close()

    def tickets(self):
        with closing(sqlite3.connect(self.db, timeout=5)) as db:
            return db.execute("SELECT count(DISTINCT ticket_id) FROM ticket").fetchone()[0]


@pytest.fixture
def county(tmp_path, broker):
    county = County(tmp_path, broker.port)
    county.start()
    yield county
    county.kill()


def play(port, ask, patience_s=8.0):
    events, clock = SimpleQueue(), SystemClock()
    link = Link(link_settings(port), events.put, clock=monotonic, random=lambda: 0.0)
    thread = threading.Thread(target=link.run, daemon=True)
    thread.start()
    count = iter(range(1, 10_000))
    voice = Voice(TOPICS, "0badcafe", Uuid7(lambda n: next(count).to_bytes(n, "big")), lambda _ms: 420)
    points = {
        point.name: point
        for point in Play(Wire(link.publish, link.ack, events, clock.now, ask), voice, patience_s, silence_s=2.0).run()
    }
    link.stop()
    thread.join(10)
    return points


def test_the_reference_backend_passes_every_point(broker, county):
    def ask(wish):
        match wish.errand:
            case Errand.PING:
                county.ping()
            case Errand.REPLY:
                county.reply(wish.ticket_id, wish.text)
            case Errand.KILL:
                county.kill()
            case Errand.START:
                county.start()
        return True

    points = play(broker.port, ask)
    assert len(points) == 14
    assert [point.line() for point in points.values() if point.verdict is not Verdict.GOOD] == []


def test_a_backend_that_is_not_there_fails_at_the_first_point(broker):
    points = play(broker.port, lambda _what: False, patience_s=0.5)
    (point,) = points.values()
    assert (point.verdict, bool(point.mend)) == (Verdict.BAD, True)


def test_whole_gateways_bring_their_tickets_to_the_backend(tmp_path, broker, county):
    (tmp_path / "sandi").write_text("".join(f"sim-00{n}:sandi-{n}\n" for n in (1, 2, 3)))
    options = ["--url", f"mqtt://127.0.0.1:{broker.port}", "--county", COUNTY, "--gateways", "3"]
    options += ["--rate", "240", "--seconds", "5", "--passwords", str(tmp_path / "sandi")]
    run = subprocess.run(
        [sys.executable, "-m", "kentongan.daemon", "simulate", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert "3/3 gateways" in run.stdout
    assert county.tickets() >= 10


def test_an_address_that_cannot_be_is_refused_in_one_line():
    result = CliRunner().invoke(simulate, ["--url", "http://x", "--county", COUNTY])
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert GATEWAY not in result.output
