"""The closed list of error codes (contract 4.9): the first check that fails answers, and each code has its moment."""

import json

import pytest
from backend_bench import ask, error, events, settle
from core_bench import of, serving

from kentongan.daemon.events import Acknowledge
from kentongan.mqtt.codes import ErrorCode

NOBODY = "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a99"


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, replies_per_minute=1) as bench:
        yield bench


def code(bench, name, payload, *, retained=False):
    payload = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    commands = bench.command(name, payload, retained=retained)
    assert len(of(Acknowledge, commands)) == 1
    (answer,) = events(settle(bench, commands), "response")
    assert answer["error"]["retryable"] is ErrorCode(answer["error"]["code"]).retryable
    return answer["error"]["code"]


def test_of_everything_that_is_wrong_with_a_command_the_first_check_answers(bench):
    (ticket,) = events(settle(bench, bench.sms("jalan rusak")), "ticket")
    reply = {"schema": "reply/1", "command_id": "r1", "ticket_id": ticket["ticket_id"], "text": "Sudah"}
    assert ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text="Sudah")[0]["status"] == "accepted"
    garbage, twice = b"\xff" * 16_385, b'{"schema":"reply/2","a":1,"a":2}'
    other = reply | {"schema": "reply/2", "typo": 1, "text": "Lain", "ticket_id": NOBODY}
    assert code(bench, "reply", garbage, retained=True) == "retained_not_allowed"
    assert code(bench, "reply", garbage) == "payload_too_large"
    assert code(bench, "reply", b"\xff" + twice) == "invalid_encoding"
    assert code(bench, "reply", twice) == "invalid_json"
    assert code(bench, "reply", other) == "schema_unsupported"
    assert code(bench, "reply", other | {"schema": "reply/1"}) == "schema_invalid"
    del other["typo"]
    assert code(bench, "reply", other | {"schema": "reply/1"}) == "id_conflict"
    assert code(bench, "reply", other | {"schema": "reply/1", "command_id": "r2"}) == "unknown_ticket"
    assert code(bench, "reply", reply | {"command_id": "r3", "text": " "}) == "text_empty"
    assert code(bench, "reply", reply | {"command_id": "r3", "text": "x" * 2_000}) == "id_conflict", "r3 is known now"
    assert code(bench, "reply", reply | {"command_id": "r4", "text": "x" * 2_000}) == "text_too_long"
    assert code(bench, "reply", reply | {"command_id": "r5"}) == "rate_limited"
    bench.pass_time(61)
    assert ask(bench, "reply", "r5", ticket_id=ticket["ticket_id"], text="Sudah")[0]["status"] == "accepted"


def test_a_topic_that_names_no_command_is_told(bench):
    assert code(bench, "replyy", {"schema": "reply/1", "command_id": "r1"}) == "unknown_command"


def test_who_cannot_be_answered_is_told(bench):
    (kept,) = events(settle(bench, bench.sms("Ada gangguan", sender="PLN")), "quarantine")
    _, said = ask(bench, "release", "q1", quarantine_id=kept["quarantine_id"])
    (ticket,) = events(said, "ticket")
    assert ticket["sender"]["replyable"] is False
    assert error(ask(bench, "reply", "r1", ticket_id=ticket["ticket_id"], text="Baik")[0]) == "not_replyable"
