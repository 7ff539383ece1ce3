import itertools
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from queue_desk import BORN_MS, TETANGGA, WARGA, Desk, draft, no_answer

from kentongan.queue.inbox import GROUP_WINDOW_MS, may_free
from kentongan.queue.records import (
    AckResult,
    CommandRecord,
    Encoding,
    InboundPart,
    Lane,
    OutboundDraft,
    Priority,
    Quarantined,
    SpoolDraft,
    Thread,
    Ticket,
    TicketAck,
    TicketState,
)
from kentongan.queue.store import Answered

HOUR_MS, DAY_MS = 3_600_000, 86_400_000


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


# -- a ticket ---------------------------------------------------------------------------------------------------------


def test_a_part_opens_a_ticket_with_number_and_seq_and_waits_for_the_broker(desk: Desk) -> None:
    received = desk.sms("Lampu mati", smsc_ms=BORN_MS, smsc_offset_min=420, kind="question", notes=(("lang", "id"),))
    ticket = received.ticket
    assert received.opened
    assert not received.duplicate
    assert (ticket.seq, ticket.number, ticket.revision, ticket.state) == (1, "LU2-000-001-2", 1, TicketState.PENDING)
    assert (ticket.text, ticket.sender, ticket.thread) == ("Lampu mati", WARGA, Thread.NEW)
    assert (ticket.received_ms, ticket.smsc_ms, ticket.smsc_offset_min) == (BORN_MS + 1_000, BORN_MS, 420)
    assert (ticket.kind, ticket.notes) == ("question", (("lang", "id"),))
    assert [item.ticket for item in desk.due()] == [ticket]
    assert desk.due()[0].body == b""


def test_a_known_part_writes_nothing_and_says_so(desk: Desk) -> None:
    first = desk.sms("Lampu mati", key="k")
    size = desk.path.with_name("kentongan.db-wal").stat().st_size
    again = desk.later(99_999).sms("Lampu mati", key="k")
    assert (again.duplicate, again.part_id, again.held, again.ticket) == (True, first.part_id, first.held, None)
    assert desk.path.with_name("kentongan.db-wal").stat().st_size == size
    assert len(desk.due()) == 1


def test_a_known_part_is_recognised_after_a_crash(desk: Desk) -> None:
    first = desk.sms("Lampu mati", key="k")
    assert desk.crash().sms("Lampu mati", key="k").part_id == first.part_id


def test_seq_has_no_gaps_and_numbers_go_up_over_restarts(desk: Desk) -> None:
    made = []
    for n in range(6):
        made.append(desk.later(2 * HOUR_MS).sms(f"laporan {n}").ticket)
        if n % 2:
            desk.restart()
    assert [ticket.seq for ticket in made] == [1, 2, 3, 4, 5, 6]
    assert [ticket.number[4:11] for ticket in made] == [f"000-00{n}" for n in range(1, 7)]


def test_after_an_unclean_stop_numbers_skip_and_the_void_range_is_on_record(desk: Desk) -> None:
    desk.sms("satu")
    ticket = desk.later(2 * HOUR_MS).crash().sms("dua").ticket
    assert (ticket.seq, ticket.number[4:11]) == (2, "000-011")
    with desk.store._file.reading():
        assert desk.store._file.one("SELECT first, last FROM void_number") == (2, 10)


def test_a_crash_without_new_tickets_skips_nothing_more(desk: Desk) -> None:
    desk.sms("satu")
    for _ in range(3):
        desk.crash()
    assert desk.later(2 * HOUR_MS).sms("dua").ticket.number[4:11] == "000-011"


def test_a_new_card_starts_above_the_highest_number_known_outside(tmp_path: Path) -> None:
    assert Desk(tmp_path, number_floor=1_041).sms("satu").ticket.number[4:11] == "001-052"


