"""A configuration that cannot be used: the last good one goes on, and broker, commands and lamps say so (fault 8)."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from appliance import WAIT_S, Appliance

from kentongan.daemon import config, in_force, lamps
from kentongan.daemon.config import load, read_secret
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.flashcard_apply import Places, firstboot
from kentongan.daemon.mortal import mortal

ALARM = "alarm/config_rejected"
NOBODY = 65_534
LOOK_S = 0.1  # how often a file is looked at that rings no bell
CARD = """kabupaten = Luwu Utara
kode_kabupaten = 7322
nama_alat = kec-masamba-01
awalan_tiket = LU2
zona_waktu = WITAA
server = mqtt://127.0.0.1:{port}
"""


@contextmanager
def watching(appliance: Appliance) -> Iterator[Callable[[Callable[[lamps.Shown], bool]], lamps.Shown]]:
    """Run the watcher; gives a way to wait for what its lamps show."""
    command = [sys.executable, "-m", "kentongan.daemon", "--config", "kentongan.toml", "watch"]
    process = subprocess.Popen(mortal(command), cwd=appliance.folder, stderr=subprocess.DEVNULL)

    def shown(matches: Callable[[lamps.Shown], bool]) -> lamps.Shown:
        with appliance.bell:
            for _ in range(round(WAIT_S / LOOK_S)):
                try:
                    found = lamps.decode((appliance.folder / "run" / "lamps.json").read_bytes())
                except (OSError, msgspec.MsgspecError):
                    found = None
                if found is not None and matches(found):
                    return found
                appliance.bell.wait(LOOK_S)
        raise AssertionError("the lamps do not show it")

    try:
        yield shown
    finally:
        process.terminate()
        process.wait(WAIT_S)


def test_a_refused_card_reaches_broker_command_line_and_lamps_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "card").mkdir()
    with Appliance(tmp_path) as appliance, watching(appliance) as shown:
        before = (tmp_path / "kentongan.toml").read_bytes()
        (tmp_path / "card" / "KONFIGURASI.txt").write_text(CARD.format(port=appliance.broker.port))
        firstboot(Places(tmp_path / "card", tmp_path, tmp_path / "iwd", tmp_path / "serial"))
        assert (tmp_path / "kentongan.toml").read_bytes() == before

        gateway = appliance.serve()
        appliance.modem.sms("+6281234567890", "Lampu jalan mati.")
        appliance.wait_for_text("Lampu jalan mati.")
        appliance.wait(lambda: appliance.county.status.get(ALARM, {}).get("state") == "active", "the alarm")
        assert shown(lambda found: 8 in found.codes).words[3] == "kedip 8 kali"
        asked = [sys.executable, "-m", "kentongan.daemon", "--config", "kentongan.toml", "status"]
        said = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False).stdout
        assert "PENGATURAN SALAH" in said
        assert gateway.stop() == 0

        # put right, it is over with the next start
        (tmp_path / in_force.MARKER).unlink()
        appliance.serve()
        appliance.wait(lambda: appliance.county.status[ALARM].get("state") != "active", "the alarm's end")
        shown(lambda found: 8 not in found.codes)


def test_a_toml_that_cannot_be_used_any_more_leaves_the_last_good_one_in_force(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir()
    monkeypatch.setenv(in_force.STATE, str(tmp_path / "state"))
    monkeypatch.setenv(in_force.RUNTIME, str(tmp_path / "run"))
    with Appliance(tmp_path) as appliance:
        appliance.serve()
        assert appliance.gateway.stop() == 0
        path = tmp_path / "kentongan.toml"
        path.write_text(path.read_text() + "\n[gatway]\n")

        with watching(appliance) as shown:
            gateway = appliance.serve()
            (line,) = gateway.logged("config_rejected")
            assert "gatway" in line["why"]
            appliance.wait(lambda: appliance.county.status.get(ALARM, {}).get("state") == "active", "the alarm")
            shown(lambda found: 8 in found.codes)
            appliance.modem.sms("+6281234567890", "Jalan rusak.")
            appliance.wait_for_text("Jalan rusak.")


# -- which one is in force ---------------------------------------------------------------------------------------------

GOOD = """[gateway]
county_id = "7322"
gateway_id = "kec-masamba-01"
ticket_prefix = "LU2"
timezone = "Asia/Makassar"

