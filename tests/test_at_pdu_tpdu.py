"""Whole TPDUs (3GPP TS 23.040 §9.2.2): every first octet, every cut, every status, what follows the end."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import (
    Address,
    Alphabet,
    Concat,
    Deliver,
    Delivery,
    Npi,
    Remark,
    Scts,
    StatusReport,
    Submit,
    Ton,
)
from kentongan.at.pdu.tpdu import OptionalFields

DELIVER = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
SUBMIT = "0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603"
REPORT = "06912618010000062A0D91261832547698F0621132514050826211425140908246"
PART = "00440D91261832547698F00000621132514050820A0500034A020182C221"
WHOLE = [DELIVER, SUBMIT, REPORT, PART]
HEADED, PLAIN = "0A0500034A020182C221", "0341E110"


@pytest.mark.parametrize("first", [octet for octet in range(256) if octet % 4 in (0, 3)])
def test_every_first_octet_of_a_deliver_is_its_flags(first):
    pdu_hex = f"00{first:02X}0D91261832547698F0000062113251405082{HEADED if first & 0x40 else PLAIN}"
    decoded = pdu.decode(pdu_hex)
    deliver = decoded.tpdu
    assert isinstance(deliver, Deliver)
    assert (Remark.RESERVED_MTI in decoded.remarks) is (first % 4 == 3)
    assert deliver.more_messages is (first & 0x04 == 0)
    assert deliver.loop_prevention is (first & 0x08 != 0)
    assert deliver.report_indication is (first & 0x20 != 0)
    assert deliver.reply_path is (first & 0x80 != 0)
    assert (deliver.user_data.concat is not None) is (first & 0x40 != 0)
    assert deliver.encode().hex().upper()[2:] == pdu_hex[4:]
    assert deliver.encode()[0] == first & 0xEC  # bit 4 means nothing, the type is written as DELIVER


@pytest.mark.parametrize("first", range(1, 256, 4))
def test_every_first_octet_of_a_submit_is_its_flags(first):
    period = {0x00: "", 0x08: "01A70000000000", 0x10: "A7", 0x18: "62211332959582"}[first & 0x18]
    pdu_hex = f"00{first:02X}070D91261832547698F00000{period}{HEADED if first & 0x40 else PLAIN}"
    submit = pdu.decode(pdu_hex).tpdu
    assert isinstance(submit, Submit)
    assert (submit.reference, submit.validity is None) == (7, not period)
    assert submit.reject_duplicates is (first & 0x04 != 0)
    assert submit.report_request is (first & 0x20 != 0)
    assert submit.reply_path is (first & 0x80 != 0)
    assert (submit.user_data.concat is not None) is (first & 0x40 != 0)
    assert pdu.encode(submit).pdu_hex == pdu_hex


@pytest.mark.parametrize("first", range(2, 256, 4))
def test_every_first_octet_of_a_status_report_is_its_flags(first):
    pdu_hex = f"00{first:02X}2A0D91261832547698F062113251405082621132514090820004{HEADED if first & 0x40 else PLAIN}"
    report = pdu.decode(pdu_hex).tpdu
    assert isinstance(report, StatusReport)
    assert report.more_messages is (first & 0x04 == 0)
    assert report.loop_prevention is (first & 0x08 != 0)
    assert report.of_command is (first & 0x20 != 0)
    assert report.optional.user_data.text == "ABC"
    assert report.encode()[0] == first & 0x6E
    assert report.encode().hex().upper()[2:] == pdu_hex[4:]


@pytest.mark.parametrize("pid", range(256))
def test_every_protocol_identifier_is_kept(pid):
    pdu_hex = f"00040D91261832547698F0{pid:02X}006211325140508206D427F3E93C02"
    deliver = pdu.decode(pdu_hex).tpdu
    assert (deliver.pid, deliver.user_data.text) == (pid, "TOLONG")
    assert pdu.encode(deliver).pdu_hex == pdu_hex


@pytest.mark.parametrize("status", range(256))
def test_every_status_is_delivered_temporary_or_failed(status):
    report = pdu.decode(REPORT[:-2] + f"{status:02X}").tpdu
    wanted = Delivery.DELIVERED if status < 0x20 else Delivery.TEMPORARY if status < 0x40 else Delivery.FAILED
    assert (report.status, report.outcome) == (status, wanted)
    assert pdu.delivery_of(status) is wanted


ISDN = Address("6281234567890", Ton.INTERNATIONAL, Npi.ISDN)
TEXT = pdu.write_text("ok", Alphabet.GSM7)
UCS2_TEXT = pdu.write_text("ok", Alphabet.UCS2)


@pytest.mark.parametrize(
    ("tail", "optional", "remarks"),
    [
        ("", OptionalFields(), ()),
        ("00", OptionalFields(b"\x00"), ()),
        ("0100", OptionalFields(b"\x01", pid=0), ()),
        ("0208", OptionalFields(b"\x02", dcs=pdu.dcs_of(8)), ()),
        ("034100", OptionalFields(b"\x03", 0x41, pdu.dcs_of(0)), ()),
        ("0402EF35", OptionalFields(b"\x04", user_data=TEXT), ()),
        ("07000804006F006B", OptionalFields(b"\x07", 0, pdu.dcs_of(8), UCS2_TEXT), ()),
        ("060804006F006B", OptionalFields(b"\x06", None, pdu.dcs_of(8), UCS2_TEXT), ()),
        ("78", OptionalFields(b"\x78"), ()),  # reserved bits
        ("8000", OptionalFields(b"\x80\x00"), ()),
        ("81000B", OptionalFields(b"\x81\x00", pid=0x0B), ()),
        ("80", OptionalFields(b"\x80"), ()),
        ("01", OptionalFields(b"\x01"), (Remark.OPTIONAL_CUT,)),
        ("0300", OptionalFields(b"\x03"), (Remark.OPTIONAL_CUT, Remark.TRAILING_OCTETS)),
        ("07", OptionalFields(b"\x07"), (Remark.OPTIONAL_CUT,)),
    ],
)
def test_a_status_report_has_what_its_parameter_indicator_announces(tail, optional, remarks):
    decoded = pdu.decode(REPORT + tail)
    assert (decoded.tpdu.optional, decoded.remarks) == (optional, remarks)
    if not remarks:
        assert pdu.encode(decoded.tpdu, decoded.smsc).pdu_hex == REPORT + tail


def test_a_report_written_with_fields_announces_them():
    stamp = pdu.scts_of(1_795_421_045_000, 420)
    report = StatusReport(1, ISDN, stamp, stamp, 0, OptionalFields(pid=1, user_data=TEXT))
    again = pdu.decode(pdu.encode(report).pdu_hex).tpdu
    assert again.optional == OptionalFields(b"\x05", 1, None, TEXT)


FIELDS = {
    DELIVER: [
        "SCA length", "SCA type", *["SCA"] * 5, "first octet", "TP-OA length", "TP-OA type", *["TP-OA"] * 7, "TP-PID",
        "TP-DCS", *["TP-SCTS"] * 7, "TP-UDL",
    ],
    SUBMIT: [
        "SCA length", "first octet", "TP-MR", "TP-DA length", "TP-DA type", *["TP-DA"] * 7, "TP-PID", "TP-DCS",
        "TP-VP", "TP-UDL",
    ],
    REPORT: [
        "SCA length", "SCA type", *["SCA"] * 5, "first octet", "TP-MR", "TP-RA length", "TP-RA type", *["TP-RA"] * 7,
        *["TP-SCTS"] * 7, *["TP-DT"] * 7, "TP-ST",
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("pdu_hex", "octets", "field"),
    [(pdu_hex, octets, field) for pdu_hex, fields in FIELDS.items() for octets, field in enumerate(fields)],
)
def test_a_pdu_cut_inside_its_head_names_the_field_its_place_and_what_is_missing(pdu_hex, octets, field):
    with pytest.raises(pdu.PduTruncated) as caught:
        pdu.decode(pdu_hex[: 2 * octets])
    error = caught.value
    assert error.field == field
    assert error.offset + error.available == octets
    assert error.needed > error.available
    assert f"{field} at octet {error.offset}" in str(error)


@pytest.mark.parametrize("pdu_hex", [DELIVER, SUBMIT, PART])
def test_user_data_cut_short_is_read_as_far_as_it_goes(pdu_hex):
    whole = pdu.decode(pdu_hex).tpdu.user_data
    for missing in range(1, len(whole.raw) + 1):
        user_data = pdu.decode(pdu_hex[: -2 * missing]).tpdu.user_data
        assert user_data.lossy
        assert Remark.TEXT_CUT in user_data.remarks
        assert whole.text.startswith(user_data.text)
        assert user_data.length == whole.length


@pytest.mark.parametrize("pdu_hex", [DELIVER, SUBMIT, PART])
@pytest.mark.parametrize("trailing", ["00", "FF", "0D0A", "CC" * 50])
def test_octets_behind_the_user_data_are_kept_and_remarked(pdu_hex, trailing):
    decoded, clean = pdu.decode(pdu_hex + trailing), pdu.decode(pdu_hex)
    assert decoded.trailing == bytes.fromhex(trailing)
    assert decoded.remarks == (Remark.TRAILING_OCTETS,)
    assert decoded.tpdu == clean.tpdu


@pytest.mark.parametrize("pdu_hex", WHOLE)
def test_the_printed_length_fits_or_is_refused(pdu_hex):
    total = len(pdu_hex) // 2
    tpdu_octets = total - 1 - int(pdu_hex[:2], 16)
    assert pdu.decode(pdu_hex, tpdu_octets) == pdu.decode(pdu_hex)
    for wrong in {*range(-1, tpdu_octets), 1000} - {tpdu_octets}:
        with pytest.raises(pdu.PduError):
            pdu.decode(pdu_hex, wrong)


@pytest.mark.parametrize("pdu_hex", WHOLE)
def test_a_printed_length_of_all_octets_means_that_the_service_centre_is_left_out(pdu_hex):
    bare = pdu_hex[2 * (1 + int(pdu_hex[:2], 16)) :]
    decoded = pdu.decode(bare, len(bare) // 2)
    assert (decoded.smsc, decoded.tpdu) == (None, pdu.decode(pdu_hex).tpdu)


@pytest.mark.parametrize(
    ("pdu_hex", "field", "offset"),
    [
        ("0", "hex", 0),
        ("069", "hex", 1),
        ("GG", "hex", 0),
        ("06912618010000 04", "hex", 7),
        ("0691\n2618", "hex", 2),
        ("+CMS ERROR: 321", "hex", 0),
        ("06\ud83d", "hex", 1),
        ("\u0660\u0666", "hex", 0),  # digits, but not hexadecimal ones
        ("00" * 513, "PDU length", 512),
    ],
)
def test_what_is_no_hex_is_refused_with_its_place(pdu_hex, field, offset):
    with pytest.raises(pdu.PduError) as caught:
        pdu.decode(pdu_hex)
    assert (caught.value.field, caught.value.offset) == (field, offset)


def test_case_and_surrounding_white_space_do_not_matter():
    assert pdu.decode(f"\r\n {DELIVER.lower()}\r\n") == pdu.decode(DELIVER)


def test_an_empty_line_is_refused():
    with pytest.raises(pdu.PduTruncated) as caught:
        pdu.decode("")
    assert (caught.value.field, caught.value.offset, caught.value.needed, caught.value.available) == (
        "SCA length",
        0,
        1,
        0,
    )


@pytest.mark.parametrize(
    "tpdu",
    [
        replace(pdu.decode(DELIVER).tpdu, pid=256),
        replace(pdu.decode(SUBMIT).tpdu, reference=-1),
        replace(pdu.decode(SUBMIT).tpdu, pid=1000),
        replace(pdu.decode(REPORT).tpdu, reference=256),
        replace(pdu.decode(REPORT).tpdu, status=256),
        replace(pdu.decode(SUBMIT).tpdu, validity=pdu.RelativeValidity(256)),
        replace(pdu.decode(REPORT).tpdu, optional=OptionalFields(pid=-1)),
    ],
)
def test_a_number_that_fits_no_octet_is_refused(tpdu):
    with pytest.raises(pdu.PduUnsupported):
        pdu.encode(tpdu)


BYTE = st.integers(0, 255)
STAMPS = st.builds(Scts, st.binary(min_size=7, max_size=7))
ADDRESSES = st.builds(
    Address, st.text("0123456789", min_size=1, max_size=20), st.just(Ton.INTERNATIONAL), st.just(Npi.ISDN)
)
BODIES = st.one_of(
    st.builds(pdu.write_text, st.text("abc€{} ", max_size=70), st.just(Alphabet.GSM7)).map(lambda body: (0, body)),
    st.builds(
        pdu.write_text, st.text("abc👍é", max_size=30), st.just(Alphabet.UCS2), st.just((Concat(1, 8, 2, 1),))
    ).map(lambda body: (8, body)),
    st.builds(pdu.write_octets, st.binary(max_size=130)).map(lambda body: (4, body)),
)
FLAG = st.booleans()
DELIVERS = st.builds(
    lambda originator, pid, scts, body, flags: Deliver(originator, pid, pdu.dcs_of(body[0]), scts, body[1], *flags),
    ADDRESSES,
    BYTE,
    STAMPS,
    BODIES,
    st.tuples(FLAG, FLAG, FLAG, FLAG),
)
SUBMITS = st.builds(
    lambda destination, body, reference, validity, flags: Submit(
        destination, pdu.dcs_of(body[0]), body[1], reference, 0, validity, *flags
    ),
    ADDRESSES,
    BODIES,
    BYTE,
    st.none()
    | st.builds(pdu.RelativeValidity, BYTE)
    | st.builds(pdu.AbsoluteValidity, STAMPS)
    | st.builds(pdu.EnhancedValidity, st.binary(min_size=7, max_size=7)),
    st.tuples(FLAG, FLAG, FLAG),
)
REPORTS = st.builds(StatusReport, BYTE, ADDRESSES, STAMPS, STAMPS, BYTE, st.just(OptionalFields()), FLAG, FLAG, FLAG)


@settings(deadline=None)
@given(DELIVERS | SUBMITS | REPORTS, st.none() | ADDRESSES)
def test_any_tpdu_reads_back_field_by_field(tpdu, smsc):
    encoded = pdu.encode(tpdu, smsc)
    decoded = pdu.decode(encoded.pdu_hex, encoded.tpdu_octets)
    assert (decoded.tpdu, decoded.smsc, decoded.remarks) == (tpdu, smsc, ())
