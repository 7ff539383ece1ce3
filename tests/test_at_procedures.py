import pytest
from scripted import ERROR, OK, SILENT, Script, cme, cms, lines

from kentongan.at.dialect import GENERIC, HUAWEI, SIM800
from kentongan.at.dialogue import Aborted, AtResponse, CmsError, Failed, Ok, TimedOut
from kentongan.at.events import ErrorFamily, Identified, Rejected, Sent, SimIdentified, Uncertain, digest
from kentongan.at.procedures import (
    Refused,
    ask_sim,
    choose_operator,
    inspect,
    measure_store,
    poll,
    send_outcome,
    settings_are_ours,
    switch_radio,
)
from kentongan.at.procedures_adjust import adjust
from kentongan.at.procedures_init import (
    Locked,
    NoSim,
    PinRule,
    Profile,
    Unusable,
    ask_iccid,
    attempts_left,
    choose_cnmi,
    initialise,
    unlock,
)
from kentongan.at.procedures_slots import Kept, Listing, Selection, free_slot, in_storage, read_slot, walk
from kentongan.at.results import SlotEntry, StoreFill

PDU = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"
OTHER = "06912618010000040D91261832547698F000006211325140508206D427F3E93C03"
FILL = lines('+CPMS: "SM",2,30,"SM",2,30,"SM",2,30')
NOBODY = PinRule("", lambda _iccid: False)


def two_slots() -> AtResponse:
    return lines("+CMGL: 0,0,,26", PDU, "+CMGL: 7,1,,26", OTHER)


# -- slots ------------------------------------------------------------------------------------------------------------


def test_a_listing_is_complete_when_the_modem_counts_as_many():
    script = Script().on("AT+CMGL=4", two_slots()).on("AT+CPMS?", FILL)
    found = script.play(walk("SM", SIM800))
    assert found == Listing((SlotEntry(0, 0, 26, PDU), SlotEntry(7, 1, 26, OTHER)), True, StoreFill("SM", 2, 30))


def test_a_listing_of_which_something_is_missing_is_not_trusted():
    script = Script().on("AT+CMGL=4", lines("+CMGL: 0,0,,26", OTHER)).on("AT+CPMS?", FILL)
    assert not script.play(walk("SM", SIM800)).complete


def test_an_empty_memory_costs_one_command():
    script = Script()
    assert script.play(walk("SM", SIM800)) == Listing((), complete=True)
    assert script.asked == ["AT+CMGL=4"]


def test_a_listing_that_hangs_is_replaced_by_reading_slot_by_slot():
    script = Script().on("AT+CMGL=4", SILENT).on("AT+CPMS?", FILL)
    script.on("AT+CMGR=1", lines("+CMGR: 0,,26", PDU)).on("AT+CMGR=4", lines("+CMGR: 0,,26", OTHER))
    found = script.play(walk("SM", SIM800))
    assert [entry.index for entry in found.entries] == [1, 4]
    assert script.asked[-1] == "AT+CMGR=4"  # as many as the modem counts: the rest is not asked for


def test_a_stick_with_many_messages_is_read_slot_by_slot():
    script = Script().on("AT+CPMS?", lines('+CPMS: "SM",25,30,"SM",25,30,"SM",25,30'))
    for index in range(25):
        script.on(f"AT+CMGR={index}", lines("+CMGR: 0,,26", PDU))
    assert len(script.play(walk("SM", HUAWEI)).entries) == 25
    assert "AT+CMGL=4" not in script.asked


@pytest.mark.parametrize("answer", [OK, cms(321), cme(21), cme(22), lines("+CMGR: 0,,0")])
def test_an_empty_slot_is_none(answer):
    assert Script().on("AT+CMGR=3", answer).play(read_slot(3, SIM800)) is None


def test_a_slot_of_the_wrong_length_is_asked_for_once_more():
    script = Script().on("AT+CMGR=3", lines("+CMGR: 0,,26", PDU[:-2]), lines("+CMGR: 0,,26", PDU))
    assert script.play(read_slot(3, SIM800)) == SlotEntry(3, 0, 26, PDU)


