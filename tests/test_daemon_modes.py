"""How an office may narrow the contract: numbers that never leave it, consumers that can only listen."""

import pytest
from backend_bench import ask, error, events, settle
from core_bench import CITIZEN, Bench, of

from kentongan.at.commands import SendPart
from kentongan.daemon.events import Publish, ToModem
from kentongan.mqtt.events import PubackResult
from kentongan.queue.records import Sender


@pytest.fixture
def make(tmp_path):
    made = []

    def bench(**settings):
        made.append(Bench(tmp_path / "k.db", **settings))
        made[-1].ready()
        made[-1].broker_up(window=100)
        return made[-1]

    yield bench
    for each in made:
        each.core.close(each.at)


def test_a_masked_number_leaves_the_office_in_no_document_and_a_reply_still_finds_it(make):
    bench = make(sender_mode="masked", broadcast_per_day=5, acknowledge=True)
    commands = settle(bench, bench.sms("jalan rusak"))
    (ticket,) = events(commands, "ticket")
    assert ticket["sender"]["masked"] == "+62812*****890"
    assert "number" not in ticket["sender"]
    answer, more = ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text="Sudah ditangani")
    assert answer["status"] == "accepted"
    commands += more + ask(bench, "get", "g1", what="ticket", id=ticket["ticket_id"])[1]
    commands += ask(bench, "resend", "p1", select={"by": "seq", "from_seq": 1}, include=["tickets", "replies"])[1]
    commands += settle(bench, bench.pass_time(5))
    for publish in of(Publish, commands):
        assert CITIZEN[3:].encode() not in publish.publication.payload, publish.publication.topic
    assert [message.recipient for message in bench.store.outbox(5) if message.command_id == "r1"] == [CITIZEN]


def test_without_an_acknowledgement_a_ticket_stays_open(make):
    bench = make()
    settle(bench, bench.sms("jalan rusak"))
    assert bench.store.counts(bench.at).unacknowledged == 1


def test_for_a_consumer_that_can_only_listen_the_puback_closes_the_ticket(make):
    bench = make(ack_mode="puback")
    commands = bench.sms("jalan rusak")
    (ticket,) = [c for c in of(Publish, commands) if c.publication.topic.endswith("event/ticket")]
    bench.puback(ticket, PubackResult.NO_SUBSCRIBER)
    assert bench.store.counts(bench.at).unacknowledged == 1, "nobody has it"
    settle(bench, bench.jump(3600))
    assert bench.store.counts(bench.at).unacknowledged == 0
    assert events(settle(bench, bench.jump(7200)), "ticket") == []
    info = ask(bench, "get", "g1", what="info")[0]["result"]
    assert (info["ack_mode"], info["sender_mode"]) == ("puback", "full")


def test_without_the_offices_word_nobody_is_written_to_who_did_not_write(make):
    answer, _ = ask(make(), "reply", "d1", to="+6281300000001", text="Undangan rapat")
    assert (error(answer), answer["error"]["field"]) == ("not_enabled", "to")


def test_with_it_only_the_allowed_numbers_are(make):
    bench = make(direct_to=("+62813",))
    answer, more = ask(bench, "reply", "d1", to="+6281300000001", text="Undangan rapat")
    assert answer["status"] == "accepted"
    assert next(("ticket_id" in each, each["status"]) for each in events(more, "reply")) == (False, "queued")
    assert [message.recipient for message in bench.store.outbox(5)] == ["+6281300000001"]
    assert error(ask(bench, "reply", "d2", to="+6281400000001", text="Undangan")[0]) == "number_not_allowed"
    settle(bench, bench.sms("BERHENTI", sender="+6281300000001"))
    assert error(ask(bench, "reply", "d3", to="+6281300000001", text="Undangan")[0]) == "opted_out"


def test_what_the_office_was_told_of_a_ticket_goes_with_it_and_answers_nobody(make):
    bench = make(people={"camat": "+6281100001234"})
    (ticket,) = events(settle(bench, bench.sms("jalan rusak")), "ticket")
    found = ask(bench, "notify", "n1", role="camat", text="Jalan rusak, mohon dicek", ticket_id=ticket["ticket_id"])
    assert events(found[1], "reply")[0]["ticket_id"] == ticket["ticket_id"]
    assert bench.store.ledger.answers(0, bench.at.wall_ms + 1).waiting == 1
    (part,) = [each for each in of(ToModem, found[1]) if isinstance(each.command, SendPart)]
    settle(bench, bench.sent(part))
    ask(bench, "erase", "e1", ticket_ids=[ticket["ticket_id"]])
    assert [(message.recipient, message.text) for message in bench.store.outbox(5)] == [("", "")]


def test_health_tells_what_the_operator_said_of_the_card(make):
    bench = make()
    assert "sim" not in ask(bench, "get", "g1", what="health")[0]["result"]
    bench.line.note(balance_rp=45_000, valid_until_ms=bench.at.wall_ms + 10 * 86_400_000)
    told = ask(bench, "get", "g2", what="health")[0]["result"]["sim"]
    assert told == {"balance_idr": 45_000, "active_until": "2026-11-28"}


@pytest.mark.parametrize("address", ["0812345678901234567", "PLN", "1818"])
def test_a_number_too_odd_to_be_read_is_masked_as_well(make, address):
    bench = make(sender_mode="masked")
    sender = Sender("", address, "s_q1X7c0b3kTn2", replyable=False)
    for told in (bench.voice.masked_sender(sender), bench.voice._sender(sender)):
        assert told.address == (address if len(address) < 9 else "08*****************")
