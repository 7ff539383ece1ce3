"""The backend's commands: checks 7 to 9 of contract 4.9 and their effect, one transaction each.

Every command gets an answer in the same transaction as its effect; the caller acknowledges to the broker afterwards. A
bad command never blocks the next one and never echoes what was sent.
"""

import traceback
from pathlib import Path
from typing import assert_never

import msgspec

from kentongan.daemon.cards import MARGIN
from kentongan.daemon.changing import Changing, Desks
from kentongan.daemon.effects import Made
from kentongan.daemon.erasing import erase
from kentongan.daemon.events import Command, Note
from kentongan.daemon.inquiry import Inquiry, Sources
from kentongan.daemon.notifying import Addressees, Notifying
from kentongan.daemon.outgoing import SKEW_MS
from kentongan.daemon.outward import Voice
from kentongan.daemon.replay import Replay
from kentongan.daemon.replies import Budget, Replies, ReplyRules
from kentongan.mqtt import commands as contract
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Numbered, Refused
from kentongan.mqtt.events import MessageReceived
from kentongan.mqtt.topics import CommandTopic, InfoTopic, PresenceTopic
from kentongan.queue.records import (
    AckResult,
    CommandRecord,
    Moment,
    TicketAck,
)


class County(msgspec.Struct, frozen=True):
    """What of the office's configuration the commands depend on."""

    replies: ReplyRules
    allowed: Addressees
    desks: Desks
    commands_per_minute: int = 600  # beside replies, which have their own limit: ten a second is a flood


