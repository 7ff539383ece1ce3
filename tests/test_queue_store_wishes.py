"""What citizens asked not to get: kept by hash, answered once, and stronger than any later text."""

from dataclasses import replace

import pytest
from queue_desk import Desk

from kentongan.queue.records import (
    Encoding,
    InboundPart,
    OutboundDraft,
    PartDraft,
    Priority,
    Quarantined,
    Sender,
    Told,
    Wish,
    WishLevel,
)
from kentongan.queue.store_wishes import ANSWERS_A_DAY, DAY_MS

WARGA = Sender("+6281234567890", "+6281234567890", "s_warga0000001", replyable=True)
ANSWER = OutboundDraft("a", WARGA.number, "Baik", Encoding.GSM7, (PartDraft(20, "00"),), Priority.ACKNOWLEDGEMENT)


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def wish(desk, level, key):
    part = InboundPart("a", "card", "00", key, Quarantined("opt_out", WARGA, "BERHENTI"))
    told = Told(wish=Wish(level, replace(ANSWER)))
    desk.store.receive(part, desk.at(), answer=lambda *_: None, tell=lambda *_: told)
    return len(desk.store.outbox(100))


def test_a_wish_is_answered_once_and_outlives_a_restart(desk, tmp_path):
    assert wish(desk, WishLevel.ANSWERS, "1") == 1
    assert wish(desk, WishLevel.ANSWERS, "2") == 1
    again = Desk(tmp_path)
    assert again.store.wishes.level_of(WARGA.ref) is WishLevel.ANSWERS
    assert again.store.wishes.unwilling({WARGA.ref, "s_other0000001"}) == {WARGA.ref}


def test_the_same_sms_read_twice_changes_nothing(desk):
    assert wish(desk, WishLevel.ANSWERS, "1") == 1
    assert wish(desk, WishLevel.EVERYTHING, "2") == 2
    assert wish(desk, WishLevel.ANSWERS, "1") == 2
    assert desk.store.wishes.level_of(WARGA.ref) is WishLevel.EVERYTHING
    assert desk.store.wishes.unwilling({WARGA.ref}) == frozenset()


def test_a_quarrel_of_two_machines_costs_three_answers_a_day(desk):
    levels = [WishLevel.ANSWERS, WishLevel.EVERYTHING] * 5
    counts = [wish(desk, level, str(n)) for n, level in enumerate(levels)]
    assert counts[-1] == ANSWERS_A_DAY
    desk.later(DAY_MS)
    assert wish(desk, WishLevel.ANSWERS, "tomorrow") == ANSWERS_A_DAY + 1


def test_who_wants_nothing_gets_no_acknowledgement_and_the_ticket_stays(desk):
    wish(desk, WishLevel.NOTHING, "1")
    received = desk.sms("jalan rusak", WARGA, key="2")
    assert received.opened
    assert len(desk.store.outbox(100)) == 1


def test_an_erasure_keeps_the_wish(desk):
    wish(desk, WishLevel.ANSWERS, "1")
    desk.store.care.erase_sender(WARGA.ref, desk.at())
    assert desk.store.wishes.level_of(WARGA.ref) is WishLevel.ANSWERS
