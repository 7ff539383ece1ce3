"""A whole gateway is ended at its steps, between them all: nothing is lost, nothing is sent twice in silence.

`make crash` does it at every step and a thousand times at random; here a sample of both.
"""

import random
from itertools import count

import pytest
from crash_world import strike
from power_world import cut

from kentongan.queue.models import PRAGMAS
from kentongan.queue.store_outbox import Outbox

EVERY = 9  # coprime to what a message costs, so that a sample meets every kind of step
SEED = 20_261_124


@pytest.mark.parametrize("modem_too", [False, True], ids=["process", "process and modem"])
def test_it_may_end_at_any_step(modem_too: bool) -> None:
    whole = strike(())
    assert (whole.wrong, whole.doubted, whole.lives) == ([], 0, 0)
    assert whole.steps > 300
    for step in range(1 + 4 * modem_too, whole.steps + 1, EVERY):
        assert strike({step}, modem_too=modem_too).wrong == [], step


def test_it_may_end_again_and_again() -> None:
    chance = random.Random(SEED)
    for _ in range(20):
        cuts = {chance.randint(1, 400) for _ in range(chance.randint(2, 8))}
        assert strike(cuts, modem_too=chance.random() < 0.5).wrong == [], sorted(cuts)


def test_the_books_would_show_a_gateway_that_sends_again_what_it_was_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(outbox: Outbox, _at: object) -> int:
        outbox._file.run("UPDATE message_part SET state = 'queued' WHERE state = 'sending'")
        outbox._file.run("UPDATE message SET state = 'queued' WHERE state = 'sending'")
        return 0

    monkeypatch.setattr(Outbox, "interrupted", forgetful)
    wrong = (strike({step}).wrong for step in count(1, 2))
    assert any("sent 2 times" in line for line in next(lines for lines in wrong if lines))


# -- the power, at any operation on the disk --------------------------------------------------------------------------

SAMPLE = 97  # coprime to the three fates of unsynced writes; `make power` cuts at every operation


@pytest.mark.parametrize("fate", [0, 1, 2], ids=["nothing unsynced survives", "everything", "chance sectors"])
def test_the_power_may_go_at_any_operation_on_the_disk(fate: int) -> None:
    whole = cut((), 0)
    assert (whole.wrong, whole.lives) == ([], 0)
    assert whole.steps > 1000
    for step in range(1 + fate, whole.steps + 1, SAMPLE):
        world = cut({step}, 3 * step + fate)
        assert (world.wrong, world.lives) == ([], 1), step


def test_the_power_may_go_again_and_again_at_operations_on_the_disk() -> None:
    chance = random.Random(SEED)
    for seed in range(12):
        cuts = {chance.randint(1, 1400) for _ in range(chance.randint(2, 6))}
        assert cut(cuts, seed).wrong == [], sorted(cuts)


def test_the_books_would_show_a_store_that_does_not_wait_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kentongan.queue.models.PRAGMAS", PRAGMAS | {"synchronous": "normal"})
    wrong = (cut({step}, 0).wrong for step in range(600, 1400, 7))
    assert next(lines for lines in wrong if lines)
