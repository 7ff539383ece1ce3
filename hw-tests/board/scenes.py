# ruff: noqa: INP001, TID251, D401 - a module beside a script; scenarios are named by the sentence that holds
"""What is played on the emulated board. Each scenario leaves the board working for the next one."""

import time
from subprocess import CalledProcessError

import glow
from county import PASSWORD, need, wait
from machine import Card
from stand import SETTLE_S, SHORT_S, TICKET_S, Stand

from kentongan.daemon.flashcard_report import STANDING

LONG_S = 21.0  # two rounds of the longest code
HANG_S = 170.0  # long enough for the alarm (a poll each minute), short enough to end before the power would be cycled
GATE = "kentongan.service"
WORKING = {"LISTRIK": glow.BLIP, "KARTU": glow.BLIP, "SERVER": glow.BLIP, "GANGGUAN": glow.DARK}
DEAF = {"LISTRIK": glow.BLIP, "KARTU": glow.DARK, "SERVER": glow.BLIP, "GANGGUAN": "kedip 2 kali"}
KILLED = {"LISTRIK": glow.STEADY, "KARTU": glow.DARK, "SERVER": glow.DARK, "GANGGUAN": "kedip 1 kali"}
FULL = {"LISTRIK": glow.BLIP, "GANGGUAN": "kedip 6 kali"}
REFUSED = WORKING | {"GANGGUAN": "kedip 8 kali"}
MEMORY = """awk '/^MemTotal/{t=$2} /^MemAvailable/{a=$2} /^MemFree/{f=$2}
END{printf "%d %d %d\\n", t/1024, (t-a)/1024, (t-f)/1024}' /proc/meminfo
for p in /proc/[0-9]*; do
    pss=$(awk '/^Pss:/{print $2}' $p/smaps_rollup 2>/dev/null)
    name=$(tr -c '[:print:]' ' ' <$p/cmdline | cut -c1-60)
    [ -n "$name" ] && [ "${pss:-0}" -gt 0 ] && echo "$pss $name"
done 2>/dev/null | sort -rn"""


# -- the scenarios, in their order ------------------------------------------------------------------------------------


def first_boot(stand: Stand) -> str:
    """A flashed card with one file: an SMS that came before the box was plugged in becomes a ticket at the county."""
    stand.settings()
    stand.card.put("ca.crt", stand.county.tls.ca_file.read_bytes())
    stand.card.put("ssh.pub", stand.board.key)
    stand.root = stand.card.digest()
    early = stand.send()
    stand.board.on()
    stand.say("plugged in; KONFIGURASI.txt is UTF-16 with curly quotes; an SMS waits on the SIM; first boot")
    online_s = stand.online()
    stand.wait("the ticket of the early SMS", lambda: stand.ticket(early))
    ready_s = stand.board.since()
    accepted(stand)
    return (
        f"online {online_s:.0f} s after the plug, the waiting SMS a ticket after {ready_s:.0f} s; DITERIMA, secret gone"
    )


def accepted(stand: Stand) -> None:
    """Read from outside what the box answered on the card."""
    said = stand.card.get("HASIL.txt").decode("utf-8-sig")
    need("DITERIMA" in said, f"HASIL.txt: {said}")
    settings = stand.card.get("KONFIGURASI.txt")
    need(not any(PASSWORD.encode(code) in settings for code in ("ascii", "utf-16-le")), "the secret stayed on the card")
    stand.say("HASIL.txt on the card says DITERIMA; the secret is no longer on the card")


def in_and_out(stand: Stand) -> str:
    """An SMS becomes a ticket, the county's reply an SMS on the citizen's phone."""
    number = stand.send()
    in_s = stand.wait("the ticket", lambda: stand.ticket(number))
    stand.say(f"SMS -> ticket {stand.county.tickets()[stand.ticket(number)]['ticket_number']}")
    ticket = stand.answer(number)
    out_s = stand.wait("the reply", lambda: stand.phones.shown()[stand.answers[ticket]])
    stand.settle()
    stand.say("reply on the citizen's phone, once")
    return f"ticket after {in_s:.1f} s, reply on the phone {out_s:.1f} s after its order"


def hasil(stand: Stand) -> str:
    """HASIL.txt tells by itself how the box is: SIM, operator, signal, and the last ticket number."""
    stand.wait("the timer's first word", lambda: standing(stand))
    first_s = stand.board.since()
    said = standing(stand)
    stand.say(f"HASIL.txt, by the timer: {said}")
    highest = stand.highest()
    if highest not in said:
        stand.say("the timer was earlier than this ticket; its service is started again, as it is a day later")
        stand.board.ssh("systemctl start kentongan-hasil.service")
        said = standing(stand)
        stand.say(f"HASIL.txt: {said}")
    for word in (f"Tiket terakhir {highest}", "kartu ...", "sinyal", "TERHUBUNG"):
        need(word in said, f"no {word!r} in HASIL.txt: {said}")
    return f"first seen {first_s:.0f} s after the plug; last ticket {highest}"


