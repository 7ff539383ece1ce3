import json

import pytest
from core_bench import Bench, of

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.daemon.events import ToModem


@pytest.fixture
def bench(tmp_path):
    bench = Bench(tmp_path / "k.db", acknowledge=True)
    yield bench
    bench.core.close(bench.at)


def refused(bench, code):
    (part,) = [c for c in of(ToModem, bench.sms("lampu mati")) if isinstance(c.command, to_modem.SendPart)]
    return bench.modem(at.SendEnded(part.command.job, at.Rejected(at.ErrorFamily.CMS, code)))


def helped(commands):
    return [c.command for c in of(ToModem, commands) if isinstance(c.command, to_modem.Recover)]


@pytest.mark.parametrize("code", [300, 320, 522])
def test_a_refusal_that_blames_modem_or_sim_starts_the_line_anew_and_keeps_the_message(bench, code):
    bench.ready()
    assert len(helped(refused(bench, code))) == 1
    resent = [c for c in of(ToModem, bench.pass_time(120)) if isinstance(c.command, to_modem.SendPart)]
    assert len(resent) == 1


@pytest.mark.parametrize("code", [8, 38, 330, 331])
def test_a_refusal_of_another_kind_does_not(bench, code):
    bench.ready()
    assert helped(refused(bench, code)) == []


def parts(commands):
    return [c for c in of(ToModem, commands) if isinstance(c.command, to_modem.SendPart)]


def test_while_the_supply_sags_nothing_is_sent_and_afterwards_everything(bench):
    bench.ready()
    bench.modem(at.SupplyWarned("UNDER-VOLTAGE WARNNING"))
    assert parts(bench.sms("lampu mati")) == []
    assert parts(bench.pass_time(320)) == []
    assert len(parts(bench.pass_time(20))) == 1


def doubtful(bench):
    """A reply in doubt; gives its part."""
    bench.ready()
    bench.broker_up()
    (acknowledgement,) = parts(bench.sms("lampu mati"))
    bench.sent(acknowledgement)
    bench.pass_time(10)
    (ticket,) = bench.store.tickets(1)
    body = {"schema": "reply/1", "command_id": "r1", "ticket_id": ticket.ticket_id, "text": "Sudah kami teruskan."}
    (part,) = parts([*bench.command("reply", json.dumps(body).encode()), *bench.pass_time(10)])
    bench.modem(at.SendEnded(part.command.job, at.Uncertain("no answer in time")))
    assert bench.store.message_of("r1").state == "uncertain"
    return part.command


def test_a_reply_that_provably_never_left_is_sent_again(bench):
    part = doubtful(bench)
    commands = [*bench.modem(at.SendTraced(part.job, attempted=False, proven=True)), *bench.pass_time(10)]
    (again,) = parts(commands)
    assert again.command == part


@pytest.mark.parametrize(("attempted", "proven"), [(True, True), (True, False), (False, False)])
def test_a_reply_that_may_have_left_is_held(bench, attempted, proven):
    part = doubtful(bench)
    assert parts([*bench.modem(at.SendTraced(part.job, attempted, proven)), *bench.pass_time(3_600)]) == []
    assert bench.store.message_of("r1").state == "uncertain"


def test_an_acknowledgement_in_doubt_is_never_sent_again(bench):
    bench.ready()
    (part,) = parts(bench.sms("lampu mati"))
    bench.modem(at.SendEnded(part.command.job, at.Uncertain("no answer in time")))
    traced = at.SendTraced(part.command.job, attempted=False, proven=True)
    assert parts([*bench.modem(traced), *bench.pass_time(3_600)]) == []
