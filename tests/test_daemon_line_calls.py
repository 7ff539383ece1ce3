import edge
import pytest

from kentongan.at import events as at
from kentongan.daemon import printouts
from kentongan.daemon.clock import OfficeZone
from kentongan.daemon.line import SAG_MS, Line
from kentongan.queue.records import Moment


def test_refused_calls_are_counted():
    line, moment = Line("a"), Moment(1_000, 1_795_000_000_000, synced=True)
    for _ in range(3):
        line.observe(at.CallRefused("+62811"), moment)
    assert line.status().calls == 3


def test_the_networks_time_is_compared_with_ours_in_the_reading_that_fits_better():
    line, moment = Line("a"), Moment(1_000, 1_795_000_000_000, synced=True)
    assert line.status().clock_off_s is None
    for off_s, printed_s in ((3, 1_795_000_003), (-2, 1_795_000_000 - 2 - 28_800), (-86_400, 1_795_000_000 - 115_200)):
        line.observe(at.NetworkTime(printed_s, 28_800), moment)
        assert line.status().clock_off_s == off_s


@pytest.mark.parametrize(
    ("words", "sags"),
    [
        ("UNDER-VOLTAGE WARNNING", True),
        ("3449 mV", True),
        ("82 C, 3410 mV", True),
        ("3450 mV", False),
        ("82 C", False),
        ("OVER-VOLTAGE WARNNING", False),
        ("+CMTE: 1", False),
    ],
)
def test_a_supply_that_would_not_bear_a_send_holds_the_line_back_until_it_is_measured_again(words, sags):
    line, moment = Line("a"), Moment(1_000, 1_795_000_000_000, synced=True)
    assert line.sags_until_ms == 0
    line.observe(at.SupplyWarned(words), moment)
    assert line.sags_until_ms == (1_000 + SAG_MS if sags else 0)


def test_the_console_shows_calls_and_complaints_only_where_there_were_some():
    zone = OfficeZone("Asia/Jakarta")
    quiet = printouts.modem(edge.status(lines=(edge.line(),)), zone)
    loud = printouts.modem(edge.status(lines=(edge.line(calls=3, supply="3480 mV"),)), zone)
    assert [row for row in loud if row not in quiet] == ["  telepon masuk ditolak 3x", "  keluhan terakhir: 3480 mV"]
