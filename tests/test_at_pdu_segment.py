"""Texts cut into SUBMITs: whole characters, cheapest alphabet, what is changed and why."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import Alphabet, Change, Concat, Language, LockingShift, SingleShift, gsm7
from kentongan.at.pdu.grapheme import clusters

FAMILY = "👨‍👩‍👧‍👦"
TO = "+6281234567890"


def cut(text, **options):
    return pdu.segment(text, TO, **{"reference": 7, "report": True, "validity_min": 1440} | options)


def read(segmented):
    submits = [pdu.decode(part.pdu_hex, part.tpdu_octets).tpdu for part in segmented.parts]
    assert [submit.user_data.text for submit in submits] == [part.text for part in segmented.parts]
    return submits


@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        ("", "gsm7", 1),
        ("a" * 160, "gsm7", 1),
        ("a" * 161, "gsm7", 2),
        ("a" * 306, "gsm7", 2),
        ("a" * 307, "gsm7", 3),
        ("a" * 460, "gsm7", 4),
        ("€" * 80, "gsm7", 1),
        ("€" * 81, "gsm7", 2),
        ("€" * 152, "gsm7", 2),
        ("€" * 153, "gsm7", 3),  # 153 septets hold 76 pairs, not 76 and a half
        ("ж" * 70, "ucs2", 1),
        ("ж" * 71, "ucs2", 2),
        ("ж" * 134, "ucs2", 2),
        ("ж" * 135, "ucs2", 3),
        ("👍" * 35, "ucs2", 1),
        ("👍" * 36, "ucs2", 2),
        ("👍" * 66, "ucs2", 2),  # 67 units hold 33 pairs
        ("👍" * 67, "ucs2", 3),
        ("a" * 153 * 255, "gsm7", 255),
    ],
)
def test_a_text_takes_this_many_parts(text, encoding, parts):
    segmented = cut(text)
    assert (segmented.encoding, len(segmented.parts), segmented.changes) == (encoding, parts, ())
    submits = read(segmented)
    assert "".join(part.text for part in segmented.parts) == text
    concats = [submit.user_data.concat for submit in submits]
    assert concats == ([None] if parts == 1 else [Concat(7, 8, parts, number + 1) for number in range(parts)])
    assert all(len(part.pdu_hex) // 2 - 1 == part.tpdu_octets <= 155 for part in segmented.parts)


@pytest.mark.parametrize(
    ("before", "character", "first"),
    [
        ("a" * 152, "€", 152),  # an escape pair
        ("ж" * 66, "👍", 66),  # a surrogate pair
        ("ж" * 66, "ж\u0301", 66),  # a letter and its accent
        ("ж" * 60, FAMILY, 60),
        ("ж" * 65, "👍🏽", 65),
        ("ж" * 65, "🇮🇩", 65),
        ("ж" * 66, "❤\ufe0f", 66),
        ("ж" * 66, "क\u093f", 66),
        ("ж" * 66, "\r\n", 66),
    ],
)
def test_no_part_ends_inside_a_character(before, character, first):
    segmented = cut(before + character + "x" * 100)
    assert segmented.parts[0].text == before
    assert segmented.parts[1].text.startswith(character)
    assert len(segmented.parts[0].text) == first
    read(segmented)


def test_a_cluster_that_no_part_can_hold_is_cut_between_its_characters():
    text = "ж" + "\u0301" * 200
    segmented = cut(text)
    assert [len(part.text) for part in segmented.parts] == [67, 67, 67]
    assert "".join(part.text for part in segmented.parts) == text


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("ab", ["a", "b"]),
        ("e\u0301e", ["e\u0301", "e"]),
        (FAMILY + "!", [FAMILY, "!"]),
        ("👍🏽👍", ["👍🏽", "👍"]),
        ("🇮🇩🇲🇾🇮", ["🇮🇩", "🇲🇾", "🇮"]),
        ("\r\n\n\r", ["\r\n", "\n", "\r"]),
        ("❤\ufe0f", ["❤\ufe0f"]),
        ("\u0301a", ["\u0301", "a"]),
        ("1\ufe0f\u20e3", ["1\ufe0f\u20e3"]),
        ("🏴\U000e0067\U000e0062\U000e007f", ["🏴\U000e0067\U000e0062\U000e007f"]),
    ],
)
def test_a_text_is_seen_as_these_characters(text, pieces):
    assert clusters(text) == pieces


@pytest.mark.parametrize(("reference", "width", "room"), [(0, 8, 153), (255, 8, 153), (256, 16, 152), (65535, 16, 152)])
def test_a_reference_takes_the_shorter_element_that_holds_it(reference, width, room):
    segmented = cut("a" * 161, reference=reference)
    assert len(segmented.parts[0].text) == room
    assert read(segmented)[0].user_data.concat == Concat(reference, width, 2, 1)


@pytest.mark.parametrize("reference", [-1, 65536])
@pytest.mark.parametrize("text", ["", "a" * 161])
def test_a_reference_that_no_element_holds_is_refused(text, reference):
    with pytest.raises(pdu.PduUnsupported):
        cut(text, reference=reference)


@pytest.mark.parametrize(
    ("options", "first_octet", "validity"),
    [
        ({"report": False, "validity_min": 60}, 0x11, 0x0B),
        ({"report": True, "validity_min": 1440}, 0x31, 0xA7),
        ({"report": True, "validity_min": 10080}, 0x31, 0xAD),
    ],
)
def test_report_and_validity_are_in_every_part(options, first_octet, validity):
    for text, header in (("a", 0), ("a" * 200, 0x40)):
        for part in cut(text, **options).parts:
            assert part.pdu_hex.startswith(f"00{first_octet | header:02X}00")
            assert pdu.decode(part.pdu_hex).tpdu.validity == pdu.RelativeValidity(validity)


@pytest.mark.parametrize(
    ("text", "max_parts", "parts", "encoding"),
    [
        ("a" * 161, 1, 2, "gsm7"),
        ("ж" * 71, 1, 2, "ucs2"),
        ("a" * 1000, 6, 7, "gsm7"),
        ("a" * (153 * 255 + 1), 255, 256, "gsm7"),
        ("a" * (153 * 255 + 1), 1000, 256, "gsm7"),
        ("ж" * 20000, 255, 299, "ucs2"),
        ("a" * 1_000_000, 255, 6536, "gsm7"),
        ("", 0, 1, "gsm7"),
    ],
)
def test_a_text_of_too_many_parts_is_refused_with_their_number(text, max_parts, parts, encoding):
    with pytest.raises(pdu.TooLong) as caught:
        cut(text, max_parts=max_parts)
    assert (caught.value.parts, caught.value.max_parts, caught.value.encoding) == (parts, max_parts, encoding)


@pytest.mark.parametrize(("text", "index"), [("a\ud83d", 1), ("\udc4db", 0), ("👍\ud83d\ud83d", 1)])
def test_a_lone_surrogate_is_refused_with_its_place(text, index):
    with pytest.raises(pdu.NotEncodable) as caught:
        cut(text)
    assert (caught.value.character, caught.value.index) == (text[index], index)


@pytest.mark.parametrize("recipient", ["", "TELKOMSEL", "+62 812", "1" * 21])
def test_a_recipient_that_is_no_number_is_refused(recipient):
    with pytest.raises(pdu.PduError):
        pdu.segment("a", recipient, reference=0, report=False, validity_min=60)


@pytest.mark.parametrize(
    ("text", "written", "changes"),
    [
        (
            "\u2018a\u2019 \u201cb\u201d",
            "'a' \"b\"",
            [(0, "\u2018", "'"), (2, "\u2019", "'"), (4, "\u201c", '"'), (6, "\u201d", '"')],
        ),
        ("a \u2013 b \u2014 c", "a - b - c", [(2, "\u2013", "-"), (6, "\u2014", "-")]),
        ("tunggu…", "tunggu...", [(6, "…", "...")]),
        ("• satu", "* satu", [(0, "•", "*")]),
        ("a\u00a0b\tc", "a b c", [(1, "\u00a0", " "), (3, "\t", " ")]),
        ("a\u200bb\ufeff", "ab", [(1, "\u200b", ""), (3, "\ufeff", "")]),
        ("27°", "27 deg", [(2, "°", " deg")]),
        ("½ m²", "1/2 m2", [(0, "½", "1/2"), (3, "²", "2")]),
        ("í ç ã é", "i c a é", [(0, "í", "i"), (2, "ç", "c"), (4, "ã", "a")]),
        ("e\u0301 i\u0301", "é i", [(0, "e\u0301", "é"), (3, "i\u0301", "i")]),
        (
            "\uff34\uff4f\uff4c\uff4f\uff4e\uff47",
            "Tolong",
            [(i, chr(0xFF00 + ord(c) - 0x20), c) for i, c in enumerate("Tolong")],
        ),
        ("`a\u00b4", "'a'", [(0, "`", "'"), (2, "\u00b4", "'")]),
        ("™©®", "(TM)(C)(R)", [(0, "™", "(TM)"), (1, "©", "(C)"), (2, "®", "(R)")]),
        ("ﬁle", "file", [(0, "ﬁ", "fi")]),
        ("a\u2028b", "a\nb", [(1, "\u2028", "\n")]),
    ],
)
def test_what_has_a_spelling_is_spelled_and_told(text, written, changes):
    wanted = tuple(Change(*change) for change in changes)
    assert pdu.transliterate(text) == (written, wanted)
    segmented = cut(text)
    assert (segmented.encoding, segmented.parts[0].text, segmented.changes) == ("gsm7", written, wanted)
    assert segmented.why == f"in the GSM 7-bit alphabet after {len(wanted)} change{'s' * (len(wanted) > 1)}"


@pytest.mark.parametrize(
    "text", ["Halo", "è é ù ì ò à ä ö ñ ü Ä Ö Ñ Ü É Å å Ø ø Æ æ ß Ç", "{[~^|€]}\\", "Δ Φ Γ", "\f\r\n"]
)
def test_what_is_in_the_alphabet_is_not_touched(text):
    assert pdu.transliterate(text) == (text, ())
    segmented = cut(text)
    assert (segmented.changes, segmented.why) == ((), "every character is in the GSM 7-bit alphabet")


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("Siap 👍", 5),
        ("بسم", 0),
        ("“ok” ﷺ", 5),
        ("a\u0301 ж", 3),
        ("\u0301", 0),
        ("\x00", 0),
        ("\x1b", 0),
        ("\ufffd", 0),
    ],
)
def test_a_text_with_one_strange_character_stays_as_it_is_in_ucs2(text, index):
    segmented = cut(text)
    assert (segmented.encoding, segmented.parts[0].text, segmented.changes) == ("ucs2", text, ())
    assert segmented.why == f"{text[index]!r} (U+{ord(text[index]):04X}) at {index} is not in the GSM 7-bit alphabet"


def test_a_leading_byte_order_mark_is_dropped_and_told():
    segmented = cut("\ufeff\ufeffж")
    assert (segmented.parts[0].text, segmented.changes) == ("ж", (Change(0, "\ufeff\ufeff", ""),))


@pytest.mark.parametrize(
    ("text", "written"),
    [("Siap 👍", "Siap (ok)"), ("🚨 Banjir", "(!) Banjir"), ("👍🏽", "(ok)"), ("❤\ufe0f😭", "<3:(")],
)
def test_emoji_are_named_only_when_asked(text, written):
    assert cut(text).encoding == "ucs2"
    segmented = cut(text, emoji_names=True)
    assert (segmented.encoding, segmented.parts[0].text) == ("gsm7", written)
    assert "".join(change.after for change in segmented.changes) in written
    assert cut(text + " 🦆", emoji_names=True).parts[0].text == text + " 🦆"


@pytest.mark.parametrize(
    ("text", "languages", "encoding", "parts", "elements"),
    [
        ("ş" * 77, [Language.TURKISH], "gsm7", 1, (SingleShift(1),)),
        ("ş" * 78, [Language.TURKISH], "gsm7", 1, (LockingShift(1),)),
        ("ş" * 155, [Language.TURKISH], "gsm7", 1, (LockingShift(1),)),
        ("ş" * 60, [Language.TURKISH], "gsm7", 1, ()),  # UCS-2 is no dearer: spelled instead
        ("ção{}" * 17, [Language.PORTUGUESE], "gsm7", 1, (SingleShift(3),)),
        ("क" * 80, [Language.HINDI], "gsm7", 1, (LockingShift(6),)),
        ("क१" * 50, [Language.HINDI], "gsm7", 1, (LockingShift(6), SingleShift(6))),
        ("क" * 80, [Language.TURKISH], "ucs2", 2, ()),
        ("க" * 100, [Language.TURKISH, Language.TAMIL], "gsm7", 1, (LockingShift(11),)),
    ],
)
def test_a_shift_table_is_used_when_allowed_and_cheaper(text, languages, encoding, parts, elements):
    segmented = cut(text, languages=languages)
    assert (segmented.encoding, len(segmented.parts)) == (encoding, parts)
    found = read(segmented)[0].user_data.elements
    assert tuple(element for element in found if not isinstance(element, Concat)) == elements
    if elements:
        assert segmented.parts[0].text == text
        assert "tables" in segmented.why


def test_every_part_of_a_long_text_announces_its_tables():
    segmented = cut("क" * 400, languages=[Language.HINDI])
    assert [len(part.text) for part in segmented.parts] == [149, 149, 102]
    for number, submit in enumerate(read(segmented), start=1):
        assert submit.user_data.elements == (Concat(7, 8, 3, number), LockingShift(6))


@pytest.mark.parametrize(
    ("text", "alphabet", "width", "lengths"),
    [
        ("a" * 161, Alphabet.GSM7, 8, [153, 8]),
        ("a" * 161, Alphabet.GSM7, 16, [152, 9]),
        ("a" * 71, Alphabet.UCS2, 8, [67, 4]),
        ("a" * 71, Alphabet.UCS2, 16, [66, 5]),
        ("a", Alphabet.UCS2, 16, [1]),
    ],
)
def test_a_text_is_cut_for_a_given_alphabet(text, alphabet, width, lengths):
    assert [len(part) for part in pdu.split(text, alphabet, width=width)] == lengths


def is_well_formed(text):
    return not any("\ud800" <= character <= "\udfff" for character in text)


TEXTS = (
    st.text(max_size=400)
    | st.text(sorted(gsm7.DEFAULT.septets), max_size=700)
    | st.text("aé\u2019…👍🏽\u200d\u0301€\ufeff", max_size=300)
)


@settings(deadline=None)
@given(TEXTS, st.integers(0, 65535))
@example("\ufeff" + "ж" * 66 + "\ufeffж", 1)
@example("\ufeffabc…", 1)
def test_any_text_is_read_back_from_its_parts(text, reference):
    segmented = pdu.segment(text, TO, reference=reference, report=True, validity_min=1440)
    submits = read(segmented)
    joined = "".join(part.text for part in segmented.parts)
    written = text
    for change in reversed(segmented.changes):
        assert text.startswith(change.before, change.index)
        written = written[: change.index] + change.after + written[change.index + len(change.before) :]
    assert joined == written
    assert all(is_well_formed(part.text) for part in segmented.parts)
    assert {submit.user_data.lossy for submit in submits} == {False}
    limit = 160 if segmented.encoding == "gsm7" else 140
    assert max(submit.user_data.length for submit in submits) <= limit
    assert all(len(submit.user_data.raw) <= 140 for submit in submits)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_the_pieces_of_a_text_are_the_text(text):
    pieces = clusters(text)
    assert "".join(pieces) == text
    assert all(pieces)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_a_transliteration_touches_only_what_it_tells(text):
    written, changes = pdu.transliterate(text)
    again, more = pdu.transliterate(written)
    assert (again, more) == (written, ())
    assert all(change.before != change.after for change in changes)
    assert not any(
        character in gsm7.DEFAULT.septets and not unicodedata.combining(character)
        for change in changes
        for character in change.before[:1]
        if len(change.before) == 1
    )