def test_a_delete_without_an_answer_is_repeated_only_after_a_look():
    script = Script().on("AT+CMGD=3", SILENT, OK).on("AT+CMGR=3", lines("+CMGR: 0,,26", PDU))
    assert script.play(free_slot(3, digest(PDU), SIM800, read_first=False)) is None
    assert script.asked == ["AT+CMGD=3", "AT+CMGR=3", "AT+CMGD=3"]


def test_a_slot_that_was_taken_again_meanwhile_is_left_alone():
    script = Script().on("AT+CMGD=3", SILENT).on("AT+CMGR=3", lines("+CMGR: 0,,26", OTHER))
    kept = script.play(free_slot(3, digest(PDU), SIM800, read_first=False))
    assert kept == Kept("holds another message", SlotEntry(3, 0, 26, OTHER))
    assert script.asked.count("AT+CMGD=3") == 1


def test_nothing_is_done_in_a_memory_that_was_not_confirmed():
    selection = Selection("SM", "SM")
    script = Script().on('AT+CPMS="ME"', ERROR)
    script.play(in_storage("ME", selection, SIM800, free_slot(3, digest(PDU), SIM800, read_first=False)))
    assert "AT+CMGD=3" not in script.asked


def test_a_memory_that_could_not_be_left_is_left_before_the_next_job():
    selection = Selection("SM", "SM")
    script = Script().on('AT+CPMS="ME"', FILL).on('AT+CPMS="SM","SM","SM"', SILENT, FILL)
    script.play(in_storage("ME", selection, SIM800, read_slot(1, SIM800)))
    assert selection.selected == ""
    script.asked.clear()
    script.play(in_storage("SM", selection, SIM800, free_slot(3, digest(PDU), SIM800, read_first=False)))
    assert script.asked == ['AT+CPMS="SM","SM","SM"', "AT+CMGD=3"]


def test_an_abandoned_change_of_memory_leaves_it_unknown():
    selection = Selection("SM", "SM")
    procedure = in_storage("ME", selection, SIM800, read_slot(1, SIM800))
    next(procedure)
    procedure.close()
    assert selection.selected == ""


# -- outcomes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        (AtResponse(Ok(), ("+CMGS: 42",), payload_left=True), Sent(42)),
        (AtResponse(Ok(), ('+CMGS: 42,"26/11/23,15:04:05+28"',), payload_left=True), Sent(42)),
        (AtResponse(Ok(), ("+CMGS: 999",), payload_left=True), Uncertain("OK without a reference")),
        (AtResponse(CmsError(331, "331"), (), payload_left=True), Rejected(ErrorFamily.CMS, 331)),
        (AtResponse(CmsError(-1, "unknown"), (), payload_left=True), Rejected(ErrorFamily.CMS, 0)),
        (AtResponse(Failed("ERROR"), (), payload_left=True), Rejected(ErrorFamily.PLAIN, 0)),
        (AtResponse(TimedOut(alive=True), (), payload_left=True), Uncertain("no answer in time")),
        (AtResponse(TimedOut(alive=False), (), payload_left=False), Rejected(ErrorFamily.PLAIN, 0)),
        (AtResponse(TimedOut(alive=True), (), True, ("+CMGS: 7",)), Sent(7)),
        (AtResponse(TimedOut(alive=True), (), True, ("+CMS ERROR: 38",)), Rejected(ErrorFamily.CMS, 38)),
        (AtResponse(TimedOut(alive=True), ("+CMGS: 7",), True), Sent(7)),
        (AtResponse(Aborted("RDY"), (), payload_left=True), Uncertain("RDY")),
        (AtResponse(Aborted("RDY"), (), payload_left=False), Rejected(ErrorFamily.PLAIN, 0)),
    ],
)
def test_only_a_payload_that_never_left_is_certain_without_an_answer(response, outcome):
    assert send_outcome(response) == outcome


