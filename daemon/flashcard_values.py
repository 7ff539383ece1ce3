"""Read the values of KONFIGURASI.txt as people write them: numbers from Excel, prefixes, zones, hours. Pure.

Each reader gives the value in one form, or raises `ValueUnreadable` with the correction in Indonesian. Refuses to
guess: digits that a spreadsheet has thrown away are asked for, never completed.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from kentongan.daemon.numbers import PartyKind, party
from kentongan.daemon.office import HoursUnreadable, read_hours
from kentongan.mqtt.errors import SettingsRefused
from kentongan.mqtt.settings import read_url
from kentongan.queue.numbers import TicketNumber, parse_number

ZONES = {
    "wib": "Asia/Jakarta",
    "wita": "Asia/Makassar",
    "wit": "Asia/Jayapura",
    "utc+7": "Asia/Jakarta",
    "utc+8": "Asia/Makassar",
    "utc+9": "Asia/Jayapura",
    "asia/jakarta": "Asia/Jakarta",
    "asia/pontianak": "Asia/Pontianak",
    "asia/makassar": "Asia/Makassar",
    "asia/jayapura": "Asia/Jayapura",
}
YES = frozenset({"ya", "y", "yes", "true", "1", "on", "hidup", "aktif"})
NO = frozenset({"tidak", "tdk", "t", "no", "n", "false", "0", "off", "mati"})
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_CLERKS = 5
MAX_SECRET = 256  # longer than any broker or access point takes
LETTER_FOR_DIGIT = {"O": "0", "I": "1", "L": "1", "S": "5", "B": "8", "Z": "2"}


@dataclass(frozen=True, slots=True)
class Modem:
    """A modem board as its maker wired it: what goes into its line's table, with where each figure comes from."""

    name: str
    line: Mapping[str, object]


HAT, USB = "/dev/kentongan/hat", "/dev/kentongan/usb"
MODEMS = {
    "hat": Modem("HAT", {"port": HAT}),
    "usb": Modem("USB", {"port": USB}),
    # PWRKEY idles high and is pulled low for a second at least; the makers' own examples take up to four
    "waveshare": Modem("Waveshare", {"port": HAT, "power_pin": 4, "power_active_low": True, "power_pulse_ms": 2_000}),
    "nadhat": Modem("NadHAT", {"port": HAT, "power_pin": 26, "power_pulse_ms": 1_200}),
    "itead": Modem("Itead", {"port": HAT, "baud": 9600, "power_pin": 17, "power_pulse_ms": 1_200}),
    "sim800l": Modem("SIM800L", {"port": HAT}),
}


BOARD_WORDS = r"(hat|gsm|gprs|gnss|sim868|sim800[cl]?|v2(\.0)?)*"  # a SIM7600 is wired the other way round


class ValueUnreadable(ValueError):
    """A value that cannot be used; the message is the correction for the person with the card."""


def name(text: str) -> str:
    """Read an office's name."""
    if len(text) > 60:
        raise ValueUnreadable("nama terlalu panjang, paling banyak 60 huruf")
    slug(text)
    return text


def slug(text: str) -> str:
    """Make an identity of a name: `Luwu Utara` becomes `luwu-utara`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:32].rstrip("-")
    if len(found) < 2:
        raise ValueUnreadable("tulis sedikitnya dua huruf atau angka, contoh: Luwu Utara")
    return found


def prefix(text: str) -> str:
    """Read the ticket prefix, two letters and a digit."""
    found = re.sub(r"[\s.\-]", "", text).upper()
    if re.fullmatch(r"[A-Z]{2}[0-9]", found):
        return found
    if re.fullmatch(r"[A-Z]{2}[OILSBZ]", found):
        guess = found[:2] + LETTER_FOR_DIGIT[found[2]]
        raise ValueUnreadable(f"yang terakhir harus angka, bukan huruf; maksudnya {guess}?")
    raise ValueUnreadable("harus 2 huruf + 1 angka, contoh: LU2")


def ticket(text: str) -> TicketNumber:
    """Read the last ticket number that an earlier card gave out."""
    found = parse_number(text)
    if found is None:
        raise ValueUnreadable("bukan nomor tiket; tulis seperti LU2-041-937-1, dari HASIL.txt atau SMS terakhir")
    return found


def zone(text: str) -> str:
    """Read the time zone by its everyday name."""
    key = re.sub(r"\s", "", text).lower().replace("gmt", "utc")
    if key not in ZONES:
        raise ValueUnreadable("tulis WIB, WITA, atau WIT")
    return ZONES[key]


def phone(text: str) -> str:
    """Read one number into E.164."""
    bare = text.strip().lstrip("'").strip()
    if re.fullmatch(r"[0-9]+([.,][0-9]+)?e\+?[0-9]+", bare, re.IGNORECASE):
        raise ValueUnreadable(f'"{bare}" dirusak Excel, angkanya hilang; ketik nomornya lengkap, contoh: 081234567890')
    bare = re.sub(r"(?<=[0-9]{8})[.,]0+$", "", bare)
    found = party(bare)
    if found.kind is not PartyKind.MOBILE and found.kind is not PartyKind.FIXED:
        raise ValueUnreadable(f'"{bare}" bukan nomor telepon Indonesia yang lengkap, contoh: 081234567890')
    return found.number


def phones(text: str) -> tuple[str, ...]:
    """Read several numbers, parted by comma, semicolon, slash or the word `dan`."""
    if re.search(r"[0-9],[0-9]+e", text, re.IGNORECASE):
        return (phone(text),)
    pieces = [piece for piece in re.split(r"[,;/]|\bdan\b", text) if piece.strip()]
    found = tuple(dict.fromkeys(phone(piece) for piece in pieces))
    if len(found) > MAX_CLERKS:
        raise ValueUnreadable(f"paling banyak {MAX_CLERKS} nomor")
    return found


def server(text: str) -> str:
    """Read the broker's address; a bare host is meant with TLS."""
    url = "".join(text.split())
    if "://" not in url:
        url = f"mqtts://{url}"
    scheme, _, rest = url.partition("://")
    try:
        address = read_url(f"{scheme.lower()}://{rest.rstrip('/')}")
    except SettingsRefused as error:
        raise ValueUnreadable("tulis mqtts://nama.server:8883, tanpa nama pengguna dan tanpa garis miring") from error
    if not address.secure and address.host not in LOOPBACK:
        raise ValueUnreadable("mqtt:// mengirim isi SMS warga tanpa sandi; tulis mqtts://")
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"{'mqtts' if address.secure else 'mqtt'}://{host}:{address.port}"


