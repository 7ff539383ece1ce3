"""Documents stay as small as the contract says (4.5), whatever a citizen or a backend writes."""

import json
from dataclasses import replace

import pytest
from backend_bench import ask, error, events, settle
from core_bench import deliver, of, serving, slot

from kentongan.daemon.events import Publish
from kentongan.daemon.outgoing import MAX_CHANGES

PARTS = 60


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, window=1_000, broadcast_per_day=1) as bench:
        yield bench


def long_sms(bench, text, code):
    commands = []
    for number in range(1, PARTS + 1):
        commands += bench.modem(slot(deliver(text, sequence=(9, PARTS, number), code=code), number))
    return settle(bench, commands)


@pytest.mark.parametrize(("text", "code"), [("jalan rusak " * 12, 0x00), ("\u062c" * 60, 0x08)])
def test_a_very_long_sms_is_told_whole_and_to_groups_in_short(bench, text, code):
    said = long_sms(bench, text, code)
    ticket = events(said, "ticket")[-1]
    assert ticket["parts"] == {"total": PARTS, "received": PARTS}
    assert ticket["text"] == text * PARTS
    group = [c.publication for c in of(Publish, said) if "/event/group/semua" in c.publication.topic][-1]
    assert len(group.payload) <= 8_192  # the bench holds every document against its limit, tickets against 64 000
    assert json.loads(group.payload)["text"].endswith("[…]")


@pytest.mark.parametrize("text", ["x" * 39_015, "\u062c" * 17_085, "\U0001f600" * 8_542])
def test_the_longest_ticket_there_can_be_stays_within_its_limit(bench, text):
    (told,) = events(settle(bench, bench.sms("jalan rusak")), "ticket")
    ticket = replace(bench.store.ticket(told["ticket_id"]), text=text, total=255, received=255)
    assert len(bench.voice.ticket(ticket, 1, bench.at)) <= 64_000


def test_an_answer_names_each_change_once_and_not_all_of_them(bench):
    (ticket,) = events(settle(bench, bench.sms("jalan rusak")), "ticket")
    odd = "\u201c\u201d\u2018\u2019\u2013\u2014\u2026\u00ab\u00bb\u2022" * 20
    answer, _ = ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text=f"Sudah {odd}")
    assert answer["status"] == "accepted"
    changes = answer["result"].get("changes", [])
    assert len(changes) == len(set(changes)) <= MAX_CHANGES


def test_what_can_never_be_sent_is_said_before_what_may_be_sent_tomorrow(bench):
    answer, _ = ask(bench, "broadcast", "b1", to=["+6281300000001", "+6281300000002"], text="x" * 400)
    assert error(answer) == "text_too_long"
    answer, _ = ask(bench, "broadcast", "b2", to=["+6281300000001", "+6281300000002"], text="x")
    assert error(answer) == "rate_limited"
