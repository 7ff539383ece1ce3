import json

import pytest
from core_bench import TOPICS, Bench, of

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.daemon.control import ControlRequest, Refusal
from kentongan.daemon.events import Answer, Note, Publish, ToModem
from kentongan.daemon.requests import AcceptSim
from kentongan.mqtt.events import Delivery, MessageReceived

OURS, OTHER = "8962100000000001234", "8962100000000009999"


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "k.db", acknowledge=True)
    yield bench
    bench.core.close(bench.at)


def sends(commands):
    return [c.command for c in of(ToModem, commands) if isinstance(c.command, to_modem.SendPart)]


def insert(bench, iccid):
    bench.modem(at.StateChanged(at.ModemState.READY, at.ModemState.SIM_ABSENT, "no SIM"))
    bench.modem(at.SimIdentified(iccid, "510100000000001"))
    return bench.modem(at.StateChanged(at.ModemState.SEARCHING, at.ModemState.READY, "registered"))


def accept(bench, line=""):
    answers = []
    commands = bench.do(ControlRequest("accept_sim", AcceptSim(line), answers.append))
    return [command for command in commands if not isinstance(command, Answer)], next(iter(of(Answer, commands))).result


def causes(bench):
    return [fault.cause for fault in bench.standing.status(bench.at).faults]


def test_the_first_sim_is_adopted_and_sends(bench):
    bench.ready()
    assert len(sends(bench.sms("lampu mati"))) == 1
    assert "sim_foreign" not in causes(bench)


def test_a_strange_sim_receives_but_does_not_send_and_says_so(bench):
    bench.ready()
    insert(bench, OTHER)
    commands = bench.sms("lampu mati")
    assert [note.name for note in of(Note, commands)].count("ticket_opened") == 1
    assert sends(commands + bench.pass_time(7200)) == []
    assert "sim_foreign" in causes(bench)


def test_the_pin_survives_a_restart(bench):
    bench.ready()
    bench.crash()
    insert(bench, OTHER)
    assert sends(bench.sms("lampu mati")) == []
    assert "sim_foreign" in causes(bench)


def test_the_old_sim_put_back_sends_what_was_held(bench):
    bench.ready()
    insert(bench, OTHER)
    bench.sms("lampu mati")
    assert len(sends(insert(bench, OURS))) == 1
    assert "sim_foreign" not in causes(bench)


def test_a_new_sim_that_is_accepted_sends_what_was_held_and_stays_accepted(bench):
    bench.ready()
    insert(bench, OTHER)
    bench.sms("lampu mati")
    commands, result = accept(bench)
    assert result == {"line": "a", "sim": "9999"}
    assert len(sends(commands)) == 1
    bench.crash()
    insert(bench, OTHER)
    assert "sim_foreign" not in causes(bench)
    insert(bench, OURS)
    assert "sim_foreign" in causes(bench)


def test_what_cannot_be_accepted_is_refused(bench):
    assert accept(bench)[1] == Refusal("sim_unknown", "the SIM of line a cannot be read")
    assert accept(bench, "x")[1].code == "unknown_line"


def test_a_card_whose_number_cannot_be_read_is_not_judged(bench):
    bench.ready()
    insert(bench, "")
    assert len(sends(bench.sms("lampu mati"))) == 1


def test_the_service_centre_is_known_after_a_restart(bench):
    bench.ready()
    bench.modem(at.ServiceCentre(OURS, "+6281100000"))
    bench.crash()
    assert bench.cards.centre("a") == (OURS, "+6281100000")
    assert bench.cards.centre("b") == ("", "")


def test_the_mark_is_on_the_sim_after_the_first_ticket_and_brought_up_to_date_every_fifty(bench):
    bench.ready()
    bench.broker_up()
    assert marks(bench.modem(at.MarkFound(0))) == []
    asked = []
    for index in range(101):
        for counter in marks(bench.sms(f"laporan {index}", sender=f"+62812000{index:04}")):
            asked.append((bench.store.counter.given(), counter))
            assert marks(bench.modem(at.MarkFound(counter))) == []
    assert asked == [(1, 1), (51, 51), (101, 101)]
    assert marks(bench.pass_time(300)) == []


