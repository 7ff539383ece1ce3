"""The smaller commands, and the edges of the bigger ones."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from modem_bench import DELIVER, SUBMIT, Bench

from kentongan.at.simulator import INSTANT, Card, parse_fault
from kentongan.at.simulator.control import obey

OK = b"\r\nOK\r\n"
ERROR = b"\r\nERROR\r\n"


def cme(code: int) -> bytes:
    return b"\r\n+CME ERROR: %d\r\n" % code


def cms(code: int) -> bytes:
    return b"\r\n+CMS ERROR: %d\r\n" % code


@pytest.mark.parametrize(
    ("persona", "command", "answer"),
    [
        ("sim800", "AT+CPAS", b"\r\n+CPAS: 0\r\n" + OK),
        ("sim800", "AT+CFUN=7", ERROR),
        ("sim7600", "AT+CFUN=7", cme(50)),
        ("sim800", "AT+CFUN=1", OK),
        ("sim800", "ATS3?", b"\r\n013\r\n" + OK),
        ("sim800", "ATS7=30", OK),
        ("sim800", "ATS0=999999", ERROR),
        ("sim800", "ATD0812;", b"\r\nNO CARRIER\r\n"),
        ("sim800", "AT&F", OK),
        ("sim800", "AT+COPS=5", cme(4)),
        ("sim800", "AT+COPS=3,0", OK),
        ("sim800", "AT+CUSD=9", ERROR),
        ("sim800", "AT+CUSD=2", OK),
        ("sim800", "AT+CUSD?", b"\r\n+CUSD: 0\r\n" + OK),
        ("sim800", 'AT+CPMS="XX"', cms(302)),
        ("sim800", 'AT+CPMS="ME"', cms(302)),
        ("me909s", 'AT+CPMS="ME","ME","ME"', b"\r\n+CPMS: 0,100,0,100,0,100\r\n" + OK),
        ("me909s", "AT+CPMS=?", b'\r\n+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")\r\n' + OK),
        ("sim800", "AT+CMGR=31", cms(321)),
        ("sim800", "AT+CMGD=31", cms(321)),
        ("sim800", "AT+CMGD=1,9", cms(321)),
        ("sim800", "AT+CMGD=?", b"\r\n+CMGD: (1-30),(0-4)\r\n" + OK),
        ("sim800", "AT+CMGL=9", cms(304)),
        ("e173", "AT+CMGL=9", cms(303)),
        ("sim800", "AT+CMGDA=9", ERROR),
        ("sim800", "AT+CMSS=3", cms(321)),
        ("sim800", "AT+CNMA", cms(340)),
        ("sim800", "AT+CSMS=1", b"\r\n+CSMS: 1,1,1\r\n" + OK),
        ("sim800", "AT+CSMS=5", cms(303)),
        ("sim800", 'AT+CLCK="AO",2', b"\r\n+CLCK: 0\r\n" + OK),
        ("sim800", 'AT+CLCK="AO",1', cme(4)),
        ("sim800", 'AT+CPBS="ME"', cme(4)),
        ("sim800", 'AT+CPIN="1234"', cme(3)),
        ("sim800", "AT+CCLK=?", OK),
        ("sim7600", "AT+CPINR", b"\r\n+CPINR: SIM PIN,3,3\r\n+CPINR: SIM PUK,10,10\r\n" + OK),
        ("sim7600", "AT+CICCID", b"\r\n+ICCID: 8962100012345678901\r\n" + OK),
        ("sim7600", "AT+CEREG?", b"\r\n+CEREG: 0,1\r\n" + OK),
        ("e173", "AT^ICCID?", b"\r\n^ICCID: 8962100012345678901\r\n" + OK),
        ("e173", "AT^SYSINFO", b"\r\n^SYSINFO:2,3,0,3,1,,3\r\n" + OK),
        ("e173", "AT^CARDLOCK?", b"\r\n^CARDLOCK: 2,10,0\r\n" + OK),
        ("e173", "AT^HCSQ?", b'\r\n^HCSQ: "GSM",59\r\n' + OK),
        ("e173", "AT^CURC=2,1", ERROR),
        ("e173", "AT^CURC?", b"\r\n^CURC: 1\r\n" + OK),
    ],
)
def test_a_command_is_answered(persona, command, answer):
    bench = Bench(persona)
    bench.ask("AT+CMEE=1")
    assert bench.ask(command) == answer


def test_a_modem_that_left_the_network_is_unregistered_until_it_comes_back():
    bench = Bench()
    bench.ask("AT+CREG=1")
    assert bench.ask("AT+COPS=2") == OK + b"\r\n+CREG: 0\r\n"
    assert bench.ask("AT+COPS?") == b"\r\n+COPS: 2\r\n" + OK
    assert bench.submit() == cms(331)
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b""
    assert bench.ask("AT+COPS=0") == OK + b'\r\n+CREG: 1\r\n\r\n+CMTI: "SM",1\r\n'


def test_without_a_network_ussd_is_refused():
    bench = Bench()
    bench.ask("AT+CMEE=1")
    bench.modem.inject(parse_fault("no-network"))
    assert bench.ask('AT+CUSD=1,"*888#",15') == cme(30)


def test_without_the_radio_the_sim_is_not_ready():
    for persona, answer in (("sim800", b"\r\n+CPIN: NOT READY\r\n" + OK), ("e173", cme(14))):
        bench = Bench(persona)
        bench.ask("AT+CMEE=1")
        bench.ask("AT+CFUN=0")
        assert bench.ask("AT+CPIN?") == answer


@pytest.mark.parametrize(
    ("persona", "command"),
    [
        ("sim800", "AT+SPIC"),
        ("e173", "AT^CPIN?"),
        ("sim7600", "AT+CPINR"),
        ("sim800", 'AT+CPIN="1"'),
        ("e173", "AT^ICCID?"),
    ],
)
def test_without_a_card_there_is_nothing_to_tell(persona, command):
    bench = Bench(persona)
    bench.ask("AT+CMEE=1")
    bench.modem.sim(present=False)
    bench.heard()
    assert bench.ask(command) == cme(10)
    bench.modem.sim(present=False)
    assert bench.heard() == b""


def test_a_locked_card_wants_its_puk_and_a_dead_one_nothing():
    bench = Bench(card=Card(pin="1234", pin_left=0, puk_left=2))
    bench.ask("AT+CMEE=1")
    assert bench.ask('AT+CPIN="1234"') == cme(12)
    assert bench.ask('AT+CPIN="00000000","1111"') == cme(16)
    assert bench.ask('AT+CPIN="11111111","1111"') == cme(16)
    assert bench.ask("AT+CPIN?") == cme(13)
    assert bench.ask('AT+CPIN="12345678","1111"') == cme(13)
    saved = Bench(card=Card(pin="1234", pin_left=0))
    assert saved.ask('AT+CPIN="12345678","4321"').startswith(OK)
    assert saved.modem.device.tray.card.pin == "4321"


def test_the_lock_can_be_switched_on():
    bench = Bench()
    assert bench.ask('AT+CLCK="SC",1,"9999"') == OK
    bench.modem.device.restart()
    bench.wait(1.0)
    bench.ask("ATE0")
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n" + OK


def test_a_card_detector_reports_when_asked_to():
    bench = Bench()
    bench.ask("AT+CSMINS=1")
    bench.modem.sim(present=False)
    assert bench.heard() == b"\r\n+CSMINS: 1,0\r\n\r\n+CPIN: NOT INSERTED\r\n"
    bench.modem.inject(parse_fault("sim-in"))
    assert bench.heard() == b"\r\n+CSMINS: 1,1\r\n\r\n+CPIN: READY\r\n"


def test_a_pulled_card_ends_a_send():
    for persona, answer in (("sim800", cme(10)), ("e173", cms(310))):
        bench = Bench(persona, timing=replace(INSTANT, send_s=2.0))
        bench.ask("AT+CMEE=1")
        bench.submit()
        bench.modem.sim(present=False)
        bench.heard()
        assert bench.wait(2.0) == answer


def test_without_a_service_centre_a_send_is_refused():
    bench = Bench(card=Card(smsc=""))
    assert bench.ask("AT+CSCA?") == b'\r\n+CSCA: "",129\r\n' + OK
    assert bench.submit() == cms(330)
    bench.ask('AT+CSCA="+6281100000",145')
    assert bench.submit().startswith(b"\r\n+CMGS: ")


def test_hex_names_and_texts_outside_the_set_are_taken_as_they_are():
    bench = Bench()
    bench.ask('AT+CSCS="HEX"')
    bench.ask('AT+CPBW=1,"0812",129,"4C55"')
    assert bench.ask("AT+CPBR=1") == b'\r\n+CPBR: 1,"0812",129,"4C55"\r\n' + OK
    bench.ask('AT+CPBW=2,"0812",129,"LU"')
    bench.ask('AT+CSCS="IRA"')
    assert bench.ask("AT+CPBR=1,2") == b'\r\n+CPBR: 1,"0812",129,"LU"\r\n+CPBR: 2,"0812",129,"LU"\r\n' + OK


def test_many_slots_are_freed_by_their_status():
    bench = Bench()
    for _ in range(3):
        bench.modem.deliver(DELIVER)
    bench.heard()
    bench.ask("AT+CMGR=1")
    bench.ask("AT+CMGR=2,1")
    assert bench.ask("AT+CMGD=1,1") == OK
    assert sorted(bench.modem.device.tray.memory.slots) == [2, 3]
    assert bench.ask("AT+CMGDA=6") == OK
    assert bench.modem.device.tray.memory.slots == {}


def test_messages_come_one_by_one_where_the_network_takes_its_time():
    bench = Bench(timing=replace(INSTANT, delivery_s=2.0))
    for _ in range(2):
        bench.modem.device.network.waiting.append(DELIVER)
    bench.modem.device.pump()
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n'
    assert bench.wait(1.9) == b""
    assert bench.wait(0.2) == b'\r\n+CMTI: "SM",2\r\n'


def test_a_call_that_nobody_takes_ends_by_itself():
    bench = Bench()
    bench.ask("AT+CRC=1")
    bench.modem.inject(parse_fault("call:data=0812,count=2"))
    assert bench.heard() == b"\r\n+CRING: VOICE\r\n"
    assert bench.ask("AT+CPAS") == b"\r\n+CPAS: 3\r\n" + OK
    assert bench.wait(2.0) == b"\r\n+CRING: VOICE\r\n\r\nNO CARRIER\r\n"


def test_a_deaf_or_quiet_modem_recovers():
    for fault in ("deaf:seconds=5", "no-urc:seconds=5"):
        bench = Bench()
        bench.modem.inject(parse_fault(fault))
        bench.wait(6.0)
        bench.modem.deliver(DELIVER)
        assert b"+CMTI" in bench.heard()
        assert bench.ask("AT") == OK


def test_a_network_comes_back_by_hand_and_a_change_to_the_same_is_silent():
    bench = Bench()
    bench.ask("AT+CREG=1")
    bench.modem.inject(parse_fault("no-network:code=3"))
    bench.modem.inject(parse_fault("no-network:code=3"))
    bench.modem.inject(parse_fault("network"))
    assert bench.heard() == b"\r\n+CREG: 3\r\n\r\n+CREG: 1\r\n"


def test_a_restart_at_the_prompt_takes_no_payload():
    bench = Bench()
    bench.modem.inject(parse_fault("restart:on=+CMGS>,position=2"))
    assert bench.ask("AT+CMGS=28") == b"\r\n"
    assert b"SMS Ready" in bench.wait(1.0)


def test_a_payload_into_a_stuck_prompt_is_refused():
    bench = Bench()
    bench.modem.inject(parse_fault("stuck-prompt"))
    assert bench.send(SUBMIT.encode() + b"\x1a") == cms(304)


def test_a_fault_for_ever_strikes_every_answer_once():
    bench = Bench()
    bench.modem.inject(parse_fault("urc:data=^RSSI:18,times=0,on=AT"))
    assert [bench.ask("AT") for _ in range(2)] == [b"\r\n^RSSI:18\r\n" + OK] * 2


def test_every_kind_of_credit_is_set_over_the_control_socket():
    bench = Bench()
    for state in ("good", "cms38", "cms21", "cms10", "silent", "notice"):
        assert json.loads(obey(bench.modem, json.dumps({"do": "credit", "state": state})))["ok"]
    assert bench.modem.device.network.credit == "notice"


def test_the_program_explains_every_fault():
    command = [sys.executable, "-m", "kentongan.at.simulator", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert "sent-mute" in text
    assert "(good, cms38, cms21, cms10, silent, notice)" in text
