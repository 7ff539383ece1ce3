import pytest
from fault_course import SEND
from modem_field import Field

from kentongan.at import events as at
from kentongan.at.commands import SendPart


def parts(field, *faults):
    """Send four parts; the faults meet the second."""
    for job in (1, 2, 3, 4):
        if job == 2:
            field.inject(*faults)
        field.send(job, SendPart(job, SEND.tpdu_octets, SEND.pdu_hex))
        field.run(300)
    return field.events(at.SendTraced)


@pytest.mark.parametrize("persona", ["sim800c", "e173", "sim7600"])
@pytest.mark.parametrize(("fault", "attempted"), [("sent-mute", True), ("swallow", False)])
def test_the_gap_in_the_references_tells_whether_a_part_without_an_answer_was_attempted(persona, fault, attempted):
    field = Field(persona).open().run(10)
    assert parts(field, fault) == [at.SendTraced(2, attempted)]
    assert isinstance(field.outcomes[2], at.Uncertain)


def test_after_a_restart_the_gap_tells_nothing():
    field = Field("sim800c").open().run(10)
    assert parts(field, "restart-sent") == []


def test_without_a_part_in_doubt_nothing_is_traced():
    assert parts(Field("sim800c").open().run(10)) == []
