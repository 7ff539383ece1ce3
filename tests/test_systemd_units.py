"""The units and the package as files: what they promise to the program, and the program to them."""

import configparser
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kentongan.daemon import supervisor, workers
from kentongan.daemon.cli_group import COMMANDS
from kentongan.daemon.config import load

ROOT = Path(__file__).parents[1]
SYSTEMD, DEBIAN = ROOT / "systemd", ROOT / "debian"
SERVICES = ("kentongan.service", "kentongan-watch.service")
CONSOLE = "kentongan-console@.service"
WATCHDOG_SHARE = 3  # the supervisor speaks three times in each WatchdogSec
ANALYZE = shutil.which("systemd-analyze")


class Unit:
    """The directives of one unit file, each with all its values."""

    def __init__(self, name: str) -> None:
        self.values: dict[str, list[str]] = {}
        for line in (SYSTEMD / name).read_text().splitlines():
            key, equals, value = line.partition("=")
            if equals and not line.startswith(("#", "[")):
                self.values.setdefault(key, []).append(value)

    def one(self, key: str) -> str:
        (value,) = self.values[key]
        return value

    def seconds(self, key: str) -> float:
        number, unit = re.fullmatch(r"(\d+)(s|min)", self.one(key)).groups()
        return float(number) * (60 if unit == "min" else 1)


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not on this machine")
    return subprocess.run([ANALYZE, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", [*SERVICES, CONSOLE])
def test_the_exposure_of_every_unit_is_small(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name.replace("@", "@ttyS9")
    shutil.copy(SYSTEMD / name, unit)
    tenths = 16 if "watch" in name else 15  # the watcher must see processes, and older releases round up
    said = analyze("security", "--offline=yes", f"--threshold={tenths}", "--no-pager", str(unit))
    assert "Overall exposure level" in said.stdout, said.stderr
    assert said.returncode == 0, said.stdout


@pytest.mark.parametrize("name", [*SERVICES, CONSOLE])
def test_systemd_finds_no_fault_in_a_unit(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name.replace("@", "@ttyS9")
    # What is not installed here is not asked for, and the newest directives are unknown to Debian 12.
    text = (SYSTEMD / name).read_text()
    unit.write_text(re.sub(r"^ExecStart=.*", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    said = analyze("verify", "--recursive-errors=no", "--man=no", str(unit)).stderr
    new = ("RestartSteps", "RestartMaxDelaySec")
    ours = [line for line in said.splitlines() if "kentongan" in line and not any(key in line for key in new)]
    assert not ours, said


@pytest.mark.parametrize("name", [*SERVICES, CONSOLE])
def test_a_service_starts_a_command_that_exists_as_its_own_user(name: str) -> None:
    unit = Unit(name)
    program, command = unit.one("ExecStart").split()
    assert program == "/usr/bin/kentongan"
    assert command in COMMANDS
    assert unit.one("User") == unit.one("Group") == "kentongan"
    assert "u kentongan -" in (SYSTEMD / "kentongan.sysusers").read_text()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_started_again_for_ever_and_hangs_no_longer_than_its_watchdog(name: str) -> None:
    unit = Unit(name)
    assert unit.one("Type") == "notify"
    assert unit.one("Restart") == "always"
    assert unit.one("StartLimitIntervalSec") == "0"
    assert unit.seconds("WatchdogSec") + unit.seconds("TimeoutAbortSec") < supervisor.LATE_S


def test_the_gateway_may_end_in_order_before_systemd_kills_it() -> None:
    needs_s = supervisor.MODEM_STOP_S + supervisor.CORE_STOP_S + supervisor.LINK_STOP_S
    assert workers.DRAIN_S < supervisor.CORE_STOP_S
    assert Unit("kentongan.service").seconds("TimeoutStopSec") > needs_s


def test_the_watcher_depends_on_nothing_that_happens_to_the_gateway() -> None:
    ties = {"Requires", "BindsTo", "PartOf", "Requisite", "Upholds", "After"}
    for key in ties & Unit("kentongan-watch.service").values.keys():
        assert not any("kentongan.service" in value for value in Unit("kentongan-watch.service").values[key])
    assert Unit("kentongan-watch.service").one("Before") == "kentongan.service"  # and therefore stopped after it
    assert "Requires" not in Unit("kentongan.service").values


def test_the_services_share_their_sandbox() -> None:
    gateway, watcher = (Unit(name).values for name in SERVICES)
    for key in (key for key in gateway if key.startswith(("Protect", "Restrict", "SystemCall", "Capability", "Lock"))):
        if key not in {"Restart", "RestartSec", "RestartSteps", "RestartMaxDelaySec", "ProtectProc"}:
            assert gateway[key] == watcher[key]
    assert "ProtectProc" not in watcher  # it must see whether the gateway lives
    assert gateway["SystemCallFilter"] == ["@system-service", "~@privileged @resources"]
    assert any("tty" in device for device in gateway["DeviceAllow"])
    assert not any("tty" in device for device in watcher["DeviceAllow"])


@pytest.mark.parametrize("name", [*SERVICES, CONSOLE])
def test_every_credential_may_be_missing(name: str) -> None:
    unit = Unit(name)
    loaded = [value.partition(":") for value in unit.values["LoadCredential"]]
    own = {"kentongan.service": ["watch"], CONSOLE: ["console"]}
    wanted = ["mqtt", "mqtt-key", "pin", "pin2", "pin3", "pin4", *own.get(name, [])]
    assert [credential for credential, _, _ in loaded] == wanted
    assert all(path == f"/etc/kentongan/credentials/{credential}" for credential, _, path in loaded)
    # An empty value would be a fault of syntax: one line end stands for nothing.
    assert unit.values["SetCredential"] == [rf"{credential}:\n" for credential, _, _ in loaded]


def test_the_configuration_as_installed_receives_and_stores_and_sends_nothing() -> None:
    config = load(DEBIAN / "kentongan.toml")
    assert not config.answers.acknowledge
    assert config.mqtt.url.startswith("mqtt://127.0.0.1")
    state = Unit("kentongan.service").one("StateDirectory")
    assert Path(config.store.path).parent == Path("/var/lib") / state
    assert config.runtime.directory == f"/run/{Unit('kentongan.service').one('RuntimeDirectory')}"


def test_a_secret_named_in_the_installed_configuration_is_the_credential_of_the_unit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (DEBIAN / "kentongan.toml").read_text()
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "mqtt").write_text("rahasia\n")
    config = tmp_path / "kentongan.toml"
    config.write_text(re.sub(r"^# (username|password_file) = (\"[^\"]*\").*", r"\1 = \2", text, flags=re.MULTILINE))
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "given"))
    assert load(config).mqtt.password_file == str(tmp_path / "given" / "mqtt")


def test_the_package_depends_on_every_library_of_the_program() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    control = (DEBIAN / "control").read_text()
    names = {"pyserial": "python3-serial"}
    for requirement in wanted:
        name = re.match(r"[a-z-]+", requirement).group()
        assert re.search(rf"^ {names.get(name, f'python3-{name}')} \(>= ", control, flags=re.MULTILINE), name


def test_the_package_holds_every_module_and_nothing_else(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(DEBIAN / "lay_out.py"), str(tmp_path)], cwd=ROOT, check=True)
    laid = {str(path.relative_to(tmp_path / "kentongan")) for path in (tmp_path / "kentongan").rglob("*.*")}
    ours = {
        str(path.relative_to(ROOT))
        for folder in ("at", "queue", "mqtt", "daemon")
        for path in (ROOT / folder).rglob("*.*")
        if path.suffix in {".py", ".typed", ".toml", ".json"}
    }
    assert laid == ours
    assert "queue/__init__.py" not in laid
    (info,) = tmp_path.glob("kentongan-*.dist-info")
    assert "kentongan = kentongan.daemon.main:main" in (info / "entry_points.txt").read_text()


def test_the_maintainer_scripts_are_shell_that_parses() -> None:
    for name in ("kentongan.postinst", "kentongan.prerm", "kentongan.postrm", "build"):
        subprocess.run(["sh", "-n", str(DEBIAN / name)], check=True)


def test_only_a_purge_removes_tickets() -> None:
    for name in ("kentongan.postinst", "kentongan.prerm"):
        assert "rm " not in (DEBIAN / name).read_text()
    _, purge = (DEBIAN / "kentongan.postrm").read_text().split('if [ "$1" = purge ]')
    assert "rm -rf /etc/kentongan /var/lib/kentongan" in purge
    assert (DEBIAN / "kentongan.postrm").read_text().count("/var/lib/kentongan") == 1


def test_the_hardware_watchdog_asks_for_no_more_than_the_board_can_count() -> None:
    settings = configparser.ConfigParser()
    settings.read(SYSTEMD / "appliance" / "50-kentongan-watchdog.conf")
    assert 0 < int(settings["Manager"]["RuntimeWatchdogSec"].removesuffix("s")) < 15


def test_systemd_makes_the_user_and_the_groups_as_the_file_says() -> None:
    sysusers = shutil.which("systemd-sysusers")
    assert sysusers or ANALYZE is None, "systemd is here, systemd-sysusers is not"
    if sysusers is None:
        pytest.skip("systemd is not on this machine")
    words = [sysusers, "--dry-run", str(SYSTEMD / "kentongan.sysusers")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "kentongan.sysusers:" not in done.stderr


def test_the_folders_come_with_their_owners_and_secrets_are_for_root_alone(tmp_path: Path) -> None:
    tmpfiles = shutil.which("systemd-tmpfiles")
    if tmpfiles is None:
        pytest.skip("systemd is not on this machine")
    ours = f"{os.getuid()}:{os.getgid()}"
    (tmp_path / "etc/kentongan/credentials").mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text(f"root:x:{ours}::/:\nkentongan:x:{ours}::/:\n")
    (tmp_path / "etc/group").write_text(f"root:x:{os.getgid()}:\nkentongan:x:{os.getgid()}:\n")
    for name in ("etc/kentongan/kentongan.toml", "etc/kentongan/credentials/mqtt"):
        (tmp_path / name).touch(0o666)
    rules = tmp_path / "kentongan.conf"
    shutil.copy(SYSTEMD / "kentongan.tmpfiles", rules)
    words = [tmpfiles, f"--root={tmp_path}", "--create", str(rules)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    modes = {
        "run/kentongan": 0o750,
        "etc/kentongan": 0o750,
        "etc/kentongan/kentongan.toml": 0o640,
        "etc/kentongan/credentials": 0o700,
        "etc/kentongan/credentials/mqtt": 0o600,
        "var/lib/kentongan": 0o700,
    }
    assert {name: (tmp_path / name).stat().st_mode & 0o777 for name in modes} == modes


def test_what_the_appliance_adds_runs_what_the_package_brings() -> None:
    unit = (SYSTEMD / "appliance" / "kentongan-hasil.service").read_text()
    rules = (DEBIAN / "rules").read_text()
    assert "ExecStart=/usr/lib/kentongan/hasil\n" in unit
    for name in ("kentongan-hasil.service", "kentongan-hasil.timer", "hasil", "50-kentongan-watchdog.conf"):
        assert (SYSTEMD / "appliance" / name).is_file()
        assert f"systemd/appliance/{name}" in rules
    subprocess.run(["sh", "-n", str(SYSTEMD / "appliance" / "hasil")], check=True)
    assert os.access(SYSTEMD / "appliance" / "hasil", os.X_OK)


def test_modemmanager_is_kept_from_every_modem() -> None:
    previous = ""
    for line in (SYSTEMD / "61-kentongan.rules").read_text().splitlines():
        if "SYMLINK+=" in line:
            assert 'ENV{ID_MM_PORT_IGNORE}="1"' in previous + line
        previous = line


def test_the_rules_of_the_package_are_executable() -> None:
    assert os.access(DEBIAN / "rules", os.X_OK)
