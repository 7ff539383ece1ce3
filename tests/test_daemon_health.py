import edge
import pytest
from edge import NOW_MS, STEADY_MS, fault, line, offline, status
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from kentongan.at.events import ModemState
from kentongan.daemon import faults
from kentongan.daemon.health import assess, grade, stopping
from kentongan.daemon.status import ConfigStatus, FaultStatus, HostStatus, LineStatus, Status, StoreStatus, clock_source
from kentongan.mqtt.events import DownCause

S, DAY_MS = 1_000, 86_400_000
RESTARTS = (STEADY_MS - 1_800 * S + 1, STEADY_MS - 60 * S, STEADY_MS)
DETECTED = [
    # -- 2, 3, 4: the line
    ("modem_absent", {"lines": (line(state="closed", why="no such file", age_ms=10 * S),)}),
    (
        "modem_busy",
        {
            "lines": (
                line(state="closed", why="[Errno 11] /dev/serial0: another program holds the port", age_ms=10 * S),
            )
        },
    ),
    (
        "modem_hilink",
        {
            "lines": (
                line(state="closed", why="12d1:14db at USB 1-1.2 is in HiLink mode: a network card", age_ms=10 * S),
            )
        },
    ),
    ("modem_not_responding", {"lines": (line(state="down", age_ms=0),)}),
    ("modem_not_responding", {"lines": (line(state="probing", age_ms=25 * S),)}),
    ("modem_not_responding", {"lines": (line(state="initialising", age_ms=25 * S),)}),
    ("sim_missing", {"lines": (line(state="sim_absent", age_ms=12 * S),)}),
    ("sim_pin_required", {"lines": (line(state="sim_locked", sim_lock="SIM PIN"),)}),
    ("sim_puk_required", {"lines": (line(state="sim_locked", sim_lock="SIM PUK"),)}),
    ("sim_locked", {"lines": (line(state="sim_locked", sim_lock="PH-NET PIN"),)}),
    ("sim_locked", {"lines": (line(state="sim_locked", sim_lock="PH_SIM PUK"),)}),
    ("sim_foreign", {"lines": (line(sim_foreign=True),)}),
    ("network_searching", {"lines": (line(state="searching", registration=2, age_ms=22 * S),)}),
    ("network_not_registered", {"lines": (line(state="searching", registration=2, age_ms=300 * S),)}),
    ("network_denied", {"lines": (line(state="searching", registration=3, age_ms=0),)}),
    # -- 5: sending
    ("credit_or_barred", {"lines": (line(paused="credit_or_barred"),)}),
    ("smsc_missing", {"lines": (line(paused="smsc_missing"),)}),
    ("cannot_send", {"lines": (line(paused="configuration"),)}),
    # -- 6: full
    ("storage_unavailable", {"store": StoreStatus("unavailable", since_steady_ms=STEADY_MS - 5 * S)}),
    ("disk_low", {"host": replace(edge.HOST, disk_free_mb=99)}),
    ("store_salvaged", {"host": replace(edge.HOST, damaged_stores=1)}),
    ("store_filling", {"store": StoreStatus(used_percent=60)}),
    ("sim_memory_full", {"lines": (line(full_steady_ms=STEADY_MS - 4 * S),)}),
    # -- 7: the server
    ("broker_unreachable", {"link": offline(DownCause.DNS, 20 * S)}),
    ("broker_unreachable", {"link": offline(DownCause.LOST, 20 * S)}),
    ("broker_unreachable", {"link": offline(DownCause.REFUSED, 20 * S)}),
    ("broker_unreachable", {"link": replace(offline(DownCause.LOST, 24 * S), lost_steady_ms=STEADY_MS - 4 * S)}),
    ("broker_refused", {"link": offline(DownCause.CREDENTIALS, 20 * S)}),
    ("broker_refused", {"link": offline(DownCause.TLS_EXPIRED, 20 * S)}),
    ("duplicate_client", {"link": offline(DownCause.TAKEN_OVER, 20 * S)}),
    ("duplicate_client", {"link": replace(edge.LINK, short_lived=3, since_steady_ms=STEADY_MS - 30 * S)}),
    ("message_blocked", {"link": replace(edge.LINK, blocked=1)}),
    ("clock_skew", {"link": replace(edge.LINK, clock_skew_s=400)}),
    ("clock_disagrees", {"lines": (line(clock_off_s=-86_401),)}),
    ("mqtt_not_authorized", {"link": replace(edge.LINK, not_authorized=True)}),
    ("no_backend_subscribed", {"link": replace(edge.LINK, no_subscriber=True)}),
    ("backend_silent", {"store": StoreStatus(unacknowledged=1, oldest_unacknowledged_s=900)}),
    ("clock_unsynced", {"synced": False}),
    # -- 8: configuration
    ("config_rejected", {"config": ConfigStatus("rejected", "mqtt.url")}),
    # -- 9: power and heat
    ("power_undervoltage", {"host": replace(edge.HOST, undervoltage=True)}),
    (
        "power_undervoltage",
        {"lines": (line(supply="UNDER-VOLTAGE WARNNING", supply_steady_ms=STEADY_MS - 600 * S + 1),)},
    ),
    ("power_undervoltage", {"lines": (line(supply="3510 mV", supply_steady_ms=STEADY_MS),)}),
    ("power_undervoltage", {"host": replace(edge.HOST, sagged_steady_ms=STEADY_MS - 600 * S + 1)}),
    (
        "power_undervoltage",  # restarts and a weak supply are one cause
        {"lines": (line(restarted_steady_ms=RESTARTS),), "host": replace(edge.HOST, undervoltage=True)},
    ),
    (
        "power_undervoltage_stop",
        {"lines": (line(state="down", supply="UNDER-VOLTAGE POWER DOWN", supply_steady_ms=STEADY_MS),)},
    ),
    ("power_undervoltage_stop", {"host": replace(edge.HOST, undervoltage=True), "lines": (line(state="down"),)}),
    ("overheated", {"host": replace(edge.HOST, temperature_c=80.0)}),
    ("overheated", {"lines": (line(supply="+CMTE: 1,82", supply_steady_ms=STEADY_MS),)}),
    ("overheated", {"lines": (line(supply="82 C", supply_steady_ms=STEADY_MS),)}),
    ("power_overvoltage", {"lines": (line(supply="OVER-VOLTAGE WARNNING", supply_steady_ms=STEADY_MS),)}),
    ("modem_restarting", {"lines": (line(restarted_steady_ms=RESTARTS),)}),
    ("mains_lost", {"host": replace(edge.HOST, mains=False)}),
    # -- the path, money, the card's health
    ("path_broken", {"lines": (line(probes_failed=3),)}),
    ("neighbour_silent", {"neighbours_silent": 1}),
    ("text_filtered", {"lines": (line(texts_filtered=("ACK",)),)}),
    ("credit_low", {"lines": (line(sends_left=19),)}),
    ("credit_draining", {"lines": (line(draining=True),)}),
    ("sim_expiring", {"lines": (line(valid_until_ms=NOW_MS + 14 * DAY_MS - 1),)}),
    ("storage_read_only", {"host": replace(edge.HOST, disk_read_only=True)}),
    ("disk_failing", {"host": replace(edge.HOST, disk_errors=1)}),
    ("certificate_expiring", {"link": replace(edge.LINK, certificate_until_ms=NOW_MS + 30 * DAY_MS - 1)}),
]
OF_THE_BOX = {"power_undervoltage", "power_overvoltage", "overheated"}  # whoever says it
NOT_YET = [
    {"lines": (line(clock_off_s=86_400),)},
    {"lines": (line(state="sim_absent", age_ms=12 * S - 1),)},
    {"lines": (line(state="closed", age_ms=10 * S - 1),)},
    {"lines": (line(state="probing", age_ms=25 * S - 1),)},
    {"lines": (line(state="searching", registration=2, age_ms=22 * S - 1),)},
    {"store": StoreStatus("unavailable", since_steady_ms=STEADY_MS - 5 * S + 1)},
    {"store": StoreStatus(unacknowledged=1, oldest_unacknowledged_s=899)},
    {"host": replace(edge.HOST, disk_free_mb=100, temperature_c=79.9)},
    {"host": HostStatus()},
    {"lines": (line(slots_used=10, full_steady_ms=STEADY_MS - 4 * S + 1),)},
    {"link": offline(DownCause.DNS, 20 * S - 1)},
    {"link": replace(offline(DownCause.LOST, 24 * S), lost_steady_ms=STEADY_MS - 4 * S + 1)},
    {"synced": False, "started_steady_ms": STEADY_MS - 599 * S},
    {"lines": (replace(edge.LINE, state="closed", state_steady_ms=0),), "started_steady_ms": STEADY_MS - 5 * S},
    {"link": edge.LINK.__class__(), "started_steady_ms": STEADY_MS - 5 * S},
    {"lines": (line(supply="+CMTE: 0,40", supply_steady_ms=STEADY_MS),)},
    {"lines": (line(supply="UNDER-VOLTAGE WARNNING", supply_steady_ms=STEADY_MS - 600 * S),)},
    {"host": replace(edge.HOST, sagged_steady_ms=STEADY_MS - 600 * S)},
    {"lines": (line(restarted_steady_ms=RESTARTS[1:]),)},
    {"lines": (line(restarted_steady_ms=(RESTARTS[0] - 1, *RESTARTS[1:])),)},
    {"lines": (line(probes_failed=2, sends_left=20, valid_until_ms=NOW_MS + 14 * DAY_MS),)},
    {"lines": (line(probes_failed=3, state="initialising", age_ms=0),)},
    {"host": replace(edge.HOST, mains=True, disk_errors=0)},
    {"link": replace(edge.LINK, certificate_until_ms=NOW_MS + 30 * DAY_MS)},
    {"store": StoreStatus(unacknowledged=1, oldest_unacknowledged_s=90_000), "office_open": False},
]


