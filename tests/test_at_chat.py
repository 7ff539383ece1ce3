from dataclasses import dataclass

import pytest
from chat_bench import ChatBench, Played, line_starts
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at.chat import RESYNC
from kentongan.at.dialogue import Aborted, AtCommand, CmeError, CmsError, Failed, Final, Ok, Synchronise, TimedOut
from kentongan.at.urcs import UrcKind

PDU = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
REPORT = "06912618010000062A0D91261832547698F0621132514050826211325140908200"
SUBMIT = "0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603"
SEND = AtCommand("AT+CMGS=28", ("+CMGS",), 85.0, needs_line=True, payload=SUBMIT)
SENT = SUBMIT.encode() + b"\x1a"
FILL = AtCommand("AT+CPMS?", ("+CPMS",), needs_line=True)
LIST = AtCommand("AT+CMGL=4", ("+CMGL",), 60.0, with_pdu=True)
FILL_LINE = '+CPMS: "SM",4,30,"SM",4,30,"SM",4,30'
OK = Ok()
LATER = AtCommand("AT+CSQ", ("+CSQ",), needs_line=True)


@dataclass(frozen=True)
class Case:
    """One exchange: what is asked, what the modem says (before and after the payload), what must come out."""

    command: AtCommand
    rx: tuple[bytes, ...]
    final: Final = OK
    lines: tuple[str, ...] = ()
    urcs: tuple[str, ...] = ()
    restarts: tuple[str, ...] = ()
    writes_payload: bool = False


