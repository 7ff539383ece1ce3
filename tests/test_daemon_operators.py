from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.at.commands import RunUssd, is_writable
from kentongan.daemon.errors import ConfigError
from kentongan.daemon.operators import KEY, UNKNOWN, Operator, load, of, steps

SHIPPED = load()
FIVE = {"51010": "telkomsel", "51001": "indosat", "51021": "indosat", "51011": "xl", "51008": "axis", "51089": "tri"}


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "operators.toml"
    path.write_text(text, "utf-8")
    return path


def test_the_five_operators_of_the_country_are_known_by_their_cards() -> None:
    assert {network: operator.name for network, operator in SHIPPED.items()} == FIVE
    for network in FIVE:
        assert is_writable(RunUssd(*steps(of(SHIPPED, f"{network}1234567890").balance)))
    assert of(SHIPPED, "510990000000001") is UNKNOWN
    assert of(SHIPPED, "") is UNKNOWN


@pytest.mark.parametrize("name", ["telkomsel", "indosat", "xl", "axis", "tri"])
def test_every_operator_has_an_example_of_balance_and_validity(name: str) -> None:
    """`load` has read them: a file whose examples are read otherwise is refused."""
    import tomllib  # noqa: PLC0415  only here

    entry = tomllib.loads((Path(__file__).parent.parent / "daemon" / "operators.toml").read_text("utf-8"))[name]
    assert all(example["rupiah"] and example["until"] for example in entry["examples"])


@pytest.mark.parametrize("operator", [UNKNOWN, *SHIPPED.values()], ids=lambda operator: operator.name)
def test_the_general_words_are_read_whoever_writes_them(operator: Operator) -> None:
    read = operator.read("Sisa pulsa Rp 41.250 berlaku s/d 14/02/2027.")
    assert (read.balance_idr, read.active_until) == (41_250, "2027-02-14")


@given(st.text(), st.sampled_from(sorted(SHIPPED)))
def test_no_answer_stops_anything(text: str, network: str) -> None:
    read = SHIPPED[network].read(text)
    assert read is None or read.balance_idr is None or read.balance_idr >= 0


def test_a_question_is_a_code_and_the_answers_to_its_menus() -> None:
    assert steps("*888#") == ("*888#", ())
    assert steps("*888#>4>1") == ("*888#", ("4", "1"))


def test_a_county_may_bring_its_own_operators(tmp_path: Path) -> None:
    found = load(
        written(
            tmp_path,
            """
            [lain]
            networks = ["51099"]
            balance = "*111#>2"
            rupiah = ['uang ([0-9]+)']
            until = ['habis (\\d+) (\\w+) (\\d+)']
            [[lain.examples]]
            text = "uang 500 habis 3 Des 2026"
            rupiah = 500
            until = "2026-12-03"
            """,
        )
    )
    assert steps(of(found, "510991234567890").balance) == ("*111#", ("2",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[a", "Expected"),
        ("[a]\nnetworks = ['51010']", "balance"),
        ("[a]\nnetworks = ['5101']\nbalance = '*1#'", "impossible"),
        ("[a]\nnetworks = ['51010', '51010']\nbalance = '*1#'", "twice"),
        ("[a]\nnetworks = ['51010']\nbalance = 'AT+CMGD=1,4'", "no USSD code"),
        ("[a]\nnetworks = ['51010']\nbalance = '*1#'\nrupiah = ['(']", "("),
        ("[a]\nnetworks = ['51010']\nbalance = '*1#'\nrupiah = ['Rp']", "0 groups, not 1"),
        ("[a]\nnetworks = ['51010']\nbalance = '*1#'\nuntil = ['(a)']", "1 groups, not 3"),
        ("[a]\nnetworks = ['51010']\nbalance = '*1#'\nexamples = [{text = 'x', rupiah = 5}]", "is read as"),
        ("[a]\nnetworks = ['51010']\nbalance = '*1#'\ncolour = 'red'", "colour"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_the_key_and_the_reason(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(written(tmp_path, text))
    assert KEY in str(caught.value)
    assert why in str(caught.value)


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path / "none.toml")
