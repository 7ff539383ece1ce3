"""The scripted story of `make demo ONCE=1`: one day of a gateway in two minutes, every step observed from outside."""

from typing import Protocol

from kentongan.daemon.demo.matches import lamps, message, running, sms, waiting
from kentongan.daemon.demo.player import Player

COMPLAINT = "Ass. wr. wb. Jalan poros Sabbang rusak parah, banyak lubang. Mohon diperbaiki."
LONG = (
    "Pak Bupati, jembatan gantung di Desa Salu Makarra putus sejak tadi malam 🌉. Anak sekolah harus memutar 7 km "
    "lewat jalan hutan, dan ibu hamil tidak bisa ke Puskesmas. Kami mohon perahu sementara dari BPBD. Terima kasih 🙏"
)
REPLY = "Laporan Anda sudah diteruskan ke Dinas PU. Petugas meninjau lokasi besok pagi."
WHILE_AWAY = "Lampu jalan depan pasar Sabbang mati tiga malam, rawan kecelakaan."
WITHOUT_BROKER = "Sampah di TPS Baebunta belum diangkut seminggu, bau sekali."
ALARM = "status/alarm/gateway_not_running"
NOT_RUNNING = "SMS Gateway tidak dapat berjalan"
RECOVERY_S = 120.0  # a modem needs half a minute to find its network again, after the ladder's own waits


class Stage(Protocol):
    """What the story does to the world around the gateway."""

    citizens: tuple[str, ...]

    def sms(self, sender: str, text: str) -> None:
        """Let a citizen send an SMS."""

    def reply(self, ticket_id: str, text: str) -> None:
        """Let the county answer a ticket."""

    def pull_modem(self) -> None:
        """Pull the modem out."""

    def plug_modem(self) -> None:
        """Put the modem back."""

    def pull_sim(self) -> None:
        """Take the SIM out."""

    def insert_sim(self) -> None:
        """Put the SIM back."""

    def kill_broker(self) -> None:
        """End the broker with SIGKILL."""

    def start_broker(self) -> None:
        """Start the broker again."""

    def slots_used(self) -> int:
        """Count the messages on the SIM."""

    def switch_off(self) -> int:
        """Stop the gateway as systemd does; returns its exit code."""


def play(player: Player, stage: Stage) -> None:
    """Play it all; raises StoryFailed at the first thing that does not happen."""
    begin(player)
    complaint(player, stage)
    long_message(player, stage)
    modem_pulled(player, stage)
    sim_pulled(player, stage)
    broker_killed(player, stage)
    switched_off(player, stage)


def begin(player: Player) -> None:
    """Switch the gateway on."""
    player.scene("Alat dinyalakan", "the box is switched on: gateway, watcher, virtual modem, broker, county's system")
    player.expect("gateway menyatakan diri hidup di broker", message("status/connection", state="online"))
    player.expect("modem siap dan broker tersambung", running(), within_s=RECOVERY_S)
    player.expect("tidak ada gangguan: lampu merah padam", lamps(), within_s=RECOVERY_S)


def complaint(player: Player, stage: Stage) -> None:
    """Do the main job, there and back."""
    citizen = stage.citizens[0]
    player.scene("Warga mengirim aduan", "a citizen's SMS becomes a ticket, the county's reply becomes an SMS")
    player.act(f"{citizen} mengirim SMS")
    stage.sms(citizen, COMPLAINT)
    ticket = player.expect("tiket terbit di broker, huruf demi huruf", message("event/ticket", text=COMPLAINT))
    number, ticket_id = ticket["ticket_number"], ticket["ticket_id"]
    player.expect(
        "sistem kabupaten menyimpan dan mengakui tiket itu",
        message("command/ticket_ack", ticket_id=ticket_id, status="accepted"),
    )
    player.expect(f"warga menerima SMS dengan nomor tiket {number}", sms(citizen, number))
    player.check("SMS itu sudah dihapus dari kartu SIM: aman di dua tempat lain", lambda: stage.slots_used() == 0)
    player.act("kabupaten membalas tiket itu")
    stage.reply(ticket_id, REPLY)
    command = player.expect("perintah balasan di broker", message("command/reply", ticket_id=ticket_id))
    player.expect(
        "gateway menerima perintah itu",
        message("event/response", command_id=command["command_id"], status="accepted"),
    )
    player.expect("SMS balasan keluar ke warga, huruf demi huruf", sms(citizen, REPLY))
    player.expect(
        "kabupaten tahu balasannya sudah sampai",
        message("event/reply", command_id=command["command_id"], status="delivered", final=True),
    )


