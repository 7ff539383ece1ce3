"""The clerk's SMS, the credit, the night watch and the power cut: a core, a real store, a hand-moved clock."""

import pytest
from core_bench import CITIZEN, Bench, deliver, of, slot

from kentongan.at import commands as to_modem
from kentongan.at import events as at
from kentongan.at import pdu
from kentongan.at.events import ErrorFamily, ModemState
from kentongan.daemon import standing
from kentongan.daemon.answers import Template
from kentongan.daemon.blackout import Boot
from kentongan.daemon.clerk_desk import ANSWERS_A_DAY
from kentongan.daemon.events import Note, ToModem
from kentongan.daemon.nightwatch import Beat
from kentongan.daemon.patrol import own_text, reply_text, round_text
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.records import Moment
from kentongan.queue.store_incidents import Incidents

CLERK, OWN, NEIGHBOUR, KEY = "+6281100000001", "+6281100009200", "+6281100007777", b"kunci ronda"
HOUR_S, DAY_S = 3_600, 86_400


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch):
    """Look every half minute instead of every five seconds: these tests live through days."""
    monkeypatch.setattr(standing, "REFRESH_MS", 30_000)


def make(tmp_path, **facts) -> Bench:
    bench = Bench(tmp_path / "k.db", **{"clerks": (CLERK,), **facts})
    begin(bench)
    return bench


def begin(bench) -> None:
    """Bring modem and broker up."""
    bench.ready()
    bench.broker_up()


@pytest.fixture
def bench(tmp_path):
    bench = make(tmp_path, acknowledge=True)
    yield bench
    bench.core.close(bench.at)


def spoken(command: ToModem) -> tuple[str, str]:
    """Read what the modem is told to send: recipient and text."""
    submit = pdu.decode(command.command.pdu_hex).tpdu
    return submit.destination.text, submit.user_data.text


def sent(bench, commands) -> list[tuple[str, str]]:
    """Let everything that is under way be sent; gives what was said to whom."""
    said = []
    while parts := [c for c in of(ToModem, commands) if isinstance(c.command, to_modem.SendPart)]:
        (part,) = parts
        said.append(spoken(part))
        commands = bench.sent(part)
    return said


def over(bench, seconds) -> list[tuple[str, str]]:
    """Let time pass, step by step, and everything be sent."""
    said = []
    for _ in range(round(seconds / 10)):
        said += sent(bench, bench.pass_time(10))
    return said


def heard(bench, text, sender, index=1, second=0) -> list:
    return bench.modem(slot(deliver(text, sender=sender, second=second), index))


def notes(commands, name):
    return [dict(note.facts) for note in of(Note, commands) if note.name == name]


# -- notices -----------------------------------------------------------------------------------------------------------


def test_a_server_that_is_away_for_a_quarter_of_an_hour_is_told_once_and_its_return_once(bench):
    bench.broker_down()
    assert over(bench, 900) == []
    ((number, text),) = over(bench, 60)
    assert number == CLERK
    assert text.startswith("GW-LU2: tdk terhubung ke server 15 mnt. 0 laporan menunggu di alat")
    assert over(bench, 6 * HOUR_S) == []
    bench.broker_up()
    assert over(bench, 290) == []
    ((_, text),) = over(bench, 60)
    assert "PULIH" in text
    assert over(bench, HOUR_S) == []


def test_a_citizen_is_not_promised_what_cannot_be_done_now(bench):
    bench.broker_down()
    ((_, text),) = sent(bench, heard(bench, "jalan rusak", CITIZEN))
    assert "Kami teruskan ke dinas terkait" in text
    over(bench, 1_000)
    ((_, text),) = sent(bench, heard(bench, "jembatan putus", "+6281234560001", 2))
    assert text.startswith("Laporan Anda aman tersimpan, tiket LU2-")
    bench.broker_up()
    bench.pass_time(40)
    ((_, text),) = sent(bench, heard(bench, "lampu mati", "+6281234560002", 3))
    assert "Kami teruskan ke dinas terkait" in text


def test_a_condition_that_comes_again_within_six_hours_is_not_told_again(bench):
    bench.broker_down()
    assert len(over(bench, 1_000)) == 1
    bench.broker_up()
    assert len(over(bench, 400)) == 1
    bench.broker_down()
    assert over(bench, 4 * HOUR_S) == []
    assert len(over(bench, 2 * HOUR_S)) == 1


