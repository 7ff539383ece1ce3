"""The broker configuration handed to counties grants what the contract grants."""

from pathlib import Path

from kentongan.daemon.mosquitto import access_rules

FOLDER = Path(__file__).resolve().parent.parent / "examples" / "mosquitto"


def test_the_access_rules_are_the_ones_the_tests_run_with() -> None:
    assert (FOLDER / "kentongan.acl").read_text() == access_rules("kentongan", "3404")


def test_nobody_comes_in_without_a_name_or_in_clear() -> None:
    lines = [line.split() for line in (FOLDER / "kentongan.conf").read_text().splitlines() if line and line[0] != "#"]
    settings = {words[0]: words[1] for words in lines}
    assert settings["allow_anonymous"] == "false"
    assert settings["listener"] == "8883"
    assert {"cafile", "certfile", "keyfile"} <= set(settings)
