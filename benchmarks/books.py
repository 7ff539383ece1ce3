"""The books of a bench: what the citizens' phones got, what the county has, what was offered under which id.

Kept outside the program under test: from the virtual modem's air, from the broker as a bystander sees it, and from the
county's own database.
"""

import base64
import json
import queue
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from letters import Letter
from rig import Rig

from kentongan.daemon.demo.observations import Observation, Seen, SmsOut

NEWEST = """
    SELECT ticket_id, json_extract(body, '$.sender.number'), json_extract(body, '$.text'),
        json_extract(body, '$.data_base64')
    FROM ticket AS t WHERE revision = (SELECT max(revision) FROM ticket WHERE ticket_id = t.ticket_id)
"""
Content = tuple[str, str, str]  # number, text, data in base64


@dataclass(frozen=True, slots=True)
class Filed:
    """A ticket as it lies in the county's database."""

    ticket_id: str
    content: Content

    @property
    def number(self) -> str:
        """Whom to answer."""
        return self.content[0]


@dataclass(slots=True)
class Books:
    """Everything the world saw, counted."""

    air: Counter[SmsOut] = field(default_factory=Counter)  # each part of each SMS
    offers: Counter[tuple[str, int]] = field(default_factory=Counter)  # (ticket_id, revision)
    owners: defaultdict[int, set[str]] = field(default_factory=lambda: defaultdict(set))  # seq -> ticket_ids

    def take(self, seen: Observation) -> None:
        """Enter one observation."""
        match seen:
            case SmsOut():
                self.air[seen] += 1
            case Seen("event/ticket", payload) if payload:
                ticket = json.loads(payload)
                self.offers[ticket["ticket_id"], ticket["revision"]] += 1
                self.owners[ticket["seq"]].add(ticket["ticket_id"])
            case _:
                pass

    def drain(self, bench: Rig, wait_s: float = 0.05) -> None:
        """Enter what has been observed, waiting a little for the first."""
        bench.look()
        try:
            self.take(bench.seen.get(timeout=wait_s).what)
            while True:
                self.take(bench.seen.get_nowait().what)
        except queue.Empty:
            return

    def phone(self, number: str) -> str:
        """Read what a phone shows that got the parts of one SMS, in their order."""
        return "".join(sms.text for sms in sorted(self.of(number), key=lambda sms: sms.part))

    def whole(self, number: str) -> bool:
        """Tell whether a phone has every part of its one SMS."""
        parts = self.of(number)
        return bool(parts) and {sms.part for sms in parts} == set(range(1, parts[0].total + 1))

    def of(self, number: str) -> list[SmsOut]:
        """Name the parts that came to a number."""
        return [sms for sms in self.air if sms.number == number]

    @property
    def doubled(self) -> int:
        """How many parts left more than once."""
        return sum(count - 1 for count in self.air.values())


def content_of(letter: Letter) -> Content:
    """Say what the county must have of a letter."""
    return letter.number, letter.text, base64.b64encode(letter.data).decode()


def filed(bench: Rig) -> list[Filed]:
    """Read the county's tickets, each in its newest revision."""
    return [
        Filed(str(ticket_id), (str(number), str(text), str(data or "")))
        for ticket_id, number, text, data in bench.county(NEWEST)
    ]
