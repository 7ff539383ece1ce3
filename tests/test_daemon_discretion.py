"""No answer repeats what a command held: a number or a text put anywhere comes back nowhere (contract 4.9)."""

import json

import msgspec
import pytest
from core_bench import TOPICS, of, serving

from kentongan.daemon.events import Note, Publish
from kentongan.mqtt.commands import COMMANDS
from kentongan.mqtt.examples import EXAMPLES

NUMBER = "6281299887766"
SECRETS = (NUMBER, f"+{NUMBER}", "suami saya sakit", "\u0627\u0644\u0644\u0647")
ECHOED = {("ping", "echo"), ("*", "command_id")}  # what the contract promises to repeat


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with serving(
        tmp_path_factory.mktemp("desk"), window=1_000, people={"camat": "+6281100001234"}, broadcast_per_day=500
    ) as bench:
        yield bench


def spots(value, path=()):
    """Name every place of a document that can hold a word."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from spots(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from spots(inner, (*path, index))
    else:
        yield path


def placed(value, path, secret):
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = secret
    return copy


def commands():
    for name, struct in COMMANDS.items():
        tag = str(struct.__struct_config__.tag).partition("/")[0]
        for example in EXAMPLES[tag]:
            value = msgspec.json.decode(msgspec.json.encode(example))
            for path in spots(value):
                if (name, path[-1]) not in ECHOED and ("*", path[-1]) not in ECHOED:
                    yield name, value, path


def answers(bench, name, payload):
    """Hand a command over; gives what was said and noted of it."""
    bench.pass_time(1)  # ten a second is no flood
    said = bench.command(name, payload)
    for publish in of(Publish, said):
        bench.puback(publish)
    assert of(Publish, said)
    texts = [publish.publication.payload.decode() for publish in of(Publish, said)]
    return texts + [repr(note) for note in of(Note, said)]


@pytest.mark.parametrize(("name", "value", "path"), list(commands()), ids=lambda part: str(part)[:40])
def test_no_value_comes_back(bench, name, value, path):
    if name == "ticket_ack" and path != ("ticket_id",):
        value = {**value, "ticket_id": "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a99"}  # a good one has no answer
    for secret in SECRETS:
        for said in answers(bench, name, json.dumps(placed(value, path, secret)).encode()):
            assert secret not in said


@pytest.mark.parametrize("name", sorted(COMMANDS))
@pytest.mark.parametrize("secret", SECRETS)
def test_no_key_comes_back(bench, name, secret):
    tag = COMMANDS[name].__struct_config__.tag
    for said in answers(bench, name, json.dumps({"schema": tag, "command_id": "k1", secret: 1}).encode()):
        assert secret not in said


@pytest.mark.parametrize("payload", [b'{"%s"', b'["%s",]', b'"%s"', b'{"a":"%s","a":1}', b"%s", b'{"x":\\u00%s}'])
def test_nothing_comes_back_of_what_is_no_json(bench, payload):
    for said in answers(bench, "reply", payload.replace(b"%s", NUMBER.encode())):
        assert NUMBER not in said


@pytest.mark.parametrize("name", [NUMBER, f"reply/{NUMBER}", "a" * 20_000, "Suami saya sakit"])
def test_the_name_of_no_command_comes_back_when_it_is_more_than_a_slip(bench, name):
    for said in answers(bench, name, b'{"schema":"reply/1","command_id":"n1"}'):
        assert name not in said
        assert len(said) < 1_000


def test_a_slip_in_a_name_is_shown(bench):
    (answer, _) = answers(bench, "replyy", b'{"schema":"reply/1","command_id":"n2"}')
    assert json.loads(answer)["command"] == "replyy"
    assert TOPICS.gateway not in answer
