# ruff: noqa: INP001, S603, S607 - a script for root inside a container, with its own words
"""The scenarios of the package: installation, upgrade, removal."""

import subprocess
from pathlib import Path

from bench import (
    ETC,
    GATEWAY,
    STATE,
    WATCHER,
    active,
    alarms,
    apt,
    clock,
    configure,
    cursor,
    journal,
    let_pass,
    need,
    package,
    pid,
    ready_s,
    running,
    sh,
    show,
    traffic,
    wait,
)

RATE_S = 0.25  # between two SMS while an upgrade runs


def as_installed() -> str:
    """The package installs on a bare system, starts, and sends nothing before it is configured."""
    apt("install", package("current"))
    for unit in (GATEWAY, WATCHER):
        wait(f"{unit} active", lambda unit=unit: active(unit), 20)
        need(show(unit, "UnitFileState") == "enabled", f"{unit} is not enabled")
    need("acknowledge = false" in sh("kentongan", "check-config"), "as installed it would answer")
    for path, mode in {ETC: "750", ETC / "credentials": "700", STATE: "700", ETC / "kentongan.toml": "640"}.items():
        need(f"{path.stat().st_mode & 0o777:o}" == mode, f"{path} has another mode than {mode}")
    return f"READY {ready_s():.2f} s after its start, the watcher {ready_s(WATCHER):.2f} s"


def purge() -> str:
    """A purge leaves nothing behind."""
    apt("purge", "kentongan")
    places = [
        ETC,
        STATE,
        Path("/run/kentongan"),
        Path("/usr/lib/python3/dist-packages/kentongan"),
        Path("/usr/bin/kentongan"),
    ]
    left = [str(path) for path in places if path.exists()]
    left += [
        line
        for line in sh("find", "/etc/systemd", "/usr/lib/systemd", "/var/lib/systemd", check=False).split()
        if "kentongan" in line
    ]
    need(not left, f"left behind: {left}")
    return "no file, no unit, no link"


def upgrade() -> str:
    """An upgrade from the previous package in full traffic loses and doubles nothing."""
    apt("install", package("0.0.9"))
    configure()
    wait("the previous gateway", active, 20)
    number = traffic.send()
    wait("a ticket", lambda: traffic.arrived(number), 60)
    schema, at = _schema(), cursor()
    began, before = clock.monotonic(), len(traffic.sent)
    child = subprocess.Popen(
        ["apt-get", "-y", "-qq", "install", package("current")], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    while child.poll() is None or clock.monotonic() - began < 10:
        traffic.send()
        traffic.answer()
        let_pass(RATE_S)
    need(child.returncode == 0, "apt failed")
    wait("the new gateway", active, 20)
    traffic.settle()
    gap_s = _gap_s(at)
    need(alarms() == "", "an alarm for an upgrade")
    rescued = [line for line in journal(GATEWAY, at).splitlines() if "salvaged" in line]
    need(not rescued, f"the store was taken for a damaged one: {rescued}")
    return (
        f"schema {schema} to {_schema()}, {len(traffic.sent) - before} SMS in and {len(traffic.answers)} replies out "
        f"meanwhile: 0 lost, 0 twice; gateway away for {gap_s:.1f} s"
    )


def _schema() -> int:
    return int(
        sh(
            "python3",
            "-c",
            f"import sqlite3; print(*sqlite3.connect('file:{STATE}/kentongan.db?mode=ro', uri=True).execute('PRAGMA user_version').fetchone())",
        )
    )


def _gap_s(at: str) -> float:
    """Measure from the first `Stopping` to the last `Started` of the gateway after a cursor."""
    lines = sh("journalctl", "--no-pager", "-o", "short-unix", "-u", GATEWAY, "--after-cursor", at).splitlines()
    down = [float(line.split()[0]) for line in lines if "Stopping kentongan.service" in line]
    up = [float(line.split()[0]) for line in lines if "Started kentongan.service" in line]
    need(down and up, "the gateway was not restarted")
    return up[-1] - down[0]


def refused_configuration() -> str:
    """An upgrade does not replace a running gateway by one that refuses its configuration."""
    good = (ETC / "kentongan.toml").read_text()
    before = running()
    (ETC / "kentongan.toml").write_text(good + "\n[gatway]\n")
    said = apt("install", "--reinstall", package("current"))
    (ETC / "kentongan.toml").write_text(good)
    need("gatway" in said, "nobody says what is wrong")
    need(pid() == before, "the gateway was replaced")
    return "the old one goes on; the key and the remedy are named"


def broken_by_hand() -> str:
    """A configuration that was broken by hand leaves the last good one in force over a restart, with code 8."""
    good = (ETC / "kentongan.toml").read_text()
    (ETC / "kentongan.toml").write_text(good + "\n[gatway]\n")
    sh("systemctl", "restart", GATEWAY, WATCHER)
    for unit in (GATEWAY, WATCHER):
        wait(f"{unit} active", lambda unit=unit: active(unit), 20)
    number = traffic.send()
    wait("a ticket", lambda: traffic.arrived(number), 60)
    wait("code 8", lambda: "PENGATURAN SALAH" in sh("kentongan", "status", check=False), 30)
    (ETC / "kentongan.toml").write_text(good)
    sh("systemctl", "restart", GATEWAY, WATCHER)
    wait("no code 8", lambda: "PENGATURAN SALAH" not in sh("kentongan", "status", check=False), 30)
    traffic.settle()
    return "both services run, an SMS is a ticket, `kentongan status` names fault 8 and what is wrong"


def group_member() -> str:
    """A person of the group asks the gateway and can read no secret; anybody else can do neither."""
    for name, groups in (("anggota", ["--groups", "kentongan"]), ("orang", [])):
        sh("useradd", "--no-create-home", *groups, name)
    said = sh("runuser", "-u", "anggota", "--", "kentongan", "tickets")
    need("Laporan" in said, said)
    for name in ("anggota", "orang"):
        need(
            "Permission denied" in sh("runuser", "-u", name, "--", "cat", f"{ETC}/credentials/mqtt", check=False), name
        )
    refused = sh("runuser", "-u", "orang", "--", "kentongan", "tickets", check=False)
    need("Laporan" not in refused, refused)
    return "tickets shown to the group alone, the password to nobody"


def switched_off() -> str:
    """What an administrator disabled stays disabled over an upgrade."""
    sh("systemctl", "disable", "--now", WATCHER)
    apt("install", "--reinstall", package("current"))
    need(show(WATCHER, "UnitFileState") == "disabled", "enabled again")
    sh("systemctl", "enable", "--now", WATCHER)
    wait("the watcher", lambda: active(WATCHER), 20)
    wait("the gateway", active, 20)
    return "the watcher stayed disabled"


def remove() -> str:
    """Removing keeps configuration and tickets; an installation afterwards goes on with the same numbers."""
    before = sh("kentongan", "tickets").splitlines()[0]
    apt("remove", "kentongan")
    need((STATE / "kentongan.db").exists(), "the tickets are gone")
    need((ETC / "kentongan.toml").exists(), "the configuration is gone")
    need(not pid(), "the gateway still runs")
    apt("install", package("current"))
    wait("the gateway", active, 20)
    need(before in sh("kentongan", "tickets"), "the newest ticket is not there")
    number = traffic.send()
    wait("a ticket", lambda: traffic.arrived(number), 60)
    numbers = [str(row[0]) for row in traffic.county.ask("SELECT number FROM ticket WHERE revision = 1")]
    need(len(set(numbers)) == len(numbers), "a ticket number was used twice")
    return "tickets kept, no number used twice"