[[line]]
name = "a"
port = "sim:sim800"

[mqtt]
url = "mqtt://127.0.0.1:1883"
username = "u"
password_file = "word"

[store]
path = "kentongan.db"

[runtime]
directory = "run"
"""


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    for name in ("etc", "state", "run"):
        (tmp_path / name).mkdir()
    (tmp_path / "etc" / "word").write_text("kata")
    (tmp_path / "etc" / "kentongan.toml").write_text(GOOD)
    return tmp_path / "etc" / "kentongan.toml"


def places(etc: Path) -> dict[str, str]:
    root = etc.parents[1]
    return {in_force.STATE: str(root / "state"), in_force.RUNTIME: str(root / "run")}


def test_a_good_configuration_is_kept_once_and_the_files_it_names_stay_where_they_are(etc: Path) -> None:
    asked = in_force.for_gateway(etc, places(etc))
    copy = etc.parents[1] / "state" / in_force.COPY_NAME
    kept = copy.stat().st_ino
    in_force.for_gateway(etc, places(etc))
    assert copy.stat().st_ino == kept
    etc.write_text("[gateway\n")

    fallen = in_force.for_gateway(etc, places(etc))

    assert fallen.config == asked.config
    assert asked.status.state == "ok"
    assert fallen.status.state == "rejected"
    assert "is not TOML" in fallen.status.detail
    assert in_force.for_watcher(etc, places(etc)) == asked.config


def test_without_a_copy_or_without_a_file_the_mistake_is_told_and_nothing_is_guessed(etc: Path) -> None:
    in_force.for_gateway(etc, places(etc))
    other = etc.with_name("other.toml")
    with pytest.raises(ConfigError):
        in_force.for_gateway(other, places(etc))
    etc.write_text("[gateway\n")
    for environ in ({}, {in_force.STATE: str(etc.parent)}):
        with pytest.raises(ConfigError, match="is not TOML"):
            in_force.for_gateway(etc, environ)


def test_a_copy_that_cannot_be_used_either_gives_the_first_mistake(etc: Path) -> None:
    in_force.for_gateway(etc, places(etc))
    (etc.parent / "word").unlink()
    with pytest.raises(ConfigError, match="password_file"):
        in_force.for_gateway(etc, places(etc))


def test_a_state_directory_that_takes_no_writes_stops_nobody(etc: Path) -> None:
    environ = {in_force.STATE: "/proc/1/nowhere"}
    assert in_force.for_gateway(etc, environ).config == load(etc)


# -- a member of the group ---------------------------------------------------------------------------------------------


def test_what_only_asks_the_gateway_needs_no_secret(tmp_path: Path) -> None:
    with Appliance(tmp_path) as appliance:
        appliance.serve()
        appliance.modem.sms("+6281234567890", "Jalan rusak.")
        appliance.wait_for_text("Jalan rusak.")
        (tmp_path / "credentials" / "mqtt").unlink()  # for everybody but root and the gateway it is not there
        for command in (["status", "--json"], ["tickets"], ["outbox"], ["send", "081234567890", "uji"], ["queue"]):
            asked = [sys.executable, "-m", "kentongan.daemon", "--config", "kentongan.toml", *command]
            done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
            assert "mqtt.password_file" not in done.stderr, command
            assert done.returncode == 0 or json.loads(done.stdout)["faults"], command


def test_people_ask_with_the_last_good_one_where_the_boxs_own_file_is_broken(
    etc: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_force.for_gateway(etc, places(etc))
    etc.write_text("[gateway\n")
    monkeypatch.setattr(config, "IN_FORCE", etc.parents[1] / "run" / in_force.COPY_NAME)
    with pytest.raises(ConfigError):
        config.glance(etc)  # somebody's file, not the box's
    monkeypatch.setattr(config, "OWN", etc)

    assert config.glance(etc).gateway.gateway_id == "kec-masamba-01"

    assert "is not TOML" in capsys.readouterr().err
    assert config.IN_FORCE.stat().st_mode & 0o777 == 0o640


def test_a_secret_of_somebody_else_says_who_may_read_it(tmp_path: Path) -> None:
    secret = tmp_path / "word"
    secret.write_text("kata")
    secret.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        with pytest.raises(ConfigError, match="use sudo"):
            read_secret(str(secret))
    finally:
        if root:
            os.seteuid(0)
