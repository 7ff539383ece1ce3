import json
import resource

import pytest
from core_bench import CITIZEN, TOPICS, Bench, deliver, of

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.events import ErrorFamily, ModemState
from kentongan.daemon.events import Acknowledge, Note, Publish, Show, ToModem
from kentongan.mqtt.events import Delivery, MessageReceived, PubackResult


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "k.db")
    yield bench
    bench.core.close(bench.at)


def documents(commands, topic):
    return [json.loads(c.publication.payload) for c in of(Publish, commands) if c.publication.topic == topic]


def tickets(commands):
    return documents(commands, TOPICS.event("ticket"))


def events(commands, name):
    return documents(commands, TOPICS.event(name))


def publications(commands, name):
    return [c for c in of(Publish, commands) if c.publication.topic == TOPICS.event(name)]


def orders(commands, kind):
    return [c for c in of(ToModem, commands) if isinstance(c.command, kind)]


def reply(ticket, command_id="r1", text="Sudah kami teruskan.", **fields):
    body = {"schema": "reply/1", "command_id": command_id, "ticket_id": ticket["ticket_id"], "text": text, **fields}
    return json.dumps(body).encode()


def one_ticket(bench):
    """A ticket that the broker has, and the event that carried it."""
    bench.ready()
    bench.broker_up()
    commands = bench.sms("jln ds sabbang rsk parah tlg diperbaiki")
    bench.puback(publications(commands, "ticket")[0])
    return tickets(commands)[0]


# -- receiving ---------------------------------------------------------------------------------------------------------


def test_an_sms_becomes_a_numbered_ticket_on_the_broker(bench):
    bench.ready()
    bench.broker_up()
    (ticket,) = tickets(bench.sms("jln ds sabbang rsk parah tlg diperbaiki"))
    assert ticket["text"] == "jln ds sabbang rsk parah tlg diperbaiki"
    assert ticket["sender"]["number"] == CITIZEN
    assert ticket["ticket_number"].startswith("LU2-000-001-")
    assert (ticket["seq"], ticket["revision"], ticket["attempt"], ticket["thread"]) == (1, 1, 1, "new")
    assert ticket["received_at"].endswith("+08:00")


def test_a_slot_is_freed_only_after_publication(bench):
    bench.ready()
    bench.broker_up()
    commands = bench.sms("halo", index=4)
    assert orders(commands, to_modem.FreeSlot) == []
    (freed,) = orders(bench.puback(publications(commands, "ticket")[0]), to_modem.FreeSlot)
    assert (freed.command.storage, freed.command.index) == ("SM", 4)
    assert freed.command.digest == at.digest(deliver("halo"))


def test_a_slot_is_freed_after_the_commit_while_the_broker_is_away(bench):
    bench.ready()
    assert len(orders(bench.sms("halo"), to_modem.FreeSlot)) == 1


def test_waiting_slots_are_freed_when_the_broker_goes_away(bench):
    bench.ready()
    bench.broker_up()
    bench.sms("halo")
    assert len(orders(bench.broker_down(), to_modem.FreeSlot)) == 1


def test_waiting_slots_are_freed_when_half_the_memory_is_used(bench):
    bench.ready()
    bench.broker_up()
    bench.sms("halo")
    assert orders(bench.modem(at.StorageMeasured("SM", 14, 30)), to_modem.FreeSlot) == []
    assert len(orders(bench.modem(at.StorageMeasured("SM", 15, 30)), to_modem.FreeSlot)) == 1


def test_a_slot_shown_again_costs_nothing_and_makes_no_second_ticket(bench):
    bench.ready()
    bench.broker_up()
    bench.sms("halo")
    again = bench.sms("halo")
    assert (publications(again, "ticket"), orders(again, to_modem.FreeSlot)) == ([], [])


def test_a_part_read_again_after_a_crash_is_recognised_and_its_slot_freed(bench):
    ticket = one_ticket(bench)
    bench.crash()
    bench.ready()
    commands = bench.sms("jln ds sabbang rsk parah tlg diperbaiki")
    assert len(orders(commands, to_modem.FreeSlot)) == 1
    (again,) = tickets(bench.broker_up())
    assert (again["ticket_id"], again["attempt"]) == (ticket["ticket_id"], 2)


