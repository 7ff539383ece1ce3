"""The explanation of a PDU: every octet accounted for, the broken field named."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import Alphabet, Field, explain, meanings
from kentongan.at.pdu.__main__ import main

DELIVER = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
PART = "0071000D91261832547698F00000A70A0500034A020182C221"
REPORT = "06912618010000062A0D91261832547698F0621132514050826211425140908246"
STAMP = pdu.Scts(bytes.fromhex("62113251405082"))


def test_a_deliver_is_explained_field_by_field():
    assert explain(DELIVER) == [
        Field(0, "06", "SCA length", "6 octets"),
        Field(1, "91", "SCA type", "international number, ISDN plan"),
        Field(2, "2618010000", "SCA", "+6281100000"),
        Field(7, "04", "first octet", "SMS-DELIVER, no more messages wait"),
        Field(8, "0D", "TP-OA length", "13 semi-octets"),
        Field(9, "91", "TP-OA type", "international number, ISDN plan"),
        Field(10, "261832547698F0", "TP-OA", "+6281234567890"),
        Field(17, "00", "TP-PID", "short message"),
        Field(18, "00", "TP-DCS", "GSM 7-bit"),
        Field(19, "62113251405082", "TP-SCTS", "2026-11-23T15:04:05+07:00"),
        Field(26, "06", "TP-UDL", "6 septets"),
        Field(27, "D427F3E93C02", "TP-UD", "text 'TOLONG'"),
    ]


def test_a_part_is_explained_with_its_header_and_fill_bits():
    assert explain(PART)[-4:] == [
        Field(15, "0A", "TP-UDL", "10 septets"),
        Field(16, "05", "UDHL", "5 octets of header"),
        Field(17, "00034A0201", "IE 00", "concatenation, 8-bit reference: part 1 of 2, reference 74"),
        Field(22, "82C221", "TP-UD", "text 'ABC'; behind 1 fill bit"),
    ]


def test_a_report_is_explained_with_its_outcome():
    assert explain(REPORT)[-1] == Field(32, "46", "TP-ST", "failed: validity period expired")


def test_an_address_without_digits_is_explained_as_such():
    assert Field(4, "", "TP-OA", "no digits") in explain("000400810000")


def test_a_name_with_a_line_end_stays_on_its_line():
    address = pdu.encode(
        pdu.Deliver(pdu.name_of("A\nB"), 0, pdu.dcs_of(0), STAMP, pdu.write_text("x\ny", Alphabet.GSM7))
    )
    fields = explain(address.pdu_hex)
    assert all(field.meaning.isprintable() for field in fields)
    assert fields[4].meaning == "'A\\nB'"


@pytest.mark.parametrize(
    ("first", "meaning"),
    [
        ("00", "SMS-DELIVER"),
        ("2C", "SMS-DELIVER, no more messages wait, loop prevention, status report to the sender"),
        ("C4", "SMS-DELIVER, no more messages wait, user data header, reply path"),
        ("03", "reserved type, read as SMS-DELIVER"),
        ("01", "SMS-SUBMIT, no validity period"),
        ("3D", "SMS-SUBMIT, absolute validity period, reject duplicates, status report asked for"),
        ("09", "SMS-SUBMIT, enhanced validity period"),
        ("02", "SMS-STATUS-REPORT"),
        ("26", "SMS-STATUS-REPORT, no more messages wait, about a command"),
    ],
)
def test_a_first_octet_is_explained_with_its_flags(first, meaning):
    assert explain("00" + first)[1] == Field(1, first, "first octet", meaning)


def test_a_validity_period_is_explained():
    fields = explain("0019000B818021436587F90000622113329595820AE8329BFD4697D9EC37")
    assert Field(13, "62211332959582", "TP-VP", "absolute: until 2026-12-31T23:59:59+07:00") in fields


def test_the_optional_fields_of_a_report_are_explained():
    fields = explain(REPORT + "070008020041")
    assert [(field.name, field.meaning) for field in fields[-5:]] == [
        ("TP-PI", "followed by TP-PID, TP-DCS, TP-UDL"),
        ("TP-PID", "short message"),
        ("TP-DCS", "UCS-2"),
        ("TP-UDL", "2 octets"),
        ("TP-UD", "text 'A'"),
    ]
    assert explain(REPORT + "00")[-1].meaning == "followed by nothing"


def test_a_pdu_cut_short_is_explained_up_to_the_broken_field():
    fields = explain(DELIVER[:50])
    assert [field.name for field in fields[-3:]] == ["TP-PID", "TP-DCS", "TP-SCTS"]
    assert fields[-1] == Field(
        19, "621132514050", "TP-SCTS", "not read: TP-SCTS at octet 19: needs 7 octets, 6 are left"
    )


@pytest.mark.parametrize(
    ("pdu_hex", "name", "octets_hex", "words"),
    [
        ("", "SCA length", "", "needs 1 octets, 0 are left"),
        ("0C", "SCA length", "", "12 is not supported"),
        ("0004FF", "TP-OA length", "", "255 is not supported"),
        ("00040D91", "TP-OA", "", "needs 7 octets, 0 are left"),
        ("xyz", "PDU", "xyz", "'x' is not supported"),
        ("000", "PDU", "000", "needs 1 octets"),
    ],
)
def test_what_cannot_be_read_ends_with_its_error(pdu_hex, name, octets_hex, words):
    last = explain(pdu_hex)[-1]
    assert (last.name, last.octets_hex) == (name, octets_hex)
    assert last.meaning.startswith("not read: ")
    assert words in last.meaning


@pytest.mark.parametrize(
    ("user_data", "names", "words"),
    [
        ("0006D427F3E93C02FF", ["TP-UDL", "TP-UD", "trailing octets"], "octets follow the user data"),
        ("04020102", ["TP-UDL", "TP-UD"], "2 octets of data"),
        ("080300410D", ["TP-UDL", "TP-UD"], "odd number of octets"),
        ("20020102", ["TP-UDL", "TP-UD"], "compressed"),
        ("000AD427", ["TP-UDL", "TP-UD"], "ends before the length"),
    ],
)
def test_oddities_of_the_user_data_are_told(user_data, names, words):
    fields = explain(f"00040D91261832547698F000{user_data[:2]}62113251405082{user_data[2:]}")
    assert [field.name for field in fields[-len(names) :]] == names
    assert words in fields[-1].meaning


def test_a_header_that_does_not_fit_is_shown_as_one_field():
    fields = explain("00440D91261832547698F0000862113251405082050200030041")
    assert [(field.name, field.octets_hex) for field in fields[-3:]] == [
        ("UDHL", "02"), ("UDH", "0003"), ("TP-UD", "0041"),
    ]  # fmt: skip
    assert "does not fit" in fields[-2].meaning


@pytest.mark.parametrize(
    ("element_hex", "meaning"),
    [
        ("080412340201", "concatenation, 16-bit reference: part 1 of 2, reference 4660"),
        ("01028003", "special SMS message indication: 3 messages of type 0 wait, store"),
        ("0402F0E2", "application ports, 8-bit: to port 240 from port 226"),
        ("05040B8423F0", "application ports, 16-bit: to port 2948 from port 9200"),
        ("060181", "SMSC control parameters: flags 0x81"),
        ("070103", "UDH source indicator: what follows is from the service centre"),
        ("070109", "UDH source indicator: what follows is from nobody known"),
        ("200112", "RFC 822 e-mail header: 18 characters of header"),
        ("210400050A14", "hyperlink: title at 5, 10 characters, address 20 characters"),
        ("22090D91261832547698F0", "reply address: answer to +6281234567890"),
        ("240101", "national language single shift: Turkish"),
        ("25010D", "national language locking shift: Urdu"),
        ("250163", "national language locking shift: unknown language 99"),
        ("0A020001", "text formatting: 2 octets, uninterpreted"),
        ("7000", "(U)SIM toolkit security header: 0 octets, uninterpreted"),
        ("8000", "SME to SME specific: 0 octets, uninterpreted"),
        ("C000", "service centre specific: 0 octets, uninterpreted"),
        ("FF00", "reserved: 0 octets, uninterpreted"),
    ],
)
def test_each_element_is_explained(element_hex, meaning):
    size = len(element_hex) // 2
    fields = explain(f"00440D91261832547698F0000862113251405082{size + 3:02X}{size:02X}{element_hex}0041")
    element = next(field for field in fields if field.name.startswith("IE "))
    assert element == Field(22, element_hex, f"IE {element_hex[:2]}", meaning)


@pytest.mark.parametrize(
    ("pid", "meaning"),
    [
        (0x00, "short message"), (0x01, "SME to SME protocol 1"), (0x32, "telematic interworking: Internet e-mail"),
        (0x38, "telematic interworking: device 0x18"), (0x40, "short message type 0: acknowledge and discard"),
        (0x41, "replace short message type 1"), (0x47, "replace short message type 7"), (0x48, "device triggering"),
        (0x5F, "return call"), (0x7D, "ME data download"), (0x7F, "(U)SIM data download"), (0x60, "reserved"),
        (0x80, "reserved"), (0xC0, "service centre specific"),
    ],
)  # fmt: skip
def test_protocol_identifiers_have_words(pid, meaning):
    assert meanings.pid_meaning(pid) == meaning


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (0x00, "delivered: received by the SME"), (0x02, "delivered: replaced by the service centre"),
        (0x03, "delivered: reserved"), (0x10, "delivered: service centre specific"), (0x21, "temporary: SME busy"),
        (0x3F, "temporary: service centre specific"), (0x46, "failed: validity period expired"),
        (0x60, "failed: congestion"), (0x70, "failed: service centre specific"), (0x80, "failed: reserved"),
        (0x90, "failed: reserved"),
    ],
)  # fmt: skip
def test_statuses_have_words(status, meaning):
    assert meanings.status_meaning(status) == meaning


@pytest.mark.parametrize(
    ("cause", "meaning"),
    [
        (0xD0, "(U)SIM SMS storage full"),
        (0xC5, "SM rejected: duplicate"),
        (0xE0, "application specific"),
        (0x00, "reserved"),
    ],
)
def test_failure_causes_have_words(cause, meaning):
    assert meanings.cause_meaning(cause) == meaning


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        (0x00, "GSM 7-bit"), (0x18, "UCS-2, class 0 (flash)"), (0xF6, "8-bit data, class 2 (SIM)"),
        (0x20, "GSM 7-bit, compressed"), (0x40, "GSM 7-bit, delete after reading"),
        (0xC8, "GSM 7-bit, voicemail waiting, discard"), (0xE1, "UCS-2, fax none waiting, store"),
        (0x80, "GSM 7-bit, reserved coding"),
    ],
)  # fmt: skip
def test_codings_have_words(raw, meaning):
    assert meanings.dcs_meaning(pdu.dcs_of(raw)) == meaning


@pytest.mark.parametrize(
    ("validity", "meaning"),
    [
        (pdu.RelativeValidity(0), "relative: 5 minutes"),
        (pdu.RelativeValidity(0xA7), "relative: 24 hours"),
        (pdu.RelativeValidity(0xAA), "relative: 4 days"),
        (pdu.RelativeValidity(0xC5), "relative: 5 weeks"),
        (pdu.AbsoluteValidity(pdu.Scts(bytes.fromhex("62211332959582"))), "absolute: until 2026-12-31T23:59:59+07:00"),
        (pdu.EnhancedValidity(b"\x42\x05" + bytes(5)), "enhanced: 5 s, single shot"),
        (pdu.EnhancedValidity(bytes(7)), "enhanced: no or reserved period"),
    ],
)
def test_validity_periods_have_words(validity, meaning):
    assert meanings.validity_meaning(validity) == meaning


HEADS = st.sampled_from([b"", bytes.fromhex(DELIVER)[:20], bytes.fromhex(PART)[:14], bytes.fromhex(REPORT)[:15]])


@settings(deadline=None)
@given(HEADS, st.binary(max_size=60))
def test_every_octet_of_any_pdu_is_explained_once(head, tail):
    octets = head + tail
    fields = explain(octets.hex())
    assert "".join(field.octets_hex for field in fields) == octets.hex().upper()
    offset = 0
    for field in fields:
        assert field.offset == offset
        assert field.name
        assert field.meaning
        offset += len(field.octets_hex) // 2


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_string_is_explained(text):
    assert explain(text)


def test_the_printed_length_is_explained_too():
    assert explain(DELIVER[14:], 26)[0].name == "first octet"
    assert explain(DELIVER, 25)[-1].meaning == "not read: TPDU length at octet 7: 25 is not supported"


def test_the_command_prints_the_fields_and_says_whether_it_could_read_all(capsys):
    assert main([DELIVER[:20] + " " + DELIVER[20:]]) == 0
    assert "  27  D427F3E93C02              TP-UD           text 'TOLONG'" in capsys.readouterr().out
    assert main([DELIVER, DELIVER[:50]]) == 1
    assert "not read: TP-SCTS at octet 19" in capsys.readouterr().out
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err


def test_the_command_runs_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "kentongan.at.pdu", PART], capture_output=True, text=True, check=True, timeout=60
    )
    assert "part 1 of 2, reference 74" in done.stdout