CASES = {
    "1 URC before the answer": Case(
        FILL,
        (b'\r\n+CMTI: "SM",4\r\n\r\n' + FILL_LINE.encode() + b"\r\n\r\nOK\r\n",),
        Ok(),
        (FILL_LINE,),
        ('+CMTI: "SM",4',),
    ),
    "2 URC between header and PDU": Case(
        LIST,
        (b"\r\n+CMGL: 0,0,,26\r\n\r\n^RSSI:18\r\n" + PDU.encode() + b"\r\n\r\nOK\r\n",),
        Ok(),
        ("+CMGL: 0,0,,26", PDU),
    ),
    "3 URC before the prompt": Case(
        SEND,
        (b"\r\n+CDS: 26\r\n" + REPORT.encode() + b"\r\n\r\n> ", b"\r\n+CMGS: 42\r\n\r\nOK\r\n"),
        Ok(),
        ("+CMGS: 42",),
        ("+CDS: 26",),
        writes_payload=True,
    ),
    "4 URC between prompt and +CMGS": Case(
        SEND,
        (b"\r\n> ", b'\r\n+CMTI: "SM",5\r\n\r\n+CMGS: 43\r\n\r\nOK\r\n'),
        Ok(),
        ("+CMGS: 43",),
        ('+CMTI: "SM",5',),
        writes_payload=True,
    ),
    "5 echo on, payload echoed": Case(
        SEND,
        (b"AT+CMGS=28\r\r\n> ", SUBMIT.encode() + b"\x1a\r\n+CMGS: 43\r\n\r\nOK\r\n"),
        Ok(),
        ("+CMGS: 43",),
        writes_payload=True,
    ),
    "6 reboot in mid-send": Case(
        SEND,
        (b"\r\n> ", b"\r\nRDY\r\n\r\n+CFUN: 1\r\n"),
        Aborted("modem restarted: RDY"),
        restarts=("RDY",),
        writes_payload=True,
    ),
    "8 refusal without prompt": Case(SEND, (b"\r\n+CMS ERROR: 302\r\n",), CmsError(302, "302")),
    "10 line noise": Case(AtCommand("AT"), (b"\x00\x00\xff\r\n\xfeOK\r\n\r\nOK\r\n",)),
    "12 final code glued": Case(
        AtCommand("AT+CMGD=?", ("+CMGD",)), (b"\r\n+CMGD: (1-4095),(0-4) OK\r\n",), Ok(), ("+CMGD: (1-4095),(0-4)",)
    ),
    "13 SIM pulled": Case(
        FILL, (b"\r\n+CPIN: NOT INSERTED\r\n\r\n+CME ERROR: 10\r\n",), CmeError(10, "10"), (), ("+CPIN: NOT INSERTED",)
    ),
    "14 power warning in a listing": Case(
        LIST,
        (
            b"\r\n+CMGL: 1,0,,26\r\n"
            + PDU.encode()
            + b"\r\n\r\nUNDER-VOLTAGE WARNNING\r\n\r\n+CMGL: 2,0,,26\r\n"
            + PDU.encode()
            + b"\r\n\r\nOK\r\n",
        ),
        Ok(),
        ("+CMGL: 1,0,,26", PDU, "+CMGL: 2,0,,26", PDU),
        ("UNDER-VOLTAGE WARNNING",),
    ),
    "15 index 0 and alpha forms": Case(
        LIST,
        (
            b"\r\n+CMGL: 0,1,,26\r\n"
            + PDU.encode()
            + b'\r\n\r\n+CMGL: 1,0,"",26\r\n'
            + PDU.encode()
            + b'\r\n\r\n+CMGL: 3,1,"Pak, RT",26\r\n'
            + PDU.encode()
            + b"\r\n\r\nOK\r\n",
        ),
        Ok(),
        ("+CMGL: 0,1,,26", PDU, '+CMGL: 1,0,"",26', PDU, '+CMGL: 3,1,"Pak, RT",26', PDU),
    ),
    "a report in the middle of a listing": Case(
        LIST,
        (b"\r\n+CMGL: 1,0,,26\r\n\r\n+CDS: 26\r\n" + REPORT.encode() + b"\r\n" + PDU.encode() + b"\r\n\r\nOK\r\n",),
        Ok(),
        ("+CMGL: 1,0,,26", PDU),
        ("+CDS: 26",),
    ),
    "own registration URC in the answer": Case(
        AtCommand("AT+CREG?", ("+CREG",), needs_line=True),
        (b'\r\n+CREG: 1,"1A2B","3C4D"\r\n\r\n+CREG: 2,1,"1A2B","3C4D"\r\n\r\nOK\r\n',),
        Ok(),
        ('+CREG: 2,1,"1A2B","3C4D"',),
        ('+CREG: 1,"1A2B","3C4D"',),
    ),
    "Huawei registration, bare hex": Case(
        AtCommand("AT+CREG?", ("+CREG",), needs_line=True),
        (b"\r\n+CREG: 1,0A1B,3799B\r\n\r\n+CREG: 2,1,0A1B,3799B\r\n\r\nOK\r\n",),
        Ok(),
        ("+CREG: 2,1,0A1B,3799B",),
        ("+CREG: 1,0A1B,3799B",),
    ),
    "URCs before the echo": Case(
        AtCommand("AT+CPIN?", ("+CPIN",), needs_line=True),
        (b"^SRVST:1\r\n\r\n^SRVST:2\r\nAT+CPIN?\r\r\n+CPIN: READY\r\n\r\nOK\r\n",),
        Ok(),
        ("+CPIN: READY",),
    ),
    "free text": Case(
        AtCommand("AT+CGMM", free_text=True),
        (b"\r\nCall Ready\r\n\r\nSIMCOM_SIM800C\r\n\r\n*PSNWID: 1\r\n\r\nOK\r\n",),
        Ok(),
        ("SIMCOM_SIM800C",),
    ),
    "refused by the network": Case(
        SEND, (b"\r\n> ", b"\r\n+CMS ERROR: 38\r\n"), CmsError(38, "38"), writes_payload=True
    ),
    "error in words": Case(
        SEND, (b"\r\n> ", b"\r\n+CMS ERROR: network timeout\r\n"), CmsError(332, "network timeout"), writes_payload=True
    ),
    "not supported": Case(AtCommand("AT^CURC=0"), (b"\r\nCOMMAND NOT SUPPORT\r\n",), Failed("COMMAND NOT SUPPORT")),
    "a URC that only ends a call": Case(AtCommand("AT"), (b"\r\nNO CARRIER\r\n\r\nOK\r\n",)),
    "a stray OK before the answer": Case(
        FILL, (b"\r\nOK\r\n\r\n" + FILL_LINE.encode() + b"\r\n\r\nOK\r\n",), Ok(), (FILL_LINE,)
    ),
    "a stray OK before the prompt": Case(
        SEND, (b"\r\nOK\r\n\r\n> ", b"\r\n+CMGS: 9\r\n\r\nOK\r\n"), Ok(), ("+CMGS: 9",), writes_payload=True
    ),
}
QUIET = b"\r\n^RSSI:18\r\n"


