"""The PHP backend held to the acceptance list, as a county would hold its own: every point, kill -9 included."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from broker import BACKEND, COUNTY, GATEWAY, USERS

from kentongan.daemon.mortal import last_will, mortal
from kentongan.daemon.mosquitto import Mosquitto

SOURCE = Path(__file__).parents[1] / "examples" / "php" / "backend.php"
NEEDED = ("php", "mosquitto_sub", "mosquitto_pub", "setpriv")
HASTE = {"RETRY_S = [30, 60,": "RETRY_S = [1, 1,", "GAP_WAIT_S = 60;": "GAP_WAIT_S = 0;", "ASK_S = 900;": "ASK_S = 1;"}
PATIENCE_S, SILENCE_S = 5, 2.5  # it repeats after a second or two


def missing():
    absent = [name for name in NEEDED if shutil.which(name) is None]
    if not absent:
        modules = subprocess.run(["php", "-m"], capture_output=True, text=True, check=True).stdout.split()
        absent = [] if "pdo_sqlite" in modules else ["php-sqlite3"]
    return absent


pytestmark = pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}")


class County:
    """The PHP backend on one database, hasty; what conformance orders it does through its command line."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        text = SOURCE.read_text("utf-8")
        for slow, quick in HASTE.items():
            assert slow in text
            text = text.replace(slow, quick)
        (folder / "backend.php").write_text(text)
        self.log = folder / "php.log"
        script = folder / "county.sh"
        script.write_text(f'#!/bin/sh\nexec php {folder}/backend.php $1 {folder}/county.db {COUNTY} "$2" "$3"\n')
        script.chmod(0o755)
        start = folder / "start.sh"
        start.write_text(
            f"#!/bin/sh\nKENTONGAN_PASSWORD={USERS[BACKEND]} setsid php {folder}/backend.php run {folder}/county.db"
            f" {COUNTY} 127.0.0.1 {port} {BACKEND} >>{self.log} 2>&1 &\necho $! >{folder}/pid\n"
        )
        start.chmod(0o755)

    def orders(self):
        """Options of `kentongan conformance` that let it do what a person would."""
        sh, folder = shlex.quote, self.folder
        county = f"{folder}/county.sh"
        return [
            f"--on-ping={sh(county)} ping {GATEWAY}",
            "--on-reply=sh -c " + sh(f'exec {county} reply "$KENTONGAN_TICKET_ID" "$KENTONGAN_TEXT"'),
            "--on-kill=sh -c " + sh(f"kill -9 $(cat {folder}/pid)"),
            f"--on-start={folder}/start.sh",
        ]

    @contextmanager
    def running(self):
        """Start it, and end whichever life of it is the last."""
        with last_will(f"kill -9 $(cat {self.folder}/pid)"):
            subprocess.run([self.folder / "start.sh"], check=True)
            try:
                yield
            finally:
                os.kill(int((self.folder / "pid").read_text()), signal.SIGKILL)


def test_the_php_backend_passes_every_point(tmp_path):
    (tmp_path / "password").write_text(USERS[GATEWAY])
    (tmp_path / "password").chmod(0o600)
    with Mosquitto(tmp_path / "broker", users=USERS, county_id=COUNTY) as broker:
        county = County(tmp_path, broker.port)
        with county.running():
            options = ["--url", f"mqtt://127.0.0.1:{broker.port}", "--county", COUNTY, "--gateway", GATEWAY]
            options += ["--password-file", str(tmp_path / "password"), "--patience", str(PATIENCE_S)]
            options += ["--silence", str(SILENCE_S), *county.orders()]
            command = [sys.executable, "-m", "kentongan.daemon", "conformance", *options]
            run = subprocess.run(mortal(command), capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stderr) == (0, ""), run.stdout + county.log.read_text()
    assert "14 BAIK, 0 GAGAL, 0 DILEWATI" in run.stdout
    assert "Warning" not in county.log.read_text()


def test_the_php_backend_lists_what_waits(tmp_path):
    def told(verb, *more):
        command = ["php", str(SOURCE), verb, str(tmp_path / "county.db"), *more]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    command_id = told("ping", COUNTY, GATEWAY).strip()
    assert told("list") == f"outbox {command_id} 0\n"
