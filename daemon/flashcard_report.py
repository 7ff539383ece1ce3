"""What a card becomes: the TOML that is in force, and HASIL.txt for the person who put the card in. Pure."""

import json
import re
from collections.abc import Collection

from kentongan.daemon.flashcard import SECRETS, STORED, Flashcard, Note
from kentongan.daemon.flashcard_values import MODEMS, Modem, slug
from kentongan.queue.numbers import TicketNumber

IDENTITY = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")
STANDING = "KEADAAN ALAT"
LED_OK, LED_REJECTED = "lampu GANGGUAN padam", "lampu GANGGUAN berkedip 8 kali"


def gateway_id(card: Flashcard) -> str:
    """Name the box on the broker: as told, else its user there (contract 4.3), else by its ticket prefix."""
    told = card.settings.get("nama_alat") or card.settings.get("server_user", "")
    if IDENTITY.fullmatch(str(told)):
        return str(told)
    return f"gw-{str(card.settings['awalan_tiket']).lower()}"


def toml(card: Flashcard, *, ca: bool) -> str:
    """Write the settings of a card without errors as kentongan.toml."""
    told = card.settings
    tables: dict[str, dict[str, object]] = {
        "[gateway]": {
            "county_id": told.get("kode_kabupaten") or slug(str(told["kabupaten"])),
            "gateway_id": gateway_id(card),
            "ticket_prefix": told["awalan_tiket"],
            "timezone": told["zona_waktu"],
            "name": told["kabupaten"],
            "public_number": told.get("hp_layanan", ""),
        },
        "[[line]]": _line(card),
        "[mqtt]": _mqtt(card, ca=ca),
        "[store]": _store(card),
        "[runtime]": {"directory": "/run/kentongan"},
        "[answers]": {"acknowledge": told.get("balas_otomatis", True)},
        "[clerk]": {"numbers": told.get("hp_petugas", ())},
        "[office]": {"hours": told.get("jam_kantor", "")},
    }
    if "kata_servis" in told or "kata_servis" in card.kept:
        tables["[console]"] = {"word_file": "credentials/console"}
    if "lampu" in told:
        tables["[lamps]"] = {"pins": told["lampu"]}
    head = "# Dibuat dari KONFIGURASI.txt pada kartu; perubahan di sini hilang saat berkas itu berubah.\n"
    return head + "\n".join(f"\n{name}\n{_pairs(table)}" for name, table in tables.items())


def _line(card: Flashcard) -> dict[str, object]:
    modem = card.settings.get("modem")
    table = {"name": "a"} | dict((modem if isinstance(modem, Modem) else MODEMS["hat"]).line)
    if "pin_kartu" in card.settings or "pin_kartu" in card.kept:
        table["pin_file"] = "credentials/pin"
    if "cek_pulsa" in card.settings:
        table["balance_code"] = card.settings["cek_pulsa"]
    return table


def _mqtt(card: Flashcard, *, ca: bool) -> dict[str, object]:
    table: dict[str, object] = {"url": card.settings["server"]}
    if "server_user" in card.settings:
        table |= {"username": card.settings["server_user"], "password_file": "credentials/mqtt"}
    if ca:
        table["ca_file"] = "ca.crt"
    return table


def _store(card: Flashcard) -> dict[str, object]:
    table: dict[str, object] = {"path": "/var/lib/kentongan/kentongan.db"}
    last = card.settings.get("tiket_terakhir")
    return table | ({"number_floor": last.counter} if isinstance(last, TicketNumber) else {})


def _pairs(table: dict[str, object]) -> str:
    # JSON of printable values is TOML as well; TOML has no pairs of surrogates, so nothing is escaped to ASCII
    return "\n".join(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items())


def hasil(card: Flashcard, facts: Collection[tuple[str, str]], *, first: bool) -> bytes:
    """Write HASIL.txt: what was understood, each correction with its line, the box's own facts, and the lamp."""
    lines = ["HASIL PEMBACAAN KONFIGURASI.txt", ""]
    lines += _verdict(card, first=first)
    lines += _notes("HARUS DIPERBAIKI", card.errors) + _notes("PERHATIAN", card.warnings)
    if card.settings or card.kept:
        lines += ["YANG DIMENGERTI"] + [f"  {key:<15}= {_shown(card, key)}" for key in _known(card)] + [""]
    lines += ["ALAT INI"] + [f"  {name:<15}: {value}" for name, value in facts]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def with_standing(said: bytes, standing: Collection[str]) -> bytes:
    """Give HASIL.txt with how the box is, in the place of what was said of that before."""
    text = said.decode("utf-8-sig", "replace").partition(f"{STANDING}\r\n")[0].rstrip("\r\n")
    lines = ([text, ""] if text else []) + [STANDING, *(f"  {line}" for line in standing)]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def _verdict(card: Flashcard, *, first: bool) -> list[str]:
    if card.errors:
        then = "alat hanya menerima dan menyimpan SMS" if first else "alat tetap memakai pengaturan lama"
        return [f"DITOLAK: ada {len(card.errors)} kesalahan; {then}.", f"Lampu: {LED_REJECTED} (kode 8)", ""]
    if card.blank:
        if first:
            return ["KOSONG: alat hanya menerima dan menyimpan SMS, tidak mengirim.", ""]
        return ["KOSONG: alat tetap memakai pengaturan lama.", ""]
    return ["DITERIMA: pengaturan ini dipakai.", f"Lampu: {LED_OK} bila semua baik", ""]


def _notes(title: str, notes: Collection[Note]) -> list[str]:
    if not notes:
        return []
    return [title, *(f"  {where(note)}{note.text}" for note in notes), ""]


def where(note: Note) -> str:
    """Say where a remark belongs."""
    words = [note.file, f"baris {note.line}" if note.line else ""]
    found = " ".join(word for word in words if word)
    return f"{found}: " if found else ""


def _known(card: Flashcard) -> list[str]:
    return [*card.settings, *sorted(card.kept)]


def _shown(card: Flashcard, key: str) -> str:
    if key in SECRETS:
        return STORED
    value = card.settings[key]
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    if isinstance(value, TicketNumber):
        return value.text
    if isinstance(value, Modem):
        return value.name
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
