"""The monthly report as the head of the office reads it: conclusions first, then the figures. Pure, Indonesian.

One sheet, three clothes: a page for the terminal, a table for Excel, a page to print (`monthly_page`).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from textwrap import wrap

from kentongan.daemon import faults, tables
from kentongan.daemon.blackout import CAUSE as BLACKOUT
from kentongan.daemon.clerk import grouped
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.monthly import Month, Trouble, stops

MONTHS = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
ASIDE = {
    "operator": "Operator dan iklan",
    "short_code": "Dari nomor pendek",
    "one_time_code": "Kode rahasia, isi tidak disimpan",
    "opt_out": "BERHENTI: tidak mau info",
    "opt_out_all": "BERHENTI SEMUA",
    "opt_in": "MULAI: mau info lagi",
    "undecodable": "Tidak terbaca",
    "gateway": "Dari alat lain atau uji",
    "own": "Uji ke nomor sendiri",
    "clerk": "Perintah petugas",
}
KINDS = {"complaint": "Aduan", "suggestion": "Saran", "question": "Pertanyaan", "thanks": "Terima kasih"}
FIGURES = {"tickets": "Laporan baru", "follow_ups": "Tambahan pada laporan"}
OUTGOING = {
    "delivered": "Sampai di HP warga",
    "sent": "Terkirim",
    "queued": "Masih menunggu",
    "sending": "Sedang dikirim",
    "uncertain": "Tidak pasti terkirim",
    "undelivered": "Tidak sampai",
    "failed": "Ditolak jaringan",
    "expired": "Kedaluwarsa sebelum terkirim",
    "cancelled": "Dibatalkan",
}
LEGS = {
    "forward": "Diteruskan",
    "distribute": "Diteruskan",
    "verify": "Diterima aplikasi",
    "receive": "Diterima aplikasi",
    "portal": "Diterima aplikasi",
    "received-by-pic": "Diterima petugas",
    "respond": "Ditanggapi",
    "answer": "Ditanggapi",
    "finish": "Selesai",
}
ABBREVIATIONS = frozenset({"esdm", "umkm", "ktp", "bpjs", "pu", "kb"})
TROUBLES_SHOWN = 8  # causes: a page is enough
GOOD_PERCENT = 99.0  # of the time; seven hours a month away is worth a word
HELD_MS = 600_000  # at the operator: the warning worth a call to them
OFFLINE_MS = 3_600_000
DROP = 0.3  # fewer reports than last month: a quiet month, or a box that was dead


class Unit(Enum):
    """What a figure is."""

    COUNT = ""
    TIME = "menit"
    PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Row:
    """A figure, and what it was a month ago; `None` where nothing is known."""

    label: str
    value: float | None
    unit: Unit = Unit.COUNT
    before: float | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Figures under a heading; `bars` where their shares matter."""

    title: str
    rows: tuple[Row, ...]
    note: str = ""
    bars: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole report."""

    title: str
    office: str
    made: str
    sums: tuple[Row, ...]  # the four figures that decide
    concerns: tuple[str, ...]
    sections: tuple[Section, ...]
    outages: tuple[tuple[str, str, str], ...]  # cause, beginning, end
    foot: str


@dataclass(frozen=True, slots=True)
class Heading:
    """Who reports, when, and from which program."""

    office: str
    gateway_id: str
    made_ms: int
    version: str
    zone: OfficeZone
    areas: frozenset[str] = frozenset()  # categories that are places, by the county's own rules


def sheet(month: Month, last: Month | None, by: Heading) -> Sheet:
    """Lay a month out, beside the one before it."""
    last = last if last is not None and last.whole else None
    since, until = (by.zone.clock(each)[:10].replace("-", "/") for each in (month.known.start_ms, month.known.end_ms))
    return Sheet(
        f"Laporan bulanan layanan SMS aduan - {named(month.period)}",
        by.office or by.gateway_id,
        f"{by.gateway_id}, angka dari {since} sampai {until}, dibuat {by.zone.clock(by.made_ms)[:16]}",
        _sums(month, last),
        tuple(_concerns(month, last)) or ("Tidak ada.",),
        tuple(section for section in _sections(month, last, by.areas) if section.rows),
        tuple((cause(name), _day(span.start_ms, by), _day(span.end_ms, by)) for name, span in month.outages),
        f"kentongan {by.version}. Laporan ini tidak memuat nama, nomor HP atau isi SMS warga.",
    )


def _day(wall_ms: int, by: Heading) -> str:
    return by.zone.clock(wall_ms)[:16].replace("-", "/")


def named(period: str) -> str:
    """Name a month, such as `Oktober 2026`."""
    return f"{MONTHS[int(period[5:]) - 1]} {period[:4]}"


# -- the figures ------------------------------------------------------------------------------------------------------


def _sums(month: Month, last: Month | None) -> tuple[Row, ...]:
    return (
        Row("Laporan baru", month.reports, before=last.reports if last else None),
        Row(
            "Separuh dijawab dalam",
            month.answered.p50_ms if month.answered else None,
            Unit.TIME,
            last.answered.p50_ms if last and last.answered else None,
        ),
        Row("Belum ditanggapi", month.waiting, before=last.waiting if last else None),
        Row("Alat melayani", month.service_percent, Unit.PERCENT, last.service_percent if last else None),
    )


def _sections(month: Month, last: Month | None, areas: frozenset[str]) -> Iterator[Section]:
    yield Section(
        "Yang masuk",
        (
            Row("SMS masuk", month.messages, before=last.messages if last else None),
            *_counts(FIGURES, month, last),
        ),
    )
    about = {f"category.{slug}": _category(slug) for slug in _categories(month, last) if slug not in areas}
    where = {f"category.{slug}": _category(slug) for slug in _categories(month, last) if slug in areas}
    yield Section(
        "Tentang apa",
        tuple(_counts(about, month, last)),
        "Satu laporan dapat masuk beberapa bidang; alat hanya mengusulkan.",
        bars=True,
    )
    yield Section("Dari mana", tuple(_counts(where, month, last)), "Yang menyebut namanya saja.", bars=True)
    yield Section("Jenis pesan", tuple(_group("kind.", month, last, lambda kind: KINDS.get(kind, kind))), bars=True)
    aside = {f"quarantined.{name}": word for name, word in _aside(month)}
    yield Section("Bukan laporan", tuple(_counts(aside, month, last)), "Disimpan dua minggu, dapat dikembalikan.")
    yield Section("SMS keluar", tuple(_counts({f"sms_out.{key}": word for key, word in OUTGOING.items()}, month, last)))
    yield Section(
        "Seberapa cepat",
        tuple(_speeds(month, last)),
        "Di operator: dari HP warga ke alat. Ke aplikasi: dari alat sampai diakui. Tanggapan: sampai balasan pertama.",
    )
    yield Section("Batas waktu yang terlewat", tuple(_group("sla.", month, last, _leg)))
    yield Section("Keadaan alat", tuple(_box(month, last)), "Yang berlangsung bersamaan tidak dihitung dua kali.")
    yield Section("Yang menghentikan alat", tuple(_troubles(month, last, stopping=True)))
    yield Section(
        "Gangguan lain", tuple(_troubles(month, last, stopping=False)), "SMS warga tetap diterima dan disimpan."
    )


def _categories(month: Month, last: Month | None) -> list[str]:
    """Name this month's categories, the largest first, then those that last month alone had."""
    return list(dict.fromkeys((*month.group("category."), *(last.group("category.") if last else ()))))


