"""What the technician's console prints: answers of the gateway in, lines of plain ASCII out, 80 columns. Pure.

Never a text of a citizen and never a whole number; what comes from outside is made printable first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from kentongan.at.events import ModemState
from kentongan.daemon import faults, overview
from kentongan.daemon.certificates import AUTHORITY, OURS, SERVER
from kentongan.daemon.clerk import grouped
from kentongan.daemon.clock import ZONES_MIN, OfficeZone
from kentongan.daemon.status import LineStatus, LinkStatus, Status, clock_source

WIDTH, CSV_WIDTH = 80, 200
REGISTRATIONS = {
    0: "tidak mencari",
    1: "terdaftar",
    2: "mencari",
    3: "DITOLAK",
    4: "tidak diketahui",
    5: "terdaftar (roaming)",
}
WHOSE = {SERVER: "server", AUTHORITY: "CA kabupaten", OURS: "alat ini"}
# answers.Template, by what a citizen had written
TEXTS = {
    "ACK": "laporan",
    "DEGRADED": "laporan saat server mati",
    "APPEND": "tambahan",
    "NO_NEWS": "BERHENTI",
    "NO_SMS": "BERHENTI SEMUA",
    "NEWS": "MULAI",
}
RUNGS = {
    "resync": "cari langkah",
    "reinit": "siapkan ulang",
    "reopen": "buka ulang port",
    "soft_restart": "restart modem",
    "power_cycle": "putus listrik modem",
    "alarm": "alarm, coba terus",
}
Row = Mapping[str, object]


def fit(lines: Iterable[str], width: int = WIDTH) -> tuple[str, ...]:
    """Make lines harmless: ASCII, printable, within the width."""
    plain = (line.encode("ascii", "replace").decode() for line in lines)
    return tuple("".join(c if c.isprintable() else "?" for c in line)[:width] for line in plain)


def number(row: Row, name: str) -> int:
    """Take a number out of an answer, 0 when it is not there."""
    value = row.get(name)
    return value if isinstance(value, int) else 0


def rows_of(answer: object) -> list[Row]:
    """Take the rows out of an answer."""
    return [row for row in answer if isinstance(row, dict)] if isinstance(answer, list) else []


# -- the box ----------------------------------------------------------------------------------------------------------


def status(document: Status, office: str, broker: str, zone: OfficeZone) -> list[str]:
    """Show everything at one look."""
    lines = overview.overview(document, office, broker, zone)
    lines += [row for line in document.lines for row in (*_probes(line, zone), *_texts(line, zone))]
    if not document.faults:
        return [*lines, "GANGGUAN: tidak ada"]
    found = [
        f"GANGGUAN {fault.code}: {faults.of(fault.cause).title}{f' (jalur {fault.line})' if fault.line else ''}"
        for fault in document.faults
    ]
    return [*lines, *found, "Ketik  gangguan  untuk langkah perbaikan."]


def _probes(line: LineStatus, zone: OfficeZone) -> list[str]:
    if line.probes_failed:
        return [f"Uji     SMS mandiri GAGAL {line.probes_failed}x"]
    return [f"Uji     SMS mandiri OK {zone.clock(line.probe_ok_ms)}"] if line.probe_ok_ms else []


def _texts(line: LineStatus, zone: OfficeZone) -> list[str]:
    """Tell how far the canary is; a text that does not come back is waited for ten minutes, and tried once more."""
    names = ", ".join(TEXTS.get(name, name) for name in line.texts_filtered)
    lost = f"Uji     teks otomatis TIDAK SAMPAI: {names}"
    if line.texts_left:
        done = line.texts_of - line.texts_left
        way = "menunggu SMS mandiri kembali" if line.texts_held else "tiap teks ditunggu paling lama 10 menit"
        return [
            f"Uji     teks otomatis {done} dari {line.texts_of} selesai, {way}",
            *([lost] if line.texts_filtered else []),
        ]
    if line.texts_filtered:
        return [lost]
    return [f"Uji     teks otomatis OK {zone.clock(line.texts_ms)}, semua kembali"] if line.texts_ms else []


def credit(document: Status, zone: OfficeZone) -> list[str]:
    """Show what the operators said of credit and validity."""
    lines = []
    for line in document.lines:
        if line.balance_rp is None and not line.valid_until_ms:
            lines.append(f"Jalur {line.name}: belum diketahui. Ketik  uji pulsa  untuk bertanya.")
            continue
        balance = "?" if line.balance_rp is None else f"Rp {grouped(line.balance_rp)}"
        left = "" if line.sends_left is None else f", cukup untuk {grouped(line.sends_left)} SMS"
        lines.append(f"Jalur {line.name}: pulsa {balance}{left} ({zone.clock(line.balance_ms)})")
        if line.valid_until_ms:
            lines.append(f"         aktif sampai {zone.clock(line.valid_until_ms - 1)[:10]}")
        if line.draining:
            lines.append("         PULSA BERKURANG LEBIH CEPAT DARI SMS YANG DIKIRIM")
    return lines


def modem(document: Status, zone: OfficeZone) -> list[str]:
    """Show what each modem said last."""
    lines = []
    for line in document.lines:
        state = overview.STATES.get(line.state, line.state)
        signal = "?" if line.signal_dbm is None else f"{line.signal_dbm} dBm"
        registration = f"CREG {line.registration} ({REGISTRATIONS.get(line.registration, '?')})"
        lines += [
            f"Jalur {line.name}: {line.model or 'modem tidak dikenal'} ({line.dialect or '-'})  {state}",
            f"  jawaban terakhir {zone.clock(line.last_ok_ms) if line.last_ok_ms else '-'}  restart {line.restarts}x",
            f"  {registration}  operator {line.operator or '-'}  sinyal {signal}",
            f"  memori SIM {line.slots_used}/{line.slots_total}  kartu ...{line.sim or '-'}",
        ]
        if line.calls:
            lines.append(f"  telepon masuk ditolak {line.calls}x")
        if line.supply:
            lines.append(f"  keluhan terakhir: {line.supply}")
        if line.rung:
            lines.append(f"  pemulihan: {RUNGS.get(line.rung, line.rung)}")
        if line.state != ModemState.READY and line.why:
            lines.append(f"  sebab: {line.why}")
    return lines


def network(document: Status) -> list[str]:
    """Show the way to operator and server."""
    lines = [
        f"Jalur {line.name}: {REGISTRATIONS.get(line.registration, '?')}  {line.operator or '-'}"
        f"  {'?' if line.signal_dbm is None else f'{line.signal_dbm} dBm'}"
        for line in document.lines
    ]
    return [*lines, *_certificate(document.link), *server(document)]


def server(document: Status) -> list[str]:
    """Show the link to the server; why it is down once more in the words of the system, for whoever looks after it."""
    link = document.link
    state = "TERHUBUNG" if link.state == "online" else f"TERPUTUS: {overview.CAUSES.get(link.cause, link.cause)}"
    shown = f"Server: {state}  MQTT {link.protocol or '-'}  sambung ulang {link.reconnects}x"
    return [shown, *([f"        kata sistem: {link.detail}"] if link.detail else [])]


def _certificate(link: LinkStatus) -> list[str]:
    """Name the certificate that ends first, in days of UTC."""
    if not link.certificate_until_ms:
        return []
    until = datetime.fromtimestamp(link.certificate_until_ms / 1000, UTC)
    return [f"Sertifikat {WHOSE.get(link.certificate_of, '?')}: berlaku sampai {until:%d-%m-%Y}"]


def clock(document: Status, zone: OfficeZone) -> list[str]:
    """Show the time and how far it can be trusted."""
    source = overview.CLOCK_SOURCES[clock_source(document)]
    return [zone.clock(document.at_ms), source, *_apart(document), f"hidup sejak {zone.clock(document.started_ms)}"]


def _apart(document: Status) -> list[str]:
    """Show how far the operators' clocks are from ours."""
    told = ((line.name, line.clock_off_s) for line in document.lines)
    return [f"jalur {name}: jam operator {off_s:+d} detik" for name, off_s in told if off_s is not None]