def play(case: Case, *, chop: int = 0, insert: tuple[int, int] | None = None, urc: bytes = QUIET) -> Played:
    bench = ChatBench(chop=chop)
    bench.chat.unasked.boots.expect(bench.now)
    bench.start(case.command)
    for part, data in enumerate(case.rx):
        if insert is not None and insert[0] == part:
            bench.rx(data[: insert[1]] + urc + data[insert[1] :])
        else:
            bench.rx(data)
    return bench.played


def check(case: Case, played: Played) -> None:
    assert played.response.final == case.final
    assert played.response.lines == case.lines
    assert (
        tuple(urc.line for urc in played.urcs if urc.kind is not UrcKind.NOISE and urc.kind is not UrcKind.BANNER)
        == case.urcs
    )
    assert tuple(played.restarts) == case.restarts
    assert (SENT in played.sent) is case.writes_payload
    assert played.response.payload_left is case.writes_payload


@pytest.mark.parametrize("name", CASES)
def test_an_exchange_is_understood_whole(name):
    check(CASES[name], play(CASES[name]))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("chop", [1, 2, 3, 7])
def test_an_exchange_is_understood_in_pieces(name, chop):
    check(CASES[name], play(CASES[name], chop=chop))


@pytest.mark.parametrize("name", CASES)
def test_a_urc_between_any_two_lines_changes_nothing(name):
    case = CASES[name]
    for part, data in enumerate(case.rx):
        for at in line_starts(data):
            check(case, play(case, insert=(part, at)))
            check(case, play(case, insert=(part, at), chop=1))


@pytest.mark.parametrize("name", CASES)
def test_a_report_between_any_two_lines_is_taken_with_its_pdu(name):
    case = CASES[name]
    urc = b"\r\n+CDS: 26\r\n" + REPORT.encode() + b"\r\n"
    for part, data in enumerate(case.rx):
        for at in line_starts(data):
            played = play(case, insert=(part, at), urc=urc)
            assert played.response.final == case.final
            if data[:at].endswith(b"+CDS: 26\r\n"):  # two headers in a row: the first has lost its PDU
                continue
            assert played.response.lines == case.lines
            assert REPORT in [met.pdu_hex for met in played.urcs]


@pytest.mark.parametrize("name", CASES)
def test_after_a_urc_at_any_byte_the_next_command_works(name):
    case = CASES[name]
    for part, data in enumerate(case.rx):
        for at in range(len(data) + 1):
            bench = ChatBench()
            bench.start(case.command)
            for number, chunk in enumerate(case.rx):
                bench.rx(chunk[:at] + QUIET + chunk[at:] if number == part else chunk)
            next_command_works(bench)


