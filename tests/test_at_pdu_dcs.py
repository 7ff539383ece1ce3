"""TP-DCS: all 256 octets (3GPP TS 23.038 §4)."""

import pytest

from kentongan.at import pdu
from kentongan.at.pdu import Alphabet, Mwi, Remark, Waiting

PLAIN = "G- G- G- G- D- D- D- D- U- U- U- U- R- R- R- R-"
CLASSED = "G0 G1 G2 G3 D0 D1 D2 D3 U0 U1 U2 U3 R0 R1 R2 R3"
RESERVED = "R- R- R- R- R- R- R- R- R- R- R- R- R- R- R- R-"
LAST = "G0 G1 G2 G3 D0 D1 D2 D3 r0 r1 r2 r3 d0 d1 d2 d3"  # lower case: bit 3 is reserved and set
GROUPS = [
    (0x0, PLAIN, ""),
    (0x1, CLASSED, ""),
    (0x2, PLAIN, "compressed"),
    (0x3, CLASSED, "compressed"),
    (0x4, PLAIN, "deleted"),
    (0x5, CLASSED, "deleted"),
    (0x6, PLAIN, "compressed deleted"),
    (0x7, CLASSED, "compressed deleted"),
    (0x8, RESERVED, ""),
    (0x9, RESERVED, ""),
    (0xA, RESERVED, ""),
    (0xB, RESERVED, ""),
    (0xF, LAST, ""),
]
CASES = [(group << 4 | low, cell, flags) for group, row, flags in GROUPS for low, cell in enumerate(row.split())]
ALPHABETS = {"G": Alphabet.GSM7, "D": Alphabet.DATA, "U": Alphabet.UCS2, "R": Alphabet.GSM7}


def delivery(raw, user_data_hex):
    return f"00040D91261832547698F000{raw:02X}62113251405082{user_data_hex}"


@pytest.mark.parametrize(("raw", "cell", "flags"), CASES)
def test_each_octet_of_the_general_groups_has_its_meaning(raw, cell, flags):
    dcs = pdu.dcs_of(raw)
    assert dcs.alphabet is ALPHABETS[cell[0].upper()]
    assert dcs.message_class == (None if cell[1] == "-" else int(cell[1]))
    assert dcs.compressed is ("compressed" in flags)
    assert dcs.automatic_deletion is ("deleted" in flags)
    assert dcs.mwi is None
    assert dcs.raw == raw
    assert dcs.reserved is (cell[0] not in "GDU")


@pytest.mark.parametrize("raw", range(0xC0, 0xF0))
def test_each_octet_of_the_waiting_groups_has_its_meaning(raw):
    dcs = pdu.dcs_of(raw)
    kinds = [Waiting.VOICEMAIL, Waiting.FAX, Waiting.EMAIL, Waiting.OTHER]
    assert dcs.alphabet is (Alphabet.UCS2 if raw >= 0xE0 else Alphabet.GSM7)
    assert dcs.mwi == Mwi(kinds[raw % 4], active=raw % 16 >= 8, store=raw >= 0xD0)
    assert (dcs.message_class, dcs.compressed, dcs.automatic_deletion) == (None, False, False)


@pytest.mark.parametrize("raw", range(256))
def test_a_delivery_in_any_coding_reads_and_writes_the_same_octets(raw):
    dcs = pdu.dcs_of(raw)
    pdu_hex = delivery(raw, "08" + ("E8329BFD4697D9" if dcs.counts_septets else "0041D83DDC4D0042"))
    deliver = pdu.decode(pdu_hex).tpdu
    assert deliver.dcs is dcs
    if dcs.compressed:
        assert (deliver.user_data.text, deliver.user_data.octets.hex()) == ("[compressed]", "0041d83ddc4d0042")
        assert deliver.user_data.lossy
    elif dcs.alphabet is Alphabet.DATA:
        assert (deliver.user_data.text, deliver.user_data.octets.hex()) == ("", "0041d83ddc4d0042")
    else:
        assert deliver.user_data.text == ("A👍B" if dcs.alphabet is Alphabet.UCS2 else "hellohel")
    assert (Remark.RESERVED_DCS in deliver.user_data.remarks) is (dcs.reserved and dcs.alphabet is Alphabet.GSM7)
    assert pdu.encode(deliver).pdu_hex == pdu_hex


