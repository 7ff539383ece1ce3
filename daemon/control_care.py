"""What the technician's console asks of the gateway beside tickets: troubles, recordings, tests, figures of a month."""

from collections.abc import Mapping
from typing import assert_never

import msgspec

from kentongan.daemon.control import ControlRequest, Refusal
from kentongan.daemon.events import Answer, Command, EndProcess, Note, PowerOff, Recording
from kentongan.daemon.journal import Journal
from kentongan.daemon.keeper import Keeper
from kentongan.daemon.line import Line
from kentongan.daemon.numbers import masked
from kentongan.daemon.recoveries import Recoveries
from kentongan.daemon.requests import (
    AskIncidents,
    AskJournal,
    AskMonth,
    AskTicket,
    AskTrace,
    Care,
    CyclePower,
    EraseData,
    HoldData,
    NoteUse,
    Probe,
    Restart,
)
from kentongan.queue.incidents import Incident
from kentongan.queue.numbers import parse_number
from kentongan.queue.records import Moment, Ticket
from kentongan.queue.store import Store


class Informants(msgspec.Struct, frozen=True):
    """Who knows."""

    lines: Mapping[str, Line]
    journal: Journal
    keeper: Keeper
    recoveries: Recoveries


class CareDesk:
    """Answers the technician."""

    def __init__(self, store: Store, informants: Informants) -> None:
        self._store = store
        self._of = informants

    def answer(self, request: ControlRequest, asked: Care, at: Moment) -> list[Command]:
        """Serve one request."""
        match asked:
            case AskTrace(line):
                return self._on_line(request, line, at, act=False)
            case CyclePower(line):
                return self._on_line(request, line, at, act=True)
            case AskIncidents(limit, since_ms):
                found = [_incident(one, at) for one in self._store.incidents.newest(limit, since_ms)]
                rungs = self._of.recoveries.records()
                result: object = {"incidents": found, "rungs": rungs}
            case AskJournal(limit):
                lines = list(self._of.journal.lines)[-limit:]
                result = [{"at_ms": line.wall_ms, "text": line.shown()} for line in lines]
            case AskTicket(number):
                ticket = self._store.ticket_numbered(number)
                result = _detail(ticket) if ticket else Refusal("unknown_ticket", "this gateway has no such ticket")
            case AskMonth(period, start_ms, end_ms):
                figures = self._store.ledger.figures(period) | self._store.ledger.outgoing(start_ms, end_ms)
                waits, held = (of(start_ms, end_ms) for of in (self._store.ledger.waits, self._store.ledger.held))
                result = {"figures": figures, "waits_ms": _spread(waits), "held_ms": _spread(held)}
            case Probe(way):
                result = {"begun": self._of.keeper.test(way, at)}
            case EraseData(number, sender_ref):
                return self._erase(request, number, sender_ref, at)
            case HoldData(number, sender_ref, release):
                return self._hold(request, sender_ref or self._sender(number), at, release=release)
            case NoteUse(words):
                return [Note("console_used", (("words", words),)), Answer(request, {})]
            case Restart():
                return [Note("restart_asked"), Answer(request, {}), EndProcess()]
            case _:
                assert_never(asked)
        return [Answer(request, result)]

    def _erase(self, request: ControlRequest, number: str, sender_ref: str, at: Moment) -> list[Command]:
        """Erase for a data subject, as the contract's `erase` does; put on record that it was done."""
        care = self._store.care
        if sender_ref:
            erased = care.erase_sender(sender_ref, at)
        else:
            read = parse_number(number)
            ids = care.ids_numbered(read.text) if read is not None else ()
            if not ids:
                return [Answer(request, Refusal("unknown_ticket", "this gateway has no such ticket"))]
            erased = care.erase_tickets(ids, at)
        facts = {
            "tickets": erased.tickets,
            "messages": erased.messages,
            "quarantined": erased.quarantined,
            "held": len(erased.held),
        }
        return [Note("erased_by_hand", tuple(facts.items())), Answer(request, facts)]

    def _sender(self, number: str) -> str:
        """Name the sender of a ticket, empty for no ticket of ours."""
        ticket = self._store.ticket_numbered(number)
        return ticket.sender.ref if ticket else ""

    def _hold(self, request: ControlRequest, sender_ref: str, at: Moment, *, release: bool) -> list[Command]:
        """Begin or end a legal hold, and put on record that it was done."""
        if not sender_ref:
            return [Answer(request, Refusal("unknown_ticket", "this gateway has no such ticket"))]
        if release:
            self._store.care.release(sender_ref, at)
        else:
            self._store.care.hold(sender_ref, at)
        facts = {"sender_ref": sender_ref, "held": not release}
        return [Note("held_by_hand", tuple(facts.items())), Answer(request, facts)]

    def _on_line(self, request: ControlRequest, name: str, at: Moment, *, act: bool) -> list[Command]:  # noqa: ARG002
        """Ask a line's own thread; without a name the first line."""
        line = name or next(iter(self._of.lines))
        if line not in self._of.lines:
            why = f"no line {name!r}; there are {', '.join(self._of.lines)}"
            return [Answer(request, Refusal("unknown_line", why))]
        if act:
            return [Note("power_cycle_asked", (("line", line),)), PowerOff(line), Answer(request, {"line": line})]
        return [Recording(line, request)]


def _spread(waits_ms: list[int]) -> list[int]:
    """Give the shortest, the middle and the longest, nothing for none."""
    return [waits_ms[0], waits_ms[len(waits_ms) // 2], waits_ms[-1]] if waits_ms else []


def _incident(incident: Incident, at: Moment) -> dict[str, object]:
    return {
        "cause": incident.cause,
        "line": incident.line,
        "began_ms": incident.began_ms,
        "ended_ms": incident.ended_ms,
        "lasted_s": incident.lasted_ms(at.steady_ms) // 1000,
        "attempts": incident.attempts,
    }


def _detail(ticket: Ticket) -> dict[str, object]:
    """Tell everything about a ticket but its words."""
    return {
        "number": ticket.number,
        "seq": ticket.seq,
        "line": ticket.line,
        "sender": masked(ticket.sender.number) or ticket.sender.address,
        "smsc_ms": ticket.smsc_ms,
        "received_ms": ticket.received_ms,
        "synced": ticket.synced,
        "revision": ticket.revision,
        "attempt": ticket.attempt,
        "parts": f"{ticket.received}/{ticket.total}",
        "thread": ticket.thread.value,
        "state": ticket.state.value,
        "backend_ticket": ticket.backend_ticket,
        "characters": len(ticket.text),
    }
