"""Time stamps and validity periods (3GPP TS 23.040 §9.2.3.11, §9.2.3.12)."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu
from kentongan.at.pdu import AbsoluteValidity, EnhancedValidity, RelativeValidity, Scts, Submit
from kentongan.at.pdu.validity import enhanced_seconds

WIB, WITA, WIT = 420, 480, 540


def moment_ms(*fields, offset_min=0):
    zone = timezone(timedelta(minutes=offset_min))
    return int(datetime(*fields, tzinfo=zone).timestamp()) * 1000


@pytest.mark.parametrize(
    ("raw_hex", "fields", "offset_min", "text"),
    [
        ("62113251405082", (2026, 11, 23, 15, 4, 5), WIB, "2026-11-23T15:04:05+07:00"),
        ("62211332959582", (2026, 12, 31, 23, 59, 59), WIB, "2026-12-31T23:59:59+07:00"),
        ("62113251405023", (2026, 11, 23, 15, 4, 5), WITA, "2026-11-23T15:04:05+08:00"),
        ("62113251405063", (2026, 11, 23, 15, 4, 5), WIT, "2026-11-23T15:04:05+09:00"),
        ("62113251405000", (2026, 11, 23, 15, 4, 5), 0, "2026-11-23T15:04:05+00:00"),
        ("6211325140500A", (2026, 11, 23, 15, 4, 5), -300, "2026-11-23T15:04:05-05:00"),
        ("6211325140502B", (2026, 11, 23, 15, 4, 5), -480, "2026-11-23T15:04:05-08:00"),
        ("62113251405041", (2026, 11, 23, 15, 4, 5), 210, "2026-11-23T15:04:05+03:30"),
        ("62113251405032", (2026, 11, 23, 15, 4, 5), 345, "2026-11-23T15:04:05+05:45"),
        ("00101000000000", (2000, 1, 1, 0, 0, 0), 0, "2000-01-01T00:00:00+00:00"),
        ("96211332959500", (2069, 12, 31, 23, 59, 59), 0, "2069-12-31T23:59:59+00:00"),
        ("07101000000000", (1970, 1, 1, 0, 0, 0), 0, "1970-01-01T00:00:00+00:00"),
        ("99211332959500", (1999, 12, 31, 23, 59, 59), 0, "1999-12-31T23:59:59+00:00"),
        ("42209200000000", (2024, 2, 29, 0, 0, 0), 0, "2024-02-29T00:00:00+00:00"),
        ("62113251405065", (2026, 11, 23, 15, 4, 5), 840, "2026-11-23T15:04:05+14:00"),
        ("6211325140506D", (2026, 11, 23, 15, 4, 5), -840, "2026-11-23T15:04:05-14:00"),
    ],
)
def test_a_stamp_reads_and_writes_as_these_octets(raw_hex, fields, offset_min, text):
    scts = Scts(bytes.fromhex(raw_hex))
    unix_ms = moment_ms(*fields, offset_min=offset_min)
    assert (scts.unix_ms, scts.offset_min, scts.text) == (unix_ms, offset_min, text)
    assert pdu.scts_of(unix_ms, offset_min) == scts


@pytest.mark.parametrize(
    "raw_hex",
    [
        "00000000000000",
        "62003251405082",  # month 0
        "62311251405082",  # month 13
        "62110051405082",  # day 0
        "62112351405082",  # day 32
        "62209251405082",  # 29 February 2026
        "62113242405082",  # hour 24
        "62113251065082",  # minute 60
        "62113251400682",  # second 60
        "A2113251405082",
        "2A113251405082",
        "62F13251405082",
        "6211325140F082",
        "62113251405075",  # zone +57 quarters
        "6211325140507D",  # zone -57 quarters
        "621132514050A0",  # zone digit above nine
        "621132514050FF",
        "FFFFFFFFFFFFFF",
    ],
)
def test_an_absurd_stamp_is_a_value_without_a_moment(raw_hex):
    scts = Scts(bytes.fromhex(raw_hex))
    assert scts.unix_ms is None
    assert scts.text == f"absurd ({raw_hex})"
    pdu_hex = f"00040D91261832547698F00000{raw_hex}06D427F3E93C02"
    deliver = pdu.decode(pdu_hex).tpdu
    assert (deliver.scts, deliver.user_data.text) == (scts, "TOLONG")
    assert pdu.encode(deliver).pdu_hex == pdu_hex


@pytest.mark.parametrize("quarters", range(-56, 57))
def test_every_zone_reads_back(quarters):
    scts = pdu.scts_of(1_795_421_045_000, 15 * quarters)
    assert (scts.unix_ms, scts.offset_min) == (1_795_421_045_000, 15 * quarters)
    assert bool(scts.raw[6] & 0x08) is (quarters < 0)


@pytest.mark.parametrize(
    ("unix_ms", "offset_min"),
    [(0, 1), (0, 855), (0, -855), (-1, 0), (10**14, 0), (10**20, 0), (3_155_760_000_000, 0), (0, -15)],
)
def test_a_moment_that_two_digits_cannot_say_is_refused(unix_ms, offset_min):
    with pytest.raises(pdu.PduUnsupported):
        pdu.scts_of(unix_ms, offset_min)


@settings(deadline=None)
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2069, 12, 30), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(-56, 56),
)
def test_any_moment_reads_back_to_the_second(moment, quarters):
    unix_ms = int(moment.timestamp() * 1000)
    scts = pdu.scts_of(unix_ms, 15 * quarters)
    assert scts.unix_ms == unix_ms - unix_ms % 1000
    assert scts.offset_min == 15 * quarters


@settings(deadline=None)
@given(st.binary(min_size=7, max_size=7))
def test_any_seven_octets_are_a_stamp(raw):
    scts = Scts(raw)
    if scts.unix_ms is not None:
        assert pdu.scts_of(scts.unix_ms, scts.offset_min).unix_ms == scts.unix_ms
    assert scts.text


def minutes_of(value):
    """Write the table of §9.2.3.12.1."""
    if value <= 143:
        return (value + 1) * 5
    if value <= 167:
        return 12 * 60 + (value - 143) * 30
    if value <= 196:
        return (value - 166) * 24 * 60
    return (value - 192) * 7 * 24 * 60


@pytest.mark.parametrize("value", range(256))
def test_every_relative_period_reads_and_writes(value):
    pdu_hex = f"0011000B818021436587F90000{value:02X}0AE8329BFD4697D9EC37"
    submit = pdu.decode(pdu_hex).tpdu
    assert submit.validity == RelativeValidity(value)
    assert submit.validity.minutes == minutes_of(value)
    assert pdu.relative(submit.validity.minutes) == submit.validity
    assert pdu.encode(submit).pdu_hex == pdu_hex


@pytest.mark.parametrize(
    ("minutes", "octet"),
    [
        (1, 0x00), (5, 0x00), (6, 0x01), (60, 0x0B), (61, 0x0C), (360, 0x47), (720, 0x8F), (721, 0x90), (750, 0x90),
        (751, 0x91), (1440, 0xA7), (1441, 0xA8), (2880, 0xA8), (2881, 0xA9), (4320, 0xA9), (10080, 0xAD),
        (43200, 0xC4), (43201, 0xC5), (50400, 0xC5), (50401, 0xC6), (635040, 0xFF),
    ],
)  # fmt: skip
def test_a_period_in_minutes_is_never_cut_short(minutes, octet):
    assert pdu.relative(minutes) == RelativeValidity(octet)


@settings(deadline=None)
@given(st.integers(1, 635_040))
def test_the_chosen_period_is_the_shortest_that_lasts(minutes):
    chosen = pdu.relative(minutes)
    assert chosen.minutes >= minutes
    assert chosen.value == 0 or RelativeValidity(chosen.value - 1).minutes < minutes


@pytest.mark.parametrize("minutes", [0, -1, 635_041, 10**9])
def test_a_period_that_one_octet_cannot_say_is_refused(minutes):
    with pytest.raises(pdu.PduUnsupported):
        pdu.relative(minutes)


@pytest.mark.parametrize(
    ("first", "period_hex", "validity"),
    [
        ("01", "", None),
        ("11", "A7", RelativeValidity(0xA7)),
        ("19", "62211332959582", AbsoluteValidity(Scts(bytes.fromhex("62211332959582")))),
        ("19", "FFFFFFFFFFFFFF", AbsoluteValidity(Scts(b"\xff" * 7))),
        ("09", "00000000000000", EnhancedValidity(bytes(7))),
        ("09", "01A70000000000", EnhancedValidity(b"\x01\xa7" + bytes(5))),
        ("09", "42FF0000000000", EnhancedValidity(b"\x42\xff" + bytes(5))),
        ("09", "03213243000000", EnhancedValidity(b"\x03\x21\x32\x43" + bytes(3))),
        ("09", "80000000000000", EnhancedValidity(b"\x80" + bytes(6))),
        ("09", "07FFFFFFFFFFFF", EnhancedValidity(b"\x07" + b"\xff" * 6)),
    ],
)
def test_every_validity_format_reads_and_writes(first, period_hex, validity):
    pdu_hex = f"00{first}000B818021436587F90000{period_hex}0AE8329BFD4697D9EC37"
    submit = pdu.decode(pdu_hex).tpdu
    assert isinstance(submit, Submit)
    assert (submit.validity, submit.user_data.text) == (validity, "hellohello")
    assert pdu.encode(submit).pdu_hex == pdu_hex


@pytest.mark.parametrize(
    ("raw_hex", "seconds", "single_shot"),
    [
        ("00000000000000", None, False),
        ("40000000000000", None, True),
        ("01A70000000000", 86_400, False),
        ("02050000000000", 5, False),
        ("42FF0000000000", 255, True),
        ("03213243000000", 12 * 3600 + 23 * 60 + 34, False),
        ("03999999000000", 99 * 3600 + 99 * 60 + 99, False),
        ("03A00000000000", None, False),
        ("030A0000000000", None, False),
        ("04000000000000", None, False),
        ("07000000000000", None, False),
        ("81A70000000000", None, False),
    ],
)
def test_an_enhanced_period_says_its_seconds_or_nothing(raw_hex, seconds, single_shot):
    validity = EnhancedValidity(bytes.fromhex(raw_hex))
    assert (validity.seconds, validity.single_shot) == (seconds, single_shot)


@settings(deadline=None)
@given(st.integers(1, 359_999), st.booleans())
def test_any_enhanced_period_reads_back(seconds, single_shot):
    validity = enhanced_seconds(seconds, single_shot=single_shot)
    assert (validity.seconds, validity.single_shot, len(validity.raw)) == (seconds, single_shot, 7)


@pytest.mark.parametrize("seconds", [0, -1, 360_000])
def test_an_enhanced_period_that_does_not_fit_is_refused(seconds):
    with pytest.raises(pdu.PduUnsupported):
        enhanced_seconds(seconds)