def test_identifiers_stay_in_order_when_the_clock_restarts_in_1970(desk: Desk) -> None:
    first = desk.sms("satu").ticket
    desk.restart()
    desk.now_ms -= BORN_MS
    assert desk.sms("dua", TETANGGA).ticket.ticket_id > first.ticket_id


def test_tickets_are_found_by_id_by_number_and_by_page(desk: Desk) -> None:
    made = [desk.later(2 * HOUR_MS).sms(f"laporan {n}").ticket for n in range(5)]
    assert desk.store.ticket(made[2].ticket_id) == made[2]
    assert desk.store.ticket_numbered(made[3].number.replace("-", " ").lower()) == made[3]
    assert desk.store.ticket("none") is None
    assert desk.store.ticket_numbered("LU2-000-004-9") is None
    assert [ticket.seq for ticket in desk.store.tickets(2)] == [5, 4]
    assert [ticket.seq for ticket in desk.store.tickets(2, before_seq=4)] == [3, 2]


def test_a_binary_message_keeps_its_octets(desk: Desk) -> None:
    ticket = desk.sms("", encoding=Encoding.BINARY, data=b"\x00\xff").ticket
    assert (ticket.encoding, ticket.text, ticket.data) == (Encoding.BINARY, "", b"\x00\xff")


# -- threads ----------------------------------------------------------------------------------------------------------


def test_a_further_sms_within_the_hour_shares_the_number(desk: Desk) -> None:
    first = desk.sms("Lampu mati").ticket
    second = desk.later(HOUR_MS).sms("di depan pasar").ticket
    assert (second.thread, second.number) == (Thread.FOLLOW_UP, first.number)
    assert (second.seq, second.ticket_id != first.ticket_id) == (2, True)
    assert desk.store.ticket_numbered(first.number) == first


def test_the_window_slides_with_the_thread_and_then_ends(desk: Desk) -> None:
    first = desk.sms("satu").ticket
    assert desk.later(HOUR_MS).sms("dua").ticket.number == first.number
    assert desk.later(HOUR_MS).sms("tiga").ticket.number == first.number
    assert desk.later(HOUR_MS + 1).sms("empat").ticket.number != first.number


def test_another_sender_opens_another_thread(desk: Desk) -> None:
    assert desk.sms("satu").ticket.number != desk.sms("dua", TETANGGA).ticket.number


def test_a_thread_may_stay_open_until_the_backend_closes_or_refuses_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, open_thread_ms=14 * DAY_MS)
    first = desk.sms("jalan rusak").ticket
    later = desk.later(13 * DAY_MS).sms("belum diperbaiki").ticket
    assert (later.number, later.thread) == (first.number, Thread.FOLLOW_UP)
    desk.store.ledger.annotate(first, (("closed", "selesai"),), *kept("close"), (), at=desk.at())
    desk.later(59 * 60_000).sms("terima kasih")
    third = desk.later(2 * HOUR_MS).sms("lampu mati").ticket
    assert (third.number != first.number, third.thread) == (True, Thread.NEW)
    desk.store.acknowledge(TicketAck(third.ticket_id, accepted=False), desk.at())
    assert desk.later(2 * HOUR_MS).sms("lagi").ticket.thread is Thread.NEW
    assert desk.later(15 * DAY_MS).sms("sudah lama").ticket.thread is Thread.NEW


def kept(command_id: str) -> tuple[CommandRecord, SpoolDraft]:
    return CommandRecord(command_id, "ticket", "f", b"{}"), SpoolDraft(Lane.RESPONSE, "response", "r", "t", b"{}")


def test_follow_ups_can_be_switched_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path, follow_ups=False)
    assert [desk.sms(text).ticket.thread for text in ("satu", "dua")] == [Thread.NEW, Thread.NEW]


# -- acknowledgements -------------------------------------------------------------------------------------------------


