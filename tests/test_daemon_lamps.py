from itertools import pairwise

import edge
import pytest
from edge import fault, line, offline, status
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kentongan.daemon import faults, lamps
from kentongan.daemon.lamps import BLIP, DARK, SLOW, STEADY, Pattern, Rhythm, code
from kentongan.daemon.status import LineStatus, LinkStatus, StoreStatus
from kentongan.mqtt.events import DownCause


def edges(pattern: Pattern, lamp: int, start_ms: int, end_ms: int) -> list[tuple[int, bool]]:
    """List the moments at which a lamp changes, by walking from change to change."""
    seen = [(start_ms, lamps.level(pattern, start_ms)[lamp])]
    t_ms: int | None = start_ms
    while t_ms is not None and (t_ms := lamps.next_change_ms(pattern, t_ms)) is not None and t_ms < end_ms:
        lit = lamps.level(pattern, t_ms)[lamp]
        if lit != seen[-1][1]:
            seen.append((t_ms, lit))
    return seen


def flashes(pattern: Pattern, lamp: int, start_ms: int, end_ms: int) -> list[int]:
    """List how long the whole flashes of a lamp last."""
    return [after - before for (before, lit), (after, _) in pairwise(edges(pattern, lamp, start_ms, end_ms)) if lit]


def settled(rhythm: Rhythm) -> Pattern:
    dark = lamps.Lamp((lamps.Phase(0, DARK),))
    return Pattern((dark, dark, dark, lamps.Lamp((lamps.Phase(0, rhythm),))))


@pytest.mark.parametrize("number", range(1, 10))
def test_a_code_is_its_number_of_flashes_and_a_pause_of_two_seconds(number: int) -> None:
    rhythm = code((number,))
    seen = edges(settled(rhythm), 3, 0, rhythm.period_ms + 1)
    assert [lit for _, lit in seen] == [True, False] * number + [True]
    dark = [after - before for (before, lit), (after, _) in pairwise(seen) if not lit]
    assert dark == [lamps.GAP_MS] * (number - 1) + [lamps.PAUSE_MS]
    assert rhythm.words == f"kedip {number} kali"


def test_the_office_may_slow_the_flashes_down() -> None:
    tempo = lamps.Tempo(500, 400, 3_000)
    pattern = lamps.follow(lamps.start(0), status(), (fault("sim_missing", 3),), 2_000, tempo)
    assert pattern.lamps[3].goal.steps_ms == (500, 400, 500, 400, 500, 3_000)
    assert pattern.lamps[3].goal.words == "kedip 3 kali"


def test_two_faults_take_turns() -> None:
    rhythm = code((2, 7))
    dark = list(rhythm.steps_ms[1::2])
    assert dark == [300, 2000, 300, 300, 300, 300, 300, 300, 2000]
    assert rhythm.words == "kedip 2 kali, lalu 7 kali"


@pytest.mark.parametrize("rhythm", [SLOW, BLIP, *(code((a, b)) for a in range(1, 10) for b in range(1, 10))])
def test_every_flash_can_be_seen_and_no_more_than_two_come_in_a_second(rhythm: Rhythm) -> None:
    assert lamps.shortest_flash_ms(rhythm) >= 250
    assert all(on + off >= 500 for on, off in zip(rhythm.steps_ms[::2], rhythm.steps_ms[1::2], strict=True))


def test_all_rhythms_differ_from_one_another() -> None:
    rhythms = [DARK, STEADY, SLOW, BLIP, *(code((number,)) for number in range(1, 10))]
    assert len({rhythm.steps_ms for rhythm in rhythms}) == len({rhythm.words for rhythm in rhythms}) == len(rhythms)


def test_the_lamp_test_lights_all_four_for_a_second() -> None:
    pattern = lamps.start(5_000)
    assert lamps.level(pattern, 5_000) == (True, True, True, True)
    assert lamps.level(pattern, 5_999) == (True, True, True, True)
    assert lamps.next_change_ms(pattern, 5_000) == 6_000
    assert lamps.level(pattern, 6_000) == (True, False, False, False)


CARDS = [
    (line(), BLIP),
    (line(signal_dbm=-100), SLOW),
    (line(signal_dbm=-99), BLIP),
    (line(signal_dbm=None), BLIP),
    (line(state="searching"), STEADY),
    (line(state="initialising"), STEADY),
    (line(state="sim_absent"), STEADY),
    (line(state="closed"), DARK),
    (line(state="down"), DARK),
    (line(state="probing"), DARK),
]


@pytest.mark.parametrize(("one", "rhythm"), CARDS)
def test_the_second_lamp_tells_of_modem_and_card(one: LineStatus, rhythm: Rhythm) -> None:
    assert lamps.rhythms(status(lines=(one,)), ())[1] == rhythm


def test_the_second_lamp_tells_of_the_line_that_is_worst_off() -> None:
    assert lamps.rhythms(status(lines=(line(), line(name="b", state="searching"))), ())[1] == STEADY


SERVERS = [
    (edge.LINK, StoreStatus(), BLIP),
    (edge.LINK, StoreStatus(spool=1), SLOW),
    (edge.LINK, StoreStatus(unacknowledged=1, oldest_unacknowledged_s=61), SLOW),
    (edge.LINK, StoreStatus(unacknowledged=1, oldest_unacknowledged_s=3), BLIP),
    (offline(DownCause.DNS, 0), StoreStatus(), DARK),
    (offline(DownCause.REFUSED, 0), StoreStatus(), STEADY),
    (offline(DownCause.CREDENTIALS, 0), StoreStatus(), STEADY),
    (LinkStatus(), StoreStatus(), DARK),
]


