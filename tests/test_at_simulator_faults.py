"""Every fault of the schedule does what its name says, and nothing else."""

from dataclasses import replace

import pytest
from modem_bench import DELIVER, SUBMIT, Bench

from kentongan.at.simulator import INSTANT, Fault, FaultKind, parse_fault
from kentongan.at.simulator.faults import WORLD
from kentongan.at.simulator.world import _EVENTS

OK = b"\r\nOK\r\n"
BOOT = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n"


def struck(text: str, persona: str = "sim800", **options) -> Bench:
    bench = Bench(persona, **options)
    bench.modem.inject(parse_fault(text))
    return bench


# ---- reading the schedule


def test_a_fault_is_read_from_one_argument():
    assert parse_fault("cms:code=38,on=+CMGS.,times=3") == Fault(FaultKind.CMS, on="+CMGS.", times=3, code=38)


def test_a_comma_inside_a_value_is_escaped():
    assert parse_fault(r"urc:data=+CMTI: \"SM\"\,4").data == r"+CMTI: \"SM\",4"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("flames", "no fault 'flames'"),
        ("cms:codes=3", "cms has no codes; it has on, skip, times, code"),
        ("cms:seconds=3", "cms has no seconds"),
        ("credit:data=rich", "is none of good, cms38"),
        ("parts:data=lost", "is none of shuffled"),
        ("noise:data=zz", "hexadecimal"),
        ("", "no fault ''"),
        ("cms:code=many", "code='many' is no int"),
        ("cms:code", "not name=value"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_fault(text)


def test_every_fault_of_the_world_has_an_event():
    assert set(_EVENTS) == WORLD


def test_a_fault_waits_strikes_and_is_over():
    bench = struck("plain:on=+CSQ,skip=1,times=2")
    answers = [bench.ask("AT+CSQ") for _ in range(4)]
    assert answers == [
        b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n",
        b"\r\nERROR\r\n",
        b"\r\nERROR\r\n",
        b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n",
    ]
    assert bench.modem.device.faults.pending() == ()


def test_a_fault_with_zero_times_strikes_for_ever():
    bench = struck("plain:on=+CSQ,times=0")
    assert {bench.ask("AT+CSQ") for _ in range(5)} == {b"\r\nERROR\r\n"}


# ---- on the wire


def test_silence_neither_executes_nor_answers():
    bench = struck("silence:on=+CMGD")
    bench.modem.deliver(DELIVER)
    bench.heard()
    assert bench.ask("AT+CMGD=1") == b""
    assert DELIVER.encode() in bench.ask("AT+CMGL=4")


def test_mute_executes_and_does_not_answer():
    bench = struck("mute:on=+CMGD")
    bench.modem.deliver(DELIVER)
    bench.heard()
    assert bench.ask("AT+CMGD=1") == b""
    assert bench.ask("AT+CMGL=4") == OK


def test_a_mute_prompt_still_takes_the_payload_and_escape_frees_it():
    bench = struck("mute:on=+CMGS>")
    assert bench.ask("AT+CMGS=28") == b""
    assert bench.send(b"\x1b") == OK
    assert bench.ask("AT") == OK
    assert bench.modem.submitted() == []


def test_garbled_bytes_have_the_length_of_the_answer_and_come_out_the_same_with_the_same_seed():
    answers = []
    for _ in range(2):
        bench = struck("garble:on=+CSQ,count=3", seed=7)
        answers.append(bench.ask("AT+CSQ"))
    assert answers[0] == answers[1]
    assert len(answers[0]) == len(b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n")
    assert answers[0] != b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"


def test_noise_comes_before_the_answer():
    assert struck("noise:data=0000FF0D0AFE4F4B0D0A").ask("AT") == b"\x00\x00\xff\r\n\xfeOK\r\n" + OK


def test_lost_bytes_are_missing():
    assert struck("lose:on=+CSQ,position=2,count=5").ask("AT+CSQ") == b"\r\n 18,0\r\n\r\nOK\r\n"


def test_a_drip_gives_one_byte_at_a_time_and_keeps_the_order():
    bench = struck("drip:seconds=0.01")
    assert bench.ask("AT") == b""
    assert [bench.wait(0.01) for _ in range(6)] == [bytes([octet]) for octet in OK]


def test_what_is_said_during_a_drip_comes_behind_it():
    bench = struck("drip:seconds=0.01")
    bench.ask("AT")
    bench.modem.deliver(DELIVER)
    assert bench.wait(1.0) == OK + b'\r\n+CMTI: "SM",1\r\n'


def test_a_delayed_answer_comes_late():
    bench = struck("delay:on=+CSQ,seconds=5")
    assert (bench.ask("AT+CSQ"), bench.wait(4.9)) == (b"", b"")
    assert bench.wait(0.2) == b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"


@pytest.mark.parametrize("position", range(len(b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n") + 1))
def test_a_urc_comes_at_any_byte_of_an_answer(position):
    answer = b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"
    bench = struck(rf'urc:on=+CSQ,position={position},data=+CMTI: "SM"\,4')
    assert bench.ask("AT+CSQ") == answer[:position] + b'\r\n+CMTI: "SM",4\r\n' + answer[position:]


def test_an_answer_is_replaced():
    bench = struck(r"answer:on=+CMGD,data=\r\n+CMGD: (1-30)\,(0-4) OK\r\n")
    assert bench.ask("AT+CMGD=?") == b"\r\n+CMGD: (1-30),(0-4) OK\r\n"


@pytest.mark.parametrize("position", range(21))
def test_a_restart_cuts_an_answer_at_any_byte(position):
    answer = b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n"
    bench = struck(f"restart:on=+CSQ,position={position}")
    assert bench.ask("AT+CSQ") == answer[:position]
    assert bench.wait(1.0) == BOOT
    assert bench.modem.books.restarts == 1


# ---- of a send


def test_a_swallowed_send_is_silent_and_nothing_was_sent():
    bench = struck("swallow")
    assert bench.submit() == b""
    assert bench.ask("AT") == OK
    assert bench.modem.submitted() == []


def test_a_send_without_an_answer_was_sent():
    bench = struck("sent-mute")
    assert bench.submit() == b""
    assert bench.ask("AT") == OK
    assert [submitted.pdu_hex for submitted in bench.modem.submitted()] == [SUBMIT]


def test_a_late_answer_comes_late_and_holds_back_the_next_command():
    bench = struck("late:seconds=75")
    assert bench.submit() == b""
    assert len(bench.modem.submitted()) == 1
    assert bench.ask("AT") == b""
    assert bench.wait(74.0) == b""
    assert bench.wait(2.0) == b"\r\n+CMGS: 42\r\n\r\nOK\r\n" + OK


@pytest.mark.parametrize("position", [0, 1, 57])
def test_a_restart_in_the_payload_sends_nothing(position):
    bench = struck(f"restart-payload:position={position}")
    bench.ask("AT+CMGS=28")
    assert bench.send(SUBMIT.encode() + b"\x1a") == b""
    assert bench.wait(1.0) == BOOT
    assert bench.modem.submitted() == []


def test_a_restart_after_the_payload_leaves_a_message_that_was_sent():
    bench = struck("restart-sent")
    assert bench.submit() == b""
    assert bench.wait(1.0) == BOOT
    assert len(bench.modem.submitted()) == 1


# ---- refusals


@pytest.mark.parametrize(
    ("fault", "line"),
    [("cms:code=302", b"+CMS ERROR: 302"), ("cme:code=14", b"+CME ERROR: 14"), ("plain", b"ERROR")],
)
def test_a_refusal_before_the_prompt_takes_no_payload(fault, line):
    bench = struck(f"{fault}{',' if ':' in fault else ':'}on=+CMGS")
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT+CMGS=28") == b"\r\n" + line + b"\r\n"
    assert bench.send(SUBMIT.encode() + b"\x1a") == b""
    assert bench.ask("AT") == OK
    assert bench.modem.submitted() == []


@pytest.mark.parametrize("code", [8, 10, 21, 38, 41, 50, 69, 302, 304, 331, 332, 500])
def test_a_refusal_after_the_payload_sends_nothing(code):
    bench = struck(f"cms:code={code},on=+CMGS.")
    assert bench.submit() == b"\r\n+CMS ERROR: %d\r\n" % code
    assert bench.modem.submitted() == []


def test_a_delete_may_be_confirmed_and_not_done():
    bench = struck("delete-ignored")
    bench.modem.deliver(DELIVER)
    bench.heard()
    assert bench.ask("AT+CMGD=1") == OK
    assert DELIVER.encode() in bench.ask("AT+CMGL=4")
    assert bench.ask("AT+CMGD=1") == OK
    assert bench.ask("AT+CMGL=4") == OK


# ---- of the world


def test_a_restart_of_its_own_prints_the_banners():
    assert struck("restart-now").wait(1.0) == BOOT


def test_a_fault_of_the_world_waits_for_its_time():
    bench = struck("line:data=+CMTE: 1,after_s=10")
    assert bench.wait(9.9) == b""
    assert bench.wait(0.2) == b"\r\n+CMTE: 1\r\n"


def test_a_fault_of_the_world_waits_for_its_command():
    bench = struck("line:data=RING,on=+CSQ")
    assert bench.wait(100.0) == b""
    assert bench.ask("AT+CSQ") == b"\r\nRING\r\n\r\n+CSQ: 18,0\r\n\r\nOK\r\n"


def test_a_hanging_modem_says_nothing_until_it_recovers():
    bench = struck("hang:seconds=30")
    bench.modem.deliver(DELIVER)
    assert bench.ask("AT") == b""
    assert bench.wait(29.0) == b""
    bench.wait(2.0)
    assert bench.ask("AT") == OK


def test_a_deaf_modem_still_speaks():
    bench = struck("deaf")
    bench.modem.deliver(DELIVER)
    assert bench.ask("AT") == b'\r\n+CMTI: "SM",1\r\n'


def test_without_urcs_commands_are_answered_and_messages_stored():
    bench = struck("no-urc")
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b""
    assert DELIVER.encode() in bench.ask("AT+CMGL=4")


def test_a_silent_reset_brings_the_echo_back_and_loses_the_indications():
    bench = Bench()
    bench.ask("AT+CNMI=2,1,0,1,0")
    bench.modem.inject(parse_fault("forget"))
    assert bench.ask("AT+CNMI?") == b"AT+CNMI?\r\r\n+CNMI: 2,1,0,0,0\r\n\r\nOK\r\n"


def test_a_stuck_prompt_answers_with_the_prompt_until_escape():
    bench = struck("stuck-prompt")
    assert bench.ask("AT") == b"\r\n> "
    assert bench.send(b"\x1b") == OK
    assert bench.ask("AT") == OK


def test_an_unended_payload_stands_in_the_prompt_until_escape():
    bench = struck("unended")
    assert bench.submit() == b""
    assert bench.wait(300) == b""
    assert bench.send(b"\r") == b"\r\n> "
    assert bench.send(b"\x1b") == OK
    assert bench.modem.submitted() == []
    assert b"\r\n+CMGS: " in bench.submit()


def test_a_full_memory_refuses_until_a_slot_is_freed():
    bench = struck("memory-full")
    assert bench.ask("AT+CPMS?").startswith(b'\r\n+CPMS: "SM",30,30,')
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b""
    assert bench.ask("AT+CMGD=7") == OK + b'\r\n+CMTI: "SM",7\r\n'


def test_a_network_duplicate_is_the_same_message_in_another_slot():
    bench = struck("duplicate:count=1")
    bench.modem.deliver(DELIVER)
    assert bench.heard() == b'\r\n+CMTI: "SM",1\r\n\r\n+CMTI: "SM",2\r\n'
    assert bench.ask("AT+CMGL=4").count(DELIVER.encode()) == 2


@pytest.mark.parametrize(
    ("how", "sequences"),
    [("shuffled", [3, 2, 1]), ("doubled", [1, 1, 2, 2, 3, 3]), ("missing", [2, 3])],
)
def test_parts_come_out_of_order_twice_or_not_at_all(how, sequences):
    bench = struck(f"parts:data={how}")
    bench.modem.sms("+6281234567890", "x" * 459)
    stored = [slot.pdu_hex for _, slot in sorted(bench.modem.device.tray.memory.slots.items())]
    header = "050003"
    assert [int(pdu_hex.partition(header)[2][4:6], 16) for pdu_hex in stored] == sequences


def test_a_pulled_sim_is_announced_and_every_sim_command_fails():
    bench = struck("sim-out:seconds=20")
    bench.ask("AT+CMEE=1")
    assert bench.ask("AT+CPIN?") == b"\r\n+CME ERROR: 10\r\n"
    assert bench.ask("AT+CMGL=4") == b"\r\n+CME ERROR: 10\r\n"
    assert bench.wait(20.0) == b"\r\n+CPIN: READY\r\n"
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"


def test_a_lock_shows_at_the_next_restart():
    bench = struck("pin-lock:data=1234")
    assert bench.ask("AT+CPIN?") == b"\r\n+CPIN: READY\r\n\r\nOK\r\n"
    bench.modem.device.restart()
    bench.wait(1.0)
    assert b"+CPIN: SIM PIN" in bench.ask("AT+CPIN?")


def test_without_a_network_a_send_is_refused_and_messages_wait_outside():
    bench = struck("no-network:seconds=60")
    bench.ask("AT+CREG=1")
    bench.modem.deliver(DELIVER)
    assert bench.submit() == b"\r\n+CMS ERROR: 331\r\n"
    assert bench.wait(60.0) == b'\r\n+CREG: 1\r\n\r\n+CMTI: "SM",1\r\n'


def test_a_network_lost_in_mid_send_is_a_timeout():
    bench = struck("no-network:on=+CMGS.", timing=replace(INSTANT, send_s=3.0))
    assert bench.submit() == b""
    assert bench.wait(3.0) == b"\r\n+CMS ERROR: 332\r\n"


@pytest.mark.parametrize(
    ("disguise", "answer", "reached"),
    [
        ("cms38", b"\r\n+CMS ERROR: 38\r\n", 0),
        ("cms21", b"\r\n+CMS ERROR: 21\r\n", 0),
        ("cms10", b"\r\n+CMS ERROR: 10\r\n", 0),
        ("silent", b"", 0),
        ("notice", b"\r\n+CMGS: 42\r\n\r\nOK\r\n", 0),
        ("good", b"\r\n+CMGS: 42\r\n\r\nOK\r\n", 1),
    ],
)
def test_an_empty_account_has_many_faces(disguise, answer, reached):
    bench = struck(f"credit:data={disguise}")
    assert bench.submit() == answer
    assert len(bench.modem.submitted()) == reached
    assert (b"+CMTI" in bench.wait(1.0)) == (disguise == "notice")


def test_a_voltage_warning_is_misspelt_and_measured():
    bench = struck("voltage:data=UNDER-VOLTAGE WARNNING,code=3480")
    assert bench.heard() == b"\r\nUNDER-VOLTAGE WARNNING\r\n"
    assert bench.ask("AT+CBC") == b"\r\n+CBC: 0,88,3480\r\n\r\nOK\r\n"


def test_a_voltage_that_is_too_low_switches_the_modem_off():
    bench = struck("voltage:data=UNDER-VOLTAGE POWER DOWN")
    assert bench.heard() == b"\r\nUNDER-VOLTAGE POWER DOWN\r\n"
    assert bench.ask("AT") == b""


def test_a_ussd_menu_answers_step_by_step():
    bench = struck("ussd:data=*888#=1. Pulsa,code=1")
    bench.modem.inject(parse_fault("ussd:data=*888#/1=Sisa pulsa Rp 12.000"))
    bench.ask("AT+CUSD=1")
    assert bench.ask('AT+CUSD=1,"*888#",15') == OK
    assert bench.wait(1.0) == b'\r\n+CUSD: 1,"1. Pulsa",15\r\n'
    bench.ask('AT+CUSD=1,"1",15')
    assert bench.wait(1.0) == b'\r\n+CUSD: 0,"Sisa pulsa Rp 12.000",15\r\n'


def test_an_unknown_ussd_code_is_status_4():
    bench = Bench()
    bench.ask('AT+CUSD=1,"*1#",15')
    assert bench.wait(1.0) == b"\r\n+CUSD: 4\r\n"


def test_a_call_rings_with_its_number_until_hung_up():
    bench = Bench()
    bench.ask("AT+CLIP=1")
    bench.modem.inject(parse_fault("call:data=+6281234567890,count=5"))
    ringing = b'\r\nRING\r\n\r\n+CLIP: "+6281234567890",145,"",,"",0\r\n'
    assert bench.heard() == ringing
    assert bench.wait(1.0) == ringing
    assert bench.ask("ATH") == OK
    assert bench.wait(10.0) == b""


def test_a_busy_modem_does_not_ring():
    bench = Bench()
    bench.ask("AT+GSMBUSY=1")
    bench.modem.inject(parse_fault("call:data=0812,count=5"))
    assert bench.wait(10.0) == b""


def test_a_call_during_a_send_is_refused_by_sim800_and_rings_on_a_stick():
    for persona, rings in (("sim800", False), ("e173", True)):
        bench = struck("call:data=0812,on=+CMGS.", persona, timing=replace(INSTANT, send_s=2.0))
        assert (b"RING" in bench.submit()) == rings
        assert b"+CMGS: 42" in bench.wait(2.0)


def test_a_flood_of_messages_fills_the_card_and_the_rest_waits():
    bench = struck("flood:count=2000")
    assert bench.heard().count(b"+CMTI") == 30
    assert len(bench.modem.device.network.waiting) == 1970


def test_a_vanished_port_is_reported_to_whoever_owns_it():
    bench = Bench()
    gone, back = [], []
    bench.modem.device.hooks.port_gone = lambda: gone.append(bench.now)
    bench.modem.device.hooks.port_back = back.append
    bench.modem.inject(parse_fault("vanish:seconds=5,data=/dev/other"))
    bench.wait(4.0)
    assert (len(gone), back) == (1, [])
    bench.wait(2.0)
    assert back == ["/dev/other"]
