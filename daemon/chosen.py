"""What the office has chosen: the configuration and its data files, read and checked, in the words of the rooms."""

from pathlib import Path

import msgspec

from kentongan.daemon import classify, holidays, host, standards
from kentongan.daemon.answers import Answers, lint
from kentongan.daemon.classify import Rules
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import Config
from kentongan.daemon.office import OfficeHours, read_hours
from kentongan.daemon.papers import CAPABILITIES
from kentongan.daemon.sending import Habits, Limits, QuietHours
from kentongan.daemon.standards import Leg
from kentongan.queue.store import StoreSettings


class Chosen(msgspec.Struct, frozen=True):
    """Everything that is read before the store is opened and never changes while the process lives."""

    zone: OfficeZone
    answers: Answers
    rules: Rules
    legs: tuple[Leg, ...]
    hours: OfficeHours


def choose(config: Config) -> Chosen:
    """Read the data files that the configuration names; raises `ConfigError`."""
    zone = OfficeZone(config.gateway.timezone)
    answers = Answers(config.answers.acknowledge, config.answers.signature or config.gateway.name)
    lint(answers)
    rules_file, sla_file = config.inbound.rules_file, config.sla.file
    rules = classify.load(Path(rules_file) if rules_file else classify.SHIPPED)
    closed = holidays.load(config.office.holidays_file)
    legs = standards.load(config.sla.profile, Path(sla_file) if sla_file else standards.SHIPPED, closed)
    return Chosen(zone, answers, rules, legs, read_hours(config.office.hours, zone.offset_min(0), closed))


def capabilities(config: Config) -> tuple[str, ...]:
    """Name what this gateway does, with what the office has switched on."""
    switched = {
        "notify": config.person,
        "broadcast": config.broadcast.per_day,
        "sla": config.sla.profile,
        "direct_send": config.sending.direct_to,
    }
    return CAPABILITIES + tuple(name for name, on in switched.items() if on)


def store_settings(config: Config) -> StoreSettings:
    """Say how the store numbers, threads and keeps."""
    inbound, path = config.inbound, Path(config.store.path)
    return StoreSettings(
        prefix=config.gateway.ticket_prefix,
        thread_window_ms=inbound.thread_window_min * 60_000,
        follow_ups=inbound.follow_ups,
        open_thread_ms=inbound.open_thread_days * 86_400_000,
        partial_after_ms=round(inbound.publish_partial_after_s * 1000),
        number_floor=config.store.number_floor,
        budget_octets=host.size_octets(path) * config.store.disk_percent // 100,
    )


def limits(config: Config) -> dict[str, Limits]:
    """Say how much each line may send."""
    most = config.sending.per_number_per_day
    return {line.name: Limits(round(line.pace_s * 1000), line.per_hour, line.per_day, most) for line in config.line}


def habits(config: Config) -> Habits:
    """Say what to do with a reply whose line is down, or whose sending is in doubt."""
    return Habits(config.sending.failover_after_min * 60_000, config.sending.on_uncertain == "resend")


def quiet_hours(config: Config, zone: OfficeZone) -> QuietHours:
    """Say when people are let sleep."""
    return QuietHours(_minute(config.sending.quiet_from), _minute(config.sending.quiet_until), zone.minute_of_day)


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
