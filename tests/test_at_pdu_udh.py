"""User data headers (3GPP TS 23.040 §9.2.3.24): every element, malformed ones, fill bits."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import (
    Address,
    Alphabet,
    Concat,
    EmailHeader,
    HeaderSource,
    Hyperlink,
    LockingShift,
    Npi,
    OtherElement,
    Ports,
    Remark,
    ReplyAddress,
    SingleShift,
    SmscControl,
    SpecialMessage,
    Ton,
)
from kentongan.at.pdu.udh import read_elements, write_elements
from kentongan.at.pdu.user_data import fill_bits, header_septets


def deliver(dcs, length, user_data_hex):
    return pdu.decode(f"00400D91261832547698F000{dcs:02X}62113251405082{length:02X}{user_data_hex}").tpdu.user_data


ELEMENTS = [
    ("00034A0201", Concat(0x4A, 8, 2, 1)),
    ("0003000101", Concat(0, 8, 1, 1)),
    ("0003FFFFFF", Concat(255, 8, 255, 255)),
    ("080412340201", Concat(0x1234, 16, 2, 1)),
    ("0804FFFFFFFF", Concat(0xFFFF, 16, 255, 255)),
    ("0804004A0902", Concat(0x4A, 16, 9, 2)),
    ("01028003", SpecialMessage(0, store=True, count=3)),
    ("01020100", SpecialMessage(1, store=False, count=0)),
    ("0102FFFF", SpecialMessage(0x7F, store=True, count=255)),
    ("0402F0E2", Ports(0xF0, 0xE2, 8)),
    ("05040B8423F0", Ports(2948, 9200, 16)),
    ("0504C34F0000", Ports(49999, 0, 16)),
    ("0504E23F1588", Ports(57919, 5512, 16)),
    ("0601C0", SmscControl(0xC0)),
    ("070101", HeaderSource(1)),
    ("070103", HeaderSource(3)),
    ("200112", EmailHeader(18)),
    ("210400050A14", Hyperlink(5, 10, 20)),
    ("22090D91261832547698F0", ReplyAddress(Address("6281234567890", Ton.INTERNATIONAL, Npi.ISDN))),
    ("2204038181F8", ReplyAddress(Address("188", Ton.UNKNOWN, Npi.ISDN))),
    ("240101", SingleShift(1)),
    ("24010D", SingleShift(13)),
    ("250103", LockingShift(3)),
    ("2501FF", LockingShift(255)),
    ("0900", OtherElement(0x09, b"")),
    ("0A03000510", OtherElement(0x0A, b"\x00\x05\x10")),
    ("0B020003", OtherElement(0x0B, b"\x00\x03")),
    ("0C03000102", OtherElement(0x0C, b"\x00\x01\x02")),
    ("0D020001", OtherElement(0x0D, b"\x00\x01")),
    ("1302021C", OtherElement(0x13, b"\x02\x1c")),
    ("14020001", OtherElement(0x14, b"\x00\x01")),
    ("2303010203", OtherElement(0x23, b"\x01\x02\x03")),
    ("7000", OtherElement(0x70, b"")),
    ("7101AA", OtherElement(0x71, b"\xaa")),
    ("7F0101", OtherElement(0x7F, b"\x01")),
    ("8002BEEF", OtherElement(0x80, b"\xbe\xef")),
    ("9F00", OtherElement(0x9F, b"")),
    ("C00101", OtherElement(0xC0, b"\x01")),
    ("DF0101", OtherElement(0xDF, b"\x01")),
    ("FF0101", OtherElement(0xFF, b"\x01")),
]


@pytest.mark.parametrize(("element_hex", "element"), ELEMENTS)
def test_each_element_reads_and_writes_as_these_octets(element_hex, element):
    octets = bytes.fromhex(element_hex)
    assert read_elements(octets) == ((element,), ())
    assert write_elements((element,)) == bytes((len(octets),)) + octets


@pytest.mark.parametrize(("element_hex", "element"), ELEMENTS)
@pytest.mark.parametrize("alphabet", [Alphabet.GSM7, Alphabet.UCS2])
def test_text_behind_each_element_reads_back(alphabet, element_hex, element):
    written = pdu.write_text("Banjir", alphabet, (element,))
    read = deliver(0 if alphabet is Alphabet.GSM7 else 8, written.length, written.raw.hex())
    unknown = isinstance(element, LockingShift) and element.language > 13
    assert (read.text, read.elements) == ("Banjir", (element,))
    assert (Remark.UNKNOWN_LANGUAGE in read.remarks) is (unknown and alphabet is Alphabet.GSM7)
    assert read.raw[1 : read.header_octets].hex().upper() == element_hex


@pytest.mark.parametrize("iei", range(256))
def test_an_element_of_any_identifier_is_kept(iei):
    octets = bytes((iei, 9)) + bytes(range(1, 10))
    ((element,), remarks) = read_elements(octets)
    assert element == OtherElement(iei, bytes(range(1, 10)))
    fixed = iei in (0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0x08, 0x20, 0x21, 0x22, 0x24, 0x25)
    assert remarks == ((Remark.ELEMENT_LENGTH,) if fixed else ())
    assert write_elements((element,))[1:] == octets


@pytest.mark.parametrize(
    "element_hex",
    ["00024A02", "00044A020100", "0803123402", "080512340201FF", "010180", "0401F0", "05030B8423", "0600", "0700",
     "2000", "2103000102", "2400", "25020103", "2200", "22020281", "2206038181F8AAAA", "22031581FF"],
)  # fmt: skip
def test_an_element_of_the_wrong_length_is_kept_uninterpreted(element_hex):
    octets = bytes.fromhex(element_hex)
    ((element,), remarks) = read_elements(octets)
    assert (element, remarks) == (OtherElement(octets[0], octets[2:]), (Remark.ELEMENT_LENGTH,))


@pytest.mark.parametrize(
    "element_hex", ["0003010000", "0003010001", "0003010200", "0003010203", "080400010000", "080400010203"]
)
def test_a_concatenation_that_contradicts_itself_is_a_single_message(element_hex):
    length = len(element_hex) // 2
    user_data = deliver(8, length + 3, f"{length:02X}{element_hex}0041")
    assert user_data.concat is None
    assert (user_data.text, user_data.remarks) == ("A", (Remark.CONCAT_IGNORED,))
    assert not user_data.lossy


@pytest.mark.parametrize(
    ("header_hex", "concat"),
    [
        ("00030102010003020302", Concat(2, 8, 3, 2)),
        ("0003010201080400020302", Concat(2, 16, 3, 2)),
        ("0804000203020003010201", Concat(1, 8, 2, 1)),
        ("00030102010003010000", Concat(1, 8, 2, 1)),  # the second makes no sense and does not count
        ("240101000301020105040B8423F0", Concat(1, 8, 2, 1)),
    ],
)
def test_of_several_concatenations_the_last_counts(header_hex, concat):
    length = len(header_hex) // 2
    assert deliver(8, length + 3, f"{length:02X}{header_hex}0041").concat == concat


@pytest.mark.parametrize(
    ("header_hex", "ports"),
    [
        ("05040B8423F0", Ports(2948, 9200, 16)),
        ("0402F0E205040B8423F0", Ports(2948, 9200, 16)),
        ("05040B8423F00402F0E2", Ports(0xF0, 0xE2, 8)),
        ("0003010201", None),
    ],
)
def test_of_several_ports_the_last_count(header_hex, ports):
    length = len(header_hex) // 2
    assert deliver(4, length + 2, f"{length:02X}{header_hex}41").ports == ports


def test_the_last_shift_of_each_kind_counts():
    elements = (SingleShift(2), LockingShift(1), SingleShift(3), LockingShift(0))
    written = pdu.write_text("ãè", Alphabet.GSM7, elements)
    read = deliver(0, written.length, written.raw.hex())
    assert (read.text, read.remarks) == ("ãè", ())


@pytest.mark.parametrize(
    ("length", "user_data_hex", "header_octets", "text", "remarks"),
    [
        (5, "0200030041", 3, "A", (Remark.HEADER_IGNORED,)),  # element longer than the header
        (6, "0300034A0041", 4, "A", (Remark.HEADER_IGNORED,)),
        (4, "01000041", 2, "A", (Remark.HEADER_IGNORED,)),  # identifier without a length
        (9, "0600034A0201FF0041", 7, "A", (Remark.HEADER_IGNORED,)),  # an octet too many
        (3, "000041", 1, "A", ()),  # a header of nothing
        (1, "00", 1, "", ()),
        (0, "", 0, "", (Remark.HEADER_IGNORED,)),
        (3, "050041", 3, "", (Remark.HEADER_IGNORED,)),  # the header would pass the end
        (3, "FF0041", 3, "", (Remark.HEADER_IGNORED,)),
        (6, "0500034A0201", 6, "", ()),
        (20, "0500034A02010041", 6, "A", (Remark.TEXT_CUT,)),
        (20, "0500034A", 4, "", (Remark.TEXT_CUT, Remark.HEADER_IGNORED)),
    ],
)
def test_a_header_that_does_not_fit_is_ignored_and_the_text_behind_it_kept(
    length, user_data_hex, header_octets, text, remarks
):
    user_data = deliver(8, length, user_data_hex)
    assert (user_data.header_octets, user_data.text, user_data.remarks) == (header_octets, text, remarks)


@pytest.mark.parametrize(
    ("octets", "fill", "septets", "rooms"),  # rooms: GSM 7-bit characters, octets, UCS-2 characters
    [
        (0, 0, 0, (160, 140, 70)),
        (4, 3, 5, (155, 136, 68)),
        (6, 1, 7, (153, 134, 67)),
        (7, 0, 8, (152, 133, 66)),
        (9, 5, 11, (149, 131, 65)),
        (12, 2, 14, (146, 128, 64)),
    ],
)
def test_a_header_leaves_this_room(octets, fill, septets, rooms):
    assert (fill_bits(octets), header_septets(octets)) == (fill, septets)
    elements = (OtherElement(0x80, bytes(octets - 3)),) if octets else ()
    writers = [
        lambda count: pdu.write_text("A" * count, Alphabet.GSM7, elements),
        lambda count: pdu.write_octets(bytes(count), elements),
        lambda count: pdu.write_text("\u00e9" * count, Alphabet.UCS2, elements),
    ]
    for write, room in zip(writers, rooms, strict=True):
        assert len(write(room).raw) in (139, 140)
        with pytest.raises(pdu.PduUnsupported):
            write(room + 1)


@pytest.mark.parametrize("octets", range(3, 141))
def test_text_behind_a_header_of_any_size_reads_back(octets):
    elements = (OtherElement(0x80, bytes(octets - 3)),)
    text = "Ab"[: (140 - octets) * 8 // 7]
    written = pdu.write_text(text, Alphabet.GSM7, elements)
    read = deliver(0, written.length, written.raw.hex())
    assert (read.text, read.elements, read.remarks) == (text, elements, ())
    assert read.octets == bytes.fromhex({0: "", 1: "41", 2: "4131"}[len(text)])


@pytest.mark.parametrize("reference", range(256))
def test_the_first_letter_survives_any_reference(reference):
    (part, *_) = pdu.segment("W" * 1300, "+6281234567890", reference=reference, report=False, validity_min=60).parts
    user_data = pdu.decode(part.pdu_hex).tpdu.user_data
    assert (user_data.text, user_data.concat) == ("W" * 153, Concat(reference, 8, 9, 1))


@pytest.mark.parametrize(
    "elements",
    [
        (Concat(256, 8, 2, 1),),
        (Concat(65536, 16, 2, 1),),
        (Concat(-1, 8, 2, 1),),
        (Concat(1, 8, 256, 1),),
        (Ports(256, 0, 8),),
        (Ports(0, 65536, 16),),
        (SpecialMessage(128, store=False, count=1),),
        (SingleShift(256),),
        (OtherElement(0x80, bytes(138)),),
        (OtherElement(0x80, bytes(256)),),
        (OtherElement(256, b""),),
    ],
)
def test_an_element_that_does_not_fit_its_octets_is_refused(elements):
    with pytest.raises(pdu.PduError):
        write_elements(elements)


BYTE = st.integers(0, 255)
CONCATS = st.integers(1, 255).flatmap(
    lambda total: st.sampled_from([8, 16]).flatmap(
        lambda width: st.builds(
            Concat, st.integers(0, (1 << width) - 1), st.just(width), st.just(total), st.integers(1, total)
        )
    )
)
ELEMENT = st.one_of(
    CONCATS,
    st.builds(Ports, BYTE, BYTE, st.just(8)),
    st.builds(Ports, st.integers(0, 65535), st.integers(0, 65535), st.just(16)),
    st.builds(SpecialMessage, st.integers(0, 127), st.booleans(), BYTE),
    st.builds(SmscControl, BYTE),
    st.builds(HeaderSource, BYTE),
    st.builds(EmailHeader, BYTE),
    st.builds(Hyperlink, st.integers(0, 65535), BYTE, BYTE),
    st.builds(SingleShift, BYTE),
    st.builds(LockingShift, BYTE),
    st.builds(OtherElement, st.integers(0x80, 0xFF), st.binary(max_size=20)),
)


@settings(deadline=None)
@given(st.lists(ELEMENT, min_size=1, max_size=5).map(tuple))
def test_any_elements_read_back(elements):
    octets = write_elements(elements)
    assert octets[0] == len(octets) - 1
    assert read_elements(octets[1:]) == (elements, ())


@settings(deadline=None)
@given(st.binary(max_size=139))
def test_any_octets_are_elements_or_an_ignored_header(header):
    elements, remarks = read_elements(header)
    if Remark.HEADER_IGNORED not in remarks:
        assert write_elements(elements)[1:] == header
    else:
        assert elements == ()