@pytest.mark.parametrize(("link", "store", "rhythm"), SERVERS)
def test_the_third_lamp_tells_of_the_server(link: LinkStatus, store: StoreStatus, rhythm: Rhythm) -> None:
    assert lamps.rhythms(status(link=link, store=store), ())[2] == rhythm


def test_the_red_lamp_flashes_the_worst_codes_and_leaves_small_things_out() -> None:
    standing = (fault("clock_unsynced", 7), fault("overheated", 9), fault("modem_absent", 2), fault("sim_missing", 3))
    assert lamps.rhythms(status(), standing)[3] == code((2, 3, 9))
    assert lamps.rhythms(status(), standing[:1])[3] == DARK
    assert lamps.rhythms(status(), ())[3] == DARK


def test_a_gateway_that_is_gone_leaves_the_first_lamp_steady_and_the_red_one_flashing_once() -> None:
    assert lamps.rhythms(None, (fault("daemon_stopped", 1),)) == (STEADY, DARK, DARK, code((1,)))


@pytest.mark.parametrize("row", [row for row in faults.ROWS if row.lights], ids=lambda row: row.cause)
def test_every_fault_lights_the_red_lamp_with_its_own_number(row: faults.Fault) -> None:
    pattern = lamps.follow(lamps.start(0), status(), (fault(row.cause, row.code),), 10_000)
    period_ms = pattern.lamps[3].goal.period_ms
    assert len(flashes(pattern, 3, 10_000, 10_000 + period_ms)) == row.code
    assert lamps.shown(pattern, (fault(row.cause, row.code),)).codes == (row.code,)


def test_each_sms_flashes_the_third_lamp_once() -> None:
    quiet = lamps.follow(lamps.start(0), status(traffic=40), (), 2_000)
    assert len(quiet.lamps[2].phases) <= 2  # the first document is no traffic
    busy = lamps.follow(quiet, status(traffic=43), (), 10_000)
    extra = [lasted for lasted in flashes(busy, 2, 10_000, 13_000) if lasted == lamps.FLASH_MS]
    assert len(extra) == 3
    assert busy.lamps[2].goal == BLIP
    flood = lamps.follow(busy, status(traffic=900), (), 20_000)
    assert len([one for one in flashes(flood, 2, 20_000, 24_000) if one == lamps.FLASH_MS]) == lamps.MAX_TRAFFIC


def test_the_same_status_again_changes_nothing() -> None:
    once = lamps.follow(lamps.start(0), status(traffic=1), (), 5_000)
    assert lamps.follow(once, status(traffic=1), (), 9_000) == once


STATES = st.sampled_from(["ready", "searching", "closed", "down"])
CHANGES = st.tuples(STATES, st.lists(st.sampled_from(sorted(faults.TABLE)), max_size=3), st.integers(0, 4))


@given(st.lists(st.tuples(CHANGES, st.integers(100, 5_000)), min_size=1, max_size=8))
def test_no_flash_is_ever_cut_short_whatever_changes_when(
    history: list[tuple[tuple[str, list[str], int], int]],
) -> None:
    pattern, now_ms = lamps.start(0), lamps.TEST_MS
    levels: list[list[tuple[int, bool]]] = [[], [], [], []]
    traffic = 0
    for (state, causes, more), pause_ms in history:
        traffic += more
        one = replace(status(lines=(line(state=state),)), traffic=traffic)
        pattern = lamps.follow(pattern, one, tuple(fault(cause) for cause in causes), now_ms)
        for lamp in range(4):
            levels[lamp] += edges(pattern, lamp, now_ms, now_ms + pause_ms)
        now_ms += pause_ms
    for lamp in range(4):
        changes = [levels[lamp][0], *(b for a, b in pairwise(levels[lamp]) if a[1] != b[1])]
        lit = [after - before for (before, on), (after, _) in pairwise(changes) if on]
        assert all(lasted >= 250 for lasted in lit[1:]), changes


@given(st.sampled_from([DARK, STEADY, SLOW, BLIP, code((3,)), code((9, 1))]), st.integers(0, 100_000))
def test_between_two_changes_nothing_changes(rhythm: Rhythm, t_ms: int) -> None:
    pattern = settled(rhythm)
    change_ms = lamps.next_change_ms(pattern, t_ms)
    if change_ms is None:
        assert lamps.level(pattern, t_ms) == lamps.level(pattern, t_ms + 12_345)
        return
    assert t_ms < change_ms <= t_ms + rhythm.period_ms
    assert lamps.level(pattern, change_ms - 1) == lamps.level(pattern, t_ms)
    assert lamps.level(pattern, change_ms) != lamps.level(pattern, t_ms)


def test_a_pattern_asked_before_it_begins_names_its_beginning() -> None:
    assert lamps.next_change_ms(settled(SLOW), -500) == 0
    assert lamps.level(settled(SLOW), -500)[3]


def test_a_terminal_shows_the_lamps_in_plain_words_and_signs() -> None:
    pattern = lamps.follow(lamps.start(0), status(), (fault("sim_missing", 3),), 2_000)
    assert lamps.render(pattern, 2_000) == "(*) LISTRIK  (*) KARTU  (*) SERVER  (*) GANGGUAN"
    assert lamps.describe(pattern)[3] == "kedip 3 kali"
    assert lamps.render(pattern, 2_400).endswith("( ) GANGGUAN")


def test_the_description_survives_the_file() -> None:
    standing = (fault("sim_missing", 3), fault("overheated", 9))
    shown = lamps.shown(lamps.follow(lamps.start(0), status(), standing, 2_000), standing)
    assert lamps.decode(lamps.encode(shown)) == shown
    assert shown.titles == ("KARTU SIM TIDAK ADA", "ALAT TERLALU PANAS")
