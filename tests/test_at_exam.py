import pytest
from click.testing import CliRunner
from sim_port import SimPort

from kentongan.at.exam_table import CHECKS, Grade
from kentongan.at.huawei_ports import Device, Interface
from kentongan.daemon.cli_exam import without_port
from kentongan.daemon.cli_group import cli
from kentongan.daemon.examiner import Examination, Examiner

PERSONAS = ["sim800c", "sim800l", "e173", "e3131", "me909s", "sim7600"]
OWN = "+6281234500000"


def certificate(port, number="", code=""):
    examiner = Examiner(port, port.monotonic)
    return list(Examination(examiner, "/dev/modem", "/dev/ttyUSB2").hold("auto", number, code))


def verdict(lines):
    return lines[-1].partition(": ")[2].lower()


def reasons(lines):
    return [line.partition(": ")[2] for line in lines if line.startswith("alasan")]


def answers(lines):
    """Return mark and text by the number of the question."""
    found, number = {}, 0
    for line in lines:
        if line[:2].strip().isdigit():
            number = int(line[:2])
            found[number] = (line[4:15].strip(), line[17:])
        elif line.startswith(" " * 17) and number:
            found[number] = (found[number][0], f"{found[number][1]} {line.strip()}")
    return {number: (mark, text.partition(": ")[2]) for number, (mark, text) in found.items()}


@pytest.mark.parametrize("persona", PERSONAS)
def test_every_modem_of_the_field_is_supported(persona):
    lines = certificate(SimPort(persona))
    assert verdict(lines) == Grade.SUPPORTED
    assert set(answers(lines)) == {check.number for check in CHECKS} == set(range(1, 21))
    assert "gagal" not in {mark for mark, _ in answers(lines).values()}


@pytest.mark.parametrize("persona", PERSONAS)
def test_without_leave_nothing_is_sent_deleted_or_written(persona):
    port = SimPort(persona)
    port.vm.sms("+628111", "jangan dihapus")
    certificate(port, code="")
    assert port.vm.books.submitted == []
    assert len(port.vm.device.tray.memory.slots) == 1
    for command in (b"+CMGD=", b"+CMGW", b"+CPBW", b"+CPIN=", b"+CSCA=", b"&W", b"\x1a", b"GETPORTMODE", b"^SETPORT"):
        assert command not in port.written.replace(b"+CMGD=?", b"")
    assert b"AT+CMGS=18\r\x1b" in port.written


@pytest.mark.parametrize("persona", PERSONAS)
def test_with_leave_two_messages_go_to_the_own_number_and_come_back(persona):
    port = SimPort(persona)
    found = answers(certificate(port, number=OWN))
    assert len(port.vm.books.submitted) == 2
    assert found[5][0] == "lulus"
    assert found[18][0] == "lulus"
    assert found[17] == ("tidak diuji", "SMS uji tidak kembali ke modem ini (nomor uji milik kartu lain?)")


def test_a_message_that_comes_back_proves_the_port():
    port = SimPort("e173")
    submitted, submit = port.vm.books.submitted, port.vm.receive

    def receive(data, now):
        before = len(submitted)
        submit(data, now)
        if len(submitted) > before:
            port.vm.sms(OWN, "Uji modem Kentongan")

    port.vm.receive = receive
    assert answers(certificate(port, number=OWN))[17] == ("lulus", "SMS uji kembali dan diberitahukan di port ini")


@pytest.mark.parametrize(
    ("faults", "grade", "reason"),
    [
        (["answer:on=+CSMS,data=\\r\\n+CSMS: 0\\,0\\,1\\,1\\r\\n\\r\\nOK\\r\\n"], Grade.SEND_ONLY, "CSMS"),
        (["answer:on=+CSMS,data=\\r\\n+CSMS: 0\\,1\\,0\\,1\\r\\n\\r\\nOK\\r\\n"], Grade.RECEIVE_ONLY, "CSMS"),
        (["cms:on=+CMGS,code=302,times=9"], Grade.RECEIVE_ONLY, "CMGS"),
        (["plain:on=+CPMS,times=9"], Grade.SEND_ONLY, "memori"),
        (["plain:on=+CMGL,times=9"], Grade.SEND_ONLY, "CMGL"),
        (["plain:on=+CPMS,times=9", "plain:on=+CMGS,times=9"], Grade.UNSUITABLE, "memori"),
        (["plain:on=+CMGF,times=9"], Grade.UNSUITABLE, "PDU"),
        (["sim-out"], Grade.UNDECIDED, "NOT INSERTED"),
        (["no-network"], Grade.UNDECIDED, "CREG"),
        (["hang"], Grade.UNDECIDED, "tidak menjawab"),
    ],
)  # fmt: skip
def test_what_a_modem_lacks_decides_and_is_named(faults, grade, reason):
    lines = certificate(SimPort("sim800c", *faults))
    assert verdict(lines) == grade
    assert any(reason in met for met in reasons(lines))


