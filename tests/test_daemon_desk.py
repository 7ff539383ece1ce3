import json
from itertools import pairwise

import pytest
from backend_bench import ask, error, events, settle
from core_bench import CITIZEN, TOPICS, Bench, of, serving

from kentongan.at import events as at
from kentongan.at.events import ModemState
from kentongan.daemon.events import Publish
from kentongan.mqtt.events import PubackResult
from kentongan.mqtt.payloads import rfc3339
from kentongan.queue.records import Moment


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path) as bench:
        yield bench


def ticket(bench, text="Jalan rusak di Sabbang", **more):
    return events(settle(bench, bench.sms(text, **more)), "ticket")[0]


def accept(bench, ticket):
    body = {"schema": "ticket_ack/1", "ticket_id": ticket["ticket_id"], "status": "accepted", "backend_ticket": "1"}
    settle(bench, bench.command("ticket_ack", json.dumps(body).encode()))


# -- reply_cancel ------------------------------------------------------------------------------------------------------


def test_a_reply_that_waits_is_cancelled_once_and_told_so(bench):
    first = ticket(bench)
    bench.core._rooms.sending.stopped = True
    ask(bench, "reply", "r1", ticket_id=first["ticket_id"], text="Halo")
    answer, said = ask(bench, "reply_cancel", "c1", target_command_id="r1")
    assert (answer["status"], answer["result"]) == ("done", {"state": "cancelled"})
    assert [(e["status"], e["final"]) for e in events(said, "reply")] == [("cancelled", True)]
    again, said = ask(bench, "reply_cancel", "c2", target_command_id="r1")
    assert (again["status"], events(said, "reply")) == ("done", [])


def test_a_reply_that_has_begun_to_leave_or_never_was_is_not_cancelled(bench):
    first = ticket(bench)
    ask(bench, "reply", "r1", ticket_id=first["ticket_id"], text="Halo")
    answer, _ = ask(bench, "reply_cancel", "c1", target_command_id="r1")
    assert error(answer) == "too_late"
    assert answer["error"]["details"] == {"state": "sending"}
    assert error(ask(bench, "reply_cancel", "c2", target_command_id="nobody")[0]) == "unknown_command_id"


def test_a_name_as_sender_is_impossible_on_a_sim(bench):
    first = ticket(bench)
    answer, _ = ask(bench, "reply", ticket_id=first["ticket_id"], text="Halo", sender_id="GubDKI")
    assert error(answer) == "sender_id_not_possible"
    assert "GubDKI" not in json.dumps(answer)


# -- get ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["info", "health", "diagnostics", "queue"])
def test_a_document_can_be_asked_for(bench, what):
    answer, _ = ask(bench, "get", what=what)
    assert answer["status"] == "done"
    assert {"info": "store_id", "health": "queues", "diagnostics": "log", "queue": "outbox"}[what] in answer["result"]


def test_a_ticket_is_shown_without_its_words_and_its_sender(bench):
    first = ticket(bench, "Rahasia warga")
    accept(bench, first)
    for id_ in (first["ticket_id"], first["ticket_number"]):
        answer, _ = ask(bench, "get", f"g:{id_}", what="ticket", id=id_)
        result = answer["result"]
        assert (result["ticket_id"], result["state"], result["backend_ticket"]) == (first["ticket_id"], "accepted", "1")
        assert CITIZEN[4:] not in json.dumps(answer)
        assert "Rahasia" not in json.dumps(answer)


def test_a_reply_is_shown_as_it_stands(bench):
    first = ticket(bench)
    ask(bench, "reply", "r1", ticket_id=first["ticket_id"], text="Halo")
    answer, _ = ask(bench, "get", what="reply", id="r1")
    assert (answer["result"]["status"], answer["result"]["final"]) == ("sending", False)


@pytest.mark.parametrize(
    ("what", "more", "code"),
    [
        ("ticket", {"id": "LU2-000-009-9"}, "unknown_ticket"),
        ("reply", {"id": "nobody"}, "unknown_command_id"),
        ("ticket", {}, "schema_invalid"),
    ],
)
def test_what_is_not_there_is_refused_by_name(bench, what, more, code):
    assert error(ask(bench, "get", what=what, **more)[0]) == code


def test_diagnostics_stay_small_and_name_nobody(bench):
    for number in range(40):
        settle(bench, bench.sms(f"Laporan {number}", sender=f"+62812345678{number:02}", index=number + 1))
    answer, _ = ask(bench, "get", what="diagnostics")
    assert len(json.dumps(answer)) <= 8_192
    assert 10 <= len(answer["result"]["log"]) <= 30
    assert "+62812345678" not in json.dumps(answer)
    assert answer["result"]["config"]["digest"] == "digest"


