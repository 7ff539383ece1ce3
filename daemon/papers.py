"""The retained documents under `status/`: who the gateway is and how it is (contract 4.2, 4.6). Pure."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from kentongan.at.events import ModemState
from kentongan.daemon.outward import Voice
from kentongan.daemon.status import LineStatus, Status, clock_source
from kentongan.mqtt import payloads
from kentongan.mqtt.events import Publication, Will
from kentongan.queue.records import Moment

CONTRACT = "1.1"
IDEMPOTENCY_DAYS = 400
MAX_COMMAND_BYTES = 16_384
# What every gateway of this program does; an office adds by its configuration.
CAPABILITIES = ("delivery_report", "reply_cancel", "resend", "get", "erase", "groups", "quarantine", "ticket", "report")
CANNOT_RUN = payloads.Bilingual(id="SMS Gateway tidak dapat berjalan", en="The SMS gateway cannot run")

HealthState = Literal[
    "ready", "starting", "searching", "no_sim", "pin_required", "puk_required", "not_responding", "absent"
]
_MODEM_STATES: dict[str, HealthState] = {
    ModemState.CLOSED: "absent",
    ModemState.PROBING: "starting",
    ModemState.INITIALISING: "starting",
    ModemState.SIM_ABSENT: "no_sim",
    ModemState.SIM_LOCKED: "pin_required",
    ModemState.SEARCHING: "searching",
    ModemState.READY: "ready",
    ModemState.DOWN: "not_responding",
}
_REGISTRATIONS: dict[int, Literal["home", "roaming", "searching", "denied", "none"]] = {
    0: "none",
    1: "home",
    2: "searching",
    3: "denied",
    5: "roaming",
    6: "home",
    7: "roaming",
}


class Profile(msgspec.Struct, frozen=True):
    """How often the gateway gives signs of life (decisions.md 8)."""

    keepalive_s: int
    health_s: int
    lease_s: int


OFFICE = Profile(keepalive_s=30, health_s=60, lease_s=180)
METERED = Profile(keepalive_s=240, health_s=900, lease_s=2_700)


class Papers(msgspec.Struct, frozen=True):
    """What of the documents never changes while the process lives."""

    voice: Voice
    profile: Profile
    boot_id: str
    version: str
    timezone: Literal["Asia/Jakarta", "Asia/Pontianak", "Asia/Makassar", "Asia/Jayapura"]
    name: str
    public_number: str
    max_parts: int
    replies_per_minute: int
    capabilities: tuple[str, ...] = CAPABILITIES
    ack_mode: Literal["required", "puback"] = "required"
    retention_days: int = 0  # of texts and numbers after their end, 0 where nobody says

    # -- connection ----------------------------------------------------------------------------------------------------

    def will(self, connection_id: str) -> Will:
        """Leave with the broker what it shall say when we die."""
        lost = self._connection(connection_id, "lost", text=CANNOT_RUN)
        return Will(self.voice.topics.status("connection"), payloads.encode(lost))

    def online(self, connection_id: str, since_ms: int) -> Publication:
        """Say that we are there; a lease that health refreshes."""
        document = self._connection(connection_id, "online", since=self.voice.time(since_ms))
        return self._retained("connection", document, lease=True)

    def farewell(self, connection_id: str, at: Moment) -> Publication:
        """Say that we leave on purpose."""
        document = self._connection(connection_id, "offline", since=self.voice.time(at.wall_ms), reason="shutdown")
        return self._retained("connection", document, lease=False)

    def _connection(
        self, connection_id: str, state: Literal["online", "offline", "lost"], **facts: object
    ) -> payloads.Connection:
        return payloads.Connection(
            county_id=self.voice.topics.county_id,
            gateway_id=self.voice.topics.gateway_id,
            state=state,
            connection_id=connection_id,
            boot_id=self.boot_id,
            **facts,  # type: ignore[arg-type]  # the optional fields, checked by the Struct's own tests
        )

    # -- info and health -----------------------------------------------------------------------------------------------

    def info(self, protocol: str, ticket_counter: int) -> Publication:
        """Write the birth certificate."""
        document = payloads.Info(
            contract=CONTRACT,
            county_id=self.voice.topics.county_id,
            gateway_id=self.voice.topics.gateway_id,
            software=payloads.Software(name="kentongan", version=self.version),
            timezone=self.timezone,
            store_id=self.voice.store_id,
            boot_id=self.boot_id,
            sender_mode="masked" if self.voice.sender_mode == "masked" else "full",
            ack_mode=self.ack_mode,
            capabilities=self.capabilities,
            limits=payloads.Limits(
                max_command_bytes=MAX_COMMAND_BYTES,
                max_reply_parts=self.max_parts,
                replies_per_minute=self.replies_per_minute,
                idempotency_days=IDEMPOTENCY_DAYS,
            ),
            name=self.name or UNSET,
            public_number=self.public_number or UNSET,
            mqtt_protocol="5.0" if protocol == "5.0" else "3.1.1",
            retention_days=self.retention_days or UNSET,
            intervals=payloads.Intervals(
                keepalive_s=self.profile.keepalive_s, health_s=self.profile.health_s, lease_s=self.profile.lease_s
            ),
            ticket_counter=ticket_counter,
        )
        return self._retained("info", document, lease=False)

    def health(self, status: Status, grade: Literal["ok", "degraded", "failed"]) -> Publication:
        """Answer an operator's first questions."""
        lines = tuple(self._modem(line) for line in status.lines)
        link = status.link
        document = payloads.Health(
            county_id=self.voice.topics.county_id,
            gateway_id=self.voice.topics.gateway_id,
            at=self.voice.time(status.at_ms),
            interval_s=self.profile.health_s,
            status=grade,
            clock=payloads.ClockHealth(synced=status.synced, source=clock_source(status)),
            modem=lines[0],
            lines=lines if len(lines) > 1 else UNSET,
            sim=self._sim(status.lines[0]),
            queues=payloads.Queues(
                tickets_unacked=status.store.unacknowledged,
                oldest_unacked_s=status.store.oldest_unacknowledged_s,
                replies_queued=status.store.queued,
                replies_uncertain=status.store.uncertain,
                outbox=status.store.spool,
            ),
            counters=payloads.Counters(
                tickets=status.store.tickets,
                replies_sent=status.store.sent,
                replies_failed=status.store.failed,
                mqtt_reconnects=link.reconnects,
                sms_received=status.store.received,
                quarantined=status.store.quarantined,
            ),
            uptime_s=max(0, (status.at_ms - status.started_ms) // 1000),
            backend=payloads.BackendHealth(
                online=UNSET if link.backend == "unknown" else link.backend == "online",
                last_ack_at=self.voice.time(link.last_ack_ms) if link.last_ack_ms else UNSET,
            ),
            host=_host(status),
            faults=tuple(fault.cause for fault in status.faults) or UNSET,
        )
        return self._retained("health", document, lease=True)

    def _modem(self, line: LineStatus) -> payloads.ModemHealth:
        state = _MODEM_STATES.get(line.state, "starting")
        if state == "pin_required" and "PUK" in line.sim_lock:
            state = "puk_required"
        return payloads.ModemHealth(
            state=state,
            line=line.name,
            registration=_REGISTRATIONS.get(line.registration, "none"),
            operator=line.operator or UNSET,
            signal_dbm=line.signal_dbm,
            sim_used=line.slots_used if line.slots_total else UNSET,
            sim_capacity=line.slots_total or UNSET,
            last_ok_at=self.voice.time(line.last_ok_ms) if line.last_ok_ms else UNSET,
        )

    def _sim(self, line: LineStatus) -> payloads.SimHealth | UnsetType:
        """Say what the operator said last of the first line's credit; a card that lapses ends the service."""
        if line.balance_rp is None and not line.valid_until_ms:
            return UNSET
        return payloads.SimHealth(
            balance_idr=UNSET if line.balance_rp is None else max(0, line.balance_rp),
            active_until=self.voice.time(line.valid_until_ms - 1)[:10] if line.valid_until_ms else UNSET,
        )

    # -- alarms --------------------------------------------------------------------------------------------------------

    def alarm(self, alarm: payloads.Alarm) -> Publication:
        """Publish one alarm, active or cleared."""
        return Publication(0, self.voice.topics.alarm(alarm.code), payloads.encode(alarm), retain=True)

    def no_alarm(self, code: str) -> Publication:
        """Remove an alarm's retained document."""
        return Publication(0, self.voice.topics.alarm(code), b"", retain=True)

    def _retained(self, name: str, document: payloads.Status, *, lease: bool) -> Publication:
        return Publication(
            0,
            self.voice.topics.status(name),
            payloads.encode(document),
            retain=True,
            expiry_s=self.profile.lease_s if lease else 0,
            event_type=payloads.event_type(document),
        )


def _host(status: Status) -> payloads.HostHealth:
    host = status.host
    return payloads.HostHealth(
        cpu_temp_c=UNSET if host.temperature_c is None else host.temperature_c,
        disk_free_mb=UNSET if host.disk_free_mb is None else host.disk_free_mb,
        undervoltage=UNSET if host.undervoltage is None else host.undervoltage,
    )