def causes(found: tuple[FaultStatus, ...]) -> list[str]:
    return [one.cause for one in found]


def test_a_healthy_gateway_has_no_fault() -> None:
    assert assess(status(), ()) == ()
    assert grade(status()) == "ok"


@pytest.mark.parametrize(("cause", "changes"), DETECTED, ids=[cause for cause, _ in DETECTED])
def test_each_fault_is_found_alone_and_with_its_code(cause: str, changes: dict[str, object]) -> None:
    found = assess(status(**changes), ())
    assert causes(found) == [cause]
    assert found[0].code == faults.of(cause).code
    assert found[0].since_ms == NOW_MS
    assert found[0].line == ("a" if "lines" in changes and cause not in OF_THE_BOX else "")


@pytest.mark.parametrize("changes", NOT_YET)
def test_what_may_be_gone_in_a_moment_is_no_fault_yet(changes: dict[str, object]) -> None:
    assert assess(status(**changes), ()) == ()


def test_a_fault_that_stands_keeps_its_beginning() -> None:
    first = assess(status(lines=(line(state="down"),)), ())
    later = replace(status(lines=(line(state="down"),)), at_ms=NOW_MS + 60 * S, steady_ms=STEADY_MS + 60 * S)
    assert assess(later, first) == first


def test_a_fault_holds_while_the_modem_is_on_its_way_back_and_ends_when_it_answers() -> None:
    standing = assess(status(lines=(line(state="down"),)), ())
    for state in (ModemState.CLOSED, ModemState.PROBING, ModemState.INITIALISING):
        assert causes(assess(status(lines=(line(state=state, age_ms=0),)), standing)) == ["modem_not_responding"]
    assert assess(status(lines=(line(state="searching", registration=2, age_ms=0),)), standing) == ()
    assert assess(status(), standing) == ()