def test_a_ticket_stored_before_a_crash_is_published_after_it_with_the_same_id(bench):
    bench.ready()
    bench.sms("halo")
    stored = bench.store.tickets(1)[0].ticket_id
    bench.crash()
    assert [ticket["ticket_id"] for ticket in tickets(bench.broker_up())] == [stored]


def test_what_cannot_be_decoded_is_quarantined_and_its_slot_freed(bench):
    bench.ready()
    bench.broker_up()
    commands = bench.modem(at.SlotFound("SM", 2, 0, 20, "0004FF"))
    assert publications(commands, "ticket") == []
    assert len(orders(commands, to_modem.FreeSlot)) == 1
    assert bench.store.counts(bench.at).quarantined == 1


@pytest.mark.parametrize("sender", ["TELKOMSEL", "4444"])
def test_operators_and_short_codes_open_no_ticket(bench, sender):
    bench.ready()
    bench.broker_up()
    commands = bench.sms("Pulsa habis", sender=sender)
    assert publications(commands, "ticket") == []
    assert len(orders(commands, to_modem.FreeSlot)) == 1


def test_a_one_time_code_is_never_published_and_its_body_never_stored(bench):
    bench.ready()
    bench.broker_up()
    commands = bench.sms("Kode verifikasi WhatsApp Anda: 482-913. Jangan berikan kode ini", sender="+6281199990000")
    assert publications(commands, "ticket") == []
    files = b"".join(path.read_bytes() for path in bench.path.parent.iterdir())
    assert b"482-913" not in files
    assert deliver("Kode verifikasi").encode()[40:60] not in files


def test_an_incomplete_sms_is_numbered_at_once_and_published_after_a_while(bench):
    bench.ready()
    bench.broker_up()
    commands = bench.sms("bagian satu ", sequence=(7, 2, 1))
    assert publications(commands, "ticket") == []
    assert len(orders(commands, to_modem.FreeSlot)) == 1  # parts leave the SIM at once
    assert bench.store.tickets(1)[0].number.startswith("LU2-000-001")
    (first,) = tickets(bench.pass_time(9))
    assert (first["revision"], first["parts"]) == (1, {"total": 2, "received": 1, "missing": [2]})
    (whole,) = tickets(bench.sms("bagian dua", index=2, sequence=(7, 2, 2)))
    assert (whole["ticket_id"], whole["revision"]) == (first["ticket_id"], 2)
    assert whole["text"] == "bagian satu bagian dua"


def test_parts_in_time_make_one_revision(bench):
    bench.ready()
    bench.broker_up()
    bench.sms("dua", index=2, sequence=(9, 2, 2))
    (ticket,) = tickets(bench.sms("satu ", sequence=(9, 2, 1)))
    assert (ticket["text"], ticket["revision"]) == ("satu dua", 1)


def test_a_second_sms_of_a_sender_follows_up_the_first(bench):
    bench.ready()
    bench.broker_up()
    (first,) = tickets(bench.sms("jalan rusak"))
    (second,) = tickets(bench.sms("di desa sabbang", index=2))
    assert second["thread"] == "follow_up"
    assert second["ticket_number"] == first["ticket_number"]
    assert second["ticket_id"] != first["ticket_id"]


# -- publishing --------------------------------------------------------------------------------------------------------


def test_everything_retained_is_said_after_every_connect_and_before_any_event(bench):
    bench.ready()
    bench.sms("halo")
    topics = [c.publication.topic for c in of(Publish, bench.broker_up())]
    head = [TOPICS.status("connection"), TOPICS.status("info"), TOPICS.status("health")]
    assert topics[:3] == head
    assert topics.index(TOPICS.event("ticket")) > 2


def test_the_window_is_never_overfilled_and_refills_one_by_one(bench):
    bench.ready()
    for index in range(5):
        bench.sms(f"pesan {index}", index=index, sender=f"+62812345678{index:02}")
    first = publications(bench.broker_up(window=2), "ticket")
    assert len(first) == 2
    assert len(publications(bench.puback(first[0]), "ticket")) == 1


