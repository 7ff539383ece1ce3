"""A command line is split as V.250 says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at.simulator.syntax import Kind, Request, read_line, split_arguments


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", []),
        ("E0", [("E", Kind.RUN, ("0",))]),
        ("E0;+CMEE=1", [("E", Kind.RUN, ("0",)), ("+CMEE", Kind.ASSIGN, ("1",))]),
        ("E0V1", [("E", Kind.RUN, ("0",)), ("V", Kind.RUN, ("1",))]),
        ("&W", [("&W", Kind.RUN, ("0",))]),
        ("&D2", [("&D", Kind.RUN, ("2",))]),
        ("S0=0", [("S0", Kind.ASSIGN, ("0",))]),
        ("S3?", [("S3", Kind.READ, ("0",))]),
        ("I", [("I", Kind.RUN, ("0",))]),
        ("+CPIN?", [("+CPIN", Kind.READ, ())]),
        ("+cpms=?", [("+CPMS", Kind.TEST, ())]),
        ('+CPMS="SM","SM","SM"', [("+CPMS", Kind.ASSIGN, ("SM", "SM", "SM"))]),
        ('+CUSD=1,"*888#",15', [("+CUSD", Kind.ASSIGN, ("1", "*888#", "15"))]),
        ('+CPBW=1,"0812",129,"Pak; RT, 3"', [("+CPBW", Kind.ASSIGN, ("1", "0812", "129", "Pak; RT, 3"))]),
        ("+IPR=115200;&W", [("+IPR", Kind.ASSIGN, ("115200",)), ("&W", Kind.RUN, ("0",))]),
        ("^CURC=2,0000000000000828", [("^CURC", Kind.ASSIGN, ("2", "0000000000000828"))]),
        ("D*99#;", [("D", Kind.RUN, ("*99#;",))]),
        ("1", [("", Kind.BROKEN, ())]),
        ("+CREG!", [("+CREG", Kind.BROKEN, ())]),
        ("+", [("", Kind.BROKEN, ())]),
    ],
)  # fmt: skip
def test_a_line_is_split_into_its_commands(line, expected):
    assert [(request.name, request.kind, request.arguments) for request in read_line(line)] == expected


def test_a_left_out_argument_is_the_default():
    request = Request("+CNMI", Kind.ASSIGN, split_arguments("2,,0"))
    assert [request.number(position, 7) for position in range(5)] == [2, 7, 0, 7, 7]


def test_an_argument_that_is_no_number_is_minus_one():
    assert Request("+CMGR", Kind.ASSIGN, ("x",)).number(0) == -1


@given(st.text(st.characters(max_codepoint=255), max_size=600))
def test_any_line_is_split_without_an_exception(line):
    for request in read_line(line):
        request.number(0)
        request.argument(3)
