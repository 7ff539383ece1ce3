"""The reader of lamps names every rhythm that the lamps know, also where the emulated board is slow."""

import importlib.util
from pathlib import Path
from random import Random

import pytest

from kentongan.daemon import lamps

_spec = importlib.util.spec_from_file_location("glow", Path(__file__).parents[1] / "hw-tests/board/glow.py")
assert _spec is not None
assert _spec.loader is not None
glow = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(glow)

RHYTHMS = [lamps.DARK, lamps.STEADY, lamps.SLOW, lamps.BLIP, *(lamps.code((n,)) for n in range(1, 10))]
RHYTHMS += [lamps.code((2, 7)), lamps.code((1, 6, 8))]


def seen(rhythm: lamps.Rhythm, seconds: float, late_s: float = 0.0, seed: int = 0):
    """Look each 20 ms from any moment on; each change comes up to `late_s` late."""
    dice = Random(seed)
    edges: list[tuple[float, bool]] = []
    moment = -dice.uniform(0, max(rhythm.period_ms, 1) / 1000)
    steps = rhythm.steps_ms or (1000,)
    while moment < seconds:
        for index, step in enumerate(steps):
            edges.append((moment + dice.uniform(0, late_s), bool(rhythm.steps_ms) and index % 2 == 0))
            moment += step / 1000
            if len(steps) == 1:
                moment = seconds
    looks = [n * 0.02 for n in range(int(seconds / 0.02))]
    return [(look, next((lit for at, lit in reversed(edges) if at <= look), edges[0][1])) for look in looks]


@pytest.mark.parametrize("rhythm", RHYTHMS, ids=lambda rhythm: rhythm.words)
@pytest.mark.parametrize("late_s", [0.0, 0.12])
def test_a_rhythm_is_named_as_the_lamp_table_names_it(rhythm: lamps.Rhythm, late_s: float) -> None:
    for seed in range(3):
        assert glow.words(seen(rhythm, 34.0, late_s, seed)) == rhythm.words


def test_nothing_is_said_of_a_lamp_that_was_watched_too_briefly() -> None:
    assert not glow.words([(0.0, False), (0.5, True), (1.0, False)])


def test_codes_that_take_turns_are_told_from_the_smallest_on() -> None:
    watched = seen(lamps.code((7, 2)), 34.0)

    assert glow.words(watched) == "kedip 2 kali, lalu 7 kali"
