import pytest
from hypothesis import given
from hypothesis import strategies as st
from modem_field import Field

from kentongan.at.commands import RunUssd
from kentongan.at.dialogue import AtResponse, Ok
from kentongan.at.events import UssdAnswered
from kentongan.at.ussd import UssdText, ask_code, read_answer

UCS2 = "Pulsa Rp 5.000".encode("utf-16-be").hex().upper()


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ('+CUSD: 0,"Pulsa Rp 5.000",15', UssdText(0, "Pulsa Rp 5.000")),
        ('+CUSD: 0,"Pulsa, ""bonus"" 5",15', UssdText(0, 'Pulsa, ""bonus"" 5')),
        ('+CUSD: 1,"1. Info\n2. Paket",15', UssdText(1, "1. Info\n2. Paket")),
        ("+CUSD: 4", UssdText(4, "")),
        ('+CUSD: 2,"",15', UssdText(2, "")),
        (f'+CUSD: 0,"{UCS2}",72', UssdText(0, "Pulsa Rp 5.000")),
        (f'+CUSD: 0,"{UCS2}",17', UssdText(0, "Pulsa Rp 5.000")),
        (f'+CUSD: 0,"{UCS2}",15', UssdText(0, "Pulsa Rp 5.000")),  # gammu#358
        ('+CUSD: 0,"AA986C3602",15', UssdText(0, "*123#")),
        ('+CUSD: 0,"2A1C0E3702",15', UssdText(0, "*888#")),
        ('+CUSD: 0,"5000",15', UssdText(0, "5000")),
        ('+CUSD: 0,"Pulsa Anda', UssdText(0, "Pulsa Anda")),
        ("+CUSD: x", None),
    ],
)
def test_an_answer_is_read_in_every_form(line, answer):
    assert read_answer(line) == answer


@pytest.mark.parametrize(
    ("code", "packed", "written"),
    [
        ("*888#", False, '"*888#"'),
        ("*123#", True, '"AA986C3602"'),
        ("*888#", True, '"2A1C0E3702"'),
        ("*100#", True, '"AA180C3602"'),
        ("*101#", True, '"AA182C3602"'),
    ],
)
def test_a_code_is_written_plain_or_packed(code, packed, written):
    procedure = ask_code(code, packed=packed)
    assert next(procedure).text == "AT+CUSD=1"
    assert procedure.send(AtResponse(Ok())).text == f"AT+CUSD=1,{written},15"


@given(st.text(max_size=200))
def test_no_answer_brings_an_exception(text):
    read_answer(f"+CUSD: {text}")
    read_answer(f'+CUSD: 0,"{text}",15')


@given(st.binary(max_size=60), st.integers(0, 255))
def test_no_hex_brings_an_exception(octets, dcs):
    read_answer(f'+CUSD: 0,"{octets.hex()}",{dcs}')


@pytest.mark.parametrize("persona", ["sim800c", "sim800l", "e173", "e3131", "me909s", "sim7600"])
def test_every_modem_is_led_through_the_menus_of_a_code(persona):
    field = Field(persona).open().run(20)
    field.inject("ussd:data=*888#=1. Paket 4. Info,code=1")
    field.inject("ussd:data=*888#/4=1. Pulsa,code=1")
    field.inject("ussd:data=*888#/4/1=Sisa pulsa Rp 25.000,code=0")
    field.modem.command(RunUssd("*888#", ("4", "1")), field.now)
    field.run(60)
    assert field.events(UssdAnswered) == [UssdAnswered(0, "1. Paket 4. Info\n1. Pulsa\nSisa pulsa Rp 25.000")]