def _aside(month: Month) -> list[tuple[str, str]]:
    return [(name, ASIDE.get(name, name.replace("_", " "))) for name in month.group("quarantined.")]


def _counts(words: dict[str, str], month: Month, last: Month | None) -> Iterator[Row]:
    for name, word in words.items():
        value, before = month.counts.get(name, 0), last.counts.get(name, 0) if last else None
        if value or before:
            yield Row(word, value, before=before)


def _group(prefix: str, month: Month, last: Month | None, word: Callable[[str], str]) -> Iterator[Row]:
    before = last.group(prefix) if last else {}
    for name, value in month.group(prefix).items():
        yield Row(word(name), value, before=before.get(name, 0) if last else None)


def _category(slug: str) -> str:
    return "-".join(word.upper() if word in ABBREVIATIONS else word.capitalize() for word in slug.split("-"))


def _leg(name: str) -> str:
    profile, _, leg = name.partition(".")
    return f"{LEGS.get(leg, leg)} ({profile})"


def _speeds(month: Month, last: Month | None) -> Iterator[Row]:
    legs = (
        ("Di operator", month.held, last.held if last else None),
        ("Ke aplikasi", month.taken, last.taken if last else None),
        ("Tanggapan", month.answered, last.answered if last else None),
    )
    for label, now, before in legs:
        if now is not None:
            yield Row(f"{label}, separuh", now.p50_ms, Unit.TIME, before.p50_ms if before else None)
            yield Row(f"{label}, 95 persen", now.p95_ms, Unit.TIME, before.p95_ms if before else None)
            yield Row(f"{label}, terlama", now.max_ms, Unit.TIME, before.max_ms if before else None)
    yield Row("Sudah ditanggapi", _answered(month), before=_answered(last) if last else None)
    yield Row("Selesai tanpa balasan", month.closed, before=last.closed if last else None)
    yield Row("Belum ditanggapi", month.waiting, before=last.waiting if last else None)


