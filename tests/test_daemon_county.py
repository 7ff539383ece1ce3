"""The additions of decisions.md 8 on a whole core: groups, quarantine, notices, standards, broadcasts, reports."""

import json

import pytest
from backend_bench import ask, error, events, settle
from core_bench import CITIZEN, TOPICS, Bench, of, serving

from kentongan.at import events as at
from kentongan.at.events import ModemState
from kentongan.daemon import standards
from kentongan.daemon.events import Publish
from kentongan.mqtt.events import PubackResult

CAMAT = "+6281100001234"
DAY_S = 86_400


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, people={"camat": CAMAT}, broadcast_per_day=5, legs=standards.load("luwu-utara")) as bench:
        yield bench


def said(bench, text="lampu jalan mati, hubungi 0812-3456-7890", **more):
    return settle(bench, bench.sms(text, **more))


def groups(commands):
    topics = f"{TOPICS.gateway}/event/group/"
    found = [c.publication for c in of(Publish, commands) if c.publication.topic.startswith(topics)]
    return {each.topic.removeprefix(topics): json.loads(each.payload) for each in found}


def accept(bench, ticket):
    body = {"schema": "ticket_ack/1", "ticket_id": ticket["ticket_id"], "status": "accepted", "backend_ticket": "1"}
    return settle(bench, bench.command("ticket_ack", json.dumps(body).encode()))


# -- groups ------------------------------------------------------------------------------------------------------------


def test_a_group_hears_of_its_tickets_and_of_no_telephone_number(bench):
    commands = said(bench)
    (ticket,) = events(commands, "ticket")
    assert ticket["categories"] == [{"slug": "infrastruktur", "rules": ["lampu-jalan"]}]
    assert ticket["public_text"] == "lampu jalan mati, hubungi 08**-****-****"
    assert ticket["times"]["published"] >= ticket["times"]["stored"]
    heard = groups(commands)
    assert sorted(heard) == ["infrastruktur", "semua"]
    for document in heard.values():
        assert document["text"] == "lampu jalan mati, hubungi 08**-****-****"
        assert document["ticket_number"] == ticket["ticket_number"]
        assert CITIZEN[3:] not in json.dumps(document)
        assert "sender" not in document


def test_what_is_confidential_is_told_without_its_words(bench):
    heard = groups(said(bench, "RAHASIA pak lurah pungli 50 ribu"))
    assert {slug: (each["text"], each["confidential"]) for slug, each in heard.items()} == {
        "semua": ("", True),
        "sosial-hukum": ("", True),
    }


def test_an_emergency_is_urgent_and_still_an_ordinary_ticket(bench):
    commands = said(bench, "kebakaran di pasar")
    assert events(commands, "ticket")[0]["urgent"] is True
    assert {"darurat", "ekonomi-industri", "semua"} == groups(commands).keys()


def test_a_long_sms_is_told_to_the_groups_once_it_is_whole(bench):
    assert groups(settle(bench, bench.sms("jalan ", sequence=(7, 2, 1)))) == {}
    heard = groups(settle(bench, bench.sms("rusak", sequence=(7, 2, 2), index=2)))
    assert heard["infrastruktur"]["text"] == "jalan rusak"
    assert groups(settle(bench, bench.pass_time(60))) == {}


def test_a_part_that_never_comes_does_not_keep_the_groups_waiting(bench):
    bench.sms("jalan rusak ", sequence=(7, 2, 1))
    heard = groups(settle(bench, bench.pass_time(9)))
    assert heard["infrastruktur"]["incomplete"] is True


def test_groups_hear_after_a_crash_what_the_broker_had_not_taken(bench):
    bench.sms("jalan rusak")
    bench.crash()
    bench.ready()
    assert "infrastruktur" in groups(settle(bench, bench.broker_up()))


def test_an_erased_ticket_is_told_to_nobody(bench):
    bench.broker_down()
    bench.sms("jalan rusak")
    bench.store.care.erase_tickets([bench.store.tickets(1)[0].ticket_id], bench.at)
    assert groups(settle(bench, bench.broker_up())) == {}


# -- command/ticket ----------------------------------------------------------------------------------------------------


def change(bench, ticket, command_id="t1", **fields):
    body = {"schema": "ticket_change/1", "command_id": command_id, "ticket_id": ticket["ticket_id"], **fields}
    commands = settle(bench, bench.command("ticket", json.dumps(body).encode()))
    return events(commands, "response")[0], commands


def test_a_correction_reaches_the_new_group_and_later_documents(bench):
    (ticket,) = events(said(bench), "ticket")
    answer, commands = change(bench, ticket, categories=["energi", "infrastruktur"])
    assert answer["result"]["told"] == ["energi"]
    assert groups(commands)["energi"]["categories"][0] == {"slug": "energi", "rules": ["backend"]}
    bench.broker_down()
    again = events(settle(bench, bench.broker_up()), "ticket")[0]
    assert [each["slug"] for each in again["categories"]] == ["energi", "infrastruktur"]