def next_command_works(bench: ChatBench) -> None:
    """Answer probes as a modem does until the line is free, then ask and be answered."""
    for _ in range(200):
        if not bench.chat.busy:
            break
        bench.wait(1.0)
        bench.rx(answers(bench))
    assert not bench.chat.busy
    bench.rx(b"\r\n")
    bench.wait(1.0)
    bench.played.responses.clear()
    bench.start(LATER)
    bench.rx(b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n")
    assert bench.played.response.final == Ok()
    assert bench.played.response.lines == ("+CSQ: 18,0",)


def answers(bench: ChatBench) -> bytes:
    """Return what a modem says to the probes that were written since the last call."""
    written, bench.played.sent = b"".join(bench.played.sent), []
    out = b""
    for line in written.split(b"\r"):
        name = line.rpartition(b"AT")[2].removesuffix(b"?")
        if line.endswith(b"?") and name in {b"+CMEE", b"+CMGF", b"+CSCS"}:
            out += b"\r\n" + name + b": 1\r\n\r\nOK\r\n"
    return out


# -- deadlines and resynchronisation ----------------------------------------------------------------------------------


def test_a_late_answer_is_evidence_and_ends_no_other_command():
    bench = ChatBench()
    bench.start(SEND)
    bench.rx(b"\r\n> ")
    bench.wait(85.0)
    assert bench.played.sent[-1] == b"\r\x1b\rAT+CMEE?\r"
    bench.rx(b"\r\n+CMGS: 44\r\n\r\nOK\r\n")
    assert bench.played.responses == []
    bench.rx(b"\r\n+CMEE: 1\r\n\r\nOK\r\n")
    assert bench.played.response.final == TimedOut(alive=True)
    assert bench.played.response.payload_left
    assert bench.played.response.late == ("+CMGS: 44",)


def test_a_modem_that_answers_no_probe_is_called_silent():
    bench = ChatBench()
    bench.start(FILL)
    bench.wait(3.0 + RESYNC.attempts * RESYNC.interval_s)
    assert bench.played.response.final == TimedOut(alive=False)


def test_an_answer_after_the_end_is_evidence_too():
    bench = ChatBench()
    bench.start(SEND)
    bench.rx(b"\r\n> ")
    bench.wait(200.0)
    assert bench.played.response.final == TimedOut(alive=False)
    bench.rx(b"\r\n+CMGS: 44\r\n\r\nOK\r\n")
    assert bench.played.late == ["+CMGS: 44"]


def test_an_answer_to_an_older_probe_does_not_end_the_search():
    bench = ChatBench()
    bench.start(Synchronise(attempts=10, interval_s=0.3))
    bench.wait(0.3)
    bench.rx(b"\r\n+CMEE: 1\r\n\r\nOK\r\n")
    assert bench.played.responses == []
    bench.rx(b"\r\n+CMGF: 0\r\n\r\nOK\r\n")
    assert bench.played.responses == []  # the older probes may still have something to say
    bench.wait(0.25)
    assert bench.played.response.final == Ok()


def test_the_first_probe_answered_ends_the_search_at_once():
    bench = ChatBench()
    bench.start(Synchronise())
    bench.rx(b"\r\n+CMEE: 0\r\n\r\nOK\r\n")
    assert bench.played.response.final == Ok()


def test_a_stuck_prompt_is_escaped():
    bench = ChatBench()
    bench.start(Synchronise())
    bench.rx(b"\r\n> ")
    assert bench.played.sent == [b"\x1b\rAT+CMEE?\r", b"\x1b"]


def test_a_prompt_that_still_stands_proves_that_the_payload_was_never_taken():
    bench = ChatBench()
    bench.start(SEND)
    bench.rx(b"\r\n> ")
    bench.wait(85.0)
    bench.rx(b"\r\n> \r\nOK\r\n\r\n+CMEE: 1\r\n\r\nOK\r\n")
    assert bench.played.response.final == TimedOut(alive=True)
    assert not bench.played.response.payload_left


def test_a_modem_that_was_not_sending_is_not_asked_for_its_prompt():
    bench = ChatBench()
    bench.start(FILL)
    bench.wait(3.0)
    assert bench.played.sent[-1] == b"\x1b\rAT+CMEE?\r"


def test_without_a_prompt_nothing_is_written_but_escape():
    bench = ChatBench()
    bench.start(SEND)
    bench.wait(10.0)
    bench.rx(b"\r\n> ")  # too late: in doubt
    bench.rx(b"\r\n+CMEE: 1\r\n\r\nOK\r\n")
    assert not bench.played.response.payload_left
    assert not any(b"\x1a" in data for data in bench.played.sent)
    assert not any(SUBMIT.encode() in data for data in bench.played.sent)


def test_a_prompt_with_a_refusal_right_behind_it_gets_no_payload():
    bench = ChatBench()
    bench.start(SEND)
    bench.rx(b"\r\n> \r\n+CMS ERROR: 500\r\n")
    assert bench.played.response.final == CmsError(500, "500")
    assert bench.played.sent == [b"AT+CMGS=28\r"]


@pytest.mark.parametrize("behind", [b" ", b"", b"\r\n"])
def test_half_a_prompt_from_before_the_command_gets_no_payload(behind):
    """Found by fuzzing (seed 33031): its space came behind the command."""
    bench = ChatBench()
    bench.rx(b"\r\n+CMS ERROR: 500\r\n>")
    bench.start(SEND)
    bench.rx(behind)
    bench.wait(1.0)
    assert not any(SUBMIT.encode() in data for data in bench.played.sent)
    bench.rx(b"\r\n> ")
    assert SENT in bench.played.sent


def test_a_prompt_without_its_space_counts_after_a_quiet_moment():
    bench = ChatBench()
    bench.start(SEND)
    bench.rx(b"\r\n>")
    assert bench.played.sent == [b"AT+CMGS=28\r"]
    bench.wait(0.2)
    assert bench.played.sent == [b"AT+CMGS=28\r", SENT]


def test_an_ok_without_its_line_is_believed_only_after_a_moment():
    bench = ChatBench()
    bench.start(FILL)
    bench.rx(b"\r\nOK\r\n")
    assert bench.played.responses == []
    bench.wait(1.0)
    assert bench.played.response.final == Ok()
    assert bench.played.response.lines == ()


def test_a_modem_that_forgets_the_ok_is_understood():
    bench = ChatBench()
    bench.start(AtCommand("AT+CPIN?", ("+CPIN",), 10.0, needs_line=True, may_end_in_silence=True))
    bench.rx(b"\r\n+CPIN: READY\r\n")
    bench.wait(1.0)
    assert bench.played.response.final == Ok()
    assert bench.played.response.lines == ("+CPIN: READY",)


def test_two_commands_at_once_are_refused():
    bench = ChatBench()
    bench.start(FILL)
    with pytest.raises(RuntimeError):
        bench.chat.start(FILL, bench.now)


def test_a_second_final_in_the_same_bytes_does_not_meet_the_next_command():
    bench = ChatBench()
    bench.start(AtCommand("AT"))
    bench.rx(b"\r\nOK\r\n\r\nOK\r\n")
    bench.played.responses.clear()
    bench.start(LATER)
    bench.rx(b"\r\n+CSQ: 18,0\r\n\r\nOK\r\n")
    assert bench.played.response.lines == ("+CSQ: 18,0",)


def test_a_stray_ok_before_the_prompt_does_not_stand_for_the_answer():
    bench = ChatBench()
    bench.start(SEND)
    bench.rx(b"\r\nOK\r\n\r\n> ")
    bench.wait(200.0)
    assert bench.played.response.final == TimedOut(alive=False)


def test_a_header_and_a_pdu_on_the_two_sides_of_a_damaged_line_do_not_belong_together():
    bench = ChatBench()
    bench.start(LIST)
    bench.rx(b"\r\n+CMGL: 1,0,,26\r\n0691\xff26\r\n\r\n+CMG\xffL: 2,0,,26\r\n" + PDU.encode() + b"\r\n\r\nOK\r\n")
    assert PDU not in bench.played.response.lines


def test_a_line_that_swallowed_its_neighbour_separates_them_too():
    bench = ChatBench()
    bench.start(LIST)
    bench.rx(b"\r\n+CMGL: 1,0,,26\r\n" + PDU.encode() + b"+CMGL: 2,0,,26\r\n" + PDU.encode() + b"\r\n\r\nOK\r\n")
    assert PDU not in bench.played.response.lines


def test_a_report_that_lost_its_pdu_does_not_take_that_of_the_answer():
    bench = ChatBench()
    bench.start(LIST)
    bench.rx(b"\r\n+CDS: 26\r\n\r\n+CMGL: 1,0,,26\r\n" + PDU.encode() + b"\r\n\r\nOK\r\n")
    assert bench.played.response.lines == ("+CMGL: 1,0,,26", PDU)
    assert bench.played.urcs == []


# -- restarts and unsolicited lines -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "banner",
    [
        "RDY",
        "NORMAL POWER DOWN",
        "NORMAL POWER OFF",
        "UNDER-VOLTAGE POWER DOWN",
        "CHARGE-ONLY MODE",
        "SMS Ready",
        "Call Ready",
        "+CFUN: 1",
        "+CPIN: READY",
        "^BOOT:42687023,0,0,0,89",
    ],
)
def test_a_line_of_a_start_out_of_season_is_a_restart(banner):
    bench = ChatBench()
    bench.start(FILL)
    bench.rx(f"\r\n{banner}\r\n".encode())
    assert bench.played.restarts == [banner]
    assert bench.played.response.final == Aborted(f"modem restarted: {banner}")


