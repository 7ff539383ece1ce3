"""The SIM: attempts, locks, identity, phonebook; what a card keeps when the modem restarts."""

import pytest
from modem_bench import DELIVER, Bench

from kentongan.at.simulator import Card
from kentongan.at.simulator.card import Lock, Memory, Slot

OK = b"\r\nOK\r\n"


def locked(persona: str = "sim800", **card) -> Bench:
    bench = Bench(persona, card=Card(pin="1234", **card))
    bench.ask("AT+CMEE=1")
    return bench


def test_the_right_pin_opens_the_card_and_the_sms_layer_follows():
    bench = locked()
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PIN\r\n\r\nOK\r\n"
    assert bench.ask("AT+CMGL=4") == b"\r\n+CME ERROR: 11\r\n"
    assert bench.ask('AT+CPIN="1234"') == b"\r\nOK\r\n\r\n+CPIN: READY\r\n"
    assert bench.ask("AT+CMGL=4") == b"\r\n+CMS ERROR: 302\r\n"
    assert bench.wait(1.0) == b"\r\nCall Ready\r\n\r\nSMS Ready\r\n"
    assert bench.ask("AT+CMGL=4") == OK


def test_a_wrong_pin_costs_an_attempt_and_three_lock_the_card():
    bench = locked()
    assert bench.ask("AT+SPIC") == b"\r\n+SPIC: 3,3,10,10\r\n\r\nOK\r\n"
    for left in (2, 1, 0):
        assert bench.ask('AT+CPIN="0000"') == b"\r\n+CME ERROR: 16\r\n"
        assert bench.ask("AT+SPIC") == b"\r\n+SPIC: %d,3,10,10\r\n\r\nOK\r\n" % left
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: SIM PUK\r\n\r\nOK\r\n"
    assert bench.ask('AT+CPIN="1234"') == b"\r\n+CME ERROR: 12\r\n"


def test_attempts_survive_a_restart_and_the_right_pin_restores_them():
    bench = locked()
    bench.ask('AT+CPIN="0000"')
    bench.modem.device.restart()
    bench.wait(1.0)
    bench.ask("ATE0")
    assert bench.ask("AT+SPIC") == b"\r\n+SPIC: 2,3,10,10\r\n\r\nOK\r\n"
    bench.ask('AT+CPIN="1234"')
    assert bench.ask("AT+SPIC") == b"\r\n+SPIC: 3,3,10,10\r\n\r\nOK\r\n"


def test_the_puk_sets_a_new_pin_and_ten_wrong_ones_kill_the_card():
    card = Card(pin="1234", pin_left=0)
    assert card.unblock("12345678", "4321")
    assert (card.lock, card.pin, card.pin_left) == (Lock.READY, "4321", 3)
    dying = Card(pin="1234", pin_left=0)
    assert not any(dying.unblock("00000000", "1111") for _ in range(10))
    assert dying.lock is Lock.DEAD
    assert not dying.unblock("12345678", "1111")


def test_huawei_prints_its_attempts_its_own_way():
    bench = Bench("e173")
    assert bench.ask("AT^CPIN?") == b"\r\n^CPIN: READY,,10,3,10,3\r\n\r\nOK\r\n"
    assert locked("e173").ask("AT^CPIN?") == b"\r\n^CPIN: SIM PIN,3,10,3,10,3\r\n\r\nOK\r\n"


def test_the_lock_is_switched_off_with_the_pin_alone():
    bench = locked()
    bench.ask('AT+CPIN="1234"')
    assert bench.ask('AT+CLCK="SC",2') == b"\r\n+CLCK: 1\r\n\r\nOK\r\n"
    assert bench.ask('AT+CLCK="SC",0,"0000"') == b"\r\n+CME ERROR: 16\r\n"
    assert bench.ask('AT+CLCK="SC",0,"1234"') == OK
    assert bench.ask('AT+CLCK="SC",2') == b"\r\n+CLCK: 0\r\n\r\nOK\r\n"


def test_the_number_of_the_card_is_readable_before_the_pin_and_the_imsi_is_not():
    bench = locked()
    assert bench.ask("AT+CCID") == b"\r\n8962100012345678901\r\n\r\nOK\r\n"
    assert bench.ask("AT+CIMI") == b"\r\n+CME ERROR: 11\r\n"


def test_messages_stay_on_the_card_when_the_modem_restarts():
    bench = Bench()
    bench.modem.deliver(DELIVER)
    bench.heard()
    bench.modem.power(on=False)
    assert bench.ask("AT") == b""
    bench.modem.power(on=True)
    bench.wait(1.0)
    assert DELIVER.encode() in bench.ask("AT+CMGL=4")


def test_without_a_detector_a_new_card_is_read_only_after_the_radio_was_off():
    bench = Bench("sim800l")
    bench.modem.sim(present=False)
    bench.modem.sim(present=True)
    assert bench.heard() == b"\r\n+CPIN: NOT INSERTED\r\n"
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    bench.ask("AT+CFUN=0")
    assert bench.ask("AT+CFUN=1") == b"\r\nOK\r\n\r\n+CPIN: READY\r\n"


def test_a_phonebook_entry_is_written_read_and_deleted():
    bench = Bench()
    assert bench.ask('AT+CPBW=250,"00041937",129,"LU2"') == OK
    assert bench.ask("AT+CPBR=250") == b'\r\n+CPBR: 250,"00041937",129,"LU2"\r\n\r\nOK\r\n'
    assert bench.ask("AT+CPBS?") == b'\r\n+CPBS: "SM",1,250\r\n\r\nOK\r\n'
    assert bench.ask("AT+CPBW=250") == OK
    assert bench.ask("AT+CPBR=1,250") == OK


def test_a_phonebook_entry_without_an_index_takes_the_first_free_one():
    bench = Bench()
    bench.ask('AT+CPBW=1,"08111",129,"satu"')
    bench.ask('AT+CPBW=,"+62812",145,"Pak; RT"')
    assert bench.ask("AT+CPBR=2") == b'\r\n+CPBR: 2,"+62812",145,"Pak; RT"\r\n\r\nOK\r\n'


@pytest.mark.parametrize(
    ("command", "code"),
    [("AT+CPBR=251", 21), ('AT+CPBW=251,"1",129,"x"', 21), ('AT+CPBW=1,"1",129,"123456789012345"', 24)],
)
def test_a_phonebook_command_out_of_range_is_refused(command, code):
    bench = Bench()
    bench.ask("AT+CMEE=1")
    assert bench.ask(command) == b"\r\n+CME ERROR: %d\r\n" % code


def test_names_follow_the_character_set():
    bench = Bench()
    bench.ask('AT+CPBW=1,"08111",129,"LU"')
    bench.ask('AT+CSCS="UCS2"')
    assert bench.ask("AT+CPBR=1") == b'\r\n+CPBR: 1,"08111",129,"004C0055"\r\n\r\nOK\r\n'
    assert bench.ask("AT+CSCA?").startswith(b'\r\n+CSCA: "002B0036')


def test_a_memory_gives_the_first_free_slot_from_its_base():
    memory = Memory("SM", 2, 0)
    assert [memory.store(Slot(0, "00")) for _ in range(3)] == [0, 1, None]
    del memory.slots[0]
    assert memory.store(Slot(0, "00")) == 0


def test_a_slot_that_holds_no_hex_still_has_a_length():
    assert Slot(0, "zzzz").tpdu_octets == 2
