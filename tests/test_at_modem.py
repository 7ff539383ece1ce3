from tiny_modem import Bench, TinyModem, octets

from kentongan.at.commands import FreeSlot, SendPart
from kentongan.at.events import ModemState, SendEnded, Sent, SlotFound, SlotFreed, SlotKept, StateChanged, digest
from kentongan.at.modem import Modem, ModemSettings

PDU = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
OTHER = "06912618010000040D91261832547698F000006211325140508206D427F3E93C03"
SUBMIT = "0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603"


def ready(peer: TinyModem | None = None, *, chop: int = 0, **settings) -> Bench:
    bench = Bench(Modem(ModemSettings("a", **settings)), peer or TinyModem(), chop=chop)
    bench.modem.opened(bench.now)
    bench.run(1.0)
    assert bench.modem.state is ModemState.READY
    bench.log.clear()
    return bench


def test_a_healthy_modem_is_ready_without_waiting():
    bench = Bench(Modem(ModemSettings("a")), TinyModem())
    bench.modem.opened(bench.now)
    bench.exchange()
    assert [event.new for event in bench.found(StateChanged)] == [
        ModemState.PROBING,
        ModemState.INITIALISING,
        ModemState.READY,
    ]


def test_what_lies_in_the_slots_at_the_start_is_reported():
    peer = TinyModem()
    peer.slots[0] = (1, PDU)
    bench = Bench(Modem(ModemSettings("a")), peer)
    bench.modem.opened(bench.now)
    bench.exchange()
    assert bench.found(SlotFound) == [SlotFound("SM", 0, 1, octets(PDU), PDU)]


def test_an_announced_slot_costs_one_command():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    assert bench.peer.heard_since(mark) == ["AT+CMGR=4"]
    assert bench.found(SlotFound) == [SlotFound("SM", 4, 0, octets(PDU), PDU)]


def test_a_slot_that_was_just_read_is_freed_without_reading_it_again():
    bench = ready()
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    mark = len(bench.peer.heard)
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.peer.heard_since(mark) == ["AT+CMGD=4"]
    assert bench.found(SlotFreed) == [SlotFreed("SM", 4, digest(PDU))]


def test_a_slot_that_holds_another_message_is_kept_and_the_new_one_reported():
    bench = ready()
    bench.peer.slots[4] = (0, OTHER)
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.found(SlotKept)[0].why == "holds another message"
    assert bench.found(SlotFound) == [SlotFound("SM", 4, 0, octets(OTHER), OTHER)]
    assert 4 in bench.peer.slots


def test_a_part_is_one_exchange_and_its_reference_comes_back():
    bench = ready()
    bench.modem.command(SendPart(7, octets(SUBMIT), SUBMIT), bench.now)
    bench.exchange()
    assert bench.peer.payloads == [SUBMIT.encode()]
    assert bench.found(SendEnded) == [SendEnded(7, Sent(42))]
