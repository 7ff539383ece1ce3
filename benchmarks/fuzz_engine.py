"""Fuzz the AT engine: whatever a modem says, nothing is raised, nothing is stuck, and a sane modem is served again.

    python benchmarks/fuzz_engine.py --inputs 5000000 [--seed 1]

An input is one piece of bytes of a mad modem: a plausible answer to what the engine asked last, whole, cut, mixed with
lines that nobody asked for, or noise. Every episode ends on a sane virtual modem, which must be served within twenty
minutes, and a part must go out. Exit status 1 at the first surprise, printed with the seed that leads to it.
"""

import argparse
import random
import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "support"))

from modem_field import Field
from tiny_modem import ANSWERS

from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.commands import FreeSlot, RunUssd, SendPart, WalkSlots, WriteMark
from kentongan.at.modem import Modem, ModemSettings

EPISODE = 2_000
"""Inputs between two sane modems."""

RECOVERY_S = 1_200.0
PERSONAS = ("sim800c", "sim800l", "e173", "e3131", "me909s", "sim7600")
(PART,) = pdu.segment("Terima kasih", "+628123456789", reference=1, report=True, validity_min=1440).parts
STORED = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
UNASKED = (
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n> ", b">", b"\r\nRDY\r\n", b"\r\n^RSSI:18\r\n", b'\r\n+CMTI: "SM",3\r\n',
    b'\r\n+CMTI: "ME",0\r\n', b'\r\n+CDSI: "SR",0\r\n', b"\r\n+CMT: ,31\r\n", b"\r\n+CDS: 26\r\n", b"\r\n+CBM: 88\r\n",
    b"\r\n+CPIN: NOT INSERTED\r\n", b"\r\n+CPIN: READY\r\n", b"\r\n+CPIN: SIM PIN\r\n", b"\r\n+CSMINS: 1,0\r\n",
    b"\r\n+CMS ERROR: 38\r\n", b"\r\n+CMS ERROR: 500\r\n", b"\r\n+CME ERROR: 14\r\n", b"\r\n+CME ERROR: SIM busy\r\n",
    b"\r\n+CREG: 2\r\n", b'\r\n+CREG: 5,"1A2B","3C4D"\r\n', b"\r\n+CMGS: 9\r\n", b"\r\nRING\r\n",
    b'\r\n+CUSD: 0,"Sisa pulsa Rp 25.000",15\r\n', b'\r\n+CUSD: 1,"menu\r\n1 ya', b"\r\n+CUSD: 4\r\n",
    b'\r\n+CLIP: "+62811",145\r\n', b"\r\n^BOOT:1,0,0,0,8\r\n",
    b"\r\nUNDER-VOLTAGE WARNNING\r\n", b"\r\nNORMAL POWER DOWN\r\n", b"\r\nSMS Ready\r\n", b'\r\n^SMMEMFULL:"SM"\r\n',
    b"\x00", b"\xff\xfe", b"\r", b"\n", b"\r\n", STORED.encode() + b"\r\n", b"\r\nCOMMAND NOT SUPPORT\r\n",
    b"AT+CMGF=0\r", b"\r\n+CMGL: 3,1,,24\r\n" + STORED.encode(), b"\r\nNO CARRIER\r\n", b"\r\n+CPMS: 9,9,9\r\n",
)  # fmt: skip


