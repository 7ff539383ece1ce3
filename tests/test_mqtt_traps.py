"""docs/traps.md is whole: every trap of the contract has its tests, and a mistake that springs it (`make traps`)."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import traps

ROOT = Path(__file__).parents[1]
# Those of contract section 3 that concern the project; E15 is about a broker that it does not use.
TRAPS = [f"E{n}" for n in ("1", "2", "3", *range(5, 15), "15r", 18, 20, 23, 27, 31, *range(40, 44), 50)]
ROW = re.compile(r"^\| (E\d+r?) \| (.+?) \| ([\d., ]+) \| (.+) \|$", re.MULTILINE)
ROWS = {
    name: (protocols, tests) for name, _, protocols, tests in ROW.findall((ROOT / "docs/traps.md").read_text("utf-8"))
}


@cache
def functions(path):
    tree = ast.parse(path.read_text("utf-8"))
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, ast.FunctionDef)}


def sources(trap):
    for file, name in re.findall(r"`(\w+\.py)::(\w+)`", ROWS[trap][1]):
        yield file, functions(ROOT / "tests" / file)[name]


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_has_tests_under_the_protocols_it_names(trap):
    files, tests = zip(*sources(trap), strict=True)
    both = "".join(tests)
    if ROWS[trap][0] == "5, 3.1.1" and "test_mqtt_whole.py" not in files:
        assert re.search(r"\b(protocol|version)\b|3\.1\.1|mqtt_3|in_3|V311", both), trap


def test_no_trap_is_missing_and_none_is_invented():
    assert list(ROWS) == TRAPS


def test_every_trap_can_be_sprung_and_every_mistake_fits_the_program():
    made = traps.mistakes()
    assert {mistake.trap for mistake in made} | traps.FACTS == set(TRAPS)
    for mistake in made:
        assert mistake.right in (ROOT / mistake.path).read_text("utf-8"), mistake
        assert mistake.tests in ROWS[mistake.trap][1], mistake
