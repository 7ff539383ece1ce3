"""What many worlds of `crash_world` have shown together: what crash.py and power.py count and print alike."""

from collections import Counter

from crash_world import World


def enter(of: Counter[str], world: World, how: str) -> None:
    """Count a world; a wrong one is named, by how it was struck, so that it can be played again."""
    of["worlds"] += 1
    of["ends"] += world.lives
    of["letters"] += len(world.letters)
    of["sms"] += world.air().total()
    of["doubted"] += world.doubted
    of["wrong"] += len(world.wrong)
    for line in world.wrong:
        print(f"{how}: {line}")


def table(of: Counter[str], end: str) -> str:
    """Lay the counts out; `end` is what ended the lives, a death or a cut."""
    return f"""| What | Counted | Promised |
|---|---|---|
| worlds / {end}s | {of["worlds"]} / {of["ends"]} | |
| letters written / SMS sent | {of["letters"]} / {of["sms"]} | |
| replies in doubt and told so, at most one a {end} | {of["doubted"]} | |
| a letter not at the backend exactly once, an SMS twice, a wrong state told, a damaged file | {of["wrong"]} | 0 |
"""