class MadModem:
    """Answers what it likes."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.madness = chance.choice((0.005, 0.03, 0.1, 0.4))
        self.waiting = b""

    def hear(self, data: bytes) -> None:
        """Think of an answer."""
        command = data.rstrip(b"\r\x1a").rpartition(b"\r")[2].strip(b"\x1b").decode("latin-1")
        self.waiting += self._answer(command)

    def say(self) -> bytes:
        """Say a piece of it, or something else."""
        if self.chance.random() < self.madness:
            return self.chance.choice(
                (self.chance.choice(UNASKED), self.chance.randbytes(self.chance.randrange(1, 40)))
            )
        cut = len(self.waiting) if self.chance.random() < 0.7 else self.chance.randrange(0, len(self.waiting) + 1)
        piece, self.waiting = self.waiting[:cut], self.waiting[cut:]
        if piece and self.chance.random() < self.madness:
            place = self.chance.randrange(len(piece))
            piece = piece[:place] + self.chance.choice(UNASKED) + piece[place:]
        return piece

    def _answer(self, command: str) -> bytes:
        if self.chance.random() >= self.madness:
            return self._plausible(command)
        return self.chance.choice(
            (b"", b"\r\nERROR\r\n", b"\r\n+CMS ERROR: 321\r\n", b"\r\n+CME ERROR: 10\r\n", b"\r\nOK\r\n")
        )

    def _plausible(self, command: str) -> bytes:
        known = ANSWERS.get(command)
        if isinstance(known, bytes):
            return known
        if command.startswith("AT+CMGS="):
            return b"\r\n> "
        if command.startswith("AT+CPMS"):
            return (
                b'\r\n+CPMS: "SM",3,30,"SM",3,30,"SM",3,30\r\n\r\nOK\r\n'
                if "?" in command
                else b"\r\n+CPMS: 3,30,3,30,3,30\r\n\r\nOK\r\n"
            )
        if command.startswith(("AT+CMGL", "AT+CMGR")):
            head = "+CMGL: 3,1,,24" if "L" in command[:7] else "+CMGR: 1,,24"
            return f"\r\n{head}\r\n{STORED}\r\n\r\nOK\r\n".encode()
        if command == PART.pdu_hex or command.startswith("00"):
            return b"\r\n+CMGS: 7\r\n\r\nOK\r\n"
        return b"\r\nOK\r\n"


class Episode:
    """One engine on a mad modem, then on a sane one."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.now = 1_000.0
        self.modem = Modem(ModemSettings("a", pin=self.chance.choice(("", "1234"))))
        self.mad = MadModem(self.chance)
        self.jobs: set[int] = set()
        self.ended: list[int] = []
        self.heard_since_send = b""

    def run(self, inputs: int) -> str:
        """Go through the episode; gives the surprise, or nothing."""
        self.modem.opened(self.now)
        for _ in range(inputs):
            if wrong := self._step():
                return wrong
        return self._recover()

    def _step(self) -> str:
        out = self.modem.bytes_to_send()
        if PART.pdu_hex.encode() in out and b">" not in self.heard_since_send:
            return "a payload without a prompt"
        if b"AT+CMGS=" in out:
            self.heard_since_send = b""
        if out:
            self.mad.hear(out)
        data = self.mad.say()
        self.heard_since_send += data
        self.modem.receive(data, self.now)
        draw = self.chance.random()
        if draw < 0.1:
            self._wish()
        self._pass_time(draw)
        return self._take()

    def _pass_time(self, draw: float) -> None:
        due = self.modem.next_deadline()
        if draw > 0.9 and due is not None and not self.mad.waiting:
            self.now = max(self.now, due)
        else:
            self.now += self.chance.choice((0.0, 0.001, 0.05))
        self.modem.tick(self.now)

    def _wish(self) -> None:
        job = len(self.jobs) + 1
        digest = self.chance.choice((at.digest(STORED), "0" * 64))
        match self.chance.randrange(6):
            case 0 | 1:
                self.jobs.add(job)
                self.modem.command(SendPart(job, PART.tpdu_octets, PART.pdu_hex), self.now)
            case 2:
                self.modem.command(FreeSlot("SM", self.chance.randrange(5), digest), self.now)
            case 3:
                self.modem.command(RunUssd("*888#"), self.now)
            case 4:
                self.modem.command(WalkSlots(), self.now)
            case _:
                self.modem.command(WriteMark(50), self.now)

    def _take(self) -> str:
        self.ended += [event.job for event in self.modem.events() if isinstance(event, at.SendEnded)]
        for action in self.modem.actions():
            if not isinstance(action, at.SetRate):
                self.modem.lost("closed", self.now)
                self.modem.opened(self.now)
        return "a part ended twice" if len(self.ended) != len(set(self.ended)) else ""

    def _recover(self) -> str:
        self.modem.lost("end of the episode", self.now)
        self._take()
        if self.jobs != set(self.ended):
            return f"parts without an end: {sorted(self.jobs - set(self.ended))}"
        field = Field(self.chance.choice(PERSONAS), modem=self.modem)
        field.now = self.now
        field.vm.tick(self.now)
        field.open()
        field.send(0, SendPart(0, PART.tpdu_octets, PART.pdu_hex))
        field.vm.sms("+628111", "satu")
        field.run(RECOVERY_S)
        if field.modem.state is not at.ModemState.READY:
            return f"still {field.modem.state} after {RECOVERY_S} s on a sane modem"
        if field.core.outcomes.get(0) is None or field.messages_on_the_way() or field.still_stored():
            return "a sane modem is not served"
        return ""


def fuzz(inputs: int, seed: int) -> bool:
    """Run episodes; print the first surprise."""
    began = perf_counter()
    done = 0
    while done < inputs:
        try:
            wrong = Episode(seed).run(min(EPISODE, inputs - done))
        except Exception as error:  # noqa: BLE001 - any exception is the surprise that is looked for
            wrong = repr(error)
        if wrong:
            print(f"surprise in the episode of seed {seed}: {wrong}")
            return False
        done += EPISODE
        seed += 1
    seconds = perf_counter() - began
    print(
        f"engine: {inputs:,} inputs in {seconds:.0f} s, {inputs / seconds:,.0f}/s, up to seed {seed - 1}: no surprise"
    )
    return True


def main() -> int:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    return 0 if fuzz(arguments.inputs, arguments.seed) else 1


if __name__ == "__main__":
    sys.exit(main())