def test_a_phonebook_that_refuses_is_asked_at_the_next_fifty_and_after_a_start(bench):
    bench.ready()
    bench.modem(at.MarkFound(0))
    asked = []
    for index in range(52):
        asked += marks(bench.sms(f"laporan {index}", sender=f"+62812000{index:04}") + bench.modem(at.MarkFound(0)))
    assert asked == [1, 51]
    insert(bench, OURS)
    assert marks(bench.modem(at.MarkFound(0))) == [52]


def test_a_phonebook_that_cannot_be_read_is_never_written_to(bench):
    bench.ready()
    for index in range(60):
        assert marks(bench.sms(f"laporan {index}", sender=f"+62812000{index:04}")) == []


def test_a_new_memory_card_never_gives_a_number_out_again(bench):
    bench.ready()
    commands = bench.modem(at.MarkFound(400))
    assert "numbers_skipped" in [note.name for note in of(Note, commands)]
    assert bench.store.counter.given() >= 500
    (opened,) = [note for note in of(Note, bench.sms("lampu mati")) if note.name == "ticket_opened"]
    assert dict(opened.facts)["number"].startswith("LU2-000-5")


def test_a_mark_that_is_older_than_the_counter_changes_nothing(bench):
    bench.ready()
    bench.store.counter.stay_above(1000, bench.at)
    given = bench.store.counter.given()
    bench.modem(at.MarkFound(990))
    assert bench.store.counter.given() == given


def test_the_mark_of_a_strange_sim_is_neither_believed_nor_changed(bench):
    bench.ready()
    insert(bench, OTHER)
    bench.modem(at.MarkFound(400))
    assert bench.store.counter.given() < 400
    bench.store.counter.stay_above(1000, bench.at)
    assert marks(bench.pass_time(120)) == []


# -- what the broker remembers ----------------------------------------------------------------------------------------


def remembered(bench, payload: bytes):
    """Deliver what is retained at the broker."""
    return bench.do(MessageReceived(TOPICS.status("info"), payload, True, b"", Delivery("c1", 7)))


NO_MARKS = [b"", b"{}", b"41900", b'{"ticket_counter":-1}', b'{"ticket_counter":1e99}', b"\xff"]


def infos(commands):
    topic = TOPICS.status("info")
    return [json.loads(c.publication.payload) for c in of(Publish, commands) if c.publication.topic == topic]


def test_a_new_card_goes_on_above_the_numbers_that_the_broker_remembers(bench):
    bench.ready()
    bench.broker_up()
    commands = remembered(bench, b'{"schema":"info/1","ticket_counter":41900,"what_nobody_knows":1}')
    assert "numbers_skipped" in [note.name for note in of(Note, commands)]
    assert bench.store.counter.given() == 42_010
    assert bench.store.counter.void()[-1][:2] == (1, 42_010)
    (info,) = infos(bench.pass_time(6))
    assert info["ticket_counter"] == 42_010
    assert infos(bench.pass_time(600)) == []


@pytest.mark.parametrize(
    "payload", [b"", b"{}", b"41900", b'{"ticket_counter":-1}', b'{"ticket_counter":1e99}', b"\xff"]
)
def test_what_is_no_mark_is_not_believed(bench, payload):
    bench.ready()
    bench.broker_up()
    remembered(bench, payload)
    assert bench.store.counter.given() == 0


def test_the_broker_is_told_anew_every_fifty_tickets_and_its_echo_changes_nothing(bench):
    bench.ready()
    bench.broker_up()
    told = []
    for n in range(120):
        told += infos(bench.sms(f"laporan {n}", index=1, sender=f"+62812000{n:05}"))
        for info in told[-1:]:
            remembered(bench, json.dumps(info).encode())
        told += infos(bench.pass_time(6))
    counters = [info["ticket_counter"] for info in told]
    assert len(counters) == 2
    assert all(50 <= after - before <= 60 for before, after in zip([0, *counters], counters, strict=False))
    assert bench.store.counter.given() == 120


def marks(commands):
    return [c.command.counter for c in of(ToModem, commands) if isinstance(c.command, to_modem.WriteMark)]