def test_what_was_told_is_remembered_over_a_crash(bench):
    bench.broker_down()
    assert len(over(bench, 1_000)) == 1
    bench.crash()
    begin(bench)
    bench.broker_down()
    assert over(bench, 5 * HOUR_S) == []
    bench.broker_up()
    ((_, text),) = over(bench, 400)
    assert "PULIH" in text


def test_at_night_only_a_gateway_that_cannot_run_is_told(tmp_path):
    bench = make(tmp_path, quiet=(0, 1_439))
    bench.broker_down()
    assert over(bench, 2_000) == []
    bench.store.incidents.note("probe.a", "3", bench.at)  # as a gateway leaves it whose way was broken
    bench.crash()
    begin(bench)
    assert ["TIDAK DAPAT BERJALAN" in text for _, text in over(bench, 1_000)] == [True]


def test_a_line_that_cannot_send_tells_nobody_until_it_can(bench):
    bench.broker_down()
    bench.modem(at.StateChanged(ModemState.READY, ModemState.SEARCHING, "registration 2"))
    assert over(bench, 2_000) == []
    bench.ready()
    assert [text.split(":")[1][:6] for _, text in over(bench, 10)] == [" tdk t"]


def test_without_clerks_nobody_is_told(tmp_path):
    bench = make(tmp_path)
    bench.clerks = ()
    bench.crash()
    begin(bench)
    bench.broker_down()
    assert over(bench, 2_000) == []


# -- commands ----------------------------------------------------------------------------------------------------------


def test_a_clerks_command_is_answered_once_and_is_no_ticket(bench):
    ((number, text),) = sent(bench, heard(bench, "status", CLERK))
    assert number == CLERK
    assert text.startswith("GW-LU2: BAIK. Modem siap")
    assert bench.store.tickets(10) == []
    bench.crash()
    begin(bench)
    assert sent(bench, heard(bench, "status", CLERK)) == []


def test_strangers_who_give_a_clerks_command_are_counted_and_not_obeyed(bench):
    commands = bench.sms("MATIKAN BALASAN 2 JAM", sender="+6281234500001")
    commands += bench.sms("STATUS", sender="+6281234500002", index=2)
    commands += bench.pass_time(60)
    told = [dict(note.facts)["count"] for note in of(Note, commands) if note.name == "stranger_gave_clerks_command"]
    assert sum(told) == 2
    assert bench.store.counts(bench.at).tickets == 2


def test_the_same_words_of_a_stranger_are_a_ticket_and_a_clerks_complaint_is_one_too(bench):
    assert [n for n, _ in sent(bench, heard(bench, "STATUS", CITIZEN))] == [CITIZEN]
    sent(bench, heard(bench, "lampu jalan mati di depan kantor", CLERK, index=2))
    assert [ticket.text for ticket in bench.store.tickets(10)] == ["lampu jalan mati di depan kantor", "STATUS"]


def test_automatic_answers_can_be_switched_off_for_hours_and_on_again(bench):
    ((_, text),) = sent(bench, heard(bench, "MATIKAN BALASAN 2 JAM", CLERK))
    assert "mati 2 jam" in text
    bench.pass_time(6)
    assert sent(bench, heard(bench, "jalan rusak", CITIZEN, 2)) == []
    bench.crash()
    begin(bench)
    bench.pass_time(6)
    assert sent(bench, heard(bench, "jembatan putus", "+6281234560001", 3)) == []
    ((_, text),) = sent(bench, heard(bench, "nyalakan balasan", CLERK, 4))
    assert "menyala lagi" in text
    bench.pass_time(6)
    assert [n for n, _ in sent(bench, heard(bench, "banjir", "+6281234560002", 5))] == ["+6281234560002"]


def test_the_answers_stop_before_a_forged_sender_has_emptied_the_credit(bench):
    said = []
    for second in range(ANSWERS_A_DAY + 5):
        said += sent(bench, heard(bench, "PULSA", CLERK, index=second + 1, second=second))
    assert len(said) == ANSWERS_A_DAY
    bench.pass_time(DAY_S)
    assert len(sent(bench, heard(bench, "PULSA", CLERK, index=99, second=999))) == 1


