"""The SIM800 persona says what a SIM800 says, byte for byte."""

import pytest
from modem_bench import DELIVER, SUBMIT, Bench

# The exact bytes of the field, echo off.
TRANSCRIPT = [
    ("AT", b"\r\nOK\r\n"),
    ("AT+CSQ", b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"),
    ("AT+XYZ", b"\r\nERROR\r\n"),
    ("ATI", b"\r\nSIM800 R14.18\r\n\r\nOK\r\n"),
    ("AT+CIMI", b"\r\n510101234567890\r\n\r\nOK\r\n"),
    ('AT+CPMS="SM","SM","SM"', b"\r\n+CPMS: 2,30,2,30,2,30\r\n\r\nOK\r\n"),
    ("AT+CPMS?", b'\r\n+CPMS: "SM",2,30,"SM",2,30,"SM",2,30\r\n\r\nOK\r\n'),
    ("AT+CNMI=2,1,0,1,0", b"\r\nOK\r\n"),
    ("AT+CREG=2;+COPS=3,2", b"\r\nOK\r\n"),
    ("AT+CREG?", b'\r\n+CREG: 2,1,"1A2B","3C4D"\r\n\r\nOK\r\n'),
    ("AT+COPS?", b'\r\n+COPS: 0,2,"51010"\r\n\r\nOK\r\n'),
    ("AT+SPIC", b"\r\n+SPIC: 3,3,10,10\r\n\r\nOK\r\n"),
    ("AT+CPIN?", b"\r\n+CPIN: READY\r\n\r\nOK\r\n"),
    ("AT+CSCA?", b'\r\n+CSCA: "+6281100000",145\r\n\r\nOK\r\n'),
    ("AT+CSMS?", b"\r\n+CSMS: 0,1,1,1\r\n\r\nOK\r\n"),
    ("AT+CBC", b"\r\n+CBC: 0,88,4012\r\n\r\nOK\r\n"),
    ("AT+CGMR", b"\r\nRevision:1418B05SIM800C24\r\n\r\nOK\r\n"),
    ('AT+CLCK="SC",2', b"\r\n+CLCK: 0\r\n\r\nOK\r\n"),
    ("AT+CNUM", b'\r\n+CNUM: "","+6281234500000",145,7,4\r\n\r\nOK\r\n'),
]


@pytest.mark.parametrize(("command", "answer"), TRANSCRIPT)
def test_a_command_is_answered_byte_for_byte(command, answer):
    bench = Bench()
    bench.modem.sms("+6281234567890", "satu")
    bench.modem.sms("+6281234567890", "dua")
    bench.heard()
    for before, _ in TRANSCRIPT[: [c for c, _ in TRANSCRIPT].index(command)]:
        bench.ask(before)
    assert bench.ask(command) == answer


INIT = [
    "ATE0V1",
    "ATZ",
    "ATE0V1",
    "AT+CMEE=1",
    "AT+CFUN?",
    "AT+CBATCHK=1",
    "AT+CIURC=1",
    'AT+EXUNSOL="SQ",0',
    "AT+CSCLK=0",
    "AT+IFC=0,0",
    "ATI",
    "AT+CGMI",
    "AT+CGMM",
    "AT+CGMR",
    "AT+CGSN",
    "AT+CPIN?",
    'AT+CLCK="SC",2',
    "AT+CIMI",
    "AT+CCID",
    "AT+CMGF=0",
    "AT+CPMS=?",
    'AT+CPMS="SM","SM","SM"',
    "AT+CSMS?",
    "AT+CSMS=0",
    "AT+CNMI=?",
    "AT+CNMI=2,1,0,1,0",
    "AT+CNMI?",
    "AT+CSCA?",
    "AT+CREG=2",
    "AT+CGREG=0",
    "AT+COPS?",
    "AT+CLIP=1",
    "ATS0=0",
    "AT+GSMBUSY=1",
    "AT+SCLASS0=1",
    "AT+SRSPT=1",
    "AT+CWHITELIST?",
    "AT+CUSD=1",
    "AT+CREG?",
    "AT+CSQ",
    "AT+CPMS?",
    "AT+CBC",
    "AT+CMGL=4",
    "AT+CLTS=1;&W",
]


@pytest.mark.parametrize("persona", ["sim800c", "sim800l"])
def test_the_whole_start_sequence_is_accepted(persona):
    bench = Bench(persona)
    assert [command for command in INIT if not bench.ask(command).endswith(b"\r\nOK\r\n")] == []


def test_more_messages_is_not_in_the_sim800():
    assert Bench().ask("AT+CMMS=1") == b"\r\nERROR\r\n"


def test_a_message_is_indicated_read_and_deleted():
    bench = Bench()
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n'
    assert bench.ask("AT+CMGR=1") == b'\r\n+CMGR: 0,"",26\r\n' + DELIVER.encode() + b"\r\n\r\nOK\r\n"
    assert bench.ask("AT+CMGD=1") == b"\r\nOK\r\n"
    assert bench.ask("AT+CMGR=1") == b"\r\nOK\r\n"
    assert bench.ask("AT+CMGL=4") == b"\r\nOK\r\n"


def test_a_listing_has_one_header_and_one_pdu_per_slot():
    bench = Bench()
    for _ in range(2):
        bench.modem.deliver(DELIVER)
    bench.heard()
    entry = b'\r\n+CMGL: %d,0,"",26\r\n' + DELIVER.encode() + b"\r\n"
    assert bench.ask("AT+CMGL=4") == entry % 1 + entry % 2 + b"\r\nOK\r\n"


def test_a_send_has_a_prompt_a_reference_and_a_report():
    bench = Bench()
    bench.ask("AT+CNMI=2,1,0,1,0")
    assert bench.ask("AT+CMGS=28") == b"\r\n> "
    assert bench.send(SUBMIT.encode() + b"\x1a") == b"\r\n+CMGS: 42\r\n\r\nOK\r\n"
    report = bench.wait(1.0)
    assert report.startswith(b"\r\n+CDS: 26\r\n06912618010000062A0D91261832547698F0")
    assert report.endswith(b"00\r\n")
    (submitted,) = bench.modem.submitted()
    assert (submitted.pdu_hex, submitted.reference) == (SUBMIT, 42)
    assert bench.modem.submitted() == []


def test_a_wrong_length_is_refused_with_304():
    bench = Bench()
    assert bench.submit(SUBMIT, 27) == b"\r\n+CMS ERROR: 304\r\n"
    assert bench.modem.submitted() == []


def test_escape_leaves_the_prompt_and_sends_nothing():
    bench = Bench()
    bench.ask("AT+CMGS=28")
    assert bench.send(SUBMIT.encode() + b"\x1b") == b"\r\nOK\r\n"
    assert bench.ask("AT") == b"\r\nOK\r\n"
    assert bench.modem.submitted() == []


def test_a_carriage_return_in_the_payload_prints_the_prompt_again():
    bench = Bench()
    bench.ask("AT+CMGS=28")
    assert bench.send(b"AT\r") == b"\r\n> "


def test_the_echo_covers_the_command_and_the_payload():
    bench = Bench(echo=True)
    assert bench.ask("AT") == b"AT\r\r\nOK\r\n"
    assert bench.ask("AT+CMGS=28") == b"AT+CMGS=28\r\r\n> "
    assert bench.send(SUBMIT.encode() + b"\x1a") == SUBMIT.encode() + b"\x1a\r\n+CMGS: 42\r\n\r\nOK\r\n"


def test_a_restart_prints_the_banners_one_by_one_and_forgets_the_echo():
    bench = Bench()
    assert bench.ask("AT+CFUN=1,1") == b"\r\nOK\r\n"
    assert bench.wait(0.01) == b""
    boot = b"".join(bench.wait(0.01) for _ in range(20))
    assert boot == b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n"
    assert bench.ask("AT") == b"AT\r\r\nOK\r\n"


def test_a_full_card_refuses_the_network_which_tries_again_after_a_delete():
    bench = Bench(sim_slots=2)
    for _ in range(3):
        bench.modem.deliver(DELIVER)
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n'
    assert bench.modem.books.refused == 1
    assert bench.ask("AT+CMGD=2") == b'\r\nOK\r\n\r\n+CMTI: "SM",2\r\n'
