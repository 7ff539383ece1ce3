"""The tolerant front door: KONFIGURASI.txt as Notepad, WhatsApp and Excel leave it, into settings or corrections. Pure.

A file with one error changes nothing at all. Nothing in it is ever executed or expanded.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches

from kentongan.daemon import flashcard_values as values
from kentongan.daemon.flashcard_values import ValueUnreadable
from kentongan.queue.numbers import TicketNumber

MAX_BYTES = 65_536  # a filled template has two thousand; a larger file is not ours
STORED = "(tersimpan)"
CHANGES = "RUBAH.txt"  # later changes: its lines stand above the same keys of KONFIGURASI.txt
REQUIRED = ("kabupaten", "awalan_tiket", "zona_waktu", "server")
MASK = re.compile(r"[.\u2026\u2022*]{3,}")  # the template's dots in the place of a password
DOUBLE_QUOTES = '"\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02'
QUOTES = DOUBLE_QUOTES + "'\u2018\u2019\u201a\u201b`\u00b4"
INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u200e\u200f"), None)
BLANKS = dict.fromkeys(map(ord, "\u00a0\u2007\u202f\t"), " ")
KEY = r"\s*(?P<key>[^=:;#\[]+?)\s*[=:\uff1d\uff1a]\s*"
LINE = re.compile(KEY + r"(?P<value>.*?)\s*$")

Reader = Callable[[str], object]
READERS: dict[str, Reader] = {
    "kabupaten": values.name,
    "kode_kabupaten": values.slug,
    "nama_alat": values.slug,
    "awalan_tiket": values.prefix,
    "zona_waktu": values.zone,
    "hp_petugas": values.phones,
    "hp_layanan": values.phone,
    "server": values.server,
    "server_user": values.user,
    "server_sandi": values.secret,
    "pin_kartu": values.pin,
    "modem": values.modem,
    "lampu": values.pins,
    "wifi_nama": values.wifi_name,
    "wifi_sandi": values.wifi_password,
    "balas_otomatis": values.yes,
    "jam_kantor": values.hours,
    "cek_pulsa": values.balance_code,
    "konsol": values.yes,
    "kata_servis": values.service_word,
    "tiket_terakhir": values.ticket,
    "apn": str,
    "janji_waktu": str,
}
SECRETS = ("server_sandi", "pin_kartu", "wifi_sandi", "kata_servis")
WITHOUT_EFFECT = ("apn", "janji_waktu")


@dataclass(frozen=True, slots=True)
class Note:
    """A remark for the person with the card; line 0 is the whole file, no file is KONFIGURASI.txt."""

    line: int
    text: str
    file: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` with its line."""

    line: int
    key: str
    value: str
    file: str = ""


@dataclass(slots=True)
class Flashcard:
    """What a card says: settings, the keys whose secret stays as it is, and remarks."""

    settings: dict[str, object] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    errors: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    blank: bool = False  # the template as shipped, or nothing: receive and store only


def read(data: bytes, *, changes: bytes = b"", stored: frozenset[str] = frozenset()) -> Flashcard:
    """Read a card and the changes to it; `stored` names the secrets that the box already keeps."""
    card = Flashcard()
    chosen: dict[str, Entry] = {}
    for text, file in ((data, ""), (changes, CHANGES)):
        try:
            entries = entries_of(text_of(text), file)
            chosen |= _choose(entries, card)
            if entries and not any(entry.key in READERS for entry in entries):
                lost = "tidak ada satu baris pun yang dimengerti; salin ulang berkas ini"
                card.errors.append(Note(0, lost, file))
        except ValueUnreadable as error:
            card.errors.append(Note(0, str(error), file))
            return card
    card.blank = not card.errors and not any(chosen.get(key) for key in REQUIRED)
    if not card.blank:
        for entry in chosen.values():
            _take(entry, stored, card)
        _check_whole(chosen, card)
    return card


def says_nothing(data: bytes) -> bool:
    """Tell whether a file holds no setting at all, filled in or not."""
    try:
        return not any(entry.value for entry in entries_of(text_of(data)))
    except ValueUnreadable:
        return False


def text_of(data: bytes, limit: int = MAX_BYTES) -> str:
    """Decode what Windows editors write: UTF-8 or UTF-16 with or without their mark, or the old code page."""
    if len(data) > limit:
        raise ValueUnreadable("berkas terlalu besar, ini bukan KONFIGURASI.txt")
    encoding = _encoding(data)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "utf-8":
            raise ValueUnreadable("berkas rusak; salin ulang KONFIGURASI.txt") from None
        text = data.decode("cp1252", errors="replace")
    if "\0" in text:
        raise ValueUnreadable("berkas rusak atau bukan teks; simpan dengan Notepad sebagai UTF-8")
    return text.translate(INVISIBLE)


