import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.queue import inbox
from kentongan.queue.inbox import Arrival, Joins, Opens, Piece, Repeats, Sibling, assign, clean, join, may_free
from kentongan.queue.records import Concat, Encoding, Held

HOUR_MS = 3_600_000

# -- slots -----------------------------------------------------------------------------------------------------------

# published, is_ticket, incomplete, broker_up, crowded -> free. Only one row keeps the slot.
TRUTH = dict.fromkeys(itertools.product((False, True), repeat=5), True) | {(False, True, False, True, False): False}


@pytest.mark.parametrize(("facts", "free"), TRUTH.items())
def test_a_slot_is_kept_only_while_an_unpublished_whole_ticket_can_be_published_soon(
    facts: tuple[bool, ...], free: bool
) -> None:
    published, is_ticket, incomplete, broker_up, crowded = facts
    assert may_free(Held(published, is_ticket, incomplete), broker_up=broker_up, crowded=crowded) is free


# -- concatenation element -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("total", "sequence", "usable"),
    [
        (3, 1, True),
        (3, 3, True),
        (255, 255, True),
        (0, 0, False),
        (3, 0, False),
        (3, 4, False),
        (0, 1, False),
        (1, 1, False),
    ],
)
def test_an_impossible_header_is_ignored(total: int, sequence: int, usable: bool) -> None:
    concat = Concat(7, 8, total, sequence)
    assert inbox.usable(concat) == (concat if usable else None)


def test_no_header_is_no_header() -> None:
    assert inbox.usable(None) is None


# -- assembly --------------------------------------------------------------------------------------------------------


def sibling(seq: int, sequence: int, text: str = "x", at_ms: int = 0, smsc_ms: int | None = None) -> Sibling:
    return Sibling(seq, sequence, text, b"", at_ms, smsc_ms)


def arrival(sequence: int, text: str = "y", at_ms: int = 1_000, smsc_ms: int | None = None) -> Arrival:
    return Arrival(sequence, text, b"", at_ms, smsc_ms)


def test_the_first_part_opens() -> None:
    assert assign(arrival(2), []) == Opens()


def test_a_missing_part_joins() -> None:
    assert assign(arrival(2), [sibling(7, 1), sibling(7, 3)]) == Joins(7)


def test_the_same_part_again_repeats() -> None:
    assert assign(arrival(1, "x"), [sibling(7, 1, "x")]) == Repeats(7)


def test_the_same_sequence_with_another_text_is_a_reused_reference() -> None:
    assert assign(arrival(1, "y"), [sibling(7, 1, "x"), sibling(7, 2)]) == Opens()


def test_the_same_text_hours_later_is_a_new_complaint() -> None:
    assert assign(arrival(1, "x", at_ms=3 * HOUR_MS), [sibling(7, 1, "x"), sibling(7, 2)]) == Opens()


def test_of_two_messages_with_the_gap_the_nearest_stamp_gets_the_part() -> None:
    older, newer = sibling(7, 1, smsc_ms=1_000), sibling(8, 1, smsc_ms=9 * HOUR_MS)
    assert assign(arrival(2, smsc_ms=2_000), [older, newer]) == Joins(7)
    assert assign(arrival(2, smsc_ms=9 * HOUR_MS - 1), [older, newer]) == Joins(8)


def test_without_stamps_the_newest_message_gets_the_part() -> None:
    assert assign(arrival(2), [sibling(7, 1), sibling(8, 1)]) == Joins(8)


@pytest.mark.parametrize(
    ("age_ms", "expected"), [(inbox.GROUP_WINDOW_MS, Joins(7)), (inbox.GROUP_WINDOW_MS + 1, Opens())]
)
def test_a_part_joins_within_the_window_only(age_ms: int, expected: object) -> None:
    assert assign(arrival(2, at_ms=age_ms), [sibling(7, 1)]) == expected


# -- text ------------------------------------------------------------------------------------------------------------


def piece(sequence: int, text: str, encoding: Encoding = Encoding.GSM7, *, lossy: bool = False) -> Piece:
    return Piece(sequence, text, encoding, b"", lossy)


