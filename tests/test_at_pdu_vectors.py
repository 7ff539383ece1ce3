"""The vectors of the field: whole PDUs, read and written."""

import pytest

from kentongan.at import pdu

CITIZEN = pdu.Address("6281234567890", pdu.Ton.INTERNATIONAL, pdu.Npi.ISDN)
CENTRE = pdu.Address("6281100000", pdu.Ton.INTERNATIONAL, pdu.Npi.ISDN)
NOON_MS = 1_795_421_045_000  # 2026-11-23 15:04:05 +07:00

SUBMITS = [
    ("Halo Kentongan", "+6281234567890", True, 28, "0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603"),
    ("hellohello", "08123456789", False, 23, "0011000B818021436587F90000A70AE8329BFD4697D9EC37"),
    ("Siap 👍", "+6281234567890", True, 29, "0031000D91261832547698F00008A70E00530069006100700020D83DDC4D"),
]


@pytest.mark.parametrize(("text", "number", "report", "octets", "pdu_hex"), SUBMITS)
def test_a_short_text_is_one_submit_of_these_octets(text, number, report, octets, pdu_hex):
    segmented = pdu.segment(text, number, reference=1, report=report, validity_min=1440)
    (part,) = segmented.parts
    assert (part.tpdu_octets, part.pdu_hex, part.text) == (octets, pdu_hex, text)


@pytest.mark.parametrize(("text", "number", "report", "octets", "pdu_hex"), SUBMITS)
def test_a_stored_submit_reads_back(text, number, report, octets, pdu_hex):
    decoded = pdu.decode(pdu_hex, octets)
    assert isinstance(decoded.tpdu, pdu.Submit)
    assert decoded.smsc is None
    assert decoded.remarks == ()
    assert decoded.tpdu.user_data.text == text
    assert decoded.tpdu.destination.text == number
    assert decoded.tpdu.report_request is report
    assert decoded.tpdu.validity == pdu.relative(1440)
    assert pdu.encode(decoded.tpdu) == pdu.Encoded(octets, pdu_hex)


@pytest.mark.parametrize(
    ("sender", "text", "octets", "pdu_hex"),
    [
        (CITIZEN, "TOLONG", 26, "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"),
        (
            pdu.name_of("TELKOMSEL"),
            "Pulsa habis",
            31,
            "069126180100000410D0D42273F96C4E8B4C0000621132514050820BD03A7B1E06A1C3E2F41C",
        ),
        (CITIZEN, "", 20, "06912618010000040D91261832547698F000006211325140508200"),
    ],
)
def test_a_delivery_reads_and_writes_as_these_octets(sender, text, octets, pdu_hex):
    decoded = pdu.decode(pdu_hex, octets)
    deliver = decoded.tpdu
    assert isinstance(deliver, pdu.Deliver)
    assert (decoded.smsc, deliver.originator, deliver.user_data.text) == (CENTRE, sender, text)
    assert (deliver.scts.unix_ms, deliver.scts.offset_min) == (NOON_MS, 420)
    assert not deliver.more_messages
    assert not deliver.user_data.lossy
    assert pdu.encode(deliver, decoded.smsc) == pdu.Encoded(octets, pdu_hex)


@pytest.mark.parametrize(
    ("status", "outcome", "later_ms", "pdu_hex"),
    [
        (0x00, pdu.Delivery.DELIVERED, 4_000, "06912618010000062A0D91261832547698F0621132514050826211325140908200"),
        (0x46, pdu.Delivery.FAILED, 86_404_000, "06912618010000062A0D91261832547698F0621132514050826211425140908246"),
    ],
)
def test_a_status_report_reads_and_writes_as_these_octets(status, outcome, later_ms, pdu_hex):
    decoded = pdu.decode(pdu_hex, 26)
    report = decoded.tpdu
    assert isinstance(report, pdu.StatusReport)
    assert (report.reference, report.recipient, report.status) == (0x2A, CITIZEN, status)
    assert report.outcome is outcome
    assert report.discharged.unix_ms == report.scts.unix_ms + later_ms
    assert pdu.encode(report, decoded.smsc) == pdu.Encoded(26, pdu_hex)


@pytest.mark.parametrize(
    ("reference", "element", "length", "user_data_hex"),
    [
        (0x4A, pdu.Concat(0x4A, 8, 2, 1), 10, "0500034A020182C221"),
        (0x1234, pdu.Concat(0x1234, 16, 2, 1), 11, "0608041234020141E110"),
    ],
)
def test_three_letters_behind_a_concatenation_header(reference, element, length, user_data_hex):
    user_data = pdu.write_text("ABC", pdu.Alphabet.GSM7, (element,))
    assert (user_data.length, user_data.raw.hex().upper()) == (length, user_data_hex)
    first = pdu.segment("A" * 161, "+6281234567890", reference=reference, report=True, validity_min=1440).parts[0]
    assert f"00A7A0{user_data_hex[:14]}" in first.pdu_hex


def test_a_text_of_161_letters_is_a_part_of_153_and_one_of_8():
    segmented = pdu.segment("A" * 161, "+6281234567890", reference=0x4A, report=True, validity_min=1440)
    first, second = segmented.parts
    assert (first.tpdu_octets, second.tpdu_octets) == (155, 29)
    assert "A0" + "0500034A020182C16030180C0683C160" in first.pdu_hex
    assert second.pdu_hex.endswith("0F" + "0500034A020282C16030180C0601")
    assert [part.text for part in segmented.parts] == ["A" * 153, "A" * 8]
