import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from manners import MANNERS
from tiny_modem import OK, Bench, TinyModem, octets

from kentongan.at import events as at
from kentongan.at.commands import FreeSlot, Refresh, RunUssd, SendPart, Shutdown, WalkSlots
from kentongan.at.events import ModemState, digest
from kentongan.at.modem import Modem, ModemSettings

PDU = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
OTHER = "06912618010000040D91261832547698F000006211325140508206D427F3E93C03"
REPORT = "06912618010000062A0D91261832547698F0621132514050826211325140908200"
SUBMIT = "0031000D91261832547698F00000A70EC830FB0D5A96DDF4B7FB1C7603"
SEND = SendPart(7, octets(SUBMIT), SUBMIT)
CME_10 = b"\r\n+CME ERROR: 10\r\n"


@pytest.fixture(autouse=True, scope="module", params=MANNERS)
def _manner(request):
    """Run every test whole, byte by byte, and with a URC at every place of every answer."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Bench, "manner", MANNERS[request.param])
        yield


def opened(peer=None, **known) -> Bench:
    bench = Bench(Modem(ModemSettings("a", **known)), peer or TinyModem())
    bench.modem.opened(bench.now)
    bench.run(1.0)
    return bench


def ready(peer=None, **known) -> Bench:
    bench = opened(peer, **known)
    assert bench.modem.state is ModemState.READY
    bench.log.clear()
    return bench


def states(bench: Bench) -> list[ModemState]:
    return [event.new for event in bench.found(at.StateChanged)]


# -- start ------------------------------------------------------------------------------------------------------------


def test_a_healthy_modem_is_ready_without_waiting():
    bench = Bench(Modem(ModemSettings("a")), TinyModem())
    bench.modem.opened(bench.now)
    bench.exchange()
    assert states(bench) == [ModemState.PROBING, ModemState.INITIALISING, ModemState.READY]


def test_what_receiving_needs_comes_before_what_is_only_good_to_know():
    bench = opened()
    heard = bench.peer.heard
    assert heard.index("AT+CMGL=4") < heard.index("AT+CGSN") < heard.index("AT+CSCA?")
    assert heard.index("AT+CMGL=4") < 21  # three of them for the mark, which decides the numbers


def test_what_lies_in_the_slots_at_the_start_is_reported():
    peer = TinyModem()
    peer.slots[0] = (1, PDU)
    bench = opened(peer)
    assert bench.found(at.SlotFound) == [at.SlotFound("SM", 0, 1, octets(PDU), PDU)]
    assert bench.found(at.WalkEnded) == [at.WalkEnded("SM", 1)]


def test_the_modem_and_its_card_are_named():
    bench = opened()
    assert bench.found(at.Identified) == [
        at.Identified("SIMCOM_Ltd", "SIMCOM_SIM800C", "1418B05SIM800C24", "861234567890123", "sim800")
    ]
    assert bench.found(at.SimIdentified) == [at.SimIdentified("8962100000000000001", "510101234567890")]
    assert bench.found(at.Registered)[-1] == at.Registered(1, "51010")
    assert bench.found(at.SignalMeasured)[-1] == at.SignalMeasured(-77)


def test_a_message_layer_that_is_not_up_yet_is_waited_for():
    peer = TinyModem()
    refusals = [b"\r\nERROR\r\n", b"\r\n+CMS ERROR: 302\r\n", b"\r\n+CME ERROR: 14\r\n"]
    real = peer.storage.obey
    peer.answers['AT+CPMS="SM","SM","SM"'] = lambda line: refusals.pop() if refusals else real(line)
    bench = Bench(Modem(ModemSettings("a")), peer)
    bench.modem.opened(bench.now)
    bench.run(3.5)
    assert bench.modem.state is ModemState.READY


def test_a_modem_that_is_still_starting_is_not_started_over_and_over():
    bench = Bench(Modem(ModemSettings("a")), TinyModem())
    bench.modem.opened(bench.now)
    for line in (b"RDY", b"+CFUN: 1", b"+CPIN: READY", b"Call Ready", b"SMS Ready"):
        bench.feed(b"\r\n" + line + b"\r\n")
        bench.run(2.0)
    assert len(bench.found(at.Restarted)) == 1
    assert bench.modem.state is ModemState.READY


def test_firmware_that_ignores_echo_off_serves_all_the_same():
    peer = TinyModem()
    peer.echo = True
    bench = ready(peer)
    bench.modem.command(SEND, bench.now)
    bench.run(1.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Sent(42))]
    assert bench.found(at.Restarted) == []


def test_a_modem_without_any_notification_is_walked_twice_as_often():
    peer = TinyModem()
    for variant in ("2,1,0,1,0", "2,1,0,2,0", "1,1,0,1,0", "1,1,0,2,0", "2,1,0,0,0", "2,1"):
        peer.answers[f"AT+CNMI={variant}"] = b"\r\nERROR\r\n"
    bench = ready(peer)
    mark = len(peer.heard)
    bench.run(300.0)
    assert peer.heard_since(mark).count("AT+CMGL=4") >= 10


def test_an_idle_line_asks_little():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.run(3600.0)
    assert len(bench.peer.heard_since(mark)) / 60 <= 12


# -- slots ------------------------------------------------------------------------------------------------------------


def test_an_announced_slot_costs_one_command():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    assert bench.peer.heard_since(mark) == ["AT+CMGR=4"]
    assert bench.found(at.SlotFound) == [at.SlotFound("SM", 4, 0, octets(PDU), PDU)]


def test_a_slot_that_was_just_read_is_freed_without_reading_it_again():
    bench = ready()
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    mark = len(bench.peer.heard)
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.peer.heard_since(mark) == ["AT+CMGD=4"]
    assert bench.found(at.SlotFreed) == [at.SlotFreed("SM", 4, digest(PDU))]


def test_a_notice_for_a_slot_makes_its_content_unknown():
    bench = ready()
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    bench.peer.answers["AT+CMGR=4"] = b"\r\nERROR\r\n"
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert "AT+CMGD=4" not in bench.peer.heard
    assert bench.found(at.SlotKept)[0].why == "cannot be read before the delete: ERROR"


def test_a_slot_that_holds_another_message_is_kept_and_the_new_one_reported():
    bench = ready()
    bench.peer.slots[4] = (0, OTHER)
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.found(at.SlotKept)[0].why == "holds another message"
    assert bench.found(at.SlotFound) == [at.SlotFound("SM", 4, 0, octets(OTHER), OTHER)]
    assert 4 in bench.peer.slots


@pytest.mark.parametrize("answer", [OK, b"\r\n+CMS ERROR: 321\r\n", b"\r\n+CMGR: 0,,0\r\n\r\nOK\r\n"])
def test_an_empty_slot_counts_as_freed(answer):
    bench = ready()
    bench.peer.answers["AT+CMGR=4"] = answer
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.found(at.SlotFreed) == [at.SlotFreed("SM", 4, digest(PDU))]
    assert "AT+CMGD=4" not in bench.peer.heard


def test_a_refused_delete_is_tried_three_times_and_never_unseen():
    bench = ready()
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    bench.peer.answers["AT+CMGD=4"] = b"\r\nERROR\r\n"
    mark = len(bench.peer.heard)
    bench.modem.command(FreeSlot("SM", 4, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.peer.heard_since(mark) == ["AT+CMGD=4", "AT+CMGR=4", "AT+CMGD=4", "AT+CMGR=4", "AT+CMGD=4"]
    assert bench.found(at.SlotKept) == [at.SlotKept("SM", 4, digest(PDU), "delete refused: ERROR")]


def test_only_an_index_is_ever_deleted():
    bench = ready()
    for index in range(30):
        bench.peer.slots[index] = (0, PDU)
    bench.modem.command(WalkSlots(), bench.now)
    bench.exchange()
    for index in range(30):
        bench.modem.command(FreeSlot("SM", index, digest(PDU)), bench.now)
    bench.run(120.0)
    deletes = [line for line in bench.peer.heard if line.startswith("AT+CMGD")]
    assert deletes == [f"AT+CMGD={index}" for index in range(30)]


def test_a_notice_of_another_memory_is_read_there_and_the_own_memory_selected_again():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.peer.storage.memories["ME"][67] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "ME",67\r\n')
    assert bench.peer.heard_since(mark) == ['AT+CPMS="ME"', "AT+CMGR=67", 'AT+CPMS="SM","SM","SM"']
    assert bench.found(at.SlotFound) == [at.SlotFound("ME", 67, 0, octets(PDU), PDU)]


def test_an_announced_slot_that_is_empty_is_looked_at_again():
    bench = ready()
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    bench.run(1.5)
    bench.peer.slots[4] = (0, PDU)
    bench.run(3.0)
    assert len(bench.found(at.SlotFound)) == 1


def test_an_announced_slot_that_stays_empty_leads_to_a_walk():
    bench = ready()
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    bench.peer.slots[9] = (0, PDU)
    bench.run(5.0)
    assert bench.found(at.SlotFound) == [at.SlotFound("SM", 9, 0, octets(PDU), PDU)]


@pytest.mark.parametrize(
    "notice", [b'^SMMEMFULL:"SM"', b'+CDSI: "SR",0', b'+CMTI: "S\xffM",3', b"+CMTI: nonsense", b'+CMTI: "SM",x']
)
def test_a_notice_that_names_no_slot_leads_to_a_walk(notice):
    bench = ready()
    bench.peer.slots[3] = (0, PDU)
    bench.feed(b"\r\n" + notice + b"\r\n")
    assert len(bench.found(at.WalkEnded)) == 1


def test_a_damaged_listing_line_is_read_again():
    bench = ready()
    bench.peer.slots[3] = (0, PDU)
    bench.peer.answers["AT+CMGL=4"] = f"\r\n+CMGL: 3,0,,26\r\n{PDU[:-2]}\r\n".encode() + OK
    bench.modem.command(WalkSlots(), bench.now)
    bench.exchange()
    assert bench.found(at.SlotFound) == [at.SlotFound("SM", 3, 0, octets(PDU), PDU)]


def test_a_slot_of_an_incomplete_listing_is_read_again_before_its_delete():
    bench = ready()
    bench.peer.slots[3] = (0, OTHER)
    bench.peer.slots[4] = (0, PDU)
    bench.peer.answers["AT+CMGL=4"] = f"\r\n+CMGL: 3,0,,26\r\n{PDU}\r\n".encode() + OK  # an overrun ate the middle
    bench.modem.command(WalkSlots(), bench.now)
    bench.exchange()
    bench.modem.command(FreeSlot("SM", 3, digest(PDU)), bench.now)
    bench.exchange()
    assert bench.peer.slots[3] == (0, OTHER)
    assert bench.found(at.SlotFound)[-1] == at.SlotFound("SM", 3, 0, octets(OTHER), OTHER)


def test_a_message_that_never_has_its_length_is_reported_as_it_is():
    bench = ready()
    bench.peer.answers["AT+CMGR=3"] = f"\r\n+CMGR: 0,,99\r\n{PDU}\r\n".encode() + OK
    bench.feed(b'\r\n+CMTI: "SM",3\r\n')
    assert bench.found(at.SlotFound) == [at.SlotFound("SM", 3, 0, 99, PDU)]


def test_messages_on_the_wire_are_handed_over_with_their_pdu():
    bench = ready()
    bench.feed(b'\r\n+CMT: "",26\r\n' + PDU.encode() + b"\r\n\r\n+CDS: 26\r\n" + REPORT.encode() + b"\r\n")
    assert bench.found(at.DirectMessage) == [at.DirectMessage(26, PDU)]
    assert bench.found(at.ReportReceived) == [at.ReportReceived(26, REPORT)]


# -- sending ----------------------------------------------------------------------------------------------------------


def test_a_part_is_one_exchange_and_its_reference_comes_back():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.peer.heard_since(mark)[0] == "AT+CMGS=28"
    assert bench.peer.payloads == [SUBMIT.encode()]
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Sent(42))]


def test_after_a_send_the_memory_is_walked():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.peer.heard_since(mark) == ["AT+CMGS=28", "AT+CMGL=4", "AT+CBC"]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"\r\n+CMS ERROR: 38\r\n", at.Rejected(at.ErrorFamily.CMS, 38)),
        (b"\r\n+CME ERROR: 30\r\n", at.Rejected(at.ErrorFamily.CME, 30)),
        (b"\r\nERROR\r\n", at.Rejected(at.ErrorFamily.PLAIN, 0)),
        (b"\r\n+CMS ERROR: network timeout\r\n", at.Rejected(at.ErrorFamily.CMS, 332)),
        (b"\r\n+CMGS: 200\r\n" + OK, at.Sent(200)),
        (b"\r\n+CMGS: 0\r\n" + OK, at.Sent(0)),
    ],
)
def test_the_answer_of_a_send_is_its_outcome(answer, outcome):
    bench = ready()
    bench.peer.on_payload = answer
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.found(at.SendEnded) == [at.SendEnded(7, outcome)]


def test_an_ok_without_a_reference_proves_nothing():
    bench = ready()
    bench.peer.on_payload = OK
    bench.modem.command(SEND, bench.now)
    bench.run(26.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Uncertain("OK without a reference"))]


def test_a_stray_ok_before_the_reference_does_not_end_the_send():
    bench = ready()
    bench.peer.on_payload = OK
    bench.modem.command(SEND, bench.now)
    bench.run(20.0)
    bench.feed(b"\r\n+CMGS: 42\r\n" + OK)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Sent(42))]


def test_a_refused_prompt_means_that_nothing_left():
    bench = ready()
    bench.peer.answers["AT+CMGS=28"] = b"\r\n+CMS ERROR: 302\r\n"
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Rejected(at.ErrorFamily.CMS, 302))]
    assert SUBMIT.encode() not in bench.sent


def test_a_late_reference_is_reported_after_the_outcome():
    bench = ready()
    bench.peer.on_payload = b"\r\n"
    bench.modem.command(SEND, bench.now)
    bench.run(90.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Uncertain("no answer in time"))]
    bench.feed(b"\r\n+CMGS: 44\r\n" + OK)
    assert bench.found(at.LateSubmit) == [at.LateSubmit(7, 44)]
    bench.feed(b"\r\n+CMGS: 44\r\n" + OK)
    assert len(bench.found(at.LateSubmit)) == 1


def test_a_reference_that_comes_before_the_probe_makes_the_part_sent():
    bench = ready()
    bench.peer.on_payload = b"\r\n"
    bench.peer.answers["AT+CMEE?"] = b"\r\n+CMGS: 44\r\n" + OK + b"\r\n+CMEE: 1\r\n" + OK
    bench.modem.command(SEND, bench.now)
    bench.run(90.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Sent(44))]


def test_a_restart_after_the_payload_leaves_the_part_uncertain():
    bench = ready()
    bench.peer.on_payload = b"\r\nRDY\r\n\r\n+CFUN: 1\r\n"
    bench.modem.command(SEND, bench.now)
    bench.run(1.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Uncertain("modem restarted: RDY"))]
    assert bench.found(at.Restarted) == [at.Restarted("RDY")]
    assert bench.modem.state is ModemState.READY


def test_a_restart_before_the_payload_means_that_nothing_left():
    bench = ready()
    bench.peer.answers["AT+CMGS=28"] = b"\r\nRDY\r\n"
    bench.modem.command(SEND, bench.now)
    bench.run(1.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Rejected(at.ErrorFamily.PLAIN, 0))]


def test_a_lost_port_after_the_payload_leaves_the_part_uncertain():
    bench = ready()
    bench.peer.on_payload = b"\r\n"
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.modem.busy
    bench.modem.lost("unplugged", bench.now)
    bench.exchange()
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Uncertain("port lost"))]
    assert bench.modem.state is ModemState.CLOSED
    assert not bench.modem.busy


def test_what_waits_is_given_back_when_the_line_stops_serving():
    bench = ready()
    bench.peer.on_payload = b"\r\n"
    for command in (SEND, SendPart(8, 28, SUBMIT), FreeSlot("SM", 1, "d"), RunUssd("*888#")):
        bench.modem.command(command, bench.now)
    bench.modem.lost("unplugged", bench.now)
    bench.exchange()
    assert bench.found(at.SendEnded)[-1] == at.SendEnded(8, at.Rejected(at.ErrorFamily.PLAIN, 0))
    assert bench.found(at.SlotKept) == [at.SlotKept("SM", 1, "d", "unplugged")]
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(-1, "")]


def test_a_closed_line_refuses_at_once():
    bench = Bench(Modem(ModemSettings("a")), TinyModem())
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Rejected(at.ErrorFamily.PLAIN, 0))]


def test_a_line_that_searches_keeps_a_part_until_it_is_registered():
    peer = TinyModem()
    peer.answers["AT+CREG?"] = b"\r\n+CREG: 2,2\r\n" + OK
    bench = opened(peer)
    assert bench.modem.state is ModemState.SEARCHING
    bench.modem.command(SEND, bench.now)
    bench.run(5.0)
    assert bench.found(at.SendEnded) == []
    bench.feed(b'\r\n+CREG: 5,"1A2B","3C4D"\r\n')
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Sent(42))]


def test_a_long_drain_lets_the_replies_through():
    bench = ready()
    for index in range(30):
        bench.peer.slots[index] = (0, PDU)
    bench.modem.command(WalkSlots(), bench.now)
    bench.exchange()
    hold = Bench(bench.modem, bench.peer)
    mark = len(bench.peer.heard)
    bench.modem._hands.agenda.sends.append(SEND)
    for index in range(30):
        bench.modem._hands.agenda.slots.free(FreeSlot("SM", index, digest(PDU)))
    bench.modem.tick(hold.now)
    hold.exchange()
    assert bench.peer.heard_since(mark).index("AT+CMGS=28") <= 8


def test_a_part_that_the_card_refuses_shows_that_the_card_is_gone():
    bench = ready()
    bench.peer.answers["AT+CMGS=28"] = b"\r\n+CMS ERROR: 310\r\n"
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert bench.modem.state is ModemState.SIM_ABSENT


def test_a_complaint_about_text_mode_starts_the_line_again():
    bench = ready()
    bench.peer.answers["AT+CMGS=28"] = b"\r\n+CMS ERROR: 305\r\n"
    mark = len(bench.peer.heard)
    bench.modem.command(SEND, bench.now)
    bench.run(1.0)
    assert "AT+CMGF=0" in bench.peer.heard_since(mark)
    assert bench.found(at.Restarted) == [at.Restarted("settings lost: text mode")]


@pytest.mark.parametrize(
    "command",
    [
        SendPart(7, 28, SUBMIT + "\x1a"),
        SendPart(7, 28, SUBMIT.lower()),
        SendPart(7, 0, SUBMIT),
        SendPart(7, 28, "AT+CMGD=1,4"),
        FreeSlot('SM","ME', 1, "x"),
        FreeSlot("SM", -1, "x"),
        RunUssd('*888#"\rAT+CMGD=1,4'),
        RunUssd(""),
    ],
)
def test_a_command_that_would_become_another_one_is_refused(command):
    bench = ready()
    mark = len(bench.peer.heard)
    bench.modem.command(command, bench.now)
    bench.run(1.0)
    assert bench.peer.heard_since(mark) == []
    assert len(bench.log) == 1


# -- the card ---------------------------------------------------------------------------------------------------------


def test_without_a_card_the_line_waits_and_serves_when_there_is_one():
    peer = TinyModem()
    peer.answers["AT+CPIN?"] = CME_10
    bench = opened(peer)
    assert bench.modem.state is ModemState.SIM_ABSENT
    bench.run(3600.0)
    assert bench.found(at.RungClimbed) == []
    assert bench.demanded == []
    del peer.answers["AT+CPIN?"]
    peer.answers["AT+CPIN?"] = b"\r\n+CPIN: READY\r\n" + OK
    bench.run(20.0)
    assert bench.modem.state is ModemState.READY


def test_a_card_without_a_switch_in_its_holder_is_looked_for_by_switching_the_radio():
    peer = TinyModem()
    peer.answers["AT+CPIN?"] = CME_10
    bench = opened(peer)
    mark = len(peer.heard)
    bench.run(130.0)
    assert peer.heard_since(mark).count("AT+CFUN=0") == 2
    assert len(peer.heard_since(mark)) / 2.2 <= 12


def test_a_card_pulled_out_stops_the_line_at_once():
    bench = ready()
    bench.feed(b"\r\n+CPIN: NOT INSERTED\r\n")
    assert bench.modem.state is ModemState.SIM_ABSENT
    bench.feed(b"\r\n+CPIN: READY\r\n")
    bench.run(1.0)
    assert bench.modem.state is ModemState.READY
    assert bench.found(at.Restarted) == []


@pytest.mark.parametrize("line", [b"+CSMINS: 1,0", b"^SIMST:255", b"^SIMSQ: 1,99", b"+CPIN: NOT READY"])
def test_every_modem_has_its_own_words_for_a_missing_card(line):
    bench = ready()
    bench.feed(b"\r\n" + line + b"\r\n")
    assert bench.modem.state is ModemState.SIM_ABSENT


def test_a_card_that_vanishes_without_a_word_is_noticed_by_the_poll():
    bench = ready()
    bench.peer.answers["AT+CPIN?"] = CME_10
    bench.run(61.0)
    assert bench.modem.state is ModemState.SIM_ABSENT


def test_a_card_error_in_a_walk_is_noticed():
    bench = ready()
    bench.peer.answers["AT+CMGL=4"] = CME_10
    bench.modem.command(WalkSlots(), bench.now)
    bench.exchange()
    assert bench.modem.state is ModemState.SIM_ABSENT


def locked(left=b"3,3,10,10", then=b"\r\n+CPIN: READY\r\n" + OK, answer=OK) -> TinyModem:
    peer = TinyModem()
    peer.answers["AT+CPIN?"] = b"\r\n+CPIN: SIM PIN\r\n" + OK
    peer.answers["AT+SPIC"] = b"\r\n+SPIC: " + left + b"\r\n" + OK

    def enter(_line):
        if answer == OK:
            peer.answers["AT+CPIN?"] = then
        return answer

    peer.answers['AT+CPIN="1234"'] = enter
    return peer


def test_a_configured_pin_is_entered_once_and_the_line_serves():
    bench = ready(locked(), pin="1234")
    assert bench.peer.heard.count('AT+CPIN="1234"') == 1


def test_a_pin_is_never_in_the_black_box():
    bench = ready(locked(), pin="1234")
    assert not any("1234" in line for line in bench.modem.black_box())


def test_a_wrong_pin_is_never_tried_twice():
    peer = locked(answer=b"\r\n+CME ERROR: 16\r\n")
    bench = opened(peer, pin="1234")
    assert bench.modem.state is ModemState.SIM_LOCKED
    bench.run(7200.0)
    bench.feed(b"\r\nRDY\r\n")
    bench.run(60.0)
    bench.modem.lost("unplugged", bench.now)
    bench.modem.opened(bench.now)
    bench.run(60.0)
    bench.feed(b"\r\n+CPIN: NOT INSERTED\r\n")
    bench.feed(b"\r\n+CPIN: SIM PIN\r\n")
    bench.run(60.0)
    assert peer.heard.count('AT+CPIN="1234"') == 1
    assert bench.modem.state is ModemState.SIM_LOCKED


def test_the_rule_that_is_handed_in_decides_and_is_asked_for_this_card():
    asked = []
    bench = opened(locked(), pin="1234", pin_allowed=lambda iccid: bool(asked.append(iccid)))
    assert asked == ["8962100000000000001"]
    assert 'AT+CPIN="1234"' not in bench.peer.heard
    assert bench.modem.state is ModemState.SIM_LOCKED


@pytest.mark.parametrize("left", [b"1,3,10,10", b"0,3,10,10", b"x"])
def test_a_pin_is_not_tried_when_a_human_could_not_try_once_more(left):
    bench = opened(locked(left), pin="1234")
    assert 'AT+CPIN="1234"' not in bench.peer.heard
    assert bench.modem.state is ModemState.SIM_LOCKED


def test_without_a_configured_pin_nothing_is_entered():
    bench = opened(locked())
    assert not any(line.startswith("AT+CPIN=") for line in bench.peer.heard)
    assert bench.modem.state is ModemState.SIM_LOCKED


def test_a_pin_that_is_none_is_not_entered():
    bench = opened(locked(), pin='1234"')
    assert not any(line.startswith("AT+CPIN=") for line in bench.peer.heard)
    assert bench.modem.state is ModemState.SIM_LOCKED


@pytest.mark.parametrize("state", [b"SIM PUK", b"PH-NET PIN", b"PH_SIM PUK"])
def test_a_puk_or_a_locked_modem_is_left_to_a_human(state):
    peer = TinyModem()
    peer.answers["AT+CPIN?"] = b"\r\n+CPIN: " + state + b"\r\n" + OK
    bench = opened(peer, pin="1234")
    assert bench.modem.state is ModemState.SIM_LOCKED
    assert not any(line.startswith("AT+CPIN=") for line in peer.heard)


@pytest.mark.parametrize("state", [b"SIM PUK", b"PH-NET PIN"])
def test_a_card_that_comes_back_locked_is_told_as_locked_and_not_as_missing(state):
    peer = TinyModem()
    bench = ready(peer)
    bench.feed(b"\r\n+CPIN: NOT INSERTED\r\n")
    assert bench.modem.state is ModemState.SIM_ABSENT
    peer.answers["AT+CPIN?"] = b"\r\n+CPIN: " + state + b"\r\n" + OK
    bench.run(60.0)
    assert bench.modem.state is ModemState.SIM_LOCKED


def test_a_second_pin_does_not_matter():
    peer = TinyModem()
    peer.answers["AT+CPIN?"] = b"\r\n+CPIN: SIM PIN2\r\n" + OK
    ready(peer)


# -- network ----------------------------------------------------------------------------------------------------------


def test_a_lost_network_is_noticed_and_so_is_its_return():
    bench = ready()
    bench.feed(b"\r\n+CREG: 2\r\n")
    assert bench.modem.state is ModemState.SEARCHING
    bench.feed(b'\r\n+CREG: 1,"1A2B","3C4D"\r\n')
    assert bench.modem.state is ModemState.READY


def test_a_line_that_searches_still_receives():
    bench = ready()
    bench.feed(b"\r\n+CREG: 2\r\n")
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    assert len(bench.found(at.SlotFound)) == 1


def test_a_missing_network_is_searched_with_growing_force_and_never_climbs_the_ladder():
    bench = ready()
    bench.feed(b"\r\n+CREG: 2\r\n")
    bench.peer.answers["AT+CREG?"] = b"\r\n+CREG: 2,2\r\n" + OK
    mark = len(bench.peer.heard)
    bench.run(320.0)
    assert "AT+COPS=0" in bench.peer.heard_since(mark)
    assert "AT+CFUN=0" not in bench.peer.heard_since(mark)
    assert len(bench.peer.heard_since(mark)) / 5.3 <= 12
    bench.run(320.0)
    assert "AT+CFUN=0" in bench.peer.heard_since(mark)
    assert bench.found(at.RungClimbed) == []
    bench.run(700.0)
    assert bench.demanded == [at.PowerCycle("no network")]


# -- calls, supply, USSD ----------------------------------------------------------------------------------------------


def test_a_call_is_refused_and_named():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.feed(b'\r\n+CLIP: "+628123456789",145,"",,"",0\r\n\r\nRING\r\n')
    assert bench.peer.heard_since(mark) == ["ATH"]
    assert bench.found(at.CallRefused) == [at.CallRefused("+628123456789")]


def test_a_complaint_about_the_supply_is_passed_on():
    bench = ready()
    bench.feed(b"\r\nUNDER-VOLTAGE WARNNING\r\n")
    assert bench.found(at.SupplyWarned) == [at.SupplyWarned("UNDER-VOLTAGE WARNNING")]


def test_a_low_supply_is_noticed_without_a_complaint():
    bench = ready()
    bench.peer.answers["AT+CBC"] = b"\r\n+CBC: 0,20,3480\r\n" + OK
    bench.run(310.0)
    assert bench.found(at.SupplyWarned) == [at.SupplyWarned("3480 mV")]


def test_a_hot_modem_is_noticed_without_a_complaint():
    bench = ready()
    bench.peer.answers["AT+CMTE?"] = b"\r\n+CMTE: 0,80.02\r\n" + OK
    bench.peer.answers["AT+CBC"] = b"\r\n+CBC: 0,20,3480\r\n" + OK
    bench.run(310.0)
    assert bench.found(at.SupplyWarned) == [at.SupplyWarned("80 C, 3480 mV")]


def test_the_dip_of_the_supply_is_read_right_after_a_send():
    bench = ready()
    bench.peer.on_payload = b"\r\n+CMGS: 42\r\n" + OK
    bench.peer.answers["AT+CBC"] = b"\r\n+CBC: 0,20,3440\r\n" + OK
    bench.modem.command(SEND, bench.now)
    bench.run(1.0)
    assert bench.found(at.SendEnded) == [at.SendEnded(7, at.Sent(42))]
    assert bench.found(at.SupplyWarned) == [at.SupplyWarned("3440 mV")]


def test_a_ussd_answer_comes_back_and_messages_are_read_meanwhile():
    bench = ready()
    bench.modem.command(RunUssd("*888#"), bench.now)
    bench.exchange()
    assert bench.peer.heard[-1] == 'AT+CUSD=1,"*888#",15'
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n')
    bench.feed(b'\r\n+CUSD: 0,"Pulsa Rp 5.000",15\r\n')
    assert len(bench.found(at.SlotFound)) == 1
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(0, "Pulsa Rp 5.000")]


def test_a_ussd_menu_is_left():
    bench = ready()
    bench.modem.command(RunUssd("*123#"), bench.now)
    bench.feed(b'\r\n+CUSD: 1,"1. Info\r\n2. Paket",15\r\n')
    bench.run(1.0)
    assert bench.peer.heard[-1] == "AT+CUSD=2"
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(1, "1. Info\n2. Paket")]


def test_the_menus_of_a_code_are_answered_one_after_the_other_and_all_screens_are_told():
    bench = ready()
    bench.modem.command(RunUssd("*888#", ("4", "1")), bench.now)
    bench.feed(b'\r\n+CUSD: 1,"1. Paket\r\n4. Info",15\r\n')
    bench.run(1.0)
    assert bench.peer.heard[-1] == 'AT+CUSD=1,"4",15'
    bench.feed(b'\r\n+CUSD: 1,"1. Pulsa",15\r\n')
    bench.run(1.0)
    assert bench.peer.heard[-1] == 'AT+CUSD=1,"1",15'
    assert bench.found(at.UssdAnswered) == []
    bench.feed(b'\r\n+CUSD: 0,"Pulsa Rp 5.000",15\r\n')
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(0, "1. Paket\n4. Info\n1. Pulsa\nPulsa Rp 5.000")]
    assert "AT+CUSD=2" not in bench.peer.heard


def test_a_menu_behind_the_last_choice_is_left():
    bench = ready()
    bench.modem.command(RunUssd("*888#", ("4",)), bench.now)
    bench.feed(b'\r\n+CUSD: 1,"4. Info",15\r\n')
    bench.run(1.0)
    bench.feed(b'\r\n+CUSD: 1,"1. Lagi",15\r\n')
    bench.run(1.0)
    assert bench.peer.heard[-1] == "AT+CUSD=2"
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(1, "4. Info\n1. Lagi")]


@pytest.mark.parametrize("answer", [b"\r\n+CME ERROR: 100\r\n", b""])
def test_a_choice_that_is_refused_or_never_answered_tells_what_was_shown(answer):
    bench = ready()
    bench.modem.command(RunUssd("*888#", ("4",)), bench.now)
    bench.peer.answers['AT+CUSD=1,"4",15'] = answer or OK
    bench.feed(b'\r\n+CUSD: 1,"Pulsa Rp 5.000 4. Info",15\r\n')
    bench.run(46.0)
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(-1, "Pulsa Rp 5.000 4. Info")]


def test_a_choice_that_could_become_another_command_is_never_written():
    bench = ready()
    bench.modem.command(RunUssd("*888#", ('4",15\rAT+CMGD=1,4',)), bench.now)
    bench.run(1.0)
    assert not any("CUSD=1," in heard for heard in bench.peer.heard)
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(-1, "")]


def test_a_ussd_code_without_an_answer_is_given_up():
    bench = ready()
    bench.modem.command(RunUssd("*888#"), bench.now)
    bench.run(46.0)
    assert bench.found(at.UssdAnswered) == [at.UssdAnswered(-1, "")]
    assert "AT+CUSD=2" in bench.peer.heard


def test_ussd_that_nobody_asked_for_is_advertising():
    bench = ready()
    bench.feed(b'\r\n+CUSD: 0,"Menangkan hadiah!",15\r\n')
    assert bench.found(at.UssdAnswered) == []


def test_a_refresh_waits_for_what_is_to_be_sent_then_switches_the_radio_and_serves_again():
    bench = ready()
    mark = len(bench.peer.heard)
    bench.modem.command(SEND, bench.now)
    bench.modem.command(Refresh(), bench.now)
    bench.run(10.0)
    heard = bench.peer.heard_since(mark)
    assert heard.index("AT+CMGS=28") < heard.index("AT+CFUN=0") < heard.index("AT+CFUN=1")
    assert bench.modem.state is ModemState.READY
    assert bench.found(at.Restarted) == bench.found(at.RungClimbed) == []


# -- a full memory ----------------------------------------------------------------------------------------------------

FULL = at.StorageMeasured("SM", 30, 30)


def crowded() -> Bench:
    """Fill the memory of a running line without a notice."""
    bench = ready()
    bench.peer.slots.update(dict.fromkeys(range(1, 31), (1, PDU)))
    return bench


def test_a_memory_that_fills_up_without_a_word_is_found_and_drained_within_twenty_seconds():
    bench = crowded()
    bench.run(21.0)
    assert bench.found(at.StorageMeasured)[0] == FULL
    assert len(bench.found(at.SlotFound)) == 30


def test_a_full_memory_is_measured_again_when_it_could_have_been_drained():
    bench = crowded()
    mark = len(bench.peer.heard)
    bench.run(28.0)
    assert bench.peer.heard_since(mark) == ["AT+CPMS?", "AT+CMGL=4", "AT+CPMS?", "AT+CPMS?"]  # the walk counts too
    assert bench.found(at.StorageMeasured)[-1] == FULL
    before = len(bench.peer.heard)
    bench.run(15.0)
    assert bench.peer.heard_since(before) == []  # that it stays full is no reason to hurry


def test_a_full_memory_whose_slots_still_wait_to_be_read_is_not_listed_as_well():
    bench = crowded()
    bench.peer.answers["AT+CMGR=30"] = OK  # empty yet: it will be read again
    mark = len(bench.peer.heard)
    bench.feed(b'\r\n+CMTI: "SM",30\r\n')
    bench.run(2.5)
    assert FULL in bench.found(at.StorageMeasured)
    assert "AT+CMGL=4" not in bench.peer.heard_since(mark)


@pytest.mark.parametrize("notice", [b'^SMMEMFULL:"SM"', b'+CMTI: "SM",30', b'+CMTI: "SM",29'])
def test_the_memory_is_measured_at_once_when_there_is_a_sign_that_it_is_full(notice):
    bench = crowded()
    bench.feed(b"\r\n" + notice + b"\r\n")
    bench.run(2.5)
    assert FULL in bench.found(at.StorageMeasured)


def test_a_notice_of_a_low_slot_is_no_such_sign():
    bench = ready()
    bench.peer.slots[3] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",3\r\n')
    bench.run(5.0)
    assert bench.found(at.StorageMeasured) == []


def test_a_send_that_is_refused_for_a_full_memory_has_it_measured():
    bench = ready()
    bench.peer.answers["AT+CMGS=28"] = b"\r\n+CMS ERROR: 322\r\n"
    mark = len(bench.peer.heard)
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    assert "AT+CPMS?" in bench.peer.heard_since(mark)


def test_a_measurement_that_blames_the_card_is_believed():
    bench = ready()
    bench.peer.answers["AT+CPMS?"] = b"\r\n+CMS ERROR: 310\r\n"
    bench.run(21.0)
    assert states(bench)[0] is ModemState.SIM_ABSENT


# -- trouble ----------------------------------------------------------------------------------------------------------


def test_settings_that_were_lost_without_a_word_are_noticed_within_five_minutes():
    bench = ready()
    bench.peer.answers["AT+CNMI?"] = b"\r\n+CNMI: 0,0,0,0,0\r\n" + OK
    bench.run(301.0)
    assert bench.found(at.Restarted)[0] == at.Restarted("settings lost: notification")


def test_a_memory_that_was_switched_is_noticed_by_its_measurement():
    bench = ready()
    bench.peer.answers["AT+CPMS?"] = b'\r\n+CPMS: "ME",0,20,"ME",0,20,"ME",0,20\r\n' + OK
    bench.run(21.0)
    assert bench.found(at.Restarted) == [at.Restarted("settings lost: message memory")]


def test_three_unanswered_commands_in_a_row_bring_help_although_the_modem_answers_in_between():
    bench = ready()
    for command in ("AT+CSQ", "AT+CPIN?", "AT+CPMS?"):
        bench.peer.answers[command] = b"\r\n"
    bench.run(150.0)
    assert bench.found(at.RungClimbed)[0] == at.RungClimbed("resync", "no answer")


def test_a_memory_that_cannot_be_opened_climbs_slowly():
    peer = TinyModem()
    peer.answers["AT+CMGF=0"] = b"\r\nERROR\r\n"
    bench = opened(peer)
    assert bench.modem.state is ModemState.DOWN
    bench.run(60.0)
    rungs = [event.rung for event in bench.found(at.RungClimbed)]
    assert rungs == ["resync"] * 3 + ["reinit"] * 2 + ["reopen"]


def test_a_missing_port_gets_its_power_cycled_in_the_end():
    bench = ready()
    bench.modem.lost("unplugged", bench.now)
    for _ in range(800):
        bench.now += 1.0
        bench.modem.lost("no such device", bench.now)
        bench.exchange()
    assert len(bench.demanded) == 2
    assert isinstance(bench.demanded[0], at.PowerCycle)


def test_a_port_that_another_program_holds_keeps_its_power():
    bench = ready()
    bench.modem.lost("unplugged", bench.now)
    for _ in range(800):
        bench.now += 1.0
        bench.modem.lost("held", bench.now, busy=True)
        bench.exchange()
    assert bench.demanded == []


def test_a_modem_that_never_answers_is_looked_for_at_other_rates():
    peer = TinyModem()
    bench = Bench(Modem(ModemSettings("a")), peer)
    peer.receive = lambda _data: b""
    bench.modem.opened(bench.now)
    bench.run(30.0)
    rates = [action.baud for action in bench.demanded if isinstance(action, at.SetRate)]
    assert rates[:4] == [9600, 57600, 38400, 19200]


def test_a_shutdown_takes_no_more_but_waits_for_the_part_under_way():
    bench = ready()
    bench.peer.on_payload = b"\r\n"
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    bench.modem.command(Shutdown(), bench.now)
    bench.modem.command(SendPart(8, 28, SUBMIT), bench.now)
    assert bench.modem.busy
    bench.feed(b"\r\n+CMGS: 42\r\n" + OK)
    assert bench.found(at.SendEnded) == [
        at.SendEnded(8, at.Rejected(at.ErrorFamily.PLAIN, 0)),
        at.SendEnded(7, at.Sent(42)),
    ]
    assert not bench.modem.busy
    mark = len(bench.peer.heard)
    bench.run(600.0)
    assert bench.peer.heard_since(mark) == []


def test_the_black_box_shows_neither_texts_nor_numbers():
    bench = ready()
    bench.peer.slots[4] = (0, PDU)
    bench.feed(b'\r\n+CMTI: "SM",4\r\n\r\n+CLIP: "+628123456789",145\r\n\r\n+CUSD: 0,"Pulsa Rp 5.000",15\r\n')
    bench.modem.command(SEND, bench.now)
    bench.exchange()
    shown = "\n".join(bench.modem.black_box())
    assert "AT+CMGR=4" in shown
    for secret in (PDU, SUBMIT, "8123456789", "Pulsa"):
        assert secret not in shown


# -- whatever comes ---------------------------------------------------------------------------------------------------

SPICE = [
    b"\r\nOK\r\n", b"\r\nERROR\r\n", b"\r\n> ", b"\r\nRDY\r\n", b"\r\n+CPIN: NOT INSERTED\r\n", b"\r\n+CPIN: READY\r\n",
    b'\r\n+CMTI: "SM",4\r\n', b'\r\n+CMTI: "ME",4\r\n', b'\r\n+CMT: "",26\r\n', b"\r\n+CMGS: 3\r\n", b"\r\nRING\r\n",
    b"\r\n+CREG: 2\r\n", b"\r\n+CREG: 1\r\n", b'\r\n+CUSD: 0,"', b"\r\n+CME ERROR: 10\r\n", b"\r\n+CMS ERROR: 305\r\n",
    b"\r\nNORMAL POWER DOWN\r\n", b'\r\n^SMMEMFULL:"SM"\r\n', b"AT+CMGS=28\r", b"+CMEE: 1\r\n",
]  # fmt: skip
WISHES = [SEND, WalkSlots(), FreeSlot("SM", 4, digest(PDU)), FreeSlot("ME", 1, "x"), RunUssd("*888#")]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from(SPICE),
            st.sampled_from(WISHES),
            st.floats(0.0, 100.0),
            st.sampled_from(["lost", "opened"]),
        ),
        max_size=30,
    )
)
def test_whatever_comes_no_exception_leaves_and_the_line_serves_again(story):
    bench = opened()
    for step in story:
        match step:
            case bytes():
                bench.feed(step)
            case float():
                bench.run(step)
            case "lost":
                bench.modem.lost("unplugged", bench.now)
            case "opened":
                bench.modem.lost("closed", bench.now)
                bench.modem.opened(bench.now)
            case _:
                bench.modem.command(step, bench.now)
        bench.exchange()
    bench.feed(b"\r\n")
    for _ in range(40):
        if bench.modem.state is ModemState.CLOSED:
            bench.modem.opened(bench.now)
        bench.run(30.0)
        if bench.modem.state is ModemState.SEARCHING:
            bench.feed(b"\r\n+CREG: 1\r\n")
        if any(isinstance(action, at.Reopen | at.PowerCycle) for action in bench.demanded):
            bench.demanded.clear()
            bench.modem.lost("closed", bench.now)
        if bench.modem.state is ModemState.READY:
            break
    assert bench.modem.state is ModemState.READY
    bench.run(300.0)
    bench.log.clear()
    bench.modem.command(SEND, bench.now)
    bench.run(5.0)
    (ended,) = bench.found(at.SendEnded)
    assert isinstance(ended.outcome, at.Sent)