def standing(stand: Stand) -> str:
    """Read from outside how the box said it is; empty while it has not, or is writing."""
    try:
        said = stand.card.get("HASIL.txt").decode("utf-8-sig", "replace")
    except CalledProcessError:
        return ""
    return " / ".join(line.strip() for line in said.partition(f"{STANDING}\r\n")[2].splitlines())


def working(stand: Stand) -> str:
    """While it works, LISTRIK, KARTU and SERVER blink and GANGGUAN is dark."""
    seconds = stand.lamps(WORKING, 120)
    return f"as the lamp table says, seen after {seconds:.0f} s"


def inside(stand: Stand) -> str:
    """Inside: nobody has a password, nothing listens but SSH, the root is read-only, nothing has failed; memory."""
    ssh = stand.board.ssh
    need(ssh("passwd -S root").split()[1] == "L", "root has a password")
    need(not ssh("awk -F: '$2 !~ /^[!*]/ {print $1}' /etc/shadow"), "somebody has a password")
    need("Read-only" in ssh("touch /usr/x 2>&1; true"), "/usr can be written to")
    need("ro," in ssh("findmnt -no OPTIONS /boot/firmware"), "the FAT partition stays writable")
    failed = ssh("systemctl --failed --plain --no-legend")
    need(not failed, f"failed: {failed}")
    heard = ssh("ss -Hltn | awk '{print $4}' | grep -v '127.0.0.5[34]' | sort -u").split()
    need(set(heard) <= {"0.0.0.0:22", "[::]:22"}, f"listens: {heard}")
    need(ssh("timedatectl show -p NTP --value") == "yes", "no NTP")
    size = ssh("df -m --output=size,avail /data | tail -1").split()
    need(int(size[0]) > 300, f"the data partition has not grown: {size}")
    stand.say(f"data partition grown to {size[0]} MB; {ssh('systemd-analyze time | head -1')}")
    stand.say(ssh("systemd-analyze critical-chain kentongan.service --no-pager | sed -n '4,9p'").replace("\n", " / "))
    total, used, taken = ssh(MEMORY).splitlines()[0].split()
    programs = [line.split(maxsplit=1) for line in ssh(MEMORY).splitlines()[1:]]
    for pss, name in programs[:10]:
        stand.say(f"memory {int(pss) / 1024:5.1f} MB  {name}")
    pss_mb = sum(int(pss) for pss, _ in programs) / 1024
    return f"of {total} MB {used} MB in use ({taken} MB with caches); all processes {pss_mb:.0f} MB PSS"


def modem_silent(stand: Stand) -> str:
    """A modem that falls silent is told of by GANGGUAN 2, and taken into service again by itself."""
    stand.phones.hang(HANG_S)
    number = stand.send()
    stand.say(f"the modem hangs for {HANG_S:.0f} s; an SMS waits at the operator")
    dark_s = stand.lamps(DEAF, HANG_S, SHORT_S)
    back_s = stand.wait("the ticket", lambda: stand.ticket(number), SETTLE_S)
    stand.lamps(WORKING, 180)
    return f"GANGGUAN 2 after {dark_s:.0f} s, the SMS a ticket {back_s:.0f} s later, lamps as before"


def bitten(stand: Stand) -> str:
    """A gateway that hangs is ended by systemd within WatchdogSec; its successor goes on."""
    before = stand.board.ssh(f"systemctl show -P NRestarts {GATE}")
    stand.board.ssh(f"kill -STOP $(systemctl show -P MainPID {GATE})")
    began = time.monotonic()
    number = stand.send()
    stand.wait("the bite", lambda: stand.board.ssh(f"systemctl show -P NRestarts {GATE}") != before, 120)
    bite_s = time.monotonic() - began
    stand.wait("the ticket", lambda: stand.ticket(number))
    back_s = time.monotonic() - began
    said = stand.board.ssh(f"journalctl -u {GATE} -o cat --no-pager | grep -i 'watchdog timeout' | tail -1")
    need(said, "nothing in the journal")
    stand.say(f"journal: {said}")
    stand.lamps(WORKING, 240)
    return f"started again {bite_s:.0f} s after kill -STOP; the SMS of that time is a ticket after {back_s:.0f} s"


