"""The ways of not running (domain.md 4.5) as data: what strikes, what must be seen, what repairs."""

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from fault_box import READ_ONLY
from fault_field import CITIZEN, Field

from kentongan.at.simulator import VirtualModem
from kentongan.daemon import faults

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
HEAT = "sys/class/thermal/thermal_zone0/temp"
BOOT = "proc/sys/kernel/random/boot_id"
WEEK_S = 7 * 86_400.0
Act = Callable[[Field], None]


def nothing(_it: Field) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault; `cause` is a row of the fault table, `repair` is `None` for what heals by itself."""

    layer: str
    name: str
    cause: str
    strike: Act
    repair: Act | None = nothing
    clerk: str = ""  # words of the SMS that is due
    hurry: float = 1
    notice_s: float = 30.0  # how long the detector may take by its nature
    within_s: float = 60.0
    repair_s: float = 90.0
    before: Act = nothing
    own_disk: bool = False  # needs a disk of its own, which only root can mount

    @property
    def code(self) -> int:
        """Count the flashes."""
        return faults.of(self.cause).code

    @property
    def lights(self) -> bool:
        """Tell whether the red lamp shows it."""
        return self.cause in faults.TABLE and faults.of(self.cause).lights

    @property
    def alarm(self) -> str:
        """Name the alarm, empty for none."""
        return faults.TABLE[self.cause].alarm if self.cause in faults.TABLE else ""


# -- the machine ------------------------------------------------------------------------------------------------------


def errors(it: Field, count: int) -> None:
    """Let the file system count errors of the card."""
    number = it.folder.stat().st_dev
    block = it.folder / "root/sys/devices/mmcblk0p2"
    block.mkdir(parents=True, exist_ok=True)
    link = it.folder / f"root/sys/dev/block/{os.major(number)}:{os.minor(number)}"
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        link.symlink_to(block)
    it.root("sys/fs/ext4/mmcblk0p2/errors_count", str(count))


def fill_disk(it: Field) -> None:
    """Fill the disk while an SMS comes."""
    it.fill_disk()
    it.sms(CITIZEN, "jalan rusak")


def read_only_start(it: Field) -> None:
    """Start on a disk that takes no writes any more."""
    it.kill_gateway()
    it.remount("ro")
    it.start_service("run")


def cut_power(it: Field) -> None:
    """End everything at once, as a power cut does, and boot again."""
    it.kill_gateway()
    it.kill_service("watch")
    it.root(BOOT, "boot-2")
    it.root("proc/uptime", "20.00 0.00")
    it.start_service("watch")
    it.start_service("run")


# -- processes --------------------------------------------------------------------------------------------------------


def crash(it: Field) -> None:
    """Kill a gateway that was just started, again and again."""
    for _ in range(4):
        before = it.life()
        it.kill_gateway()
        it.start_service("run")
        it.wait_for_life(before)


# -- modem, SIM, network ----------------------------------------------------------------------------------------------


def refuse_sends(it: Field) -> None:
    """Let the operator refuse every send for want of credit, while three citizens write."""
    it.inject("cms:on=+CMGS.,code=69,times=0", "cms:on=+CMGS.,code=69,times=0")
    for last in range(3):
        it.sms(f"+62812345670{last}1", f"lampu jalan {last} mati")


def accept_sends(it: Field) -> None:
    """Top up, and ask."""
    it.modem(lambda modem: modem.device.faults.clear())
    answer(it, "Pulsa Rp 50.000", 52 * WEEK_S)


def full_sim(it: Field) -> None:
    """Fill the SIM and let no slot be freed."""
    it.inject("delete-ignored:times=0", "memory-full")


def empty_sim(it: Field) -> None:
    """Let slots be freed again."""
    it.modem(lambda modem: modem.device.faults.clear())


def silent_network(it: Field) -> None:
    """Let nothing that is sent to our own number arrive."""
    it.loops_back = False


def talking_network(it: Field) -> None:
    """Let it arrive again."""
    it.loops_back = True


def filtering_network(it: Field) -> None:
    """Let plain texts arrive and the automatic ones not."""
    it.filters = True


def honest_network(it: Field) -> None:
    """Let everything arrive."""
    it.filters = False
    it.control({"request": "probe", "way": "texts"})


def poor(it: Field) -> None:
    """Let the operator answer that there is little credit, and ask."""
    answer(it, "Sisa pulsa Rp 4.200", 52 * WEEK_S)


def rich(it: Field) -> None:
    """Top up, and ask."""
    answer(it, "Sisa pulsa Rp 100.000", 52 * WEEK_S)


def expire(it: Field) -> None:
    """Let the operator answer that the SIM is valid for another week, and ask."""
    answer(it, "Pulsa Rp 90.000", WEEK_S)


def extend(it: Field) -> None:
    """Top up for a year, and ask."""
    answer(it, "Pulsa Rp 90.000", 52 * WEEK_S)


def answer(it: Field, credit: str, valid_s: float) -> None:
    """Let the operator say how much credit there is and until when, and ask."""
    until = datetime.fromtimestamp(it.clock.now().wall_ms / 1000 + valid_s, UTC)
    it.inject(f"ussd:data=*888#={credit} aktif s.d. {until:%d-%m-%Y},code=0")
    it.control({"request": "probe", "way": "credit"})


def restarts(it: Field) -> None:
    """Let the modem restart three times by itself, as one does that is short of current."""
    it.inject("restart-now", "restart-now:after_s=12", "restart-now:after_s=24")


def offer(it: Field) -> None:
    """Stop the county's system while a citizen writes."""
    it.kill_service("backend")
    it.sms(CITIZEN, "jembatan putus")


