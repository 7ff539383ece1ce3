"""What the clerk is told by SMS and may ask by SMS: texts and commands. Pure.

Each text is one GSM-7 segment without a run of four digits and without the words operators filter; the tests prove it
with the longest values. Refuses every command that is not read-only or reversible: a sender can be forged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kentongan.at.events import ModemState
from kentongan.daemon import faults
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.status import FaultStatus, LineStatus, Status

MAX_COMMAND = 40  # characters; a longer text is no command
MAX_QUIET_H = 24
WEAK_DBM = -99
UNSPOKEN = (" PIN", "NOMOR ")  # words of titles that operators filter (domain.md 0.2)
SHORT_NAME = 8  # letters of a line's name: two lines fit into one SMS
_QUIET = re.compile(r"MATIKAN BALASAN ([1-9][0-9]?) JAM")


@dataclass(frozen=True, slots=True)
class AskStatus:
    """`STATUS`."""


@dataclass(frozen=True, slots=True)
class AskCredit:
    """`PULSA`."""


@dataclass(frozen=True, slots=True)
class AskQueue:
    """`ANTRIAN`."""


@dataclass(frozen=True, slots=True)
class Silence:
    """`MATIKAN BALASAN <n> JAM`: no automatic answers to citizens for so long; 0 hours end it (`NYALAKAN BALASAN`)."""

    hours: int


ClerkCommand = AskStatus | AskCredit | AskQueue | Silence
PLAIN: Mapping[str, ClerkCommand] = {
    "STATUS": AskStatus(),
    "PULSA": AskCredit(),
    "ANTRIAN": AskQueue(),
    "ANTREAN": AskQueue(),
    "NYALAKAN BALASAN": Silence(0),
}


def read_command(text: str) -> ClerkCommand | None:
    """Read a command, `None` for everything else: the whole message, in any case, spaces and full stops aside."""
    if len(text) > MAX_COMMAND:
        return None
    words = " ".join(text.upper().strip(" .!\n\r\t").split())
    if words in PLAIN:
        return PLAIN[words]
    found = _QUIET.fullmatch(words)
    return Silence(int(found[1])) if found and int(found[1]) <= MAX_QUIET_H else None


# -- texts ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Words:
    """How this gateway names itself to its clerk, and how it writes times."""

    prefix: str
    zone: OfficeZone

    def notice(self, notice: str, worst: FaultStatus, status: Status) -> str:
        """Word one of the notices of domain.md 3.2 about the worst of its faults."""
        return f"GW-{self.prefix}: {self._notice(notice, worst, status)}"

    def _notice(self, notice: str, worst: FaultStatus, status: Status) -> str:
        waiting = grouped(status.store.unacknowledged)
        lasted = minutes((status.steady_ms - worst.since_steady_ms) // 60_000)
        line = next((line for line in status.lines if line.name == worst.line), None)
        match notice:
            case faults.SERVER if worst.cause in {"backend_silent", "no_backend_subscribed"}:
                return (
                    f"aplikasi kabupaten tidak menjawab {lasted}. {waiting} laporan menunggu di alat, SMS warga TETAP "
                    "diterima. Hubungi pengelola aplikasi."
                )
            case faults.SERVER:
                return (
                    f"tdk terhubung ke server {lasted}. {waiting} laporan menunggu di alat, SMS warga TETAP diterima. "
                    "Cek internet/router kantor."
                )
            case faults.CREDIT if worst.cause == "credit_low" and line is not None and line.sends_left is not None:
                return (
                    f"pulsa hampir habis, cukup utk {line.sends_left} SMS lagi. Isi pulsa hari ini supaya balasan ke "
                    "warga tidak berhenti."
                )
            case faults.CREDIT:
                return (
                    f"kartu jalur {worst.line} TIDAK BISA KIRIM SMS (pulsa habis atau masa tenggang). SMS warga tetap "
                    "diterima. Isi pulsa hari ini."
                )
            case faults.VALIDITY:
                days = max(0, (line.valid_until_ms - status.at_ms) // 86_400_000) if line is not None else 0
                return (
                    f"masa aktif kartu habis {days} hari lagi. Isi ulang sekarang, kalau lewat masa tenggang kartu "
                    "hangus."
                )
            case _:
                row = faults.of(worst.cause)
                return (
                    f"SMS GATEWAY TIDAK DAPAT BERJALAN: {_spoken(row.title)}. Lampu merah kedip {row.code} kali. "
                    "Lihat kartu di alat, panggil teknisi."
                )

    def over(self, notice: str, status: Status) -> str:
        """Say that what a notice was about is over."""
        what = {
            faults.SERVER: "server tersambung lagi, laporan yang menunggu sedang dikirim",
            faults.CREDIT: "kartu bisa kirim SMS lagi",
            faults.VALIDITY: "masa aktif kartu cukup lagi",
        }.get(notice, "SMS gateway berjalan lagi")
        return f"GW-{self.prefix}: PULIH {self.hour(status.at_ms)}. {what.capitalize()}."

    def blackout(self, from_ms: int, until_ms: int, received: int) -> str:
        """Tell of a blackout after it; 0 where a time is not known."""
        span = f" {self.hour(from_ms)}-{self.hour(until_ms)}" if from_ms and until_ms else ""
        came = f"{grouped(received)} SMS tertunda sudah masuk" if received else "Tidak ada SMS tertunda"
        return f"GW-{self.prefix}: listrik padam{span}, alat hidup lagi. {came}. Tidak ada yang hilang."

    def hour(self, wall_ms: int) -> str:
        """Write hours and minutes in the office's zone."""
        minute = self.zone.minute_of_day(wall_ms)
        return f"{minute // 60:02}:{minute % 60:02}"

    def day(self, wall_ms: int) -> str:
        """Write a day without a run of four digits, such as `14-02-27`."""
        shown = self.zone.clock(wall_ms)
        return f"{shown[:6]}{shown[8:10]}"

    # -- answers -------------------------------------------------------------------------------------------------------

    def state(self, status: Status) -> str:
        """Answer `STATUS`."""
        store = status.store
        lit = [fault for fault in status.faults if faults.of(fault.cause).lights]
        figures = f"Masuk {grouped(store.received)}, laporan {grouped(store.tickets)}, keluar {grouped(store.sent)}."
        if lit:
            worst = lit[0]
            row = faults.of(worst.cause)
            more = f" (+{len(lit) - 1} lagi)" if len(lit) > 1 else ""
            return (
                f"GW-{self.prefix}: GANGGUAN {row.code} {_spoken(row.title)}{more} sejak {self.day(worst.since_ms)} "
                f"{self.hour(worst.since_ms)}. {figures}"
            )
        link = "server terhubung" if status.link.state == "online" else "server terputus"
        return f"GW-{self.prefix}: BAIK. {_signal(status.lines)}, {link}. {figures}"

    def credit(self, status: Status) -> str:
        """Answer `PULSA`."""
        known = [_credit(line, self) for line in status.lines if line.balance_rp is not None or line.valid_until_ms]
        return f"GW-{self.prefix}: pulsa {'; '.join(known[:2]) or 'belum diketahui, operator belum menjawab'}."

    def queue(self, status: Status) -> str:
        """Answer `ANTRIAN`."""
        store = status.store
        oldest = f" (tertua {minutes(store.oldest_unacknowledged_s // 60)})" if store.unacknowledged else ""
        return (
            f"GW-{self.prefix}: {grouped(store.unacknowledged)} laporan belum diakui server{oldest}, "
            f"{grouped(store.queued)} SMS menunggu kirim, {grouped(store.uncertain)} ragu, "
            f"{grouped(store.failed)} gagal."
        )

    def silenced(self, hours: int, until_ms: int) -> str:
        """Answer `MATIKAN BALASAN` and `NYALAKAN BALASAN`."""
        if not hours:
            return f"GW-{self.prefix}: balasan otomatis menyala lagi."
        return (
            f"GW-{self.prefix}: balasan otomatis mati {hours} jam, sampai {self.hour(until_ms)}. Laporan warga tetap "
            "diterima. NYALAKAN BALASAN utk membatalkan."
        )