def test_an_answer_is_queued_in_the_same_transaction_and_counted(desk: Desk) -> None:
    seen: list[Answered] = []

    def answer(ticket: Ticket, answered: Answered) -> OutboundDraft | None:
        seen.append(answered)
        return draft(priority=Priority.ACKNOWLEDGEMENT, ticket_id=ticket.ticket_id) if len(seen) < 3 else None

    desk.answers = answer
    for wait_ms in (0, HOUR_MS - 1, 1, 23 * HOUR_MS, 1):
        desk.later(wait_ms).sms("halo")
    assert seen == [Answered(0, 0), Answered(1, 1), Answered(1, 2), Answered(0, 1), Answered(0, 1)]
    assert desk.store.counts(desk.at()).queued == 2


def test_a_failing_answer_undoes_everything(desk: Desk) -> None:
    def answer(ticket: Ticket, answered: Answered) -> OutboundDraft | None:
        raise ZeroDivisionError

    desk.answers = answer
    with pytest.raises(ZeroDivisionError):
        desk.sms("halo", key="k")
    assert desk.store.counts(desk.at()).received == 0
    desk.answers = no_answer
    assert desk.sms("halo", key="k").ticket.seq == 1


# -- quarantine -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep_body", [True, False])
def test_what_is_no_ticket_is_kept_counted_and_free_to_go(desk: Desk, keep_body: bool) -> None:
    content = Quarantined("one_time_code", WARGA, "kode 1234", keep_body)
    received = desk.receive(InboundPart("a", "8962", "0011AABB", "k", content))
    assert received.ticket is None
    assert may_free(received.held, broker_up=True, crowded=False)
    assert desk.due() == []
    assert desk.store.counts(desk.at()).quarantined == 1
    row = desk.store._file.one("SELECT text, pdu_hex, reason, sender FROM part")
    assert row == (b"kode 1234" if keep_body else b"", "0011AABB" if keep_body else "", "one_time_code", WARGA.address)
    assert desk.receive(InboundPart("a", "8962", "0011AABB", "k", content)).duplicate


# -- long messages ----------------------------------------------------------------------------------------------------


def test_a_long_message_is_one_ticket_from_its_first_part_and_published_when_whole(desk: Desk) -> None:
    first = desk.sms("satu ", of=(5, 1, 3))
    assert (first.opened, first.ticket.missing, first.ticket.text) == (True, (2, 3), "satu […]")
    assert may_free(first.held, broker_up=True, crowded=False)
    assert desk.due() == []
    desk.later(500).sms("tiga", of=(5, 3, 3))
    last = desk.later(500).sms("dua ", of=(5, 2, 3))
    assert (last.opened, last.ticket.text, last.ticket.missing, last.ticket.revision) == (False, "satu dua tiga", (), 1)
    assert last.ticket.received_ms == BORN_MS + desk.now_ms
    assert not may_free(last.held, broker_up=True, crowded=False)
    assert [item.ticket for item in desk.due()] == [last.ticket]


def test_an_incomplete_ticket_is_due_after_eight_seconds(desk: Desk) -> None:
    desk.sms("satu ", of=(5, 1, 2))
    assert desk.later(7_999).due() == []
    assert desk.store.spool_next_due() == desk.now_ms + 1
    [item] = desk.later(1).due()
    assert (item.ticket.text, item.ticket.lossy, item.ticket.received) == ("satu […]", True, 1)


def test_a_part_that_comes_after_publication_makes_a_new_revision(desk: Desk) -> None:
    opened = desk.sms("satu ", of=(5, 1, 2)).ticket
    desk.later(8_000).publish_all()
    desk.store.acknowledge(TicketAck(opened.ticket_id, accepted=True, revision=1, backend_ticket="B-1"), desk.at())
    whole = desk.later(25 * HOUR_MS).sms("dua", of=(5, 2, 2)).ticket
    assert (whole.ticket_id, whole.seq, whole.number) == (opened.ticket_id, opened.seq, opened.number)
    assert (whole.revision, whole.text, whole.missing) == (2, "satu dua", ())
    assert whole.event_id not in {opened.event_id, opened.ticket_id}
    assert (whole.state, whole.backend_ticket) == (TicketState.PENDING, "B-1")
    [item] = desk.due()
    assert (item.event_id, item.attempt) == (whole.event_id, 1)