def test_a_lost_registration_stays_lost_through_the_modems_restarts() -> None:
    standing = (fault("network_not_registered", 4, name="a"),)
    for state in (ModemState.PROBING, ModemState.INITIALISING, ModemState.SEARCHING):
        again = status(lines=(line(state=state, registration=2, age_ms=0),))
        assert causes(assess(again, standing)) == ["network_not_registered"]
    assert assess(status(), standing) == ()


def after(ms: int, **changes: object) -> Status:
    """Describe a status so much later."""
    return replace(status(**changes), at_ms=NOW_MS + ms, steady_ms=STEADY_MS + ms)


def test_a_missing_network_ripens_on_time_although_the_modem_is_started_again_and_again() -> None:
    searching = line(state="searching", registration=2)
    standing = assess(status(lines=(replace(searching, state_steady_ms=STEADY_MS - 22 * S),)), ())
    assert causes(standing) == ["network_searching"]
    begun = standing[0]
    for ms, state in ((60, "probing"), (120, "searching"), (180, "initialising"), (240, "searching")):
        one = after(ms * S, lines=(replace(searching, state=state, state_steady_ms=STEADY_MS + ms * S),))
        standing = assess(one, standing)
        assert standing == (begun,)
    for state in ("searching", "probing"):
        late = after(278 * S, lines=(replace(searching, state=state, state_steady_ms=STEADY_MS + 277 * S),))
        (found,) = assess(late, standing)
        assert found == replace(begun, cause="network_not_registered")


def test_a_jump_of_the_wall_clock_ripens_nothing() -> None:
    searching = (line(state="searching", registration=2, age_ms=22 * S),)
    standing = assess(status(lines=searching), ())
    jumped = replace(status(lines=searching), at_ms=NOW_MS + 86_400_000)
    assert assess(jumped, standing) == standing


