"""DELIVER-REPORT and SUBMIT-REPORT (3GPP TS 23.040 §9.2.2.1a, §9.2.2.2a), acknowledging and refusing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import Alphabet, DeliverReport, Remark, Scts, SubmitReport
from kentongan.at.pdu.tpdu import OptionalFields

STAMP = Scts(bytes.fromhex("62113251405082"))
TEXT = pdu.write_text("ok", Alphabet.GSM7)
HEADED = pdu.write_text("ok", Alphabet.UCS2, (pdu.Concat(1, 8, 2, 1),))


@pytest.mark.parametrize(
    ("tpdu_hex", "report"),
    [
        ("0000", DeliverReport(None, OptionalFields(b"\x00"))),
        ("000100", DeliverReport(None, OptionalFields(b"\x01", pid=0))),
        ("0007000002EF35", DeliverReport(None, OptionalFields(b"\x07", 0, pdu.dcs_of(0), TEXT))),
        ("00D300", DeliverReport(0xD3, OptionalFields(b"\x00"))),
        ("00D30102", DeliverReport(0xD3, OptionalFields(b"\x01", pid=2))),
        (
            "40FF06080A050003010201006F006B",
            DeliverReport(0xFF, OptionalFields(b"\x06", None, pdu.dcs_of(8), HEADED)),
        ),
    ],
)
def test_a_deliver_report_reads_and_writes_as_these_octets(tpdu_hex, report):
    assert pdu.decode_deliver_report(tpdu_hex, refused=report.cause is not None) == report
    assert report.encode().hex().upper() == tpdu_hex


@pytest.mark.parametrize(
    ("tpdu_hex", "report"),
    [
        ("010062113251405082", SubmitReport(STAMP, None, OptionalFields(b"\x00"))),
        ("01016211325140508200", SubmitReport(STAMP, None, OptionalFields(b"\x01", pid=0))),
        ("010762113251405082000002EF35", SubmitReport(STAMP, None, OptionalFields(b"\x07", 0, pdu.dcs_of(0), TEXT))),
        ("01C50062113251405082", SubmitReport(STAMP, 0xC5, OptionalFields(b"\x00"))),
        ("0180016211325140508241", SubmitReport(STAMP, 0x80, OptionalFields(b"\x01", pid=0x41))),
        ("018180006211325140508241", SubmitReport(STAMP, None, OptionalFields(b"\x81\x80\x00", pid=0x41))),
    ],
)
def test_a_submit_report_reads_and_writes_as_these_octets(tpdu_hex, report):
    assert pdu.decode_submit_report(tpdu_hex, refused=report.cause is not None) == report
    assert report.encode().hex().upper() == tpdu_hex


@pytest.mark.parametrize("cause", range(256))
def test_every_failure_cause_is_kept(cause):
    assert pdu.decode_deliver_report(f"00{cause:02X}00", refused=True).cause == cause
    assert pdu.decode_submit_report(f"01{cause:02X}0062113251405082", refused=True).cause == cause


@pytest.mark.parametrize(
    ("decode", "tpdu_hex", "refused", "field"),
    [
        (pdu.decode_deliver_report, "", False, "first octet"),
        (pdu.decode_deliver_report, "00", False, "TP-PI"),
        (pdu.decode_deliver_report, "00", True, "TP-FCS"),
        (pdu.decode_deliver_report, "00D3", True, "TP-PI"),
        (pdu.decode_deliver_report, "0100", False, "TP-MTI"),
        (pdu.decode_deliver_report, "zz", False, "hex"),
        (pdu.decode_submit_report, "01", False, "TP-PI"),
        (pdu.decode_submit_report, "0100621132514050", False, "TP-SCTS"),
        (pdu.decode_submit_report, "01C5", True, "TP-PI"),
        (pdu.decode_submit_report, "0000", False, "TP-MTI"),
    ],
)
def test_a_report_that_ends_early_or_is_another_type_is_refused(decode, tpdu_hex, refused, field):
    with pytest.raises(pdu.PduError) as caught:
        decode(tpdu_hex, refused=refused)
    assert caught.value.field == field


def test_what_is_announced_but_missing_and_what_trails_is_remarked():
    assert pdu.decode_deliver_report("0003AA", refused=False).remarks == (Remark.OPTIONAL_CUT, Remark.TRAILING_OCTETS)
    assert pdu.decode_submit_report("010062113251405082FF", refused=False).remarks == (Remark.TRAILING_OCTETS,)


@settings(deadline=None)
@given(st.text() | st.binary(max_size=30).map(bytes.hex), st.booleans())
def test_any_string_is_a_report_or_refused(text, refused):
    for decode in (pdu.decode_deliver_report, pdu.decode_submit_report):
        try:
            report = decode(text, refused=refused)
        except pdu.PduError:
            continue
        assert isinstance(report, DeliverReport | SubmitReport)
