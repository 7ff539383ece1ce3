"""Write the table of docs/modem.md: every fault of the virtual modem's schedule on three modems, and what it did.

    python benchmarks/modem_faults.py [--check]

Time is simulated, so the figures are the same on every machine; with --check nothing is written, and the exit status
tells whether the page is up to date.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from fault_course import HUMAN, PERSONAS, REFUSALS, RESTARTS, SILENCE, WIRE, WORLD, Course, course

PAGE = Path(__file__).resolve().parent.parent / "docs" / "modem.md"
BEGIN, END = "<!-- faults: made by `make modem-faults` -->\n", "<!-- /faults -->\n"
GROUPS = (
    ("On the wire", WIRE),
    ("Silence", SILENCE),
    ("Refusals", REFUSALS),
    ("Restarts, hangs, lost ports", RESTARTS),
    ("The world", WORLD),
    ("What needs a human", HUMAN),
)
HELP = {
    "pin-lock": "fault 3",
    "credit:data=cms": "fault 5",
    "credit:data=silent": "held, fault 5",
    "credit:data=notice": "fault 5",
}


def row(fault: str) -> str:
    """Let one fault happen to every modem."""
    met = [course(persona, fault) for persona in PERSONAS]
    seconds = " / ".join(_seconds(fault, one) for one in met)
    told = fault.replace("|", "¦")
    happened = " <br> ".join(dict.fromkeys(one.happened for one in met))
    lost = sum(one.lost for one in met) if not fault.startswith("pin-lock") else 0  # they wait on the SIM
    return f"| `{told}` | {happened} | {lost} | {sum(one.doubled for one in met)} | {seconds} |\n"


def _seconds(fault: str, met: Course) -> str:
    needed = next((code for kind, code in HELP.items() if fault.startswith(kind)), "")
    if needed:
        return needed
    return "never" if met.recovery_s is None else f"{met.recovery_s:.0f}"


def table() -> str:
    """Make the tables."""
    head = f"| Fault | What happened | Lost | Doubled | Seconds ({', '.join(PERSONAS)}) |\n|---|---|---|---|---|\n"
    return "\n".join(f"### {title}\n\n{head}{''.join(map(row, faults))}" for title, faults in GROUPS)


def main() -> int:
    """Write the page, or compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    made = f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"
    if arguments.check:
        return 0 if made == text else 1
    PAGE.write_text(made, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
