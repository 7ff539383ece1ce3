"""Every statement of the running program is served by an index, and no receive costs more than one fsync."""

import logging
from pathlib import Path
from typing import Any

import pytest
from queue_desk import EVERY, TETANGGA, WARGA, Desk, draft

from kentongan.queue.records import (
    OutboundDraft,
    PartRejected,
    PartSent,
    PartUncertain,
    PauseLine,
    Priority,
    RetryAfter,
    Ticket,
    TicketAck,
)
from kentongan.queue.store import Answered

# Tables that stay small, or whose every row is wanted.
MAY_BE_SCANNED = {"store", "early_report", "void_number", "json_each", "allowed", "siblings"}
MINUTE_MS = 60_000


def acknowledged(ticket: Ticket, _answered: Answered) -> OutboundDraft:
    return draft(priority=Priority.ACKNOWLEDGEMENT, ticket_id=ticket.ticket_id)


def a_day(desk: Desk) -> None:
    """Use every method of the store that runs without being asked by a person."""
    tickets_of_a_day(desk)
    replies_of_a_day(desk)
    desk.store.expire(desk.later(80 * 3_600_000).at())
    desk.store.counts(desk.at())
    desk.store.note_clock(desk.at())
    desk.restart()


def tickets_of_a_day(desk: Desk) -> None:
    store = desk.store
    desk.answers = acknowledged
    ticket = desk.sms("satu").ticket
    desk.sms("satu", key="key 1")
    for n, text in enumerate(("a", "b", "c"), 1):
        desk.sms(text, TETANGGA, of=(5, n, 3))
        desk.later(9_000).publish_all()
    desk.sms("a", TETANGGA, of=(5, 1, 3))
    [*_, last] = desk.later(MINUTE_MS).due()
    store.spool_deferred(last.spool_id, desk.at(), 1_000)
    store.offer_again()
    desk.due()
    store.spool_next_due({last.spool_id})
    store.acknowledge(TicketAck(ticket.ticket_id, accepted=True, backend_ticket="B"), desk.at())
    store.acknowledge(TicketAck(ticket.ticket_id, accepted=True, backend_ticket="C"), desk.at())
    store.ticket(ticket.ticket_id)
    store.ticket_numbered(ticket.number)
    store.tickets(10)
    store.tickets(10, before_seq=5)


def replies_of_a_day(desk: Desk) -> None:
    store = desk.store
    for name in ("c1", "c2", "c3", "c4", "c5"):
        store.command(name)
        store.queue_position(Priority.REPLY)
        store.concat_reference(WARGA.number)
        desk.reply(name, recipient=f"+6281234567{name}", parts=2, delivery_report=True)
    outcomes = [
        (PartSent(1), None),
        (PartRejected("cms", 38), RetryAfter(60_000)),
        (PartRejected("cms", 8), PauseLine("credit_or_barred", 60_000)),
        (PartUncertain("silence"), None),
        (PartSent(2), None),
    ]
    for outcome, verdict in outcomes:
        store.refused_numbers("a", WARGA.number)
        store.sends_since("a", 0)
        store.send_next_due("a")
        part = store.due_part("a", desk.at(), allowed=EVERY)
        desk.send(outcome, verdict)
        store.submitted_late(part.part_id, 9, desk.at())
    store.reported("a", 1, WARGA.number, True, desk.at())
    store.reported("a", 77, WARGA.number, True, desk.at())
    store.cancel("c5", desk.at())
    store.message_of("c1")
    store.outbox(10)


def test_no_statement_reads_a_whole_table(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    seen: dict[str, None] = {}
    connection: Any = desk.store._file.database.connection()
    connection.set_trace_callback(seen.setdefault)
    a_day(desk)
    scans = []
    for sql in seen:
        if not sql.lstrip().startswith(("SELECT", "UPDATE", "DELETE", "WITH")):
            continue
        for *_, detail in desk.store._file.run(f"EXPLAIN QUERY PLAN {sql}"):
            words = detail.split()
            if words[0] == "SCAN" and words[1] not in MAY_BE_SCANNED and "INDEX" not in words:
                scans.append((detail, sql))
    assert scans == [], "\n".join(f"{d}: {s}" for d, s in scans)
    assert len(seen) > 100


@pytest.mark.parametrize("parts", [1, 3])
def test_a_part_costs_one_commit(tmp_path: Path, parts: int) -> None:
    desk = Desk(tmp_path)
    desk.answers = acknowledged
    commits: list[str] = []
    connection: Any = desk.store._file.database.connection()
    connection.set_trace_callback(lambda sql: commits.append(sql) if sql == "COMMIT" else None)
    for n in range(1, parts + 1):
        desk.sms("x", of=(5, n, parts))
    assert len(commits) == parts


def test_no_text_and_no_number_reaches_a_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        a_day(Desk(tmp_path))
    assert caplog.text == ""


def test_the_file_is_safe_by_its_settings(tmp_path: Path) -> None:
    file = Desk(tmp_path).store._file
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "busy_timeout": 5000}
    assert {name: file.one(f"PRAGMA {name}")[0] for name in wanted} == wanted