def unlocked(modem: VirtualModem) -> None:
    """Put the card back without its lock."""
    modem.device.tray.card.pin = ""
    modem.sim(present=False)
    modem.sim(present=True)


SCENARIOS = (
    Scenario("Power", "mains cut, machine boots anew", "blackout", cut_power, None, "listrik padam", 12, within_s=120),
    Scenario(
        "Supply",
        "Pi under-voltage",
        "power_undervoltage",
        lambda it: it.root(THROTTLED, "0x1"),
        lambda it: it.root(THROTTLED, "0x0"),
        repair_s=700,
    ),
    Scenario(
        "Supply",
        "modem warns UNDER-VOLTAGE",
        "power_undervoltage",
        lambda it: it.inject("voltage:data=UNDER-VOLTAGE WARNNING,code=3450"),
        lambda it: it.inject("voltage:data=,code=4000"),
        repair_s=700,
    ),
    Scenario(
        "Supply",
        "modem dies of its supply",
        "power_undervoltage",
        lambda it: it.inject("line:data=UNDER-VOLTAGE POWER DOWN", "hang"),
        None,
        repair_s=700,
    ),
    Scenario(
        "Supply",
        "modem restarts by itself",
        "modem_restarting",
        restarts,
        None,
        hurry=30,
        notice_s=60,
        repair_s=120,
    ),
    Scenario(
        "Supply",
        "processor at 85 degrees",
        "overheated",
        lambda it: it.root(HEAT, "85000"),
        lambda it: it.root(HEAT, "60000"),
    ),
    Scenario("SD", "disk full", "storage_unavailable", fill_disk, Field.empty_disk, own_disk=True),
    Scenario(
        "SD",
        "remounted read-only",
        "storage_read_only",
        lambda it: (it.folder / READ_ONLY).touch(),
        lambda it: (it.folder / READ_ONLY).unlink(),
    ),
    Scenario(
        "SD", "disk nearly full", "disk_low", lambda it: it.fill_disk(leave_mb=60), Field.empty_disk, own_disk=True
    ),
    Scenario(
        "SD",
        "start on a disk that takes no writes",
        "storage_read_only",
        read_only_start,
        lambda it: it.remount("rw"),
        own_disk=True,
    ),
    Scenario(
        "SD",
        "errors counted by the file system",
        "disk_failing",
        lambda it: errors(it, 2),
        lambda it: errors(it, 0),
    ),
    Scenario(
        "Daemon",
        "gateway killed, not restarted",
        "daemon_stopped",
        Field.kill_gateway,
        lambda it: it.start_service("run"),
    ),
    Scenario(
        "Daemon",
        "gateway frozen",
        "daemon_hung",
        lambda it: os.kill(it.pid("run"), signal.SIGSTOP),
        lambda it: os.kill(it.pid("run"), signal.SIGCONT),
    ),
    Scenario("Daemon", "gateway dies at each start", "daemon_crash_loop", crash, None, within_s=60, repair_s=240),
    Scenario(
        "AT channel",
        "modem hangs",
        "modem_not_responding",
        lambda it: it.inject("hang"),
        None,
        notice_s=95,
        within_s=120,
        repair_s=300,
    ),
    Scenario(
        "AT channel",
        "transmit line cut, URCs still come",
        "modem_not_responding",
        lambda it: it.inject("deaf:seconds=150"),
        None,
        notice_s=95,
        within_s=120,
        repair_s=420,
    ),
    Scenario("AT channel", "modem unplugged", "modem_absent", lambda it: it.pull_modem(), lambda it: it.plug_modem()),
    Scenario(
        "SIM",
        "SIM pulled",
        "sim_missing",
        lambda it: it.pull_sim(),
        lambda it: it.insert_sim(),
        notice_s=70,
        within_s=90,
    ),
    Scenario(
        "SIM",
        "SIM asks for a PIN after a restart",
        "sim_pin_required",
        lambda it: it.inject("pin-lock:data=1234", "restart-now"),
        lambda it: it.modem(unlocked),
    ),
    Scenario(
        "Registration",
        "no network",
        "network_searching",
        lambda it: it.inject("no-network:code=2"),
        lambda it: it.inject("network"),
        notice_s=95,
        within_s=120,
    ),
    Scenario(
        "Registration",
        "no network for five minutes",
        "network_not_registered",
        lambda it: it.inject("no-network:code=2"),
        lambda it: it.inject("network"),
        notice_s=330,
        within_s=360,
    ),
    Scenario(
        "Registration",
        "denied by the network",
        "network_denied",
        lambda it: it.inject("no-network:code=3"),
        lambda it: it.inject("network"),
    ),
    Scenario(
        "Store",
        "SIM full, nothing can be deleted",
        "sim_memory_full",
        full_sim,
        empty_sim,
        notice_s=70,
        within_s=90,
        repair_s=200,
    ),
    Scenario(
        "Money",
        "operator refuses to send",
        "credit_or_barred",
        refuse_sends,
        accept_sends,
        notice_s=90,
        within_s=120,
        repair_s=300,
    ),
    Scenario("Money", "little credit", "credit_low", poor, rich, "cukup utk 12 SMS", 60),
    Scenario("Money", "validity ends in a week", "sim_expiring", expire, extend, "masa aktif kartu habis", 60),
    Scenario(
        "Content filter",
        "automatic texts vanish",
        "text_filtered",
        filtering_network,
        honest_network,
        hurry=30,
        notice_s=300,
        within_s=300,
        repair_s=300,
    ),
    Scenario(
        "Path",
        "nothing arrives any more",
        "path_broken",
        silent_network,
        talking_network,
        "TIDAK DAPAT BERJALAN",
        60,
        notice_s=240,
        within_s=240,
        repair_s=120,
    ),
    Scenario(
        "Uplink",
        "broker dead",
        "broker_unreachable",
        lambda it: it.kill_broker(),
        lambda it: it.start_broker(),
        "tdk terhubung ke server",
        60,
    ),
    Scenario(
        "Uplink",
        "broker refuses our password",
        "broker_refused",
        lambda it: it.change_password("lain"),
        lambda it: it.change_password(it.password),
    ),
    Scenario(
        "Backend",
        "county's system dead",
        "backend_silent",
        offer,
        lambda it: it.start_backend(),
        "aplikasi kabupaten tidak menjawab",
        60,
    ),
)
