import re

from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.daemon.answers import faults_of
from kentongan.daemon.patrol import (
    AGAIN_MS,
    ANSWERS_A_DAY,
    BROKEN,
    LETTERS,
    NEIGHBOUR_EVERY_MS,
    PATIENCE_MS,
    SLOWLY_MS,
    Neighbour,
    Probe,
    answered_nonce,
    asked_nonce,
    fresh,
    letters,
    own_nonce,
    own_text,
    reply_text,
    round_text,
    wants_refresh,
)

KEYS = st.binary(min_size=1, max_size=40)
NONCES = st.text(LETTERS, min_size=6, max_size=6)


@settings(deadline=None)
@given(NONCES, KEYS)
def test_every_text_arrives_as_one_sms_and_reads_back(nonce: str, key: bytes) -> None:
    for text in (own_text("LU2", nonce), round_text("LU2", nonce, key), reply_text("LU2", nonce, key)):
        assert faults_of(text) == []
        assert re.fullmatch(r"[A-Z0-9]+(?: [A-Za-z0-9]+)+", text)
    assert own_nonce(own_text("LU2", nonce), "LU2") == nonce
    assert asked_nonce(round_text("RB1", nonce, key), key) == nonce
    assert answered_nonce(reply_text("RB1", nonce, key), key) == nonce


def test_no_word_that_operators_filter_comes_about_by_chance() -> None:
    seen = own_text("LU2", "aaawww")
    assert faults_of(seen) == ["has the word 'www', which operators filter"]
    assert not set("aeiouhw") & set(LETTERS)


@settings(deadline=None)
@given(NONCES, KEYS, KEYS)
def test_only_the_shared_key_proves_a_neighbour_and_a_question_is_no_answer(
    nonce: str, key: bytes, other: bytes
) -> None:
    if key != other:
        assert asked_nonce(round_text("RB1", nonce, key), other) == ""
        assert answered_nonce(reply_text("RB1", nonce, key), other) == ""
    assert answered_nonce(round_text("RB1", nonce, key), key) == ""
    assert asked_nonce(reply_text("RB1", nonce, key), key) == ""
    assert own_nonce(own_text("RB1", nonce), "LU2") == ""


@settings(deadline=None)
@given(st.text(max_size=100), KEYS)
def test_no_text_breaks_a_reader(text: str, key: bytes) -> None:
    assert len(own_nonce(text, "LU2")) in {0, 6}
    assert len(asked_nonce(text, key)) in {0, 6}
    assert len(answered_nonce(text, key)) in {0, 6}


@settings(deadline=None)
@given(st.binary(min_size=8, max_size=8))
def test_a_nonce_is_six_small_letters(data: bytes) -> None:
    nonce = fresh(lambda _count: data)
    assert re.fullmatch(r"[a-z]{6}", nonce)
    assert letters(data, 6) == nonce


def test_a_probe_is_tried_again_soon_until_the_path_is_broken_and_then_slowly() -> None:
    probe, now = Probe(every_ms=10**9, next_ms=0), 0
    gaps = []
    for failure in range(1, BROKEN + 2):
        assert probe.due(now)
        probe.sent("abcdef", now)
        assert not probe.due(now + 10**9)
        assert not probe.expire(now + PATIENCE_MS - 1)
        now += PATIENCE_MS
        assert probe.expire(now)
        assert probe.failed == failure
        gaps.append(probe.next_ms - now)
        now = probe.next_ms
    assert gaps == [AGAIN_MS, AGAIN_MS, SLOWLY_MS, SLOWLY_MS]
    assert probe.came("abcdef", now)
    assert (probe.failed, probe.next_ms) == (0, now + 10**9)
    assert not probe.came("abcdef", now)


def test_a_probe_that_never_left_is_no_failure() -> None:
    probe = Probe(every_ms=10**9, next_ms=0)
    probe.sent("abcdef", 0)
    probe.drop(5)
    assert (probe.failed, probe.nonce, probe.next_ms) == (0, "", 5 + AGAIN_MS)
    assert not probe.came("", 10)


def test_a_neighbour_is_answered_a_few_times_a_day() -> None:
    one = Neighbour("+628", Probe(1, 0))
    assert [one.may_answer(ms) for ms in range(ANSWERS_A_DAY + 2)] == [True] * ANSWERS_A_DAY + [False] * 2
    assert one.may_answer(NEIGHBOUR_EVERY_MS)


def test_the_radio_is_switched_before_the_alarm_and_then_twice_a_day() -> None:
    assert [failed for failed in range(40) if wants_refresh(failed)] == [BROKEN - 1, 12, 24, 36]