# -- card -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (lines("+CPIN: READY"), "READY"),
        (lines('+CPIN: "SIM PIN"'), "SIM PIN"),
        (lines("+CPIN: PH-NET PIN"), "PH-NET PIN"),
        (cme(10), "NOT INSERTED"),
        (cme(13), "NOT INSERTED"),
        (cms(310), "NOT INSERTED"),
        (cme(11), "SIM PIN"),
        (cme(12), "SIM PUK"),
        (cme(5), "PH-SIM PIN"),
        (cms(312), "PH-SIM PIN"),
        (cme(40), "PH-NET PIN"),
        (cme(47), "PH-NET PIN"),
        (cme(14), "BUSY"),
        (cme(797), "BUSY"),
        (ERROR, "ERROR"),
        (SILENT, "no answer in time"),
    ],
)
def test_the_state_of_the_card_is_read(answer, state):
    assert Script().on("AT+CPIN?", answer).play(ask_sim()) == state


@pytest.mark.parametrize(
    ("dialect", "question", "answer", "left"),
    [
        (SIM800, "AT+SPIC", lines("+SPIC: 3,3,10,10"), 3),
        (HUAWEI, "AT^CPIN?", lines("^CPIN: SIM PIN,3,10,2,10,3"), 2),
        (HUAWEI, "AT^CPIN?", lines("^CPIN: READY,,10,3,10,3"), 3),
        (GENERIC, 'AT+CPINR="SIM PIN"', lines("+CPINR: SIM PIN,1,3"), 1),
        (SIM800, "AT+SPIC", ERROR, None),
        (SIM800, "AT+SPIC", lines("+SPIC: "), None),
    ],
)
def test_the_attempts_left_are_read(dialect, question, answer, left):
    assert Script().on(question, answer).play(attempts_left(dialect)) == left


@pytest.mark.parametrize(
    ("dialect", "question", "answer"),
    [
        (SIM800, "AT+CCID", "8962100012345678901f"),
        (HUAWEI, "AT^ICCID?", "^ICCID: 8962100012345678901F"),
        (GENERIC, "AT+CCID", '+CCID: "8962100012345678901"'),
        (GENERIC, "AT+QCCID", "+QCCID: 8962100012345678901"),
        (GENERIC, "AT+CICCID", "+ICCID: 8962100012345678901"),
    ],
)
def test_the_number_of_the_card_is_read(dialect, question, answer):
    assert Script().on(question, lines(answer)).play(ask_iccid(dialect)) == "8962100012345678901"


def test_a_busy_card_is_waited_for():
    script = Script().on("AT+CPIN?", *[cme(14)] * 10, lines("+CPIN: READY"))
    assert script.play(unlock(SIM800, "", NOBODY)) is None
    assert script.paused == 10


def test_a_card_that_stays_busy_is_given_up():
    script = Script().on("AT+CPIN?", cme(14))
    assert isinstance(script.play(unlock(SIM800, "", NOBODY)), NoSim)
    assert script.paused <= 60


def test_after_an_accepted_pin_the_card_is_waited_for_but_the_pin_not_repeated():
    script = Script().on("AT+CPIN?", *[lines("+CPIN: SIM PIN")] * 4, lines("+CPIN: READY"))
    script.on("AT+SPIC", lines("+SPIC: 3,3,10,10"))
    assert script.play(unlock(SIM800, "1", PinRule("1234", lambda _iccid: True))) is None
    assert script.asked.count('AT+CPIN="1234"') == 1


@pytest.mark.parametrize("answer", [cme(16), ERROR, SILENT, cme(3)])
def test_a_pin_that_was_not_accepted_is_the_end(answer):
    script = Script().on("AT+CPIN?", lines("+CPIN: SIM PIN")).on("AT+SPIC", lines("+SPIC: 3,3,10,10"))
    script.on('AT+CPIN="1234"', answer)
    assert isinstance(script.play(unlock(SIM800, "1", PinRule("1234", lambda _iccid: True))), Locked)
    assert script.asked.count('AT+CPIN="1234"') == 1


