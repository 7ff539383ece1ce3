"""What strikes an appliance in the fault run, and what repairs it."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

from fault_field import CITIZEN, Field

from kentongan.at.simulator import VirtualModem
from kentongan.at.simulator.card import PIN_ATTEMPTS
from kentongan.daemon import patrol

THROTTLED = "sys/devices/platform/soc/soc:firmware/get_throttled"
HEAT = "sys/class/thermal/thermal_zone0/temp"
BOOT = "proc/sys/kernel/random/boot_id"
DARK_S = 3.0
WEEK_S = 7 * 86_400.0
RULES_S = 2.0  # mosquitto reads its rules again when it comes round
SMALL = 3_200  # octets: more than what the gateway tells of itself, less than a long SMS
Act = Callable[[Field], None]
Evidence = Callable[[Field, float], float | None]  # the moment of the strike in, that of the last piece of evidence out


def nothing(_it: Field) -> None:
    """Do nothing."""


def lasted(seconds: float) -> Evidence:
    """Let a fault be one only when it has lasted so long."""
    return lambda _it, struck: struck + seconds


def unanswered(number: str, words: str, count: int) -> Evidence:
    """Let a fault be one only when so many SMS to somebody got no answer while the night watch was patient."""

    def complete(it: Field, struck: float) -> float | None:
        sent = [at for at, sms in it.said if at >= struck and sms.number == number and words in sms.text]
        return sent[count - 1] + patrol.PATIENCE_MS / 1000 / it.hurry if len(sent) >= count else None

    return complete


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
    """End everything at once, as a power cut does, and boot again; a citizen writes meanwhile."""
    it.kill_gateway()
    it.kill_service("watch")
    it.sms(CITIZEN, "banjir di depan kantor")
    it.pause(DARK_S)
    it.root(BOOT, "boot-2")
    it.root("proc/uptime", "1.00 0.00")
    it.start_service("watch")
    it.start_service("run")


def damage_store(it: Field) -> None:
    """Overwrite pages of the database while the gateway is down, as a dying card does, and start it."""
    it.sms(CITIZEN, "selokan buntu")
    it.settle(lambda: bool(it.account("store").get("tickets")))
    it.kill_gateway()
    with closing(sqlite3.connect(it.disk / "kentongan.db")) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (it.disk / "kentongan.db").open("r+b") as file:
        file.seek(4096)
        file.write(b"\xa5" * 4096 * 3)
    it.start_service("run")


def remove_damaged(it: Field) -> None:
    """Take the damaged file away."""
    for path in it.disk.glob("kentongan.db.damaged-*"):
        path.unlink()


def nearly_fill(it: Field) -> None:
    """Let citizens write until the store has used nearly six tenths of its room."""
    while (used := it.account("store").get("used_percent", 0)) < 57:
        before = it.account("store")["tickets"]
        count = 100 if used < 40 else 20
        flood(it, count)
        it.settle(lambda: it.account("store")["tickets"] >= before + count)  # noqa: B023 - asked at once


def flood(it: Field, count: int = 100) -> None:
    """Let many citizens write."""
    it.inject(f"flood:count={count},data={'Jalan rusak parah sejak banjir. ' * 5}")


def give_room(it: Field) -> None:
    """Give the store half of the disk."""
    file = it.folder / "kentongan.toml"
    file.write_text(file.read_text().replace("disk_percent = 1", "disk_percent = 50"))
    it.kill_gateway()
    it.start_service("run")


def misconfigure(it: Field) -> None:
    """Write a setting that does not exist, and restart."""
    file = it.folder / "kentongan.toml"
    file.write_text(file.read_text().replace("[lamps]", '[lamps]\ncolour = "merah"'))
    it.kill_gateway()
    it.start_service("run")


def configure(it: Field) -> None:
    """Take the wrong setting out, and restart."""
    file = it.folder / "kentongan.toml"
    file.write_text(file.read_text().replace('colour = "merah"\n', ""))
    it.kill_gateway()
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
    it.air.loops_back = False


def talking_network(it: Field) -> None:
    """Let it arrive again."""
    it.air.loops_back = True


def filtering_network(it: Field) -> None:
    """Let plain texts arrive and the automatic ones not."""
    it.air.filters = True


def honest_network(it: Field) -> None:
    """Let everything arrive."""
    it.air.filters = False
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
    modem.device.tray.card.pin, modem.device.tray.card.pin_left = "", PIN_ATTEMPTS
    modem.sim(present=False)
    modem.sim(present=True)


def blocked(modem: VirtualModem) -> None:
    """Put a card in whose PIN was tried three times."""
    modem.sim(present=False)
    modem.device.tray.card.pin, modem.device.tray.card.pin_left = "1234", 0
    modem.sim(present=True)


def forgiving(modem: VirtualModem) -> None:
    """Take the lock off the modem."""
    modem.device.faults.clear()


def strange(modem: VirtualModem) -> None:
    """Swap the card."""
    modem.sim(present=False)
    modem.device.tray.card.iccid = "8962100099999999999"
    modem.sim(present=True)


def familiar(modem: VirtualModem) -> None:
    """Put the old card back."""
    modem.sim(present=False)
    modem.device.tray.card.iccid = "8962100012345678901"
    modem.sim(present=True)


def occupy(it: Field) -> None:
    """Let another program take the modem's port while the gateway restarts."""
    it.kill_gateway()
    it.hold_port()
    it.start_service("run")


