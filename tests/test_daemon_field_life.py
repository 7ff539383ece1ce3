"""A day in the field in accelerated time: no false alarm, no missed one, no force without a cause."""

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from field_life import Blow, Life

from kentongan.daemon import standing

HOUR_S, DAY_S = 3_600.0, 86_400.0
CALM_S = 2_400.0  # between two blows: the longest tail of a fault
SEARCH = frozenset({"network_searching", "network_not_registered", "network_denied"})
MODEM = frozenset({"modem_not_responding", "modem_absent"})

Strike = Callable[[Life, Random], tuple[frozenset[str], frozenset[str], float, float]]


def strike_hang(life, _random):
    life.inject("hang")
    return frozenset({"modem_not_responding"}), MODEM | SEARCH, 300.0, 600.0


def strike_unplug(life, random):
    seconds = random.uniform(40, 900)
    life.inject(f"vanish:seconds={seconds:.0f}")
    return frozenset({"modem_absent"}), MODEM | SEARCH, seconds, 300.0


def strike_sim(life, random):
    seconds = random.uniform(120, 1_800)
    life.inject(f"sim-out:seconds={seconds:.0f}")
    return frozenset({"sim_missing"}), SEARCH | MODEM, seconds, 300.0


def strike_network(life, random):
    seconds, stat = random.uniform(180, 1_800), random.choice([0, 2, 3])
    life.inject(f"no-network:code={stat},seconds={seconds:.0f}")
    return SEARCH, SEARCH | MODEM, seconds, 600.0


def strike_dip(life, _random):
    life.inject("restart-now")
    return frozenset(), SEARCH | MODEM, 120.0, 120.0


def strike_deaf(life, random):
    seconds = random.uniform(150, 400)
    life.inject(f"deaf:seconds={seconds:.0f}")
    return frozenset({"modem_not_responding"}), MODEM | SEARCH, seconds, 600.0


def strike_forget(life, _random):
    life.inject("forget")
    return frozenset(), SEARCH | MODEM, 600.0, 120.0


def strike_voltage(life, _random):
    life.inject("line:data=UNDER-VOLTAGE WARNNING")
    return frozenset({"power_undervoltage"}), frozenset(), 60.0, 700.0


def strike_heat(life, random):
    seconds = random.uniform(120, 1_800)
    life.measured(temperature_c=86.0)
    life.at_time(life.now + seconds, life.measured)
    return frozenset({"overheated"}), frozenset(), seconds, 60.0


def strike_disk(life, random):
    seconds = random.uniform(120, 1_800)
    life.measured(disk_free_mb=50)
    life.at_time(life.now + seconds, life.measured)
    return frozenset({"disk_low"}), frozenset(), seconds, 60.0


def strike_broker(life, random):
    seconds = random.uniform(60, 3_600)
    life.broker(up=False)
    life.at_time(life.now + seconds, lambda: life.broker(up=True))
    return frozenset({"broker_unreachable"}), frozenset({"backend_silent"}), seconds, 60.0


def strike_flicker(life, _random):
    life.broker(up=False)
    life.at_time(life.now + 10, lambda: life.broker(up=True))
    return frozenset(), frozenset(), 10.0, 60.0


def strike_county(life, random):
    seconds = random.uniform(1_300, 2_000)
    life.county_acks = False
    life.vm.sms("+6281234599001", "jembatan desa putus")

    def back():
        life.county_acks = True
        life.broker(up=False)
        life.broker(up=True)  # it is offered again, and acknowledged

    life.at_time(life.now + seconds, back)
    return frozenset({"backend_silent"}), frozenset(), seconds, 120.0


STRIKES: tuple[Strike, ...] = (
    strike_hang,
    strike_unplug,
    strike_sim,
    strike_network,
    strike_dip,
    strike_deaf,
    strike_forget,
    strike_voltage,
    strike_heat,
    strike_disk,
    strike_broker,
    strike_flicker,
    strike_county,
)


def live(folder: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> Life:
    """Let a gateway live through a day of blows in random order, each once at least, with SMS all day."""
    monkeypatch.setattr(standing, "REFRESH_MS", 15_000)
    random = Random(seed)
    life = Life(folder, random)
    life.broker(up=True)
    life.run(300.0)
    order = list(STRIKES)
    random.shuffle(order)
    begun = life.now
    for citizens, strike in enumerate(order, 1):
        life.run(CALM_S * random.uniform(0.9, 1.1))
        life.vm.sms(f"+62812345{citizens:05d}", f"laporan {citizens}: lampu jalan mati")
        life.run(60.0)
        begin = life.now
        must, may, seconds, tail = strike(life, random)
        life.blows.append(Blow(strike.__name__, begin, begin + seconds, must, may | must, tail))
        life.run(seconds + tail)
    life.run(max(0.0, DAY_S - (life.now - begun)))
    return life


@pytest.mark.parametrize("seed", [1, 2])
def test_a_day_in_the_field_has_no_false_alarm_no_missed_one_and_no_force_without_a_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    life = live(tmp_path, seed, monkeypatch)
    assert life.false_alarms() == []
    assert life.missed() == []
    assert life.unexplained() == []
    assert life.shown[-1][1] == frozenset()
    assert life.last is not None
    assert life.last.store.unacknowledged == 0
    assert life.last.store.tickets == len(STRIKES) + 1
    raised = [name for _, name in life.notes if name == "fault_raised"]
    cleared = [name for _, name in life.notes if name == "fault_cleared"]
    assert len(raised) == len(cleared)
    assert len(raised) <= 2 * len(STRIKES)  # raised once each, some by way of a milder one
    life.bench.core.close(life.bench.at)