# -- messages ---------------------------------------------------------------------------------------------------------


def queue(document: Status, waiting: Iterable[Row], zone: OfficeZone) -> list[str]:
    """Show what waits."""
    store = document.store
    oldest = f", tertua {overview.duration(store.oldest_unacknowledged_s)}" if store.unacknowledged else ""
    lines = [
        f"Belum diakui server: {store.unacknowledged} laporan{oldest}",
        f"Menunggu kirim: {store.queued} SMS   ragu: {store.uncertain}   gagal: {store.failed}",
    ]
    for row in waiting:
        if row.get("state") in {"queued", "sending"}:
            when = zone.clock(number(row, "accepted_ms"))
            lines.append(f"  {row.get('message_id')}  {when}  {row.get('recipient')}  {row.get('priority')}")
    return lines


def tickets(rows: Iterable[Row], zone: OfficeZone) -> list[str]:
    """List tickets without their words."""
    lines = [
        f"{row.get('number')}  {zone.clock(number(row, 'received_ms'))}  {row.get('sender')}  {_state(row)}"
        for row in rows
    ]
    return lines or ["belum ada laporan"]


def ticket(row: Row, zone: OfficeZone) -> list[str]:
    """Show the course of one ticket."""
    smsc = number(row, "smsc_ms")
    late_s = (number(row, "received_ms") - smsc) // 1000 if smsc else 0
    lines = [
        f"{row.get('number')}  jalur {row.get('line')}  dari {row.get('sender')}  {row.get('characters')} huruf",
        f"  dikirim warga   {zone.clock(smsc) if smsc else '?'}",
        f"  tiba di alat    {zone.clock(number(row, 'received_ms'))}{_late(late_s)}",
        f"  bagian {row.get('parts')}  revisi {row.get('revision')}  ditawarkan {row.get('attempt')}x",
        f"  keadaan {_state(row)}  nomor di server {row.get('backend_ticket') or '-'}",
    ]
    return lines if row.get("synced") else [*lines, "  jam alat waktu itu belum disetel"]


