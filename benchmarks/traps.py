"""Spring the traps of docs/traps.md: make each mistake in a copy of the program and expect its tests to fail.

    python benchmarks/traps.py [E1 E2 ...]

Exit status 1 when a mistake is not found out, or no longer fits the program.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
ISLANDS = ("at", "queue", "mqtt", "daemon")
COPIED = (*ISLANDS, "tests", "benchmarks", "examples", "contract", "pyproject.toml")
LONGEST_S = 240
FOUND = "found out"


@dataclass(frozen=True, slots=True)
class Mistake:
    """A trap, the change that falls into it, and the tests that must tell."""

    trap: str
    path: str
    right: str
    wrong: str
    tests: str  # after tests/


FACTS = {"E9", "E11"}  # what a broker does: nothing of ours could be changed into it


def mistakes() -> list[Mistake]:
    """Read them from the table beside this program."""
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return [Mistake(**row) for row in table["mistake"]]


def main() -> int:
    """Spring those named, or all; before that, without a mistake, the same tests must pass."""
    wanted = set(sys.argv[1:])
    chosen = [mistake for mistake in mistakes() if not wanted or mistake.trap in wanted]
    with TemporaryDirectory(prefix="kentongan-traps-") as folder:
        copied(Path(folder))
        if tested(Path(folder), *sorted({mistake.tests for mistake in chosen})) != 0:
            print("the tests fail without any mistake")
            return 1
    missed = 0
    for mistake in chosen:
        verdict = sprung(mistake)
        missed += verdict != FOUND
        print(
            f"{mistake.trap:<5} {verdict:<12} {mistake.path}: {mistake.wrong.strip() or '(taken out)'}"[:150],
            flush=True,
        )
    print(f"{len(chosen)} mistakes, {missed} not found out")
    return 1 if missed else 0


def sprung(mistake: Mistake) -> str:
    """Make one mistake in a copy, and see whether its tests fail."""
    with TemporaryDirectory(prefix="kentongan-traps-") as folder:
        copy = Path(folder)
        copied(copy)
        path = copy / mistake.path
        text = path.read_text("utf-8")
        if mistake.right not in text:
            return "DOES NOT FIT"
        path.write_text(text.replace(mistake.right, mistake.wrong), "utf-8")
        return FOUND if tested(copy, mistake.tests) == 1 else "NOT FOUND"


def copied(copy: Path) -> None:
    """Copy what the tests need, and link it as an installation would."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, copy / name)
    (copy / "links" / "kentongan").mkdir(parents=True)
    for island in ISLANDS:
        (copy / "links" / "kentongan" / island).symlink_to(copy / island)


def tested(copy: Path, *tests: str) -> int:
    """Run tests there; gives pytest's exit status, 1 also when they never end."""
    environment = os.environ | {"PYTHONPATH": str(copy / "links"), "KENTONGAN_E50_SETTLE_S": "20"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *(f"tests/{one}" for one in tests)]
    try:
        run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return 1
    return run.returncode


if __name__ == "__main__":
    sys.exit(main())