def test_links_and_a_close_are_kept_with_the_ticket(bench):
    (ticket,) = events(said(bench), "ticket")
    change(bench, ticket, link={"system": "SP4N-LAPOR", "id": "1916449"})
    change(bench, ticket, "t2", close="selesai")
    bench.broker_down()
    again = events(settle(bench, bench.broker_up()), "ticket")[0]
    assert (again["links"], again["closed"]) == ([{"system": "SP4N-LAPOR", "id": "1916449"}], "selesai")


@pytest.mark.parametrize(
    ("fields", "code"),
    [({}, "schema_invalid"), ({"categories": ["tidak-ada"]}, "schema_invalid"), ({"close": ""}, "schema_invalid")],
)
def test_a_change_of_nothing_is_refused(bench, fields, code):
    (ticket,) = events(said(bench), "ticket")
    assert error(change(bench, ticket, **fields)[0]) == code


def test_a_change_of_an_unknown_ticket_is_refused(bench):
    unknown = {"ticket_id": "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"}
    assert error(change(bench, unknown, close="x")[0]) == "unknown_ticket"


# -- quarantine --------------------------------------------------------------------------------------------------------


def test_an_operators_word_is_quarantined_told_and_read(bench):
    commands = said(bench, "Sisa pulsa Rp45.000 aktif s.d. 01/05/2026", sender="TELKOMSEL")
    (kept,) = events(commands, "quarantine")
    assert (kept["reason"], kept["sender"]["address"], kept["releasable"]) == ("operator", "TELKOMSEL", True)
    (notice,) = events(commands, "notice")
    assert (notice["balance_idr"], notice["active_until"]) == (45_000, "2026-05-01")
    assert events(commands, "ticket") == []


def test_a_one_time_code_is_told_of_without_its_words_and_cannot_be_released(bench):
    commands = said(bench, "Kode verifikasi WhatsApp Anda 483-221")
    (kept,) = events(commands, "quarantine")
    assert (kept["reason"], kept["releasable"], kept["sender"]["masked"]) == ("one_time_code", False, "+62812*****890")
    assert "483" not in json.dumps(kept)
    assert error(ask(bench, "release", quarantine_id=kept["quarantine_id"])[0]) == "too_late"


def test_a_message_released_from_quarantine_becomes_a_ticket_once(bench):
    (kept,) = events(said(bench, "Jalan rusak di depan kantor", sender="1708"), "quarantine")
    answer, commands = ask(bench, "release", quarantine_id=kept["quarantine_id"])
    assert answer["status"] == "done"
    (ticket,) = events(commands, "ticket")
    assert (ticket["text"], ticket["sender"]["address"]) == ("Jalan rusak di depan kantor", "1708")
    assert "infrastruktur" in groups(commands)
    assert error(ask(bench, "release", "c2", quarantine_id=kept["quarantine_id"])[0]) == "unknown_ticket"
    assert events(said(bench, "Jalan rusak di depan kantor", sender="1708", index=7), "ticket") == []


def test_what_is_of_another_store_is_not_released(bench):
    assert error(ask(bench, "release", quarantine_id="00000000-1")[0]) == "unknown_ticket"


# -- notify and broadcast ----------------------------------------------------------------------------------------------


def test_a_person_of_the_office_is_notified_by_role_or_number(bench):
    answer, commands = ask(bench, "notify", role="camat", text="Tiket belum ditindaklanjuti")
    assert answer["result"]["parts"] == 1
    assert [each["status"] for each in events(commands, "reply")] == ["queued", "sending"]
    assert ask(bench, "notify", "c2", to=CAMAT, text="Uji")[0]["status"] == "accepted"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"role": "bupati"}, "number_not_allowed"),
        ({"to": CITIZEN}, "number_not_allowed"),
        ({"role": "camat", "sender_id": "HumasDKI"}, "sender_id_not_possible"),
        ({"role": "camat", "text": " "}, "text_empty"),
        ({"role": "camat", "expires_at": "2020-01-01T00:00:00+08:00"}, "already_expired"),
    ],
)
def test_a_notice_that_cannot_go_is_refused_by_name(bench, fields, code):
    assert error(ask(bench, "notify", **({"text": "Uji"} | fields))[0]) == code


def test_without_people_and_without_a_cap_nobody_is_written_to(tmp_path):
    bench = Bench(tmp_path / "k.db")
    bench.ready()
    bench.broker_up()
    assert error(ask(bench, "notify", role="camat", text="Uji")[0]) == "not_enabled"
    assert error(ask(bench, "broadcast", "c2", to=[CITIZEN], text="Uji")[0]) == "not_enabled"


