# ruff: noqa: E501, PLR0913, PLR0917 - the words of a drawing are coordinates
"""Draw the pictures of PANDUAN.md and write its table of pins, both from the same tables.

python scripts/gambar.py            writes docs/gambar/*.svg and the section between the two marks
python scripts/gambar.py --check    exits 1 when one of them is out of date
"""

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER, GUIDE = ROOT / "docs" / "gambar", ROOT / "PANDUAN.md"
BEGIN, END = "<!-- kaki: dibuat dari scripts/gambar.py -->\n", "<!-- /kaki -->\n"
FONT = 'font-family="DejaVu Sans, Arial, sans-serif"'
PINS = (  # the header of every Raspberry Pi with forty pins, from 1 on
    *("3V3", "5V", "BCM2", "5V", "BCM3", "GND", "BCM4", "TX BCM14", "GND", "RX BCM15"),
    *("BCM17", "BCM18", "BCM27", "GND", "BCM22", "BCM23", "3V3", "BCM24", "BCM10", "GND"),
    *("BCM9", "BCM25", "BCM11", "BCM8", "GND", "BCM7", "BCM0", "BCM1", "BCM5", "GND"),
    *("BCM6", "BCM12", "BCM13", "GND", "BCM19", "BCM16", "BCM26", "BCM20", "GND", "BCM21"),
)
SERIAL, POWER, KEY, GROUND = "#1f5fbf", "#c62828", "#b35c00", "#222222"
GREEN, YELLOW, BLUE, RED = "#1a7f37", "#b58900", "#1f5fbf", "#c62828"


@dataclass(frozen=True, slots=True)
class Board:
    """A modem board: the pins it uses, and what to know of it."""

    name: str
    title: str
    pins: dict[int, tuple[str, str]]  # number: what it is for, colour
    key: str
    word: str  # of KONFIGURASI.txt
    note: str
    plugs: bool = True  # sits on the header as a whole


def _hat(key: int, how: str) -> dict[int, tuple[str, str]]:
    return {
        2: ("daya", POWER),
        4: ("daya", POWER),
        6: ("tanah", GROUND),
        8: ("serial: ke RX modem", SERIAL),
        10: ("serial: dari TX modem", SERIAL),
        key: (f"tombol daya, {how}", KEY),
    }


BOARDS = (
    Board(
        "waveshare-sim868",
        "Waveshare GSM/GPRS/GNSS HAT (SIM868)",
        _hat(7, "ditarik rendah"),
        "BCM4 [7], ditarik rendah",
        "Waveshare",
        "jumper kuning pada posisi **B**",
    ),
    Board(
        "waveshare-sim800c",
        "Waveshare SIM800C HAT",
        _hat(7, "ditarik rendah"),
        "BCM4 [7], ditarik rendah",
        "Waveshare",
        "",
    ),
    Board("nadhat", "NadHAT (SIM800C)", _hat(37, "ditarik tinggi"), "BCM26 [37], ditarik tinggi", "NadHAT", ""),
    Board(
        "itead",
        "Itead SIM800 V2.0",
        _hat(11, "ditarik tinggi"),
        "BCM17 [11], ditarik tinggi",
        "Itead",
        "kecepatan bawaan 9600",
    ),
    Board(
        "sim800l",
        "SIM800L lepas",
        {
            6: ("modem dan catu dayanya", GROUND),
            8: ("lewat 10 k ke RX modem", SERIAL),
            10: ("dari TX modem", SERIAL),
        },
        "tidak ada",
        "SIM800L",
        "catu daya sendiri 4,0 V 2 A dan kondensator 1000 uF, bukan dari kaki 5 V; RX modem juga lewat 20 k ke GND",
        plugs=False,
    ),
)
LAMPS = ((15, "LISTRIK", GREEN), (16, "KARTU", YELLOW), (18, "SERVER", BLUE), (22, "GANGGUAN", RED))
RHYTHMS = (  # words, and what is lit within six seconds
    ("kedip singkat tiap 3 detik: BAIK", ((0, 0.4), (3, 3.4))),
    ("kedip pelan: lemah, atau masih ada antrean", ((0, 1), (2, 3), (4, 5))),
    ("menyala terus: sedang mulai, mencari, atau ditolak", ((0, 6),)),
    ("padam", ()),
)

CARD_FILES = (
    ("KONFIGURASI.txt", "isi ini", RED),
    ("ca.crt", "salin dari pengelola server", BLUE),
    ("HASIL.txt", "ditulis alat: baca ini", GREEN),
    ("RUBAH.txt", "kalau perlu: perubahan saja", YELLOW),
    ("config.txt, vmlinuz, ...", "jangan disentuh", "#888888"),
)
NOTEPAD = (
    "; === WAJIB DIISI ===",
    "kabupaten      = Luwu Utara",
    "awalan_tiket   = LU2",
    "zona_waktu     = WITA",
    "server         = mqtts://mqtt.contoh.go.id:8883",
    "server_user    = gw-lu2",
    "server_sandi   = ........",
    "",
    "; === BOLEH DIKOSONGKAN ===",
    "hp_petugas     = 0812-3456-789",
)