def test_a_sim_that_cannot_send_keeps_the_automatic_answers_back_and_the_tickets_coming(bench):
    (part,) = [c for c in of(ToModem, bench.sms("satu")) if isinstance(c.command, to_modem.SendPart)]
    bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 512)))
    for _ in range(3):
        if bench.line.pace.cause:
            break
        for command in of(ToModem, bench.pass_time(700)):
            if isinstance(command.command, to_modem.SendPart):
                bench.modem(at.SendEnded(command.command.job, at.Rejected(ErrorFamily.CMS, 512)))
    bench.line.pace.pause(bench.at, HOUR_S * 1_000, "credit_or_barred")
    queued = bench.store.counts(bench.at).queued
    bench.modem(slot(deliver("dua", sender="+6281234560009"), 2))
    assert bench.store.counts(bench.at).queued == queued
    assert bench.store.tickets(1)[0].text == "dua"


# -- money -------------------------------------------------------------------------------------------------------------

BALANCE = "Sisa pulsa Rp 41.250 berlaku s/d 14/02/2027."


def asked(commands):
    return [c.command.code for c in of(ToModem, commands) if isinstance(c.command, to_modem.RunUssd)]


def test_the_operator_is_asked_once_a_day_and_believed(tmp_path):
    bench = make(tmp_path, balance_code="*888#", clerks=())
    bench.broker_down()
    bench.modem(at.SimIdentified("8962100000000001234", "510100000000001"))
    assert asked(bench.pass_time(599)) == []
    assert asked(bench.pass_time(10)) == ["*888#"]
    bench.modem(at.UssdAnswered(0, BALANCE))
    line = bench.line.status()
    assert (line.balance_rp, line.sends_left) == (41_250, 117)
    assert asked(bench.pass_time(DAY_S - 60)) == []
    assert asked(bench.pass_time(120)) == ["*888#"]
    bench.crash()
    begin(bench)
    bench.pass_time(10)
    assert bench.line.status().balance_rp == 41_250


def test_an_answer_that_says_nothing_is_asked_for_again_in_an_hour(tmp_path):
    bench = make(tmp_path, balance_code="*888#")
    bench.pass_time(610)
    bench.modem(at.UssdAnswered(2, "Maaf, permintaan Anda tidak dapat kami proses"))
    assert asked(bench.pass_time(HOUR_S - 60)) == []
    assert asked(bench.pass_time(120)) == ["*888#"]


def test_little_credit_and_an_ending_validity_are_faults_and_told(tmp_path):
    bench = make(tmp_path, balance_code="*888#")
    bench.pass_time(610)
    bench.modem(at.UssdAnswered(0, "Pulsa Rp4.200 aktif s.d. 20-11-2026"))
    bench.pass_time(6)
    causes = {fault.cause for fault in bench.standing.status(bench.at).faults}
    assert {"credit_low", "sim_expiring"} <= causes
    said = [text for _, text in over(bench, 1_000)]
    assert any("cukup utk 12 SMS lagi" in text for text in said)
    assert any("masa aktif kartu habis" in text for text in said)


def test_credit_that_falls_without_our_sending_is_a_leak(tmp_path):
    bench = make(tmp_path, balance_code="*888#", clerks=())
    bench.broker_down()
    bench.pass_time(610)
    bench.modem(at.UssdAnswered(0, "Saldo Rp 50.000"))
    bench.pass_time(DAY_S)
    bench.modem(at.UssdAnswered(0, "Saldo Rp 44.000"))
    bench.pass_time(6)
    assert "credit_draining" in {fault.cause for fault in bench.standing.status(bench.at).faults}
    bench.pass_time(DAY_S)
    bench.modem(at.UssdAnswered(0, "Saldo Rp 43.500"))
    bench.pass_time(6)
    assert "credit_draining" not in {fault.cause for fault in bench.standing.status(bench.at).faults}


def test_a_top_up_lets_the_waiting_messages_go(tmp_path):
    bench = make(tmp_path, balance_code="*888#", acknowledge=True)
    (part,) = [c for c in of(ToModem, bench.sms("satu")) if isinstance(c.command, to_modem.SendPart)]
    bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 1)))
    bench.line.pace.pause(bench.at, 1_800_000, "credit_or_barred")
    bench.pass_time(700)
    assert bench.line.sending is None
    bench.modem(at.UssdAnswered(0, "Pulsa Rp 0"))
    bench.pass_time(30)
    assert bench.line.pace.paused_until_ms > bench.at.steady_ms
    bench.modem(at.UssdAnswered(0, "Pulsa Rp 25.000"))
    assert bench.line.pace.paused_until_ms <= bench.at.steady_ms