def user(text: str) -> str:
    """Read the broker's user."""
    if len(text) > 64 or re.search(r"[\s/+#]", text):
        raise ValueUnreadable("paling banyak 64 huruf, tanpa spasi dan tanpa tanda / + #")
    return text


def secret(text: str) -> str:
    """Read a password exactly as it stands."""
    if len(text) > MAX_SECRET or not text.isprintable():
        raise ValueUnreadable(f"paling banyak {MAX_SECRET} huruf dalam satu baris")
    return text


def pin(text: str) -> str:
    """Read the SIM's PIN."""
    found = re.sub(r"[\s'.]", "", text)
    if not re.fullmatch(r"[0-9]{4,8}", found):
        raise ValueUnreadable("PIN kartu terdiri dari 4 sampai 8 angka")
    return found


def service_word(text: str) -> str:
    """Read the word that the technician's console asks for."""
    if not re.fullmatch(r"[A-Za-z0-9]{6,20}", text):
        raise ValueUnreadable("kata servis terdiri dari 6 sampai 20 huruf atau angka, tanpa spasi")
    return text


def wifi_password(text: str) -> str:
    """Read the password of an access point."""
    if not 8 <= len(secret(text)) <= 63:
        raise ValueUnreadable("sandi Wi-Fi terdiri dari 8 sampai 63 huruf")
    return text


def wifi_name(text: str) -> str:
    """Read the name of an access point."""
    if not 1 <= len(text.encode()) <= 32:
        raise ValueUnreadable("nama Wi-Fi paling banyak 32 huruf")
    return text


def yes(text: str) -> bool:
    """Read yes or no."""
    word = text.lower().strip(".!")
    if word not in YES | NO:
        raise ValueUnreadable("tulis ya atau tidak")
    return word in YES


def hours(text: str) -> str:
    """Read the office's hours."""
    plain = re.sub(r"\s*[-\u2010-\u2015]\s*", "-", text)
    plain = re.sub(r"(?<=[0-9])\.(?=[0-9]{2})", ":", re.sub(r"\s*,\s*", ", ", plain))
    try:
        read_hours(plain)
    except HoursUnreadable as error:
        raise ValueUnreadable("tulis seperti: Sen-Jum 08:00-16:00, Sab 08:00-12:00") from error
    return plain


def balance_code(text: str) -> str:
    """Read the USSD code for the balance."""
    plain = "".join(text.split()).lower()
    if plain in NO:
        return "off"
    if not re.fullmatch(r"auto|[0-9*#]{2,20}", plain):
        raise ValueUnreadable("tulis kodenya saja, contoh: *888# (menu dengan > belum bisa), atau kosongkan")
    return plain


def modem(text: str) -> Modem:
    """Read which modem it is, by its board's name as far as it is known."""
    word = re.sub(r"[\s_/-]+", "", text).lower()
    found = next((MODEMS[name] for name in MODEMS if re.fullmatch(f"{name}{BOARD_WORDS}", word)), None)
    if found is None:
        names = ", ".join(each.name for each in MODEMS.values())
        raise ValueUnreadable(f"tulis salah satu: {names} (HAT: papan lain pada kaki Raspberry Pi)")
    return found


def pins(text: str) -> tuple[int, ...]:
    """Read the four lamps' BCM pins."""
    pieces = re.split(r"[,;\s]+", text.strip())
    found = tuple(int(piece) for piece in pieces if re.fullmatch(r"[0-9]{1,2}", piece))
    if len(pieces) != 4 or len(set(found)) != 4 or not all(2 <= each <= 27 for each in found):
        raise ValueUnreadable("tulis empat nomor pin BCM yang berbeda, contoh: 22, 23, 24, 25")
    return found