def text(x: float, y: float, words: str, *, size: float = 13, colour: str = "#222222", anchor: str = "start") -> str:
    """Write a line."""
    weight = ' font-weight="bold"' if size > 15 else ""
    return f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" fill="{colour}" text-anchor="{anchor}"{weight}>{escape(words)}</text>'


def box(x: float, y: float, width: float, height: float, fill: str = "none", edge: str = "#666666") -> str:
    """Draw a rectangle."""
    return f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" fill="{fill}" stroke="{edge}"/>'


def dot(x: float, y: float, radius: float, fill: str) -> str:
    """Draw a pin or a lamp."""
    return f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="#444444"/>'


def line(x: float, y: float, to_x: float, to_y: float, colour: str, width: float = 2) -> str:
    """Draw a wire."""
    return f'<line x1="{x:g}" y1="{y:g}" x2="{to_x:g}" y2="{to_y:g}" stroke="{colour}" stroke-width="{width:g}"/>'


def page(title: str, width: int, height: int, parts: list[str]) -> str:
    """Put a picture together; its title is for those who cannot see it."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" {FONT}>'
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", ground, *parts, "</svg>", ""])


def header(title: str, used: dict[int, tuple[str, str]], foot: str) -> str:
    """Draw the forty pins from above, the SD card's end up, with those that are used."""
    parts = [text(20, 28, title, size=17), text(20, 48, "Dilihat dari atas, ujung kartu SD di atas.")]
    parts.append(box(268, 60, 64, 20 * 22 + 8, "#dfe8df"))
    for number, name in enumerate(PINS, 1):
        right = number % 2 == 0
        y = 76 + (number - 1) // 2 * 22
        x = 316 if right else 284
        what, colour = used.get(number, ("", "#ffffff"))
        parts.append(dot(x, y, 8, colour))
        ink = "#ffffff" if what else "#555555"
        parts.append(text(x, y + 3.5, str(number), size=9, colour=ink, anchor="middle"))
        if what:
            edge, end = (340, "start") if right else (260, "end")
            parts.append(line(x + (9 if right else -9), y, edge - (4 if right else -4), y, colour))
            parts.append(text(edge, y + 4, f"[{number}] {name}: {what}", size=11.5, colour=colour, anchor=end))
    parts += [text(20, 540 + index * 18, words, size=12) for index, words in enumerate(foot.split("\n"))]
    return page(title, 640, 580, parts)


def board(it: Board) -> str:
    """Draw the wiring of one board."""
    how = "Papan duduk di atas semua 40 kaki; berwarna yang dipakainya." if it.plugs else "Sambung hanya kaki berwarna."
    note = it.note.replace("**", "")
    return header(it.title, it.pins, f"{how}\n{note[:1].upper()}{note[1:]}" if note else how)


def lamp_wiring() -> str:
    """Draw the pins of the lamps."""
    used = {number: (f"{name}, lewat 470 ohm", colour) for number, name, colour in LAMPS} | {
        20: ("kaki pendek lampu", GROUND)
    }
    foot = "Kaki panjang lampu ke tahanan, kaki pendek ke GND. Tulis di KONFIGURASI.txt:\nlampu = 22, 23, 24, 25"
    return header("Lampu", used, foot)


def lamp_meaning() -> str:
    """Draw what the lamps do over six seconds."""
    parts = [text(20, 28, "Empat lampu, dibaca dari letak dan irama", size=17)]
    for index, (_, name, colour) in enumerate(LAMPS):
        parts += [dot(60 + index * 150, 70, 16, colour), text(60 + index * 150, 106, name, anchor="middle")]
    rows = [
        *RHYTHMS,
        (
            "hanya GANGGUAN: hitung, di sini 3 kedip",
            ((0, 0.4), (0.8, 1.2), (1.6, 2.0), (4.0, 4.4), (4.8, 5.2), (5.6, 6)),
        ),
    ]
    for index, (words, lit) in enumerate(rows):
        y = 140 + index * 50
        parts += [text(20, y, words), line(20, y + 22, 620, y + 22, "#bbbbbb")]
        parts += [
            box(20 + begin * 100, y + 8, (end - begin) * 100, 14, RED if index == len(RHYTHMS) else GROUND, "none")
            for begin, end in lit
        ]
    parts.append(text(620, 140 + len(rows) * 50, "6 detik", size=11, anchor="end"))
    return page("Empat lampu dan iramanya", 640, 410, parts)


