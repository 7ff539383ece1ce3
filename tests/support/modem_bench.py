"""A virtual modem on the bench: write bytes, read bytes, move the clock by hand."""

from typing import Any

from kentongan.at.simulator import VirtualModem, by_name

SUBMIT = "0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603"  # "Halo Kentongan", report wanted, 28 octets
DELIVER = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"  # "TOLONG", 26 octets


class Bench:
    """One modem and one clock."""

    def __init__(self, persona: str = "sim800", *, echo: bool = False, **options: Any) -> None:
        self.modem = VirtualModem(by_name(persona), **options)
        self.now = 0.0
        if not echo:
            self.send(b"ATE0\r")

    def send(self, data: bytes) -> bytes:
        """Write bytes and return what the modem said up to this moment."""
        self.modem.receive(data, self.now)
        return self.modem.bytes_to_send()

    def ask(self, command: str) -> bytes:
        """Send a command line."""
        return self.send(command.encode("latin-1") + b"\r")

    def heard(self) -> bytes:
        """Return what the modem said unasked up to this moment."""
        self.modem.tick(self.now)
        return self.modem.bytes_to_send()

    def wait(self, seconds: float) -> bytes:
        """Move the clock and return what was said meanwhile."""
        self.now += seconds
        return self.heard()

    def submit(self, pdu_hex: str = SUBMIT, octets: int = 28) -> bytes:
        """Send a SUBMIT and return everything after the prompt up to this moment."""
        prompt = self.ask(f"AT+CMGS={octets}")
        assert prompt.endswith(b"\r\n> "), prompt
        return self.send(pdu_hex.encode("ascii") + b"\x1a")