def _late(seconds: int) -> str:
    return f"  (tertahan {overview.duration(seconds)} di operator)" if seconds >= 60 else ""


# -- what was ---------------------------------------------------------------------------------------------------------


def journal(rows: Iterable[Row], zone: OfficeZone) -> list[str]:
    """Show the last decisions."""
    lines = [f"{zone.clock(number(row, 'at_ms'))[11:19]} {row.get('text')}" for row in rows]
    return lines or ["belum ada catatan"]


def history(incidents: Iterable[Row], rungs: Iterable[Row], zone: OfficeZone) -> list[str]:
    """Show the last troubles and what repaired them."""
    return [*([_trouble(row, zone) for row in incidents] or ["belum pernah ada gangguan"]), *repairs(rungs)]


def repairs(rungs: Iterable[Row]) -> list[str]:
    """Show how often each step of recovery was taken, and how often the line served after it."""
    lines = [
        f"  jalur {row.get('line')}  {RUNGS.get(str(row.get('rung')), str(row.get('rung'))):<20}"
        f" {row.get('climbed')}x, berhasil {row.get('succeeded')}x"
        for row in rungs
    ]
    return ["Pemulihan modem:", *lines] if lines else []


def _trouble(row: Row, zone: OfficeZone) -> str:
    cause = str(row.get("cause"))
    title = faults.TABLE[cause].title if cause in faults.TABLE else BEYOND.get(cause, cause)
    code = faults.TABLE[cause].code if cause in faults.TABLE else "-"
    lasted = overview.duration(number(row, "lasted_s"))
    end = "MASIH" if row.get("ended_ms") is None else "selama"
    return f"{zone.clock(number(row, 'began_ms'))[:16]}  {code} {title[:32]:<32} {end} {lasted}"


