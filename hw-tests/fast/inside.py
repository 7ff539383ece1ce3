# ruff: noqa: INP001, T201, S603 - a script for root inside a container, with its own words
"""Play the scenarios in order, each with one line: what, whether it held, seconds, what was seen.

inside.py [SCENARIO ...]      the named ones alone; the machine is set up first all the same
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bench import (
    GATEWAY,
    STATE,
    UNITS,
    WATCHER,
    Missed,
    active,
    alarms,
    apt,
    calm,
    clock,
    configure,
    cursor,
    journal,
    let_pass,
    need,
    package,
    pid,
    running,
    sh,
    show,
    traffic,
    wait,
)
from package_life import (
    as_installed,
    broken_by_hand,
    group_member,
    purge,
    refused_configuration,
    remove,
    switched_off,
    upgrade,
)

EXPOSURE_MAX = 1.5
ALARM_S = 30.0  # from the gateway's death to the alarm at the county
SILENCE_S = 25.0  # longer than the watcher's patience with a gateway that does not show


# -- the units ---------------------------------------------------------------------------------------------------------


def exposure() -> str:
    """The sandbox is as tight as promised, and systemd and udev find no fault in the files."""
    figures = {}
    for unit in (GATEWAY, WATCHER, "kentongan-console@ttyS9.service"):
        said = sh("systemd-analyze", "security", "--no-pager", unit)
        figures[unit] = float(re.search(r"exposure level for .*: ([0-9.]+)", said)[1])
        need(figures[unit] <= EXPOSURE_MAX, f"{unit}: {figures[unit]}")
        faults = sh("systemd-analyze", "verify", "--man=no", unit)
        need("kentongan" not in faults, faults)
    sh("udevadm", "verify", "/usr/lib/udev/rules.d/61-kentongan.rules")
    return ", ".join(f"{unit.partition('.')[0]} {figure}" for unit, figure in figures.items())


def confined() -> str:
    """The running gateway has no privilege, writes nowhere but to its own folders, and starts no shell."""
    main = running()
    status = Path(f"/proc/{main}/status").read_text()
    for line in ("NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "Seccomp:\t2"):
        need(line in status, f"not {line}")
    need(int(re.search(r"^Uid:\t(\d+)", status, re.MULTILINE)[1]) > 0, "it runs as root")
    view = ["nsenter", "--target", str(main), "--mount"]
    for path in ("/usr/x", "/etc/kentongan/x", "/home/x", "/var/lib/x"):
        need(_fails(*view, "python3", "-c", f"open({path!r}, 'w')"), f"{path} can be written")
    need(_fails(*view, "/bin/sh", "-c", "true"), "a shell can be started")
    need(
        not _fails(*view, "python3", "-c", f"open('{STATE}/.x', 'w').close(); import os; os.unlink('{STATE}/.x')"),
        "no state",
    )
    secret = sh(*view, "python3", "-c", "import os; print(*os.listdir('/run/credentials/kentongan.service'))").split()
    need("mqtt" in secret, "no credential")
    return "no capability, no shell, read-only but for state and /run/kentongan"


def _fails(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, check=False).returncode != 0


def end_to_end() -> str:
    """An SMS becomes a ticket at the county, and its reply an SMS."""
    began = clock.monotonic()
    number = traffic.send()
    wait("a ticket", lambda: traffic.arrived(number), 30)
    ticket_s = clock.monotonic() - began
    traffic.answer()
    ticket = next(key for key, (sender, _) in traffic.county.tickets().items() if sender == number)
    _, reply_s = wait("the reply", lambda: traffic.phones.shown()[traffic.answers[ticket]], 30)
    traffic.settle()
    return f"ticket after {ticket_s:.2f} s, reply on the phone {reply_s:.2f} s after its order"


def seen() -> str:
    """The watcher sees the gateway through its own sandbox: nothing is wrong, and lamps and broker say so."""
    calm()
    let_pass(SILENCE_S)
    need(not alarms(), alarms())
    lamps = sh("kentongan", "status").splitlines()[-4:]
    for lamp, word in (("LISTRIK", "kedip singkat"), ("GANGGUAN", "padam")):
        need(any(lamp in line and word in line for line in lamps), f"lamps: {lamps}")
    return f"no alarm in {SILENCE_S:.0f} s, lamp 1 blinks, lamp 4 is dark"


def killed() -> str:
    """A gateway killed by SIGKILL is started again at once; what comes meanwhile is not lost, and nobody is alarmed."""
    calm()
    victim, began = running(), clock.monotonic()
    os.kill(victim, signal.SIGKILL)
    number = traffic.send()
    wait("a new gateway", lambda: active() and pid() not in {0, victim}, 20)
    away_s = clock.monotonic() - began
    wait("the ticket", lambda: traffic.arrived(number), 60)
    traffic.settle()
    need(alarms() == "", "an alarm for a restart")
    return f"READY again after {away_s:.1f} s; the SMS of that time is a ticket"


def aborted() -> str:
    """A gateway that is ended for a hang says where each of its threads stood, and leaves no core."""
    calm()
    victim, at = running(), cursor()
    os.kill(victim, signal.SIGABRT)
    wait("a new gateway", lambda: active() and pid() not in {0, victim}, 20)
    threads = re.findall(r"^(?:Current thread|Thread) 0x", journal(GATEWAY, at), re.MULTILINE)
    need(len(threads) >= 5, f"{len(threads)} threads in the journal")
    need(not list(STATE.glob("core*")), "a core with citizens' words")
    traffic.settle()
    return f"{len(threads)} threads in the journal"


def hung() -> str:
    """A gateway that hangs is told of and bitten within WatchdogSec, and the next one goes on."""
    calm()
    limit_s = int(show(GATEWAY, "WatchdogUSec").removesuffix("s").replace("min", "")) + 6
    victim, at, began = running(), cursor(), clock.monotonic()
    os.kill(victim, signal.SIGSTOP)
    number = traffic.send()
    wait("systemd's bite", lambda: "Watchdog timeout" in journal(GATEWAY, at), limit_s)
    bite_s = clock.monotonic() - began
    wait("a new gateway", lambda: active() and pid() not in {0, victim}, 30)
    back_s = clock.monotonic() - began
    wait("the ticket", lambda: traffic.arrived(number), 60)
    traffic.settle()
    wait("the alarm's end", lambda: not alarms(), 30)
    return f"bitten after {bite_s:.1f} s, READY again after {back_s:.1f} s; the SMS of that time is a ticket"


def dead_for_good() -> str:
    """A gateway that systemd may not start again is told of by the watcher alone, and the alarm ends with its return."""
    calm()
    place = UNITS / f"{GATEWAY}.d"
    place.mkdir(parents=True, exist_ok=True)
    (place / "no-restart.conf").write_text("[Service]\nRestart=no\n")
    sh("systemctl", "daemon-reload")
    os.kill(running(), signal.SIGKILL)
    alarm, alarm_s = wait("the alarm", alarms, ALARM_S)
    need(not active(), "it runs all the same")
    number = traffic.send()
    (place / "no-restart.conf").unlink()
    sh("systemctl", "daemon-reload")
    sh("systemctl", "start", GATEWAY)
    _, clear_s = wait("the alarm's end", lambda: not alarms(), 30)
    wait("the ticket", lambda: traffic.arrived(number), 60)
    traffic.settle()
    return f"{alarm.split()[1]} at the county after {alarm_s:.1f} s, cleared {clear_s:.1f} s after the start"


def stopped() -> str:
    """A gateway that an administrator stops ends in order, and is told of all the same."""
    calm()
    began = clock.monotonic()
    sh("systemctl", "stop", GATEWAY)
    stop_s = clock.monotonic() - began
    need(show(GATEWAY, "Result") == "success", show(GATEWAY, "Result"))
    _, alarm_s = wait("the alarm", alarms, ALARM_S)
    sh("systemctl", "start", GATEWAY)
    wait("the alarm's end", lambda: not alarms(), 30)
    return f"ended in {stop_s:.1f} s, alarm {alarm_s:.1f} s later"


def watcher_killed() -> str:
    """A dead watcher comes back and disturbs the gateway in nothing."""
    gateway, victim = running(), running(WATCHER)
    os.kill(victim, signal.SIGKILL)
    _, back_s = wait("a new watcher", lambda: active(WATCHER) and pid(WATCHER) not in {0, victim}, 20)
    need(pid() == gateway, "the gateway was restarted")
    return f"READY again after {back_s:.1f} s"


def broker_gone() -> str:
    """Without a broker SMS are stored and nothing ends; with its return all of it arrives."""
    gateway = running()
    sh("systemctl", "stop", "mosquitto")
    for _ in range(5):
        traffic.send()
    wait("the SIM is read", lambda: not traffic.phones.slots(), 30)
    sh("systemctl", "start", "mosquitto")
    traffic.settle()
    need(pid() == gateway, "the gateway was restarted")
    return "5 SMS taken from the SIM without a broker, all tickets afterwards"


def console() -> str:
    """The console's unit serves a technician on its line and starts nothing else."""
    master, slave = os.openpty()
    line = os.ttyname(slave).removeprefix("/dev/")
    unit = f"kentongan-console@{line.replace('/', '-')}.service"
    # a pty is no device of udev's: this one dependency is left out, everything else is as shipped
    shipped = Path("/usr/lib/systemd/system/kentongan-console@.service").read_text()
    (UNITS / "kentongan-console@.service").write_text(
        re.sub(r"^(BindsTo|After)=dev-.*\n", "", shipped, flags=re.MULTILINE)
    )
    sh("systemctl", "daemon-reload")
    sh("systemctl", "start", "--no-block", unit)
    said = bytearray()

    def read_until(word: bytes) -> None:
        os.set_blocking(master, False)
        del said[:]

        def look() -> bool:
            with suppress(OSError):  # nothing there, or hung up by the unit, which opens it anew
                said.extend(os.read(master, 4096))
            return word in said

        wait(f"{word!r} on the line, but {bytes(said)!r}", look, 20)

    try:
        read_until(b"> ")
        os.write(master, b"status\r")
        read_until(b"\n> ")
        need(b"Luwu Utara" in said, said.decode(errors="replace"))
        os.write(master, b"sh\r")
        read_until(b"\n> ")
        main = running(unit)
        children = Path(f"/proc/{main}/task/{main}/children").read_text()
        need(not children, "the console started something")
    finally:
        sh("systemctl", "stop", unit)
        (UNITS / "kentongan-console@.service").unlink()
        sh("systemctl", "daemon-reload")
        os.close(slave)
        os.close(master)
    return "status answered, `sh` is no command"


