import random

import pytest
from modem_field import Field

from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.commands import SendPart

(PART,) = pdu.segment("Terima kasih", "+628123456789", reference=1, report=True, validity_min=1440).parts
SEND = SendPart(1, PART.tpdu_octets, PART.pdu_hex)
FORGED = [
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n> ", b"\r\nRDY\r\n", b"\r\n^RSSI:18\r\n", b'\r\n+CMTI: "SM",3\r\n', b"\xff",
    b"\r\n+CPIN: NOT INSERTED\r\n", b"\r\n+CMS ERROR: 38\r\n", b"\x00", b"\r\n+CREG: 2\r\n", b"\r\n+CDS: 26\r\n",
    b"\r\n+CME ERROR: 14\r\n", b"\r\n+CMGS: 9\r\n",
]  # fmt: skip


class BadWire:
    """A wire from the modem that drops and changes bytes, and says things of its own while `forges`."""

    def __init__(self, seed: int, *, forges: bool):
        self.random = random.Random(seed)
        self.rate = self.random.choice([0.002, 0.01, 0.05])
        self.forges = forges

    def carry(self, data: bytes) -> bytes:
        return b"".join(self._byte(bytes([byte])) for byte in data)

    def _byte(self, byte: bytes) -> bytes:
        if self.random.random() >= self.rate:
            return byte
        match self.random.randrange(4):
            case 0:
                return b""
            case 1:
                return bytes([self.random.randrange(128, 256)])
            case 2:
                return byte + (self.random.choice(FORGED) if self.forges else b"\xfe")
            case _:
                return byte + b"\x00"


def story(seed: int, *, forges: bool) -> Field:
    field = Field(["sim800c", "e173", "sim7600"][seed % 3])
    wire = BadWire(seed, forges=forges)
    clean_from = field.now + wire.random.choice([3, 60, 200])
    say = field.vm.bytes_to_send
    field.vm.bytes_to_send = lambda: say() if field.now >= clean_from else wire.carry(say())
    field.open().run(wire.random.choice([0, 1, 5]))
    field.vm.sms("+628111", "satu")
    field.vm.sms("+628112", "dua")
    field.send(1, SEND)
    field.run(30)
    field.vm.sms("+628113", "tiga")
    return field.run(2400)


@pytest.mark.parametrize("seed", range(60))
def test_a_bad_wire_loses_nothing_and_doubles_nothing(seed):
    field = story(seed, forges=False)
    assert field.modem.state is at.ModemState.READY
    assert field.messages_on_the_way() == []
    assert field.still_stored() == 0
    submitted = field.submissions(SEND)
    assert submitted <= 1
    assert isinstance(field.core.outcomes[1], at.Sent | at.Uncertain)
    assert submitted == 1 or isinstance(field.core.outcomes[1], at.Uncertain)


@pytest.mark.parametrize("seed", range(100, 130))
def test_a_wire_that_lies_cannot_stop_the_line(seed):
    field = story(seed, forges=True)
    assert field.modem.state is at.ModemState.READY
    assert field.still_stored() == 0
