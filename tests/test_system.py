"""The whole appliance under load and under kills: the benches' own rounds, small enough for every day."""

import chaos
import traffic
from rig import rig

from kentongan.daemon.demo.matches import running


def test_sms_of_every_kind_come_and_go_unchanged_and_once() -> None:
    with rig() as bench:
        bench.wait(running())
        for what, wanted, counted in traffic.play(bench, 24):
            assert counted == wanted, what


def test_killed_at_random_moments_it_loses_nothing_and_sends_nothing_twice() -> None:
    with rig(chaos.TIMING) as bench:
        bench.wait(running())
        storm = chaos.Storm(bench, kills=20, seed=7, life_s=(0.05, 1.2))
        storm.blow()
        for what, counted, promised in storm.verdict():
            assert promised in {None, counted}, what