def test_the_menus_behind_a_code_are_answered_as_configured(tmp_path):
    bench = make(tmp_path, balance_code="*888#>4>1", clerks=())
    bench.broker_down()
    questions = [c.command for c in of(ToModem, bench.pass_time(610)) if isinstance(c.command, to_modem.RunUssd)]
    assert questions == [to_modem.RunUssd("*888#", ("4", "1"))]


def test_the_code_follows_the_operator_of_the_card(tmp_path):
    bench = make(tmp_path, balance_code="auto", clerks=())
    bench.broker_down()
    assert asked(bench.pass_time(610)) == ["*888#"]
    bench.modem(at.SimIdentified("8962010000000005678", "510010000000001"))
    assert asked(bench.pass_time(620)) == ["*123#"]
    bench.modem(at.SimIdentified("8999990000000005678", "510990000000001"))
    assert asked(bench.pass_time(DAY_S)) == []


# -- the night watch ---------------------------------------------------------------------------------------------------


def watching(tmp_path, **facts):
    bench = make(tmp_path, beat=Beat("LU2", OWN, 12, **facts))
    bench.modem(at.Identified("SIMCOM", "SIM800C", "R14", "", "sim800"))
    bench.pass_time(890)
    return bench


def test_a_message_to_ourselves_that_comes_back_proves_the_way(tmp_path):
    bench = watching(tmp_path)
    ((number, text),) = over(bench, 30)
    assert number == OWN
    assert text.startswith("UJI LU2 ")
    commands = heard(bench, text, OWN)
    assert notes(commands, "probe_came")
    assert bench.line.status().probe_ok_ms == bench.at.wall_ms
    assert [text for _, text in over(bench, 11 * HOUR_S) if text.startswith("UJI")] == []
    assert [text for _, text in over(bench, HOUR_S + 60) if text.startswith("UJI")] != []


def test_three_that_do_not_come_back_are_a_broken_path_until_one_does(tmp_path):
    bench = watching(tmp_path)
    said = over(bench, 3 * 1_500 + 200)
    assert [n for n, _ in said].count(OWN) == 3
    assert [text for number, text in said if number == CLERK and "TIDAK DAPAT BERJALAN" in text]
    assert "path_broken" in {fault.cause for fault in bench.standing.status(bench.at).faults}
    bench.crash()
    begin(bench)
    bench.pass_time(10)
    assert "path_broken" in {fault.cause for fault in bench.standing.status(bench.at).faults}
    ((number, text),) = over(bench, 1_000)
    assert number == OWN
    heard(bench, text, OWN, index=5)
    bench.pass_time(6)
    assert "path_broken" not in {fault.cause for fault in bench.standing.status(bench.at).faults}


def test_before_the_path_counts_as_broken_the_radio_is_switched_off_and_on(tmp_path):
    bench = watching(tmp_path)
    over(bench, 1_500)
    commands = []
    for _ in range(50):
        passed = bench.pass_time(30)
        commands += passed
        sent(bench, passed)
    assert [c for c in of(ToModem, commands) if c.command == to_modem.Refresh()] != []
    assert "path_broken" not in {fault.cause for fault in bench.standing.status(bench.at).faults}


def test_a_late_one_still_counts(tmp_path):
    bench = watching(tmp_path)
    ((_, text),) = over(bench, 30)
    over(bench, 650)
    assert bench.line.status().probes_failed == 1
    heard(bench, text, OWN)
    assert bench.line.status().probes_failed == 0


def test_a_message_that_could_not_be_sent_says_nothing_of_the_path(tmp_path):
    bench = watching(tmp_path)
    (part,) = [c for c in of(ToModem, bench.pass_time(20)) if isinstance(c.command, to_modem.SendPart)]
    bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 1)))
    commands = bench.pass_time(700)
    assert notes(commands, "probe_dropped")
    assert bench.line.status().probes_failed == 0