def _answered(month: Month) -> int:
    return month.answered.count if month.answered else 0


def _box(month: Month, last: Month | None) -> Iterator[Row]:
    yield Row("Jam layanan", month.service_percent, Unit.PERCENT, last.service_percent if last else None)
    yield Row("Tidak dapat berjalan", month.down_ms, Unit.TIME, last.down_ms if last else None)
    yield Row("Tidak terhubung ke aplikasi", month.offline_ms, Unit.TIME, last.offline_ms if last else None)


def _troubles(month: Month, last: Month | None, *, stopping: bool) -> Iterator[Row]:
    known = {trouble.cause: trouble.lasted_ms for trouble in last.troubles} if last else {}
    mine = [trouble for trouble in month.troubles if stops(trouble.cause) is stopping]
    for trouble in mine[:TROUBLES_SHOWN]:
        before = float(known.get(trouble.cause, 0)) if last else None
        yield Row(f"{cause(trouble.cause)}, {trouble.count} kali", trouble.lasted_ms, Unit.TIME, before)


def cause(name: str) -> str:
    """Name a cause as the card beside the box does."""
    if name == BLACKOUT:
        return "Listrik padam"
    return faults.TABLE[name].title.capitalize() if name in faults.TABLE else name


# -- what wants a decision --------------------------------------------------------------------------------------------


def _concerns(month: Month, last: Month | None) -> Iterator[str]:
    if month.waiting:
        yield f"{grouped(month.waiting)} laporan belum ditanggapi. Minta dinas terkait menjawabnya."
    if missed := sum(month.group("sla.").values()):
        yield f"Batas waktu terlewat {grouped(missed)} kali."
    yield from _about_the_box(month)
    if month.held is not None and month.held.p95_ms > HELD_MS:
        yield f"5 dari 100 SMS tertahan lebih dari {lasted(month.held.p95_ms)} di operator, sebelum sampai di alat."
    if lost := sum(month.counts.get(f"sms_out.{state}", 0) for state in ("failed", "undelivered", "expired")):
        yield f"{grouped(lost)} SMS keluar tidak sampai ke warga."
    if doubt := month.counts.get("sms_out.uncertain", 0):
        yield f"{grouped(doubt)} SMS keluar tidak pasti terkirim dan tidak dikirim ulang."
    yield from _about_the_drop(month, last)


def _about_the_box(month: Month) -> Iterator[str]:
    stopped = [trouble for trouble in month.troubles if stops(trouble.cause)]
    if month.service_percent < GOOD_PERCENT and stopped:
        why, cure = cause(stopped[0].cause).lower(), _cure(stopped[0])
        yield f"Alat tidak melayani {lasted(month.down_ms)}; terbanyak karena {why}. {cure}"
    if month.offline_ms >= OFFLINE_MS:
        yield f"Alat tidak terhubung ke aplikasi {lasted(month.offline_ms)}; SMS warga tetap diterima dan disimpan."


