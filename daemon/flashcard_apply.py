"""Take a card's settings over at boot: read KONFIGURASI.txt, change the box as a whole or not at all, write HASIL.txt.

Nothing on the card is executed, followed or trusted to be what its name says. The order survives a power cut: secrets,
then the TOML, and the card's own copy is blanked last, so that the next boot finishes what this one began.
"""

import os
import re
import shutil
import ssl
import stat
from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kentongan.daemon import config, flashcard, flashcard_report
from kentongan.daemon.durable import sync_folder
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.flashcard import Flashcard, Note
from kentongan.daemon.in_force import MARKER
from kentongan.daemon.version import VERSION

CARD_NAME = re.compile(r"konfigurasi(\.txt)*", re.IGNORECASE)
CHANGES_NAME = re.compile(r"rubah(\.txt)*", re.IGNORECASE)
HASIL = "HASIL.txt"
TAKEN = "dari-kartu"  # beside the TOML: the last card that was taken over, without its secrets; RUBAH.txt builds on it
CREDENTIALS = {"server_sandi": "mqtt", "pin_kartu": "pin", "kata_servis": "console"}
CONSOLE = "konsol"  # beside the TOML: a serial adapter is the technician's cable, not a modem (udev rules)
CA_NAME = re.compile(r"ca\.(crt|cer|pem)(\.txt)?", re.IGNORECASE)
DER_HEAD = b"\x30\x82"  # a sequence longer than 255 octets: no certificate is shorter
MAX_NAMES = 4_096  # the card as flashed has some tens
MAX_CA_BYTES = 262_144  # a chain of certificates has a few thousand


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of the box."""

    card: Path = Path("/boot/firmware")
    etc: Path = Path("/etc/kentongan")
    iwd: Path = Path("/var/lib/iwd")
    serial: Path = Path("/sys/firmware/devicetree/base/serial-number")


def firstboot(places: Places) -> Flashcard:
    """Read the card and take it over; gives what was understood."""
    first = not (places.etc / TAKEN).exists()
    file, card, data = _read(places)
    ca = _ca(places, card)
    if not card.errors and not card.blank:
        _take_over(places, card, data, ca)
    _mark(places, card)
    if not card.errors and not card.blank:
        _blank(file, data, card)
        later = _changes(places.card)
        _blank(later, (later and _regular(later, flashcard.MAX_BYTES)) or b"", card)
    report = flashcard_report.hasil(card, _facts(places, card), first=first)
    _write_on_card(places.card / HASIL, report, card)
    return card


def tell(places: Places, standing: Collection[str]) -> None:
    """Add how the box is to HASIL.txt; raises `OSError` when the card takes nothing."""
    said = _regular(places.card / HASIL, flashcard.MAX_BYTES) or b""
    _write(places.card / HASIL, flashcard_report.with_standing(said, standing))


def _blank(file: Path | None, data: bytes, card: Flashcard) -> None:
    """Take the secrets that are in force off the card."""
    clean = flashcard.blanked(data) if file is not None else None
    if file is not None and clean is not None:
        _write_on_card(file, clean, card)


def _write_on_card(path: Path, data: bytes, card: Flashcard) -> None:
    """Write on the card; a card that takes nothing (write-protected, torn out) stops nobody."""
    try:
        _write(path, data)
    except OSError as error:
        card.warnings.append(Note(0, f"{path.name} tidak dapat ditulis di kartu: {error.strerror}"))


def _read(places: Places) -> tuple[Path | None, Flashcard, bytes]:
    """Choose among KONFIGURASI.txt, .txt.txt and the like the one that is filled in, and add RUBAH.txt to it."""
    stored = _stored(places)
    found: list[tuple[Path | None, Flashcard, bytes]] = []
    for path in _candidates(places.card):
        data = _regular(path, flashcard.MAX_BYTES)
        card = flashcard.read(data or b"", stored=stored)
        if data is None:
            card.blank = False
            card.errors.append(Note(0, f"{path.name} bukan berkas biasa atau tidak terbaca; hapus dan salin ulang"))
        if not card.blank:
            found.append((path, card, data or b""))
    if len(found) > 1:
        names = " dan ".join(path.name for path, _, _ in found if path)
        return None, Flashcard(errors=[Note(0, f"ada lebih dari satu berkas: {names}; sisakan satu saja")]), b""
    chosen, card, data = found[0] if found else (None, Flashcard(blank=True), b"")
    later = _changes(places.card)
    if later is None or (chosen is not None and not data):
        return chosen, card, data
    changes = _regular(later, flashcard.MAX_BYTES)
    if changes is None:
        return None, Flashcard(errors=[Note(0, "bukan berkas biasa; hapus dan salin ulang", later.name)]), b""
    if flashcard.says_nothing(changes):
        return chosen, card, data
    data = data or _regular(places.etc / TAKEN, flashcard.MAX_BYTES) or b""
    return chosen, flashcard.read(data, changes=changes, stored=stored), data


def _changes(folder: Path) -> Path | None:
    return next((path for path in _listing(folder) if CHANGES_NAME.fullmatch(path.name)), None)


def _candidates(folder: Path) -> list[Path]:
    return [path for path in _listing(folder) if CARD_NAME.fullmatch(path.name)]


def _regular(path: Path, limit: int) -> bytes | None:
    """Read a plain file up to one byte over the limit; nothing for a link, a pipe, a device, or what cannot be read."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):  # asked first: to open a device can be to use it
            return None
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        with os.fdopen(handle, "rb") as file:
            return file.read(limit + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    except OSError:
        return None


def _stored(places: Places) -> frozenset[str]:
    kept = {key for key, name in CREDENTIALS.items() if (places.etc / "credentials" / name).exists()}
    if any(places.iwd.glob("*.psk")):
        kept.add("wifi_sandi")
    return frozenset(kept)


def _ca(places: Places, card: Flashcard) -> bytes:
    """Read the county's own CA as PEM, from the card or else as the box has it, or say what is wrong with it."""
    path = next((each for each in _listing(places.card) if CA_NAME.fullmatch(each.name)), None)
    if path is not None:
        ca = _pem(_regular(path, MAX_CA_BYTES) or b"")
        if not ca:
            text = f"{path.name} bukan sertifikat CA (PEM atau DER); minta lagi pada pengelola server"
            card.errors.append(Note(0, text))
        return ca
    ca = _regular(places.etc / "ca.crt", MAX_CA_BYTES) or b""
    if not ca and str(card.settings.get("server", "")).startswith("mqtts:"):
        text = "ca.crt tidak ada di kartu; minta sertifikat CA pada pengelola server dan salin ke sini"
        card.errors.append(Note(0, text))
    return ca


def _listing(folder: Path) -> list[Path]:
    """List a folder as far as it can be read; a damaged one may seem to go on for ever."""
    try:
        with os.scandir(folder) as entries:
            return sorted(folder / entry.name for entry in islice(entries, MAX_NAMES))
    except OSError:
        return []


def _pem(data: bytes) -> bytes:
    """Give certificates as PEM, whichever way they came (Notepad's mark, DER); nothing for anything else."""
    if len(data) > MAX_CA_BYTES or b"PRIVATE KEY" in data:
        return b""
    try:
        text = ssl.DER_cert_to_PEM_cert(data) if data.startswith(DER_HEAD) else flashcard.text_of(data, MAX_CA_BYTES)
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
        return text.encode("ascii")
    except (ssl.SSLError, ValueError):  # what is no text is a ValueError as well
        return b""


def _take_over(places: Places, card: Flashcard, data: bytes, ca: bytes) -> None:
    """Build the new configuration aside, let the gateway's own reader judge it, and move it into place."""
    stage = places.etc / "baru"
    shutil.rmtree(stage, ignore_errors=True)
    (stage / "credentials").mkdir(parents=True, mode=0o700)
    try:
        for key, name in CREDENTIALS.items():
            _stage_secret(places, stage, card, key, name)
        if ca:
            _write(stage / "ca.crt", ca, mode=0o644)
        text = flashcard_report.toml(card, ca=bool(ca)).encode()
        _write(stage / "kentongan.toml", text, mode=0o640)
        config.load(stage / "kentongan.toml")
    except ConfigError as error:
        card.errors.append(Note(0, f"pengaturan tidak dapat dipakai ({error.key}: {error.why})"))
    else:
        _move(places, stage, card)
        if card.settings.get("konsol"):
            _write(places.etc / CONSOLE, b"")
        else:
            (places.etc / CONSOLE).unlink(missing_ok=True)
        _write(places.etc / TAKEN, flashcard.blanked(data) or data, mode=0o600)
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _stage_secret(places: Places, stage: Path, card: Flashcard, key: str, name: str) -> None:
    old, new = places.etc / "credentials" / name, stage / "credentials" / name
    if key in card.settings:
        _write(new, str(card.settings[key]).encode() + b"\n", mode=0o600)
    elif key in card.kept:
        _write(new, old.read_bytes(), mode=0o600)


def _move(places: Places, stage: Path, card: Flashcard) -> None:
    (places.etc / "credentials").mkdir(mode=0o700, exist_ok=True)
    for name in CREDENTIALS.values():
        if (stage / "credentials" / name).exists():
            _move_changed(stage / "credentials" / name, places.etc / "credentials" / name)
    _join_wifi(places, card)
    if (stage / "ca.crt").exists():
        _move_changed(stage / "ca.crt", places.etc / "ca.crt")
    _move_changed(stage / "kentongan.toml", places.etc / "kentongan.toml")
    _give_to_group(places.etc / "kentongan.toml")


def _join_wifi(places: Places, card: Flashcard) -> None:
    """Write iwd's file of one network; its name in hexadecimal unless it is plain."""
    if "wifi_sandi" not in card.settings:
        return
    ssid = str(card.settings["wifi_nama"])
    plain = re.fullmatch(r"[A-Za-z0-9 _-]+", ssid)
    name = ssid if plain else "=" + ssid.encode().hex()
    word = str(card.settings["wifi_sandi"]).replace("\\", "\\\\")
    word = re.sub(r"^ ", r"\\s", word)
    places.iwd.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(places.iwd / f"{name}.psk", f"[Security]\nPassphrase={word}\n".encode(), mode=0o600)


def _give_to_group(path: Path) -> None:
    """Let the gateway's user read the file; elsewhere than on a box there is no such user."""
    try:
        shutil.chown(path, group="kentongan")
    except (LookupError, PermissionError):
        return


def _mark(places: Places, card: Flashcard) -> None:
    marker = places.etc / MARKER
    if card.errors:
        first = card.errors[0]
        _write(marker, f"{flashcard_report.where(first)}{first.text}\n".encode(), mode=0o640)
        _give_to_group(marker)
    else:
        marker.unlink(missing_ok=True)


def _facts(places: Places, card: Flashcard) -> list[tuple[str, str]]:
    serial = _regular(places.serial, 64) or b""
    facts = [("versi", VERSION), ("nomor seri", serial.decode("ascii", "replace").strip("\0\n ") or "tidak diketahui")]
    if "awalan_tiket" in card.settings:
        facts.append(("nama di server", flashcard_report.gateway_id(card)))
    return facts


def _move_changed(source: Path, target: Path) -> None:
    if not (target.exists() and target.read_bytes() == source.read_bytes()):
        source.replace(target)
        sync_folder(target.parent)


def _write(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replace a file whole and durably, and only if it changes: a card has few writes."""
    if _regular(path, len(data)) == data:
        return
    aside = path.with_name(f"~{path.name}")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(handle)
    aside.replace(path)
    sync_folder(path.parent)
