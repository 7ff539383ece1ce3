"""Strike the real appliance with every way of not running (domain.md 4.5), and take the times.

    python benchmarks/fault_run.py [--only WORD] [--at-once N] [--write]

Each fault has an appliance of its own: gateway and watcher as processes, a virtual modem, a real broker, pins and
kernel files as doubles. The red lamp is read from its pin, alarms at the broker, SMS on the air. `--write` puts the
table into docs/fault-run.json, from which `make docs` takes it. Exit status 1 when a promise is broken.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from dataclasses import field as made_by
from pathlib import Path
from threading import Event
from typing import Any

import results
from fault_field import CLERK, Field, field
from fault_scenarios import SCENARIOS, Scenario

from kentongan.daemon import faults

OUT = Path(__file__).resolve().parent.parent / "docs" / "fault-run.json"
LAMP_S = 30.0  # issue 6, for lamp and alarm
START_S, STEP_S = 60.0, 0.2
COLUMNS = (
    "Layer",
    "Fault struck",
    "Shown as",
    "Lamp",
    "Evidence after",
    "Lamp after",
    "Alarm after",
    "Clerk after",
    "Serves again after",
    "Well again after",
    "Waits",
)
TEXT_COLUMNS = ("Fault struck", "On the lamps", "At the broker", "To the clerk by SMS")
PROMISES = (
    ("a hung modem is told", "modem hangs", "Lamp after", 90.0),
    ("a hung modem is back at work, nobody helping", "modem hangs", "Serves again after", 300.0),
    ("a modem that no longer hears is back at work", "transmit line cut, URCs still come", "Serves again after", 300.0),
    ("a port that returns is in use again", "port lost while the modem runs on", "Serves again after", 5.0),
    ("the watcher's alarm after `kill -9`, no restart", "gateway killed, not restarted", "Alarm after", 30.0),
    ("the watcher's alarm about a frozen gateway", "gateway frozen", "Alarm after", 30.0),
)
PROMISE_COLUMNS = ("Promise", "Fault struck", "Measured (s)", "Limit (s)")
WORDS = """\
Taken by `make fault-run` on the real processes, with a virtual modem, a real mosquitto and doubles of the pins and of
the kernel's files. **Lamp, alarm, clerk**: seconds until the first flash of the red lamp at its pin, the alarm at the
broker, the clerk's SMS on the air; 30 is the limit for lamp and alarm. They count from the strike, but in four rows
from the **evidence**: what is a fault only after a third lost SMS, a second unanswered round or five minutes cannot be
told before. There `Evidence after` says how long after the strike that was complete, seen on the air and not in the
gateway's own books (a lamp at 0.0 was lit already, for a milder cause). Six appliances ran at once on two cores; a lamp
a whole round (3 to 7 s) behind its alarm counts from its second number, for the first had not come out whole.

**Serves, well**: seconds from the repair (*: by itself, from the strike) to a line that serves, and to a gateway that
says it is well. `-`: none is due, or it never stopped. **Waits**: by how much those were divided that are long by
design (the quarter of an hour before the clerk is told, the pause after a refused send, the night watch's rhythm, the
ten minutes for which a sagging supply is remembered); in an office the night watch's evidence takes that much longer.
While the only line is down the watcher's `gateway_not_running`, SMS Gateway tidak dapat berjalan, stands beside
`line_not_running`.

