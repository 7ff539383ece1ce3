"""Address fields (3GPP TS 23.040 §9.1.2.5): numbers, names, service centres."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import Address, Npi, Ton, gsm7
from kentongan.at.pdu.address import read_address, read_smsc, write_address, write_smsc
from kentongan.at.pdu.reader import Reader


def read(field_hex):
    reader = Reader(bytes.fromhex(field_hex))
    address = read_address(reader, "TP-OA")
    assert reader.left() == 0
    return address


@pytest.mark.parametrize(
    ("field_hex", "digits", "ton", "npi", "text"),
    [
        ("0D91261832547698F0", "6281234567890", Ton.INTERNATIONAL, Npi.ISDN, "+6281234567890"),
        ("0C91261832547698", "628123456789", Ton.INTERNATIONAL, Npi.ISDN, "+628123456789"),
        ("05912618F2", "62812", Ton.INTERNATIONAL, Npi.ISDN, "+62812"),
        ("149121436587092143658709", "12345678901234567890", Ton.INTERNATIONAL, Npi.ISDN, "+12345678901234567890"),
        ("1391214365870921436587F9", "1234567890123456789", Ton.INTERNATIONAL, Npi.ISDN, "+1234567890123456789"),
        ("0B818021436587F9", "08123456789", Ton.UNKNOWN, Npi.ISDN, "08123456789"),
        ("038181F8", "188", Ton.UNKNOWN, Npi.ISDN, "188"),
        ("04818188", "1888", Ton.UNKNOWN, Npi.ISDN, "1888"),
        ("0481A988", "9*88", Ton.UNKNOWN, Npi.ISDN, "9*88"),
        ("0281B1", "1#", Ton.UNKNOWN, Npi.ISDN, "1#"),
        ("05811A32FB", "*123#", Ton.UNKNOWN, Npi.ISDN, "*123#"),
        ("0381DCFE", "abc", Ton.UNKNOWN, Npi.ISDN, "abc"),
        ("0181F0", "0", Ton.UNKNOWN, Npi.ISDN, "0"),
        ("0081", "", Ton.UNKNOWN, Npi.ISDN, ""),
        ("0091", "", Ton.INTERNATIONAL, Npi.ISDN, "+"),
        ("0BA18021436587F9", "08123456789", Ton.NATIONAL, Npi.ISDN, "08123456789"),
        ("04B16363", "3636", Ton.NETWORK_SPECIFIC, Npi.ISDN, "3636"),
        ("04C86363", "3636", Ton.SUBSCRIBER, Npi.NATIONAL, "3636"),
        ("04E16363", "3636", Ton.ABBREVIATED, Npi.ISDN, "3636"),
        ("0698261801", "628110", Ton.INTERNATIONAL, Npi.NATIONAL, "+628110"),
        ("04805515", "5551", Ton.UNKNOWN, Npi.UNKNOWN, "5551"),
        ("02FF99", "99", Ton.RESERVED, Npi.RESERVED_15, "99"),
    ],
)
def test_a_number_field_reads_and_writes_as_these_octets(field_hex, digits, ton, npi, text):
    address = read(field_hex)
    assert address == Address(digits, ton, npi)
    assert (address.text, address.is_alphanumeric) == (text, False)
    assert write_address(address).hex().upper() == field_hex


@pytest.mark.parametrize(
    ("field_hex", "name"),
    [
        ("04D05826", "XL"),
        ("07D0D479990D", "Tsel"),
        ("0DD041E19058341E01", "ABCDEFG"),
        ("0ED041E19058341E91", "ABCDEFGH"),
        ("10D0D42273F96C4E8B4C", "TELKOMSEL"),
        ("10D049A7F1D912369747", "INFO-BMKG"),
        ("14D041E19058341E9149E512", "ABCDEFGHIJK"),
        ("00D0", ""),
        ("02D041", "A"),
        ("04D09B32", "€"),
    ],
)
def test_a_name_field_reads_and_writes_as_these_octets(field_hex, name):
    address = read(field_hex)
    assert address == Address(name, Ton.ALPHANUMERIC, Npi.UNKNOWN) == pdu.name_of(name)
    assert (address.text, address.is_alphanumeric) == (name, True)
    assert write_address(address).hex().upper() == field_hex


@pytest.mark.parametrize(
    ("field_hex", "digits"),
    [
        ("0E D0 41E19058341E01", "ABCDEFG"),  # seven characters rounded up to fourteen semi-octets
        ("05 81 2143 05", "12345"),  # the filler of an odd number is not looked at
        ("05 81 2143 F5", "12345"),
        ("04 81 21F3", "123"),  # a filler inside is skipped (§9.1.2.3)
        ("04 81 2FF4", "24"),
        ("04 81 FFFF", ""),
        ("0D 11 261832547698F0", "6281234567890"),  # bit 7 of the type missing
    ],
)
def test_what_service_centres_write_wrongly_is_still_read(field_hex, digits):
    assert read(field_hex).digits == digits


@pytest.mark.parametrize("toa", range(0x80, 0x100))
def test_any_type_of_address_reads_and_writes_the_same(toa):
    octets = bytes((4, toa)) + (bytes.fromhex("5826") if toa >> 4 & 7 == Ton.ALPHANUMERIC else bytes.fromhex("6363"))
    address = read_address(Reader(octets), "TP-OA")
    assert (address.ton, address.npi) == (toa >> 4 & 7, toa & 15)
    assert write_address(address) == octets


@pytest.mark.parametrize("length", range(256))
def test_a_length_is_read_or_refused_with_field_offset_need_and_rest(length):
    reader = Reader(bytes((0, length, 0x81)) + b"\x21" * 3, 1)
    if length <= 6:
        assert len(read_address(reader, "TP-OA").digits) == length
    elif length <= 20:
        with pytest.raises(pdu.PduTruncated) as cut:
            read_address(reader, "TP-OA")
        assert (cut.value.field, cut.value.offset, cut.value.needed) == ("TP-OA", 3, (length + 1) // 2)
        assert cut.value.available == 3
    else:
        with pytest.raises(pdu.PduUnsupported) as unsupported:
            read_address(reader, "TP-OA")
        assert (unsupported.value.field, unsupported.value.offset, unsupported.value.value) == (
            "TP-OA length",
            1,
            length,
        )


@pytest.mark.parametrize(
    ("number", "address"),
    [
        ("+6281234567890", Address("6281234567890", Ton.INTERNATIONAL, Npi.ISDN)),
        ("08123456789", Address("08123456789", Ton.UNKNOWN, Npi.ISDN)),
        ("3636", Address("3636", Ton.UNKNOWN, Npi.ISDN)),
        ("*123#", Address("*123#", Ton.UNKNOWN, Npi.ISDN)),
        ("1" * 20, Address("1" * 20, Ton.UNKNOWN, Npi.ISDN)),
    ],
)
def test_a_number_as_dialled_becomes_an_address(number, address):
    assert pdu.address_of(number) == address
    assert address.text == number


@pytest.mark.parametrize("number", ["", "+", "1" * 21, "+" + "1" * 21])
def test_a_number_of_no_or_too_many_digits_is_refused(number):
    with pytest.raises(pdu.PduUnsupported):
        pdu.address_of(number)


@pytest.mark.parametrize(
    ("number", "character", "index"),
    [
        ("TELKOMSEL", "T", 0),
        ("0812-345", "-", 4),
        ("+62 8", " ", 3),
        ("08a", "a", 2),
        ("++62", "+", 1),
        ("\u0660\u0668", "\u0660", 0),
    ],
)
def test_a_number_with_a_strange_character_is_refused_with_its_place(number, character, index):
    with pytest.raises(pdu.NotEncodable) as caught:
        pdu.address_of(number)
    assert (caught.value.character, caught.value.index) == (character, index)


@pytest.mark.parametrize("name", ["ABCDEFGHIJKL", "€€€€€€", "Desaku ✓", "ABCDEFG@"])
def test_a_name_that_would_not_read_back_is_refused(name):
    with pytest.raises(pdu.PduError):
        pdu.name_of(name)


@pytest.mark.parametrize("digits", ["12x", "+62", "1" * 21])
def test_an_address_that_cannot_be_written_is_refused(digits):
    with pytest.raises(pdu.PduError):
        write_address(Address(digits, Ton.UNKNOWN, Npi.ISDN))


@pytest.mark.parametrize(
    ("field_hex", "address"),
    [
        ("00", None),
        ("06912618010000", Address("6281100000", Ton.INTERNATIONAL, Npi.ISDN)),
        ("07912618010000F0", Address("62811000000", Ton.INTERNATIONAL, Npi.ISDN)),
        ("0191", Address("", Ton.INTERNATIONAL, Npi.ISDN)),
        ("0B9121436587092143658709", Address("12345678901234567890", Ton.INTERNATIONAL, Npi.ISDN)),
    ],
)
def test_a_service_centre_field_counts_octets(field_hex, address):
    assert read_smsc(Reader(bytes.fromhex(field_hex))) == address
    assert write_smsc(address).hex().upper() == field_hex


@pytest.mark.parametrize("length", range(12, 256))
def test_a_service_centre_field_longer_than_any_address_is_refused(length):
    with pytest.raises(pdu.PduUnsupported) as caught:
        read_smsc(Reader(bytes((length, 0x91)) + b"\x11" * length))
    assert (caught.value.field, caught.value.offset, caught.value.value) == ("SCA length", 0, length)


NUMBERS = st.builds(
    Address,
    st.text("0123456789*#abc", max_size=20),
    st.sampled_from([ton for ton in Ton if ton is not Ton.ALPHANUMERIC]),
    st.sampled_from(Npi),
)
NAMES = st.builds(
    Address,
    st.text(sorted(gsm7.DEFAULT.septets), max_size=11).filter(
        lambda name: (
            len(gsm7.DEFAULT.encode(name)) <= 11 and not (len(gsm7.DEFAULT.encode(name)) == 8 and name.endswith("@"))
        )
    ),
    st.just(Ton.ALPHANUMERIC),
    st.sampled_from(Npi),
)


@settings(deadline=None)
@given(NUMBERS | NAMES)
def test_any_address_reads_back(address):
    octets = write_address(address)
    assert read(octets.hex()) == address
    assert len(octets) <= 12


@settings(deadline=None)
@given(NUMBERS)
def test_any_service_centre_reads_back(address):
    assert read_smsc(Reader(write_smsc(address))) == address
