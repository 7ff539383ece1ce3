"""A mistake of ours in one command: answered, acknowledged, noted; the next command is served (contract E41, 6.5)."""

import json
from collections.abc import Mapping

import pytest
from backend_bench import ask, error, events, settle
from core_bench import CITIZEN, of, serving

from kentongan.daemon.events import Acknowledge, Note


class Broken(Mapping):
    """People of an office whose list cannot be read: a stand-in for any mistake in our own code."""

    def __getitem__(self, role):
        raise RuntimeError(CITIZEN)

    def __iter__(self):
        return iter(("camat",))

    def __len__(self):
        return 1


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path, people=Broken()) as bench:
        yield bench


def notify(bench, command_id="n1"):
    body = {"schema": "notify/1", "command_id": command_id, "role": "camat", "text": "Hasil bulan ini"}
    return settle(bench, bench.command("notify", json.dumps(body).encode()))


def test_it_is_answered_and_acknowledged_and_names_nobody(bench):
    said = notify(bench)
    assert len(of(Acknowledge, said)) == 1
    (answer,) = events(said, "response")
    assert (answer["command_id"], answer["error"]["code"], answer["error"]["retryable"]) == (
        "n1",
        "internal_error",
        True,
    )
    (note,) = [note for note in of(Note, said) if note.name == "message_failed"]
    assert CITIZEN[3:] not in repr(note)
    assert dict(note.facts)["where"].startswith("test_daemon_mistake.py:")


def test_the_next_command_is_served_and_the_same_one_may_come_again(bench):
    notify(bench)
    assert ask(bench, "ping", "p1")[0]["status"] == "done"
    (answer,) = events(notify(bench), "response")
    assert (answer["error"]["code"], answer["duplicate"]) == ("internal_error", False)


def test_an_acknowledgement_that_is_refused_can_be_found_again(bench):
    ack = {"schema": "ticket_ack/1", "ticket_id": "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a99", "status": "accepted"}
    (answer,) = events(settle(bench, bench.command("ticket_ack", json.dumps(ack).encode())), "response")
    assert error(answer) == "unknown_ticket"
    assert answer["command_id"] is None
    assert answer["error"]["details"]["ticket_id"] == ack["ticket_id"]
    assert len(answer["error"]["details"]["payload_sha256"]) == 64
