from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from modem_field import Field
from tiny_modem import OK, Bench, TinyModem

from kentongan.at.events import NetworkTime, Restarted
from kentongan.at.modem import Modem, ModemSettings
from kentongan.at.nettime import clock_shown, time_told

AT_1100_WIB = int(datetime(2026, 11, 24, 4, 0, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('+CCLK: "26/11/24,11:00:00+28"', NetworkTime(AT_1100_WIB, 25_200)),
        ('+CCLK: "2026/11/24,11:00:00+28"', NetworkTime(AT_1100_WIB, 25_200)),
        ('+CCLK: "26/11/24,04:00:00+00"', NetworkTime(AT_1100_WIB, 0)),
        ('+CCLK: "26/11/23,23:00:00-20"', NetworkTime(AT_1100_WIB, -18_000)),
        ('+CCLK: "26/11/24,12:00:00+32"', NetworkTime(AT_1100_WIB, 28_800)),
        ('+CCLK:"26/11/24,11:00:00+28"', NetworkTime(AT_1100_WIB, 25_200)),
        ('+CCLK: "04/01/01,00:12:40+00"', None),  # a SIM800 that no network has told
        ('+CCLK: "80/01/06,00:00:12+00"', None),
        ('+CCLK: "15/01/01,00:00:00+00"', None),
        ('+CCLK: "25/12/31,23:59:59+28"', None),
        ('+CCLK: "26/11/24,11:00:00"', None),  # nobody knows where
        ('+CCLK: "26/13/24,11:00:00+28"', None),
        ('+CCLK: "26/11/31,11:00:00+28"', None),
        ('+CCLK: "26/11/24,24:00:00+28"', None),
        ('+CCLK: "26/11/24,11:00:00+57"', None),
        ("+CCLK: ", None),
        ("+CCLK", None),
    ],
)
def test_the_modems_clock_is_local_time_with_its_zone(line, found):
    assert clock_shown(line) == found


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('*PSUTTZ: 2026,11,24,4,0,0,"+28",0', NetworkTime(AT_1100_WIB, 0)),
        ('*PSUTTZ: 26,11,24,4,0,0,"+28",0', NetworkTime(AT_1100_WIB, 0)),
        ('*PSUTTZ: 2026, 11, 24, 4, 0, 0, "+28", 0', NetworkTime(AT_1100_WIB, 0)),
        ('*PSUTTZ: 2004,1,1,0,0,0,"+00",0', None),
        ('*PSUTTZ: 2026,11,24,4,0,60,"+28",0', None),
        ('*PSUTTZ: 2026,0,24,4,0,0,"+28",0', None),
        ("*PSUTTZ: 2026,11,24", None),
        ("*PSUTTZ: ", None),
    ],
)
def test_what_the_network_tells_a_sim800_is_utc(line, found):
    assert time_told(line) == found


@given(st.text(), st.text(alphabet='0123456789/:,+-" '))
def test_nothing_that_a_modem_prints_is_more_than_no_time(noise, digits):
    for text in (noise, f"+CCLK: {digits}", f"*PSUTTZ: {digits}"):
        clock_shown(text)
        time_told(text)


@pytest.mark.parametrize("persona", ["sim800c", "sim800l", "e173", "e3131", "me909s", "sim7600"])
def test_every_modem_tells_the_time_and_again_after_a_restart(persona):
    field = Field(persona).open().run(20)
    field.inject("restart-now")
    field.run(60)
    told = field.events(NetworkTime)
    assert len(told) >= 2
    stamp = field.vm.device.network.stamp(field.now)
    assert {time.zone_s for time in told} <= {0, stamp.quarters * 900}
    assert all(abs(time.unix_s - stamp.unix_s) < 3600 for time in told)


def test_the_network_sets_the_clock_of_a_module_once_and_for_good():
    peer = TinyModem()
    peer.answers |= {"AT+CLTS?": b"\r\n+CLTS: 0\r\n" + OK, "AT+IPR?": b"\r\n+IPR: 0\r\n" + OK}
    bench = Bench(Modem(ModemSettings("a")), peer)
    bench.modem.opened(bench.now)
    bench.run(1.0)
    begun = peer.heard.index("ATE1")
    assert peer.heard[begun : begun + 3] == ["ATE1", "AT+IPR=115200;+CLTS=1;&W", "ATE0V1"]
    again = TinyModem()
    bench = Bench(Modem(ModemSettings("a")), again)
    bench.modem.opened(bench.now)
    bench.run(1.0)
    assert not any("&W" in heard for heard in again.heard)
    assert bench.found(NetworkTime) == [NetworkTime(AT_1100_WIB, 25_200)]


@pytest.mark.parametrize("persona", ["sim800c", "sim800l"])
def test_what_is_kept_has_the_echo_on_so_that_a_silent_restart_is_seen(persona):
    field = Field(persona).open().run(20)
    assert field.vm.device.settings.values["+CLTS"] == "1"
    assert field.events(Restarted) == []
    field.inject("forget")
    field.run(70)
    assert field.events(Restarted) == [Restarted("echo")]


def test_the_time_is_asked_for_every_five_minutes():
    bench = Bench(Modem(ModemSettings("a")), TinyModem())
    bench.modem.opened(bench.now)
    bench.run(1.0)
    bench.peer.heard.clear()
    bench.run(1801.0)
    assert bench.peer.heard.count("AT+CCLK?") == 6
