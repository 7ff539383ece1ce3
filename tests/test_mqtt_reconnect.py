"""Back-off, protocol choice, poison: pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kentongan.mqtt.events import Publication
from kentongan.mqtt.reconnect import REMEMBERED, RETRY_V5_S, Backoff, Poison, ProtocolChoice, Sent, Version


def test_the_ceiling_doubles_to_a_minute():
    backoff = Backoff(lambda: 1.0)
    assert [backoff.after(0) for _ in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]


@settings(deadline=None)
@given(st.lists(st.floats(0, 59.9), min_size=1, max_size=20), st.floats(0, 0.999))
def test_the_wait_is_within_the_ceiling_whatever_happens(lives, jitter):
    backoff = Backoff(lambda: jitter)
    for number, life in enumerate(lives):
        assert 0 <= backoff.after(life) <= min(60, 2**number)


def test_e13_only_a_stable_connection_resets_the_back_off():
    backoff = Backoff(lambda: 1.0)
    assert [backoff.after(59.9) for _ in range(3)] == [1, 2, 4]
    assert backoff.short_lived == 3
    assert backoff.after(60.0) == 1
    assert backoff.short_lived == 0


def test_a_broker_that_is_away_is_no_second_client():
    backoff = Backoff(lambda: 1.0)
    for connected_s in (1.0, 1.0, 0.0):
        backoff.after(connected_s)
    assert backoff.short_lived == 0


def test_mqtt_5_is_tried_first_and_kept_when_it_answers():
    choice = ProtocolChoice("auto")
    choice.silent()
    choice.answered(0.0)
    choice.silent()
    assert choice.version(1e9) is Version.V5


def test_an_explicit_refusal_falls_back_at_once():
    choice = ProtocolChoice("auto")
    choice.refused()
    assert choice.version(0.0) is Version.V311


def test_two_silent_connects_fall_back():
    choice = ProtocolChoice("auto")
    choice.silent()
    assert choice.version(0.0) is Version.V5
    choice.silent()
    assert choice.version(0.0) is Version.V311


def test_the_older_protocol_is_remembered_for_a_day_once_it_answered():
    choice = ProtocolChoice("auto")
    choice.refused()
    choice.answered(100.0)
    choice.answered(5000.0)  # a reconnection does not prolong the day
    assert choice.version(100.0 + RETRY_V5_S - 1) is Version.V311
    assert choice.version(100.0 + RETRY_V5_S) is Version.V5


def test_a_broker_that_answers_neither_is_not_stuck_on_the_older_one():
    choice = ProtocolChoice("auto")
    versions = []
    for _ in range(8):
        versions.append(choice.version(0.0))
        choice.silent()
    assert versions == [Version.V5, Version.V5, Version.V311, Version.V311] * 2


@pytest.mark.parametrize(("setting", "version"), [("5", Version.V5), ("3.1.1", Version.V311)])
def test_a_fixed_protocol_stays(setting, version):
    choice = ProtocolChoice(setting)
    for _ in range(3):
        choice.silent()
        choice.refused()
        assert choice.version(0.0) is version


def event(name, at=0.0):
    return Sent(Publication(1, "t", b"", event_id=name), at)


def test_the_third_connection_lost_right_after_it_blocks_a_publication():
    poison = Poison()
    for strike in range(3):
        assert not poison.blocked(event("a").publication)
        poison.lost((event("a"), event("b")), 4.9)
        assert poison.suspicious is (strike < 2)
    assert poison.blocked(event("a").publication)
    assert not poison.blocked(event("b").publication)


def test_a_loss_long_after_it_accuses_nobody():
    poison = Poison()
    poison.lost((event("a"),), 5.1)
    poison.lost((), 0.0)
    assert not poison.suspicious


def test_a_puback_clears_the_accused():
    poison = Poison()
    poison.lost((event("a"),), 1.0)
    poison.confirmed(event("a").publication)
    assert not poison.suspicious


def test_a_status_document_is_never_accused():
    poison = Poison()
    for _ in range(4):
        poison.lost((event(""), event("e")), 1.0)
    assert not poison.blocked(event("").publication)
    assert poison.blocked(event("e").publication)


def test_the_accused_are_bounded():
    poison = Poison()
    for number in range(REMEMBERED * 2):
        poison.lost((event(f"e{number}"),), 1.0)
    assert not poison.blocked(event("e0").publication)
    assert len(poison._strikes) == REMEMBERED