{origin} Machine: {machine}."""


@dataclass
class Outcome:
    """What was seen of one fault."""

    scenario: Scenario
    evidence_s: float | None = None  # from the strike; what follows counts from here, or from the strike without
    lamp_s: float | None = None
    alarm_s: float | None = None
    clerk_s: float | None = None
    well_s: float | None = None
    ready_s: float | None = None  # the line serves again
    lamp_words: str = ""
    alarm_words: str = ""
    clerk_words: str = ""
    wrong: list[str] = made_by(default_factory=list)


class Strike:
    """One fault on one appliance."""

    def __init__(self, scenario: Scenario, it: Field, patience: float) -> None:
        self.scenario, self.it, self._patience = scenario, it, patience
        self.outcome = Outcome(scenario)
        self._rest = Event()
        self._stopped = False  # the line serves nobody

    def run(self) -> Outcome:
        """Strike, watch, repair, watch."""
        if not self._until(self._well, START_S):
            self.outcome.wrong.append(f"not well at the start: {self.it.causes()} {self.it.lamp_codes()}")
            return self.outcome
        self.scenario.before(self.it)
        struck = self.it.clock.monotonic()
        self.scenario.strike(self.it)
        self._until(lambda: self._told(struck), self.scenario.within_s)
        self._count_from_evidence(struck)
        self._stopped = self.it.line_state() != "ready"
        repaired = self.it.clock.monotonic()
        if self.scenario.repair is not None:
            self.scenario.repair(self.it)
        since = struck if self.scenario.repair is None else repaired
        if self._until(lambda: self._over(since), self.scenario.repair_s):
            self.outcome.well_s = self.it.clock.monotonic() - since
        self._judge()
        return self.outcome

    def _until(self, question: Callable[[], bool], within_s: float) -> bool:
        end = self.it.clock.monotonic() + within_s * self._patience
        while not question():
            if self.it.clock.monotonic() > end:
                return False
            self.it.look()
            self._rest.wait(STEP_S)
        return True

    def _well(self) -> bool:
        online = self.it.causes() <= {"clock_unsynced"} and self.it.lamp_codes() == ()
        return online and (self.it.folder / "run" / "status.json").exists() and self.it.line_state() == "ready"

    def _over(self, since: float) -> bool:
        if self._stopped and self.outcome.ready_s is None and self.it.line_state() == "ready":
            self.outcome.ready_s = self.it.clock.monotonic() - since
        return self.scenario.cause not in self.it.causes() and (
            not self.scenario.lights or self.scenario.code not in self.it.lamp_codes()
        )

    def _told(self, struck: float) -> bool:
        """Note what can be seen by now; tells whether that is all there is to see."""
        seen = self.outcome
        if self.scenario.lights and seen.lamp_s is None:
            found = [at for at, count in self.it.flashes(struck)[:-1] if count == self.scenario.code]
            seen.lamp_s = found[0] - struck if found else None
            seen.lamp_words = self.it.lamp_title(self.scenario.code) if found else ""
        if self.scenario.alarm and seen.alarm_s is None:
            raised = [(at, alarm) for at, alarm in self.it.alarms if at >= struck and self._is_mine(alarm)]
            seen.alarm_s = raised[0][0] - struck if raised else None
            seen.alarm_words = f"{raised[0][1]['code']}: {raised[0][1]['text']['id']}" if raised else ""
        if self.scenario.clerk and seen.clerk_s is None:
            told = [
                (at, sms.text)
                for at, sms in self.it.said
                if at >= struck and sms.number == CLERK and self.scenario.clerk in sms.text
            ]
            seen.clerk_s, seen.clerk_words = (told[0][0] - struck, told[0][1]) if told else (None, "")
        lamp = seen.lamp_s is not None or not self.scenario.lights
        alarm = seen.alarm_s is not None or not self.scenario.alarm
        return lamp and alarm and (seen.clerk_s is not None or not self.scenario.clerk)

    def _count_from_evidence(self, struck: float) -> None:
        """Find when the detector had all that its own definition asks for, and count from there."""
        if self.scenario.evidence is None:
            return
        seen, complete = self.outcome, self.scenario.evidence(self.it, struck)
        if complete is None:
            seen.wrong.append("the evidence was never complete")
            return
        seen.evidence_s = complete - struck
        seen.lamp_s, seen.alarm_s, seen.clerk_s = (
            None if after_s is None else max(0.0, after_s - seen.evidence_s)
            for after_s in (seen.lamp_s, seen.alarm_s, seen.clerk_s)
        )

    def _is_mine(self, alarm: dict[str, Any]) -> bool:
        details = alarm.get("details")
        fault = details.get("fault") if isinstance(details, dict) else ""
        return (
            alarm.get("code") == self.scenario.alarm and alarm.get("state") == "active" and fault == self.scenario.cause
        )

    def _judge(self) -> None:
        seen, wrong = self.outcome, self.outcome.wrong
        limit_s = LAMP_S * self._patience
        if self.scenario.lights and (seen.lamp_s is None or seen.lamp_s > limit_s):
            wrong.append(f"lamp {self.scenario.code} after {seen.lamp_s}: {self.it.flashes(0)[-6:]} {self.it.causes()}")
        if self.scenario.alarm and (seen.alarm_s is None or seen.alarm_s > limit_s):
            wrong.append(f"alarm {self.scenario.alarm} after {seen.alarm_s}")
        if self.scenario.clerk and seen.clerk_s is None:
            wrong.append(f"the clerk was not told {self.scenario.clerk!r}: {[sms.text for _, sms in self.it.said]}")
        if seen.well_s is None:
            wrong.append(f"not well again: {self.it.causes()} {self.it.lamp_codes()}")


def struck(scenario: Scenario, patience: float = 1.0) -> Outcome:
    """Let one fault happen to an appliance of its own; on a machine that does other things too, with patience."""
    with field(scenario.hurry, scenario.wiring) as it:
        outcome = Strike(scenario, it, patience).run()
        if outcome.wrong:
            print(*(f"--- {name}\n{text[-9000:]}" for name, text in it.logs().items()), sep="\n", file=sys.stderr)
    said = "; ".join(outcome.wrong) or "as promised"
    print(
        f"{scenario.name:32} evidence {shown(outcome.evidence_s):>6} lamp {shown(outcome.lamp_s):>6}"
        f" alarm {shown(outcome.alarm_s):>6} clerk {shown(outcome.clerk_s):>7} well {shown(outcome.well_s):>6}  {said}",
        flush=True,
    )
    return outcome


def shown(seconds: float | None) -> str:
    """Write seconds."""
    return "-" if seconds is None else f"{seconds:.1f}"


def row(outcome: Outcome) -> list[str]:
    """Write one line of the table."""
    scenario = outcome.scenario
    star = "*" if scenario.repair is None else ""
    return [
        scenario.layer,
        scenario.name,
        f"{scenario.code} {faults.of(scenario.cause).title}" if scenario.cause in faults.TABLE else "-",
        f"{scenario.code}" if scenario.lights else "-",
        shown(outcome.evidence_s),
        shown(outcome.lamp_s),
        shown(outcome.alarm_s),
        shown(outcome.clerk_s),
        shown(outcome.ready_s),
        shown(outcome.well_s) + star,
        f"÷{scenario.hurry:g}" if scenario.hurry != 1 else "-",
    ]


def texts(outcome: Outcome) -> list[str]:
    """Write what people could read."""
    lamp = f"{outcome.scenario.code} {outcome.lamp_words}" if outcome.lamp_words else "-"
    return [outcome.scenario.name, lamp, outcome.alarm_words or "-", outcome.clerk_words or "-"]


def write(outcomes: Sequence[Outcome]) -> None:
    """Put what was measured into the tables; what broke a promise stays out.

    A whole run replaces what was measured before; a part of one stands beside it, and is named.
    """
    whole = {outcome.scenario for outcome in outcomes} == set(SCENARIOS)
    before = json.loads(OUT.read_text("utf-8")) if OUT.exists() and not whole else {}
    again = {*before.get("again", ()), *(outcome.scenario.name for outcome in outcomes if not whole)}
    kept = [outcome for outcome in outcomes if not outcome.wrong]
    rows = _merged(before.get("rows", []), {outcome.scenario.name: row(outcome) for outcome in kept}, 1)
    said = _merged(before.get("texts", []), {outcome.scenario.name: texts(outcome) for outcome in kept}, 0)
    table = {
        "words": WORDS.format(origin=origin(again), machine=results.machine()),
        "again": sorted(again),
        "columns": COLUMNS,
        "rows": rows,
        "promise_columns": PROMISE_COLUMNS,
        "promises": kept_promises(rows),
        "text_columns": TEXT_COLUMNS,
        "texts": said,
    }
    OUT.write_text(json.dumps(table, indent=1, ensure_ascii=False) + "\n", "utf-8")


def origin(again: set[str]) -> str:
    """Say which run the rows are of."""
    if not again:
        return "All rows, with their texts and promises, are of one whole run."
    return f"The rows are of one run, but for those taken again later: {', '.join(sorted(again))}."


def kept_promises(rows: list[list[str]]) -> list[list[str]]:
    """Hold what was measured against what issue 6 promises beside the thirty seconds of each row."""
    measured = {row[1]: row for row in rows}
    kept = []
    for words, name, column, limit_s in PROMISES:
        if name in measured:
            kept.append([words, name, measured[name][COLUMNS.index(column)].rstrip("*"), f"{limit_s:g}"])
    return kept


def _merged(before: list[list[str]], new: dict[str, list[str]], place: int) -> list[list[str]]:
    rows = {row[place]: row for row in before} | new
    return [rows[scenario.name] for scenario in SCENARIOS if scenario.name in rows]


def main() -> int:
    """Strike, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="scenarios whose name holds one of these words, parted by commas")
    parser.add_argument("--at-once", type=int, default=3, help="appliances at the same time")
    parser.add_argument("--write", action="store_true", help="write docs/fault-run.json")
    options = parser.parse_args()
    words = options.only.split(",")
    chosen = [scenario for scenario in SCENARIOS if any(word in scenario.name for word in words)]
    for scenario in chosen:
        if scenario.wiring.disk_mb and os.geteuid():
            print(f"{scenario.name:32} not struck: only root can mount a disk for it", flush=True)
    chosen = [scenario for scenario in chosen if not (scenario.wiring.disk_mb and os.geteuid())]
    with ThreadPoolExecutor(options.at_once) as pool:
        outcomes = list(pool.map(struck, chosen))
    if options.write:
        write(outcomes)
    return int(any(outcome.wrong for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
