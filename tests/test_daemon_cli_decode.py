import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at.pdu.explain import explain
from kentongan.daemon.cli_decode import table
from kentongan.daemon.cli_group import cli
from kentongan.daemon.printable import printable

DELIVER = "07916205001000F0040D91261843658709F1000022114221430582" + "05C8329BFD06"


def decode(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, ["decode", *arguments], prog_name="kentongan")
    return result.exit_code, result.output


@pytest.mark.parametrize("arguments", [(DELIVER,), (DELIVER[:10], DELIVER[10:]), (DELIVER.lower(),)])
def test_a_pdu_is_explained_field_by_field(arguments: tuple[str, ...]) -> None:
    code, output = decode(*arguments)
    assert code == 0
    assert "TP-OA" in output
    assert "+6281345678901" in output
    assert "Hello" in output


@pytest.mark.parametrize("text", ["zz", DELIVER[:20], DELIVER[:40], "0", "00"])
def test_what_cannot_be_read_is_named_with_exit_code_one(text: str) -> None:
    code, output = decode(text)
    assert code == 1
    assert "not read:" in output


def test_the_length_the_modem_printed_is_checked() -> None:
    assert decode(DELIVER, "--length", str(len(DELIVER) // 2 - 8))[0] == 0
    assert decode(DELIVER, "--length", "10")[0] == 1


@given(st.binary(max_size=60))
def test_any_octets_make_a_table_no_terminal_obeys(octets: bytes) -> None:
    for row in table(explain(octets.hex())):
        assert row.isprintable()
        row.encode()


@given(st.text(st.characters(codec=None), max_size=20))
def test_what_is_printed_is_always_printable(text: str) -> None:
    assert printable(text).isprintable()