def _cure(trouble: Trouble) -> str:
    if trouble.cause == BLACKOUT:
        return "Pertimbangkan UPS atau baterai."
    return "Lihat kartu gangguan di dekat alat."


def _about_the_drop(month: Month, last: Month | None) -> Iterator[str]:
    """Say why fewer reports need not mean fewer troubles."""
    if last is None or not month.whole or not last.reports or month.reports > (1 - DROP) * last.reports:
        return
    fewer = round(100 * (1 - month.reports / last.reports))
    why = "alat sempat berhenti" if month.service_percent < GOOD_PERCENT else "alat melayani seperti biasa"
    yield f"Laporan {fewer} persen lebih sedikit dari bulan lalu, sedangkan {why}."


# -- clothes ----------------------------------------------------------------------------------------------------------


def lasted(ms: float) -> str:
    """Write a duration in words, such as `2 hari 4 jam`: two units, no more."""
    seconds = round(ms / 1000)
    units = ((seconds // 86_400, "hari"), (seconds // 3600 % 24, "jam"), (seconds // 60 % 60, "menit"))
    words = [f"{count} {name}" for count, name in units if count]
    if not words or (len(words) == 1 and seconds < 3600 and seconds % 60):
        words.append(f"{seconds % 60} detik")
    return " ".join(words[:2])


def shown(value: float | None, unit: Unit) -> str:
    """Write a figure for people."""
    if value is None:
        return "-"
    match unit:
        case Unit.TIME:
            return lasted(value)
        case Unit.PERCENT:
            return f"{tables.decimal(value, 1)} %"
        case Unit.COUNT:
            return grouped(round(value))


def text(report: Sheet) -> list[str]:
    """Lay it out for a terminal of 80 columns."""
    lines = [report.title, report.office, report.made, ""]
    lines += [_line(row) for row in report.sums]
    lines += ["", "PERLU PERHATIAN"]
    lines += [line for concern in report.concerns for line in wrap(f"* {concern}", 76, subsequent_indent="  ")]
    for section in report.sections:
        last = "" if all(row.before is None for row in section.rows) else "BULAN LALU"
        lines += ["", f"{section.title.upper():<44}{'BULAN INI':>16}{last:>16}".rstrip()]
        lines += [_line(row) for row in section.rows]
        lines += [f"  {piece}" for piece in wrap(section.note, 76)]
    return [*lines, "", report.foot]


def _line(row: Row) -> str:
    before = "" if row.before is None else shown(row.before, row.unit)
    return f"  {row.label[:42]:<42}  {shown(row.value, row.unit):>16}{before:>16}".rstrip()


HEAD = ("BAGIAN", "URAIAN", "BULAN INI", "BULAN LALU", "SATUAN")


def cells(report: Sheet) -> Iterator[Sequence[str]]:
    """Lay it out as the rows of a table: plain numbers with a decimal comma, times in minutes."""
    for line in (report.title, report.office, report.made, report.foot):
        yield "Laporan", line, "", "", ""
    for concern in report.concerns:
        yield "Perlu perhatian", concern, "", "", ""
    yield from _cells("Ringkasan", report.sums)
    for section in report.sections:
        yield from _cells(section.title, section.rows)
    for name, began, ended in report.outages:
        yield "Daftar gangguan", name, began, ended, "mulai; selesai"


def _cells(title: str, rows: Iterable[Row]) -> Iterator[Sequence[str]]:
    for row in rows:
        yield title, row.label, _plain(row.value, row.unit), _plain(row.before, row.unit), row.unit.value


def _plain(value: float | None, unit: Unit) -> str:
    if value is None:
        return ""
    if unit is Unit.COUNT:
        return str(round(value))
    return f"{value / 60_000 if unit is Unit.TIME else value:.1f}".replace(".", ",")
