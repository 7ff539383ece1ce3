"""How the two processes reach the broker: the configuration in, the settings of a link out."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from kentongan.daemon.clock import SystemClock
from kentongan.daemon.config import Config, read_secret
from kentongan.mqtt.events import Will
from kentongan.mqtt.settings import LinkSettings, Rhythm, Subscription, Tls, read_url
from kentongan.mqtt.topics import Topics
from kentongan.queue.ids import Uuid7

# decisions.md 8; an office's server that falls silent is told of within 30 s, while a mobile uplink counts each ping.
RHYTHMS = {"office": Rhythm(30, probe_s=12.0, answer_s=8.0), "metered": Rhythm(240)}


class Caller(msgspec.Struct, frozen=True):
    """What the gateway's link and the watcher's differ in."""

    client_id: str
    subscriptions: tuple[Subscription, ...]
    will: Callable[[str], Will | None]


def topics(config: Config) -> Topics:
    """Name the topics of this gateway; raises `SettingsRefused`."""
    return Topics(config.mqtt.root, config.gateway.county_id, config.gateway.gateway_id)


def link_settings(config: Config, caller: Caller, clock: SystemClock) -> LinkSettings:
    """Say how to reach the broker and as whom; raises `ConfigError` and `SettingsRefused`."""
    mqtt = config.mqtt
    address = read_url(mqtt.url)
    return LinkSettings(
        address,
        client_id=caller.client_id,
        username=mqtt.username,
        password=read_secret(mqtt.password_file) if mqtt.password_file else "",
        source=topics(config).source,
        will=caller.will,
        new_connection_id=_connection_ids(clock),
        subscriptions=caller.subscriptions,
        tls=Tls(Path(mqtt.ca_file), _path(mqtt.cert_file), _path(mqtt.key_file)) if address.secure else None,
        protocol=mqtt.protocol,
        rhythm=RHYTHMS[mqtt.profile],
    )


def _connection_ids(clock: SystemClock) -> Callable[[], str]:
    """Give the link's thread a maker of ids of its own: one that two threads share is not monotone."""
    ids = Uuid7(os.urandom)
    return lambda: ids.new(clock.now().wall_ms)


def _path(name: str) -> Path | None:
    return Path(name) if name else None
