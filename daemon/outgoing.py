"""What every text of the backend has to pass, whomever it is for: the clock, the alphabet, the length."""

from msgspec import UNSET

from kentongan.at import pdu
from kentongan.at.errors import NotEncodable
from kentongan.mqtt import payloads
from kentongan.mqtt.codes import ErrorCode
from kentongan.mqtt.commands import Refused
from kentongan.queue.records import Moment
from kentongan.queue.store import Store

DAY_MS = 86_400_000
LIFETIME_MS = DAY_MS  # of a text without `expires_at` (contract 4.7)
SKEW_MS = 300_000  # between `issued_at` and our clock; more is worth an alarm (contract 4.9)
OLDEST_ISSUE_MS = 7 * DAY_MS  # an older `issued_at` is a replay (contract 8)
MAX_CHANGES = 20  # different ones that an answer names: it stays below 8 kB
NETWORK_VALIDITY_MIN = 1_440  # how long the service centre keeps trying

Texted = payloads.Reply | payloads.Notify | payloads.Broadcast


def lifetime(command: Texted, at: Moment) -> int | Refused:
    """Turn `expires_at` into steady milliseconds; a clock nobody trusts cannot expire anything."""
    issued_ms = at.wall_ms if command.issued_at is UNSET else payloads.unix_ms(command.issued_at)
    if at.synced and issued_ms < at.wall_ms - OLDEST_ISSUE_MS:
        return Refused(ErrorCode.ALREADY_EXPIRED, "issued more than 7 days ago", command.command_id, "issued_at")
    if command.expires_at is UNSET:
        return LIFETIME_MS
    now_ms = at.wall_ms if at.synced else issued_ms
    left_ms = payloads.unix_ms(command.expires_at) - now_ms
    if left_ms <= 0:
        return Refused(ErrorCode.ALREADY_EXPIRED, "expires_at has passed", command.command_id, "expires_at")
    return left_ms


def segments(command: Texted, number: str, store: Store, max_parts: int) -> pdu.Segmented | Refused:
    """Encode the text for a number into parts."""
    if command.sender_id is not UNSET:
        why = "a SIM sends from its own number"
        return Refused(ErrorCode.SENDER_ID_NOT_POSSIBLE, why, command.command_id, "sender_id")
    if not command.text.strip():
        return Refused(ErrorCode.TEXT_EMPTY, "nothing to send", command.command_id, "text")
    asked = UNSET if isinstance(command, payloads.Broadcast) else command.max_parts
    most = max_parts if asked is UNSET else min(max_parts, asked)
    try:
        return pdu.segment(
            command.text,
            number,
            reference=store.concat_reference(number),
            report=not isinstance(command, payloads.Broadcast) and bool(command.delivery_report),
            validity_min=NETWORK_VALIDITY_MIN,
            max_parts=most,
        )
    except NotEncodable as error:
        why = f"the character at index {error.index} cannot be sent"
        return Refused(ErrorCode.TEXT_NOT_ENCODABLE, why, command.command_id, "text")
    except pdu.TooLong as error:
        details: payloads.Details = {"parts": error.parts, "max_parts": most, "encoding": error.encoding}
        why = f"text needs {error.parts} SMS parts, the limit is {most}"
        return Refused(ErrorCode.TEXT_TOO_LONG, why, command.command_id, "text", details)


def described(segmented: pdu.Segmented) -> payloads.Result:
    """Say how a text leaves, and what had to be changed in it."""
    result: payloads.Result = {"parts": len(segmented.parts), "encoding": segmented.encoding}
    changes = dict.fromkeys(f"{change.before!r} -> {change.after!r}" for change in segmented.changes)
    if changes:
        result["changes"] = list(changes)[:MAX_CHANGES]
    return result
