"""What citizens write arrives as tickets, in whatever letters: the real program, a virtual modem, a real broker."""

import base64
from collections.abc import Iterator
from random import Random

import pytest
from appliance import Appliance
from letters import Letter, letters, mixed, text_parts, written

from kentongan.at import pdu
from kentongan.at.pdu import Alphabet
from kentongan.daemon.numbers import party

PARTIAL_S = 1.0
CITIZEN = "+6281234567890"
LONG = "Jembatan di dusun kami putus sejak tadi malam. " * 8 + "Mohon bantuan."


@pytest.fixture(scope="module")
def appliance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Appliance]:
    changes = {"inbound": {"publish_partial_after_s": PARTIAL_S}}
    with Appliance(tmp_path_factory.mktemp("masuk"), changes=changes) as it:
        it.serve()
        yield it
        it.wait_for_empty_sim()
        assert it.gateway.stop() == 0


def deliver(appliance: Appliance, *pdus: str) -> None:
    for pdu_hex in pdus:
        appliance.modem.deliver(pdu_hex)


def test_an_sms_becomes_a_numbered_ticket_and_leaves_the_sim(appliance: Appliance) -> None:
    appliance.modem.sms("081234500001", "Lampu jalan mati.")
    ticket = appliance.wait_for_text("Lampu jalan mati.")
    assert ticket["sender"]["number"] == "+6281234500001"
    assert ticket["sender"]["replyable"]
    assert ticket["ticket_number"].startswith("LU2-")
    assert (ticket["thread"], ticket["revision"], ticket["parts"]) == ("new", 1, {"total": 1, "received": 1})
    appliance.wait_for_empty_sim()


def test_a_second_sms_within_the_hour_joins_the_same_number(appliance: Appliance) -> None:
    appliance.modem.sms("+6281234500002", "Pohon tumbang di jalan.")
    appliance.modem.sms("+6281234500002", "Sudah menutup kedua arah.")
    first = appliance.wait_for_text("Pohon tumbang di jalan.")
    second = appliance.wait_for_text("Sudah menutup kedua arah.")
    assert second["thread"] == "follow_up"
    assert second["ticket_number"] == first["ticket_number"]
    assert second["ticket_id"] != first["ticket_id"]
    assert second["seq"] == first["seq"] + 1


@pytest.mark.parametrize(
    "text", ["Sampah menumpuk — mohon diangkut…", "Banjir 🌊 setinggi lutut 🏞️ tolong 🙏", "[{~}] \\ 100€ ^|"]
)
def test_any_letter_arrives_as_it_was_written(appliance: Appliance, text: str) -> None:
    appliance.modem.sms(CITIZEN, text)
    assert not appliance.wait_for_text(text)["text_lossy"]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_long_sms_is_one_ticket_in_whatever_order_its_parts_come(
    appliance: Appliance, order: tuple[int, ...]
) -> None:
    text = f"{order}: {LONG}"
    parts = text_parts(f"+628123450010{order[0]}", text, Alphabet.GSM7, 40 + order[0])
    assert len(parts) == 3
    deliver(appliance, *(parts[index] for index in order))
    ticket = appliance.wait_for_text(text)
    assert ticket["parts"] == {"total": 3, "received": 3}


def test_a_long_sms_with_a_part_missing_is_published_with_its_gap_and_again_when_it_is_whole(
    appliance: Appliance,
) -> None:
    first, second, third = text_parts("+6281234500200", LONG, Alphabet.GSM7, 77)
    deliver(appliance, first, third)
    appliance.wait_for_empty_sim()  # parts of an incomplete message do not wait on the SIM
    number = "+6281234500200"
    partial = appliance.wait(lambda: of(appliance, number), "the incomplete ticket")
    assert "[…]" in partial["text"]
    assert partial["parts"] == {"total": 3, "received": 2, "missing": [2]}
    deliver(appliance, second)
    whole = appliance.wait_for_text(LONG)
    assert (whole["ticket_id"], whole["revision"]) == (partial["ticket_id"], 2)
    assert whole["event_id"] != partial["event_id"]


def of(appliance: Appliance, number: str) -> dict[str, object] | None:
    return appliance.county.ticket(lambda ticket: ticket["sender"].get("number") == number)


def test_a_pdu_nobody_can_read_is_quarantined_and_its_slot_freed(appliance: Appliance) -> None:
    cut_off = written(pdu.address_of(CITIZEN), 0, pdu.write_text("Tidak utuh", Alphabet.GSM7))[:-8]
    deliver(appliance, cut_off)
    appliance.modem.sms(CITIZEN, "Sesudah yang rusak.")
    appliance.wait_for_text("Sesudah yang rusak.")
    appliance.wait_for_empty_sim()


def test_adverts_and_short_codes_become_no_ticket(appliance: Appliance) -> None:
    before = set(appliance.county.tickets)
    appliance.modem.sms("TELKOMSEL", "Nikmati paket baru!")
    appliance.modem.sms("1708", "Pulsa Anda Rp10.000.")
    appliance.modem.sms(CITIZEN, "Sesudah iklan.")
    fresh = {appliance.wait_for_text("Sesudah iklan.")["ticket_id"]}
    appliance.wait_for_empty_sim()
    assert set(appliance.county.tickets) - before == fresh


def test_mixed_letters_of_many_citizens_arrive_exactly_and_once(appliance: Appliance) -> None:
    some = list(letters(40, Random(7)))
    known = set(appliance.county.tickets)
    deliver(appliance, *mixed(some, Random(8)))
    wanted = sorted((one.number, one.text, one.data) for one in some)
    appliance.wait(lambda: contents(appliance, known) == wanted, "every letter, letter by letter")
    appliance.wait_for_empty_sim()
    assert contents(appliance, known) == wanted


def contents(appliance: Appliance, without: set[str]) -> list[tuple[str, str, bytes]]:
    return sorted(content(ticket) for key, ticket in appliance.county.tickets.items() if key not in without)


def content(ticket: dict[str, object]) -> tuple[str, str, bytes]:
    sender = ticket["sender"]
    assert isinstance(sender, dict)
    return sender["number"], str(ticket["text"]), base64.b64decode(str(ticket.get("data_base64", "")))


def test_the_letters_of_the_bench_name_their_senders_as_the_gateway_does() -> None:
    for one in letters(60, Random(1)):
        assert isinstance(one, Letter)
        for pdu_hex in one.pdus:
            tpdu = pdu.decode(pdu_hex).tpdu
            assert isinstance(tpdu, pdu.Deliver)
            assert party(tpdu.originator.text).number == one.number