def killed(stand: Stand) -> str:
    """A gateway that cannot start again is told of by GANGGUAN 1 and at the broker; LISTRIK stays lit."""
    place = f"/run/systemd/system/{GATE}.d"
    write = f"mkdir -p {place} && printf '[Service]\\nRestart=no\\n' >{place}/no.conf && systemctl daemon-reload"
    stand.board.ssh(write)
    stand.board.ssh(f"systemctl kill -s KILL {GATE}")
    began = time.monotonic()
    number = stand.send()
    red_s = stand.lamps(KILLED, 90)
    stand.wait("the alarm at the county", lambda: stand.county.alarm("gateway_not_running"), 60)
    alarm_s = time.monotonic() - began
    stand.board.ssh(f"rm {place}/no.conf && systemctl daemon-reload && systemctl start {GATE}")
    stand.wait("the ticket", lambda: stand.ticket(number))
    stand.lamps(WORKING, 240)
    return (
        f"GANGGUAN 1 {red_s:.0f} s after kill -KILL, alarm seen after {alarm_s:.0f} s; started again: lamps as before"
    )


def full(stand: Stand) -> str:
    """A full data partition is told of by GANGGUAN 6; SMS wait where they are safe, and none is lost."""
    stand.board.ssh(
        "fallocate -l $(df -B1 --output=avail /data | tail -1) /data/full; dd if=/dev/zero bs=64k of=/data/rest || true"
    )
    left = stand.board.ssh("df -k --output=avail /data | tail -1").strip()
    numbers = [stand.send() for _ in range(12)]
    stand.say(f"data partition filled, {left} kB left; twelve SMS come")
    red_s = stand.lamps(FULL, 120, LONG_S)
    time.sleep(20)
    through = sum(bool(stand.ticket(number)) for number in numbers)
    stand.board.ssh("rm -f /data/full /data/rest")
    stand.say(f"room again; {through} of 12 were tickets meanwhile")
    stand.settle()
    stand.lamps(WORKING, 300)
    return f"GANGGUAN 6 after {red_s:.0f} s; {through} of 12 SMS got through meanwhile, all 12 afterwards, each once"


def cut(stand: Stand) -> str:
    """Pull the plug somewhere between the first of three SMS and the answers to them; gives the highest number."""
    numbers = [stand.send() for _ in range(3)]
    at = stand.dice.randrange(4)
    if at:
        stand.wait("a ticket", lambda: stand.ticket(numbers[at - 1]))
        stand.answer(numbers[at - 1])
    pause_s = stand.dice.uniform(0, 4)
    time.sleep(pause_s)
    stand.say(f"power cut with {at} of 3 SMS taken, {pause_s:.1f} s into what follows")
    before = stand.highest()
    stand.cut()
    return before


def whole(stand: Stand, before: str) -> str:
    """Count after a cut: all there, once, numbers rising, the root untouched; gives the next number."""
    more = stand.send()
    stand.settle()
    after = str(stand.county.tickets()[stand.ticket(more)]["ticket_number"])
    need(after > before, f"{after} after {before}")
    need(stand.card.digest() == stand.root, "the root partition was written to")
    return after


def cut_in_traffic(stand: Stand) -> str:
    """Power cut in traffic, another boot: nothing lost, nothing doubled, no number used again."""
    before = cut(stand)
    stand.board.on()
    online_s = stand.online()
    after = whole(stand, before)
    return f"online {online_s:.0f} s after the plug; 0 lost, 0 doubled, next number {after}; the root is as flashed"


def refused(stand: Stand) -> str:
    """A power cut in traffic and a wrong KONFIGURASI.txt: nothing lost, old settings, GANGGUAN 8, HASIL.txt."""
    before = cut(stand)
    stand.settings(zone="WIBB")
    stand.board.on()
    stand.say("plugged in with zona_waktu = WIBB")
    online_s = stand.online()
    stand.lamps(REFUSED, 180, LONG_S)
    said = stand.card.get("HASIL.txt").decode("utf-8-sig")
    need("DITOLAK" in said and "baris 3" in said, f"HASIL.txt: {said}")
    stand.say(f"HASIL.txt: {next(line.strip() for line in said.splitlines() if 'baris 3' in line)}")
    after = whole(stand, before)
    return f"online after {online_s:.0f} s on the old settings, GANGGUAN 8; 0 lost, 0 doubled, next number {after}"


def put_right(stand: Stand) -> str:
    """The file put right is taken over at the next boot, and the red lamp goes out."""
    stand.cut()
    stand.settings()
    stand.board.on()
    online_s = stand.online()
    stand.lamps(WORKING, 180)
    accepted(stand)
    return f"online after {online_s:.0f} s; DITERIMA, lamp dark, secret gone"


