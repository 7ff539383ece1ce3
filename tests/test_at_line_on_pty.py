import pytest
from line_on_pty import LineOnPty

from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.commands import SendPart
from kentongan.at.simulator import PtyModem, VirtualModem, by_name, parse_fault

(PART,) = pdu.segment("Terima kasih", "+628123456789", reference=1, report=False, validity_min=1440).parts


@pytest.fixture
def modem(tmp_path):
    modem = PtyModem(VirtualModem(by_name("sim800")), link=tmp_path / "modem", baud=115200)
    modem.start()
    yield modem
    modem.stop()


@pytest.fixture
def line(modem):
    line = LineOnPty(modem.path)
    yield line
    line.close()


def test_a_modem_that_is_on_and_registered_serves_within_half_a_second(line):
    assert line.until_ready() < 0.5


def test_a_message_is_read_and_freed_and_an_answer_leaves(modem, line):
    line.until_ready()
    modem.sms("+628123456789", "Jalan rusak di depan pasar")
    line.until(lambda: line.events(at.SlotFreed))
    found = line.events(at.SlotFound)[0]
    assert pdu.decode(found.pdu_hex, found.tpdu_octets).tpdu.user_data.text == "Jalan rusak di depan pasar"
    line.command(SendPart(1, PART.tpdu_octets, PART.pdu_hex))
    line.until(lambda: line.events(at.SendEnded))
    assert modem.submissions.get(timeout=30).pdu_hex == PART.pdu_hex


def test_a_modem_that_is_pulled_out_and_put_back_serves_again(modem, line):
    line.until_ready()
    modem.unplug()
    line.until(lambda: line.modem.state is at.ModemState.CLOSED)
    modem.plug()
    line.until_ready()


def test_a_small_memory_is_drained_at_fifteen_messages_a_second(modem, line):
    line.until_ready()
    line.until(lambda: line.events(at.Identified))
    modem.inject(parse_fault("flood:count=60,data=" + "x" * 150))
    assert line.until(lambda: len(line.events(at.SlotFreed)) == 60) <= 60 / 15
    assert len({found.pdu_hex for found in line.events(at.SlotFound)}) == 60


def test_ten_parts_a_second_leave_when_the_network_takes_no_time(modem, line):
    line.until_ready()
    line.until(lambda: line.events(at.Identified))
    spent = 0.0
    for job in range(20):
        line.command(SendPart(job, PART.tpdu_octets, PART.pdu_hex))
        spent += line.until(lambda count=job: len(line.events(at.SendEnded)) > count)
    assert 20 / spent >= 10


@pytest.mark.parametrize("rate", ["0", "9600"])
def test_a_modem_at_another_rate_is_found(tmp_path, rate):
    virtual = VirtualModem(by_name("sim800"))
    virtual.device.settings.values["+IPR"] = rate
    modem = PtyModem(virtual, link=tmp_path / "modem", strict_rate=True)
    modem.start()
    line = LineOnPty(modem.path)
    try:
        line.until_ready(20.0)
        line.until(lambda: line.events(at.Identified))
        assert modem.call(lambda played: played.device.settings.values["+IPR"]) == ("115200" if rate == "0" else rate)
    finally:
        line.close()
        modem.stop()
