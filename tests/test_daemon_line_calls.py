from kentongan.at import events as at
from kentongan.daemon.line import Line
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