class Desk:
    """Reads what the broker delivered and answers it."""

    def __init__(self, sources: Sources, voice: Voice, county: County) -> None:
        self._store = sources.store
        self._broker = sources.broker
        self._voice = voice
        self._budget = Budget(county.commands_per_minute)
        self._replies = Replies(sources.store, voice, county.replies)
        self._notifying = Notifying(sources.store, voice, county.allowed)
        self._changing = Changing(sources.store, voice, county.desks)
        self._inquiry = Inquiry(sources, voice)
        self._replay = Replay(sources.store, voice)

    def handle(self, event: MessageReceived, at: Moment) -> list[Command]:
        """Commit one message of a subscription; the caller acknowledges it then."""
        match self._voice.topics.read(event.topic):
            case PresenceTopic():
                return self._presence(event)
            case InfoTopic():
                return self._remembered(event, at)
            case CommandTopic(name):
                return self._command(name, event, at)
            case None:
                return [Note("message_ignored", (("octets", len(event.payload)),))]

    def _presence(self, event: MessageReceived) -> list[Command]:
        """Offer everything again to a backend that came back (contract 4.7)."""
        presence = payloads.read_presence(event.payload) if event.payload else None
        state = presence.state if presence else "unknown"
        came = state == "online" and self._broker.status.backend != "online"
        self._broker.note(backend=state)
        if came:
            self._store.offer_again()
        return [Note("backend_presence", (("state", state),))]

    def _remembered(self, event: MessageReceived, at: Moment) -> list[Command]:
        """Never give out a number again that an earlier memory card gave out, as the broker remembers it."""
        mark = payloads.read_counter(event.payload)
        if mark <= self._store.counter.given() or not self._store.counter.stay_above(mark + MARGIN, at):
            return []
        return [Note("numbers_skipped", (("mark", mark),))]

    def _command(self, name: str, event: MessageReceived, at: Moment) -> list[Command]:
        command, name = contract.read(name, event.payload, retained=event.retained), contract.named(name)
        match command:
            case Refused():
                outcome = self._refuse(name, command, event, at)
            case payloads.TicketAck():
                outcome = self._ticket_ack(command, event, at)
            case _:
                outcome = self._once(name, command, event, at)
        return [Note("command_handled", (("command", name), ("outcome", outcome)))]

    def _refuse(self, name: str, refused: Refused, event: MessageReceived, at: Moment) -> str:
        response = self._voice.refusal(name, refused, at)
        self._store.answer(None, self._voice.spooled(response, event.correlation), at)
        return refused.code.value

    def failed(self, event: MessageReceived, error: Exception, at: Moment) -> list[Command]:
        """Answer a message that met a mistake of ours; the place is noted, never what was sent (contract 6.5)."""
        where = _place(error)
        topic = self._voice.topics.read(event.topic)
        if isinstance(topic, CommandTopic):
            name = contract.named(topic.name)
            self._refuse(name, contract.failed(event.payload), event, at)
        return [Note("message_failed", (("error", type(error).__name__), ("where", where)))]

    # -- ticket_ack ----------------------------------------------------------------------------------------------------

    def _ticket_ack(self, ack: payloads.TicketAck, event: MessageReceived, at: Moment) -> str:
        """Close a ticket; a good one needs no answer, it is sent for every delivery."""
        result = self._store.acknowledge(
            TicketAck(
                ack.ticket_id,
                ack.status == "accepted",
                revision=ack.revision or 0,
                backend_ticket=ack.backend_ticket or "",
                backend_id=ack.backend_id or "",
                reason=ack.reason or "",
            ),
            at,
        )
        self._broker.note(last_ack_ms=at.wall_ms)
        which = contract.unnamed(event.payload) | {"ticket_id": ack.ticket_id}
        match result:
            case AckResult.DONE:
                return ack.status
            case AckResult.UNKNOWN:
                why, where = "this gateway has no such ticket", "ticket_id"
                refused = Refused(ErrorCode.UNKNOWN_TICKET, why, field=where, details=which)
            case AckResult.CONFLICT:
                why, where = "the ticket was accepted under another backend_ticket", "backend_ticket"
                refused = Refused(ErrorCode.ID_CONFLICT, why, field=where, details=which)
        return self._refuse("ticket_ack", refused, event, at)

    # -- commands with an id -------------------------------------------------------------------------------------------

    def _once(self, name: str, command: Numbered, event: MessageReceived, at: Moment) -> str:
        """Do a command once: its id and fingerprint decide whether it was done before (contract 4.9, check 7)."""
        fingerprint = contract.fingerprint(command)
        record = self._store.command(command.command_id)
        if record is None:
            return self._first(name, command, fingerprint, event, at)
        if (record.command, record.fingerprint) != (name, fingerprint):
            refused = Refused(ErrorCode.ID_CONFLICT, "this command_id was used for another command", command.command_id)
            return self._refuse(name, refused, event, at)
        stored = msgspec.json.decode(record.response, type=payloads.Response)
        message = self._store.message_of(command.command_id)
        again = self._voice.repeated(stored, at, state=message.state.value if message else "")
        self._store.answer(None, self._voice.spooled(again, event.correlation), at)
        return "duplicate"

    def _first(self, name: str, command: Numbered, fingerprint: str, event: MessageReceived, at: Moment) -> str:
        self._compare_clocks(command, at)
        made = self._afforded(command, at) or self._made(name, command, at)
        if isinstance(made, Refused):
            if made.retryable:  # the very same bytes may come again, so nothing is remembered
                return self._refuse(name, made, event, at)
            made = (self._voice.refusal(name, made, at), None)
        response, commit = made
        record = CommandRecord(command.command_id, name, fingerprint, payloads.encode(response))
        spooled = self._voice.spooled(response, event.correlation)
        if isinstance(command, payloads.Get):  # changes nothing, so it may be answered anew and is not remembered
            self._store.answer(None, spooled, at)
        elif commit is None:
            self._store.answer(record, spooled, at)
        else:
            commit(record, spooled)
        return response.error.code.value if response.error else response.status

    def _afforded(self, command: Numbered, at: Moment) -> Refused | None:
        """Refuse a flood; the very same bytes may come again later."""
        if isinstance(command, payloads.Reply):
            return None
        if self._budget.spent(at):
            return Refused(ErrorCode.RATE_LIMITED, f"{self._budget.per_minute} commands a minute", command.command_id)
        self._budget.take(at)
        return None

    def _compare_clocks(self, command: Numbered, at: Moment) -> None:
        """Note how far the backend's clock is from ours; a command that lay at the broker is old, not ahead."""
        issued = getattr(command, "issued_at", msgspec.UNSET)
        if at.synced and issued is not msgspec.UNSET:
            ahead_ms = payloads.unix_ms(issued) - at.wall_ms
            self._broker.note(clock_skew_s=ahead_ms // 1000 if ahead_ms > SKEW_MS else 0)

    def _made(self, name: str, command: Numbered, at: Moment) -> Made:
        """Decide what a command does and how it is answered."""
        match command:
            case payloads.Reply():
                return self._replies.make(command, at)
            case payloads.ReplyCancel():
                return self._replies.cancel(command, at)
            case payloads.Resend():
                return self._replay.make(command, at)
            case payloads.Get():
                return self._inquiry.make(command, at)
            case payloads.Erase():
                return erase(command, self._store, self._voice, at)
            case payloads.Notify():
                return self._notifying.notify(command, at)
            case payloads.Broadcast():
                return self._notifying.broadcast(command, at)
            case payloads.BroadcastCancel():
                return self._notifying.cancel(command, at)
            case payloads.TicketChange():
                return self._changing.ticket(command, at)
            case payloads.Release():
                return self._changing.release(command, at)
            case payloads.ReportAck():
                return self._report_ack(command, at)
            case payloads.Ping():
                result = {"echo": command.echo} if command.echo else None
                return self._voice.response(name, command.command_id, "done", at, result=result), None
            case _:
                assert_never(command)

    def _report_ack(self, command: payloads.ReportAck, at: Moment) -> Made:
        """Stop offering a month's report; one that is gone already is as good as acknowledged."""
        waiting, ledger = self._store.ledger.has_report(command.period), self._store.ledger
        done = self._voice.response("report_ack", command.command_id, "done", at, result={"waited": waiting})
        return done, lambda record, spooled: ledger.report_acknowledged(command.period, record, spooled, at)


def _place(error: Exception) -> str:
    """Name the line that raised; an error's own words might hold a citizen's."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