def test_an_incomplete_ticket_that_somebody_may_have_seen_is_never_changed_under_its_revision(desk: Desk) -> None:
    desk.sms("satu ", of=(5, 1, 2))
    [seen] = desk.later(8_000).due()  # handed out, no PUBACK, then the power goes
    whole = desk.crash().sms("dua", of=(5, 2, 2)).ticket
    assert (whole.revision, whole.event_id != seen.event_id) == (2, True)
    assert desk.store.spool_published(seen.spool_id, desk.at()) == () or desk.due()[0].ticket.revision == 2


def test_a_late_puback_of_an_older_revision_frees_nothing(desk: Desk) -> None:
    desk.sms("satu ", of=(5, 1, 2))
    [seen] = desk.later(8_000).due()
    desk.sms("dua", of=(5, 2, 2))
    assert desk.store.spool_published(seen.spool_id, desk.at()) == ()
    assert [item.ticket.revision for item in desk.due()] == [2]


def test_a_more_complete_message_is_published_again_before_it_is_whole(desk: Desk) -> None:
    desk.sms("satu ", of=(5, 1, 3))
    desk.later(8_000).publish_all()
    desk.sms("tiga", of=(5, 3, 3))
    assert desk.later(7_999).due() == []
    [item] = desk.later(1).due()
    assert (item.ticket.revision, item.ticket.text) == (2, "satu […]tiga")


def test_headers_that_differ_anywhere_are_different_messages(desk: Desk) -> None:
    desk.sms("x", of=(5, 1, 2))
    desk.receive(InboundPart("b", "8962", "00", "other line", desk.part("x", of=(5, 2, 2)).content))
    desk.sms("x", TETANGGA, of=(5, 2, 2))
    desk.sms("x", of=(5, 2, 2), width=16)
    desk.sms("x", of=(6, 2, 2))
    desk.sms("x", of=(5, 2, 3))
    assert desk.store.counts(desk.at()).tickets == 6


@pytest.mark.parametrize("of", [(5, 0, 2), (5, 3, 2), (5, 1, 0), (5, 1, 1)])
def test_an_impossible_header_makes_a_message_of_its_own(desk: Desk, of: tuple[int, int, int]) -> None:
    ticket = desk.sms("utuh", of=of).ticket
    assert (ticket.total, ticket.missing, ticket.text) == (1, (), "utuh")


def test_a_reused_reference_opens_a_new_ticket(desk: Desk) -> None:
    desk.sms("a1", of=(5, 1, 2))
    desk.sms("b1", of=(5, 1, 2))
    texts = [desk.sms(text, of=(5, 2, 2)).ticket.text for text in ("b2", "a2")]
    assert texts == ["b1b2", "a1a2"]


def test_the_same_part_under_a_new_stamp_changes_nothing_and_is_free_to_go(desk: Desk) -> None:
    whole = [desk.sms(text, of=(5, n, 2)) for n, text in enumerate(("a", "b"), 1)][-1].ticket
    again = desk.later(5_000).sms("a", of=(5, 1, 2), key="other stamp")
    assert (again.duplicate, again.opened, again.ticket) == (False, False, None)
    assert desk.store.ticket(whole.ticket_id) == whole
    assert desk.store.counts(desk.at()).tickets == 1


def test_a_part_beyond_the_window_opens_a_ticket(desk: Desk) -> None:
    desk.sms("a", of=(5, 1, 2))
    assert desk.later(GROUP_WINDOW_MS + 1).sms("b", of=(5, 2, 2)).opened


def test_notes_of_all_parts_come_back_once(desk: Desk) -> None:
    desk.sms("a", of=(5, 1, 2), notes=(("category", "lpju"), ("language", "id")))
    ticket = desk.sms("b", of=(5, 2, 2), notes=(("category", "lpju"), ("urgent", "fire"))).ticket
    assert ticket.notes == (("category", "lpju"), ("language", "id"), ("urgent", "fire"))