def _encoding(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if len(data) % 2 == 0 and data[1::2].count(0) * 2 > len(data[1::2]):
        return "utf-16-le"
    if len(data) % 2 == 0 and data[::2].count(0) * 2 > len(data[::2]):
        return "utf-16-be"
    return "utf-8"


def entries_of(text: str, file: str = "") -> list[Entry]:
    """Find the entries; remarks, headings and what says nothing are left out; a line without `=` has no key."""
    found = []
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), 1):
        plain = line.translate(BLANKS).strip()
        if not plain or plain[0] in ";#[" or plain.startswith("//"):
            continue
        match = LINE.match(plain)
        key = re.sub(r"[\s\-]+", "_", match["key"].strip(QUOTES + " ").lower()) if match else ""
        found.append(Entry(number, key, _value(match["value"]) if match else plain, file))
    return found


def _value(raw: str) -> str:
    """Take the quotes off, whichever kind, or else the remark at the end."""
    quoted = re.match(rf"([{QUOTES}])(.*)[{QUOTES}]\s*(;.*)?$", raw)
    if quoted and (quoted[1] in DOUBLE_QUOTES or len(quoted[2]) > 0):
        return quoted[2]
    return re.sub(r"(^|\s+);.*$", "", raw).strip()


def _choose(entries: list[Entry], card: Flashcard) -> dict[str, Entry]:
    """Keep one entry a key; two different values are an error, an unknown key a warning."""
    chosen: dict[str, Entry] = {}
    for entry in entries:
        if entry.key not in READERS:
            card.warnings.append(Note(entry.line, _unknown(entry), entry.file))
            continue
        before = chosen.get(entry.key)
        if before and before.value and entry.value and before.value != entry.value:
            text = f"{entry.key} ditulis dua kali dan berbeda (baris {before.line}); hapus salah satu"
            card.errors.append(Note(entry.line, text, entry.file))
        if entry.value or not before:
            chosen[entry.key] = entry
    return {key: entry for key, entry in chosen.items() if entry.value and not _is_mask(entry)}


def _is_mask(entry: Entry) -> bool:
    return entry.key in SECRETS and bool(MASK.fullmatch(entry.value))


def _unknown(entry: Entry) -> str:
    """Say what is not understood, never showing a value: it may be a password under a misspelt key."""
    if not entry.key:
        return "baris ini tidak dimengerti (tidak ada tanda =), diabaikan"
    close = get_close_matches(entry.key, READERS, n=1, cutoff=0.7)
    hint = f"; maksudnya {close[0]}?" if close else ""
    return f'"{entry.key[:40]}" tidak dikenal, diabaikan{hint}'


def _take(entry: Entry, stored: frozenset[str], card: Flashcard) -> None:
    if entry.key in SECRETS and entry.value.lower() == STORED:
        if entry.key in stored:
            card.kept.add(entry.key)
        else:
            text = f"{entry.key} {STORED}, tetapi alat ini tidak menyimpannya (kartu baru?); tulis lagi sandinya"
            card.errors.append(Note(entry.line, text, entry.file))
        return
    try:
        card.settings[entry.key] = READERS[entry.key](_visible(entry.value))
    except ValueUnreadable as error:
        card.errors.append(Note(entry.line, f"{entry.key}: {error}", entry.file))
        return
    if entry.key in WITHOUT_EFFECT:
        card.warnings.append(Note(entry.line, f"{entry.key} belum dipakai pada versi ini", entry.file))


def _visible(value: str) -> str:
    if not value.isprintable():
        raise ValueUnreadable("ada huruf yang tidak tampak; hapus dan ketik ulang baris ini")
    return value


def _check_whole(chosen: dict[str, Entry], card: Flashcard) -> None:
    """Look for what no single line can know."""
    for key in REQUIRED:
        if key not in chosen:
            card.errors.append(Note(0, f"{key} wajib diisi"))
    secured = "server_sandi" in chosen
    if ("server_user" in chosen) != secured:
        missing = "server_user" if secured else "server_sandi"
        card.errors.append(Note(0, f"{missing} wajib diisi bersama pasangannya"))
    if "wifi_sandi" in chosen and "wifi_nama" not in chosen:
        card.errors.append(Note(0, "wifi_nama wajib diisi bila ada wifi_sandi"))
    if "wifi_nama" in chosen and "wifi_sandi" not in chosen:
        card.warnings.append(Note(0, "Wi-Fi tanpa sandi tidak dipakai; tulis wifi_sandi"))
    last = card.settings.get("tiket_terakhir")
    if isinstance(last, TicketNumber) and last.prefix != card.settings.get("awalan_tiket", last.prefix):
        text = f"tiket_terakhir {last.text} bukan dari awalan_tiket {card.settings['awalan_tiket']}"
        card.errors.append(Note(0, text))


def blanked(data: bytes) -> bytes | None:
    """Give the file with every secret replaced by `(tersimpan)`, as Notepad likes it; None when none stands there."""
    text = text_of(data)
    lines = re.split(r"\r\n|\r|\n", text)
    changed = False
    for entry in entries_of(text):
        if entry.key in SECRETS and entry.value and entry.value.lower() != STORED and not _is_mask(entry):
            head = re.match(KEY, lines[entry.line - 1].translate(BLANKS))
            lines[entry.line - 1] = f"{head[0] if head else entry.key + ' = '}{STORED}"
            changed = True
    return ("\ufeff" + "\r\n".join(lines)).encode() if changed else None
