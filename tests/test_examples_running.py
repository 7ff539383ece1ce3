"""The small examples as processes beside a whole gateway on a real mosquitto, with no more rights than each needs."""

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from broker import BACKEND, COUNTY, USERS, Outside

from kentongan.daemon import logs
from kentongan.daemon.mortal import mortal
from kentongan.daemon.mosquitto import Mosquitto
from kentongan.daemon.simulation import Place, SimulatedGateway, configured, login_of

NAME, BOT, HOME = "sim-001", "bot-3404", "rumah"
CITIZEN = "+6281234567890"
EXAMPLES = Path(__file__).parents[1] / "examples"
RULES = f"""
user {BOT}
topic read kentongan/v1/{COUNTY}/+/event/group/+
user {HOME}
topic read kentongan/v1/{COUNTY}/+/status/info
topic write homeassistant/device/#
user {BACKEND}
topic read homeassistant/#
"""


@pytest.fixture
def town(tmp_path):
    """Start a broker and a gateway; gives both."""
    names = USERS | dict.fromkeys((NAME, BOT, HOME), "sandi")
    broker = Mosquitto(tmp_path / "broker", users=names, county_id=COUNTY)
    with (broker.folder / "acl").open("a") as acl:
        acl.write(RULES)
    with broker:
        place = Place(f"mqtt://127.0.0.1:{broker.port}", COUNTY, tmp_path)
        config = configured(place, 1, login_of({NAME: "sandi"}, NAME, tmp_path))
        gateway = SimulatedGateway(config, logs.configure("error", "json", os.environ), print)
        gateway.start()
        try:
            yield broker, gateway
        finally:
            gateway.stop()


@contextmanager
def running(folder, broker, name, user, *more):
    """Run an example and give what it says, line by line."""
    (folder / "password").write_text("sandi\n")
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), "--county", COUNTY, *more]
    command += ["--url", f"mqtt://127.0.0.1:{broker.port}", "--username", user]
    command += ["--password-file", str(folder / "password")]
    process = subprocess.Popen(mortal(command), stdout=subprocess.PIPE, text=True)
    try:
        yield iter(process.stdout.readline, "")
    finally:
        process.kill()
        process.communicate()


def test_the_bot_prints_a_ticket_of_its_group_and_no_number(tmp_path, town):
    broker, gateway = town
    with running(tmp_path, broker, "group_bot", BOT) as said:
        assert next(said).startswith("listening")
        gateway.air.sms(CITIZEN, f"Lampu jalan di depan SD mati, hubungi {CITIZEN}")
        shown = next(said)
    assert shown.startswith("[")
    assert "Lampu jalan" in shown
    assert CITIZEN[-8:] not in shown


def test_home_assistant_gets_a_device_for_a_gateway(tmp_path, town):
    broker, _gateway = town
    with (
        Outside(broker.port, BACKEND, "homeassistant/#") as reader,
        running(tmp_path, broker, "home_assistant", HOME, "--once") as said,
    ):
        assert next(said) == f"kentongan_{COUNTY}_sim_001: 8 entities\n"
        message = reader.message()
        assert list(said) == []  # it has ended, as `--once` says
    assert message.topic == f"homeassistant/device/kentongan_{COUNTY}_sim_001/config"
    assert json.loads(message.payload)["device"]["name"] == "Simulasi 1"
