"""What the county orders leaves as SMS, once, and every command is answered: the real program from outside."""

from collections.abc import Iterator
from typing import Any

import pytest
from appliance import Appliance, Sms

from kentongan.at.simulator import Timing

TIMING = Timing(report_s=0.2)


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    with Appliance(tmp_path_factory.mktemp("balas"), timing=TIMING) as it:
        it.serve()
        yield it
        assert it.gateway.stop() == 0


@pytest.fixture(scope="module")
def ticket(appliance: Appliance) -> dict[str, Any]:
    appliance.modem.sms("+6281234567890", "Jalan berlubang di depan pasar.")
    return appliance.wait_for_text("Jalan berlubang di depan pasar.")


def copies(appliance: Appliance, text: str) -> list[Sms]:
    return [sms for sms in appliance.air if sms.text == text]


def test_a_reply_becomes_one_sms_to_the_citizen_of_the_ticket(appliance: Appliance, ticket: dict[str, Any]) -> None:
    appliance.county.reply(ticket["ticket_id"], "Sudah diteruskan ke Dinas PU.", "r1")
    accepted = appliance.response("r1")
    assert (accepted["status"], accepted["duplicate"]) == ("accepted", False)
    assert accepted["result"]["parts"] == 1
    sent = appliance.wait_for_state("r1", "sent")
    assert sent["final"]  # no delivery report was asked for
    assert sent["ticket_id"] == ticket["ticket_id"]
    assert copies(appliance, "Sudah diteruskan ke Dinas PU.") == [
        Sms("+6281234567890", "Sudah diteruskan ke Dinas PU.")
    ]


def test_a_status_report_makes_it_delivered(appliance: Appliance, ticket: dict[str, Any]) -> None:
    appliance.county.reply(ticket["ticket_id"], "Petugas berangkat.", "r2", delivery_report=True)
    delivered = appliance.wait_for_state("r2", "delivered")
    assert delivered["final"]
    assert delivered["parts"] == {"total": 1, "sent": 1, "delivered": 1}
    revisions = [event["revision"] for event in appliance.county.reply_events["r2"]]
    assert revisions == sorted(set(revisions))
    assert not any(event["final"] for event in appliance.county.reply_events["r2"][:-1])


def test_a_long_reply_leaves_in_parts_in_order(appliance: Appliance, ticket: dict[str, Any]) -> None:
    text = "Terima kasih atas laporan Anda. " * 12
    appliance.county.reply(ticket["ticket_id"], text, "r3")
    assert appliance.wait_for_state("r3", "sent")["parts"]["total"] == 3
    parts = [sms for sms in appliance.air if sms.total == 3]
    assert [sms.part for sms in parts] == [1, 2, 3]
    assert "".join(sms.text for sms in parts) == text


def test_the_same_command_twice_sends_one_sms(appliance: Appliance, ticket: dict[str, Any]) -> None:
    for _ in range(2):
        appliance.county.reply(ticket["ticket_id"], "Hanya satu kali.", "r4")
    assert appliance.response("r4", 2)["duplicate"]
    appliance.wait_for_state("r4", "sent")
    appliance.county.reply(ticket["ticket_id"], "Penutup.", "r4b")
    appliance.wait_for_state("r4b", "sent")  # a second copy would have left before it
    assert len(copies(appliance, "Hanya satu kali.")) == 1


def test_the_same_id_for_another_text_is_refused(appliance: Appliance, ticket: dict[str, Any]) -> None:
    appliance.county.reply(ticket["ticket_id"], "Teks pertama.", "r5")
    appliance.response("r5")
    appliance.county.reply(ticket["ticket_id"], "Teks lain.", "r5")
    assert appliance.response("r5", 2)["error"]["code"] == "id_conflict"