def test_a_modem_that_accepts_no_notification_is_polled_and_still_supported():
    lines = certificate(SimPort("sim800c", "plain:on=+CNMI,times=9"))
    assert verdict(lines) == Grade.SUPPORTED
    assert answers(lines)[1][0] == "perhatian"


def test_a_modem_that_stops_answering_in_the_middle_fails_that_question_and_the_rest_is_asked():
    lines = certificate(SimPort("sim800c", "silence:on=+CMMS,times=1"))
    assert answers(lines)[9] == ("perhatian", "tidak dijawab")
    assert verdict(lines) == Grade.SUPPORTED
    lines = certificate(SimPort("sim800c", "hang:on=+CMGR,seconds=25"))
    assert answers(lines)[3] == ("gagal", "setelah ESC modem tidak menjawab lagi")
    assert verdict(lines) == Grade.UNDECIDED
    assert len(answers(lines)) == 20


def test_a_locked_card_is_never_given_a_pin():
    port = SimPort("sim800c")
    port.vm.device.tray.card.pin = "1234"
    lines = certificate(port)
    assert verdict(lines) == Grade.UNDECIDED
    assert "SIM PIN" in reasons(lines)[0]
    assert b"CPIN=" not in port.written


@pytest.mark.parametrize("persona", ["sim800c", "e173", "sim7600"])
def test_a_ussd_code_is_asked_in_the_form_the_modem_understands(persona):
    port = SimPort(persona, "ussd:data=*888#=Sisa pulsa Rp 25.000,code=0")
    mark, text = answers(certificate(port, code="*888#"))[13]
    assert mark == "lulus"
    assert "Sisa pulsa" in text


def test_a_hilink_stick_is_unsuitable_by_its_usb_id():
    stick = Device("1-1.2", 0x12D1, 0x14DB, (Interface(0, 2, 6, 0, ""),))
    told = without_port("no such file", (stick,))
    assert told.grade is Grade.UNSUITABLE
    assert "HiLink" in told.reasons[0]
    assert "stick" in told.reasons[1]
    assert without_port("no such file", ()).grade is Grade.UNDECIDED


def test_the_command_prints_the_certificate_of_a_simulated_modem():
    result = CliRunner().invoke(cli, ["exam", "--port", "sim:sim800"], prog_name="kentongan")
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0] == "SERTIFIKAT UJI MODEM KENTONGAN"
    assert result.stdout.splitlines()[-1] == "PUTUSAN  : DIDUKUNG"


def test_the_command_names_what_it_cannot_open():
    result = CliRunner().invoke(cli, ["exam", "--port", "/dev/does-not-exist"], prog_name="kentongan")
    assert result.exit_code == 1
    assert "BELUM DAPAT DINILAI" in result.stdout


def test_sending_wants_a_number():
    result = CliRunner().invoke(cli, ["exam", "--port", "sim:sim800", "--boleh-kirim"], prog_name="kentongan")
    assert result.exit_code == 2


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_certificate_fits_a_serial_console_and_asks_all_twenty(persona):
    port = SimPort(persona, "ussd:data=*888#=Sisa pulsa Rp 25.000,code=0")
    lines = certificate(port, number=OWN, code="*888#")
    assert max(map(len, lines)) <= 80
    assert "".join(lines).isascii()
    assert sorted(answers(lines)) == list(range(1, 21)) == [check.number for check in CHECKS]
    (count,) = [line for line in lines if line.startswith("jumlah")]
    assert sum(int(word) for word in count.split() if word.isdigit()) == 20


def test_the_paper_bears_the_time_of_the_office():
    examiner = Examiner(port := SimPort("sim800c"), port.monotonic)
    paper = Examination(examiner, "/dev/modem", "/dev/ttyUSB2", "24-11-2026 11:00:00 WIB").hold("auto", "", "")
    assert list(paper)[1] == "waktu    : 24-11-2026 11:00:00 WIB"


@pytest.mark.parametrize(("persona", "grade"), [("sim800c", Grade.UNSUITABLE), ("sim7600", Grade.SUPPORTED)])
def test_a_card_without_2g_is_named_to_a_2g_modem(persona, grade):
    port = SimPort(persona)
    port.vm.device.tray.card.imsi = "510091234567890"
    lines = certificate(port)
    assert verdict(lines) == grade
    assert any("Smartfren" in reason for reason in reasons(lines)) is (grade is Grade.UNSUITABLE)
