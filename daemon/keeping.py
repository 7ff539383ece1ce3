"""Compose the keeper from the configuration."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kentongan.daemon import operators
from kentongan.daemon.answers import Answers, Template
from kentongan.daemon.blackout import Blackout, Boot
from kentongan.daemon.canary import Canary, Songs
from kentongan.daemon.clerk import Words
from kentongan.daemon.clerk_desk import ClerkDesk, Clerks
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.config import Config, read_secret
from kentongan.daemon.keeper import Duties, Keeper
from kentongan.daemon.line import Line
from kentongan.daemon.nightwatch import Beat, NightWatch
from kentongan.daemon.own_sms import Post
from kentongan.daemon.purses import Purses
from kentongan.daemon.status import Status
from kentongan.queue.numbers import format_number
from kentongan.queue.records import Moment
from kentongan.queue.store import Store


class Outside(msgspec.Struct, frozen=True):
    """What the keeper must be told of the world: the machine's boot, the quiet hours, the moment."""

    boot: Boot
    quiet: Callable[[Moment], bool]
    status: Callable[[Moment], Status]
    at: Moment


def make_keeper(config: Config, store: Store, lines: Mapping[str, Line], outside: Outside) -> Keeper:
    """Make the keeper of one gateway."""
    zone, at = OfficeZone(config.gateway.timezone), outside.at
    post = Post(store, lines)
    words = Words(config.gateway.ticket_prefix, zone)
    numbers = config.clerk.numbers
    first = config.line[0].name
    duties = Duties(
        ClerkDesk(store, post, words, Clerks(numbers, outside.quiet)),
        words,
        Purses(
            store,
            {line.name: line.balance_code for line in config.line},
            config.credit.price_rp,
            zone.offset_min(at.wall_ms),
            operators.load(Path(file) if (file := config.credit.operators_file) else operators.SHIPPED),
        ),
        {name: NightWatch(store, post, name, beat, os.urandom, at) for name, beat in _beats(config).items()},
        Canary(store.incidents, post, first, _songs(config), at),
        Blackout(store, outside.boot, at, store.counts(at).received),
        frozenset(numbers),
    )
    return Keeper(lines, duties, outside.status)


def _beats(config: Config) -> dict[str, Beat]:
    """Give each line its own number; the neighbours are the first line's."""
    prefix, watch = config.gateway.ticket_prefix, config.watch
    key = read_secret(watch.key_file).encode() if watch.key_file else b""
    first, *others = config.line
    beats = {first.name: Beat(prefix, first.number, watch.own_every_h, watch.neighbours, key)}
    return beats | {line.name: Beat(prefix, line.number, watch.own_every_h) for line in others}


def _songs(config: Config) -> Songs:
    """Make the automatic texts as citizens get them, each time with another number."""
    answers = Answers(config.answers.acknowledge, config.answers.signature)

    def make() -> dict[str, str]:
        number = format_number(config.gateway.ticket_prefix, int.from_bytes(os.urandom(3), "big") % 1_000_000)
        return {template.name: answers.text(template, number) for template in Template}

    return Songs(config.line[0].number, make)
