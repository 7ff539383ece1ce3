"""The promise of the codec: any string is decoded or refused with a `PduError`; the seeds stay here."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.at import pdu

SEEDS = [
    "06912618010000040D91261832547698F000006211325140508206D427F3E93C02",
    "069126180100000410D0D42273F96C4E8B4C0000621132514050820BD03A7B1E06A1C3E2F41C",
    "06912618010000062A0D91261832547698F0621132514050826211425140908246",
    "0071000D91261832547698F00000A70B0608041234020141E110",
    "0031000D91261832547698F00008A70E00530069006100700020D83DDC4D",
    "00440DD041E19058341E010008621132514050820C0500034A0201D83DDC4D0041",
    "004405810121F3000062113251405082200724010125010C0B2E1B9BF286B7F101",
    "0044048155550004621132514050820B06050B8423F000010203",
    "0002000481000062113251405082621132514050820007000002C834",
]


def check(pdu_hex, tpdu_octets=None):
    """Decode; touch everything that is derived; write again what has no remarks."""
    try:
        decoded = pdu.decode(pdu_hex, tpdu_octets)
    except pdu.PduError as error:
        return str(error)
    match decoded.tpdu:
        case pdu.Deliver() as deliver:
            derived = (deliver.scts.unix_ms, deliver.scts.offset_min, deliver.originator.text)
            data = deliver.user_data
        case pdu.Submit() as submit:
            derived = (submit.destination.text,)
            data = submit.user_data
        case pdu.StatusReport() as report:
            derived = (report.outcome, report.discharged.text, report.recipient.text)
            data = report.optional.user_data
    if data is not None:
        derived += (data.octets, data.concat, data.ports, data.lossy, len(data.text))
    return repr(derived) + repr(decoded.remarks)


@pytest.mark.parametrize("pdu_hex", SEEDS)
def test_the_seeds_are_decoded(pdu_hex):
    assert pdu.decode(pdu_hex).tpdu
    assert check(pdu_hex)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_cut_anywhere_is_decoded_or_refused(seed):
    for length in range(len(seed)):
        assert check(seed[:length])
        assert check(seed[length:])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_with_any_octet_changed_to_any_value_at_a_stride_is_decoded_or_refused(seed):
    octets = bytearray.fromhex(seed)
    for index, original in enumerate(octets):
        for value in range(index % 5, 256, 5):
            octets[index] = value
            assert check(octets.hex())
        octets[index] = original


@settings(deadline=None)
@given(st.text(max_size=300), st.none() | st.integers(-1, 400))
def test_any_string_is_decoded_or_refused(text, tpdu_octets):
    assert check(text, tpdu_octets)


@settings(deadline=None)
@given(st.binary(max_size=200).map(bytes.hex), st.none() | st.integers(-1, 210))
def test_any_octets_are_decoded_or_refused(pdu_hex, tpdu_octets):
    assert check(pdu_hex, tpdu_octets)


def test_three_thousand_mutations_of_the_seeds_are_decoded_or_refused():
    chance = random.Random(2304023038)
    for _ in range(3000):
        octets = bytearray.fromhex(chance.choice(SEEDS))
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(len(octets) + 1)
            octets[place : place + chance.randrange(3)] = chance.randbytes(chance.randrange(3))
        assert check(octets.hex())


@settings(deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_what_is_decoded_without_remarks_is_written_as_it_was(seed, data):
    octets = bytearray.fromhex(seed)
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = pdu.decode(octets.hex())
        again = pdu.decode(pdu.encode(decoded.tpdu, decoded.smsc).pdu_hex)
    except pdu.PduError:
        return
    if not decoded.remarks:
        assert again.tpdu == decoded.tpdu
