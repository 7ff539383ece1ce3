"""Retention and erasure: what is erased is gone from the raw files, and what must stay stays."""

import itertools
from pathlib import Path

import pytest
from queue_desk import BORN_MS, EVERY, TETANGGA, WARGA, Desk, draft, no_answer

from kentongan.queue import models
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.records import (
    AckResult,
    CommandRecord,
    Encoding,
    Erasure,
    InboundPart,
    Lane,
    Moment,
    OutboundDraft,
    PartSent,
    Priority,
    Quarantined,
    Resident,
    SpoolDraft,
    Ticket,
    TicketAck,
    TicketState,
    Tidied,
    Told,
)
from kentongan.queue.retention import DAY_MS, Pressure, pressure
from kentongan.queue.store import Answered

SECRET = "KTPRAHASIA"
PDU = "0791C0FFEE"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def raw(desk: Desk) -> bytes:
    """Read everything the store has on disk."""
    return b"".join(path.read_bytes() for path in desk.path.parent.glob("kentongan.db*"))


def accepted(desk: Desk, text: str = SECRET, **facts: object) -> Ticket:
    part = desk.part(text, **facts)
    ticket = desk.receive(InboundPart(part.line, part.iccid, PDU, part.key, part.content)).ticket
    desk.publish_all()
    desk.store.acknowledge(TicketAck(ticket.ticket_id, accepted=True, backend_ticket="B-1"), desk.at())
    return ticket


def tidy(desk: Desk) -> list[Tidied]:
    rounds = []
    while (tidied := desk.store.care.tidy(desk.at())) != Tidied():
        rounds.append(tidied)
    return rounds


# -- retention --------------------------------------------------------------------------------------------------------