def test_a_clock_that_is_set_at_the_start_makes_no_fault() -> None:
    young = {"started_steady_ms": STEADY_MS - 5 * S, "started_ms": 0}
    unborn = {"lines": (replace(edge.LINE, state="closed", state_steady_ms=0),), "link": edge.LINK.__class__()}
    assert assess(status(**young, **unborn, synced=False), ()) == ()


def test_what_cannot_be_measured_any_more_stays_as_it_was() -> None:
    standing = (fault("disk_low", 6), fault("overheated", 9))
    assert assess(status(host=HostStatus(undervoltage=False)), standing) == standing


def test_a_broker_that_was_away_before_a_restart_is_away_until_it_is_there() -> None:
    standing = (fault("broker_unreachable", 7),)
    assert causes(assess(status(link=offline(DownCause.DNS, 0)), standing)) == ["broker_unreachable"]
    assert assess(status(), standing) == ()


def test_a_missing_card_that_turns_out_locked_is_one_fault() -> None:
    standing = (fault("sim_missing", 3, name="a"),)
    found = assess(status(lines=(line(state="sim_locked", sim_lock="SIM PIN"),)), standing)
    assert causes(found) == ["sim_pin_required"]


def test_a_store_that_fills_is_told_until_it_has_emptied_well_below() -> None:
    standing = (fault("store_filling", 6),)
    assert assess(status(store=StoreStatus(used_percent=59)), ()) == ()
    assert assess(status(store=StoreStatus(used_percent=50)), standing) == standing
    assert assess(status(store=StoreStatus(used_percent=49)), standing) == ()


@pytest.mark.parametrize(
    ("cause", "still", "gone"),
    [
        ("disk_low", replace(edge.HOST, disk_free_mb=149), replace(edge.HOST, disk_free_mb=150)),
        ("overheated", replace(edge.HOST, temperature_c=70.0), replace(edge.HOST, temperature_c=69.9)),
    ],
)
def test_what_would_flicker_ends_at_another_threshold(cause: str, still: HostStatus, gone: HostStatus) -> None:
    standing = (fault(cause),)
    assert assess(status(host=still), standing) == standing
    assert assess(status(host=gone), standing) == ()


def test_a_modem_that_died_of_its_supply_is_a_power_fault_until_it_is_back() -> None:
    dead = line(state="down", supply="UNDER-VOLTAGE POWER DOWN", supply_steady_ms=STEADY_MS)
    standing = assess(status(lines=(dead,)), ())
    later = after(3_600 * S, lines=(dead,))
    assert causes(assess(later, standing)) == ["power_undervoltage_stop"]
    assert causes(assess(after(3_600 * S, lines=(replace(dead, state="sim_absent"),)), standing)) == ["sim_missing"]
    assert assess(after(3_600 * S, lines=(replace(dead, state="ready"),)), standing) == ()


def test_a_backend_that_fell_silent_in_office_hours_is_silent_until_it_answers() -> None:
    store = StoreStatus(unacknowledged=1, oldest_unacknowledged_s=901)
    standing = assess(status(store=store), ())
    assert assess(status(store=store, office_open=False), standing) == standing
    assert assess(status(office_open=False), standing) == ()


def test_little_credit_is_little_until_there_is_enough() -> None:
    standing = (fault("credit_low", 5, name="a"),)
    assert assess(status(lines=(line(sends_left=39),)), standing) == standing
    assert assess(status(lines=(line(sends_left=40),)), standing) == ()


def test_the_worst_fault_comes_first() -> None:
    found = assess(
        status(
            synced=False,
            lines=(line(state="down"),),
            link=offline(DownCause.DNS, 60 * S),
            host=replace(edge.HOST, temperature_c=85.0),
        ),
        (),
    )
    assert causes(found) == ["modem_not_responding", "broker_unreachable", "overheated", "clock_unsynced"]


def test_one_line_down_of_two_does_not_stop_the_gateway() -> None:
    broken, well = line(name="a", state="down"), line(name="b")
    one = replace(status(lines=(broken, well)), faults=assess(status(lines=(broken, well)), ()))
    assert stopping(one.faults, 2) is None
    assert grade(one) == "degraded"
    both = (broken, line(name="b", state="sim_absent", age_ms=12 * S))
    two = replace(status(lines=both), faults=assess(status(lines=both), ()))
    stop = stopping(two.faults, 2)
    assert stop is not None
    assert stop.cause == "modem_not_responding"
    assert grade(two) == "failed"


def test_the_gateways_own_fault_stops_it_whatever_its_lines_do() -> None:
    found = (fault("storage_unavailable", 6),)
    assert stopping(found, 4) == found[0]


