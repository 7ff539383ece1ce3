import pytest
from modem_field import Field

from kentongan.at import events as at
from kentongan.at.commands import WriteMark
from kentongan.at.simulator.card import Card

PERSONAS = ["sim800c", "sim800l", "e173", "e3131", "me909s", "sim7600"]
SIZE = 250


def served(persona="sim800c", book=None, **settings):
    field = Field(persona, **settings)
    field.vm.device.tray.card = Card(phonebook=dict(book or {}))
    return field.open().run(120)


def marks(field):
    return [event.counter for event in field.events(at.MarkFound)]


@pytest.mark.parametrize("persona", PERSONAS)
def test_the_mark_is_read_at_a_start_and_written_when_asked(persona):
    field = served(persona)
    assert marks(field) == [0]
    field.modem.command(WriteMark(1234), field.now)
    field.run(10)
    assert marks(field) == [0, 1234]
    assert field.vm.device.tray.card.phonebook == {SIZE: ("1234", "HWM")}


def test_the_mark_of_an_earlier_memory_card_is_found():
    assert marks(served(book={SIZE - 2: ("777", "HWM")})) == [777]


def test_the_mark_stays_in_its_place():
    field = served(book={SIZE - 2: ("777", "HWM")})
    field.modem.command(WriteMark(800), field.now)
    field.run(10)
    assert field.vm.device.tray.card.phonebook == {SIZE - 2: ("800", "HWM")}


def test_an_entry_of_somebody_else_is_never_touched():
    somebody = {SIZE - back: ("+62811", "Pak Camat") for back in range(3)}
    field = served(book=somebody)
    field.modem.command(WriteMark(50), field.now)
    field.run(10)
    assert field.vm.device.tray.card.phonebook == somebody | {SIZE - 3: ("50", "HWM")}


def test_a_phonebook_that_is_full_at_its_end_gets_no_mark():
    full = {SIZE - back: ("+62811", "Pak Camat") for back in range(5)}
    field = served(book=full)
    field.modem.command(WriteMark(50), field.now)
    field.run(10)
    assert field.vm.device.tray.card.phonebook == full
    assert marks(field) == []


@pytest.mark.parametrize(
    "fault", ["cme:on=+CPBS,code=14", "cme:on=+CPBR,code=100", "plain:on=+CPBR", "silence:on=+CPBW"]
)
def test_a_phonebook_that_refuses_stops_nothing(fault):
    field = served()
    field.inject(fault)
    field.modem.command(WriteMark(50), field.now)
    field.run(60)
    assert field.modem.state is at.ModemState.READY
    field.modem.command(WriteMark(100), field.now)
    field.run(60)
    assert marks(field)[-1] == 100


@pytest.mark.parametrize("times", [1, 9, 0], ids=["once", "nine times", "for ever"])
def test_no_message_is_reported_before_the_mark_was_looked_for_in_a_card_that_is_busy(times):
    field = Field("sim800c")
    field.vm.device.tray.card = Card(phonebook={SIZE: ("777", "HWM")})
    field.vm.sms("+6281211112222", "lampu mati")
    field.inject(f"cme:on=+CPBS,code=14,times={times}")
    field.open().run(120)
    events = field.events(at.MarkFound | at.SlotFound)
    assert isinstance(events[-1], at.SlotFound)
    assert [event.counter for event in events[:-1]] == ([777] if times else [])
    (found_at,) = [when for when, event in field.log if isinstance(event, at.SlotFound)]
    assert found_at - 1000.0 < 20


def test_a_damaged_answer_hides_nobodys_entry():
    field = served(book={SIZE: ("+62811", "Pak Camat")})
    field.inject(r"answer:on=+CPBR,data=\r\n+CPBR: 25\r\n\r\nOK\r\n")
    field.modem.command(WriteMark(50), field.now)
    field.run(60)
    assert field.vm.device.tray.card.phonebook[SIZE] == ("+62811", "Pak Camat")


def test_a_line_that_cannot_serve_forgets_the_mark_without_a_word():
    field = Field("sim800c")
    field.modem.command(WriteMark(50), field.now)
    field.open().run(60)
    assert marks(field) == [0]


# -- the service centre -----------------------------------------------------------------------------------------------


def test_a_card_that_lost_its_service_centre_gets_back_the_one_known_from_an_earlier_life():
    card = Card(smsc="")
    field = Field("sim800c", centre=(card.iccid, "+6281100000"))
    field.vm.device.tray.card = card
    field.open().run(60)
    assert card.smsc == "+6281100000"
    assert field.events(at.ServiceCentre)[-1] == at.ServiceCentre(card.iccid, "+6281100000")


def test_the_service_centre_of_another_card_is_not_written():
    card = Card(smsc="")
    field = Field("sim800c", centre=("8962999", "+6281100000"))
    field.vm.device.tray.card = card
    field.open().run(60)
    assert card.smsc == ""
    assert field.events(at.ServiceCentre) == []