def test_somebody_who_copies_our_words_proves_nothing(tmp_path):
    bench = watching(tmp_path)
    ((_, text),) = over(bench, 30)
    heard(bench, text, CITIZEN)
    heard(bench, own_text("LU2", "qqqqqq"), OWN, 2)
    assert bench.line.status().probe_ok_ms == 0


def test_neighbours_ask_and_answer_and_never_talk_in_a_loop(tmp_path):
    bench = watching(tmp_path, neighbours=(NEIGHBOUR,), key=KEY)
    said = dict(over(bench, 60))
    assert said[NEIGHBOUR].startswith("RONDA LU2 ")
    nonce = said[NEIGHBOUR].split()[2]
    assert notes(heard(bench, reply_text("RB1", nonce, KEY), NEIGHBOUR, 3), "neighbour_answered")
    answers = []
    for index in range(8):
        answers += sent(bench, heard(bench, round_text("RB1", f"abcde{chr(97 + index)}", KEY), NEIGHBOUR, 10 + index))
    assert len(answers) == 4
    assert answers[0] == (NEIGHBOUR, reply_text("LU2", "abcdea", KEY))
    assert bench.store.tickets(5) == []
    assert sent(bench, heard(bench, round_text("RB1", "zzzzzz", b"wrong"), NEIGHBOUR, 30)) == []
    assert len(bench.store.tickets(5)) == 1  # who cannot prove it is a citizen


def test_a_neighbour_that_is_silent_twice_is_a_fault(tmp_path):
    bench = watching(tmp_path, neighbours=(NEIGHBOUR,), key=KEY)
    over(bench, 3_000)
    assert "neighbour_silent" in {fault.cause for fault in bench.standing.status(bench.at).faults}


# -- the canary --------------------------------------------------------------------------------------------------------


def proven(tmp_path):
    """A line whose way to itself is proven."""
    bench = watching(tmp_path)
    ((_, text),) = over(bench, 30)
    heard(bench, text, OWN)
    return bench


def test_each_automatic_text_goes_to_ourselves_once_a_week(tmp_path):
    bench = proven(tmp_path)
    assert over(bench, HOUR_S - 1_000) == []
    while not (said := over(bench, 60)):
        pass
    assert [number for number, _ in said] == [OWN]
    assert said[0][1].startswith("Laporan Anda sudah kami terima")
    assert notes(heard(bench, said[0][1], OWN, 2), "canary_came")
    for index, template in enumerate(list(Template)[1:], 3):
        ((_, text),) = over(bench, 60)
        assert text[:12] == template.value[:12]
        assert notes(heard(bench, text, OWN, index), "canary_came")
    bench.broker_down()
    assert [text for number, text in over(bench, 11 * HOUR_S) if number == OWN] == []
    assert bench.store.tickets(5) == []


def test_a_text_that_is_lost_twice_is_filtered_until_it_comes(tmp_path):
    bench = proven(tmp_path)
    over(bench, HOUR_S)
    over(bench, 2 * 1_600)
    assert bench.line.status().texts_filtered == ("ACK",)
    assert "text_filtered" in {fault.cause for fault in bench.standing.status(bench.at).faults}
    bench.crash()
    begin(bench)
    bench.pass_time(40)
    assert bench.line.status().texts_filtered == ("ACK",)
    bench.keeper.test("own", bench.at)
    ((_, probe),) = over(bench, 60)
    heard(bench, probe, OWN, 8)
    bench.keeper.test("texts", bench.at)
    ((_, text),) = over(bench, 60)
    heard(bench, text, OWN, 9)
    bench.pass_time(40)
    assert bench.line.status().texts_filtered == ()


def test_a_round_that_is_asked_for_is_told_from_its_beginning_to_its_end(tmp_path):
    bench = watching(tmp_path)
    assert bench.keeper.test("texts", bench.at)
    ((_, probe),) = over(bench, 30)  # the plain one goes first, at once
    assert probe.startswith("UJI")
    facts = bench.line.status()
    assert (facts.texts_left, facts.texts_of, facts.texts_held) == (6, 6, True)
    bench.keeper.test("texts", bench.at)  # asked twice before it has begun: one round
    heard(bench, probe, OWN)
    for index in range(2, 8):
        ((_, text),) = over(bench, 30)
        assert notes(heard(bench, text, OWN, index), "canary_came")
    bench.pass_time(10)
    facts = bench.line.status()
    assert (facts.texts_left, facts.texts_of, facts.texts_held) == (0, 6, False)
    assert facts.texts_ms == bench.at.wall_ms - 10_000
    bench.crash()
    begin(bench)
    bench.pass_time(10)
    assert bench.line.status().texts_ms == facts.texts_ms
    assert [text for number, text in over(bench, 600) if number == OWN] == []


