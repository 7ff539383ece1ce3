import pytest
from core_bench import CITIZEN

from kentongan.daemon.answers import Acknowledger, Answers, Template, faults_of, lint
from kentongan.daemon.errors import ConfigError
from kentongan.queue.records import Encoding, Priority, Sender, Thread, Ticket, TicketState
from kentongan.queue.store import Answered

COUNTIES = ["Luwu Utara", "Lampung Barat", "Rembang", "Jawa Tengah", "DKI Jakarta"]


def ticket(thread=Thread.NEW, *, replyable=True):
    sender = Sender(CITIZEN if replyable else "", CITIZEN, "s_q1X7c0b3kTn2", replyable)
    return Ticket(
        "t", "e", 1, "LU2-041-937-1", "a", sender, 1, "x", False, Encoding.GSM7, b"", 1, 1, (), 0, True, None, 0,
        "complaint", thread, (), TicketState.PENDING, 0,
    )  # fmt: skip


@pytest.mark.parametrize("county", COUNTIES)
@pytest.mark.parametrize("template", Template)
def test_every_text_fits_one_plain_segment_and_no_filter(county, template):
    assert faults_of(Answers(True, f"Kominfo {county}").text(template, "LU2-041-937-1")) == []


@pytest.mark.parametrize(
    ("signature", "fault"),
    [
        ("Dinas Komunikasi dan Informatika Kabupaten Luwu Utara", "does not fit into one SMS"),
        ("Kominfo ✓", "outside the GSM 7-bit alphabet"),
        ("Kominfo 08114200000", "digit run"),
        ("www.lutra.go.id", "'www'"),
    ],
)
def test_a_signature_that_keeps_texts_from_arriving_is_refused_at_start(signature, fault):
    with pytest.raises(ConfigError, match=fault) as refused:
        lint(Answers(True, signature))
    assert refused.value.key == "answers.signature"


@pytest.mark.parametrize(
    ("thread", "hour", "day", "answered"),
    [
        (Thread.NEW, 0, 0, Template.ACK),
        (Thread.NEW, 1, 2, Template.ACK),
        (Thread.NEW, 0, 3, None),
        (Thread.FOLLOW_UP, 0, 1, Template.APPEND),
        (Thread.FOLLOW_UP, 1, 1, None),
        (Thread.FOLLOW_UP, 0, 3, None),
    ],
)
def test_a_citizen_is_answered_within_the_caps(thread, hour, day, answered):
    answers = Answers(True, "Kominfo Rembang")
    wanted = answers.text(answered, "LU2-041-937-1") if answered else ""
    assert answers.to(ticket(thread), last_hour=hour, last_day=day) == wanted


def test_nobody_is_answered_who_cannot_be_or_when_the_office_does_not_want_it():
    assert Answers(True, "x").to(ticket(replyable=False), last_hour=0, last_day=0) == ""
    assert Answers(False, "x").to(ticket(), last_hour=0, last_day=0) == ""


def test_an_acknowledgement_is_one_plain_part_of_its_own_class():
    draft = Acknowledger(Answers(True, "Kominfo Rembang"))(ticket(), Answered(0, 0))
    assert (len(draft.parts), draft.encoding, draft.priority) == (1, Encoding.GSM7, Priority.ACKNOWLEDGEMENT)
    assert (draft.command_id, draft.recipient) == ("", CITIZEN)
