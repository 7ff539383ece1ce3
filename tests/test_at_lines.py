import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at.lines import MAX_LINE, Line, LineSplitter, Prompt

CASES = {
    "frame": (b"\r\nOK\r\n", [Line("OK")]),
    "echo with its doubled CR": (b"AT+CMGS=18\r\r\n> ", [Line("AT+CMGS=18"), Prompt()]),
    "bare LF": (b"OK\n", [Line("OK")]),
    "CR CR LF (Huawei CDMA)": (b"^MODE: 2\r\r\n", [Line("^MODE: 2")]),
    "blank lines at the end (E1752)": (b"\r\nOK\r\n\r\n\r\n", [Line("OK")]),
    "prompt without line end": (b"\r\n> ", [Prompt()]),
    "two prompts": (b"\r\n> \r\n> ", [Prompt(), Prompt()]),
    "greater-than inside a line": (b"\r\na > b\r\n", [Line("a > b")]),
    "NULs of a break": (b"\x00\x00\r\n\x00OK\x00\r\n", [Line("OK")]),
    "noise byte in a line": (b"\x00\x00\xff\r\n\xfeOK\r\n\r\nOK\r\n", [Line("OK", damaged=True), Line("OK")]),
    "echoed ESC and Ctrl-Z": (b"\x1b\r\n00AA\x1a\r\n", [Line("00AA")]),
    "tool sync at power-on": (b"\x00IIII\xff\xff\xff\xff\r\nRDY\r\n", [Line("IIII", damaged=True), Line("RDY")]),
}


@pytest.mark.parametrize("name", CASES)
def test_bytes_become_lines_and_prompts_whole_and_byte_by_byte(name):
    data, tokens = CASES[name]
    assert LineSplitter().feed(data) == tokens
    splitter = LineSplitter()
    assert [token for byte in data for token in splitter.feed(bytes([byte]))] == tokens


def test_a_lone_greater_than_is_a_prompt_only_when_asked_for():
    splitter = LineSplitter()
    assert splitter.feed(b"\r\n>") == []
    assert splitter.half_prompt
    assert splitter.take_half_prompt() == [Prompt()]
    assert splitter.take_half_prompt() == []


def test_a_line_that_goes_on_is_no_half_prompt():
    splitter = LineSplitter()
    splitter.feed(b"\r\n>x")
    assert not splitter.half_prompt
    assert splitter.take_half_prompt() == []


def test_an_endless_line_is_cut_and_marked():
    splitter = LineSplitter()
    splitter.feed(b"A" * (MAX_LINE + 1000))
    assert splitter.feed(b"\r\nOK\r\n") == [Line("A" * MAX_LINE, damaged=True), Line("OK")]


@given(st.lists(st.binary(max_size=40), max_size=20))
def test_the_cuts_between_reads_do_not_matter(chunks):
    whole = LineSplitter().feed(b"".join(chunks))
    splitter = LineSplitter()
    assert [token for chunk in chunks for token in splitter.feed(chunk)] == whole


@given(st.binary(max_size=300))
def test_every_line_is_printable_and_not_empty(data):
    for token in LineSplitter().feed(data + b"\r"):
        if isinstance(token, Line):
            assert token.text
            assert token.text.isprintable()
            assert token.text == token.text.strip()