def test_a_text_that_was_never_sent_is_not_filtered(tmp_path):
    bench = proven(tmp_path)
    part = None
    while part is None:
        commands = bench.pass_time(60)
        part = next((c for c in of(ToModem, commands) if isinstance(c.command, to_modem.SendPart)), None)
    bench.modem(at.SendEnded(part.command.job, at.Rejected(ErrorFamily.CMS, 1)))
    assert notes(bench.pass_time(700), "canary_dropped")
    assert bench.line.status().texts_filtered == ()


def test_a_canary_waits_for_a_proven_path(tmp_path):
    bench = watching(tmp_path)
    texts = [text for number, text in over(bench, 2 * HOUR_S) if number == OWN]
    assert all(text.startswith("UJI") for text in texts)


# -- the power cut -----------------------------------------------------------------------------------------------------


def rebooted(bench, *, synced=True) -> None:
    """Let the power be off for two and a half hours."""
    last = bench.at
    bench.at = bench.at._replace(steady_ms=bench.at.steady_ms + 1, wall_ms=bench.at.wall_ms + 9_000_000, synced=synced)
    bench.boot = Boot("boot-2", 40_000, last._replace(synced=True))
    bench.crash()
    begin(bench)


def test_a_power_cut_is_told_when_it_is_over_with_its_times_and_is_in_the_book(bench):
    cut_ms = bench.at.wall_ms
    rebooted(bench)
    sent(bench, heard(bench, "saat mati lampu", CITIZEN, 4))
    said = [text for number, text in over(bench, 300) if number == CLERK]
    assert len(said) == 1
    assert said[0].startswith("GW-LU2: listrik padam 19:06-21:36, alat hidup lagi.")
    assert "1 SMS tertunda sudah masuk. Tidak ada yang hilang." in said[0]
    (cut,) = [one for one in bench.store.incidents.newest(10) if one.cause == "blackout"]
    assert (cut.began_ms, cut.ended_ms) == (cut_ms, cut_ms + 9_000_000 - 40_000)
    bench.crash()
    begin(bench)
    assert [text for _, text in over(bench, 1_200) if "listrik" in text] == []


def test_a_clock_that_is_not_set_tells_no_times(bench):
    rebooted(bench, synced=False)
    assert over(bench, 800) == []
    assert "GW-LU2: listrik padam, alat hidup lagi. Tidak ada SMS tertunda. Tidak ada yang hilang." in [
        text for _, text in over(bench, 300)
    ]


def test_a_restart_of_the_program_or_a_planned_one_of_the_machine_is_no_power_cut(bench):
    bench.crash()
    begin(bench)
    bench.core.close(bench.at)
    bench.boot = Boot("boot-2", 40_000, bench.at)
    bench.start()
    begin(bench)
    assert over(bench, 1_200) == []


def test_a_start_does_not_depend_on_a_disk_that_takes_writes(bench, monkeypatch):
    def full(*_args, **_kwargs):
        raise StoreUnavailable("read_only", "read-only")

    with monkeypatch.context() as patch:
        patch.setattr(Incidents, "note", full)
        patch.setattr(Incidents, "changed", full)
        bench.crash()
        begin(bench)
        bench.pass_time(60)
    bench.pass_time(60)
    fact = bench.store.incidents.noted("life")
    assert fact is not None
    assert fact.value == "boot-1 running"


def test_a_store_that_is_away_costs_a_look_and_nothing_else(bench, monkeypatch):
    bench.broker_down()
    bench.pass_time(850)

    def full(*_args, **_kwargs):
        raise StoreUnavailable("full", "disk full")

    with monkeypatch.context() as patch:
        patch.setattr(bench.store.incidents, "note", full)
        assert over(bench, 120) == []
    assert len(over(bench, 60)) == 1


def test_nothing_is_asked_of_a_moment_before_the_first_look(tmp_path):
    bench = make(tmp_path)
    assert bench.keeper.neighbours_silent == 0
    assert not bench.keeper._duties.desk.silent(Moment(0, 0, synced=False))
