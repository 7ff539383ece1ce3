import pytest
from fault_course import HUMAN, PERSONAS, REFUSALS, RESTARTS, SEND, SILENCE, WIRE, WORLD, course
from manners import MANNERS
from modem_field import Field

from kentongan.at import events as at
from kentongan.at.commands import Recover
from kentongan.at.simulator.faults import FaultKind

FAULTS = (*WIRE, *SILENCE, *REFUSALS, *RESTARTS, *WORLD)
COURSES = [("whole", persona, fault) for fault in FAULTS for persona in PERSONAS]
COURSES += [
    (manner, PERSONAS[(at + turn) % len(PERSONAS)], fault)
    for at, fault in enumerate(FAULTS)
    for turn, manner in enumerate(list(MANNERS)[1:])
]  # every fault in every manner, on one modem or another


@pytest.mark.parametrize(("manner", "persona", "fault"), COURSES)
def test_whatever_happens_nothing_is_lost_or_doubled_and_the_line_comes_back(manner, persona, fault):
    met = course(persona, fault, MANNERS[manner])
    assert met.field.modem.state is at.ModemState.READY
    assert (met.lost, met.doubled) == (0, 0)
    assert met.recovery_s is not None
    submitted = met.field.submissions(SEND)
    match met.field.core.outcomes[1]:
        case at.Sent():
            assert submitted == 1
        case at.Uncertain():
            assert submitted <= 1
            assert submitted == 1 or 1 not in met.field.core.late
        case outcome:
            pytest.fail(f"sent again and again, and still {outcome}")


@pytest.mark.parametrize("persona", PERSONAS)
@pytest.mark.parametrize("fault", HUMAN)
def test_what_needs_a_human_loses_and_doubles_nothing_and_says_what_it_is(persona, fault):
    met = course(persona, fault)
    assert met.field.submissions(SEND) <= 1
    if fault.startswith("pin-lock"):
        assert met.field.modem.state is at.ModemState.SIM_LOCKED
    else:
        assert (met.lost, met.doubled) == (0, 0)
        assert met.field.modem.state is at.ModemState.READY


def test_the_schedule_is_whole():
    kinds = {
        one.partition(":")[0]
        for fault in (*WIRE, *SILENCE, *REFUSALS, *RESTARTS, *WORLD, *HUMAN)
        for one in fault.split(" ")
    }
    assert kinds >= set(map(str, FaultKind))


@pytest.mark.parametrize("persona", PERSONAS)
def test_a_refusal_that_asks_for_a_new_start_gets_one(persona):
    field = Field(persona).open().run(10)
    field.modem.command(Recover("CMS 320"), field.now)
    field.run(60)
    assert field.modem.state is at.ModemState.READY
    assert [event.why for event in field.events(at.RungClimbed)] == ["CMS 320"]


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
@pytest.mark.parametrize("manner", MANNERS)
def test_a_flood_is_drained_through_a_small_memory(persona, manner):
    field = Field(persona, manner=MANNERS[manner]).open().run(5)
    field.inject("flood:count=200")
    field.run(60)
    assert len(field.core.taken) == 200
    assert field.still_stored() == 0
