import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at import results
from kentongan.at.dialogue import CmeError, CmsError, Failed, Ok
from kentongan.at.results import SlotEntry, StoreFill

PDU = "06912618010000040D91261832547698F000006211325140508206D427F3E93C02"


@pytest.mark.parametrize(
    ("line", "final"),
    [
        ("OK", Ok()),
        ("ERROR", Failed("ERROR")),
        ("COMMAND NOT SUPPORT", Failed("COMMAND NOT SUPPORT")),
        ("NO DIALTONE", Failed("NO DIALTONE")),
        ("NO DIAL TONE", Failed("NO DIAL TONE")),
        ("TOO MANY PARAMETERS", Failed("TOO MANY PARAMETERS")),
        ("MODEM ERROR: 3", Failed("MODEM ERROR: 3")),
        ("+CME ERROR: 10", CmeError(10, "10")),
        ("+CMS ERROR: 331", CmsError(331, "331")),
        ("+CMS ERROR:500", CmsError(500, "500")),
        ("+CME ERROR: SIM not inserted", CmeError(10, "SIM not inserted")),
        ("+CMS ERROR: Network timeout ", CmsError(332, "Network timeout ")),
        ("+CMS ERROR: memory full", CmsError(322, "memory full")),
        ("+CME ERROR: memory full", CmeError(20, "memory full")),
        ("+CMS ERROR: something new", CmsError(-1, "something new")),
    ],
)
def test_a_final_result_is_recognised(line, final):
    assert results.final_result(line) == final


@pytest.mark.parametrize(
    "line", ["OK then", "ERRORS", "OKAY", "+CMS ERRORS: 1", "NO CARRIER", "BUSY", "ok", "> OK", ""]
)
def test_a_line_that_only_looks_like_one_is_not(line):
    assert results.final_result(line) is None


def test_the_end_of_a_call_is_final_for_a_call_alone():
    assert results.final_result("NO CARRIER", hangs_up=True) == Failed("NO CARRIER")


@pytest.mark.parametrize(
    ("header", "entry"),
    [
        ("+CMGL: 0,1,,26", SlotEntry(0, 1, 26, PDU)),
        ('+CMGL: 1,0,"",26', SlotEntry(1, 0, 26, PDU)),
        ('+CMGL: 3,1,"Pak, RT",26', SlotEntry(3, 1, 26, PDU)),
        ('+CMGR: 0,"",26', SlotEntry(-1, 0, 26, PDU)),
        ("+CMGR: 1,,26", SlotEntry(-1, 1, 26, PDU)),
    ],
)
def test_a_slot_is_read_in_all_its_spellings(header, entry):
    assert results.listing((header, PDU)) == [entry]
    assert entry.is_whole


def test_a_header_without_its_pdu_keeps_its_neighbours_apart():
    entries = results.listing(("+CMGL: 1,0,,26", "+CMGL: 2,0,,26", PDU))
    assert entries == [SlotEntry(1, 0, 26, ""), SlotEntry(2, 0, 26, PDU)]
    assert not entries[0].is_whole


@pytest.mark.parametrize("pdu", [PDU[:-1], PDU[:-2], PDU + "00", ""])
def test_a_pdu_of_the_wrong_length_is_not_whole(pdu):
    assert not SlotEntry(1, 0, 26, pdu).is_whole


@pytest.mark.parametrize(
    ("line", "fill"),
    [
        ('+CPMS: "SM",2,30,"SM",2,30,"SM",2,30', StoreFill("SM", 2, 30)),
        ("+CPMS: 2,30,2,30,2,30", StoreFill("", 2, 30)),
        ('+CPMS: "SM"', None),
        ("+CPMS: ", None),
    ],
)
def test_the_fill_of_the_memory_is_read(line, fill):
    assert results.store_fill((line,)) == fill


@pytest.mark.parametrize(
    ("line", "answer", "stat"),
    [
        ('+CREG: 2,1,"1A2B","3C4D"', True, 1),
        ("+CREG: 2,1,0A1B,3799B", True, 1),
        ("+CREG: 0,5", True, 5),
        ('+CREG: 1,"1A2B","3C4D"', False, 1),
        ("+CREG: 2", False, 2),
        ("+CREG: ", False, None),
    ],
)
def test_the_registration_is_read(line, answer, stat):
    assert results.registration(line, answer=answer) == stat


@pytest.mark.parametrize(
    ("line", "dbm"), [("+CSQ: 18,0", -77), ("+CSQ: 0,0", -113), ("+CSQ: 99,99", None), ("+CSQ: x", None)]
)
def test_the_signal_is_read(line, dbm):
    assert results.signal_dbm(line) == dbm


@pytest.mark.parametrize(
    ("line", "slot"),
    [
        ('+CMTI: "SM",3', ("SM", 3)),
        ('+CMTI: "ME",0', ("ME", 0)),
        ('+CMTI: "SM",3,"MMS PUSH"', ("SM", 3)),
        ('+CMTI: "SM",1,"MMS PUSH",2,1', ("SM", 1)),
        ("+CMTI: SM,4", ("SM", 4)),
        ('+CMTI: "SM"', None),
        ('+CMTI: "SM",-1', None),
        ('+CMTI: "S\\"",4', None),
    ],
)
def test_an_announced_slot_is_read(line, slot):
    assert results.stored_at(line) == slot


@given(st.text(max_size=60))
def test_nonsense_gives_no_exception(text):
    lines = (text, f"+CMGL: {text}", f"+CPMS: {text}")
    results.listing(lines)
    results.store_fill(lines)
    results.reference((f"+CMGS: {text}",))
    for line in lines:
        results.final_result(line)
        results.registration(line, answer=True)
        results.signal_dbm(line)
        results.operator(line)
        results.stored_at(line)
        results.announced_octets(line)