@pytest.mark.parametrize(
    ("texts", "total", "joined", "missing"),
    [
        ({1: "a", 2: "b"}, 2, "ab", ()),
        ({2: "b"}, 3, "[…]b[…]", (1, 3)),
        ({4: "d"}, 4, "[…]d", (1, 2, 3)),
        ({1: "a", 4: "d"}, 4, "a[…]d", (2, 3)),
        ({1: "[…]"}, 2, "[…][…]", (2,)),
    ],
)
def test_gaps_are_marked(texts: dict[int, str], total: int, joined: str, missing: tuple[int, ...]) -> None:
    found = join([piece(n, text) for n, text in texts.items()], total)
    assert (found.text, found.missing, found.lossy) == (joined, missing, bool(missing))


def test_a_character_split_over_two_parts_is_whole_again() -> None:
    high, low = "😀".encode("utf-16-be")[:2], "😀".encode("utf-16-be")[2:]
    halves = [half.decode("utf-16-be", "surrogatepass") for half in (high, low)]
    found = join([piece(1, "a" + halves[0], Encoding.UCS2), piece(2, halves[1] + "b", Encoding.UCS2)], 2)
    assert (found.text, found.lossy) == ("a😀b", False)


def test_half_a_character_beside_a_gap_is_replaced_and_said() -> None:
    found = join([piece(1, "a\ud83d", Encoding.UCS2)], 2)
    assert (found.text, found.lossy) == ("a\ufffd[…]", True)


@pytest.mark.parametrize(
    ("raw", "padded", "text"),
    [
        ("a\r\nb\rc\n", False, "a\nb\nc\n"),
        ("\x00a\tb\x1b\x7f\x85c", False, "a\tbc"),
        ("  spasi  ", False, "  spasi  "),
        ("e\u0301", False, "é"),
        ("surat@", True, "surat"),
        ("surat@", False, "surat@"),
        ("a@b@@", True, "a@b"),
        ("👨‍👩‍👧", False, "👨‍👩‍👧"),
    ],
)
def test_text_is_cleaned_and_nothing_else_is_touched(raw: str, padded: bool, text: str) -> None:
    assert clean(raw, padded=padded) == (text, True)


def test_an_at_sign_at_the_end_of_an_inner_part_stays() -> None:
    assert join([piece(1, "budi@"), piece(2, "desa.id")], 2).text == "budi@desa.id"


@given(st.text(st.characters(codec=None, exclude_categories=[]), max_size=40))
def test_clean_text_is_valid_unicode_and_stays_as_it_is(raw: str) -> None:
    text, _ = clean(raw, padded=False)
    text.encode("utf-8")
    assert clean(text, padded=False) == (text, True)
    assert unicodedata.is_normalized("NFC", text)


@given(
    st.text(min_size=2, max_size=60).filter(lambda text: clean(text, padded=False)[0] == text),
    st.data(),
)
def test_utf16_units_cut_anywhere_join_to_the_same_text_in_any_order(text: str, data: st.DataObject) -> None:
    units = text.encode("utf-16-be")
    count = len(units) // 2
    cuts = sorted(data.draw(st.sets(st.integers(1, count - 1), max_size=5))) if count > 1 else []
    edges = [0, *cuts, count]
    parts = [
        piece(n, units[2 * a : 2 * b].decode("utf-16-be", "surrogatepass"), Encoding.UCS2)
        for n, (a, b) in enumerate(itertools.pairwise(edges), start=1)
    ]
    found = join(data.draw(st.permutations(parts)), len(parts))
    assert (found.text, found.missing, found.lossy) == (text, (), False)


@pytest.mark.parametrize(
    ("encodings", "expected"),
    [
        ([Encoding.GSM7, Encoding.GSM7], Encoding.GSM7),
        ([Encoding.GSM7, Encoding.UCS2], Encoding.UCS2),
        ([Encoding.BINARY, Encoding.BINARY], Encoding.BINARY),
        ([Encoding.GSM7, Encoding.BINARY], Encoding.GSM7),
    ],
)
def test_the_encoding_is_the_widest_of_the_parts(encodings: list[Encoding], expected: Encoding) -> None:
    assert join([piece(n, "a", encoding) for n, encoding in enumerate(encodings, 1)], 2).encoding is expected


def test_a_binary_message_has_its_octets_and_no_text() -> None:
    parts = [Piece(2, "", Encoding.BINARY, b"\x02", False), Piece(1, "", Encoding.BINARY, b"\x01", False)]
    found = join(parts, 2)
    assert (found.text, found.data, found.encoding) == ("", b"\x01\x02", Encoding.BINARY)
