"""The ways of not running (domain.md 4.5) as data: what strikes, what must be seen, what repairs."""

import os
import signal
from dataclasses import dataclass

import fault_acts as acts
from fault_acts import HEAT, THROTTLED, Act, Evidence
from fault_box import READ_ONLY, UNSYNCED
from fault_field import MAINS, NEIGHBOUR, OWN, PLAIN, Field, Wiring

from kentongan.daemon import faults

DISK = Wiring(disk_mb=220)  # more than what counts as little room
DAY_S = 86_400.0
SECURE = Wiring(certificate_days=365)
ACKS_OFF = ("acknowledge = true", "acknowledge = false")


@dataclass(frozen=True, slots=True)
class Scenario:
    """One fault; `cause` is a row of the fault table, `repair` is `None` for what heals by itself."""

    layer: str
    name: str
    cause: str
    strike: Act
    repair: Act | None = acts.nothing
    clerk: str = ""  # words of the SMS that is due
    hurry: float = 1
    evidence: Evidence | None = None  # what the detector's definition waits for, where it is more than the strike
    within_s: float = 60.0
    repair_s: float = 90.0
    before: Act = acts.nothing
    wiring: Wiring = PLAIN

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


SCENARIOS = (
    Scenario(
        "Power", "mains cut, machine boots anew", "blackout", acts.cut_power, None, "listrik padam", 12, within_s=120
    ),
    Scenario(
        "Supply",
        "Pi under-voltage",
        "power_undervoltage",
        lambda it: it.root(THROTTLED, "0x1"),
        lambda it: it.root(THROTTLED, "0x0"),
        hurry=5,
        repair_s=300,
    ),
    Scenario(
        "Supply",
        "modem warns UNDER-VOLTAGE",
        "power_undervoltage",
        lambda it: it.inject("voltage:data=UNDER-VOLTAGE WARNNING,code=3450"),
        lambda it: it.inject("voltage:data=,code=4000"),
        hurry=5,
        repair_s=300,
    ),
    Scenario(
        "Supply",
        "modem dies of its supply",
        "power_undervoltage",
        lambda it: it.inject("line:data=UNDER-VOLTAGE POWER DOWN", "hang"),
        None,
        hurry=5,
        repair_s=300,
    ),
    Scenario(
        "Supply",
        "modem stays off for want of supply",
        "power_undervoltage_stop",
        lambda it: it.inject("line:data=UNDER-VOLTAGE WARNNING", "deaf:seconds=120"),
        None,
        hurry=4,
        within_s=120,
        repair_s=420,
    ),
    Scenario(
        "Supply",
        "modem says OVER-VOLTAGE",
        "power_overvoltage",
        lambda it: it.inject("line:data=OVER-VOLTAGE WARNNING"),
        None,
        hurry=10,
        repair_s=120,
    ),
    Scenario(
        "Power",
        "mains lost, box on its battery",
        "mains_lost",
        lambda it: it.level(MAINS, high=False),
        lambda it: it.level(MAINS, high=True),
    ),
    Scenario(
        "Supply",
        "modem restarts by itself",
        "modem_restarting",
        acts.restarts,
        None,
        hurry=30,
        repair_s=120,
    ),
    Scenario(
        "Supply",
        "processor at 85 degrees",
        "overheated",
        lambda it: it.root(HEAT, "85000"),
        lambda it: it.root(HEAT, "60000"),
    ),
    Scenario("SD", "disk full", "storage_unavailable", acts.fill_disk, Field.empty_disk, wiring=DISK),
    Scenario(
        "SD",
        "remounted read-only",
        "storage_read_only",
        lambda it: (it.folder / READ_ONLY).touch(),
        lambda it: (it.folder / READ_ONLY).unlink(),
    ),
    Scenario("SD", "disk nearly full", "disk_low", lambda it: it.fill_disk(leave_mb=60), Field.empty_disk, wiring=DISK),
    Scenario(
        "SD",
        "start on a disk that takes no writes",
        "storage_read_only",
        acts.read_only_start,
        lambda it: it.remount("rw"),
        wiring=DISK,
    ),
    Scenario(
        "SD",
        "errors counted by the file system",
        "disk_failing",
        lambda it: acts.errors(it, 2),
        lambda it: acts.errors(it, 0),
    ),
    Scenario(
        "SD",
        "database damaged",
        "store_salvaged",
        acts.damage_store,
        acts.remove_damaged,
        within_s=90,
    ),
    Scenario(
        "SD",
        "six tenths of the store's room used",
        "store_filling",
        acts.flood,
        acts.give_room,
        before=acts.nearly_fill,
        wiring=Wiring(
            160, (('path = "store/kentongan.db"', 'path = "store/kentongan.db"\ndisk_percent = 1'), ACKS_OFF)
        ),
    ),
    Scenario(
        "Configuration",
        "new configuration wrong",
        "config_rejected",
        acts.misconfigure,
        acts.configure,
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
    Scenario("Daemon", "gateway dies at each start", "daemon_crash_loop", acts.crash, None, within_s=60, repair_s=240),
    Scenario(
        "AT channel",
        "modem hangs",
        "modem_not_responding",
        lambda it: it.inject("hang"),
        None,
        within_s=120,
        repair_s=300,
    ),
    Scenario(
        "AT channel",
        "transmit line cut, URCs still come",
        "modem_not_responding",
        lambda it: it.inject("deaf:seconds=150"),
        None,
        within_s=120,
        repair_s=420,
    ),
    Scenario(
        "AT channel",
        "port lost while the modem runs on",
        "modem_absent",
        lambda it: it.inject("vanish:seconds=0"),
        lambda it: it.modem(acts.return_port),
    ),
    Scenario("AT channel", "modem unplugged", "modem_absent", lambda it: it.pull_modem(), lambda it: it.plug_modem()),
    Scenario(
        "SIM",
        "SIM pulled",
        "sim_missing",
        lambda it: it.pull_sim(),
        lambda it: it.insert_sim(),
        within_s=90,
    ),
    Scenario(
        "SIM",
        "SIM asks for a PIN after a restart",
        "sim_pin_required",
        lambda it: it.inject("pin-lock:data=1234", "restart-now"),
        lambda it: it.modem(acts.unlocked),
    ),
    Scenario(
        "SIM",
        "SIM asks for its PUK",
        "sim_puk_required",
        lambda it: it.modem(acts.blocked),
        lambda it: it.modem(acts.unlocked),
    ),
    Scenario(
        "SIM",
        "modem locked to another operator",
        "sim_locked",
        lambda it: it.inject(r"answer:on=+CPIN,data=\r\n+CPIN: PH-NET PIN\r\n\r\nOK\r\n,times=0", "restart-now"),
        lambda it: it.modem(acts.forgiving),
        within_s=90,
        repair_s=200,
    ),
    Scenario(
        "SIM",
        "another SIM put in",
        "sim_foreign",
        lambda it: it.modem(acts.strange),
        lambda it: it.modem(acts.familiar),
        within_s=90,
    ),
    Scenario("AT channel", "another program holds the port", "modem_busy", acts.occupy, acts.vacate),
    Scenario(
        "AT channel",
        "USB modem in HiLink mode",
        "modem_hilink",
        acts.turn_hilink,
        acts.turn_stick,
        wiring=Wiring(settings=(('port = "{folder}/modem"', 'port = "{folder}/ttyUSB0"'),)),
    ),
    Scenario(
        "Registration",
        "no network",
        "network_searching",
        lambda it: it.inject("no-network:code=2"),
        lambda it: it.inject("network"),
        within_s=120,
    ),
    Scenario(
        "Registration",
        "no network for five minutes",
        "network_not_registered",
        lambda it: it.inject("no-network:code=2"),
        lambda it: it.inject("network"),
        evidence=acts.lasted(300),
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
        acts.full_sim,
        acts.empty_sim,
        within_s=90,
        repair_s=200,
    ),
    Scenario(
        "Money",
        "operator refuses to send",
        "credit_or_barred",
        acts.refuse_sends,
        acts.accept_sends,
        within_s=120,
        repair_s=300,
    ),
    Scenario(
        "Money",
        "SIM without a service centre",
        "smsc_missing",
        acts.forget_centre,
        acts.remember_centre,
        hurry=15,
        repair_s=200,
    ),
    Scenario(
        "Money",
        "modem refuses to send",
        "cannot_send",
        acts.refuse_all,
        acts.empty_sim,
        hurry=60,
        repair_s=200,
    ),
    Scenario(
        "Money",
        "credit falls faster than we send",
        "credit_draining",
        acts.drain,
        acts.keep_credit,
        before=acts.rich_and_known,
    ),
    Scenario("Money", "little credit", "credit_low", acts.poor, acts.rich, "cukup utk 12 SMS", 60),
    Scenario(
        "Money", "validity ends in a week", "sim_expiring", acts.expire, acts.extend, "masa aktif kartu habis", 60
    ),
    Scenario(
        "Content filter",
        "automatic texts vanish",
        "text_filtered",
        acts.filtering_network,
        acts.honest_network,
        hurry=30,
        evidence=acts.unanswered(OWN, "iket", 2),
        within_s=300,
        repair_s=300,
    ),
    Scenario(
        "Path",
        "nothing arrives any more",
        "path_broken",
        acts.silent_network,
        acts.talking_network,
        "TIDAK DAPAT BERJALAN",
        60,
        evidence=acts.unanswered(OWN, "UJI", 3),
        within_s=240,
        repair_s=120,
    ),
    Scenario(
        "Path",
        "neighbour answers no rounds",
        "neighbour_silent",
        acts.nothing,
        acts.wake_neighbour,
        hurry=60,
        evidence=acts.unanswered(NEIGHBOUR, "RONDA", 2),
        within_s=120,
        repair_s=200,
        wiring=Wiring(neighbour=True),
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
        "Uplink",
        "server takes connections and says nothing",
        "broker_unreachable",
        lambda it: it.freeze_broker(frozen=True),
        lambda it: it.freeze_broker(frozen=False),
        within_s=100,
    ),
    Scenario(
        "Uplink",
        "server's certificate has ended",
        "broker_refused",
        lambda it: acts.certify(it, -1),
        lambda it: acts.certify(it, 365),
        wiring=SECURE,
    ),
    Scenario(
        "Uplink",
        "server's certificate ends in a week",
        "certificate_expiring",
        lambda it: acts.certify(it, 7),
        lambda it: acts.certify(it, 365),
        wiring=SECURE,
    ),
    Scenario(
        "Uplink",
        "another box uses our name",
        "duplicate_client",
        Field.twin,
        Field.send_away,
        within_s=150,
        repair_s=200,
    ),
    Scenario(
        "Uplink",
        "server forbids us to write tickets",
        "mqtt_not_authorized",
        acts.forbid_tickets,
        lambda it: it.forbid("event", forbidden=False),
        repair_s=420,
    ),
    Scenario(
        "Uplink",
        "ticket too large for the server",
        "message_blocked",
        acts.write_long,
        lambda it: it.limit_packets(0),
    ),
    Scenario(
        "Clock",
        "clock not kept by NTP",
        "clock_unsynced",
        lambda it: (it.folder / UNSYNCED).touch(),
        lambda it: (it.folder / UNSYNCED).unlink(),
        hurry=60,
    ),
    Scenario(
        "Clock",
        "county's clock ten minutes ahead",
        "clock_skew",
        lambda it: acts.order(it, ahead_s=600),
        lambda it: acts.order(it, ahead_s=0),
    ),
    Scenario(
        "Clock",
        "network's clock two days ahead",
        "clock_disagrees",
        lambda it: acts.shift_network(it, 2 * DAY_S),
        lambda it: acts.shift_network(it, -2 * DAY_S),
    ),
    Scenario(
        "Backend",
        "nobody subscribes to tickets",
        "no_backend_subscribed",
        acts.abandon,
        lambda it: it.start_backend(),
    ),
    Scenario(
        "Backend",
        "county's system dead",
        "backend_silent",
        acts.offer,
        lambda it: it.start_backend(),
        "aplikasi kabupaten tidak menjawab",
        60,
    ),
)
