"""The constrained types all documents are made of (contract 4.5): one pattern, one place.

`END` stands where a schema would write `$`: Python's `$` also matches before a final line feed, this one does not, and
it means the same to every JSON Schema validator.
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

END = r"(?![\s\S])"
UUID_PATTERN = rf"^[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}{END}"
TIME_PATTERN = rf"^\d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{{1,6}})?(Z|[+-]\d\d:\d\d){END}"
MAX_LIST = 200  # ids in one command: fits 16 384 octets

Uuid = Annotated[str, Meta(pattern=UUID_PATTERN, description="UUIDv7 (RFC 9562), lower case")]
CommandId = Annotated[
    str,
    Meta(
        pattern=rf"^[A-Za-z0-9._:-]{{1,64}}{END}", description="The backend's own key; the same id is the same command"
    ),
]
Time = Annotated[str, Meta(pattern=TIME_PATTERN, description="RFC 3339 with a numeric offset, never without one")]
Slug = Annotated[str, Meta(pattern=rf"^[a-z0-9][a-z0-9-]{{1,31}}{END}")]
E164 = Annotated[str, Meta(pattern=rf"^\+[1-9]\d{{6,14}}{END}", description="E.164")]
SenderRef = Annotated[
    str,
    Meta(pattern=rf"^s_[A-Za-z0-9_-]{{12}}{END}", description="Keyed hash of a number: stable, not reversible"),
]
StoreId = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{8}}{END}", description="New when the gateway's database is new")]
AlarmCode = Annotated[str, Meta(pattern=rf"^[a-z0-9_]{{3,40}}{END}")]
TicketNumber = Annotated[str, Meta(max_length=32, description="The ticket's number as people write it")]
Ref = Annotated[str, Meta(max_length=64, description="The backend's own reference, echoed")]
Role = Annotated[str, Meta(pattern=rf"^[a-z][a-z0-9_-]{{0,31}}{END}", description="A name of the office's own list")]
Period = Annotated[str, Meta(pattern=rf"^\d{{4}}-(0[1-9]|1[0-2]){END}", description="A month of the office's calendar")]
QuarantineId = Annotated[str, Meta(pattern=rf"^[0-9a-f]{{8}}-[1-9]\d{{0,17}}{END}", description="Store and number")]
Remark = Annotated[str, Meta(max_length=200)]
Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=0)]
PartCount = Annotated[int, Meta(ge=1, le=255)]
Milliseconds = Annotated[int, Meta(ge=0, description="Unix time in milliseconds")]

Detail = str | int | float | bool | tuple[str, ...]
Details = dict[str, Detail]


class Bilingual(Struct, frozen=True, kw_only=True):
    """A text for people, Indonesian first."""

    id: str
    en: str | UnsetType = UNSET


def rfc3339(unix_ms: int, offset_min: int) -> str:
    """Write an instant in the office's zone, to the millisecond; `offset_min` is east of UTC."""
    zone = timezone(timedelta(minutes=offset_min))
    return datetime.fromtimestamp(unix_ms / 1000, UTC).astimezone(zone).isoformat(timespec="milliseconds")


def unix_ms(time: str) -> int:
    """Read an RFC 3339 time; raises ValueError when there is no such moment."""
    try:
        moment = datetime.fromisoformat(time)
    except ValueError as error:
        raise ValueError("no such moment") from error
    if moment.tzinfo is None:
        raise ValueError("a time needs an offset")
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
