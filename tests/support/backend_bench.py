"""A backend beside a core: it asks, takes every publication, and reads the answers."""

import json

from core_bench import TOPICS, of

from kentongan.daemon.events import Acknowledge, Publish


def events(commands, name):
    topic = TOPICS.event(name)
    return [json.loads(c.publication.payload) for c in of(Publish, commands) if c.publication.topic == topic]


def settle(bench, commands):
    """Let the broker take what was published, and whatever follows from it."""
    every = list(commands)
    ahead = of(Publish, commands)
    while ahead:
        publish = ahead.pop(0)
        if publish.publication.token:
            more = bench.puback(publish)
            every += more
            ahead += of(Publish, more)
    return every


def ask(bench, name, command_id="c1", **fields):
    """Send a command; gives its answer and everything that was said."""
    body = {"schema": f"{name}/1", "command_id": command_id, **fields}
    commands = bench.command(name, json.dumps(body).encode())
    assert len(of(Acknowledge, commands)) == 1
    commands = settle(bench, commands)
    answers = [each for each in events(commands, "response") if each["command_id"] == command_id]
    return answers[0], commands


def error(answer):
    assert answer["status"] == "rejected"
    return answer["error"]["code"]