def test_one_start_is_one_restart():
    bench = ChatBench()
    for line in ("RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready"):
        bench.rx(f"\r\n{line}\r\n".encode())
        bench.wait(3.0)
    assert bench.played.restarts == ["RDY"]


def test_a_start_that_begins_again_is_a_second_restart():
    bench = ChatBench()
    for line in ("Call Ready", "SMS Ready", "Call Ready"):
        bench.rx(f"\r\n{line}\r\n".encode())
        bench.wait(1.0)
    assert bench.played.restarts == ["Call Ready", "Call Ready"]


def test_repeated_boot_lines_are_one_restart():
    bench = ChatBench()
    for _ in range(20):
        bench.rx(b"\r\n^BOOT:42687023,0,0,0,89\r\n")
        bench.wait(10.0)
    assert len(bench.played.restarts) == 1


def test_a_card_that_comes_back_is_not_a_restart():
    bench = ChatBench()
    bench.rx(b"\r\n+CPIN: NOT INSERTED\r\n")
    bench.wait(100.0)
    bench.rx(b"\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n")
    assert bench.played.restarts == []


def test_an_echo_is_a_restart_once_the_echo_was_off():
    bench = ChatBench()
    bench.chat.echo_is_off = True
    bench.start(SEND)
    bench.rx(b"AT+CMGS=28\r\r\n> ")
    assert bench.played.restarts == ["echo"]
    assert not bench.played.response.payload_left
    assert not any(SUBMIT.encode() in data for data in bench.played.sent)
    assert bench.played.sent[-1] == b"\x1b"  # the prompt belongs to nobody now


