"""Septets: packing of 3GPP TS 23.038 §6.1.2.1, default alphabet and extension of §6.2.1."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import Remark, gsm7

BASIC = """
00 @  10 Δ  20 SP 30 0  40 ¡  50 P  60 ¿  70 p
01 £  11 _  21 !  31 1  41 A  51 Q  61 a  71 q
02 $  12 Φ  22 "  32 2  42 B  52 R  62 b  72 r
03 ¥  13 Γ  23 #  33 3  43 C  53 S  63 c  73 s
04 è  14 Λ  24 ¤  34 4  44 D  54 T  64 d  74 t
05 é  15 Ω  25 %  35 5  45 E  55 U  65 e  75 u
06 ù  16 Π  26 &  36 6  46 F  56 V  66 f  76 v
07 ì  17 Ψ  27 '  37 7  47 G  57 W  67 g  77 w
08 ò  18 Σ  28 (  38 8  48 H  58 X  68 h  78 x
09 Ç  19 Θ  29 )  39 9  49 I  59 Y  69 i  79 y
0A LF 1A Ξ  2A *  3A :  4A J  5A Z  6A j  7A z
0B Ø  2B +  3B ;  4B K  5B Ä  6B k  7B ä  0C ø
1C Æ  2C ,  3C <  4C L  5C Ö  6C l  7C ö  0D CR
1D æ  2D -  3D =  4D M  5D Ñ  6D m  7D ñ  0E Å
1E ß  2E .  3E >  4E N  5E Ü  6E n  7E ü  0F å
1F É  2F /  3F ?  4F O  5F §  6F o  7F à
"""
EXTENDED = "0A FF 14 ^ 28 { 29 } 2F \\ 3C [ 3D ~ 3E ] 40 | 65 €"
NAMES = {"SP": " ", "LF": "\n", "CR": "\r", "FF": "\f"}


def cells(table):
    tokens = table.split()
    return [(int(code, 16), NAMES.get(name, name)) for code, name in zip(tokens[::2], tokens[1::2], strict=True)]


@pytest.mark.parametrize(("code", "character"), cells(BASIC))
def test_each_code_of_the_default_alphabet_is_its_character(code, character):
    assert gsm7.DEFAULT.decode(bytes((code,))) == (character, ())
    assert gsm7.DEFAULT.encode(character) == bytes((code,))


@pytest.mark.parametrize(("code", "character"), cells(EXTENDED))
def test_each_code_of_the_extension_costs_two_septets(code, character):
    assert gsm7.DEFAULT.decode(bytes((0x1B, code))) == (character, ())
    assert gsm7.DEFAULT.encode(character) == bytes((0x1B, code))


def test_the_default_alphabet_has_137_characters():
    assert len(cells(BASIC)) == 127
    assert set(gsm7.DEFAULT.septets) == {character for _, character in cells(BASIC) + cells(EXTENDED)}


UNLISTED = sorted(set(range(128)) - {code for code, _ in cells(EXTENDED)} - {0x0D, 0x1B})


@pytest.mark.parametrize("code", UNLISTED)
def test_an_unlisted_escape_shows_the_base_character_and_is_remarked(code):
    assert gsm7.DEFAULT.decode(bytes((0x1B, code))) == (dict(cells(BASIC))[code], (Remark.BAD_ESCAPE,))


@pytest.mark.parametrize(
    ("septets", "text", "remarks"),
    [
        (b"\x1b", "", (Remark.LONE_ESCAPE,)),
        (b"A\x1b", "A", (Remark.LONE_ESCAPE,)),
        (b"\x1b\x1b", " ", (Remark.BAD_ESCAPE,)),
        (b"\x1b\x1b\x1b", " ", (Remark.BAD_ESCAPE, Remark.LONE_ESCAPE)),
        (b"A\x1b\x0dB", "AB", ()),
        (b"\x1b\x65\x1b\x3c\x1b\x3e", "€[]", ()),
        (b"\x1b\x1b\x65", " e", (Remark.BAD_ESCAPE,)),
        (b"\x1b\x41\x1b\x42", "AB", (Remark.BAD_ESCAPE,)),
        (b"", "", ()),
    ],
)
def test_escapes_at_odd_places_are_shown_as_the_standard_says(septets, text, remarks):
    assert gsm7.DEFAULT.decode(septets) == (text, remarks)


@pytest.mark.parametrize("character", ["`", "\t", "\u2019", "\u2013", "…", "°", "á", "ç", "•", "👍", "\x1b", "\ufffd"])
def test_a_character_outside_the_alphabet_is_refused_with_its_place(character):
    with pytest.raises(pdu.NotEncodable) as caught:
        gsm7.DEFAULT.encode("ab" + character + "c")
    assert (caught.value.character, caught.value.index) == (character, 2)


@pytest.mark.parametrize(
    ("septets", "octets_hex"),
    [
        (b"hellohello", "E8329BFD4697D9EC37"),
        (b"\x1b\x65\x1b\x3c\x1b\x3e", "9BF286B7F101"),
        (b"A" * 6, "C16030180C02"),
        (b"A" * 7, "C16030180C0601"),
        (b"A" * 8, "C16030180C0683"),
        (b"A" * 15, "C16030180C0683C16030180C0601"),
        (b"A" * 16, "C16030180C0683C16030180C0683"),
        (b"A" * 7 + b"\x00", "C16030180C0601"),
        (b"TOLONG", "D427F3E93C02"),
        (b"", ""),
        (b"\x7f", "7F"),
    ],
)
def test_septets_pack_into_these_octets(septets, octets_hex):
    assert gsm7.pack(septets).hex().upper() == octets_hex
    assert gsm7.unpack(bytes.fromhex(octets_hex), len(septets)) == septets


@pytest.mark.parametrize(
    ("fill", "octets_hex"), list(enumerate(["41E110", "82C221", "048543", "080A87", "10140E", "20281C", "405038"]))
)
def test_fill_bits_stand_before_the_first_septet(fill, octets_hex):
    octets = gsm7.pack(b"ABC", fill)
    assert octets.hex().upper().startswith(octets_hex)
    assert gsm7.unpack(octets, 3, fill) == b"ABC"


def slow_pack(septets, fill):
    bits = "0" * fill + "".join(format(septet, "07b")[::-1] for septet in septets)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8][::-1], 2) for at in range(0, len(bits), 8))


@settings(deadline=None)
@given(st.lists(st.integers(0, 127), max_size=256).map(bytes), st.integers(0, 6))
def test_packing_is_the_bit_stream_of_the_standard(septets, fill):
    octets = gsm7.pack(septets, fill)
    assert octets == slow_pack(septets, fill)
    assert gsm7.unpack(octets, len(septets), fill) == septets


@settings(deadline=None)
@given(st.text(alphabet=sorted(gsm7.DEFAULT.septets), max_size=200))
def test_text_of_the_alphabet_reads_back(text):
    assert gsm7.DEFAULT.decode(gsm7.DEFAULT.encode(text)) == (text, ())


@settings(deadline=None)
@given(st.binary(max_size=160).map(lambda octets: bytes(octet & 0x7F for octet in octets)))
def test_any_septets_have_a_reading(septets):
    text, _ = gsm7.DEFAULT.decode(septets)
    assert len(text) <= len(septets)
    assert set(text) <= set(gsm7.DEFAULT.septets)
