import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.daemon.numbers import PartyKind, masked, party, reference

MOBILE = "+628123456789"


@pytest.mark.parametrize(
    ("shown", "number", "kind"),
    [
        ("+628123456789", MOBILE, PartyKind.MOBILE),
        ("628123456789", MOBILE, PartyKind.MOBILE),
        ("08123456789", MOBILE, PartyKind.MOBILE),
        ("8123456789", MOBILE, PartyKind.MOBILE),
        ("00628123456789", MOBILE, PartyKind.MOBILE),
        ("001628123456789", MOBILE, PartyKind.MOBILE),
        ("007628123456789", MOBILE, PartyKind.MOBILE),
        ("008628123456789", MOBILE, PartyKind.MOBILE),
        ("01017628123456789", MOBILE, PartyKind.MOBILE),
        ("+62 0812-345-6789", MOBILE, PartyKind.MOBILE),
        ("0812.345.6789", MOBILE, PartyKind.MOBILE),
        ("(0812) 345 6789", MOBILE, PartyKind.MOBILE),
        ("+622132881818", "+622132881818", PartyKind.FIXED),
        ("02132881818", "+622132881818", PartyKind.FIXED),
        ("+6591234567", "+6591234567", PartyKind.FOREIGN),
        ("1708", "", PartyKind.SHORT_CODE),
        ("4444", "", PartyKind.SHORT_CODE),
        ("99220", "", PartyKind.SHORT_CODE),
        ("*888#", "", PartyKind.SHORT_CODE),
        ("", "", PartyKind.HIDDEN),
        ("+", "", PartyKind.HIDDEN),
        ("0", "", PartyKind.SHORT_CODE),
        ("+0812", "", PartyKind.SHORT_CODE),
    ],
)
def test_a_number_has_one_normal_form(shown, number, kind):
    found = party(shown)
    assert (found.number, found.kind) == (number, kind)
    assert found.replyable is bool(number)


def test_a_name_is_never_answered():
    found = party("TELKOMSEL", alphanumeric=True)
    assert (found.number, found.address, found.replyable) == ("", "TELKOMSEL", False)


@given(st.text(max_size=30), st.booleans())
def test_any_address_gives_a_party(shown, alphanumeric):
    found = party(shown, alphanumeric=alphanumeric)
    assert found.number == "" or re.fullmatch(r"\+[1-9]\d{6,14}", found.number)
    assert found.replyable is bool(found.number)


def test_a_reference_is_stable_secret_and_shaped_as_in_the_contract():
    assert reference(b"k", MOBILE) == reference(b"k", MOBILE)
    assert reference(b"k", MOBILE) != reference(b"other", MOBILE)
    assert re.fullmatch(r"s_[A-Za-z0-9_-]{12}", reference(b"k", MOBILE))


def test_a_masked_number_keeps_its_ends():
    assert masked("+6281234567890") == "+62812*****890"
    assert masked("1708") == "****"