def test_255_parts_are_one_message(desk: Desk) -> None:
    for n in range(1, 256):
        ticket = desk.sms(f"{n} ", of=(9, n, 255)).ticket
    assert ticket.text == "".join(f"{n} " for n in range(1, 256))
    assert desk.store.counts(desk.at()).tickets == 1


MESSAGES = {(ref, total): [f"{ref}.{n} " for n in range(1, total + 1)] for ref, total in [(1, 2), (1, 3), (2, 3)]}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_parts_in_any_order_with_repeats_and_crashes_give_every_text_once(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    desk = Desk(tmp_path_factory.mktemp("any"))
    parts = [
        desk.part(text, of=(ref, n, total), key=f"{ref} {n} {total}")
        for (ref, total), texts in MESSAGES.items()
        for n, text in enumerate(texts, 1)
    ]
    stream = data.draw(st.permutations(parts + data.draw(st.lists(st.sampled_from(parts), max_size=5))))
    for part in stream:
        desk.later(data.draw(st.sampled_from([0, 100, 9_000]))).receive(part)
        action = data.draw(st.sampled_from(["", "publish", "crash"]))
        if action == "publish":
            desk.publish_all()
        elif action == "crash":
            desk.crash()
    tickets = desk.store.tickets(10)
    assert sorted(ticket.text for ticket in tickets) == sorted("".join(texts) for texts in MESSAGES.values())
    assert all(not ticket.missing and not ticket.lossy for ticket in tickets)
    shown = {item.ticket.ticket_id: item.ticket.text for item in desk.later(DAY_MS).due()}
    assert shown == {ticket.ticket_id: ticket.text for ticket in tickets}


# -- publication and acknowledgement ----------------------------------------------------------------------------------


def test_a_puback_offers_the_ticket_and_lets_its_slots_go(desk: Desk) -> None:
    ids = [desk.sms(text, of=(5, n, 2)).part_id for n, text in enumerate("ab", 1)]
    [item] = desk.due()
    assert sorted(desk.store.spool_published(item.spool_id, desk.at())) == ids
    ticket = desk.store.ticket(item.ticket.ticket_id)
    assert (ticket.state, ticket.attempt) == (TicketState.OFFERED, 1)
    assert desk.sms("a", of=(5, 1, 2), key="key 1").held.published


def test_an_unacknowledged_ticket_is_offered_again_and_again(desk: Desk) -> None:
    desk.sms("halo")
    waits = []
    for attempt in range(1, 7):
        [item] = desk.due()
        assert item.attempt == attempt
        desk.store.spool_published(item.spool_id, desk.at())
        due_ms = desk.store.spool_next_due()
        waits.append((due_ms - desk.now_ms) / 1000)
        desk.now_ms = due_ms
    for wait, expected in zip(waits, [30, 120, 600, 1800, 3600, 3600], strict=True):
        assert 0.8 * expected <= wait <= 1.2 * expected


def test_a_refused_publication_waits_and_stays_pending(desk: Desk) -> None:
    ticket = desk.sms("halo").ticket
    desk.store.spool_deferred(desk.due()[0].spool_id, desk.at(), 300_000)
    assert desk.due() == []
    assert desk.store.ticket(ticket.ticket_id).state is TicketState.PENDING
    assert [item.attempt for item in desk.later(300_000).due()] == [2]


def test_a_reconnect_offers_every_open_ticket_at_once(desk: Desk) -> None:
    tickets = [desk.later(2 * HOUR_MS).sms(f"{n}").ticket for n in range(3)]
    desk.publish_all()
    desk.store.acknowledge(TicketAck(tickets[1].ticket_id, accepted=True), desk.at())
    assert desk.due() == []
    desk.store.offer_again()
    assert [item.ticket.seq for item in desk.due()] == [1, 3]
    assert desk.due() == []  # once


def test_a_backend_that_comes_gets_what_rested_because_nobody_listened(desk: Desk) -> None:
    desk.sms("tidak ada yang mendengar")
    desk.reply("c1")
    for item in desk.due():
        desk.store.spool_deferred(item.spool_id, desk.at(), 300_000)
    desk.sms("menunggu bagian kedua", TETANGGA, of=(5, 1, 2))
    assert desk.due() == []
    desk.store.offer_again()
    assert [item.channel for item in desk.due()] == ["ticket", "response", "reply"]


def test_what_is_offered_again_comes_window_by_window_and_writes_nothing(desk: Desk) -> None:
    for n in range(25):
        desk.later(2 * HOUR_MS).sms(f"laporan {n}")
    desk.publish_all()
    desk.store.offer_again()
    changes = desk.store._file.number("SELECT total_changes()")
    seen: list[int] = []
    window: dict[int, None] = {}
    while items := desk.store.spool_due(desk.at(), limit=10, exclude=window):
        window = dict.fromkeys(item.spool_id for item in items)
        seen += [item.ticket.seq for item in items]
    assert seen == list(range(1, 26))
    assert desk.store._file.number("SELECT total_changes()") == changes


@pytest.mark.parametrize(("accepted", "state"), [(True, TicketState.ACCEPTED), (False, TicketState.REFUSED)])
def test_an_acknowledged_ticket_is_never_offered_again(desk: Desk, accepted: bool, state: TicketState) -> None:
    ticket = desk.sms("halo").ticket
    desk.publish_all()
    ack = TicketAck(ticket.ticket_id, accepted, backend_ticket="B-1", backend_id="sleman")
    assert desk.store.acknowledge(ack, desk.at()) is AckResult.DONE
    assert desk.store.acknowledge(ack, desk.at()) is AckResult.DONE
    assert desk.store.ticket(ticket.ticket_id).state is state
    assert desk.later(30 * DAY_MS).due() == []
    assert desk.crash().due() == []


def test_an_acknowledgement_may_overtake_the_puback_which_still_frees_the_slots(desk: Desk) -> None:
    received = desk.sms("halo")
    [item] = desk.due()
    desk.store.acknowledge(TicketAck(received.ticket.ticket_id, accepted=True), desk.at())
    assert desk.store.spool_published(item.spool_id, desk.at()) == (received.part_id,)
    assert desk.store.spool_published(item.spool_id, desk.at()) == ()
    assert desk.sms("halo", key="key 1").held.published


def test_a_late_puback_never_concerns_a_later_event(desk: Desk) -> None:
    first = desk.sms("halo").ticket
    [item] = desk.due()
    desk.store.acknowledge(TicketAck(first.ticket_id, accepted=True), desk.at())
    desk.later(2 * HOUR_MS).sms("lain")
    desk.store.spool_published(item.spool_id, desk.at())
    assert [item.ticket.text for item in desk.due()] == ["lain"]


def test_the_first_backends_ticket_stands(desk: Desk) -> None:
    ticket = desk.sms("halo").ticket

    def ack(backend_ticket: str) -> AckResult:
        return desk.store.acknowledge(TicketAck(ticket.ticket_id, True, backend_ticket=backend_ticket), desk.at())

    assert [ack("B-1"), ack("B-2"), ack("B-1"), ack("")] == [
        AckResult.DONE,
        AckResult.CONFLICT,
        AckResult.DONE,
        AckResult.DONE,
    ]
    assert desk.store.ticket(ticket.ticket_id).backend_ticket == "B-1"


def test_an_acknowledgement_of_an_older_revision_leaves_the_newer_open(desk: Desk) -> None:
    ticket = desk.sms("satu ", of=(5, 1, 2)).ticket
    desk.later(8_000).publish_all()
    desk.sms("dua", of=(5, 2, 2))
    assert desk.store.acknowledge(TicketAck(ticket.ticket_id, True, 1, "B-1"), desk.at()) is AckResult.DONE
    [item] = desk.due()
    assert (item.ticket.revision, item.ticket.state, item.ticket.backend_ticket) == (2, TicketState.PENDING, "B-1")
    desk.store.acknowledge(TicketAck(ticket.ticket_id, True, 2, "B-1"), desk.at())
    assert desk.later(DAY_MS).due() == []


def test_an_unknown_ticket_is_unknown(desk: Desk) -> None:
    assert desk.store.acknowledge(TicketAck("none", accepted=True), desk.at()) is AckResult.UNKNOWN


def test_a_refused_ticket_may_still_be_accepted(desk: Desk) -> None:
    ticket = desk.sms("halo").ticket
    for accepted in (False, True, False):
        desk.store.acknowledge(TicketAck(ticket.ticket_id, accepted), desk.at())
    assert desk.store.ticket(ticket.ticket_id).state is TicketState.ACCEPTED


def test_the_spool_gives_lanes_in_order_then_age_and_skips_what_is_in_flight(desk: Desk) -> None:
    desk.sms("satu")
    desk.later(2 * HOUR_MS).sms("dua")
    desk.reply("c1")
    items = desk.due()
    assert [item.channel for item in items] == ["response", "reply", "ticket", "ticket"]
    assert [item.ticket.text for item in items[2:]] == ["satu", "dua"]
    in_flight = {items[0].spool_id, items[2].spool_id}
    found = desk.store.spool_due(desk.at(), limit=1, exclude=in_flight)
    assert found == [items[1]]
    assert desk.store.spool_due(desk.at(), limit=10, exclude=in_flight) == [items[1], items[3]]
    assert desk.store.spool_next_due({item.spool_id for item in items}) is None


def test_an_event_is_gone_after_its_puback(desk: Desk) -> None:
    desk.reply("c1")
    for item in desk.due():
        assert desk.store.spool_published(item.spool_id, desk.at()) == ()
    assert desk.crash().due() == []
    assert desk.store.spool_next_due() is None


# -- crash at every step ----------------------------------------------------------------------------------------------


def test_after_every_crash_every_sms_is_there_once_and_every_puback_counts(desk: Desk) -> None:
    stream = [desk.part(f"laporan {n}", key=f"k{n}") for n in range(8)]
    for part, crash_after in zip(stream, itertools.cycle(["", "receive", "publish"]), strict=False):
        desk.later(2 * HOUR_MS).receive(part)
        if crash_after == "receive":
            desk.crash()
            assert desk.receive(part).duplicate
        desk.publish_all()
        if crash_after == "publish":
            desk.crash()
            assert desk.due() == []
    tickets = desk.store.tickets(20)
    assert [ticket.text for ticket in reversed(tickets)] == [f"laporan {n}" for n in range(8)]
    assert {ticket.state for ticket in tickets} == {TicketState.OFFERED}
    assert len({ticket.number for ticket in tickets}) == 8


def test_figures_tell_what_is_open(desk: Desk) -> None:
    first = desk.sms("satu").ticket
    desk.later(5_000).sms("dua", TETANGGA)
    counts = desk.store.counts(desk.at())
    assert (counts.tickets, counts.received, counts.unacknowledged, counts.spool) == (2, 2, 2, 2)
    assert counts.oldest_unacknowledged_ms == 5_000
    desk.store.acknowledge(TicketAck(first.ticket_id, accepted=True), desk.at())
    counts = desk.store.counts(desk.at())
    assert (counts.unacknowledged, counts.oldest_unacknowledged_ms) == (1, 0)


def test_the_raw_pdu_is_on_disk_with_the_part(desk: Desk) -> None:
    desk.sms("halo")
    assert desk.store._file.one("SELECT pdu_hex FROM part") == ("0011AA",)
    assert json.loads(desk.store._file.one("SELECT notes FROM ticket")[0]) == []
