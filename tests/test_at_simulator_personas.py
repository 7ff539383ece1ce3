"""Each persona answers in its own manner."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modem_bench import DELIVER, SUBMIT, Bench

from kentongan.at.pdu import Alphabet, Deliver, Ports, address_of, dcs_of, encode, scts_of, write_text
from kentongan.at.simulator import INSTANT, REALISTIC, by_name, parse_fault
from kentongan.at.simulator.catalogue import commands_of
from kentongan.at.simulator.device import Phase
from kentongan.at.simulator.personas import PERSONAS

OK = b"\r\nOK\r\n"
NAMES = [persona.name for persona in PERSONAS]


def test_a_persona_is_found_by_its_name_or_alias():
    assert by_name("sim800").name == "sim800c"
    assert by_name("Huawei").name == "e173"
    assert by_name("generic").name == "sim7600"


def test_an_unknown_persona_is_refused_with_the_known_ones():
    with pytest.raises(LookupError, match=r"no persona 'nokia'; known: sim800c, sim800,"):
        by_name("nokia")


@pytest.mark.parametrize("name", NAMES)
def test_every_persona_receives_lists_deletes_and_sends(name):
    bench = Bench(name)
    ds = 2 if 1 not in by_name(name).cnmi[3] else 1
    assert bench.ask(f"AT+CNMI=2,1,0,{ds},0") == OK
    bench.modem.deliver(DELIVER)
    base = by_name(name).base
    assert b'\r\n+CMTI: "SM",%d\r\n' % base in bench.heard()
    assert DELIVER.encode() in bench.ask("AT+CMGL=4")
    assert DELIVER.encode() in bench.ask(f"AT+CMGR={base}")
    assert bench.ask(f"AT+CMGD={base}") == OK
    assert bench.submit() == b"\r\n+CMGS: 42\r\n\r\nOK\r\n"
    assert (b"+CDSI: " if ds == 2 else b"+CDS: 26\r\n") in bench.wait(1.0)


@pytest.mark.parametrize("name", NAMES)
def test_every_persona_says_who_it_is(name):
    bench, persona = Bench(name), by_name(name)
    assert bench.ask("AT+CGMM") == f"\r\n{persona.model}\r\n\r\nOK\r\n".encode()
    assert bench.ask("AT+CGSN") == f"\r\n{persona.imei}\r\n\r\nOK\r\n".encode()
    assert bench.ask("ATI").endswith(OK)


@pytest.mark.parametrize(
    ("name", "answer"),
    [("sim800c", b"ERROR"), ("e173", b"COMMAND NOT SUPPORT"), ("e3131", b"COMMAND NOT SUPPORT"), ("sim7600", b"ERROR")],
)
def test_an_unknown_command_is_refused_the_vendors_way(name, answer):
    assert Bench(name).ask("AT+NOSUCH=1") == b"\r\n" + answer + b"\r\n"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("sim800c", OK),
        ("sim800l", b"\r\n+CMGR: 0,,0\r\n\r\nOK\r\n"),
        ("e173", b"\r\n+CMS ERROR: 321\r\n"),
        ("sim7600", b"\r\n+CMS ERROR: 321\r\n"),
    ],
)
def test_an_empty_slot_is_read_in_three_ways(name, answer):
    assert Bench(name).ask("AT+CMGR=5") == answer


@pytest.mark.parametrize(
    ("name", "accepted", "refused"),
    [
        ("sim800c", "2,1,0,1,0", "2,1,0,2,0"),
        ("e173", "2,1,0,2,0", "3,1,0,2,0"),
        ("me909s", "2,1,2,2,0", "2,1,0,1,0"),
        ("sim7600", "2,1,0,1,0", "3,1,0,1,0"),
    ],
)
def test_indications_are_accepted_in_the_personas_variants(name, accepted, refused):
    bench = Bench(name)
    assert bench.ask(f"AT+CNMI={refused}").startswith((b"\r\nERROR", b"\r\n+CMS ERROR: 303"))
    assert bench.ask(f"AT+CNMI={accepted}") == OK
    assert bench.ask("AT+CNMI?") == f"\r\n+CNMI: {accepted}\r\n\r\nOK\r\n".encode()


def test_a_qualcomm_modem_lists_a_report_mode_that_it_refuses():
    bench = Bench("me909s")
    assert b"(0,1,2)" in bench.ask("AT+CNMI=?").split(b"),(")[3].join((b"(", b")"))
    assert bench.ask("AT+CNMI=2,1,0,1,0") == b"\r\n+CMS ERROR: 303\r\n"


def test_huawei_prints_its_cell_without_quotes():
    bench = Bench("e173")
    bench.ask("AT+CREG=2")
    assert bench.ask("AT+CREG?") == b"\r\n+CREG: 2,1,0A1B,3799B\r\n\r\nOK\r\n"


def test_lte_prints_the_access_technology():
    bench = Bench("sim7600")
    bench.ask("AT+CREG=2;+COPS=3,2")
    assert bench.ask("AT+CREG?") == b"\r\n+CREG: 2,1,1A2B,03C4D501,7\r\n\r\nOK\r\n"
    assert bench.ask("AT+COPS?") == b'\r\n+COPS: 0,2,"51010",7\r\n\r\nOK\r\n'


def test_huawei_chatters_until_it_is_told_not_to():
    bench = Bench("e173")
    assert bench.wait(10.0) == b"\r\n^RSSI:18\r\n"
    assert bench.wait(10.0) == b"\r\n^MODE:3,3\r\n"
    assert bench.ask("AT^CURC=0") == OK
    assert bench.wait(100.0) == b""


def test_a_mask_lets_the_wanted_reports_pass():
    bench = Bench("e173", sim_slots=1)
    assert bench.ask("AT^CURC=2,0000000000000828") == OK
    assert bench.ask("AT^CURC?") == b"\r\n^CURC: 2,0x0000000000000828\r\n\r\nOK\r\n"
    assert bench.wait(30.0) == b""
    bench.ask("AT+CNMI=2,1,0,2,0")
    for _ in range(2):
        bench.modem.deliver(DELIVER)
    assert bench.heard() == b'\r\n+CMTI: "SM",0\r\n\r\n^SMMEMFULL:"SM"\r\n'


def test_a_stick_packs_its_ussd():
    bench = Bench("e173")
    bench.modem.inject(parse_fault("ussd:data=*888#=Pulsa Rp 5000"))
    bench.ask("AT+CUSD=1")
    assert bench.ask('AT+CUSD=1,"2A1C0E3702",15') == OK
    assert bench.wait(1.0) == b'\r\n+CUSD: 0,"D03A7B1E0649E1A01A0C0603",15\r\n'


def test_a_stick_leaves_the_bus_when_it_restarts_and_comes_back():
    bench = Bench("e3131")
    events = []
    bench.modem.device.hooks.port_gone = lambda: events.append("gone")
    bench.modem.device.hooks.port_back = lambda name: events.append(f"back{name}")
    bench.ask("AT^RESET")
    assert events == ["gone"]
    bench.wait(1.0)
    assert events == ["gone", "back"]


def test_a_ringing_e3131_takes_no_messages():
    bench = Bench("e3131")
    bench.ask("AT+CNMI=2,1,0,2,0")
    bench.modem.inject(parse_fault("call:data=0812,count=100"))
    bench.modem.deliver(DELIVER)
    assert b"+CMTI" not in bench.heard()
    assert bench.ask("AT+CHUP") == OK + b'\r\n+CMTI: "SM",0\r\n'


def test_sms_commands_without_a_sim_are_refused_as_cme_or_cms():
    answers = {}
    for name in ("sim800c", "e173"):
        bench = Bench(name)
        bench.ask("AT+CMEE=1")
        bench.modem.sim(present=False)
        bench.heard()
        answers[name] = bench.ask("AT+CMGL=4")
    assert answers == {"sim800c": b"\r\n+CME ERROR: 10\r\n", "e173": b"\r\n+CMS ERROR: 310\r\n"}


# ---- SIM800's own


def test_a_command_line_of_more_than_556_characters_is_refused_whole():
    bench = Bench()
    assert bench.ask("AT" + "+CSQ;" * 30 + "+CSQ").count(b"+CSQ: ") == 31
    assert bench.ask("AT+CSQ" + " " * 560) == b"\r\nERROR\r\n"
    assert bench.ask("AT" + "+CSQ;" * 39 + "+CSQ") == b"\r\nERROR\r\n"


def test_an_error_ends_the_line_and_the_rest_is_not_run():
    bench = Bench()
    assert bench.ask("AT+CMEE=1;+NOSUCH;+CREG=2") == b"\r\nERROR\r\n"
    assert bench.ask("AT+CREG?") == b"\r\n+CREG: 0,1\r\n\r\nOK\r\n"


def test_numeric_results_have_their_own_frames():
    bench = Bench()
    bench.ask("ATV0")
    assert bench.ask("AT+CSQ") == b"+CSQ: 18,0\r\n0\r"
    assert bench.ask("AT+NOSUCH") == b"4\r"
    assert bench.ask("ATV1") == OK


@pytest.mark.parametrize(
    ("mode", "cme", "cms"),
    [
        (0, b"ERROR", b"+CMS ERROR: 304"),
        (1, b"+CME ERROR: 10", b"+CMS ERROR: 304"),
        (2, b"+CME ERROR: SIM not inserted", b"+CMS ERROR: invalid PDU mode parameter"),
    ],
)
def test_errors_are_words_numbers_or_nothing(mode, cme, cms):
    bench = Bench()
    bench.ask(f"AT+CMEE={mode}")
    assert bench.ask("AT+CMGS=999") == b"\r\n" + cms + b"\r\n"
    bench.modem.sim(present=False)
    bench.heard()
    assert bench.ask("AT+CPIN?") == b"\r\n" + cme + b"\r\n"


def test_a_profile_keeps_what_the_manual_says_and_nothing_else():
    bench = Bench()
    bench.ask("AT+CMEE=1;+CNMI=2,1,0,1,0;+CLIP=1;&W")
    bench.modem.device.restart()
    bench.wait(1.0)
    assert bench.ask("AT+CMEE?") == b"\r\n+CMEE: 1\r\n\r\nOK\r\n"
    assert bench.ask("AT+CNMI?") == b"\r\n+CNMI: 2,1,0,1,0\r\n\r\nOK\r\n"
    assert bench.ask("AT+CLIP?") == b"\r\n+CLIP: 0\r\n\r\nOK\r\n"


def test_in_autobaud_the_boot_is_silent():
    bench = Bench()
    bench.ask("AT+IPR=0")
    bench.modem.device.restart()
    assert bench.wait(5.0) == b""
    assert b"OK" in bench.ask("AT")


def test_the_supply_comes_back_with_raw_bytes_and_the_network_tells_the_time():
    bench = Bench()
    bench.ask("AT+CLTS=1;&W")
    bench.modem.power(on=False)
    bench.modem.power(on=True)
    said = bench.wait(5.0)
    assert said.startswith(b"\x00IIII\xff\xff\xff\xff\r\nRDY\r\n")
    assert said.endswith(b'\r\n*PSUTTZ: 2026,11,23,8,4,5,"+28",0\r\n\r\nDST: 0\r\n')


def test_the_clock_stands_in_2004_until_the_network_may_set_it():
    bench = Bench()
    assert bench.ask("AT+CCLK?") == b'\r\n+CCLK: "04/01/01,00:00:00+00"\r\n\r\nOK\r\n'
    bench.ask("AT+CLTS=1")
    assert bench.ask("AT+CCLK?") == b'\r\n+CCLK: "26/11/23,15:04:05+28"\r\n\r\nOK\r\n'


def test_a_soft_power_off_says_goodbye_instead_of_ok():
    bench = Bench()
    assert bench.ask("AT+CPOWD=1") == b"\r\nNORMAL POWER DOWN\r\n"
    assert bench.ask("AT") == b""


def test_without_the_radio_nothing_passes():
    bench = Bench()
    bench.ask("AT+CREG=1;+CMEE=1")
    assert bench.ask("AT+CFUN=0") == b"\r\nOK\r\n\r\n+CPIN: NOT READY\r\n"
    assert bench.ask("AT+CREG?") == b"\r\n+CREG: 1,0\r\n\r\nOK\r\n"
    assert bench.ask("AT+CSQ") == b"\r\n+CSQ: 99,99\r\n\r\nOK\r\n"
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b""
    assert bench.ask("AT+CFUN=1") == b'\r\nOK\r\n\r\n+CPIN: READY\r\n\r\n+CMTI: "SM",1\r\n'


# ---- messages


def test_a_flash_message_goes_straight_to_the_host_or_to_the_card_when_told_so():
    bench = Bench()
    bench.modem.sms("TELKOMSEL", "Sisa pulsa Rp 1.000", flash=True)
    assert bench.heard().startswith(b'\r\n+CMT: "",')
    bench.ask("AT+SCLASS0=1")
    bench.modem.sms("TELKOMSEL", "Sisa pulsa Rp 1.000", flash=True)
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n'


def test_indications_are_kept_in_mode_0_and_flushed_afterwards():
    bench = Bench()
    bench.ask("AT+CNMI=0,1,0,0,0")
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b""
    assert bench.ask("AT+CNMI=2,1,0,0,0") == OK + b'\r\n+CMTI: "SM",1\r\n'


def test_without_indications_messages_are_stored_in_silence():
    bench = Bench("e173")
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b""
    assert bench.ask("AT+CMGL=0") == b"\r\n+CMGL: 0,0,,26\r\n" + DELIVER.encode() + b"\r\n" + OK


def test_reports_are_repeated_as_the_network_likes():
    bench = Bench()
    bench.ask("AT+CNMI=2,1,0,1,0")
    bench.modem.device.network.report_statuses = (0x20, 0x00)
    bench.submit()
    said = bench.wait(1.0)
    assert [line[-2:] for line in said.split(b"\r\n") if line.startswith(b"0691")] == [b"20", b"00"]


def test_a_stored_submit_is_sent_later_and_listed_as_sent():
    bench = Bench()
    bench.ask("AT+CMGW=28")
    assert bench.send(SUBMIT.encode() + b"\x1a") == b"\r\n+CMGW: 1\r\n\r\nOK\r\n"
    assert bench.ask("AT+CMGL=2").startswith(b'\r\n+CMGL: 1,2,"",28')
    assert bench.ask("AT+CMSS=1") == b"\r\n+CMSS: 42\r\n\r\nOK\r\n"
    assert bench.ask("AT+CMGL=3").startswith(b'\r\n+CMGL: 1,3,"",28')
    assert len(bench.modem.submitted()) == 1


def test_a_realistic_modem_takes_its_time():
    bench = Bench(echo=True, timing=replace(REALISTIC, send_s=3.0))
    bench.ask("ATE0")
    bench.wait(0.1)
    for command, seconds in (("AT+CSQ", 0.010), ("AT+CMGR=1", 0.030), ("AT+CMGD=1", 0.080)):
        assert bench.ask(command) == b""
        assert bench.wait(seconds - 0.001) == b""
        assert bench.wait(0.002).endswith(OK)


def test_commands_sent_too_early_are_answered_in_order():
    bench = Bench(timing=replace(INSTANT, other_s=0.01))
    bench.wait(1.0)
    bench.send(b"AT+CSQ\rATI\r")
    assert bench.wait(0.01) == b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"
    assert bench.wait(0.01) == b"\r\nSIM800 R14.18\r\n\r\nOK\r\n"


def pdu_of(pid: int, text: str = "isi", elements: tuple = ()) -> str:
    scts = scts_of(1_795_421_045_000, 420)
    user_data = write_text(text, Alphabet.GSM7, elements)
    return encode(Deliver(address_of("+6281234567890"), pid, dcs_of(0), scts, user_data)).pdu_hex


def test_a_message_of_type_0_is_taken_and_dropped():
    bench = Bench()
    bench.modem.deliver(pdu_of(0x40))
    assert bench.heard() == b""
    assert bench.ask("AT+CMGL=4") == OK
    assert len(bench.modem.books.delivered) == 1


def test_a_replacing_message_takes_the_same_slot():
    bench = Bench()
    for text in ("lama", "baru"):
        bench.modem.deliver(pdu_of(0x41, text))
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n' * 2
    assert bench.ask("AT+CMGL=4").count(b"+CMGL") == 1
    bench.modem.deliver(pdu_of(0x42))
    assert bench.heard() == b'\r\n+CMTI: "SM",2\r\n'


def test_a_sim800_indicates_a_wap_push_in_its_own_way():
    push = pdu_of(0, elements=(Ports(2948, 9200, 16),))
    said = {}
    for name in ("sim800", "sim7600"):
        bench = Bench(name)
        bench.modem.deliver(push)
        said[name] = bench.heard()
    assert said == {"sim800": b'\r\n+CMTI: "SM",1,"MMS PUSH"\r\n', "sim7600": b'\r\n+CMTI: "SM",0\r\n'}


def test_octets_that_nobody_can_read_are_stored_all_the_same():
    bench = Bench()
    bench.modem.deliver("00FF")
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n'
    assert bench.ask("AT+CMGR=1") == b'\r\n+CMGR: 0,"",1\r\n00FF\r\n\r\nOK\r\n'


def test_without_a_network_sim800_says_331_and_huawei_500():
    for name, code in (("sim800", 331), ("e3131", 500)):
        bench = Bench(name)
        bench.modem.inject(parse_fault("no-network"))
        bench.heard()
        assert bench.submit() == b"\r\n+CMS ERROR: %d\r\n" % code


def test_huawei_refuses_to_hold_the_link_for_ever():
    bench = Bench("e173")
    assert bench.ask("AT+CMMS=1") == OK
    assert bench.ask("AT+CMMS=2") == b"\r\n+CMS ERROR: 500\r\n"
    assert bench.ask("AT+CMMS?") == b"\r\n+CMMS: 1\r\n\r\nOK\r\n"


# ---- any input


@given(st.lists(st.binary(max_size=80), max_size=8), st.sampled_from(NAMES))
def test_any_bytes_of_the_host_leave_a_modem_that_answers(chunks, name):
    bench = Bench(name)
    for chunk in chunks:
        bench.send(chunk)
        bench.wait(0.5)
    bench.modem.power(on=False)
    bench.modem.power(on=True)
    bench.wait(5.0)
    assert bench.send(b"\x1b\rATE0V1\r").endswith(OK)


COMMANDS = sorted({name for persona in PERSONAS for name in commands_of(persona)})


@given(
    st.lists(
        st.tuples(
            st.sampled_from(COMMANDS),
            st.sampled_from(
                ["", "?", "=?", "=1", "=0", "=4", "=2,1,0,1,0", '="SM"', '="SC",2', "=1,1", "=-1", "=,,,", '="']
            ),
        ),
        max_size=6,
    ),
    st.sampled_from(NAMES),
)
def test_any_command_with_any_argument_ends_in_a_result(commands, name):
    bench = Bench(name)
    bench.wait(0.1)
    for command, argument in commands:
        answer = bench.ask(f"AT{command}{argument}") + bench.wait(0.0)
        if bench.modem.device.life.phase is not Phase.ON or b"> " in answer:
            break
        assert answer.strip(), command
