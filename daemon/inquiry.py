"""`command/get`: a document about the gateway, one ticket or one reply; never a text, never a telephone number.

A ticket's words are played again by `command/resend`, on the topic whose access rules fit them.
"""

import platform
import sqlite3
from itertools import islice
from typing import assert_never

import msgspec

from kentongan.daemon.broker import Broker
from kentongan.daemon.effects import Made
from kentongan.daemon.health import grade
from kentongan.daemon.journal import Journal
from kentongan.daemon.logs import mask
from kentongan.daemon.outward import Voice
from kentongan.daemon.papers import Papers
from kentongan.daemon.standing import Standing
from kentongan.daemon.status import LineStatus, LinkStatus
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import Moment, OutboundMessage, Ticket
from kentongan.queue.store import Store

LOG_LINES = 30  # contract 4.9
MAX_OCTETS = 7_000  # of a result: the whole response stays below 8 kB (contract 4.9)


class Sources(msgspec.Struct, frozen=True):
    """Where the answers come from."""

    store: Store
    broker: Broker
    standing: Standing
    papers: Papers
    journal: Journal
    config_digest: str = ""


class Inquiry:
    """Answers questions."""

    def __init__(self, sources: Sources, voice: Voice) -> None:
        self._of = sources
        self._voice = voice

    def make(self, asked: payloads.Get, at: Moment) -> Made:
        """Answer one."""
        result = self._result(asked, at)
        if isinstance(result, Refused):
            return result
        return self._voice.response("get", asked.command_id, "done", at, result=result), None

    def _result(self, asked: payloads.Get, at: Moment) -> payloads.Result | Refused:
        match asked.what:
            case "info":
                return self._info(at)
            case "health":
                return self._health(at)
            case "diagnostics":
                return self._diagnostics(at)
            case "queue":
                return self._queue(at)
            case "ticket" | "reply":
                return self._one(asked)
            case _:
                assert_never(asked.what)

    def _info(self, at: Moment) -> payloads.Result:
        up = self._of.broker.up
        publication = self._of.papers.info(up.protocol if up else "", self._of.store.counts(at).counter)
        return _document(publication.payload)

    def _health(self, at: Moment) -> payloads.Result:
        status = self._of.standing.status(at)
        return _document(self._of.papers.health(status, grade(status)).payload)

    def _queue(self, at: Moment) -> payloads.Result:
        counts = self._of.store.counts(at)
        return {
            "tickets_unacked": counts.unacknowledged,
            "oldest_unacked_s": counts.oldest_unacknowledged_ms // 1000,
            "replies_queued": counts.queued,
            "replies_uncertain": counts.uncertain,
            "outbox": counts.spool,
            "replaying": self._of.store.replays.waiting(),
        }

    def _one(self, asked: payloads.Get) -> payloads.Result | Refused:
        """Look up a ticket by its id or number, or a reply by the id of its command."""
        if asked.id is msgspec.UNSET:
            return Refused(ErrorCode.SCHEMA_INVALID, "required for a ticket or a reply", asked.command_id, "id")
        if asked.what == "reply":
            message = self._of.store.message_of(asked.id)
            if message is None:
                return Refused(ErrorCode.UNKNOWN_COMMAND_ID, "no reply has this id", asked.command_id, "id")
            return self._reply(message)
        ticket = self._of.store.ticket(asked.id) or self._of.store.ticket_numbered(asked.id)
        if ticket is None:
            return Refused(ErrorCode.UNKNOWN_TICKET, "this gateway has no such ticket", asked.command_id, "id")
        return self._ticket(ticket)

    def _ticket(self, ticket: Ticket) -> payloads.Result:
        found: payloads.Result = {
            "ticket_id": ticket.ticket_id,
            "ticket_number": ticket.number,
            "store_id": self._voice.store_id,
            "seq": ticket.seq,
            "revision": ticket.revision,
            "state": ticket.state.value,
            "attempt": ticket.attempt,
            "received_at": self._voice.time(ticket.received_ms),
            "sender_ref": ticket.sender.ref,
            "thread": ticket.thread.value,
            "parts": {"total": ticket.total, "received": ticket.received},
        }
        return found | ({"backend_ticket": ticket.backend_ticket} if ticket.backend_ticket else {})

    def _reply(self, message: OutboundMessage) -> payloads.Result:
        found: payloads.Result = {
            "command_id": message.command_id,
            "status": message.state.value,
            "revision": message.revision,
            "final": message.final,
            "parts": {"total": message.parts, "sent": message.parts_sent, "delivered": message.parts_delivered},
            "accepted_at": self._voice.time(message.accepted_ms),
        }
        found |= {"ticket_id": message.ticket_id} if message.ticket_id else {}
        return found | ({"reason": message.reason.code} if message.reason else {})

    def _diagnostics(self, at: Moment) -> payloads.Result:
        """Say what a technician asks first; the oldest lines give way when it gets too long."""
        status = self._of.standing.status(at)
        usage = self._of.store.care.usage()
        result: payloads.Result = {
            "software": status.version,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "config": {"digest": self._of.config_digest, "state": status.config.state},
            "uptime_s": max(0, (status.at_ms - status.started_ms) // 1000),
            "clock_synced": status.synced,
            "faults": [f"{fault.code} {fault.cause} {fault.line}".strip() for fault in status.faults],
            "lines": [_line(line) for line in status.lines],
            "link": {"cause": status.link.cause, "reconnects": status.link.reconnects} | self._certificate(status.link),
            "store": {
                "state": status.store.state,
                "used_octets": usage.used,
                "on_card_octets": usage.on_card,
                "oldest_unacked_s": status.store.oldest_unacknowledged_s,
            },
            "disk_free_mb": status.host.disk_free_mb,
            "recoveries": [
                f"{each.line} {each.rung}: {each.succeeded} of {each.climbed}"
                for each in self._of.store.incidents.rungs()
            ],
            "log": [],
        }
        room = MAX_OCTETS - len(msgspec.json.encode(result))
        for line in islice(reversed(self._of.journal.lines), LOG_LINES):
            shown = f"{self._voice.time(line.wall_ms)} {line.shown()}"[:300]
            room -= len(msgspec.json.encode(shown)) + 1
            if room < 0:
                break
            result["log"].insert(0, shown)
        return result

    def _certificate(self, link: LinkStatus) -> dict[str, str]:
        """Say which certificate of the link ends first."""
        if not link.certificate_until_ms:
            return {}
        return {"certificate_of": link.certificate_of, "certificate_until": self._voice.time(link.certificate_until_ms)}


def _line(line: LineStatus) -> dict[str, object]:
    return {
        "name": line.name,
        "state": line.state,
        "why": mask(line.why)[:120],
        "model": line.model,
        "dialect": line.dialect,
        "sim": line.sim,
        "restarts": line.restarts,
        "rung": line.rung,
        "paused": line.paused,
    }


def _document(payload: bytes) -> payloads.Result:
    found: payloads.Result = msgspec.json.decode(payload)
    return found