def vacate(it: Field) -> None:
    """Let the other program end."""
    it.send_away()


def turn_hilink(it: Field) -> None:
    """Let the stick come back as a network card."""
    it.pull_modem()
    it.root("sys/bus/usb/devices/1-1/idVendor", "12d1")
    it.root("sys/bus/usb/devices/1-1/idProduct", "14dc")


def turn_stick(it: Field) -> None:
    """Let it come back as a modem."""
    it.plug_modem()


def forget_centre(it: Field) -> None:
    """Take the service centre's number off the card, and let a citizen write."""
    it.modem(lambda modem: setattr(modem.device.tray.card, "smsc", ""))
    it.inject("restart-now")
    it.settle(lambda: it.line_state() != "ready", 10)
    it.settle(lambda: it.line_state() == "ready")
    it.sms(CITIZEN, "lampu jalan mati")


def remember_centre(it: Field) -> None:
    """Write it again."""
    it.modem(lambda modem: setattr(modem.device.tray.card, "smsc", "+6281100000"))


def refuse_all(it: Field) -> None:
    """Let the modem refuse to send whatever it is, while a citizen writes."""
    it.inject("cms:on=+CMGS.,code=303,times=0")
    it.sms(CITIZEN, "lampu jalan mati")


def rich_and_known(it: Field) -> None:
    """Let the gateway know how much credit there is."""
    answer(it, "Sisa pulsa Rp 100.000", 52 * WEEK_S)
    it.settle(lambda: it.line_fact("balance_rp") == 100_000)


def drain(it: Field) -> None:
    """Let half of it be gone without a send."""
    answer(it, "Sisa pulsa Rp 50.000", 52 * WEEK_S)


def keep_credit(it: Field) -> None:
    """Let the credit stay as it is."""
    answer(it, "Sisa pulsa Rp 49.900", 52 * WEEK_S)


def wake_neighbour(it: Field) -> None:
    """Let the neighbour answer."""
    it.air.neighbour_answers = True


def certify(it: Field, days: float) -> None:
    """Give the server another certificate."""
    it.certify(days)
    it.restart_broker()


def forbid_tickets(it: Field) -> None:
    """Take the right to write tickets away, while a citizen writes."""
    it.forbid("event", forbidden=True)
    it.pause(RULES_S)
    it.sms(CITIZEN, "jembatan putus")


def write_long(it: Field) -> None:
    """Let the server take small packets only, while a citizen writes a long SMS."""
    it.limit_packets(SMALL)
    it.settle(lambda: it.account("link").get("state") == "online")
    it.sms(CITIZEN, "Jembatan di desa kami putus sejak banjir kemarin. " * 42)


def order(it: Field, ahead_s: float) -> None:
    """Let the county order a reply, with its own clock's time."""
    issued = datetime.fromtimestamp(it.clock.now().wall_ms / 1000 + ahead_s, UTC)
    it.command(
        "reply",
        {
            "schema": "reply/1",
            "command_id": f"uji-{issued:%H%M%S%f}",
            "ticket_id": "0199c7e0-1111-7222-8333-444455556666",
            "text": "Terima kasih",
            "issued_at": f"{issued:%Y-%m-%dT%H:%M:%S.000Z}",
        },
    )


def abandon(it: Field) -> None:
    """Stop the county's system, let the server forget it, and let a citizen write."""
    it.kill_service("backend")
    it.restart_broker()
    it.settle(lambda: it.account("link").get("state") == "online")
    it.sms(CITIZEN, "jembatan putus")


def shift_network(it: Field, seconds: float) -> None:
    """Let the mobile network tell another time, which a modem hears when it registers."""

    def shift(modem: VirtualModem) -> None:
        modem.device.network.wall_offset_s += seconds

    it.modem(shift)
    it.inject("restart-now")


def return_port(modem: VirtualModem) -> None:
    """Let the port come back under its name."""
    modem.device.hooks.port_back("")
