"""The fifteen transcripts that every parser must survive, as the simulator produces them byte for byte."""

from dataclasses import replace

from modem_bench import DELIVER, SUBMIT, Bench

from kentongan.at.simulator import INSTANT, parse_fault

OK = b"\r\nOK\r\n"
REPORT = "06912618010000062A0D91261832547698F0621132514050826211325140908200"


def slow(persona: str = "sim800", **options) -> Bench:
    """Make a modem whose network takes three seconds to send."""
    return Bench(persona, timing=replace(INSTANT, send_s=3.0), **options)


def test_1_a_urc_comes_before_the_answer():
    bench = Bench(timing=replace(INSTANT, other_s=0.01))
    bench.wait(1.0)
    for _ in range(3):
        bench.modem.deliver(DELIVER)
    bench.heard()
    bench.ask("AT+CPMS?")
    bench.modem.deliver(DELIVER)
    assert bench.wait(0.01) == b'\r\n+CMTI: "SM",4\r\n\r\n+CPMS: "SM",4,30,"SM",4,30,"SM",4,30\r\n' + OK


def test_2_a_urc_comes_between_a_header_and_its_pdu():
    bench = Bench("e173")
    bench.modem.deliver(DELIVER)
    bench.ask("AT+CMGL=4")
    header = b"\r\n+CMGL: 0,1,,26\r\n"
    bench.modem.inject(parse_fault(f"urc:on=+CMGL,position={len(header)},data=^RSSI:18"))
    assert bench.ask("AT+CMGL=4") == header + b"\r\n^RSSI:18\r\n" + DELIVER.encode() + b"\r\n" + OK


def test_3_a_report_comes_before_the_prompt():
    bench = Bench(timing=replace(INSTANT, other_s=0.01))
    bench.ask("AT+CNMI=2,1,0,1,0")
    bench.wait(1.0)
    bench.ask("AT+CMGS=28")
    bench.modem.deliver(REPORT)
    assert bench.wait(0.01) == b"\r\n+CDS: 26\r\n" + REPORT.encode() + b"\r\n\r\n> "


def test_4_a_urc_comes_between_the_prompt_and_the_reference():
    bench = slow()
    for _ in range(4):
        bench.modem.deliver(DELIVER)
    bench.heard()
    assert bench.submit() == b""
    bench.modem.deliver(DELIVER)
    assert bench.wait(3.0) == b'\r\n+CMTI: "SM",5\r\n\r\n+CMGS: 42\r\n' + OK


def test_5_with_echo_the_payload_comes_back():
    bench = Bench(echo=True)
    assert bench.ask("AT+CMGS=28") == b"AT+CMGS=28\r\r\n> "
    assert bench.send(SUBMIT.encode() + b"\x1a") == SUBMIT.encode() + b"\x1a\r\n+CMGS: 42\r\n" + OK


def test_6_a_restart_comes_instead_of_the_reference():
    bench = Bench()
    bench.modem.inject(parse_fault("restart-sent"))
    assert bench.submit() == b""
    assert bench.wait(1.0).startswith(b"\r\nRDY\r\n\r\n+CFUN: 1\r\n")


def test_7_a_result_comes_after_75_seconds():
    bench = Bench()
    bench.modem.inject(parse_fault("late:seconds=75"))
    assert bench.submit() == b""
    assert bench.wait(74.9) == b""
    assert bench.wait(0.2) == b"\r\n+CMGS: 42\r\n" + OK


def test_8_a_send_is_refused_without_a_prompt():
    bench = Bench()
    bench.modem.inject(parse_fault("cms:on=+CMGS,code=302"))
    assert bench.ask("AT+CMGS=28") == b"\r\n+CMS ERROR: 302\r\n"


def test_9_an_answer_comes_byte_by_byte():
    bench = Bench()
    bench.modem.inject(parse_fault("drip:on=+CMGS>,seconds=0.001"))
    bench.ask("AT+CMGS=28")
    assert [bench.wait(0.001) for _ in range(4)] == [b"\r", b"\n", b">", b" "]


def test_10_line_noise_comes_before_the_answer():
    bench = Bench()
    bench.modem.inject(parse_fault("noise:data=0000FF0D0AFE4F4B0D0A"))
    assert bench.ask("AT") == b"\x00\x00\xff\r\n\xfeOK\r\n" + OK


def test_11_the_prompt_is_stuck_when_the_port_is_opened():
    bench = Bench()
    bench.modem.inject(parse_fault("stuck-prompt"))
    assert bench.ask("AT") == b"\r\n> "


def test_12_the_final_code_is_glued_to_the_line():
    bench = Bench()
    bench.modem.inject(parse_fault(r"answer:on=+CMGD,data=\r\n+CMGD: (1-4095)\,(0-4) OK\r\n"))
    assert bench.ask("AT+CMGD=?") == b"\r\n+CMGD: (1-4095),(0-4) OK\r\n"


def test_13_a_pulled_sim_turns_every_command_into_cme_10():
    bench = Bench()
    bench.ask("AT+CMEE=1")
    bench.modem.sim(present=False)
    assert bench.heard() == b"\r\n+CPIN: NOT INSERTED\r\n"
    commands = ["AT+CPIN?", "AT+CIMI", "AT+CMGL=4", "AT+CPMS?", "AT+CMGS=28", "AT+CSCA?", "AT+CCID"]
    assert {bench.ask(command) for command in commands} == {b"\r\n+CME ERROR: 10\r\n"}


def test_14_a_power_warning_comes_in_the_middle_of_a_listing():
    bench = Bench()
    for _ in range(2):
        bench.modem.deliver(DELIVER)
    bench.ask("AT+CMGL=4")
    entry = b'\r\n+CMGL: %d,1,"",26\r\n' + DELIVER.encode() + b"\r\n"
    bench.modem.inject(parse_fault(f"urc:on=+CMGL,position={len(entry % 1)},data=UNDER-VOLTAGE WARNNING"))
    assert bench.ask("AT+CMGL=4") == entry % 1 + b"\r\nUNDER-VOLTAGE WARNNING\r\n" + entry % 2 + OK


def test_15_the_first_index_and_the_absent_name_are_written_the_vendors_way():
    entries = {}
    for persona in ("sim800", "e173"):
        bench = Bench(persona)
        bench.modem.deliver(DELIVER)
        bench.heard()
        entries[persona] = bench.ask("AT+CMGL=4").split(b"\r\n")[1]
    assert entries == {"sim800": b'+CMGL: 1,0,"",26', "e173": b"+CMGL: 0,0,,26"}


def test_a_modem_without_a_sim_says_so_at_boot_and_is_never_ready():
    bench = Bench()
    bench.modem.sim(present=False)
    bench.heard()
    bench.ask("AT+CFUN=1,1")
    assert bench.wait(5.0) == b"\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: NOT INSERTED\r\n"
