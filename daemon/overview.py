"""The status as a technician reads it: Indonesian, plain ASCII, 80 columns, no phone number, no text. Pure."""

from collections.abc import Iterable, Mapping

from kentongan.at.events import ModemState
from kentongan.daemon import faults
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.status import FaultStatus, LineStatus, LinkStatus, Status, StoreStatus, clock_source
from kentongan.mqtt.events import DownCause

WIDTH = 80
WEAK_DBM, FAIR_DBM = -99, -85
STATES: Mapping[str, str] = {
    ModemState.CLOSED: "tidak ada modem",
    ModemState.PROBING: "modem dicari",
    ModemState.INITIALISING: "modem disiapkan",
    ModemState.SIM_ABSENT: "kartu SIM tidak ada",
    ModemState.SIM_LOCKED: "kartu SIM terkunci",
    ModemState.SEARCHING: "mencari jaringan",
    ModemState.READY: "siap",
    ModemState.DOWN: "modem tidak menjawab",
}
CAUSES: Mapping[str, str] = {
    "": "belum dicoba",
    DownCause.STOPPED: "dihentikan",
    DownCause.DNS: "nama server tidak ditemukan",
    DownCause.REFUSED: "sambungan ditolak",
    DownCause.TIMEOUT: "server tidak menjawab",
    DownCause.UNREACHABLE: "jaringan tidak sampai ke server",
    DownCause.TLS_UNTRUSTED: "sertifikat server tidak dikenal",
    DownCause.TLS_EXPIRED: "sertifikat server kedaluwarsa",
    DownCause.TLS_NOT_YET_VALID: "sertifikat server belum berlaku, cek jam alat",
    DownCause.TLS_HOSTNAME: "sertifikat untuk server lain",
    DownCause.TLS_FAILED: "sambungan aman gagal",
    DownCause.CREDENTIALS: "nama atau sandi salah",
    DownCause.NOT_AUTHORIZED: "tidak diizinkan server",
    DownCause.TAKEN_OVER: "ada alat lain dengan nama yang sama",
    DownCause.PROTOCOL: "server bicara protokol lain",
    DownCause.LOST: "sambungan terputus",
    DownCause.PUBACK_TIMEOUT: "server tidak mengakui kiriman",
}


SAGGING = frozenset({"power_undervoltage", "power_undervoltage_stop"})
CLOCK_SOURCES: Mapping[str, str] = {
    "ntp": "sumber NTP",
    "rtc": "sumber keping RTC, belum dicek NTP",
    "gsm": "sumber jaringan operator, belum dicek NTP",
    "none": "BELUM DISETEL, waktu bisa keliru",
}


