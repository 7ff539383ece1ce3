"""The wall clock goes to 1970 or 56 years ahead under the running core: no storm, no expiry, no early erasure."""

import json

import pytest
from core_bench import TOPICS, Bench, accepted, of, serving

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.at.events import ErrorFamily
from kentongan.daemon.events import Publish, ToModem

HOUR_S, DAY_S = 3_600, 86_400
YEARS_MS = 56 * 365 * DAY_S * 1000
JUMPS = {"1970": 0, "forward": 1_795_000_000_000 + YEARS_MS}


@pytest.fixture(params=JUMPS)
def jumped_ms(request):
    return JUMPS[request.param]


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, window=10) as bench:
        yield bench


def leap(bench, wall_ms):
    """Let the wall clock be wrong from now on; whether anybody notices is not its business."""
    bench.at = bench.at._replace(wall_ms=wall_ms, synced=wall_ms != 0)


def parts(commands):
    return [c for c in of(ToModem, commands) if isinstance(c.command, to_modem.SendPart)]


def order(bench, ticket, command_id="r1"):
    body = {
        "schema": "reply/1",
        "command_id": command_id,
        "ticket_id": ticket["ticket_id"],
        "text": "Sudah kami teruskan.",
    }
    return bench.command("reply", json.dumps(body).encode())


def publications(commands):
    return [c.publication.topic for c in of(Publish, commands)]


def test_in_the_middle_of_a_retry_the_next_attempt_comes_when_it_would_have_come(bench, jumped_ms):
    (part,) = parts(order(bench, accepted(bench, "jalan rusak")))
    bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 41)))
    due_ms = bench.store.send_next_due("a")
    leap(bench, jumped_ms)
    left_s = (due_ms - bench.at.steady_ms) / 1000
    assert left_s > 5
    assert parts(bench.pass_time(left_s - 1)) == []
    (again,) = parts(bench.pass_time(2))
    assert again.command.pdu_hex == part.command.pdu_hex
    bench.sent(again)
    assert bench.store.message_of("r1").state == "sent"


def test_a_queued_reply_expires_after_its_own_day_and_not_by_the_calendar(bench, jumped_ms):
    ticket = accepted(bench, "jalan rusak")
    bench.modem(at.StateChanged(at.ModemState.READY, at.ModemState.DOWN, "no answer"))
    order(bench, ticket)
    leap(bench, jumped_ms)
    bench.pass_time(HOUR_S)
    assert bench.store.message_of("r1").state == "queued"
    for _ in range(22):
        bench.jump(HOUR_S - 61)
    assert bench.store.message_of("r1").state == "queued"
    bench.jump(2 * HOUR_S)
    assert bench.store.message_of("r1").state == "expired"


def test_nothing_is_erased_early_and_nothing_late(bench, jumped_ms):
    accepted(bench, "jalan rusak")
    leap(bench, jumped_ms)
    bench.pass_time(2 * HOUR_S)
    bench.broker_down()
    bench.jump(29 * DAY_S)
    bench.jump(HOUR_S)
    assert bench.store.tickets(1)[0].text == "jalan rusak"
    bench.jump(DAY_S)
    bench.jump(HOUR_S)
    assert bench.store.tickets(1)[0].text == ""


def test_no_storm_breaks_loose(tmp_path, jumped_ms):
    """An hour after a jump looks like an hour without one: as many publications, as many orders to the modem."""
    counts = []
    for number, wall_ms in enumerate((None, jumped_ms)):
        (tmp_path / str(number)).mkdir()
        bench = Bench(tmp_path / str(number) / "k.db")
        bench.ready()
        bench.broker_up()
        bench.pass_time(61)  # one round of everything
        waiting = bench.sms("jalan rusak")
        for publish in of(Publish, waiting):
            bench.puback(publish)
        if wall_ms is not None:
            leap(bench, wall_ms)
        commands = bench.pass_time(HOUR_S)
        kinds = (TOPICS.event("ticket"), TOPICS.status("health"), TOPICS.event("report"), TOPICS.event("reply"))
        counts.append([publications(commands).count(kind) for kind in kinds] + [len(of(ToModem, commands))])
        bench.core.close(bench.at)
    assert counts[0] == counts[1]


def test_after_a_leap_the_month_s_report_comes_as_if_nothing_had_been(bench):
    bench.pass_time(61)
    right = bench.at
    leap(bench, JUMPS["forward"])
    bench.pass_time(HOUR_S)
    leap(bench, right.wall_ms + HOUR_S * 1000)
    bench.pass_time(61)
    bench.jump(13 * DAY_S)
    assert bench.store.ledger.has_report("2026-11")
    assert bench.store.ledger.reported() == "2026-11"


def test_an_sms_that_comes_meanwhile_is_a_ticket_with_an_honest_stamp(bench, jumped_ms):
    leap(bench, jumped_ms)
    (publish,) = [c for c in of(Publish, bench.sms("lampu mati")) if c.publication.topic == TOPICS.event("ticket")]
    ticket = json.loads(publish.publication.payload)
    assert ticket["text"] == "lampu mati"
    assert ticket["ticket_number"] == "LU2-000-001-2"
    assert bench.store.tickets(1)[0].synced is (jumped_ms != 0)


def test_the_clock_may_come_back(bench, jumped_ms):
    ticket = accepted(bench, "jalan rusak")
    right = bench.at
    leap(bench, jumped_ms)
    bench.pass_time(HOUR_S)
    leap(bench, right.wall_ms + HOUR_S * 1000)
    bench.pass_time(HOUR_S)
    (part,) = parts(order(bench, ticket))
    bench.sent(part)
    assert bench.store.message_of("r1").state == "sent"
    assert [incident.cause for incident in bench.store.incidents.newest(9, 0) if incident.cause == "clock_skew"] == []


# -- the network's time ------------------------------------------------------------------------------------------------


def told(commands, name):
    """Read what was published last under this status."""
    found = [c.publication.payload for c in of(Publish, commands) if c.publication.topic == TOPICS.status(name)]
    return json.loads(found[-1])


def test_the_source_of_the_time_and_a_network_that_disagrees_reach_the_backend(bench):
    bench.pass_time(61)
    bench.at = bench.at._replace(synced=False)
    now_s = bench.at.wall_ms // 1000
    bench.modem(at.NetworkTime(now_s, 28_800))
    assert told(bench.pass_time(61), "health")["clock"] == {"synced": False, "source": "gsm"}
    bench.modem(at.NetworkTime(now_s + 7_200, 25_200))
    commands = bench.pass_time(61)
    assert told(commands, "health")["clock"] == {"synced": False, "source": "none"}
    raised = [c.publication.payload for c in of(Publish, commands) if "alarm/clock_skew" in c.publication.topic]
    assert json.loads(raised[-1])["state"] == "active"