BEYOND = {"blackout": "LISTRIK PADAM"}  # what is in the book without being a row of the table


def report(period: str, answer: Row, outages: Sequence[Row]) -> list[str]:
    """Sum a month up."""
    figures = answer.get("figures")
    counts = {str(name): value for name, value in figures.items()} if isinstance(figures, dict) else {}
    named = sorted((counted(name), int(value)) for name, value in counts.items())
    lines = [f"LAPORAN {period}", *(f"  {words[:40]:<40} {grouped(value):>8}" for words, value in named)]
    if not counts:
        lines.append("  tidak ada angka untuk bulan ini")
    for name, words in (("waits_ms", "diakui server setelah"), ("held_ms", "tertahan di operator")):
        spread = answer.get(name)
        if isinstance(spread, list) and len(spread) == 3:
            least, middle, most = (overview.duration(int(wait) // 1000) for wait in spread)
            lines.append(f"  {words}: tercepat {least}, tengah {middle}, terlama {most}")
    down: dict[str, int] = {}
    for row in outages:
        down[str(row.get("cause"))] = down.get(str(row.get("cause")), 0) + number(row, "lasted_s")
    return lines + [f"  gangguan {cause:<31} {overview.duration(total):>12}" for cause, total in sorted(down.items())]


# The words of a report's figures: the first level, then what it counts.
FIGURES = {
    "tickets": "laporan",
    "category": "laporan tentang",
    "kind": "jenis",
    "language": "bahasa",
    "sms_out": "SMS keluar",
    "quarantine": "disisihkan",
    "sla": "standar waktu",
    "sent": "terkirim",
    "delivered": "sampai",
    "queued": "menunggu",
    "sending": "sedang dikirim",
    "failed": "gagal",
    "undelivered": "tidak sampai",
    "uncertain": "ragu",
    "expired": "kedaluwarsa",
    "cancelled": "dibatalkan",
    "complaint": "pengaduan",
}
STATES = {
    "pending": "menunggu server",
    "offered": "ditawarkan",
    "accepted": "diterima server",
    "refused": "ditolak server",
    "erased": "isi dihapus",
}


def counted(name: str) -> str:
    """Word the name of a figure; what has no word yet stays as it is."""
    return " ".join(FIGURES.get(level, level) for level in name.split("."))


def _state(row: Row) -> str:
    state = str(row.get("state"))
    return STATES.get(state, state)


CSV_HEAD = "urut;nomor;tanggal;jam;jalur;pengirim;bagian;jenis;keadaan;nomor_server"


def csv_row(row: Row, zone: OfficeZone) -> str:
    """Write a ticket for a spreadsheet, without its words and its whole number."""
    stamp = zone.clock(number(row, "received_ms"))
    cells = (
        row.get("seq"),
        row.get("number"),
        stamp[:10].replace("-", "/"),
        stamp[11:19],
        row.get("line"),
        row.get("sender"),
        row.get("parts"),
        row.get("thread"),
        row.get("state"),
        row.get("backend_ticket"),
    )
    return ";".join(str(cell).replace(";", ",") for cell in cells)


def month_of(wanted: int, now_ms: int, zone: OfficeZone) -> tuple[str, int, int]:
    """Name the last month of this number that has begun, with its bounds in the office's zone; 0 is this month."""
    offset = timedelta(minutes=ZONES_MIN[zone.name])
    local = datetime.fromtimestamp(now_ms / 1000, UTC) + offset
    month = wanted or local.month
    year = local.year if month <= local.month else local.year - 1
    after_year, after = (year, month + 1) if month < 12 else (year + 1, 1)
    start, end = (datetime(y, m, 1, tzinfo=UTC) - offset for y, m in ((year, month), (after_year, after)))
    return f"{year:04}-{month:02}", round(start.timestamp() * 1000), round(end.timestamp() * 1000)