@pytest.mark.parametrize(
    ("user_data_hex", "text", "remarks"),
    [
        ("00", "", ()),
        ("020041", "A", ()),
        ("03004100", "A", (Remark.ODD_UCS2,)),
        ("0100", "", (Remark.ODD_UCS2,)),
        ("040041D83D", "A\ud83d", (Remark.LONE_SURROGATE,)),
        ("04DC4D0041", "\udc4dA", (Remark.LONE_SURROGATE,)),
        ("04D83DDC4D", "👍", ()),
        ("04DC4DD83D", "\udc4d\ud83d", (Remark.LONE_SURROGATE,)),
        ("04FEFF0041", "A", (Remark.BYTE_ORDER_MARK,)),
        ("040041FEFF", "A\ufeff", ()),
        ("020000", "\x00", ()),
        ("042019201D", "\u2019\u201d", ()),
        ("060041", "A", (Remark.TEXT_CUT,)),
        ("0600410042D8", "AB", (Remark.TEXT_CUT, Remark.ODD_UCS2)),
    ],
)
def test_ucs2_text_is_read_as_phones_write_it(user_data_hex, text, remarks):
    user_data = pdu.decode(delivery(0x08, user_data_hex)).tpdu.user_data
    assert (user_data.text, user_data.remarks) == (text, remarks)


def test_halves_of_a_surrogate_pair_join_into_the_emoji():
    first = pdu.decode(delivery(0x08, "040041D83D")).tpdu.user_data.text
    second = pdu.decode(delivery(0x08, "04DC4D0042")).tpdu.user_data.text
    joined = (first + second).encode("utf-16-be", "surrogatepass").decode("utf-16-be")
    assert joined == "A👍B"


@pytest.mark.parametrize(
    ("user_data_hex", "text", "remarks"),
    [
        ("07C16030180C0601", "AAAAAAA", ()),
        ("08C16030180C0601", "AAAAAAA@", ()),
        ("08C16030180C06", "AAAAAA", (Remark.TEXT_CUT,)),
        ("FFC160", "AA", (Remark.TEXT_CUT,)),
        ("06", "", (Remark.TEXT_CUT,)),
        ("0200", "@", (Remark.TEXT_CUT,)),
        ("020D37", "\rn", ()),
    ],
)
def test_gsm7_text_has_exactly_the_announced_septets_that_are_there(user_data_hex, text, remarks):
    user_data = pdu.decode(delivery(0x00, user_data_hex)).tpdu.user_data
    assert (user_data.text, user_data.remarks) == (text, remarks)
    assert user_data.lossy is (Remark.TEXT_CUT in remarks)


@pytest.mark.parametrize(("user_data_hex", "octets"), [("03000102", b"\x00\x01\x02"), ("00", b""), ("05AB", b"\xab")])
def test_eight_bit_data_has_octets_and_no_text(user_data_hex, octets):
    user_data = pdu.decode(delivery(0x04, user_data_hex)).tpdu.user_data
    assert (user_data.octets, user_data.text) == (octets, "")


def test_a_text_has_no_eight_bit_form():
    with pytest.raises(pdu.PduUnsupported):
        pdu.write_text("A", Alphabet.DATA)


@pytest.mark.parametrize(("text", "index"), [("a\ud83d", 1), ("\udc4d", 0)])
def test_a_lone_surrogate_is_not_written(text, index):
    with pytest.raises(pdu.NotEncodable) as caught:
        pdu.write_text(text, Alphabet.UCS2)
    assert caught.value.index == index
