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
    assert isinstance(field.core.outcomes[2], at.Uncertain)


def test_after_a_restart_the_gap_tells_nothing():
    field = Field("sim800c").open().run(10)
    assert parts(field, "restart-sent") == []


def test_without_a_part_in_doubt_nothing_is_traced():
    assert parts(Field("sim800c").open().run(10)) == []


@pytest.mark.parametrize("persona", ["sim800c", "e173", "sim7600"])
@pytest.mark.parametrize(("fault", "attempted"), [("sent-mute", True), ("swallow", False)])
def test_a_refused_attempt_that_took_a_reference_makes_a_proof_of_the_gap(persona, fault, attempted):
    field = Field(persona).open().run(10)
    for job, faults in enumerate(((), ("credit:data=cms38",), (fault,), ()), 1):
        field.inject(*faults)
        field.send(job, SendPart(job, SEND.tpdu_octets, SEND.pdu_hex))
        field.run(10)
        field.inject("credit:data=good")
        field.run(300)
    assert field.events(at.SendTraced) == [at.SendTraced(3, attempted, proven=True)]


def test_a_modem_that_counts_what_was_taken_proves_nothing():
    field = Field("sim800c").open().run(10)
    for job, faults in enumerate(((), ("cms:on=+CMGS.,code=38",), ("swallow",), ()), 1):  # refused before it is counted
        field.inject(*faults)
        field.send(job, SendPart(job, SEND.tpdu_octets, SEND.pdu_hex))
        field.run(300)
    assert field.events(at.SendTraced) == [at.SendTraced(3, attempted=False, proven=False)]


def test_a_refusal_between_the_last_part_and_the_doubtful_one_leaves_the_gap_unread():
    field = Field("sim800c").open().run(10)
    field.send(1, SendPart(1, SEND.tpdu_octets, SEND.pdu_hex))
    field.run(10)
    field.inject("credit:data=cms38")
    field.send(2, SendPart(2, SEND.tpdu_octets, SEND.pdu_hex))
    field.run(10)
    field.inject("credit:data=good", "swallow")
    field.run(300)
    field.send(3, SendPart(3, SEND.tpdu_octets, SEND.pdu_hex))
    field.run(100)
    assert field.events(at.SendTraced) == []