def farewell(stand: Stand) -> str:
    """A box that is switched off in order says farewell before its network goes; plugged in again it goes on."""
    life = stand.county.boot()
    began = time.monotonic()
    stand.board.ssh("nohup systemctl poweroff >/dev/null 2>&1 &", check=False)
    wait("the end of the connection", lambda: not stand.county.boot(), TICKET_S, lambda: True)
    end_s = time.monotonic() - began
    said = stand.county.connection()
    told = said["state"], said.get("reason"), said["boot_id"]
    need(told == ("offline", "shutdown", life), f"the broker holds {said}")
    stand.say("the broker holds: offline, shutdown")
    # Off and on again: after a restart in order QEMU's USB has lost its network device.
    stand.boots.add(life)
    stand.board.cut()
    stand.board.on()
    online_s = stand.online()
    took_s = stand.taken()
    return (
        f"farewell {end_s:.1f} s after the order; online {online_s:.0f} s after the plug, SMS to ticket {took_s:.1f} s"
    )


def hardware_watchdog(stand: Stand) -> str:
    """The board's own watchdog, armed by systemd, restarts the machine, and the gateway comes back."""
    wanted = stand.board.ssh(
        "systemd-analyze cat-config systemd/system.conf | sed -n 's/^RuntimeWatchdogSec=//p' | tail -1"
    )
    need(wanted == "14s", f"RuntimeWatchdogSec={wanted}")
    stand.say("systemd gets its RuntimeWatchdogSec=14s, which the boot in emulation was told to leave away")
    stand.boots.add(stand.county.boot())
    began = time.monotonic()
    manager = "org.freedesktop.systemd1 /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager"
    stand.board.ssh(
        f"nohup busctl set-property {manager} RuntimeWatchdogUSec t 14000000 >/dev/null 2>&1 &", check=False
    )
    stand.online()
    back_s = time.monotonic() - began
    took_s = stand.taken()
    return (
        f"online again {back_s:.0f} s after it was armed (the emulated one bites at once); SMS to ticket {took_s:.1f} s"
    )


def flashed_again(stand: Stand) -> str:
    """Re-flashing and the one file are the whole recovery: the same SIM, no ticket number used again."""
    taken_out(stand)
    return another_card(stand)


def sim_alone(stand: Stand) -> str:
    """Flashed anew once more while the broker lost its memory: the SIM alone keeps the numbers from coming again."""
    taken_out(stand)
    stand.county.forget()
    stand.say("the broker was started anew and remembers nothing")
    seen = another_card(stand)
    said = stand.board.console.read_text("utf-8", "replace")
    skipped = [line for line in said.splitlines() if '"numbers_skipped"' in line and '"line": "a"' in line]
    need(skipped, "the SIM's mark was not heard")
    return f"{seen}, by the SIM's mark"


def taken_out(stand: Stand) -> None:
    """Pull the plug when the SIM is empty: what is on it becomes a second ticket, as its first is on the old card."""
    stand.wait("an empty SIM", lambda: not stand.phones.waiting())
    stand.cut()


def another_card(stand: Stand) -> str:
    """Put a newly flashed card with the one file in; gives what its first number was."""
    before, marks = stand.highest(), stand.phones.marked()
    stand.say(f"the highest number is {before}; the SIM's phonebook holds HWM {', '.join(marks) or 'not at all'}")
    need(len(marks) == 1, f"marks on the SIM: {marks}")
    stand.card = Card(stand.image, stand.folder)
    stand.settings()
    stand.card.put("ca.crt", stand.county.tls.ca_file.read_bytes())
    stand.board.insert(stand.card)
    early = stand.send()
    stand.board.on()
    stand.say("a newly flashed card, no key for SSH on it; an SMS waits on the SIM")
    online_s = stand.online()
    stand.wait("the ticket", lambda: stand.ticket(early))
    ready_s = stand.board.since()
    after = str(stand.county.tickets()[stand.ticket(early)]["ticket_number"])
    need(after > before, f"{after} after {before}")
    stand.settle()
    return f"online after {online_s:.0f} s, ticket {after} after {ready_s:.0f} s; the highest before was {before}"


SCENES = (
    first_boot,
    in_and_out,
    hasil,
    working,
    inside,
    modem_silent,
    bitten,
    killed,
    full,
    cut_in_traffic,
    refused,
    put_right,
    farewell,
    hardware_watchdog,
    flashed_again,
    sim_alone,
)
