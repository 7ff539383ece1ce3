"""Write the fault pages of PANDUAN.md from the fault table, so that the guide never differs from the lamps.

python scripts/panduan.py            rewrites the section between the two marks
python scripts/panduan.py --check    exits 1 when it is out of date
"""

import sys
from itertools import groupby
from pathlib import Path

from kentongan.daemon import faults

GUIDE = Path(__file__).resolve().parent.parent / "PANDUAN.md"
BEGIN, END = "<!-- gangguan: dibuat dari tabel program -->\n", "<!-- /gangguan -->\n"
NAMES = {
    1: "program",
    2: "modem",
    3: "kartu SIM",
    4: "jaringan operator",
    5: "kirim SMS",
    6: "penyimpanan",
    7: "server",
    8: "pengaturan",
    9: "listrik dan suhu",
}


def section() -> str:
    """Word every fault that the red lamp shows."""
    pages = []
    for code, rows in groupby([row for row in faults.ROWS if row.lights], key=lambda row: row.code):
        pages.append(f"### {code} kedip: {NAMES[code]}\n")
        for row in rows:
            steps = "".join(f"{n}. {step}\n" for n, step in enumerate(row.todo, 1))
            pages.append(f"**{row.title}**: {row.means}.\n\n{steps}")
    return "\n".join(pages)


def renewed(guide: str) -> str:
    """Put the section between its marks."""
    head, _, rest = guide.partition(BEGIN)
    _, _, foot = rest.partition(END)
    return f"{head}{BEGIN}\n{section()}\n{END}{foot}"


def main() -> int:
    """Write or check."""
    guide = GUIDE.read_text("utf-8")
    fresh = renewed(guide)
    if "--check" in sys.argv:
        return int(fresh != guide)
    GUIDE.write_text(fresh, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
