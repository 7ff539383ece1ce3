"""`command/resend`: tickets and reply states played again, oldest first, ten a second, behind everything live."""

from dataclasses import replace

from msgspec import UNSET

from kentongan.daemon.effects import Made
from kentongan.daemon.outward import Voice
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import Lane, Moment, OutboundMessage, SpoolDraft
from kentongan.queue.store import Store
from kentongan.queue.store_replay import LAST, Chosen, Wanted

PAGE = 500  # tickets of one request that does not say how many (at most 1,000)
MAX_WAITING = 3_000  # played within five minutes; a backend that asks for more asks again


class Replay:
    """Plans what is played again."""

    def __init__(self, store: Store, voice: Voice) -> None:
        self._store = store
        self._voice = voice

    def make(self, resend: payloads.Resend, at: Moment) -> Made:
        """Answer what will come; the last word comes after it, as a second answer."""
        if self._store.replays.waiting() >= MAX_WAITING:
            return Refused(ErrorCode.QUEUE_FULL, f"{MAX_WAITING} are being played", resend.command_id)
        include = ("tickets",) if resend.include is UNSET else resend.include
        limit = resend.limit or PAGE
        wanted = _wanted(resend)
        chosen = self._store.replays.choose(wanted, limit) if "tickets" in include else Chosen((), 0, 1, more=False)
        replies = self._store.replays.replies(at, limit, wanted.ticket_ids) if "replies" in include else []
        states = [draft for message in replies if (draft := self._state(message, at)) is not None]
        result: payloads.Result = {"matched": len(chosen.seqs), "replies": len(states)}
        if chosen.seqs:
            result |= {"first_seq": chosen.seqs[0], "last_seq": chosen.seqs[-1]}
        accepted = self._voice.response("resend", resend.command_id, "accepted", at, result=result)
        done = self._done(resend, chosen, len(states), at)
        return accepted, lambda record, spooled: self._store.replays.begin(chosen, states, record, spooled, done, at)

    def _state(self, message: OutboundMessage, at: Moment) -> SpoolDraft | None:
        draft = self._voice.narrate(message, at)
        return replace(draft, lane=Lane.REPLAY) if draft else None

    def _done(self, resend: payloads.Resend, chosen: Chosen, replies: int, at: Moment) -> SpoolDraft:
        result: payloads.Result = {
            "resent": len(chosen.seqs),
            "erased": chosen.erased,
            "replies": replies,
            "next_seq": chosen.next_seq,
            "more": chosen.more,
        }
        response = self._voice.response("resend", resend.command_id, "done", at, result=result)
        return replace(self._voice.spooled(response, b""), lane=Lane.REPLAY)


def _wanted(resend: payloads.Resend) -> Wanted:
    match resend.select:
        case payloads.Unacknowledged():
            return Wanted(unacknowledged=True)
        case payloads.BySeq(from_seq=first, to_seq=last):
            return Wanted(from_seq=first, to_seq=LAST if last is UNSET else last)
        case payloads.ByTime(since=since, until=until):
            return Wanted(
                since_ms=payloads.unix_ms(since), until_ms=LAST if until is UNSET else payloads.unix_ms(until)
            )
        case payloads.ByIds(ticket_ids=ticket_ids):
            return Wanted(ticket_ids=ticket_ids)
