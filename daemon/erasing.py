"""`command/erase`: a data subject's texts and number leave the card (contract 8); a legal hold stands above it."""

from msgspec import UNSET

from kentongan.daemon.effects import Made
from kentongan.daemon.outward import Voice
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import Erasure, Moment
from kentongan.queue.store import Store


def erase(command: payloads.Erase, store: Store, voice: Voice, at: Moment) -> Made:
    """Erase first, answer then: asked again after a crash in between, there is just less to erase."""
    erased = _erased(command, store, at)
    if erased.held and not erased.tickets:
        return Refused(ErrorCode.ON_HOLD, "a legal hold keeps it", command.command_id)
    result: payloads.Result = {
        "tickets": erased.tickets,
        "messages": erased.messages,
        "quarantined": erased.quarantined,
        "held": len(erased.held),
    }
    return voice.response("erase", command.command_id, "done", at, result=result), None


def _erased(command: payloads.Erase, store: Store, at: Moment) -> Erasure:
    if command.sender_ref is not UNSET:
        return store.care.erase_sender(command.sender_ref, at)
    return store.care.erase_tickets(() if command.ticket_ids is UNSET else command.ticket_ids, at)
