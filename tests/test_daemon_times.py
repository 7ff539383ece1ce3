"""The measurement points of the procedures: when the modem rang, when it was read, stored, published."""

import pytest
from backend_bench import events, settle
from core_bench import deliver, serving, slot
from tiny_modem import Bench as ModemBench
from tiny_modem import TinyModem, octets

from kentongan.at import events as at
from kentongan.at.modem import Modem, ModemSettings
from kentongan.daemon.events import LineEvent

PDU = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"


@pytest.fixture
def bench(tmp_path):
    with serving(tmp_path) as bench:
        yield bench


def times(bench, event):
    (ticket,) = events(settle(bench, bench.do(event)), "ticket")
    return ticket["times"]


def test_a_ticket_tells_every_point_in_order_and_after_a_restart_as_well(bench):
    rang_ms = bench.at.wall_ms - 1_250
    told = times(bench, LineEvent("a", slot(deliver("jalan rusak")), rang_ms))
    assert told["urc"] == rang_ms
    assert told["urc"] <= told["read"] <= told["stored"] <= told["classified"] <= told["published"]
    bench.crash()
    (again,) = events(bench.broker_up(window=100), "ticket")
    assert {**again["times"], "published": 0} == {**told, "published": 0}


def test_what_a_walk_found_rang_nobody_knows_when(bench):
    told = times(bench, LineEvent("a", slot(deliver("jalan rusak"))))
    assert "urc" not in told
    assert told["read"] == bench.at.wall_ms


def test_of_a_long_sms_the_first_part_counts(bench):
    first, last = (slot(deliver(text, sequence=(7, 2, n)), n) for n, text in ((1, "jalan "), (2, "rusak")))
    rang_ms = bench.at.wall_ms - 900
    bench.do(LineEvent("a", first, rang_ms))
    told = times(bench, LineEvent("a", last, rang_ms + 800))
    assert told["urc"] == rang_ms


def test_the_engine_says_when_a_slot_was_announced():
    modem = ModemBench(Modem(ModemSettings("a")), TinyModem())
    modem.modem.opened(modem.now)
    modem.run(1.0)
    modem.peer.slots[4] = (0, PDU)
    rang = modem.now
    modem.feed(b'\r\n+CMTI: "SM",4\r\n')
    (found,) = modem.found(at.SlotFound)
    assert found.announced_s == rang
    assert found == at.SlotFound("SM", 4, 0, octets(PDU), PDU), "the moment is no part of what was found"
    modem.log.clear()
    modem.run(120.0)
    assert {each.announced_s for each in modem.found(at.SlotFound)} == {None}, "a walk announces nothing"
