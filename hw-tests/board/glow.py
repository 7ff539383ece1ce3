# ruff: noqa: INP001 - a module beside a script
"""Read a lamp as a clerk does: levels over some seconds in, the lamp table's words out. Pure."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import median

Sample = tuple[float, bool]  # seconds, lit

DARK, STEADY, SLOW, BLIP = "padam", "menyala terus", "kedip pelan", "kedip singkat tiap 3 detik"
SLOW_S = 0.65  # half way between a flash (0.3 s) and a slow lamp's second
PAUSE_S = 1.3  # half way between the gap inside a code (0.3 s) and the pause after it (2 s); a slow lamp has none
BLIP_PAUSE_S = 2.4  # half way between the pause after a code (2 s) and the one between two blips (2.75 s)


def words(samples: Sequence[Sample]) -> str:
    """Name the rhythm; an empty text when it was watched for too short a time to tell."""
    runs = _runs(samples)
    if len(runs) == 1:
        return STEADY if runs[0][0] else DARK
    whole = runs[1:-1]  # the first and the last were cut off by the watching
    flashes = [seconds for lit, seconds in whole if lit]
    if not flashes:
        return ""
    if median(flashes) > SLOW_S:
        return SLOW
    return _flashing(whole)


def _runs(samples: Sequence[Sample]) -> list[tuple[bool, float]]:
    """Join neighbours of one level; each with the seconds until the next."""
    starts = [(next(group)[0], lit) for lit, group in groupby(samples, key=lambda sample: sample[1])]
    ends = [moment for moment, _ in starts[1:]] + [samples[-1][0]]
    return [(lit, end - start) for (start, lit), end in zip(starts, ends, strict=True)]


def _flashing(whole: Sequence[tuple[bool, float]]) -> str:
    pauses = [index for index, (lit, seconds) in enumerate(whole) if not lit and seconds > PAUSE_S]
    counts = [sum(lit for lit, _ in whole[begin:end]) for begin, end in pairwise(pauses)]
    if not counts:
        return ""
    if set(counts) == {1} and median(whole[index][1] for index in pauses) > BLIP_PAUSE_S:
        return BLIP
    return "kedip " + ", lalu ".join(f"{count} kali" for count in _turn(counts))


def _turn(counts: list[int]) -> list[int]:
    """Give one round of codes that take turns, from the smallest on: where a round begins cannot be seen."""
    length = next(n for n in range(1, len(counts) + 1) if all(counts[i] == counts[i % n] for i in range(len(counts))))
    first = counts.index(min(counts[:length]))
    return counts[first:length] + counts[:first]