# -- start ------------------------------------------------------------------------------------------------------------


def healthy() -> Script:
    return (
        Script()
        .on("ATI", lines("SIM800 R14.18"))
        .on("AT+CCID", lines("8962100012345678901"))
        .on("AT+CIMI", lines("510101234567890"))
        .on("AT+CPIN?", lines("+CPIN: READY"))
        .on('AT+CPMS="SM","SM","SM"', lines("+CPMS: 2,30,2,30,2,30"))
        .on("AT+CNMI?", lines("+CNMI: 2,1,0,1,0"))
        .on("AT+CREG?", lines("+CREG: 2,1"))
    )


def test_a_start_learns_what_the_service_needs():
    found = healthy().play(initialise("auto", NOBODY, lambda: 0))
    card = SimIdentified("8962100012345678901", "510101234567890")
    assert found == Profile(SIM800, card, StoreFill("SM", 2, 30), "2,1,0,1,0", 1, echo_is_off=True)


def test_a_configured_dialect_is_not_doubted():
    script = healthy()
    assert script.play(initialise("generic", NOBODY, lambda: 0)).dialect is GENERIC
    assert "ATI" not in script.asked


@pytest.mark.parametrize("mode", ["0", "4"])
def test_a_radio_that_is_off_is_switched_on(mode):
    script = healthy().on("AT+CFUN?", lines(f"+CFUN: {mode}"))
    script.play(initialise("auto", NOBODY, lambda: 0))
    assert "AT+CFUN=1" in script.asked


def test_without_pdu_mode_nothing_works():
    assert isinstance(healthy().on("AT+CMGF=0", ERROR).play(initialise("auto", NOBODY, lambda: 0)), Unusable)


def test_a_memory_that_blames_the_card_is_no_memory_problem():
    script = healthy().on('AT+CPMS="SM","SM","SM"', cms(310))
    assert isinstance(script.play(initialise("auto", NOBODY, lambda: 0)), NoSim)


def test_one_damaged_answer_does_not_move_the_messages_to_another_memory():
    script = healthy().on('AT+CPMS="SM","SM","SM"', OK, lines("+CPMS: 2,30,2,30,2,30"))
    script.on("ATI", lines("Manufacturer: huawei")).on("AT^ICCID?", lines("^ICCID: 89"))
    assert script.play(initialise("auto", NOBODY, lambda: 0)).fill.storage == "SM"
    assert 'AT+CPMS="ME","ME","ME"' not in script.asked


def test_a_modem_without_a_message_memory_on_the_card_uses_its_own():
    script = healthy().on("ATI", lines("Manufacturer: huawei")).on('AT+CPMS="SM","SM","SM"', ERROR)
    script.on('AT+CPMS="ME","ME","ME"', lines("+CPMS: 0,20,0,20,0,20"))
    assert script.play(initialise("auto", NOBODY, lambda: 0)).fill == StoreFill("ME", 0, 20)


def test_the_notification_that_holds_is_chosen():
    script = Script().on("AT+CNMI=2,1,0,1,0", ERROR).on("AT+CNMI=2,1,0,2,0", OK).on("AT+CNMI=1,1,0,1,0", OK)
    script.on("AT+CNMI?", lines("+CNMI: 0,0,0,0,0"), lines("+CNMI: 1, 1, 0, 1, 0"))
    assert script.play(choose_cnmi(SIM800)) == "1,1,0,1,0"


def test_a_modem_that_keeps_no_notification_has_none():
    assert Script().on("AT+CNMI?", lines("+CNMI: 0,0,0,0,0")).play(choose_cnmi(SIM800)) == ""


# -- comfort and health -----------------------------------------------------------------------------------------------