def one_file() -> str:
    """Draw the card as Windows shows it, and the one file in Notepad."""
    parts = [
        text(20, 28, "Kartu SD pada komputer: hanya satu berkas yang diisi", size=17),
        box(20, 44, 280, 250, "#f7f7f7"),
    ]
    parts += [box(20, 44, 280, 26, "#dddddd"), text(32, 62, "KENTONGAN (E:)")]
    for index, (name, what, colour) in enumerate(CARD_FILES):
        y = 100 + index * 38
        parts += [
            box(36, y - 16, 16, 20, "#ffffff", colour),
            text(60, y - 4, name),
            text(60, y + 11, what, size=11, colour=colour),
        ]
    parts += [
        box(320, 44, 380, 250, "#ffffff"),
        box(320, 44, 380, 26, "#dddddd"),
        text(332, 62, "KONFIGURASI.txt - Notepad"),
    ]
    mono = FONT.replace("DejaVu Sans, Arial, sans-serif", "DejaVu Sans Mono, Consolas, monospace")
    rows = "".join(
        f'<text x="332" y="{92 + index * 20}" font-size="12" xml:space="preserve">{escape(words)}</text>'
        for index, words in enumerate(NOTEPAD)
    )
    parts.append(f"<g {mono}>{rows}</g>")
    parts.append(text(20, 320, "Simpan, lalu Eject. Bila Windows menawarkan Format: pilih Batal.", size=12))
    return page("Kartu SD pada komputer", 720, 340, parts)


def console_cable() -> str:
    """Draw the technician's cable: two adapters, crossed."""
    parts = [text(20, 28, "Kabel konsol: dua kabel serial USB (USB-TTL 3,3 V), disilang", size=17)]
    for x, who in ((20, "Kabel 1: port USB alat"), (470, "Kabel 2: komputer teknisi")):
        parts += [box(x, 60, 150, 120, "#eef3fb"), text(x + 75, 86, who, size=11, anchor="middle")]
    for index, (left, right, colour) in enumerate((("TX", "RX", BLUE), ("RX", "TX", GREEN), ("GND", "GND", GROUND))):
        y = 112 + index * 26
        parts += [text(160, y + 4, left, anchor="end"), text(480, y + 4, right)]
        parts += [dot(174, y, 5, colour), dot(466, y, 5, colour), line(179, y, 461, y, colour, 3)]
    notes = (
        "Jangan menyambung kawat 5V / VCC. Jangan memakai kaki [8] dan [10] alat: itu milik modem.",
        "Di KONFIGURASI.txt: konsol = ya. PuTTY: Serial, COM kabel 2, kecepatan 115200.",
        "Tekan Enter, lalu ketik bantuan.",
    )
    parts += [text(20, 212 + index * 20, words, size=12) for index, words in enumerate(notes)]
    return page("Kabel konsol teknisi", 640, 270, parts)


def pictures() -> dict[str, str]:
    """Draw all of them."""
    drawn = {f"kaki-{it.name}.svg": board(it) for it in BOARDS}
    drawn |= {"kaki-lampu.svg": lamp_wiring(), "lampu.svg": lamp_meaning()}
    return drawn | {"satu-berkas.svg": one_file(), "kabel-konsol.svg": console_cable()}


def table() -> str:
    """Write the table of pins."""
    rows = ["| Papan modem | Tulis | Kaki serial | Tombol daya modem | Catatan | Gambar |", "|---|---|---|---|---|---|"]
    for it in BOARDS:
        serial = "[8] dan [10]" if it.plugs else "[8] lewat pembagi tegangan ke RX; TX ke [10]"
        rows.append(
            f"| {it.title} | `modem = {it.word}` | {serial} | {it.key} | {it.note} | [gambar](docs/gambar/kaki-{it.name}.svg) |"
        )
    rows.append("| Modem USB Huawei | `modem = USB` | tidak ada | tidak ada | colok langsung pada alat | |")
    return "\n".join(rows) + "\n"


def renewed(guide: str) -> str:
    """Put the table between its marks."""
    head, _, rest = guide.partition(BEGIN)
    return head + BEGIN + table() + END + rest.partition(END)[2]


def main() -> int:
    """Write, or tell what is out of date."""
    wanted = {FOLDER / name: drawn for name, drawn in pictures().items()}
    wanted[GUIDE] = renewed(GUIDE.read_text("utf-8"))
    stale = [path for path, content in wanted.items() if not path.exists() or path.read_text("utf-8") != content]
    if "--check" in sys.argv:
        for path in stale:
            print(f"out of date: {path.relative_to(ROOT)}; run scripts/gambar.py", file=sys.stderr)  # noqa: T201
        return 1 if stale else 0
    FOLDER.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(wanted[path], "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
