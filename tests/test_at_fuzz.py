import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(script, *arguments):
    return subprocess.run(
        [sys.executable, f"benchmarks/{script}", *arguments], cwd=ROOT, check=False, capture_output=True
    )


def test_a_mad_modem_surprises_the_engine_nowhere():
    met = run("fuzz_engine.py", "--inputs", "40000")
    assert met.returncode == 0, met.stdout
    assert b"no surprise" in met.stdout


@pytest.mark.parametrize("seed", ["33031"])
def test_a_seed_that_once_surprised_does_so_no_more(seed):
    met = run("fuzz_engine.py", "--inputs", "2000", "--seed", seed)
    assert met.returncode == 0, met.stdout


def test_the_page_of_the_modem_s_faults_is_up_to_date():
    assert run("modem_faults.py", "--check").returncode == 0, "run: make modem-faults"
