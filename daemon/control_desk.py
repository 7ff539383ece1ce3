"""The control socket's requests as the core answers them; numbers are shown masked."""

from collections.abc import Mapping

import msgspec

from kentongan.at import pdu
from kentongan.at.errors import PduError
from kentongan.daemon.cards import Cards
from kentongan.daemon.control import ControlRequest, Refusal
from kentongan.daemon.control_care import CareDesk
from kentongan.daemon.drafts import drafts
from kentongan.daemon.events import Answer, Command
from kentongan.daemon.line import SIM_TAIL, Line
from kentongan.daemon.numbers import masked, party
from kentongan.daemon.requests import AcceptSim, AskOutbox, AskPing, AskSend, AskStatus, AskTickets
from kentongan.daemon.standing import Standing
from kentongan.queue.errors import StoreUnavailable
from kentongan.queue.records import Encoding, Moment, OutboundDraft, OutboundMessage, Priority, Ticket
from kentongan.queue.store import Store

VALIDITY_MIN = 1_440
MAX_PARTS = 6


class Panel(msgspec.Struct, frozen=True):
    """The lines and what is known of their SIMs."""

    lines: Mapping[str, Line]
    cards: Cards


class ControlDesk:
    """Answers people on this machine."""

    def __init__(self, store: Store, standing: Standing, panel: Panel, care: CareDesk, line: str) -> None:
        self._store = store
        self._care = care
        self._panel = panel
        self._standing = standing
        self._line = line  # the first line sends what an operator writes

    def answer(self, request: ControlRequest, at: Moment) -> list[Command]:
        """Serve one request."""
        match request.args:
            case AskPing(echo):
                result: object = {"echo": echo}
            case AskStatus():
                result = self._standing.status(at)
            case AskTickets(limit, before):
                result = [_ticket(ticket) for ticket in self._store.tickets(limit, before or None)]
            case AskOutbox(limit, before):
                result = [_message(message) for message in self._store.outbox(limit, before or None)]
            case AskSend(to, text):
                result = self._send(to, text, at)
            case AcceptSim(name):
                result = self._accept_sim(name or self._line, at)
            case care:
                return self._care.answer(request, care, at)
        return [Answer(request, result)]

    def _accept_sim(self, name: str, at: Moment) -> object:
        """Let a line send with the SIM that is in it now."""
        line = self._panel.lines.get(name)
        if line is None:
            return Refusal("unknown_line", f"no line {name!r}; there are {', '.join(self._panel.lines)}")
        if not self._panel.cards.accept(line, at):
            return Refusal("sim_unknown", f"the SIM of line {name} cannot be read")
        return {"line": name, "sim": line.iccid[-SIM_TAIL:]}

    def unavailable(self, request: ControlRequest, error: StoreUnavailable) -> Command:
        """Say that the store is away."""
        return Answer(request, Refusal("storage_unavailable", str(error)))

    def _send(self, to: str, text: str, at: Moment) -> object:
        """Queue an operator's own SMS as a notice."""
        who = party(to)
        if not who.replyable:
            return Refusal("number_not_allowed", f"{to!r} is no telephone number that an SMS can be sent to")
        try:
            segmented = pdu.segment(
                text,
                who.number,
                reference=self._store.concat_reference(who.number),
                report=True,
                validity_min=VALIDITY_MIN,
                max_parts=MAX_PARTS,
            )
        except PduError as error:
            return Refusal("text_not_sendable", str(error))
        message = self._store.enqueue(
            OutboundDraft(
                self._line,
                who.number,
                text,
                Encoding(segmented.encoding),
                drafts(segmented),
                Priority.REPLY,
                delivery_report=True,
                anytime=True,
            ),
            at,
        )
        return {
            "message_id": message.message_id,
            "parts": message.parts,
            "encoding": message.encoding.value,
            "changes": [f"{change.before!r} -> {change.after!r}" for change in segmented.changes],
        }


def _ticket(ticket: Ticket) -> dict[str, object]:
    return {
        "number": ticket.number,
        "ticket_id": ticket.ticket_id,
        "seq": ticket.seq,
        "line": ticket.line,
        "received_ms": ticket.received_ms,
        "sender": masked(ticket.sender.number) or ticket.sender.address,
        "thread": ticket.thread.value,
        "state": ticket.state.value,
        "parts": f"{ticket.received}/{ticket.total}",
        "text": ticket.text,
        "backend_ticket": ticket.backend_ticket,
    }


def _message(message: OutboundMessage) -> dict[str, object]:
    return {
        "message_id": message.message_id,
        "command_id": message.command_id,
        "line": message.line,
        "recipient": masked(message.recipient),
        "priority": message.priority.name.lower(),
        "state": message.state.value,
        "parts": f"{message.parts_sent}/{message.parts}",
        "attempts": message.attempts,
        "accepted_ms": message.accepted_ms,
        "reason": message.reason.code if message.reason else "",
    }