def test_an_unacknowledged_ticket_is_offered_again_and_an_acknowledged_one_is_not(bench):
    ticket = one_ticket(bench)
    again = bench.pass_time(40)
    assert [t["ticket_id"] for t in tickets(again)] == [ticket["ticket_id"]]
    bench.puback(publications(again, "ticket")[0])
    ack = {"schema": "ticket_ack/1", "ticket_id": ticket["ticket_id"], "status": "accepted", "backend_ticket": "B1"}
    assert len(of(Acknowledge, bench.command("ticket_ack", json.dumps(ack).encode()))) == 1
    assert tickets(bench.pass_time(7200)) == []
    bench.broker_down()
    assert tickets(bench.broker_up()) == []


def test_a_publication_without_subscriber_rests_and_comes_again(bench):
    bench.ready()
    bench.broker_up()
    (published,) = publications(bench.sms("halo"), "ticket")
    assert publications(bench.puback(published, PubackResult.NO_SUBSCRIBER), "ticket") == []
    assert len(publications(bench.pass_time(31), "ticket")) == 1


def test_a_backend_that_comes_back_is_offered_everything(bench):
    ticket = one_ticket(bench)
    presence = json.dumps({"schema": "presence/1", "backend_id": "sleman", "state": "online"}).encode()
    commands = bench.do(MessageReceived(TOPICS.presence, presence, True, b"", Delivery("x", 1)))
    assert [t["ticket_id"] for t in tickets(commands)] == [ticket["ticket_id"]]


# -- commands ----------------------------------------------------------------------------------------------------------


def test_a_ping_goes_round(bench):
    bench.broker_up()
    commands = bench.command("ping", b'{"schema":"ping/1","command_id":"p1","echo":"halo"}')
    (answer,) = events(commands, "response")
    assert (answer["command_id"], answer["status"], answer["result"]) == ("p1", "done", {"echo": "halo"})
    assert len(of(Acknowledge, commands)) == 1


def test_a_reply_becomes_an_sms_and_its_states_are_told(bench):
    ticket = one_ticket(bench)
    commands = bench.command("reply", reply(ticket))
    (accepted,) = events(commands, "response")
    assert (accepted["status"], accepted["result"]["parts"]) == ("accepted", 1)
    (part,) = orders(commands, to_modem.SendPart)
    submit = pdu.decode(part.command.pdu_hex).tpdu
    assert (submit.destination.text, submit.user_data.text) == (CITIZEN, "Sudah kami teruskan.")
    told = events(commands, "reply") + events(bench.sent(part), "reply")
    assert told[0]["status"] == "queued"
    assert (told[-1]["status"], told[-1]["final"]) == ("sent", True)
    revisions = [event["revision"] for event in told]
    assert revisions == sorted(set(revisions))


def test_the_same_command_has_one_effect_and_always_an_answer(bench):
    ticket = one_ticket(bench)
    first = bench.command("reply", reply(ticket))
    again = bench.command("reply", reply(ticket))
    assert len(orders(first, to_modem.SendPart)) == 1
    assert orders(again, to_modem.SendPart) == []
    (answer,) = events(again, "response")
    assert (answer["status"], answer["duplicate"]) == ("accepted", True)
    (conflict,) = events(bench.command("reply", reply(ticket, text="Lain.")), "response")
    assert conflict["error"]["code"] == "id_conflict"


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        (b"bukan json", "invalid_json"),
        (b"\xff", "invalid_encoding"),
        (b'{"schema":"reply/2","command_id":"x"}', "schema_unsupported"),
        (b'{"schema":"reply/1","command_id":"x","text":"a"}', "schema_invalid"),
        (b'{"schema":"reply/1","command_id":"x","to":"+628123456789","text":"a"}', "not_enabled"),
    ],
)
def test_a_bad_command_is_answered_and_acknowledged(bench, payload, code):
    bench.broker_up()
    commands = bench.command("reply", payload)
    (answer,) = events(commands, "response")
    assert (answer["status"], answer["error"]["code"]) == ("rejected", code)
    assert len(of(Acknowledge, commands)) == 1


def test_a_retained_command_is_refused(bench):
    bench.broker_up()
    commands = bench.command("ping", b'{"schema":"ping/1","command_id":"p1"}', retained=True)
    assert events(commands, "response")[0]["error"]["code"] == "retained_not_allowed"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"text": "   "}, "text_empty"),
        ({"text": "x" * 2000}, "text_too_long"),
        ({"expires_at": "2020-01-01T00:00:00+07:00"}, "already_expired"),
        ({"issued_at": "2020-01-01T00:00:00+07:00"}, "already_expired"),
    ],
)
def test_a_reply_that_cannot_go_is_refused_by_name(bench, fields, code):
    ticket = one_ticket(bench)
    (answer,) = events(bench.command("reply", reply(ticket, **fields)), "response")
    assert answer["error"]["code"] == code


