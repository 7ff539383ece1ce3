"""The technician's requests, answered by a core with a real store."""

import pytest
from core_bench import of, serving

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.at.events import ModemState
from kentongan.daemon.control import ControlRequest, Refusal, read, respond
from kentongan.daemon.events import Answer, EndProcess, Note, PowerOff, Recording, ToModem
from kentongan.daemon.nightwatch import Beat

OWN = "+6281100009200"


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, window=10, balance_code="*888#", beat=Beat("LU2", OWN)) as bench:
        yield bench


def ask(bench, line: bytes):
    """Let a client's line reach the core; gives every command and the answer's result."""
    asked = read(line)
    assert not isinstance(asked, Refusal), asked
    commands = bench.do(ControlRequest(str(asked.__struct_config__.tag), asked, lambda _result: None))
    answers = of(Answer, commands)
    for answer in answers:
        respond(answer.result)  # every result can be written
    return commands, answers[0].result if answers else None


def test_troubles_are_told_with_their_length_and_what_each_rung_achieved(bench):
    bench.modem(at.StateChanged(ModemState.READY, ModemState.DOWN, "no answer"))
    bench.pass_time(1)
    bench.modem(at.RungClimbed("resync", "no answer"))
    bench.pass_time(9)
    bench.ready()
    bench.pass_time(1)
    _, result = ask(bench, b'{"request": "incidents", "limit": 5}')
    (incident,) = result["incidents"]
    assert (incident["cause"], incident["line"], incident["attempts"]) == ("modem_not_responding", "a", 1)
    assert incident["lasted_s"] in {9, 10}
    assert [(one.rung, one.climbed, one.succeeded) for one in result["rungs"]] == [("resync", 1, 1)]


def test_a_ticket_is_told_without_its_words_and_its_whole_number(bench):
    bench.sms("jalan rusak di desa")
    number = bench.store.tickets(1)[0].number
    _, result = ask(bench, b'{"request": "ticket", "number": "' + number.encode() + b'"}')
    assert result["number"] == number
    assert result["sender"] == "+62812*****890"
    assert "jalan" not in str(result)
    _, result = ask(bench, b'{"request": "ticket", "number": "LU2-999-999-9"}')
    assert isinstance(result, Refusal)


def test_tickets_come_page_by_page(bench):
    for index in range(5):
        bench.sms(f"laporan {index}", sender=f"+62812345678{index}0", index=index + 1)
    _, first = ask(bench, b'{"request": "tickets", "limit": 3}')
    _, rest = ask(bench, b'{"request": "tickets", "limit": 3, "before": %d}' % first[-1]["seq"])
    assert [one["seq"] for one in first + rest] == [5, 4, 3, 2, 1]


def test_the_last_decisions_and_the_figures_of_a_month_are_told(bench):
    bench.sms("jalan rusak")
    _, lines = ask(bench, b'{"request": "journal", "limit": 3}')
    assert any("ticket_opened" in line["text"] for line in lines)
    _, month = ask(bench, b'{"request": "month", "period": "2026-11", "start_ms": 0, "end_ms": 9000000000000}')
    assert month["figures"]["tickets"] == 1
    assert month["held_ms"] == [0, 0, 0]
    assert month["waits_ms"] == []


def test_a_line_is_asked_for_its_recording_and_has_its_power_cut(bench):
    commands, _ = ask(bench, b'{"request": "trace"}')
    assert [one.line for one in of(Recording, commands)] == ["a"]
    commands, result = ask(bench, b'{"request": "cycle_power", "line": "a"}')
    assert [one.line for one in of(PowerOff, commands)] == ["a"]
    assert result == {"line": "a"}
    _, result = ask(bench, b'{"request": "cycle_power", "line": "zz"}')
    assert isinstance(result, Refusal)
    assert result.code == "unknown_line"


def test_tests_begin_when_they_are_asked_for(bench):
    _, result = ask(bench, b'{"request": "probe", "way": "own"}')
    assert result == {"begun": True}
    sent = [c for c in of(ToModem, bench.pass_time(10)) if isinstance(c.command, to_modem.SendPart)]
    assert len(sent) == 1
    bench.sent(sent[0])
    _, result = ask(bench, b'{"request": "probe", "way": "credit"}')
    assert result == {"begun": True}
    assert [c.command for c in of(ToModem, bench.pass_time(10)) if isinstance(c.command, to_modem.RunUssd)]


def test_a_restart_is_answered_before_the_end_and_every_use_is_noted(bench):
    commands, _ = ask(bench, b'{"request": "restart"}')
    kinds = [type(one) for one in commands]
    assert kinds.index(Answer) < kinds.index(EndProcess)
    commands, _ = ask(bench, b'{"request": "note_use", "words": "status"}')
    assert ("words", "status") in [fact for note in of(Note, commands) for fact in note.facts]