def test_diagnostics_tell_which_steps_brought_the_modem_back(bench):
    bench.modem(at.StateChanged(ModemState.READY, ModemState.DOWN, "no answer"))
    bench.modem(at.RungClimbed("resync", "no answer"))
    bench.modem(at.StateChanged(ModemState.DOWN, ModemState.READY, "registered"))
    answer, _ = ask(bench, "get", what="diagnostics")
    assert answer["result"]["recoveries"] == ["a resync: 1 of 1"]


# -- resend ------------------------------------------------------------------------------------------------------------


def resend(bench, select, command_id="restore", **fields):
    return ask(bench, "resend", command_id, select=select, **fields)


def play(bench, seconds):
    """Let time go on with a broker that takes everything; gives the tickets and answers with their moments."""
    played = []
    for _ in range(round(seconds * 10)):
        commands = settle(bench, bench.pass_time(0.1))
        played += [(bench.at.steady_ms, each) for each in events(commands, "ticket") + events(commands, "response")]
    return played


def test_accepted_tickets_are_played_again_oldest_first_ten_a_second_and_told_when_done(bench):
    tickets = [ticket(bench, f"Laporan {n}", sender=f"+62812345678{n:02}", index=n + 1) for n in range(25)]
    for each in tickets:
        accept(bench, each)
    answer, said = resend(bench, {"by": "seq", "from_seq": 3}, limit=20)
    assert answer["status"] == "accepted"
    assert answer["result"] == {"matched": 20, "replies": 0, "first_seq": 3, "last_seq": 22}
    began = bench.at.steady_ms
    played = [(began, each) for each in events(said, "ticket")] + play(bench, 4)
    seqs = [(moment, each["seq"]) for moment, each in played if each["schema"] == "ticket/1"]
    assert [seq for _, seq in seqs] == list(range(3, 23))
    assert all(each["replay_command_id"] == "restore" for _, each in played if each["schema"] == "ticket/1")
    assert all(b[0] - a[0] >= 100 for a, b in pairwise(seqs[1:]))
    last = played[-1][1]
    assert (last["status"], last["command_id"]) == ("done", "restore")
    assert last["result"] == {"resent": 20, "erased": 0, "replies": 0, "next_seq": 23, "more": True}
    assert play(bench, 2) == [], "once per request"


def test_a_live_ticket_overtakes_a_replay(bench):
    for n in range(15):
        accept(bench, ticket(bench, f"Laporan {n}", sender=f"+62812345678{n:02}", index=n + 1))
    resend(bench, {"by": "seq", "from_seq": 1})
    live = bench.sms("Baru", sender="+6281399990000", index=20)
    assert [each["text"] for each in events(live, "ticket")] == ["Baru"]


def test_a_replay_goes_on_after_a_crash(bench):
    for n in range(5):
        accept(bench, ticket(bench, f"Laporan {n}", sender=f"+62812345678{n:02}", index=n + 1))
    assert resend(bench, {"by": "unacknowledged"}, "nothing")[0]["result"]["matched"] == 0
    assert resend(bench, {"by": "seq", "from_seq": 1})[0]["result"]["matched"] == 5
    bench.crash()
    bench.ready()
    settle(bench, bench.broker_up())
    assert len([each for _, each in play(bench, 2) if each["schema"] == "ticket/1"]) >= 4


def test_an_unacknowledged_ticket_is_found_by_state_by_time_and_by_id(bench):
    first = ticket(bench, "Satu")
    second = ticket(bench, "Dua", sender="+6281399990000", index=2)
    accept(bench, first)
    assert resend(bench, {"by": "unacknowledged"}, "a")[0]["result"]["first_seq"] == second["seq"]
    by_time = {"by": "time", "since": first["received_at"], "until": "2099-01-01T00:00:00+08:00"}
    assert resend(bench, by_time, "b")[0]["result"]["matched"] == 2
    assert resend(bench, {"by": "ids", "ticket_ids": [first["ticket_id"]]}, "c")[0]["result"]["matched"] == 1


def test_the_last_state_of_replies_is_played_too(bench):
    first = ticket(bench)
    ask(bench, "reply", "r1", ticket_id=first["ticket_id"], text="Halo")
    answer, said = resend(bench, {"by": "ids", "ticket_ids": [first["ticket_id"]]}, include=["replies"])
    assert answer["result"] == {"matched": 0, "replies": 1}
    told = events(said, "reply") + events(settle(bench, bench.pass_time(1)), "reply")
    assert [(e["command_id"], e["status"], e["revision"]) for e in told] == [("r1", "sending", 2)]