def test_a_broadcast_leaves_slowly_tells_how_far_it_is_and_can_be_stopped(bench):
    bench.core._rooms.sending.stopped = True
    numbers = [f"+62812345678{n:02}" for n in range(4)]
    answer, _ = ask(bench, "broadcast", to=numbers, text="Air sungai naik, mohon bersiap")
    assert answer["result"]["messages"] == 4
    (progress,) = events(settle(bench, bench.pass_time(61)), "broadcast")
    assert (progress["queued"], progress["total"], progress["final"]) == (4, 4, False)
    answer, _ = ask(bench, "broadcast_cancel", "c2", target_command_id="c1")
    assert answer["result"] == {"cancelled": 4}
    (progress,) = events(settle(bench, bench.pass_time(61)), "broadcast")
    assert (progress["cancelled"], progress["final"]) == (4, True)
    assert events(settle(bench, bench.pass_time(130)), "broadcast") == []


def test_broadcasts_are_capped_by_the_day(bench):
    numbers = [f"+62812345678{n:02}" for n in range(4)]
    ask(bench, "broadcast", to=numbers, text="Satu")
    answer, _ = ask(bench, "broadcast", "c2", to=numbers, text="Dua")
    assert (error(answer), answer["error"]["details"]["used"]) == ("rate_limited", 4)
    assert error(ask(bench, "broadcast_cancel", "c3", target_command_id="nobody")[0]) == "unknown_command_id"


# -- time standards ----------------------------------------------------------------------------------------------------


def test_a_missed_standard_is_told_once(bench):
    bench.pass_time(61)
    (ticket,) = events(said(bench), "ticket")
    breaches = events(settle(bench, bench.jump(20 * 60)), "sla")
    assert [(each["leg"], each["ticket_id"], each["limit_s"]) for each in breaches] == [
        ("verify", ticket["ticket_id"], 900)
    ]
    assert breaches[0]["since"] == ticket["received_at"]
    accept(bench, ticket)
    later = events(settle(bench, bench.jump(25 * 3600)), "sla")
    assert [each["leg"] for each in later] == ["respond"]


def test_a_kept_standard_is_not_told(bench):
    bench.pass_time(61)
    (ticket,) = events(said(bench), "ticket")
    accept(bench, ticket)
    ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text="Sudah")
    assert events(settle(bench, bench.jump(26 * 3600)), "sla") == []


# -- the report of the month -------------------------------------------------------------------------------------------


def test_the_report_comes_on_the_first_day_and_until_it_is_acknowledged(bench):
    bench.pass_time(61)
    accept(bench, events(said(bench), "ticket")[0])
    said(bench, "lagi, lubang di jalan", index=2)
    said(bench, "Sisa pulsa Rp5.000", sender="TELKOMSEL", index=3)
    reports = events(settle(bench, bench.jump(13 * DAY_S)), "report")
    assert {each["period"] for each in reports} == {"2026-11"}
    report = reports[0]
    assert report["counts"]["tickets"] == 1
    assert report["counts"]["follow_ups"] == 1
    assert report["counts"]["category.infrastruktur"] == 2
    assert report["counts"]["quarantined.operator"] == 1
    assert report["acknowledgement"]["count"] == 1
    assert CITIZEN[3:] not in json.dumps(report)
    again = events(settle(bench, bench.jump(6 * 3600)), "report")
    assert [each["event_id"] for each in again] == [report["event_id"]]
    assert ask(bench, "report_ack", period="2026-11")[0]["result"] == {"waited": True}
    assert events(settle(bench, bench.jump(2 * DAY_S)), "report") == []
    assert ask(bench, "report_ack", "c2", period="2026-11")[0]["result"] == {"waited": False}


def test_the_report_tells_which_step_brought_the_modem_back(bench):
    bench.pass_time(61)
    bench.modem(at.StateChanged(ModemState.READY, ModemState.DOWN, "no answer"))
    bench.modem(at.RungClimbed("resync", "no answer"))
    bench.modem(at.RungClimbed("reopen", "still no use"))
    bench.modem(at.StateChanged(ModemState.DOWN, ModemState.READY, "registered"))
    (report, *_) = events(settle(bench, bench.jump(13 * DAY_S)), "report")
    told = {each["step"]: (each["line"], each["taken"], each["succeeded"]) for each in report["recoveries"]}
    assert told == {"resync": ("a", 1, 0), "reopen": ("a", 1, 1)}


def test_a_group_event_to_which_nobody_listens_is_let_go_and_is_no_fault(bench):
    commands = bench.sms("jalan rusak")
    for publish in of(Publish, commands):
        if "/event/group/" in publish.publication.topic:
            bench.puback(publish, PubackResult.NO_SUBSCRIBER)
        elif publish.publication.token:
            settle(bench, [publish])
    assert not bench.standing.status(bench.at).link.no_subscriber
    assert groups(bench.jump(3600)) == {}
    assert bench.store.counts(bench.at).spool == 1, "the ticket alone"


def test_a_group_event_that_the_broker_never_takes_is_let_go_in_the_end(bench):
    commands = bench.sms("jalan rusak")
    for _ in range(12):
        for publish in of(Publish, commands):
            if "/event/group/" in publish.publication.topic:
                bench.puback(publish, PubackResult.REFUSED)
        commands = bench.jump(7200)
    assert bench.store.counts(bench.at).spool == 1