def test_a_raw_pdu_is_gone_from_the_disk_after_a_week(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.later(7 * DAY_MS - 1)
    assert tidy(desk) == []
    assert PDU.encode() in raw(desk)
    desk.later(1)
    assert tidy(desk) == [Tidied(pdus=1)]
    assert PDU.encode() not in raw(desk)
    assert desk.store.ticket(ticket.ticket_id).text == SECRET


def test_text_and_number_are_gone_from_the_disk_a_month_after_acceptance(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.reply("c1", ticket_id=ticket.ticket_id, text=SECRET, recipient=WARGA.number)
    desk.send(PartSent(1))
    desk.publish_all()
    assert SECRET.encode() in raw(desk)
    desk.later(30 * DAY_MS)
    tidy(desk)
    assert SECRET.encode() not in raw(desk)
    assert WARGA.number.encode() not in raw(desk)
    left = desk.store.ticket(ticket.ticket_id)
    assert (left.state, left.seq, left.number, left.received_ms) == (
        TicketState.ERASED,
        1,
        ticket.number,
        ticket.received_ms,
    )
    assert (left.sender.ref, left.sender.number, left.sender.replyable) == (WARGA.ref, "", False)
    assert desk.state("c1").state == "sent"


def test_an_unacknowledged_ticket_is_never_erased_by_time(desk: Desk) -> None:
    ticket = desk.sms(SECRET).ticket
    desk.publish_all()
    desk.later(400 * DAY_MS)
    tidy(desk)
    assert desk.store.ticket(ticket.ticket_id).text == SECRET
    assert [item.ticket.text for item in desk.due()] == [SECRET]


def test_a_refused_ticket_goes_by_the_same_rule(desk: Desk) -> None:
    ticket = desk.sms(SECRET).ticket
    desk.store.acknowledge(TicketAck(ticket.ticket_id, accepted=False), desk.at())
    desk.later(30 * DAY_MS)
    tidy(desk)
    assert desk.store.ticket(ticket.ticket_id).state is TicketState.ERASED


def test_what_is_in_quarantine_stays_two_weeks(desk: Desk) -> None:
    desk.receive(InboundPart("a", "8962", PDU, "k", Quarantined("promotion", TETANGGA, SECRET)))
    assert desk.store.care.quarantined() == {"promotion": 1}
    desk.later(14 * DAY_MS - 1)
    assert tidy(desk) == []
    desk.later(1)
    assert tidy(desk) == [Tidied(quarantined=1)]
    assert SECRET.encode() not in raw(desk)
    assert TETANGGA.number.encode() not in raw(desk)
    assert desk.store.care.quarantined() == {}
    assert desk.receive(InboundPart("a", "8962", PDU, "k", Quarantined("promotion", TETANGGA, SECRET))).duplicate


def test_a_command_is_remembered_400_days(desk: Desk) -> None:
    record = CommandRecord("c1", "ping", "f", b"answer")
    desk.store.answer(record, SpoolDraft(Lane.RESPONSE, "response", "e", "t", b"answer"), desk.at())
    desk.later(400 * DAY_MS - 1)
    tidy(desk)
    assert desk.store.command("c1") == record
    desk.later(1)
    assert tidy(desk) == [Tidied(commands=1)]
    assert desk.store.command("c1") is None


def test_a_tombstone_goes_after_two_years_and_its_numbers_never_come_again(desk: Desk) -> None:
    old = accepted(desk)
    desk.reply("c1")
    desk.send(PartSent(1))
    desk.later(DAY_MS)
    young = accepted(desk, sender=TETANGGA)
    desk.later(730 * DAY_MS)
    tidy(desk)
    assert desk.store.ticket(old.ticket_id) is None
    assert desk.store.ticket(young.ticket_id).state is TicketState.ERASED
    assert desk.store.message_of("c1").state == "sent"
    assert desk.sms("baru", WARGA).ticket.seq == young.seq + 1
    tidy(desk)
    assert desk.store.ticket(young.ticket_id) is None


def test_a_late_part_of_an_erased_ticket_is_a_ticket_of_its_own_window(desk: Desk) -> None:
    ticket = accepted(desk, "satu ", of=(5, 1, 2))
    desk.later(31 * DAY_MS)
    tidy(desk)
    assert desk.sms("dua", of=(5, 2, 2)).ticket.ticket_id != ticket.ticket_id


def test_an_acknowledgement_of_an_erased_ticket_is_done_and_changes_nothing(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.later(30 * DAY_MS)
    tidy(desk)
    assert desk.store.acknowledge(TicketAck(ticket.ticket_id, True, backend_ticket="B-1"), desk.at()) is AckResult.DONE
    assert desk.store.acknowledge(TicketAck(ticket.ticket_id, False), desk.at()) is AckResult.DONE
    assert desk.store.ticket(ticket.ticket_id).state is TicketState.ERASED


def test_many_rows_go_in_rounds(desk: Desk) -> None:
    for n in range(25):
        accepted(desk, f"laporan {n}")
    desk.later(31 * DAY_MS)
    rounds = []
    while (tidied := desk.store.care.tidy(desk.at(), limit=10)) != Tidied():
        rounds.append((tidied.tickets, tidied.pdus))
    assert [tickets for tickets, _ in rounds if tickets] == [10, 10, 5]
    assert sum(tickets for tickets, _ in rounds) == 25


@pytest.mark.parametrize("wall_ms", [0, 56 * 365 * DAY_MS])
def test_a_wall_clock_that_jumps_erases_nothing(desk: Desk, wall_ms: int) -> None:
    accepted(desk)
    moment = Moment(desk.now_ms + 1, BORN_MS + wall_ms, synced=True)
    assert desk.store.care.tidy(moment) == Tidied()


# -- erasure on request -----------------------------------------------------------------------------------------------


def acknowledged(ticket: Ticket, _answered: Answered) -> OutboundDraft:
    return draft(
        priority=Priority.ACKNOWLEDGEMENT, ticket_id=ticket.ticket_id, text=SECRET, recipient=ticket.sender.number
    )


def a_subject(desk: Desk) -> list[Ticket]:
    desk.answers = acknowledged
    tickets = [accepted(desk), desk.sms(SECRET).ticket, desk.sms(SECRET, of=(5, 1, 2)).ticket]
    desk.receive(InboundPart("a", "8962", PDU, "junk", Quarantined("promotion", WARGA, SECRET)))
    desk.send(PartSent(1))
    return tickets


@pytest.mark.parametrize("asked", [True, False])
def test_what_waits_to_tell_of_the_quarantine_goes_with_its_words(desk: Desk, asked: bool) -> None:
    def tell(_what: object, _opened: bool, _at: Moment) -> Told:
        return Told((SpoolDraft(Lane.EVENT, "quarantine", "q", "t", SECRET.encode()),))

    part = InboundPart("a", "8962", PDU, "junk", Quarantined("promotion", WARGA, SECRET))
    desk.store.receive(part, desk.at(), answer=no_answer, tell=tell)
    desk.reply("c1")
    assert SECRET.encode() in raw(desk)
    if asked:
        assert desk.store.care.erase_sender(WARGA.ref, desk.at()).quarantined == 1
    else:
        desk.later(14 * DAY_MS)
        tidy(desk)
    assert SECRET.encode() not in raw(desk)
    assert [item.channel for item in desk.due()] == ["response", "reply"]


def test_what_was_sent_to_a_data_subject_without_a_ticket_is_erased_too(desk: Desk) -> None:
    accepted(desk)
    desk.store.enqueue(draft(priority=Priority.BROADCAST, text=SECRET), desk.at())
    desk.store.enqueue(draft(priority=Priority.NOTICE, text=SECRET, recipient=TETANGGA.number), desk.at())
    erasure = desk.store.care.erase_sender(WARGA.ref, desk.at())
    assert (erasure.tickets, erasure.messages) == (1, 1)
    assert [(m.recipient, m.state) for m in desk.store.outbox(9)] == [(TETANGGA.number, "queued"), ("", "cancelled")]
    assert WARGA.number.encode() not in raw(desk)


def test_a_data_subject_is_erased_from_the_raw_file_in_every_state(desk: Desk) -> None:
    tickets = a_subject(desk)
    desk.answers = no_answer
    other = desk.sms("tetangga", TETANGGA).ticket
    assert SECRET.encode() in raw(desk)
    assert WARGA.number.encode() in raw(desk)
    erasure = desk.store.care.erase_sender(WARGA.ref, desk.at())
    assert erasure == Erasure(tickets=3, messages=3, quarantined=1)
    assert SECRET.encode() not in raw(desk)
    assert WARGA.number.encode() not in raw(desk)
    assert PDU.encode() not in raw(desk)
    assert {desk.store.ticket(ticket.ticket_id).state for ticket in tickets} == {TicketState.ERASED}
    assert [item.ticket for item in desk.due()] == [other]
    assert desk.store.due_part("a", desk.at(), allowed=EVERY) is None
    assert desk.store.care.erase_sender(WARGA.ref, desk.at()) == Erasure()


def test_some_tickets_are_erased_and_the_others_stay(desk: Desk) -> None:
    first, second, _ = a_subject(desk)
    assert desk.store.care.erase_tickets([first.ticket_id, "unknown"], desk.at()).tickets == 1
    assert desk.store.ticket(first.ticket_id).state is TicketState.ERASED
    assert desk.store.ticket(second.ticket_id).text == SECRET


def test_an_erased_message_stays_known_so_that_it_is_never_sent_again(desk: Desk) -> None:
    first = a_subject(desk)[0]
    desk.reply("c1", ticket_id=first.ticket_id)
    desk.store.care.erase_sender(WARGA.ref, desk.at())
    message = desk.state("c1")
    assert (message.state, message.final, message.text, message.recipient) == ("cancelled", True, "", "")
    assert desk.told[-1].message_id == message.message_id
    assert desk.store.command("c1") is not None


def test_erased_text_leaves_no_trace_among_thousands_of_rows(desk: Desk) -> None:
    """Pages are split, merged and moved on the way: none may keep a stale copy."""
    for n in range(400):
        sender = WARGA if n % 3 == 0 else TETANGGA
        desk.sms(f"{SECRET if sender is WARGA else 'biasa'} {n} " + "kata " * (n % 40), sender)
        if n % 50 == 0:
            desk.publish_all()
    desk.store._file.empty_log()
    assert raw(desk).count(SECRET.encode()) >= 130
    desk.store.care.erase_sender(WARGA.ref, desk.at())
    assert SECRET.encode() not in raw(desk)
    assert WARGA.number.encode() not in raw(desk)
    assert desk.store.care.integrity() == ()


# -- hold -------------------------------------------------------------------------------------------------------------


def test_what_is_held_is_neither_erased_by_time_nor_on_request_nor_for_space(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.receive(InboundPart("a", "8962", PDU, "junk", Quarantined("promotion", WARGA, SECRET)))
    desk.reply("c1", ticket_id=ticket.ticket_id, text=SECRET)
    desk.send(PartSent(1))
    for _ in range(2):
        desk.store.care.hold(WARGA.ref, desk.at())
    desk.later(60 * DAY_MS)
    tidy(desk)
    assert desk.store.care.erase_sender(WARGA.ref, desk.at()) == Erasure(held=(WARGA.ref,))
    assert desk.store.care.erase_tickets([ticket.ticket_id], desk.at()) == Erasure(held=(WARGA.ref,))
    assert raw(desk).count(PDU.encode()) == 2
    assert desk.state("c1").text == SECRET
    desk.crash().store.care.release(WARGA.ref, desk.at())
    tidy(desk)
    assert SECRET.encode() not in raw(desk)
    assert PDU.encode() not in raw(desk)


# -- space and manifest -----------------------------------------------------------------------------------------------


def test_want_of_space_takes_the_oldest_accepted_texts_and_nothing_else(tmp_path: Path) -> None:
    desk = Desk(tmp_path, budget_octets=400_000)
    tickets = [accepted(desk.later(1_000), f"{SECRET} {n} " + "x" * 9_000) for n in range(20)]
    open_ticket = desk.sms("belum diterima").ticket
    refused = desk.sms("ditolak").ticket
    desk.store.acknowledge(TicketAck(refused.ticket_id, accepted=False), desk.at())
    assert tidy(desk) == []
    while pressure(desk.store.care.usage().used, 400_000) is not Pressure.HARD:
        tickets.append(accepted(desk.later(1_000), f"{SECRET} {len(tickets)} " + "x" * 9_000))
    assert desk.store.care.tidy(desk.at(), limit=3) == Tidied(tickets=3)
    states = [desk.store.ticket(ticket.ticket_id).state for ticket in tickets]
    assert states == [TicketState.ERASED] * 3 + [TicketState.ACCEPTED] * (len(tickets) - 3)
    assert desk.store.care.tidy(desk.at()) == Tidied()
    assert desk.store.ticket(open_ticket.ticket_id).text == "belum diterima"
    assert desk.store.ticket(refused.ticket_id).text == "ditolak"


def test_the_budget_is_the_end_and_room_made_is_room_to_receive(tmp_path: Path) -> None:
    desk = Desk(tmp_path, budget_octets=400_000)
    texts = (f"laporan {n} " + "x" * 500 for n in itertools.count())
    with pytest.raises(StoreUnavailable, match="full"):
        desk.later(sum(0 for text in texts if accepted(desk, text) is None))
    usage = desk.store.care.usage()
    assert usage.budget == 400_000
    assert usage.used <= usage.budget
    tidy(desk)
    assert desk.store.care.usage().used < 0.6 * usage.used
    assert desk.sms("masih bisa").opened


def test_the_manifest_names_every_ticket_that_still_resides_on_the_card(desk: Desk) -> None:
    tickets = [accepted(desk, f"laporan {n}") for n in range(5)]
    desk.store.care.erase_tickets([tickets[1].ticket_id], desk.at())
    residents = desk.store.care.residents(2) + desk.store.care.residents(10, after_seq=3)
    assert [resident.seq for resident in residents] == [1, 3, 4, 5]
    first = tickets[0]
    assert residents[0] == Resident(
        1, first.ticket_id, first.number, first.received_ms, WARGA.ref, TicketState.ACCEPTED
    )


def test_a_sound_file_has_no_complaints_and_a_dangling_row_is_named(desk: Desk) -> None:
    accepted(desk, "", encoding=Encoding.BINARY, data=b"\x00")
    assert desk.store.care.integrity() == ()
    desk.store._file.run("PRAGMA foreign_keys = 0")
    desk.store._file.run("DELETE FROM ticket")
    assert desk.store.care.integrity() == ("part 1 refers to nothing",)


def test_the_models_name_the_columns_of_the_tables(desk: Desk) -> None:
    for model in models.MODELS:
        rows = desk.store._file.run(f"SELECT name FROM pragma_table_info('{model._meta.table_name}')")
        assert {row[0] for row in rows} == {field.column_name for field in model._meta.sorted_fields}