def test_more_than_can_be_played_soon_is_put_off(bench, monkeypatch):
    monkeypatch.setattr("kentongan.daemon.replay.MAX_WAITING", 1)
    for n in range(3):
        accept(bench, ticket(bench, f"Laporan {n}", sender=f"+62812345678{n:02}", index=n + 1))
    resend(bench, {"by": "seq", "from_seq": 1}, "a")
    answer, _ = resend(bench, {"by": "seq", "from_seq": 1}, "b")
    assert (error(answer), answer["error"]["retryable"]) == ("queue_full", True)


# -- erase -------------------------------------------------------------------------------------------------------------


def test_an_erased_person_is_neither_found_nor_played_again(bench):
    first = ticket(bench, "Rahasia warga")
    accept(bench, first)
    answer, _ = ask(bench, "erase", sender_ref=first["sender"]["ref"], reason="permintaan subjek data")
    assert answer["result"] == {"tickets": 1, "messages": 0, "quarantined": 0, "held": 0}
    assert b"Rahasia" not in bench.path.read_bytes()
    _, said = resend(bench, {"by": "seq", "from_seq": 1})
    last = events(said, "response")[-1]
    assert last["result"] == {"resent": 0, "erased": 1, "replies": 0, "next_seq": 2, "more": False}


def test_what_is_held_is_not_erased(bench):
    first = ticket(bench)
    accept(bench, first)
    bench.store.care.hold(first["sender"]["ref"], bench.at)
    assert error(ask(bench, "erase", ticket_ids=[first["ticket_id"]])[0]) == "on_hold"


# -- floods ------------------------------------------------------------------------------------------------------------


def test_a_flood_of_commands_is_told_to_come_again_and_replies_still_pass(tmp_path):
    bench = Bench(tmp_path / "k.db", commands_per_minute=3)
    bench.ready()
    bench.broker_up(window=100)
    first = ticket(bench)
    answers = [ask(bench, "ping", f"p{n}")[0] for n in range(4)]
    assert [each["status"] for each in answers] == ["done", "done", "done", "rejected"]
    assert (error(answers[3]), answers[3]["error"]["retryable"]) == ("rate_limited", True)
    assert ask(bench, "reply", "r1", ticket_id=first["ticket_id"], text="Halo")[0]["status"] == "accepted"
    bench.pass_time(61)
    assert ask(bench, "ping", "p3")[0]["status"] == "done"
    bench.core.close(bench.at)


def test_a_question_is_answered_anew_each_time(bench):
    assert ask(bench, "get", what="queue")[0]["result"]["tickets_unacked"] == 0
    ticket(bench)
    again = ask(bench, "get", what="queue")[0]
    assert (again["duplicate"], again["result"]["tickets_unacked"]) == (False, 1)


# -- refusals and alarms -----------------------------------------------------------------------------------------------


def test_a_command_that_was_not_understood_is_not_remembered_under_its_id(bench):
    answer, _ = ask(bench, "ping", "p1", echo=7)
    assert error(answer) == "schema_invalid"
    answer, _ = ask(bench, "ping", "p1", echo="halo")
    assert (answer["status"], answer["duplicate"]) == ("done", False)


def test_a_publication_that_the_broker_cannot_take_raises_an_alarm_and_blocks_nothing(bench):
    commands = bench.sms("Laporan yang besar")
    (large,) = [c for c in of(Publish, commands) if c.publication.topic == TOPICS.event("ticket")]
    bench.puback(large, PubackResult.TOO_LARGE)
    said = bench.pass_time(10)
    assert alarms(said) == {"message_blocked": "active"}
    assert ticket(bench, "Yang berikut", sender="+6281399990000", index=2)["text"] == "Yang berikut"


def test_connections_that_never_last_mean_another_box_of_our_name(bench):
    for _ in range(3):
        bench.broker_down()
        settle(bench, bench.broker_up())
    assert alarms(bench.pass_time(10)) == {"duplicate_client": "active"}
    assert alarms(bench.pass_time(70)) == {"duplicate_client": "cleared"}


def test_a_backend_from_the_future_raises_an_alarm(bench):
    first = ticket(bench)
    ahead = "2031-01-01T00:00:00+08:00"
    ask(bench, "reply", ticket_id=first["ticket_id"], text="Halo", issued_at=ahead)
    assert alarms(bench.pass_time(10))["clock_skew"] == "active"
    ask(bench, "reply", "c2", ticket_id=first["ticket_id"], text="Halo", issued_at=now(bench.at))
    assert alarms(bench.pass_time(10))["clock_skew"] == "cleared"


def alarms(commands):
    found = [
        json.loads(c.publication.payload) for c in of(Publish, commands) if "/status/alarm/" in c.publication.topic
    ]
    return {each["code"]: each["state"] for each in found}


def now(at: Moment):
    return rfc3339(at.wall_ms, 480)