def test_a_missing_credit_or_broker_never_counts_as_not_running() -> None:
    for cause in ("credit_or_barred", "broker_unreachable", "network_searching", "disk_low", "overheated"):
        assert stopping((fault(cause, name="a"),), 1) is None


LINES = st.builds(
    LineStatus,
    name=st.sampled_from("ab"),
    state=st.sampled_from([*map(str, ModemState), "unheard of"]),
    why=st.text(max_size=10),
    registration=st.integers(0, 9),
    signal_dbm=st.none() | st.integers(-120, -30),
    slots_used=st.integers(0, 12),
    slots_total=st.integers(0, 10),
    full_steady_ms=st.integers(0, STEADY_MS),
    paused=st.sampled_from(["", "credit_or_barred", "new"]),
    supply=st.sampled_from(["", "UNDER-VOLTAGE WARNNING", "+CMTE: 2,90"]),
    supply_steady_ms=st.integers(0, STEADY_MS),
    restarted_steady_ms=st.sampled_from([(), RESTARTS]),
    sends_left=st.none() | st.integers(0, 50),
    probes_failed=st.integers(0, 4),
    sim_lock=st.sampled_from(["", "SIM PUK", "PH-SIM PIN", "x"]),
    state_steady_ms=st.integers(0, STEADY_MS * 2),
)
STATUSES = st.builds(
    lambda lines, store, link, host, synced, at: status(
        lines=tuple(lines), store=store, link=link, host=host, synced=synced, at_ms=at
    ),
    st.lists(LINES, min_size=1, max_size=2, unique_by=lambda one: one.name),
    st.builds(StoreStatus, state=st.sampled_from(["ok", "unavailable"]), oldest_unacknowledged_s=st.integers(0, 2000)),
    st.builds(offline, st.sampled_from([*map(str, DownCause), "", "new"]), st.integers(0, 60_000)),
    st.builds(HostStatus, temperature_c=st.none() | st.floats(-40, 120), undervoltage=st.none() | st.booleans()),
    st.booleans(),
    st.integers(0, NOW_MS * 2),
)


@settings(deadline=None)
@given(st.lists(STATUSES, min_size=1, max_size=4))
def test_any_history_gives_known_faults_each_at_most_once(history: list[Status]) -> None:
    standing: tuple[FaultStatus, ...] = ()
    for one in history:
        standing = assess(one, standing)
        keys = [(found.cause, found.line) for found in standing]
        assert len(keys) == len(set(keys))
        assert all(found.cause in faults.TABLE and found.code == faults.of(found.cause).code for found in standing)
        assert assess(one, standing) == standing  # looking twice changes nothing


def test_a_link_whose_cause_turns_into_a_take_over_is_told_the_same_at_a_second_look() -> None:
    def offline_as(cause: str, since_ms: int) -> Status:
        return status(link=offline(cause, since_ms))

    standing = assess(offline_as("lost", 20_000), ())
    taken_over = offline_as("taken_over", 0)
    standing = assess(taken_over, standing)
    assert [fault.cause for fault in standing] == ["duplicate_client"]
    assert assess(taken_over, standing) == standing


@pytest.mark.parametrize(
    ("source", "changes"),
    [
        ("ntp", {"host": replace(edge.HOST, rtc=True), "lines": (line(clock_off_s=0),)}),
        ("rtc", {"synced": False, "host": replace(edge.HOST, rtc=True), "lines": (line(clock_off_s=0),)}),
        ("gsm", {"synced": False, "lines": (line(), line(clock_off_s=-120))}),
        ("none", {"synced": False, "lines": (line(clock_off_s=-121),)}),
        ("none", {"synced": False}),
    ],
)
def test_the_source_of_the_time_is_named_in_the_order_of_trust(source: str, changes: dict[str, object]) -> None:
    assert clock_source(status(**changes)) == source


def test_without_ntp_ten_minutes_between_our_clock_and_the_operators_are_a_fault() -> None:
    apart = status(synced=False, started_steady_ms=STEADY_MS, lines=(line(clock_off_s=601),))
    assert causes(assess(apart, ())) == ["clock_disagrees"]
    assert causes(assess(replace(apart, lines=(line(clock_off_s=600),)), ())) == []


def test_a_broken_path_is_told_once_while_the_modem_is_on_its_way_back() -> None:
    ready = assess(status(lines=(line(probes_failed=3),)), ())
    back = status(lines=(line(state="closed", age_ms=9 * S, probes_failed=3),))
    assert causes(assess(back, ready)) == ["path_broken"]