def overview(status: Status, office: str, broker: str, zone: OfficeZone) -> list[str]:
    """Lay the whole status out; `office` and `broker` come from the configuration."""
    uptime = duration((status.at_ms - status.started_ms) // 1000)
    source = CLOCK_SOURCES[clock_source(status)]
    lines = [
        f"{status.gateway_id}  {office}  versi {status.version}  hidup {uptime}",
        f"Waktu   {zone.clock(status.at_ms)}  {source}",
        f"Alat    {_power(status)}{_host(status)}",
        *(row for line in status.lines for row in _line(line, zone)),
        f"Server  {broker} {_link(status.link, status.store)}",
        *_store(status.store),
    ]
    return [line[:WIDTH] for line in lines]


def faults_of(standing: Iterable[FaultStatus], zone: OfficeZone) -> list[str]:
    """Say what is wrong and what to do, the worst first."""
    lines = [line for fault in standing for line in _fault(fault, zone)]
    return lines or ["GANGGUAN: tidak ada"]


def lamps_of(words: Iterable[str]) -> list[str]:
    """Say what each lamp does."""
    labels = ("LISTRIK", "KARTU", "SERVER", "GANGGUAN")
    return [
        f"Lampu {number} {label:<9} {word}" for number, (label, word) in enumerate(zip(labels, words, strict=True), 1)
    ]


def duration(seconds: int) -> str:
    """Write a duration as `3h 12j 05m` (days, hours, minutes), or in seconds below a minute."""
    if seconds < 60:
        return f"{max(0, seconds)} detik"
    minutes, hours, days = seconds // 60 % 60, seconds // 3600 % 24, seconds // 86_400
    return f"{f'{days}h ' if days else ''}{f'{hours}j ' if days or hours else ''}{minutes:02}m"


def _fault(fault: FaultStatus, zone: OfficeZone) -> list[str]:
    row = faults.of(fault.cause)
    where = f" (jalur {fault.line})" if fault.line else ""
    first, second, third = row.todo
    lines = [
        f"KODE {row.code}  {row.title}{where}   sejak {zone.clock(fault.since_ms)}",
        f"  Artinya : {row.means}",
        f"  Lakukan : 1) {first}",
        f"            2) {second}",
        f"            3) {third}",
    ]
    return [line[:WIDTH] for line in lines]


def _host(status: Status) -> str:
    host = status.host
    heat = "" if host.temperature_c is None else f"  suhu {host.temperature_c:.0f} C"
    disk = "" if host.disk_free_mb is None else f"  ruang bebas {host.disk_free_mb} MB"
    return f"{heat}{disk}"


def _power(status: Status) -> str:
    """Say how the supply is: the Pi's own word, unless it has none or a modem complains."""
    if status.host.undervoltage:
        return "daya KURANG"
    if any(fault.cause in SAGGING for fault in status.faults):
        return "daya KURANG kata modem"
    return "daya tidak terukur" if status.host.undervoltage is None else "daya baik"


def _line(line: LineStatus, zone: OfficeZone) -> list[str]:
    state = STATES.get(line.state, line.state).upper()
    name = f"Jalur {line.name}".ljust(7)
    if line.state != ModemState.READY:
        return [f"{name} {line.model} {state}".replace("  ", " ")]
    card = f"kartu ...{line.sim}  " if line.sim else ""
    memory = f"memori {line.slots_used}/{line.slots_total}"
    return [
        f"{name} {line.model}  {line.operator}  {_signal(line.signal_dbm)}  {state}  reset {line.restarts}",
        f"        {card}{memory}{_credit(line, zone)}",
        *([f"        {_paused(line.paused)}"] if line.paused else []),
    ]


def _credit(line: LineStatus, zone: OfficeZone) -> str:
    """Say what the operator told of the prepaid credit."""
    balance = "" if line.balance_rp is None else f"  pulsa Rp {line.balance_rp:,}".replace(",", ".")
    until = f"  aktif s/d {zone.clock(line.valid_until_ms - 1)[:10]}" if line.valid_until_ms else ""
    return balance + until


def _signal(dbm: int | None) -> str:
    if dbm is None:
        return "sinyal ?"
    word = "lemah" if dbm < WEAK_DBM else "cukup" if dbm < FAIR_DBM else "baik"
    return f"sinyal {dbm} dBm ({word})"


def _paused(cause: str) -> str:
    return f"TIDAK BISA KIRIM: {faults.TABLE[cause if cause in faults.TABLE else 'cannot_send'].means}"


def _link(link: LinkStatus, store: StoreStatus) -> str:
    if link.state != "online":
        return f"TERPUTUS: {CAUSES.get(link.cause, link.cause)}"
    oldest = duration(store.oldest_unacknowledged_s) if store.unacknowledged else "-"
    return f"TERHUBUNG  antrian {store.spool}  belum diakui {store.unacknowledged}  tertua {oldest}"


def _store(store: StoreStatus) -> list[str]:
    if store.state != "ok":
        return [f"SMS     PENYIMPANAN TIDAK BISA DIPAKAI: {store.detail}"]
    done = f"SMS     masuk {store.received}  laporan {store.tickets}  keluar {store.sent}"
    left = f"antri {store.queued}  ragu {store.uncertain}  gagal {store.failed}  karantina {store.quarantined}"
    whole = f"{done}  {left}"
    return [whole] if len(whole) <= WIDTH else [done, f"        {left}"]