def long_message(player: Player, stage: Stage) -> None:
    """Send a long SMS with characters that no GSM alphabet has."""
    citizen = stage.citizens[1]
    player.scene("SMS panjang dengan emoji", "several parts, UCS-2: joined, and published once")
    player.act(f"{citizen} mengirim SMS panjang")
    stage.sms(citizen, LONG)
    ticket = player.expect("satu tiket utuh, huruf demi huruf", message("event/ticket", text=LONG))
    player.expect("diakui kabupaten", message("command/ticket_ack", ticket_id=ticket["ticket_id"]))
    player.expect("warga menerima nomor tiketnya", sms(citizen, ticket["ticket_number"]))


def modem_pulled(player: Player, stage: Stage) -> None:
    """Pull the modem: alarm, lamp 2, and back."""
    citizen = stage.citizens[2]
    player.scene("Modem dicabut", "the alarm comes with its cause, and goes when the modem is back")
    player.act("modem dicabut dari alat")
    stage.pull_modem()
    player.expect(f"alarm di broker: {NOT_RUNNING}", message(ALARM, state="active", cause="modem_not_responding"))
    player.expect("lampu merah berkedip kode 2", lamps(2))
    player.act("sementara itu seorang warga mengirim SMS; lalu modem dipasang lagi")
    stage.sms(citizen, WHILE_AWAY)
    stage.plug_modem()
    player.expect("alarm dicabut", message(ALARM, state="cleared"), within_s=RECOVERY_S)
    player.expect("lampu merah padam", lamps(), within_s=RECOVERY_S)
    ticket = player.expect("SMS yang menunggu di jaringan menjadi tiket", message("event/ticket", text=WHILE_AWAY))
    player.expect("diakui kabupaten", message("command/ticket_ack", ticket_id=ticket["ticket_id"]))


def sim_pulled(player: Player, stage: Stage) -> None:
    """Pull the SIM: alarm, lamp 3, and back."""
    player.scene("Kartu SIM dicabut", "another cause, another code: the lamp tells the technician where to look")
    player.act("kartu SIM dikeluarkan")
    stage.pull_sim()
    player.expect(f"alarm di broker: {NOT_RUNNING}", message(ALARM, state="active", cause="sim_missing"))
    player.expect("lampu merah berkedip kode 3", lamps(3))
    player.act("kartu SIM dipasang lagi")
    stage.insert_sim()
    player.expect("alarm dicabut", message(ALARM, state="cleared"), within_s=RECOVERY_S)
    player.expect("lampu merah padam", lamps(), within_s=RECOVERY_S)


def broker_killed(player: Player, stage: Stage) -> None:
    """Kill the broker: tickets are kept, and delivered afterwards."""
    citizen = stage.citizens[3]
    player.scene("Broker mati mendadak", "the county's broker is killed: nothing is lost, tickets wait in the box")
    player.act("broker dihentikan paksa (kill -9)")
    stage.kill_broker()
    player.expect("lampu merah berkedip kode 7", lamps(7))
    player.act(f"{citizen} mengirim SMS")
    stage.sms(citizen, WITHOUT_BROKER)
    player.expect("tiket tersimpan di alat, menunggu", waiting(1))
    player.expect("warga tetap menerima SMS jawaban", sms(citizen, "LU2-"))
    player.never("tiket belum terlihat di broker", message("event/ticket"))
    player.act("broker dinyalakan lagi")
    stage.start_broker()
    ticket = player.expect("tiket terkirim", message("event/ticket", text=WITHOUT_BROKER), within_s=RECOVERY_S)
    player.expect("diakui kabupaten", message("command/ticket_ack", ticket_id=ticket["ticket_id"]))
    player.expect("tidak ada lagi yang menunggu", waiting(0))
    player.expect("lampu merah padam", lamps(), within_s=RECOVERY_S)


def switched_off(player: Player, stage: Stage) -> None:
    """Stop the gateway in order."""
    player.scene("Alat dimatikan dengan rapi", "a clean stop says goodbye at the broker; nothing is left on the SIM")
    player.check("kartu SIM kosong", lambda: stage.slots_used() == 0)
    player.act("gateway dihentikan seperti oleh systemd (SIGTERM)")
    code = stage.switch_off()
    player.expect("gateway berpamitan di broker", message("status/connection", state="offline"))
    player.check("kode keluar 0", lambda: code == 0, within_s=0)
