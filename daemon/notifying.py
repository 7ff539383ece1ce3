"""`command/notify` and `command/broadcast`: texts to people who did not write, and the limits that they need."""

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import UNSET

from kentongan.daemon.drafts import drafts
from kentongan.daemon.effects import Made
from kentongan.daemon.numbers import reference
from kentongan.daemon.outgoing import DAY_MS, described, lifetime, segments
from kentongan.daemon.outward import Voice
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import Encoding, Moment, OutboundDraft, Priority
from kentongan.queue.store import Store

MAX_NOTICES = 200  # that wait


class Addressees(msgspec.Struct, frozen=True):
    """Whom the office allows: its people by role, and how many of a broadcast leave in a day (0: none)."""

    line: str  # sends what belongs to no ticket
    people: Mapping[str, str] = msgspec.field(default_factory=dict)
    broadcast_per_day: int = 0
    max_parts: int = 6
    secret: bytes = b""  # of the sender references, by which wishes for no news are kept


class Notifying:
    """Makes drafts for people of the office and for many."""

    def __init__(self, store: Store, voice: Voice, allowed: Addressees) -> None:
        self._store = store
        self._voice = voice
        self._allowed = allowed

    def notify(self, command: payloads.Notify, at: Moment) -> Made:
        """Check a notice to one person of the office and make its draft."""
        number = self._number(command)
        if isinstance(number, Refused):
            return number
        lifetime_ms = lifetime(command, at)
        if isinstance(lifetime_ms, Refused):
            return lifetime_ms
        segmented = segments(command, number, self._store, self._allowed.max_parts)
        if isinstance(segmented, Refused):
            return segmented
        position = self._store.queue_position(Priority.NOTICE)
        if position > MAX_NOTICES:
            return Refused(ErrorCode.QUEUE_FULL, f"{MAX_NOTICES} notices wait", command.command_id)
        draft = OutboundDraft(
            self._allowed.line,
            number,
            command.text,
            Encoding(segmented.encoding),
            drafts(segmented),
            Priority.NOTICE,
            command_id=command.command_id,
            ticket_id=command.ticket_id or "",
            ref=command.ref or "",
            delivery_report=bool(command.delivery_report),
            lifetime_ms=lifetime_ms,
        )
        result = described(segmented) | {"queue_position": position}
        accepted = self._voice.response("notify", command.command_id, "accepted", at, result=result)
        return accepted, lambda record, spooled: self._store.accept(draft, record, spooled, at)

    def _number(self, command: payloads.Notify) -> str | Refused:
        people = self._allowed.people
        if not people:
            return Refused(ErrorCode.NOT_ENABLED, "no [[person]] is configured", command.command_id)
        if command.role is not UNSET:
            number = people.get(command.role, "")
            return number or Refused(
                ErrorCode.NUMBER_NOT_ALLOWED, "the office has no such role", command.command_id, "role"
            )
        if command.to is not UNSET and command.to in people.values():
            return command.to
        return Refused(ErrorCode.NUMBER_NOT_ALLOWED, "not on the office's list", command.command_id, "to")

    def broadcast(self, command: payloads.Broadcast, at: Moment) -> Made:
        """Check a broadcast and make a draft for each recipient."""
        per_day = self._allowed.broadcast_per_day
        if not per_day:
            return Refused(ErrorCode.NOT_ENABLED, "broadcasts are switched off", command.command_id)
        lifetime_ms = lifetime(command, at)
        if isinstance(lifetime_ms, Refused):
            return lifetime_ms
        willing = self._willing(command.to)
        unwilling = len(command.to) - len(willing)
        if not willing:
            why, count = "all of them asked for no information", {"opted_out": unwilling}
            return Refused(ErrorCode.OPTED_OUT, why, command.command_id, "to", dict(count))
        messages = self._messages(command, willing, lifetime_ms)
        if isinstance(messages, Refused):
            return messages
        used = self._store.ledger.broadcast_today(at.wall_ms - DAY_MS)
        if used + len(willing) > per_day:
            details: payloads.Details = {"per_day": per_day, "used": used, "asked": len(willing)}
            why = f"{per_day} messages of broadcasts a day"
            return Refused(ErrorCode.RATE_LIMITED, why, command.command_id, "to", details)
        result: payloads.Result = {"messages": len(messages), "encoding": messages[0].encoding.value}
        result |= {"opted_out": unwilling} if unwilling else {}
        accepted = self._voice.response("broadcast", command.command_id, "accepted", at, result=result)
        return accepted, lambda record, spooled: self._store.ledger.broadcast(messages, record, spooled, at)

    def _messages(
        self, command: payloads.Broadcast, numbers: Sequence[str], lifetime_ms: int
    ) -> list[OutboundDraft] | Refused:
        messages = []
        for number in numbers:
            segmented = segments(command, number, self._store, 1)
            if isinstance(segmented, Refused):
                return segmented
            encoding, parts = Encoding(segmented.encoding), drafts(segmented)
            messages.append(
                OutboundDraft(
                    self._allowed.line,
                    number,
                    command.text,
                    encoding,
                    parts,
                    Priority.BROADCAST,
                    ref=command.command_id,
                    lifetime_ms=lifetime_ms,
                )
            )
        return messages

    def _willing(self, numbers: Sequence[str]) -> list[str]:
        """Leave out who asked for no information."""
        refs = {number: reference(self._allowed.secret, number) for number in numbers}
        unwilling = self._store.wishes.unwilling(frozenset(refs.values()))
        return [number for number in numbers if refs[number] not in unwilling]

    def cancel(self, command: payloads.BroadcastCancel, at: Moment) -> Made:
        """Stop what of a broadcast waits; stopped before the answer, for to stop twice is to stop once."""
        if self._store.ledger.progress(command.target_command_id) is None:
            where = "target_command_id"
            return Refused(ErrorCode.UNKNOWN_COMMAND_ID, "no broadcast has this id", command.command_id, where)
        result: payloads.Result = {"cancelled": self._store.ledger.stop_broadcast(command.target_command_id, at)}
        return self._voice.response("broadcast_cancel", command.command_id, "done", at, result=result), None
