"""BERHENTI and MULAI on a whole core: a wish is no ticket, is confirmed once, and holds against every broadcast."""

import pytest
from backend_bench import ask, error, events, settle
from core_bench import CITIZEN, serving

from kentongan.daemon.answers import Answers, faults_of
from kentongan.daemon.wishes import TEXTS, read_wish
from kentongan.queue.records import WishLevel

OTHER = "+6281300000001"


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, broadcast_per_day=5) as bench:
        yield bench


def texts(bench):
    return [message.text for message in bench.store.outbox(20)]


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("BERHENTI", WishLevel.ANSWERS),
        (" berhenti. ", WishLevel.ANSWERS),
        ("Stop info", WishLevel.ANSWERS),
        ("UNREG", WishLevel.ANSWERS),
        ("BERHENTI SEMUA", WishLevel.NOTHING),
        ("stop sms semua!", WishLevel.NOTHING),
        ("Mulai", WishLevel.EVERYTHING),
        ("START", WishLevel.EVERYTHING),
        ("tolong stop truk pasir", None),
        ("stop truk", None),
        ("berhenti dulu pak, jalan rusak", None),
        ("BATAL", None),
        ("STOP 123", None),
        ("", None),
        ("?", None),
        ("mulai kapan jalan diperbaiki", None),
        ("semua", None),
    ],
)
def test_only_a_whole_message_is_a_wish(text, level):
    assert read_wish(text) is level


@pytest.mark.parametrize("signature", ["Kominfo Luwu Utara", "Dinas Kominfo Kabupaten Lampung Barat"])
def test_every_confirmation_fits_into_one_plain_sms(signature):
    for template in TEXTS.values():
        assert faults_of(Answers(acknowledge=True, signature=signature).text(template, "")) == []


def test_berhenti_opens_no_ticket_and_is_answered_kindly_once(bench):
    told = settle(bench, bench.sms("BERHENTI"))
    assert events(told, "ticket") == []
    (kept,) = events(told, "quarantine")
    assert (kept["reason"], kept["releasable"]) == ("opt_out", True)
    assert len(texts(bench)) == 1
    assert texts(bench)[0].startswith("Baik, HP ini tidak akan dikirimi info lagi")
    settle(bench, bench.sms("STOP", index=2))
    assert len(texts(bench)) == 1


def test_a_broadcast_leaves_out_who_said_berhenti_until_they_say_mulai(bench):
    settle(bench, bench.sms("BERHENTI"))
    answer, _ = ask(bench, "broadcast", "c1", to=[CITIZEN, OTHER], text="Air sungai naik")
    assert answer["result"] == {"messages": 1, "encoding": "gsm7", "opted_out": 1}
    assert error(ask(bench, "broadcast", "c2", to=[CITIZEN], text="Air sungai naik")[0]) == "opted_out"
    bench.crash()
    bench.broker_up(window=100)
    assert error(ask(bench, "broadcast", "c3", to=[CITIZEN], text="Air sungai naik")[0]) == "opted_out"
    settle(bench, bench.sms("MULAI", index=2))
    answer, _ = ask(bench, "broadcast", "c4", to=[CITIZEN, OTHER], text="Air sungai naik")
    assert answer["result"]["messages"] == 2


def test_answers_to_own_reports_still_come_after_berhenti(bench):
    settle(bench, bench.sms("BERHENTI"))
    (ticket,) = events(settle(bench, bench.sms("jalan rusak", index=2)), "ticket")
    answer, _ = ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text="Sudah ditangani")
    assert answer["status"] == "accepted"


def test_after_berhenti_semua_the_report_is_kept_and_the_backend_is_told(bench):
    settle(bench, bench.sms("BERHENTI SEMUA"))
    (ticket,) = events(settle(bench, bench.sms("jalan rusak", index=2)), "ticket")
    answer, _ = ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text="Sudah ditangani")
    assert error(answer) == "opted_out"
    assert CITIZEN[1:] not in str(answer)
