"""A backend that floods: every command gets its answer, and a citizen's ticket does not wait behind them."""

import json

import pytest
from backend_bench import events
from core_bench import of, serving

from kentongan.daemon.events import Acknowledge, Publish

COMMANDS = 300


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, window=10, commands_per_minute=100) as bench:
        yield bench


def ping(number):
    return json.dumps({"schema": "ping/1", "command_id": f"p{number}"}).encode()


def test_a_ticket_passes_a_flood_and_every_command_is_answered(bench):
    ahead, said, waited = [], [], None
    for number in range(COMMANDS):
        commands = bench.command("ping", ping(number))
        assert len(of(Acknowledge, commands)) == 1
        if number == 200:
            commands += bench.sms("jalan rusak")
        said += commands
        ahead += of(Publish, commands)
        if number % 2 and ahead:  # the broker takes one answer while it brings two commands
            more = bench.puback(ahead.pop(0))
            said += more
            ahead += of(Publish, more)
        if waited is None and events(said, "ticket"):
            waited = number - 200
    assert waited is not None
    assert waited <= 10
    while ahead:
        more = bench.puback(ahead.pop(0))
        said += more
        ahead += of(Publish, more)
    answers = events(said, "response")
    assert sorted(each["command_id"] for each in answers) == sorted(f"p{n}" for n in range(COMMANDS))
    refused = [each["error"] for each in answers if each["status"] == "rejected"]
    assert len(refused) == COMMANDS - 100
    assert {(each["code"], each["retryable"]) for each in refused} == {("rate_limited", True)}


def test_while_answers_are_held_back_nothing_turns_in_circles(bench):
    bench.pass_time(61)
    for number in range(30):
        bench.command("ping", ping(number))
    assert bench.core.next_deadline() > bench.at.steady_ms


def test_what_changes_nothing_waits_for_no_disk(bench):
    """A remembered answer waits for the card (2, FULL); a refusal, a repetition and a question do not (1, NORMAL)."""
    level = bench.store._file.number

    def asked(name, **body):
        bench.command(name, json.dumps({"schema": f"{name}/1", **body}).encode())
        with bench.store._file.reading():
            return level("PRAGMA synchronous")

    assert asked("ping", command_id="p1") == 2
    assert asked("ping", command_id="p1") == 1, "the same again"
    assert asked("ping", command_id="p2") == 2
    assert asked("ping", command_id="p3", typo=1) == 1
    assert asked("get", command_id="g1", what="queue") == 1


@pytest.mark.parametrize("window", [1, 2, 3])
def test_a_broker_of_few_places_gets_everything_in_the_end(bench, window):
    bench.broker_down()
    ahead = of(Publish, bench.broker_up(window=window))
    for number in range(20):
        ahead += of(Publish, bench.command("ping", ping(number)))
    ahead += of(Publish, bench.sms("jalan rusak"))
    topics = []
    while ahead:
        publish = ahead.pop(0)
        topics.append(publish.publication.topic.rsplit("/", 1)[-1])
        if publish.publication.token:
            ahead += of(Publish, bench.puback(publish))
    assert topics.count("response") == 20
    assert "ticket" in topics