def test_a_ussd_text_over_several_lines_is_one():
    bench = ChatBench()
    bench.rx(b'\r\n+CUSD: 0,"Pulsa Anda Rp 5.000\r\n\r\n+CMTI: "SM",4\r\nAktif s/d 01-02-2027",15\r\n')
    assert [urc.line for urc in bench.played.urcs if urc.kind is UrcKind.USSD] == [
        '+CUSD: 0,"Pulsa Anda Rp 5.000\nAktif s/d 01-02-2027",15'
    ]


def test_a_ussd_text_that_never_closes_is_given_up():
    bench = ChatBench()
    bench.rx(b'\r\n+CUSD: 0,"Pulsa Anda\r\n')
    bench.wait(3.0)
    assert [urc.line for urc in bench.played.urcs] == ['+CUSD: 0,"Pulsa Anda']


def test_a_damaged_notice_makes_somebody_look():
    bench = ChatBench()
    bench.rx(b'\r\n+CMTI: "S\xff",4\r\n')
    assert [urc.kind for urc in bench.played.urcs] == [UrcKind.DOUBT]


def test_a_pdu_of_the_wrong_length_is_not_taken_for_a_direct_message():
    bench = ChatBench()
    bench.rx(b'\r\n+CMT: "",26\r\n' + PDU[:-2].encode() + b"\r\n")
    assert bench.played.urcs == []


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=30),
            st.sampled_from(
                [
                    b"\r\nOK\r\n",
                    b"\r\n> ",
                    b"\r\nERROR\r\n",
                    b"\r\n+CMGS: 1\r\n",
                    b"\r\n+CMS ERROR: 38\r\n",
                    b"\r\nRDY\r\n",
                    b'\r\n+CMT: "",26\r\n',
                    b'+CUSD: 0,"',
                    b"\r\n+CMEE: 1\r\n",
                    b"AT+CMGS=28\r",
                    PDU.encode(),
                    b"\x1a",
                    b"\r\n+CPMS: 1,2\r\n",
                ]
            ),
        ),
        max_size=25,
    ),
    st.sampled_from([SEND, FILL, LIST, LATER, Synchronise()]),
)
def test_whatever_comes_the_next_command_works(chunks, step):
    bench = ChatBench()
    bench.start(step)
    for chunk in chunks:
        bench.rx(chunk)
    bench.rx(b"\r\n")
    bench.wait(4.0)
    next_command_works(bench)