def memory() -> str:
    """Both services and the whole system stay small."""
    figures = []
    for name, unit, limit in (("gateway", GATEWAY, 64), ("watcher", WATCHER, 40)):
        pss = (
            int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid(unit)}/smaps_rollup").read_text(), re.MULTILINE)[1])
            / 1024
        )
        need(pss < limit, f"{name} {pss:.0f} MB")
        figures.append(f"{name} {pss:.0f} MB")
    return f"{', '.join(figures)} (PSS)"


SCENARIOS: tuple[Callable[[], str], ...] = (
    as_installed,
    purge,
    upgrade,
    exposure,
    confined,
    end_to_end,
    seen,
    killed,
    aborted,
    hung,
    dead_for_good,
    stopped,
    watcher_killed,
    broker_gone,
    console,
    memory,
    refused_configuration,
    broken_by_hand,
    group_member,
    switched_off,
    remove,
    purge,
)


def main() -> int:
    """Play; gives 1 when one of them did not hold."""
    wanted = sys.argv[1:]
    if wanted and "upgrade" not in wanted:
        apt("install", package("current"))
        configure()
    failed = 0
    for scenario in SCENARIOS:
        if wanted and scenario.__name__ not in wanted:
            continue
        began = clock.monotonic()
        try:
            seen, held = scenario(), "held"
        except (Missed, OSError, subprocess.SubprocessError) as error:
            seen, held = " ".join(str(error).split()), "**FAILED**"
            failed += 1
        name = str(scenario.__doc__).splitlines()[0]
        print(f"| {name} | {held} | {clock.monotonic() - began:.1f} | {seen} |", flush=True)
    if failed:
        print(sh("journalctl", "--no-pager", "-n", "60", "-u", GATEWAY, "-u", WATCHER, "-u", "modem", "-u", "county"))
    print(f"{len(wanted) or len(SCENARIOS)} scenarios, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
