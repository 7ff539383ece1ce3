"""The closed list of a command's error codes (contract 4.9) and whether the same command may succeed later."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a command was rejected. Codes are only ever added (contract 4.11)."""

    # 1-6: the message itself
    RETAINED_NOT_ALLOWED = "retained_not_allowed"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_JSON = "invalid_json"
    UNKNOWN_COMMAND = "unknown_command"
    SCHEMA_UNSUPPORTED = "schema_unsupported"
    SCHEMA_INVALID = "schema_invalid"
    # 7: its id
    ID_CONFLICT = "id_conflict"
    # 8: the business
    UNKNOWN_TICKET = "unknown_ticket"
    NOT_REPLYABLE = "not_replyable"
    NUMBER_NOT_ALLOWED = "number_not_allowed"
    SENDER_ID_NOT_POSSIBLE = "sender_id_not_possible"
    TEXT_EMPTY = "text_empty"
    TEXT_TOO_LONG = "text_too_long"
    TEXT_NOT_ENCODABLE = "text_not_encodable"
    ALREADY_EXPIRED = "already_expired"
    UNKNOWN_COMMAND_ID = "unknown_command_id"
    TOO_LATE = "too_late"
    ON_HOLD = "on_hold"
    OPTED_OUT = "opted_out"  # since 1.1
    NOT_ENABLED = "not_enabled"
    # 9: capacity
    QUEUE_FULL = "queue_full"
    RATE_LIMITED = "rate_limited"
    STORAGE_UNAVAILABLE = "storage_unavailable"
    INTERNAL_ERROR = "internal_error"

    @property
    def retryable(self) -> bool:
        """Tell whether the very same bytes may be accepted later."""
        return self in _CAPACITY


_CAPACITY = frozenset(
    {ErrorCode.QUEUE_FULL, ErrorCode.RATE_LIMITED, ErrorCode.STORAGE_UNAVAILABLE, ErrorCode.INTERNAL_ERROR}
)
