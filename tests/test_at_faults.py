import pytest
from modem_field import Field

from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.commands import SendPart

PERSONAS = ["sim800c", "e173", "sim7600"]
WIRE = [
    "garble:on=+CMGR,count=3",
    "garble:on=+CMGS.,count=2",
    "garble:on=+CMGL,count=5",
    "garble:on=+CPMS,count=4",
    "noise:on=+CMGD,data=0000ff0d0afe4f4b0d0a",
    "drip:on=+CMGL,seconds=0.01",
    "drip:on=+CMGS.,seconds=0.05",
    "lose:on=+CMGR,position=5,count=4",
    "lose:on=+CMGD,position=2,count=2",
    "urc:on=+CMGR,position=9,data=^RSSI:18",
    "urc:on=+CMGS.,position=3,data=^RSSI:18",
    "delay:on=+CMGR,seconds=12",
    "delay:on=+CMGD,seconds=16",
]
SILENCE = [
    "silence:on=+CMGR",
    "silence:on=+CMGD",
    "silence:on=+CMGS",
    "silence:on=+CMGL",
    "silence:on=+CPMS,times=2",
    "mute:on=+CMGD",
    "mute:on=+CMGR",
    "swallow",
    "sent-mute",
    "late:seconds=40",
    "late:seconds=83",
    "late:seconds=95",
    "late:seconds=300",
    "no-urc",
]
REFUSALS = [
    "cms:on=+CMGS.,code=38",
    "cms:on=+CMGS,code=302",
    "cms:on=+CMGS.,code=500,times=3",
    "cme:on=+CMGR,code=14",
    "cms:on=+CMGR,code=321",
    "plain:on=+CMGD,times=5",
    "delete-ignored:on=+CMGD",
]
RESTARTS = [
    "restart:on=+CMGR,position=4",
    "restart:on=+CMGS>,position=2",
    "restart:on=+CMGL,position=0",
    "restart-payload:position=10",
    "restart-sent",
    "restart-now",
    "restart-now:on=+CMGD",
    "forget",
    "stuck-prompt",
    "voltage:data=UNDER-VOLTAGE POWER DOWN",
    "vanish:seconds=20",
    "vanish:on=+CMGS.,seconds=20",
    "hang:seconds=100",
    "hang",
    "hang:on=+CMGS.",
    "deaf",
]
WORLD = [
    "memory-full",
    "duplicate:count=2",
    "sim-out:seconds=200",
    "sim-out:on=+CMGR,seconds=60",
    "no-network:seconds=100",
    "no-network:code=3,seconds=700",
    "call:data=+62811,count=5",
    "flood:count=100",
    "voltage:code=3300,data=UNDER-VOLTAGE WARNNING",
]
(PART,) = pdu.segment("Terima kasih", "+628123456789", reference=1, report=True, validity_min=1440).parts
SEND = SendPart(1, PART.tpdu_octets, PART.pdu_hex)


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("fault", [*WIRE, *SILENCE, *REFUSALS, *RESTARTS, *WORLD])
def test_whatever_happens_nothing_is_lost_or_doubled_and_the_line_comes_back(persona, fault):
    field = Field(persona).open().run(5)
    field.inject(fault)
    field.vm.sms("+628111", "satu")
    field.vm.sms("+628112", "dua")
    field.send(1, SEND)
    field.run(5)
    field.vm.sms("+628113", "tiga")
    field.run(1200)
    assert field.modem.state is at.ModemState.READY
    assert field.messages_on_the_way() == []
    assert field.still_stored() == 0
    submitted = field.submissions(SEND)
    match field.outcomes[1]:
        case at.Sent():
            assert submitted == 1
        case at.Uncertain():
            assert submitted <= 1
            assert submitted == 1 or 1 not in field.late
        case outcome:
            pytest.fail(f"sent again and again, and still {outcome}")


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_modem_that_hangs_is_back_within_five_minutes(persona):
    field = Field(persona).open().run(100)
    field.inject("hang")
    hung = field.now
    while not field.events(at.RungClimbed):
        field.run(1)
    assert field.now - hung <= 90
    field.until(at.ModemState.READY, 300 - (field.now - hung))


def test_without_a_power_switch_a_hung_modem_raises_the_alarm_and_is_served_when_it_recovers():
    field = Field(has_power_switch=False).open().run(5)
    field.inject("hang")
    field.run(3600)
    rungs = [event.rung for event in field.events(at.RungClimbed)]
    assert rungs[-1] == "alarm"
    assert rungs.count("power_cycle") == 3
    field.vm.power(False)
    field.vm.power(True)
    field.until(at.ModemState.READY, 30)


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("chop", [0, 1])
def test_a_flood_is_drained_through_a_small_memory(persona, chop):
    field = Field(persona, chop=chop).open().run(5)
    field.inject("flood:count=200")
    field.run(60)
    assert len(field.taken) == 200
    assert field.still_stored() == 0
