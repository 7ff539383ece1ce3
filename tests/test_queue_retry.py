import pytest
from hypothesis import given
from hypothesis import strategies as st

from kentongan.queue import retry
from kentongan.queue.records import GiveUp, InDoubt, PauseLine, RetryAfter, TreatAsSent
from kentongan.queue.retry import Class, decide, rule_of

DIALECTS = ["sim800", "huawei", "generic"]


def verdict(code: int, attempt: int = 0, *, family: str = "cms", dialect: str = "sim800", numbers: int = 1) -> object:
    return decide(dialect, family, code, attempt, 0.5, numbers=numbers)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_network_trouble_backs_off_to_half_an_hour_and_never_gives_up(dialect: str) -> None:
    waits = [verdict(41, attempt, dialect=dialect).delay_ms // 1000 for attempt in range(9)]
    assert waits == [30, 60, 120, 300, 600, 1200, 1800, 1800, 1800]


def test_modem_trouble_is_tried_three_times_within_seconds_then_the_line_pauses() -> None:
    assert [type(verdict(314, n)) for n in range(4)] == [RetryAfter, RetryAfter, RetryAfter, PauseLine]
    assert all(2_000 <= verdict(314, n).delay_ms <= 10_000 for n in range(3))
    assert verdict(314, 3).cause == "modem_not_responding"


@pytest.mark.parametrize("code", [1, 96, 128, 144, 176, 195, 196, 304])
def test_a_bad_number_or_message_fails_at_once(code: int) -> None:
    assert isinstance(verdict(code), GiveUp)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (8, "credit_or_barred"),
        (10, "credit_or_barred"),
        (50, "credit_or_barred"),
        (310, "sim_missing"),
        (311, "sim_pin_required"),
        (316, "configuration"),
        (330, "smsc_missing"),
        (331, "network_not_registered"),
        (300, "modem_not_responding"),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_the_lines_fault_pauses_it_at_the_first_attempt(code: int, cause: str, dialect: str) -> None:
    found = verdict(code, dialect=dialect)
    assert isinstance(found, PauseLine)
    assert found.cause == cause


@pytest.mark.parametrize("code", [21, 28, 29, 30, 69, 193])
def test_account_trouble_pauses_only_when_different_numbers_were_refused(code: int) -> None:
    assert isinstance(verdict(code, numbers=1), RetryAfter)
    assert isinstance(verdict(code, attempt=3, numbers=1), GiveUp)
    assert isinstance(verdict(code, numbers=2), PauseLine)


@pytest.mark.parametrize("code", [102, 224, 225, 226, 332])
def test_a_code_that_proves_nothing_is_a_doubt(code: int) -> None:
    assert verdict(code) == InDoubt(f"+CMS ERROR: {code}")


def test_a_duplicate_at_the_service_centre_counts_as_sent() -> None:
    assert verdict(197) == TreatAsSent()


def test_some_networks_say_38_of_a_bad_number_for_ever() -> None:
    assert [type(verdict(38, n)) for n in range(5)] == [RetryAfter] * 4 + [GiveUp]
    assert isinstance(verdict(38, 9, numbers=2), RetryAfter)


def test_a_number_out_of_service_is_tried_slowly_then_given_up() -> None:
    assert [type(verdict(27, n)) for n in range(4)] == [RetryAfter] * 3 + [GiveUp]
    assert verdict(27, 2).delay_ms == 6 * 3_600_000


@pytest.mark.parametrize(
    ("dialect", "code", "klass"),
    [
        ("sim800", 513, Class.MESSAGE),
        ("huawei", 513, Class.DOUBT),
        ("generic", 514, Class.TRANSIENT),
        ("sim800", 514, Class.MESSAGE),
        ("sim800", 529, Class.LINE),
        ("huawei", 529, Class.MODEM),
        ("sim800", 531, Class.STORE),
    ],
)
def test_vendor_codes_mean_what_the_vendor_says(dialect: str, code: int, klass: Class) -> None:
    assert rule_of(dialect, "cms", code).klass is klass


def test_a_plain_error_is_the_modems_trouble_first() -> None:
    assert isinstance(decide("sim800", "plain", 0, 0, 0.5), RetryAfter)
    assert isinstance(decide("sim800", "plain", 0, 3, 0.5), PauseLine)


@given(st.sampled_from(DIALECTS), st.sampled_from(["cms", "cme", "plain"]), st.integers(0, 1000), st.data())
def test_every_code_has_a_verdict_whose_delay_is_between_seconds_and_hours(
    dialect: str, family: str, code: int, data: st.DataObject
) -> None:
    attempt, jitter, numbers = data.draw(st.integers(0, 50)), data.draw(st.floats(0, 1)), data.draw(st.integers(1, 5))
    found = decide(dialect, family, code, attempt, jitter, numbers=numbers)
    if isinstance(found, RetryAfter | PauseLine):
        assert 2_000 <= found.delay_ms <= 8 * 3_600_000


def test_no_code_stands_in_two_rows_of_a_table() -> None:
    for tables in retry.TABLES.values():
        codes = [code for table in tables for code in table]
        assert len(codes) == len(set(codes))


@pytest.mark.parametrize(("jitter", "delay_ms"), [(0.0, 24_000), (0.5, 30_000), (1.0, 36_000)])
def test_the_spread_is_a_fifth(jitter: float, delay_ms: int) -> None:
    assert decide("sim800", "cms", 41, 0, jitter) == RetryAfter(delay_ms)