def test_a_ping_comes_back(appliance: Appliance) -> None:
    appliance.county.command("ping", {"schema": "ping/1", "command_id": "p1", "echo": "halo"})
    assert appliance.response("p1")["status"] == "done"
    assert appliance.response("p1")["result"]["echo"] == "halo"


@pytest.mark.parametrize(
    ("command_id", "changes", "code"),
    [
        ("e1", {"ticket_id": "0199c7d2-9e6b-7f21-8a4c-2b7d5e9f0a11"}, "unknown_ticket"),
        ("e2", {"text": "   "}, "text_empty"),
        ("e3", {"text": "x" * 1500}, "text_too_long"),
        ("e4", {"expires_at": "2020-01-01T00:00:00+08:00"}, "already_expired"),
        ("e5", {"expire_at": "2030-01-01T00:00:00+08:00"}, "schema_invalid"),
        ("e6", {"schema": "reply/9"}, "schema_unsupported"),
    ],
)
def test_a_command_that_cannot_be_done_is_answered_with_its_code(
    appliance: Appliance, ticket: dict[str, Any], command_id: str, changes: dict[str, Any], code: str
) -> None:
    body = {"schema": "reply/1", "command_id": command_id, "ticket_id": ticket["ticket_id"], "text": "Halo"}
    appliance.county.command("reply", body | changes)
    answer = appliance.response(command_id)
    assert (answer["status"], answer["error"]["code"]) == ("rejected", code)


def test_garbage_is_answered_and_blocks_nothing(appliance: Appliance) -> None:
    unnamed = len(appliance.county.responses[None])
    for number, payload in enumerate((b"\xff\xfe", b"{halo", b"[]", b'{"schema":"ping/1","schema":"ping/1"}'), 1):
        appliance.county.command("reply", payload)
        answer = appliance.response(None, unnamed + number)
        assert answer["status"] == "rejected"
        assert len(answer["error"]["details"]["payload_sha256"]) == 64
    appliance.county.command("ping", {"schema": "ping/1", "command_id": "p2"})
    assert appliance.response("p2")["status"] == "done"


def test_a_ticket_is_offered_until_it_is_acknowledged(appliance: Appliance) -> None:
    appliance.county.acknowledging = False
    appliance.modem.sms("+6281234500300", "Menunggu kabar.")
    ticket = appliance.wait_for_text("Menunggu kabar.")
    appliance.county.presence("lost")
    appliance.county.presence("online")
    appliance.wait(lambda: [o["attempt"] for o in offers(appliance, ticket)] == [1, 2], "a second offer")
    appliance.county.acknowledging = True
    appliance.county.acknowledge(ticket)
    appliance.county.command("ping", {"schema": "ping/1", "command_id": "p3"})
    appliance.response("p3")
    appliance.county.presence("offline")
    appliance.county.presence("online")
    appliance.modem.sms("+6281234500301", "Sesudah itu.")
    appliance.wait_for_text("Sesudah itu.")
    assert len(offers(appliance, ticket)) == 2
    assert len({offer["event_id"] for offer in offers(appliance, ticket)}) == 1


def offers(appliance: Appliance, ticket: dict[str, Any]) -> list[dict[str, Any]]:
    return [offer for offer in appliance.county.offers if offer["ticket_id"] == ticket["ticket_id"]]


def test_a_retained_command_is_refused_and_not_done(appliance: Appliance, ticket: dict[str, Any]) -> None:
    body = {"schema": "reply/1", "command_id": "r9", "ticket_id": ticket["ticket_id"], "text": "Tertahan."}
    unnamed = len(appliance.county.responses[None])
    appliance.county.command("reply", body, retain=True)
    answer = appliance.response(None, unnamed + 1)
    assert (answer["status"], answer["error"]["code"]) == ("rejected", "retained_not_allowed")
    appliance.county.reply(ticket["ticket_id"], "Tidak tertahan.", "r10")
    appliance.wait_for_state("r10", "sent")
    assert not copies(appliance, "Tertahan.")
