# ruff: noqa: INP001, T201, TID251, D102 - a module beside a script: it prints
"""The stand: board, card, county and phones, what a person does with them, and the book of what was sent."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from county import PASSWORD, County, Phones, need, wait
from machine import Board, Card

BOOT_S, TICKET_S, SETTLE_S = 900, 240, 600  # an emulated board is slow, and a busy host slower
SHORT_S = 11.0  # two rounds of a blip
SETTINGS = """kabupaten    = \u201cLuwu Utara\u201d
awalan_tiket = lu 2
zona_waktu   : {zone}
server       = mqtts://10.0.2.2:{port}/
server_user  = gw-lu2
server_sandi = {password}
hp_layanan   = '08114200000
lampu        = 22, 23, 24, 25
"""


@dataclass
class Stand:
    """Board, card, county and phones, and the book of what was sent."""

    image: Path
    folder: Path
    county: County
    phones: Phones
    card: Card
    board: Board
    sent: dict[str, str] = field(default_factory=dict)  # number -> text
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)  # ticket -> number, text
    boots: set[str] = field(default_factory=set)
    dice: Random = field(default_factory=lambda: Random(13))  # noqa: S311 - the same moments each time
    root: str = ""
    transcript: list[str] = field(default_factory=list)
    # Of the host: without them the seconds of an emulation say little.
    loads: list[float] = field(default_factory=list)

    def say(self, text: str) -> None:
        line = f"{time.strftime('%H:%M:%S', time.gmtime())}  +{self.board.since():6.1f} s  {text}"
        self.transcript.append(line)
        self.loads.append(os.getloadavg()[0])
        print(line, flush=True)

    def wait(self, what: str, look: Callable[[], object], within_s: float = TICKET_S) -> float:
        """Look until something is there; gives the seconds it took."""
        began = time.monotonic()
        wait(what, look, within_s, lambda: self.board.running)
        return time.monotonic() - began

    def settings(self, zone: str = "wita") -> None:
        """Write the one file, as an office writes it: UTF-16, curly quotes, an Excel number."""
        port = self.county.broker.port
        self.card.put("KONFIGURASI.txt", SETTINGS.format(port=port, password=PASSWORD, zone=zone).encode("utf-16"))

    def online(self) -> float:
        """Wait for this boot's own word; gives the seconds since the plug went in."""

        def new() -> bool:
            boot = self.county.boot()
            return bool(boot) and boot not in self.boots

        self.wait("online", new, BOOT_S)
        self.boots.add(self.county.boot())
        self.say("the gateway is online at the county's broker, over TLS")
        return self.board.since()

    def send(self) -> str:
        """Let a citizen who has not written before send an SMS."""
        number = f"+62812{len(self.sent):08}"
        self.sent[number] = f"Laporan {len(self.sent)}: lampu jalan di depan pasar Sabbang mati"
        self.phones.modem.sms(number, self.sent[number])
        return number

    def ticket(self, number: str) -> str:
        """Return the ticket of a citizen, empty while there is none."""
        found = (
            key
            for key, body in self.county.tickets().items()
            if (body["sender"]["number"], body["text"]) == (number, self.sent[number])  # type: ignore[index]
        )
        return next(found, "")

    def taken(self) -> float:
        """Let an SMS become a ticket; gives the seconds."""
        number = self.send()
        return self.wait("the ticket", lambda: self.ticket(number))

    def answer(self, number: str) -> str:
        ticket = self.ticket(number)
        self.answers[ticket] = number, f"Terima kasih, sudah diteruskan ke Dinas PU. [{len(self.answers)}]"
        self.county.order(ticket, self.answers[ticket][1])
        return ticket

    def lamps(self, wanted: dict[str, str], within_s: float, seconds: float = SHORT_S) -> float:
        """Look until the lamps show it; gives the seconds until that look began."""
        began = time.monotonic()
        while True:
            look = time.monotonic()
            seen = self.board.watch(seconds)
            if wanted.items() <= seen.items():
                self.say(f"lamps: {', '.join(f'{name} {word}' for name, word in seen.items())}")
                return look - began
            need(self.board.running, "the emulated board went out")
            need(look - began < within_s, f"the lamps show {seen}, not {wanted}")

    def settle(self) -> None:
        """Wait for all that is under way, then count; raises `Missed` with the first broken promise."""

        def all_there() -> bool:
            return all(self.ticket(number) for number in self.sent) and all(
                self.county.reply(ticket) not in {"", "new", "queued", "sending", "accepted"} for ticket in self.answers
            )

        self.wait("tickets and replies", all_there, SETTLE_S)
        tickets = Counter((body["sender"]["number"], body["text"]) for body in self.county.tickets().values())  # type: ignore[index]
        wanted = Counter(self.sent.items())
        need(not wanted - tickets, f"SMS lost: {list((wanted - tickets).elements())[:3]}")
        need(not tickets - wanted, f"SMS that became two tickets: {list((tickets - wanted).elements())[:3]}")
        twice = {number: keys for number, keys in self.county.numbers().items() if len(keys) > 1}
        need(not twice, f"ticket numbers used twice: {twice}")
        shown = self.phones.shown()
        for ticket, answer in self.answers.items():
            state = self.county.reply(ticket)
            need(shown[answer] <= 1, f"reply sent twice: {answer}")
            need(shown[answer] or state == "uncertain", f"reply lost: {answer}, {state}")

    def highest(self) -> str:
        return max(self.county.numbers(), default="")

    def cut(self) -> None:
        """Pull the plug; what the county holds about the life that ends is not the next one's word."""
        self.boots.add(self.county.boot())
        self.board.cut()

    def restart(self) -> float:
        """Pull the plug and put it in again."""
        self.cut()
        self.board.on()
        return self.online()