def test_a_reply_to_nobody_is_refused(bench):
    bench.broker_up()
    unknown = {"ticket_id": "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"}
    (answer,) = events(bench.command("reply", reply(unknown)), "response")
    assert answer["error"]["code"] == "unknown_ticket"


def test_floods_are_told_to_come_again(tmp_path):
    bench = Bench(tmp_path / "k.db", replies_per_minute=1)
    ticket = one_ticket(bench)
    bench.command("reply", reply(ticket, "a"))
    (answer,) = events(bench.command("reply", reply(ticket, "b")), "response")
    assert (answer["error"]["code"], answer["error"]["retryable"]) == ("rate_limited", True)
    bench.pass_time(61)
    (answer,) = events(bench.command("reply", reply(ticket, "b")), "response")
    assert answer["status"] == "accepted"
    bench.core.close(bench.at)


# -- sending -----------------------------------------------------------------------------------------------------------


def test_a_part_on_its_way_when_the_process_dies_is_uncertain_and_never_sent_again(bench):
    ticket = one_ticket(bench)
    assert len(orders(bench.command("reply", reply(ticket)), to_modem.SendPart)) == 1
    bench.crash()
    assert orders(bench.ready(), to_modem.SendPart) == []
    assert orders(bench.pass_time(3600), to_modem.SendPart) == []
    told = events(bench.broker_up(), "reply")
    assert [event["status"] for event in told][-1] == "uncertain"


def test_a_late_answer_resolves_an_uncertain_part(bench):
    ticket = one_ticket(bench)
    (part,) = orders(bench.command("reply", reply(ticket)), to_modem.SendPart)
    told = events(bench.modem(at.SendEnded(part.command.job, at.Uncertain("no answer"))), "reply")
    assert told[-1]["status"] == "uncertain"
    told = events(bench.modem(at.LateSubmit(part.command.job, 44)), "reply")
    assert told[-1]["status"] == "sent"


def test_a_status_report_delivers(bench):
    ticket = one_ticket(bench)
    (part,) = orders(bench.command("reply", reply(ticket, delivery_report=True)), to_modem.SendPart)
    told = events(bench.sent(part, reference=0x2A), "reply")
    assert (told[-1]["status"], told[-1]["final"]) == ("sent", False)
    report = "06912618010000062A0D91261832547698F0621132514050826211325140908200"
    told = events(bench.modem(at.ReportReceived(26, report)), "reply")
    assert (told[-1]["status"], told[-1]["final"]) == ("delivered", True)


def test_a_long_reply_leaves_part_by_part(bench):
    ticket = one_ticket(bench)
    text = "Laporan Anda sudah diteruskan. " * 9
    (first,) = orders(bench.command("reply", reply(ticket, text=text)), to_modem.SendPart)
    (second,) = orders(bench.sent(first), to_modem.SendPart)
    told = events(bench.sent(second), "reply")
    assert told[-1]["parts"] == {"total": 2, "sent": 2, "delivered": 0}


def test_credit_trouble_pauses_the_line_and_keeps_everything(bench):
    ticket = one_ticket(bench)
    (part,) = orders(bench.command("reply", reply(ticket)), to_modem.SendPart)
    bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 8)))
    assert bench.line.pace.cause
    commands = bench.command("reply", reply(ticket, "r2"))
    assert orders(commands, to_modem.SendPart) == []
    assert len(orders(bench.pass_time(3700), to_modem.SendPart)) == 1


def test_a_bad_number_does_not_delay_the_next(bench):
    ticket = one_ticket(bench)
    (other,) = tickets(bench.sms("lampu mati", sender="+6285200001111", index=2))
    (part,) = orders(bench.command("reply", reply(ticket)), to_modem.SendPart)
    bench.command("reply", reply(other, "r2"))
    ended = bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 195)))
    assert len(orders(ended, to_modem.SendPart)) == 1