def _spoken(title: str) -> str:
    for word in UNSPOKEN:
        title = title.replace(word, "")
    return title


def _credit(line: LineStatus, words: Words) -> str:
    balance = "?" if line.balance_rp is None else f"Rp {grouped(line.balance_rp)}"
    left = "" if line.sends_left is None else f" (cukup {grouped(line.sends_left)} SMS)"
    until = f", aktif s/d {words.day(line.valid_until_ms)}" if line.valid_until_ms else ""
    return f"jalur {line.name[:SHORT_NAME]} {balance}{left}{until}"


def _signal(lines: tuple[LineStatus, ...]) -> str:
    ready = [line for line in lines if line.state == ModemState.READY]
    if not ready:
        return "Modem belum siap"
    weak = all(line.signal_dbm is not None and line.signal_dbm < WEAK_DBM for line in ready)
    return f"Modem siap, sinyal {'lemah' if weak else 'baik'}"


def grouped(number: int) -> str:
    """Write a number with a point after each three digits, as Indonesia does: operators filter longer runs."""
    return f"{number:,}".replace(",", ".")


def minutes(count: int) -> str:
    """Write a duration in minutes, hours or days."""
    if count < 120:
        return f"{count} mnt"
    return f"{count // 60} jam" if count < 2_880 else f"{grouped(count // 1_440)} hari"
