"""The blows of a day in the field: the same for the test and for `make field-life`."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from field_life import WELL, Blow, Life

HOUR_S, DAY_S = 3_600.0, 86_400.0
CALM_S = 1_500.0  # between two blows, after the tail of the first
REFRESH_MS = 15_000  # of the status document: three times the appliance's, for a day in seconds
SEARCH = frozenset({"network_searching", "network_not_registered", "network_denied"})
MODEM = frozenset({"modem_not_responding", "modem_absent"})
BACK = 120.0  # after the end of what a look at the modem tells

Struck = tuple[frozenset[str], frozenset[str], float, float]
Strike = Callable[[Life, Random], Struck]


def strike_hang(life: Life, _random: Random) -> Struck:
    life.inject("hang")
    return frozenset({"modem_not_responding"}), MODEM | SEARCH, 300.0, 600.0


def strike_unplug(life: Life, random: Random) -> Struck:
    seconds = random.uniform(40, 900)
    life.inject(f"vanish:seconds={seconds:.0f}")
    return frozenset({"modem_absent"}), MODEM | SEARCH, seconds, 300.0


def strike_sim(life: Life, random: Random) -> Struck:
    seconds = random.uniform(120, 1_800)
    life.inject(f"sim-out:seconds={seconds:.0f}")
    return frozenset({"sim_missing"}), SEARCH | MODEM, seconds, 300.0


def strike_puk(life: Life, random: Random) -> Struck:
    seconds = random.uniform(120, 1_800)

    def put_in(pin: str, left: int) -> None:
        life.vm.sim(present=False)
        life.vm.device.tray.card.pin, life.vm.device.tray.card.pin_left = pin, left
        life.vm.sim(present=True)

    put_in("1234", 0)
    life.at_time(life.now + seconds, lambda: put_in("", 3))
    return frozenset({"sim_puk_required"}), SEARCH | MODEM | {"sim_missing"}, seconds, 300.0


def strike_network(life: Life, random: Random) -> Struck:
    seconds, stat = random.uniform(180, 1_800), random.choice([0, 2, 3])
    life.inject(f"no-network:code={stat},seconds={seconds:.0f}")
    return SEARCH, SEARCH | MODEM, seconds, 600.0


def strike_dip(life: Life, _random: Random) -> Struck:
    life.inject("restart-now")
    return frozenset(), SEARCH | MODEM, 120.0, 120.0


def strike_restarts(life: Life, random: Random) -> Struck:
    moments = sorted(random.uniform(60, 1_500) for _ in range(2))
    life.inject("restart-now", *(f"restart-now:after_s={after:.0f}" for after in moments))
    return frozenset({"modem_restarting"}), SEARCH | MODEM, moments[-1], 1_900.0


def strike_deaf(life: Life, random: Random) -> Struck:
    seconds = random.uniform(150, 400)
    life.inject(f"deaf:seconds={seconds:.0f}")
    return frozenset({"modem_not_responding"}), MODEM | SEARCH, seconds, 600.0


def strike_forget(life: Life, _random: Random) -> Struck:
    life.inject("forget")
    return frozenset(), SEARCH | MODEM, 600.0, 120.0


def strike_voltage(life: Life, _random: Random) -> Struck:
    life.inject("line:data=UNDER-VOLTAGE WARNNING")
    return frozenset({"power_undervoltage"}), frozenset(), 60.0, 700.0


def strike_full(life: Life, random: Random) -> Struck:
    seconds = random.uniform(180, 900)
    life.inject("delete-ignored:times=0", "memory-full")
    life.at_time(life.now + seconds, life.vm.device.faults.clear)
    return frozenset({"sim_memory_full"}), frozenset(), seconds, 300.0


def strike_credit(life: Life, random: Random) -> Struck:
    seconds = random.uniform(600, 1_200)
    life.inject("cms:on=+CMGS.,code=69,times=0")
    for kind in ("lampu", "air", "jalan"):
        life.citizen(f"{kind} mati")
    life.at_time(life.now + seconds, life.vm.device.faults.clear)
    return frozenset({"credit_or_barred"}), frozenset(), seconds, 2_400.0  # a paused line tries after half an hour


def strike_clock(life: Life, random: Random) -> Struck:
    seconds = random.uniform(120, 900)

    def tell(ahead_s: float) -> None:
        life.tell_time(ahead_s)
        network = life.vm.device.network
        stamp = network.stamp(life.now)
        told = f'*PSUTTZ: {stamp.utc_fields},"{stamp.quarters:+d}",0'.replace(",", r"\,")
        life.inject(f"line:data={told}")  # a cell tells it whenever the network likes

    tell(2 * DAY_S)
    life.at_time(life.now + seconds, lambda: tell(0.0))
    return frozenset({"clock_disagrees"}), frozenset(), seconds, BACK


def strike_broker(life: Life, random: Random) -> Struck:
    seconds = random.uniform(60, 3_600)
    life.broker(up=False)
    life.at_time(life.now + seconds, lambda: life.broker(up=True))
    return frozenset({"broker_unreachable"}), frozenset({"backend_silent"}), seconds, 60.0


def strike_flicker(life: Life, _random: Random) -> Struck:
    life.broker(up=False)
    life.at_time(life.now + 10, lambda: life.broker(up=True))
    return frozenset(), frozenset(), 10.0, 60.0


def strike_county(life: Life, random: Random) -> Struck:
    seconds = random.uniform(1_300, 2_000)
    life.county_acks = False
    life.citizen("jembatan desa putus")

    def back() -> None:
        life.county_acks = True
        life.broker(up=False)
        life.broker(up=True)  # it is offered again, and acknowledged

    life.at_time(life.now + seconds, back)
    return frozenset({"backend_silent"}), frozenset(), seconds, 120.0


STRIKES: tuple[Strike, ...] = (
    strike_hang,
    strike_unplug,
    strike_sim,
    strike_puk,
    strike_network,
    strike_dip,
    strike_restarts,
    strike_deaf,
    strike_forget,
    strike_voltage,
    strike_full,
    strike_credit,
    strike_clock,
    strike_broker,
    strike_flicker,
    strike_county,
)
# What the machine suffers meanwhile, whatever else is struck: figure, when bad, what it shows.
MACHINE: tuple[tuple[str, object, str], ...] = (
    ("temperature_c", 86.0, "overheated"),
    ("disk_free_mb", 50, "disk_low"),
    ("mains", False, "mains_lost"),
)


def suffer(life: Life, random: Random) -> None:
    """Plan heat, a full disk and a mains cut at any time of the day."""
    for figure, bad, cause in MACHINE:
        begin, seconds = life.now + random.uniform(HOUR_S, 20 * HOUR_S), random.uniform(120, 3_600)
        life.at_time(begin, lambda name=figure, value=bad: life.measured(**{name: value}))
        life.at_time(begin + seconds, lambda name=figure: life.measured(**{name: getattr(WELL, name)}))
        shown = frozenset({cause})
        life.blows.append(Blow(f"strike_{figure}", begin, begin + seconds, shown, shown, 60.0))


def live(folder: Path, seed: int, strikes: tuple[Strike, ...] = STRIKES) -> Life:
    """Let a gateway live through a day of blows in random order, each once at least, with SMS all day."""
    random = Random(seed)
    life = Life(folder, random)
    life.broker(up=True)
    life.run(300.0)
    suffer(life, random)
    order = list(strikes)
    random.shuffle(order)
    begun = life.now
    for strike in order:
        life.run(CALM_S * random.uniform(0.5, 1.5))
        life.citizen(f"laporan {life.wrote}: lampu jalan mati")
        life.run(60.0)
        begin = life.now
        must, may, seconds, tail = strike(life, random)
        life.blows.append(Blow(strike.__name__, begin, begin + seconds, must, may | must, tail))
        life.run(seconds + tail)
    life.run(max(0.0, DAY_S - (life.now - begun)))
    return life