def test_refused_comfort_is_done_without():
    script = Script()
    for text in SIM800.settings:
        script.on(text, ERROR)
    script.on("AT+CGMI", lines("SIMCOM_Ltd")).on("AT+CGMM", lines("SIMCOM_SIM800C"))
    script.on("AT+CGMR", lines("Revision:1418B05SIM800C24")).on("AT+CGSN", lines("861234567890123"))
    details = script.play(adjust(SIM800, "", 115200))
    assert details.identified == Identified(
        "SIMCOM_Ltd", "SIMCOM_SIM800C", "1418B05SIM800C24", "861234567890123", "sim800"
    )


def test_a_noise_switch_without_a_mask_is_used_whole():
    script = Script().on("AT^CURC=2,0000000000000828", ERROR)
    script.play(adjust(HUAWEI, "", 115200))
    assert "AT^CURC=0" in script.asked


def test_a_lost_service_centre_is_given_back():
    script = Script().on("AT+CSCA?", lines('+CSCA: "",129'))
    assert script.play(adjust(SIM800, "+6281100000", 115200)).smsc == "+6281100000"
    assert 'AT+CSCA="+6281100000",145' in script.asked


@pytest.mark.parametrize("answer", [lines('+CSCA: "+62816124",145'), cme(14), ERROR])
def test_a_service_centre_that_is_there_or_cannot_be_read_is_not_written(answer):
    script = Script().on("AT+CSCA?", answer)
    script.play(adjust(SIM800, "+6281100000", 115200))
    assert not any(text.startswith("AT+CSCA=") for text in script.asked)


def test_a_card_that_is_busy_behind_its_pin_is_asked_again_for_its_centre():
    script = Script().on("AT+CSCA?", *[cme(14)] * 4, lines('+CSCA: "+62816124",145'))
    assert script.play(adjust(SIM800, "", 115200)).smsc == "+62816124"
    assert script.paused == 4
    silent = Script().on("AT+CSCA?", cme(14))
    assert silent.play(adjust(SIM800, "", 115200)).smsc == ""
    assert silent.asked.count("AT+CSCA?") == 15


@pytest.mark.parametrize(("rate", "written"), [("0", True), ("115200", False)])
def test_automatic_rate_detection_is_ended_once(rate, written):
    script = Script().on("AT+IPR?", lines(f"+IPR: {rate}"))
    script.play(adjust(SIM800, "", 9600))
    assert ("AT+IPR=9600;&W" in script.asked) is written


def test_a_poll_asks_three_questions():
    script = Script().on("AT+CSQ", lines("+CSQ: 99,99")).on("AT+CPIN?", lines("+CPIN: READY"))
    health = script.on("AT+CREG?", lines("+CREG: 2,5")).play(poll())
    assert (health.registration, health.dbm, health.sim) == (5, None, "READY")
    assert len(script.asked) == 3


def test_the_fill_of_the_memory_is_told_or_why_it_is_not():
    assert Script().on("AT+CPMS?", FILL).play(measure_store()) == StoreFill("SM", 2, 30)
    assert Script().on("AT+CPMS?", cms(310)).play(measure_store()) == Refused("CMS 310", sim_gone=True)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (lines("+CNMI: 2,1,0,1,0"), True),
        (lines("+CNMI: 2, 1, 0, 1, 0"), True),
        (lines("+CNMI: 0,0,0,0,0"), False),
        (ERROR, True),
    ],
)
def test_the_settings_are_read_back(answer, kept):
    assert Script().on("AT+CNMI?", answer).play(settings_are_ours("2,1,0,1,0")) is kept


def test_the_supply_is_measured_where_the_modem_can():
    script = Script().on("AT+CBC", lines("+CBC: 0,88,4012"))
    assert script.play(inspect("2,1,0,1,0", SIM800)).millivolts == 4012
    assert script.play(inspect("2,1,0,1,0", HUAWEI)).millivolts is None


def test_the_radio_rests_between_off_and_on():
    script = Script()
    script.play(switch_radio(SIM800))
    assert script.asked == ["AT+CFUN=0", "AT+CFUN=1"]
    assert script.paused >= 3


def test_the_choice_of_an_operator_ends_with_a_look():
    assert Script().on("AT+CREG?", lines("+CREG: 2,1")).play(choose_operator()) == 1
