import pytest

from kentongan.at.dialect import DIALECTS, GENERIC, HUAWEI, NOISE_SWITCHES, SIM800, recognise

FORBIDDEN = (
    "AT+CMGDA",
    "AT+CMGD",
    "AT+CMMS=2",
    "AT&F",
    "AT^U2DIAG",
    "AT^SETPORT",
    "AT^GETPORTMODE",
    "AT+CPWD",
    "AT+CLCK",
)


@pytest.mark.parametrize(
    ("identity", "dialect"),
    [
        (("SIM800 R14.18",), SIM800),
        (("SIMCOM_SIM868",), SIM800),
        (("SIM808 R14.18",), SIM800),
        (("Manufacturer: huawei", "Model: E173"), HUAWEI),
        (("huawei", "ME909s-821"), HUAWEI),
        (("", "E3131"), HUAWEI),
        (("", "MU709s-2"), HUAWEI),
        (("Manufacturer: SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H"), GENERIC),
        (("A7670E-FASE",), GENERIC),
        (("Quectel", "EC25"), GENERIC),
        ((), GENERIC),
    ],
)
def test_a_modem_is_recognised_by_what_it_says_of_itself(identity, dialect):
    assert recognise(identity) is dialect


@pytest.mark.parametrize("dialect", DIALECTS.values())
def test_no_dialect_has_a_command_that_costs_messages_or_the_port(dialect):
    texts = [*dialect.settings, *dialect.iccid, dialect.pin_attempts, dialect.hang_up, dialect.soft_restart]
    for text in texts:
        assert text.startswith("AT")
        assert not text.startswith(FORBIDDEN)


@pytest.mark.parametrize("dialect", DIALECTS.values())
def test_messages_are_stored_and_announced_first_and_reports_come_second(dialect):
    assert all(variant.split(",")[1] == "1" for variant in dialect.cnmi)
    asks_reports = [variant.split(",")[3] in {"1", "2"} for variant in dialect.cnmi if variant.count(",") >= 3]
    assert asks_reports == sorted(asks_reports, reverse=True) or dialect is HUAWEI


@pytest.mark.parametrize("dialect", DIALECTS.values())
def test_a_send_is_waited_for_longer_than_the_modem_itself_tries(dialect):
    assert dialect.send_timeout_s >= {"sim800": 70, "huawei": 215, "generic": 215}[dialect.name]


def test_what_is_tried_instead_belongs_to_a_setting():
    settings = {text for dialect in DIALECTS.values() for text in dialect.settings}
    assert set(NOISE_SWITCHES) <= settings
