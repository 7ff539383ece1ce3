"""Retained documents under `status/` and `backend/`: no phone number and no citizen's text is ever in one."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from kentongan.mqtt.payloads.fields import (
    E164,
    AlarmCode,
    Bilingual,
    Count,
    Details,
    Positive,
    Slug,
    StoreId,
    Time,
    Uuid,
)


class Connection(Struct, frozen=True, kw_only=True, tag_field="schema", tag="connection/1"):
    """Whether the gateway is at the broker; `lost` is the broker's own word (the will).

    Ignore `lost` whose `connection_id` is not that of the last `online`; `online` is a lease of three intervals.
    """

    county_id: Slug
    gateway_id: Slug
    state: Literal["online", "offline", "lost"]
    connection_id: Uuid
    boot_id: Uuid
    since: Time | UnsetType = UNSET
    reason: Literal["shutdown", "restart", "update", "power"] | UnsetType = UNSET
    text: Bilingual | UnsetType = UNSET


class Software(Struct, frozen=True, kw_only=True):
    """The program that speaks."""

    name: str
    version: str


class Limits(Struct, frozen=True, kw_only=True):
    """What a backend may send."""

    max_command_bytes: Positive
    max_reply_parts: Positive
    replies_per_minute: Count | UnsetType = UNSET
    idempotency_days: Count | UnsetType = UNSET


class Intervals(Struct, frozen=True, kw_only=True):
    """How often to expect a sign of life, in seconds; never hard-code them."""

    keepalive_s: Positive
    health_s: Positive
    lease_s: Positive


class Info(Struct, frozen=True, kw_only=True, tag_field="schema", tag="info/1"):
    """The birth certificate: what this gateway is and what it can; published on every connection and change."""

    contract: Annotated[str, Meta(pattern=r"^1\.\d+(?![\s\S])", description="Major and minor of this contract")]
    county_id: Slug
    gateway_id: Slug
    software: Software
    timezone: Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]
    store_id: StoreId
    boot_id: Uuid
    sender_mode: Literal["full", "masked"]
    ack_mode: Literal["required", "puback"]
    capabilities: tuple[str, ...]
    limits: Limits
    name: str | UnsetType = UNSET
    public_number: E164 | UnsetType = UNSET
    mqtt_protocol: Literal["5.0", "3.1.1"] | UnsetType = UNSET
    retention_days: Count | UnsetType = UNSET
    intervals: Intervals | UnsetType = UNSET
    ticket_counter: Annotated[Count, Meta(description="Highest ticket counter ever used")] | UnsetType = UNSET


class ClockHealth(Struct, frozen=True, kw_only=True):
    """How far the gateway's times can be trusted."""

    synced: bool
    source: Literal["ntp", "rtc", "gsm", "none"] | UnsetType = UNSET
    offset_ms: float | UnsetType = UNSET


class ModemHealth(Struct, frozen=True, kw_only=True):
    """One modem with its SIM."""

    state: Literal[
        "ready", "starting", "searching", "no_sim", "pin_required", "puk_required", "not_responding", "absent"
    ]
    line: str | UnsetType = UNSET
    registration: Literal["home", "roaming", "searching", "denied", "none"] | UnsetType = UNSET
    operator: str | UnsetType = UNSET
    signal_dbm: int | UnsetType | None = UNSET
    sim_used: Count | UnsetType = UNSET
    sim_capacity: Count | UnsetType = UNSET
    last_ok_at: Time | UnsetType = UNSET


class SimHealth(Struct, frozen=True, kw_only=True):
    """The prepaid card: a SIM that lapses stops the service."""

    balance_idr: Count | UnsetType = UNSET
    active_until: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\d(?![\s\S])")] | UnsetType = UNSET


class Queues(Struct, frozen=True, kw_only=True):
    """What waits."""

    tickets_unacked: Count = 0
    oldest_unacked_s: Count = 0
    replies_queued: Count = 0
    replies_uncertain: Count = 0
    outbox: Count = 0


class Counters(Struct, frozen=True, kw_only=True):
    """What was done, since the database is new."""

    tickets: Count = 0
    replies_sent: Count = 0
    replies_failed: Count = 0
    mqtt_reconnects: Count = 0
    sms_received: Count = 0
    quarantined: Count = 0


class BackendHealth(Struct, frozen=True, kw_only=True):
    """What the gateway knows of the county's backend."""

    online: bool | UnsetType = UNSET
    last_ack_at: Time | UnsetType = UNSET


class HostHealth(Struct, frozen=True, kw_only=True):
    """The machine."""

    cpu_temp_c: float | UnsetType = UNSET
    disk_free_mb: Count | UnsetType = UNSET
    undervoltage: bool | UnsetType = UNSET


class Health(Struct, frozen=True, kw_only=True, tag_field="schema", tag="health/1"):
    """An operator's first questions, answered every `interval_s`; older than three intervals means unknown."""

    county_id: Slug
    gateway_id: Slug
    at: Time
    interval_s: Positive
    status: Literal["ok", "degraded", "failed"]
    clock: ClockHealth
    modem: ModemHealth
    queues: Queues
    uptime_s: Count | UnsetType = UNSET
    lines: tuple[ModemHealth, ...] | UnsetType = UNSET
    sim: SimHealth | UnsetType = UNSET
    counters: Counters | UnsetType = UNSET
    backend: BackendHealth | UnsetType = UNSET
    host: HostHealth | UnsetType = UNSET
    faults: tuple[str, ...] | UnsetType = UNSET


class Alarm(Struct, frozen=True, kw_only=True, tag_field="schema", tag="alarm/1"):
    """One alarm: `active`, later `cleared`; a day after that an empty retained payload removes it."""

    county_id: Slug
    gateway_id: Slug
    event_id: Uuid
    code: AlarmCode
    state: Literal["active", "cleared"]
    severity: Literal["critical", "major", "minor"]
    text: Bilingual
    raised_at: Time
    source: Literal["daemon", "watchdog"]
    cause: str | UnsetType = UNSET
    cleared_at: Time | UnsetType = UNSET
    count: Positive | UnsetType = UNSET
    remedy: Bilingual | UnsetType = UNSET
    details: Details | UnsetType = UNSET


class Presence(Struct, frozen=True, kw_only=True, tag_field="schema", tag="presence/1"):
    """A backend says that it is there; its will says `lost`. Optional."""

    backend_id: Slug
    state: Literal["online", "offline", "lost"]
    since: Time | UnsetType = UNSET