def test_the_pace_holds_between_messages(tmp_path):
    bench = Bench(tmp_path / "k.db", pace_ms=6000)
    ticket = one_ticket(bench)
    (part,) = orders(bench.command("reply", reply(ticket)), to_modem.SendPart)
    bench.command("reply", reply(ticket, "r2"))
    assert orders(bench.sent(part), to_modem.SendPart) == []
    assert orders(bench.pass_time(5.9), to_modem.SendPart) == []
    assert len(orders(bench.pass_time(0.2), to_modem.SendPart)) == 1
    bench.core.close(bench.at)


def test_nothing_is_sent_while_the_modem_is_not_ready(bench):
    ticket = one_ticket(bench)
    bench.modem(at.StateChanged(ModemState.READY, ModemState.DOWN, "silent"))
    assert orders(bench.command("reply", reply(ticket)), to_modem.SendPart) == []
    assert len(orders(bench.ready(), to_modem.SendPart)) == 1


def test_the_citizen_gets_the_number_once_per_thread(tmp_path):
    bench = Bench(tmp_path / "k.db", acknowledge=True)
    bench.ready()
    (first,) = orders(bench.sms("jalan rusak"), to_modem.SendPart)
    text = pdu.decode(first.command.pdu_hex).tpdu.user_data.text
    assert "LU2-000-001-" in text
    assert "Kominfo Luwu Utara" in text
    bench.sent(first)
    assert orders(bench.sms("di desa sabbang", index=2), to_modem.SendPart) == []
    bench.core.close(bench.at)


# -- a store that is away ----------------------------------------------------------------------------------------------


@pytest.fixture
def full_disk():
    """Switch a full disk on and off: a write of this process beyond the first kilobyte of a file fails."""
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]

    def switch(*, full: bool) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1024 if full else hard, hard))

    yield switch
    switch(full=False)


def names(commands):
    return [command.name for command in of(Note, commands)]


def test_a_full_disk_keeps_every_message_in_the_sim_and_service_resumes_by_itself(bench, full_disk):
    bench.ready()
    full_disk(full=True)
    commands = bench.sms("jalan rusak", index=5, sender="+6281355550000")
    assert orders(commands, to_modem.FreeSlot) == []
    waited = bench.pass_time(10)
    assert "store_back" not in names(waited)
    shown = of(Show, waited)[-1].status
    assert (shown.store.state, [fault.code for fault in shown.faults if fault.code == 6]) == ("unavailable", [6])
    full_disk(full=False)
    commands = bench.pass_time(6)
    assert "store_back" in names(commands)
    assert len(orders(commands, to_modem.WalkSlots)) == 1
    assert len(orders(bench.sms("jalan rusak", index=5, sender="+6281355550000"), to_modem.FreeSlot)) == 1
    assert bench.store.tickets(1)[0].text == "jalan rusak"


def test_a_command_that_cannot_be_stored_is_not_acknowledged_until_it_is(bench, full_disk):
    bench.ready()
    bench.broker_up()
    full_disk(full=True)
    ping = b'{"schema":"ping/1","command_id":"p1"}'
    assert of(Acknowledge, bench.command("ping", ping)) == []
    full_disk(full=False)
    commands = bench.pass_time(6)
    assert len(of(Acknowledge, commands)) == 1
    assert [answer["command_id"] for answer in events(commands, "response")] == ["p1"]


def test_the_outcome_of_a_send_waits_for_the_store(bench, full_disk):
    ticket = one_ticket(bench)
    (part,) = orders(bench.command("reply", reply(ticket)), to_modem.SendPart)
    full_disk(full=True)
    bench.sent(part)
    assert orders(bench.pass_time(20), to_modem.SendPart) == []
    full_disk(full=False)
    told = events(bench.pass_time(6), "reply")
    assert told[-1]["status"] == "sent"


def test_a_code_that_meets_several_numbers_is_the_lines_trouble(bench):
    ticket = one_ticket(bench)
    (other,) = tickets(bench.sms("lampu mati", sender="+6285200001111", index=2))
    (first,) = orders(bench.command("reply", reply(ticket)), to_modem.SendPart)
    bench.command("reply", reply(other, "r2"))
    (second,) = orders(
        bench.modem(at.SendEnded(first.command.job, at.Rejected(ErrorFamily.CMS, 21))), to_modem.SendPart
    )
    bench.modem(at.SendEnded(second.command.job, at.Rejected(ErrorFamily.CMS, 21)))
    assert bench.line.pace.cause
